"""A world in which it is known how a judge leans: its answers and people's come through the door."""

from __future__ import annotations

from collections.abc import Callable

from judge.actions import judges, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.formats.rubrics import read_rubric
from judge.models import Case, Item, Project, Rater, Role
from tests import factories

ONE = factories.RUBRIC[: factories.RUBRIC.index("  - key: specificity")]
PAIRS = """
name: pairs
task: pairwise
criteria:
  - key: better
    question: Which tag is better?
    kind: preference
    scale: [{key: a}, {key: equal}, {key: b}]
"""
LABELS = {True: "fits", False: "weak"}


def make_world(
    n: int, passes: Callable[[bool, bool, int], bool], *, name: str = "Leaning", **fields: object
) -> Project:
    """``n`` contexts with a long and a short output each, of which people say in turn that both fit or that both are
    weak. ``passes(is_long, is_good, place)`` is the judge's answer. All items are of the train stream."""
    project = factories.make_project(name, rubric=read_rubric(ONE, filename="one.yaml"))
    lines = [
        {"id": f"{place}-{size}", "context": f"person {place}", "output": "tent " * (9 if size else 2), **fields}
        for place in range(n)
        for size in (1, 0)
    ]
    factories.import_items(project, lines=lines)
    Item.objects.filter(project=project).update(stream="train")
    seat(project)
    cases = list(Case.objects.filter(project=project).select_related("item").order_by("pk"))
    new = []
    for case in cases:
        place, size = map(int, case.item.identity.split("-"))
        label = LABELS[passes(size == 1, place % 2 == 0, place)]
        new.append(NewJudgment(case.pk, label, probs={label: 0.9, LABELS[label == "weak"]: 0.1}))
    assert project.judge is not None
    judgments.record(new, rater=project.judge.seats.get().rater)
    for person in (factories.make_member(project, who, Role.ANNOTATOR) for who in ("ann", "ben")):
        said = [NewJudgment(case.pk, LABELS[int(case.item.identity.split("-")[0]) % 2 == 0]) for case in cases]
        judgments.record(said, rater=projects.rater_of(person), by=person)
    return project


def seat(project: Project) -> None:
    """A judge of one model that answered elsewhere."""
    machine = Rater.objects.create(kind=Rater.Kind.MACHINE, name="m", project=project, origin="t")
    judges.promote(judges.make(project, [machine], name="m", by=None), by=None)
    project.refresh_from_db()


def make_pairs(n: int, favour: float) -> Project:
    """``n`` pairs in contexts of their own; the judge likes what stands first more by ``favour``."""
    project = factories.make_project("Pairs", rubric=read_rubric(PAIRS, filename="pairs.yaml"))
    lines = [{"id": f"{place}", "context": f"c{place}", "output": {"a": "tent", "b": "rope"}} for place in range(n)]
    factories.import_items(project, lines=lines)
    Item.objects.filter(project=project).update(stream="gold")
    seat(project)
    high, low = 0.5 + favour / 2, 0.5 - favour / 2
    by_order = {"ab": {"a": high, "equal": 0.0, "b": low}, "ba": {"a": low, "equal": 0.0, "b": high}}
    assert project.judge is not None
    judgments.record(
        [
            NewJudgment(case.pk, "a", probs={"a": 0.5, "equal": 0.0, "b": 0.5}, by_order=by_order)
            for case in Case.objects.filter(project=project)
        ],
        rater=project.judge.seats.get().rater,
    )
    return project
