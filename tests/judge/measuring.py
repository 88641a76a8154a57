"""A project with cases that measure its judge, for tests of what is counted of judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judge.actions import judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import Case, Criterion, Item, Project, Rater, User
from tests import factories
from tests.judge.views import stories

RUBRIC = """
name: one question
task: tag
criteria:
  - key: relevance
    question: Does the tag fit the interest?
    scale: [{key: fits, passes: true}, {key: weak, passes: false}]
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One item: its stream, the judge's probability that it fits (None: unscored), and what everybody else says."""

    stream: str
    p_fits: float | None
    people: str | None = None


def make(name: str, lines: Sequence[Line], people: Sequence[User]) -> Project:
    """A project whose judge in force has spoken on every item, and whose ``people`` have answered where a line says."""
    project = factories.make_project(name, rubric=factories.read_rubric(RUBRIC, filename="one.yaml"))
    rater = stories.make_judge(project)
    items = factories.import_items(project, n=len(lines), per_context=2)
    for stream in {line.stream for line in lines}:
        mine = [item.pk for item, line in zip(items, lines, strict=True) if line.stream == stream]
        Item.objects.filter(pk__in=mine).update(stream=stream)
    told = list(zip([item.cases.get() for item in items], lines, strict=True))
    judgments.record([_machine(case, line.p_fits) for case, line in told], rater=rater)
    answer(told, people)
    return Project.objects.get(pk=project.pk)


def answer(told: Sequence[tuple[Case, Line]], people: Sequence[User]) -> None:
    for person in people:
        said = [NewJudgment(case.pk, line.people) for case, line in told if line.people]
        judgments.record(said, rater=projects.rater_of(person), by=person)


def criterion_of(project: Project) -> Criterion:
    return project.criteria.get()


def rater_of(project: Project) -> Rater:
    assert project.judge is not None
    return project.judge.seats.get().rater


def _machine(case: Case, p_fits: float | None) -> NewJudgment:
    if p_fits is None:
        return NewJudgment(case.pk, unscored_reason="off the menu")
    label = "fits" if p_fits >= 0.5 else "weak"
    return NewJudgment(case.pk, label, probs={"fits": p_fits, "weak": 1 - p_fits})
