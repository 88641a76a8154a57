"""A project with its rubric, policy and judge in force, as fixed statements read it (judge.actions.prepared)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from judge.actions.prepared import Columns, split
from judge.models import Judge, Policy, Project, Rubric

_PARTS = (Columns(Project, "project"), Columns(Rubric, "rubric"), Columns(Policy, "policy"), Columns(Judge, "judge"))
COLUMNS = ", ".join(part.sql for part in _PARTS)
N_COLUMNS = sum(len(part) for part in _PARTS)
#: Stands behind a table named ``project``.
JOINED = """
    LEFT JOIN judge_rubric rubric ON rubric.id = project.rubric_id
    LEFT JOIN judge_policy policy ON policy.id = project.policy_id
    LEFT JOIN judge_judge judge ON judge.id = project.judge_id
"""


def read(values: Sequence[Any]) -> Project:
    """The project of a row that starts with COLUMNS."""
    project, rubric, policy, judge = split(values[:N_COLUMNS], *_PARTS)
    found: Project = project
    found.rubric, found.policy, found.judge = rubric, policy, judge
    return found
