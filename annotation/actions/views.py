"""The judge's view of a case, in words, for people who may see it: first, after their submit, or as adjudicators.

Never of a case that measures judges: certify, gold, and what is audited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import get_language

from judge.models import Case, Judgment, Project, Purpose, Rater, Verdict
from judge.rules.routing import measures
from judge.rules.scales import Question
from judge.rules.streams import Stream
from judge.rules.verdicts import Doubt


@dataclass(frozen=True, slots=True)
class Reasons:
    """What one machine said of a case, and why."""

    name: str
    label: str
    text: str


def of_judge(judge_id: int, case_ids: Iterable[int]) -> Iterator[tuple[str, str]]:
    """(criterion, label) of a judge's verdicts on cases that measure nothing, in the reader's language."""
    language = get_language() or "en"
    for row in _verdicts(judge_id).filter(case__in=list(case_ids)).select_related("criterion", "case__item"):
        if may_show(row.case):
            question = row.criterion.question.in_language(language)
            yield question.title, _title(question, row.label)


def after_submit(project: Project, case_ids: Iterable[int]) -> list[tuple[str, str]]:
    """What a person is shown of the judge in force once they have answered; nothing in a blind project."""
    assert project.policy is not None
    if project.policy.is_blind or project.judge_id is None:
        return []
    return list(of_judge(project.judge_id, case_ids))


def reasons(case: Case, *, language: str) -> list[Reasons]:
    """What machines said of a case, with their words; nothing of a case that measures judges."""
    if not may_show(case):
        return []
    rows = Judgment.objects.filter(
        case=case, rater__kind=Rater.Kind.MACHINE, purpose__in=(Purpose.VOTE, Purpose.IMPORTED), label__isnull=False
    )
    question = case.criterion.question.in_language(language)
    return [
        Reasons(row.rater.name, _title(question, row.label), row.text.rationale if row.text else "")
        for row in rows.filter(retracted_at=None).select_related("rater", "text").order_by("pk")
    ]


def may_show(case: Case) -> bool:
    """Whether nobody's answer to the case measures a judge. Needs ``case.item`` loaded."""
    return not measures(Stream(case.item.stream), case.is_reference)


def _verdicts(judge_id: int) -> QuerySet[Verdict]:
    """Those with a label that no text has bought."""
    found: QuerySet[Verdict] = Verdict.objects.filter(judge=judge_id, label__isnull=False).exclude(
        doubt=Doubt.SUSPICIOUS
    )
    return found.order_by("case_id")


def _title(question: Question, key: str | None) -> str:
    return next((label.title for label in question.labels if label.key == key), key or "")
