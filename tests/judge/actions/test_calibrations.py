"""Calibrators: learned from train labels alone, each a judge of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.actions import calibrations, judges, seating, teaching
from judge.models import Case, Certificate, Item, Judge, Judgment, Project, Rater, Verdict
from tests.flow.imported import World
from tests.flow.test_certified_imports import bring, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def panel(tmp_path: Path) -> Judge:
    """Three imported judges of different worth, none calibrated, in force."""
    skills = (("good", 0.98, 0.8), ("fair", 0.85, 0.6), ("coin", 0.5, 0.5))
    project, _ = bring(World(skills=skills, n=700, n_labelled=600), tmp_path)
    return seating.judge_to_certify(project, by=None)


def test_fitted_judge_takes_the_place_of_one_without_a_certificate(panel: Judge) -> None:
    fitted = calibrations.ensure(panel, by=None)
    project = Project.objects.get()
    assert project.judge_id == fitted.pk != panel.pk
    assert calibrations.is_fitted(fitted)
    assert not calibrations.is_fitted(panel)
    assert list(fitted.seats.values_list("rater")) == list(panel.seats.values_list("rater"))


def test_a_rater_at_chance_counts_for_little(panel: Judge) -> None:
    fitted = calibrations.fit(panel, by=None)
    assert fitted is not None
    (record,) = fitted.calibrator["criteria"].values()
    names = [seat.rater.name for seat in fitted.seats.select_related("rater")]
    slopes = {name: sum(seat["slopes"].values()) for name, seat in zip(names, record["seats"], strict=True)}
    assert slopes["good"] > 2 * slopes["coin"]


def test_tested_judge_is_never_refitted_behind_its_certificate(panel: Judge) -> None:
    run("certify", "elsewhere")
    tested = Certificate.objects.get().judge
    assert calibrations.ensure(tested, by=None) == tested
    Judge.objects.filter(pk=panel.pk).get()
    assert Certificate.objects.count() == 1


def test_too_few_labels_leave_the_judge_as_it_is(tmp_path: Path) -> None:
    project, _ = bring(World(n=200, n_labelled=80), tmp_path)  # 32 of them in train
    judge = seating.judge_to_certify(project, by=None)
    assert calibrations.ensure(judge, by=None) == judge


def test_nothing_is_learned_beside_certify_gold_or_reference_cases(panel: Judge) -> None:
    """A planted marker: each case whose context holds a tested one is given an absurd label; no fit may move by it."""
    project = panel.project
    before = calibrations.fit(panel, by=None)
    train = list(teaching.train_cases(project).order_by("pk")[:60])
    for place, case in enumerate(train):
        item = Item.objects.filter(project=project).exclude(stream="train").order_by("pk")[place]
        stream = ("certify", "gold", "open")[place % 3]
        Item.objects.filter(pk=item.pk).update(stream=stream, context=case.item.context)
        if stream == "open":
            Case.objects.filter(item=item).update(is_reference=True)
    allowed = set(teaching.teachable(teaching.train_cases(project)).values_list("pk", flat=True))
    assert allowed.isdisjoint(case.pk for case in train)
    after = calibrations.fit(panel, by=None)
    assert before is not None
    assert after is not None
    assert sum(after.calibrator["fitted_on"].values()) <= sum(before.calibrator["fitted_on"].values()) - 50


def test_a_student_among_the_raters_is_not_believed_on_what_it_learned(panel: Judge) -> None:
    head = Rater.objects.create(
        kind="machine", name="student", configuration={"head": "abc"}, configuration_hash="student-head"
    )
    student = judges.make(panel.project, [head], name="student", by=None)
    assert calibrations.fit(student, by=None) is None


def test_refits_make_candidates_at_declared_sizes_only(panel: Judge) -> None:
    project = Project.objects.get()
    first = calibrations.refit_due(project)
    assert first is not None
    assert project.judge_id == panel.pk
    assert calibrations.refit_due(project) is None  # no declared size was reached since
    assert calibrations.refit_all_due() == 0


def test_calibrated_judge_speaks_on_every_case_that_its_raters_answered(panel: Judge) -> None:
    fitted = calibrations.ensure(panel, by=None)
    answered = Judgment.objects.filter(rater__kind="machine").values("case").distinct().count()
    assert Verdict.objects.filter(judge=fitted).count() == answered == 700
