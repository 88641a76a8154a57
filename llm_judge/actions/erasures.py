"""What an erasure empties among the machines: what models said of a case, and trials of prompts on it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.db.models.functions import Now

from judge.models import Project
from llm_judge.models import Completion, Trial


def erase(project: Project, item_ids: Sequence[int], case_ids: Sequence[int]) -> None:
    """Inside the erasure's transaction. An emptied completion answers no later question (actions.cache)."""
    given: QuerySet[Completion] = Completion.objects.filter(judgment__case__in=case_ids)
    in_vain: QuerySet[Completion] = Completion.objects.filter(case__in=case_ids, judgment=None)
    for found in (given, in_vain):  # apart: each has an index
        found.update(raw_text="", detail="", request_key=None, erased_at=Now())
    Trial.objects.filter(project=project, case__in=case_ids).update(texts={}, erased_at=Now())
