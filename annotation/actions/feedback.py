"""What a person is told after an item of training, or a gold question that teaches: the right label, and why."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.utils.translation import get_language

from annotation.actions.answers import answer_of
from annotation.actions.known import TAUGHT
from annotation.models import Submission
from judge.models import AgreedLabel, Judgment, Project, Purpose, User
from judge.rules.scales import ScaleLabel


@dataclass(frozen=True, slots=True)
class Told:
    """One criterion: what the person said, what is right, and why."""

    title: str
    said: str
    is_label: bool
    right: str
    is_right: bool
    why: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """A submit of the person's own, told."""

    submission: Submission
    told: tuple[Told, ...]


def of_submission(project: Project, key: uuid.UUID, *, by: User) -> Feedback | None:
    """What is told after the person's own submit with this key; None where it is not told."""
    own = Submission.objects.filter(project=project, person=by, pk=key, lease__kind__in=TAUGHT)
    found = own.select_related("item").first()
    if found is None:
        return None
    rows = Judgment.objects.filter(case__item=found.item_id, submission=key).select_related("criterion", "text")
    return Feedback(found, tuple(_tell(row) for row in rows.order_by("case_id")))


def _tell(row: Judgment) -> Told:
    question, said = row.criterion.question.in_language(get_language() or "en"), answer_of(row)
    labels = {each.key: each for each in question.labels}
    right = _right(row.case_id)
    return Told(
        title=question.title,
        said=said.in_words(question),
        is_label=said.label is not None,
        right=labels[right].title if right in labels else right,
        is_right=row.label == right,
        why=_note(row.case_id, right) or _meaning(labels.get(right)),
    )


def _right(case_id: int) -> str:
    live = AgreedLabel.objects.filter(case=case_id, status=AgreedLabel.Status.LIVE)
    return str(live.values_list("label", flat=True).first() or "")


def _note(case_id: int, label: str) -> str:
    """What the adjudicator wrote; an erasure may have emptied it."""
    decided = Judgment.objects.filter(case=case_id, purpose=Purpose.ADJUDICATION, label=label, retracted_at=None)
    row = decided.select_related("text").order_by("-pk").first()
    return row.text.note if row and row.text else ""


def _meaning(label: ScaleLabel | None) -> str:
    return label.description if label else ""


def known_cases(project: Project) -> int:
    """How many labels an adjudicator has decided that people may be asked about; told to leads up to a thousand."""
    rows = AgreedLabel.objects.filter(
        criterion__links__rubric=project.rubric_id, status=AgreedLabel.Status.LIVE, basis="adjudicated",
        case__item__stream__in=("train", "open"), case__is_reference=False,
    )  # fmt: skip
    return rows[:1000].count()
