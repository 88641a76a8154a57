"""The whole loop: people's labels teach a judge; it is compared, proven, promoted, accepts more and keeps its word."""

from __future__ import annotations

import random
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from judge.actions import comparisons, judges, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.formats.rubrics import read_rubric
from judge.models import AgreedLabel, Case, Certificate, Decision, Item, Project, Purpose, Role, User
from judge.rules.streams import Stream
from llm_judge.actions import calls, sittings, students
from tests import factories
from tests.flow import imported
from tests.flow.imported import World
from tests.flow.test_certified_imports import bring
from tests.judge import proofs
from tests.llm_judge import teaching

pytestmark = pytest.mark.django_db(transaction=True)

ALPHA = 0.10
#: How often one person is right; three of them by majority .997.
PEOPLE = 0.97
RATES = {"train_rate": 0.25, "certify_rate": 0.4, "gold_rate": 0.15}


def run(*words: str) -> str:
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


def accepted_labels(project: Project) -> list[AgreedLabel]:
    found = AgreedLabel.objects.filter(case__project=project, basis="judge", status="live")
    return list(found.select_related("case__item"))


def camp(n: int) -> Project:
    """Tags, one to a context, with one criterion; a weak judge in force has spoken on all of them."""
    rubric = read_rubric(imported.RUBRIC, filename="rubric.yaml")
    project = factories.make_project("Camping", rubric=rubric, **RATES)
    weak = proofs.make_judge(project, "weak")
    weak.project = project
    judges.promote(weak, by=None)
    lines = [{"id": f"t{i}", "context": f"person {i} goes camping", "output": teaching.pick(i)} for i in range(n)]
    factories.import_items(project, lines=lines)
    chance = random.Random(11)
    cases = Case.objects.filter(project=project).select_related("item").order_by("pk")
    judgments.record([_weakly(case, chance) for case in cases], rater=weak.seats.get().rater)
    return project


def _weakly(case: Case, chance: random.Random) -> NewJudgment:
    """Sure and nearly always right of every second tag, hardly better than a coin on the rest."""
    is_easy = chance.random() < 1 / 2
    p = chance.uniform(0.9, 0.98) if is_easy else chance.uniform(0.51, 0.75)
    said = teaching.fits(case.item)
    if chance.random() > (0.99 if is_easy else 0.6):
        said = _other(said)
    return NewJudgment(case.pk, said, probs={said: p, _other(said): 1 - p})


def _other(label: str) -> str:
    return "weak" if label == "fits" else "fits"


def people_answer(project: Project) -> None:
    """Three people answer train, certify and gold cases, an adjudicator decides gold; nobody touches an open case."""
    chance, found = random.Random(12), Case.objects.filter(project=project).exclude(item__stream=Stream.OPEN)
    for name in ("una", "vic", "wes"):
        _answer(factories.make_member(project, name, Role.ANNOTATOR), found.filter(stage="people"), chance)
    ada = factories.make_member(project, "ada", Role.ADJUDICATOR)
    _answer(ada, found.filter(stage="adjudication"), chance, right=1.0, purpose=Purpose.ADJUDICATION)


def _answer(
    person: User, cases: Iterable[Case], chance: random.Random, right: float = PEOPLE, purpose: Purpose = Purpose.VOTE
) -> None:
    new = []
    for case in cases:
        truth = teaching.fits(case.item)
        new.append(NewJudgment(case.pk, truth if chance.random() < right else _other(truth), purpose=purpose))
    judgments.record(new, rater=projects.rater_of(person), by=person)


@pytest.mark.services
@pytest.mark.proof
def test_people_teach_a_judge_that_then_accepts_more_and_keeps_its_word() -> None:
    project = camp(600)
    people_answer(project)
    run("certify", project.slug)
    project.refresh_from_db()
    before, weak = accepted_labels(project), project.judge
    n_open = Item.objects.filter(project=project, stream="open").count()
    assert weak is not None
    assert 0 < len(before) < 0.7 * n_open, "it accepts what it is sure of"

    student = students.fit(project, by=None)
    try:
        for _ in sittings.judge_here(project, by=None, judge=student):
            pass
    finally:
        calls.close()
    (compared,) = comparisons.compare(weak, student)
    assert compared.paired is not None
    assert compared.paired.low > 0, "on gold, where nothing was learned"

    assert "accepts nothing until a lead promotes it" in run("certify", project.slug, "--judge", str(student.version))
    assert Certificate.objects.get(judge=student).state == "certified"
    assert len(accepted_labels(project)) == len(before), "a candidate accepts nothing"
    student.project.refresh_from_db()
    judges.promote(student, by=None)

    after = accepted_labels(project)
    assert len(after) > 1.3 * len(before)
    wrong = sum(row.label != teaching.fits(row.case.item) for row in after)
    assert wrong / len(after) <= ALPHA
    assert {row.case.item.stream for row in after} == {"open"}
    assert Certificate.objects.get(judge=weak, threshold__isnull=False).state == "stale"


@pytest.mark.parametrize(
    ("name", "sure", "unsure", "least", "most"),
    [("strong", 0.99, 0.97, 0.9, 1.0), ("middling", 0.98, 0.5, 0.4, 0.8), ("hopeless", 0.75, 0.5, 0.0, 0.0)],
)
def test_judges_of_different_quality_accept_differently_and_keep_the_same_promise(
    tmp_path: Path, name: str, sure: float, unsure: float, least: float, most: float
) -> None:
    project, truth = bring(World(skills=((name, sure, unsure),)), tmp_path)
    run("certify", "elsewhere", "--alpha", str(ALPHA))
    n_open = Item.objects.filter(project=project, stream="open").count()
    taken = accepted_labels(project)
    assert len(taken) == Decision.objects.filter(route="accept").count()
    assert least <= len(taken) / n_open <= most
    assert sum(row.label != truth[row.case.item.identity] for row in taken) <= ALPHA * len(taken)
