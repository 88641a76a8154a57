"""Cases as a machine sees them: loaded in few queries, in the order in which they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from judge.models import Case, Criterion, Judgment, Project, Purpose, Rater
from judge.rules.scales import Question
from llm_judge.rules.scoring import JudgeCase

#: Cases of one criterion, and in it of one context, stand together: their prompts begin alike (prefix caching).
PREFIX_ORDER = ("criterion_id", "item__language", "item__context_id", "item_id")


def without_vote(cases: QuerySet[Case], raters: Sequence[Rater]) -> QuerySet[Case]:
    """Those of ``cases`` that miss a vote of one of ``raters``. What was erased cannot be judged and counts as done."""
    votes = Judgment.objects.filter(case=OuterRef("pk"), purpose=Purpose.VOTE, retracted_at=None)
    missing = reduce(or_, (Q(~Exists(votes.filter(rater=rater))) for rater in raters), Q())
    return cases.filter(missing, item__erased_at=None, item__context__erased_at=None)


def load(project: Project, case_ids: Sequence[int], rater: Rater) -> list[JudgeCase]:
    """Those of the cases that still miss this rater's vote, ready to be put to it."""
    # Plain look-ups by key: as one statement this was planned badly while a fresh import had no statistics yet.
    votes = Judgment.objects.filter(case__in=case_ids, rater=rater, purpose=Purpose.VOTE, retracted_at=None)
    missing = set(case_ids) - set(votes.values_list("case_id", flat=True))
    found = Case.objects.filter(project=project, pk__in=missing).select_related("item__context").order_by(*PREFIX_ORDER)
    rows = [case for case in found if case.item.erased_at is None and case.item.context.erased_at is None]
    questions = questions_of({case.criterion_id for case in rows})
    usual = project.rubric.language if project.rubric else "en"
    return [
        JudgeCase(
            case_id=str(case.pk),
            question=questions[case.criterion_id],
            context=case.item.context.content,
            output=case.item.output,
            language=case.item.language or usual,
        )
        for case in rows
    ]


def refresh_statistics() -> None:
    """Tell Postgres what the tables hold. After an import it would guess for minutes, and plan for one row."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE judge_case, judge_item, judge_context")


def questions_of(criterion_ids: set[int]) -> dict[int, Question]:
    return {criterion.pk: criterion.question for criterion in Criterion.objects.filter(pk__in=criterion_ids)}
