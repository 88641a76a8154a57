"""Cases as a machine sees them: loaded in few queries, in the order in which they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from judge.actions import bulk
from judge.models import Case, Criterion, Judgment, Project, Purpose, Rater
from judge.rules.scales import Question
from llm_judge.rules.scoring import JudgeCase

#: Cases of one criterion, and in it of one context, stand together: their prompts begin alike (prefix caching).
PREFIX_ORDER = ("criterion_id", "item__language", "item__context_id", "item_id")

#: Criterion id → question. Criteria never change, so a process reads each of them once.
_QUESTIONS: dict[int, Question] = {}

LOAD_CASES = """
SELECT c.id, c.criterion_id, i.context_id, i.output, i.language
FROM judge_case c JOIN judge_item i ON i.id = c.item_id
WHERE c.project_id = %(project)s AND c.id = ANY (%(ids)s::bigint[]) AND i.erased_at IS NULL
ORDER BY c.criterion_id, i.language, i.context_id, i.id
"""
LOAD_CONTEXTS = "SELECT id, content FROM judge_context WHERE id = ANY (%(ids)s::bigint[]) AND erased_at IS NULL"


def without_vote(cases: QuerySet[Case], raters: Sequence[Rater]) -> QuerySet[Case]:
    """Those of ``cases`` that miss a vote of one of ``raters``. What was erased cannot be judged and counts as done."""
    votes = Judgment.objects.filter(case=OuterRef("pk"), purpose=Purpose.VOTE, retracted_at=None)
    missing = reduce(or_, (Q(~Exists(votes.filter(rater=rater))) for rater in raters), Q())
    return cases.filter(missing, item__erased_at=None, item__context__erased_at=None)


def load(project: Project, case_ids: Sequence[int], rater: Rater) -> list[JudgeCase]:
    """Those of the cases that still miss this rater's vote, ready to be put to it. Cases of one context share it."""
    # Plain look-ups by key: as one statement this was planned badly while a fresh import had no statistics yet.
    missing = set(case_ids) - bulk.voted(case_ids, rater.pk)
    rows = bulk.execute(LOAD_CASES, project=project.pk, ids=bulk.array(missing))
    contexts = dict(bulk.execute(LOAD_CONTEXTS, ids=bulk.array({row[2] for row in rows})))
    questions = questions_of({row[1] for row in rows})
    usual = project.rubric.language if project.rubric else "en"
    return [
        JudgeCase(str(pk), questions[criterion_id], contexts[context_id], output, language or usual)
        for pk, criterion_id, context_id, output, language in rows
        if context_id in contexts
    ]


def refresh_statistics() -> None:
    """Tell Postgres what the tables hold. After an import it would guess for minutes, and plan for one row."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE judge_case, judge_item, judge_context")


def questions_of(criterion_ids: set[int]) -> dict[int, Question]:
    if missing := criterion_ids - _QUESTIONS.keys():
        _QUESTIONS.update({criterion.pk: criterion.question for criterion in Criterion.objects.filter(pk__in=missing)})
    return {criterion_id: _QUESTIONS[criterion_id] for criterion_id in criterion_ids}
