"""Adjudication: one person decides what others could not agree on, without knowing who said what.

Disputes of certify items are kept from leads, who may edit what these items prove. Nothing waits for them: without a
majority of people the judge is wrong there, whatever an adjudicator says later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annotation.actions import views
from annotation.actions.answers import answer_of
from annotation.actions.views import Reasons
from annotation.models import FirstThought, Lease
from annotation.rules.answers import Answer
from annotation.rules.ordering import letter, shuffle_key
from judge.actions import case_locks, decisions, events, judgments, members, projects
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Judgment, JudgmentText, Project, Purpose, Rater, User
from judge.rules.routing import Reason
from judge.rules.stages import Stage
from judge.rules.streams import Stream

#: Cases on one page of the list.
PAGE = 50
#: Answers that an adjudicator reads; those that measure a person are none of them.
SAID = (Purpose.VOTE, Purpose.IMPORTED, Purpose.EXTRA)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person said, under a letter instead of a name."""

    letter: str
    answer: Answer
    is_extra: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """A case with all that people said of it. ``is_own``: the adjudicator is one of them. ``reasons``: the machines',
    not to be shown before ``first``, the adjudicator's own thought."""

    case: Case
    opinions: tuple[Opinion, ...]
    is_own: bool
    first: FirstThought | None = None
    reasons: tuple[Reasons, ...] = ()

    @property
    def comes_back(self) -> bool:
        """Whether the machines' reasons are still to be shown, once the adjudicator has said a first thought."""
        return bool(self.reasons) and self.first is None


def waiting(project: Project, *, by: User | None = None, after: int | None = None) -> list[Case]:
    """Cases that wait for an adjudicator, oldest first, one page, those that ``by`` may read; ``after`` is the last
    case of the page before."""
    found = _readable(project, by).select_related("item", "criterion")
    if after and (last := Case.objects.filter(pk=after).values_list("stage_since", flat=True).first()):
        found = found.filter(stage_since__gte=last).exclude(stage_since=last, pk__lte=after)
    return list(found.order_by("stage_since", "pk")[:PAGE])


def count_hidden(project: Project, by: User) -> int:
    """Cases that wait for an adjudicator who is no lead, where ``by`` is one."""
    if members.may_see_certify(project, by):
        return 0
    return Case.objects.filter(project=project, stage=Stage.ADJUDICATION, item__stream=Stream.CERTIFY).count()


def open_dispute(project: Project, case_id: int, *, by: User) -> Dispute | None:
    """The case with people's answers; None where no such case waits in this project for ``by``."""
    case = _readable(project, by).filter(pk=case_id).select_related("item__context", "criterion").first()
    if case is None:
        return None
    said = _said(case)
    return Dispute(
        case,
        _opinions(case, said),
        is_own=any(row.rater.user_id == by.pk for row in said),
        first=_first_thought(case, by),
        reasons=tuple(views.reasons(case, language=get_language() or "en")),
    )


def think(dispute: Dispute, label: str, *, by: User) -> FirstThought:
    """Keep what the adjudicator would decide before they see the machines' reasons. The first one stands.

    Raises InputError for a label outside the scale.
    """
    keys = dispute.case.criterion.question.label_keys
    if label not in keys:
        raise InputError(_("no label chosen"), expected=", ".join(keys))
    if dispute.first is not None:
        return dispute.first
    case = dispute.case
    kept: FirstThought = FirstThought.objects.create(project_id=case.project_id, case=case, person=by, label=label)
    return kept


def _first_thought(case: Case, by: User) -> FirstThought | None:
    """Theirs since the case came to an adjudicator; what they thought of it before it went back to people is over."""
    own = FirstThought.objects.filter(case=case, person=by, created_at__gte=case.stage_since)
    found: FirstThought | None = own.order_by("pk").first()
    return found


def decide(case: Case, *, label: str, note: str = "", by: User) -> AgreedLabel:
    """Make ``label`` the agreed label of the case. Raises InputError when it no longer waits for an adjudicator."""
    new = NewJudgment(case.pk, label, note=note, purpose=Purpose.ADJUDICATION)
    judgments.record([new], rater=projects.rater_of(by), by=by)
    return AgreedLabel.objects.get(case=case, status=AgreedLabel.Status.LIVE)


@transaction.atomic
def send_back(case: Case, *, by: User, note: str = "") -> None:
    """Ask one more person before deciding. Raises InputError when it no longer waits for an adjudicator, or when it
    lies on the sender's own desk: who has read the others' answers does not vote.

    The event only points to the note, which an erasure may empty.
    """
    locked = case_locks.lock([case.pk])[case.pk]  # raising people_wanted moves no seat: the item stays free
    if locked.stage != Stage.ADJUDICATION:
        raise InputError(
            _("this case no longer waits for an adjudicator"), next_step=_("Somebody decided it before you.")
        )
    if Lease.objects.filter(person=by, case_ids__contains=[case.pk], closed_at=None).exists():
        raise InputError(
            _("this item lies on your own desk"), next_step=_("Submit it or give it back on your workbench first.")
        )
    decisions.ask_people(locked.project, [locked], reason=Reason.REQUESTED, people=1, by=by)
    words = {"text": JudgmentText.objects.create(note=note).pk} if note else {}
    events.note(locked.project, "sent back", by=by, subject=f"case:{case.pk}", **words)


def _readable(project: Project, by: User | None) -> QuerySet[Case]:
    """What waits for an adjudicator and may be read by this one."""
    found = Case.objects.filter(project=project, stage=Stage.ADJUDICATION)
    return found if members.may_see_certify(project, by) else found.exclude(item__stream=Stream.CERTIFY)


def _said(case: Case) -> Sequence[Judgment]:
    """People's standing answers to a case, in an order that tells nothing of the persons: by a hash of both."""
    rows = Judgment.objects.filter(case=case, rater__kind=Rater.Kind.PERSON, retracted_at=None)
    rows = rows.filter(purpose__in=SAID).select_related("rater", "text")
    return sorted(rows, key=lambda row: (shuffle_key(case.pk, row.rater_id), row.pk))


def _opinions(case: Case, rows: Sequence[Judgment]) -> tuple[Opinion, ...]:
    return tuple(
        Opinion(letter(position), answer_of(row), is_extra=row.purpose not in (Purpose.VOTE, Purpose.IMPORTED))
        for position, row in enumerate(rows)
    )
