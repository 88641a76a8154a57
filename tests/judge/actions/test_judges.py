"""Judges: candidates beside the one in force, panels, promotion."""

from __future__ import annotations

import pytest

from judge.actions import judges, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import Case, Decision, Project, Rater, User, Verdict
from judge.rules.stages import Stage
from tests import factories


@pytest.fixture
def pair() -> tuple[Rater, Rater]:
    first, second = (
        Rater.objects.create(kind="machine", name=name, configuration={"model": name}, configuration_hash=name * 8)
        for name in ("small", "large")
    )
    return first, second


@pytest.fixture
def case(project: Project, pair: tuple[Rater, Rater]) -> Case:
    judges.put_in_force(project, [pair[0]], name="first", by=None)
    (item,) = factories.import_items(project)
    return factories.cases_of(item)["relevance"]


def answer(case: Case, rater: Rater, fits: float) -> None:
    label = "fits" if fits > 0.5 else "weak"
    new = NewJudgment(case.pk, label, probs={"fits": fits, "weak": 1 - fits})
    judgments.record([new], rater=rater)


def test_a_candidate_speaks_beside_the_judge_in_force_and_routes_nothing(
    case: Case, project: Project, pair: tuple[Rater, Rater]
) -> None:
    candidate = judges.make(project, [pair[1]], name="second", by=None)
    answer(case, pair[1], 0.9)
    case.refresh_from_db()
    assert Verdict.objects.get(judge=candidate).label == "fits"
    assert (case.stage, Decision.objects.count()) == (Stage.IMPORTED, 0)
    answer(case, pair[0], 0.2)
    assert Decision.objects.get(case=case).judge == project.judge


def test_promotion_routes_what_the_candidate_has_judged(
    case: Case, project: Project, pair: tuple[Rater, Rater], lea: User
) -> None:
    candidate = judges.make(project, [pair[1]], name="second", by=lea)
    answer(case, pair[1], 0.9)
    judges.promote(candidate, by=lea)
    case.refresh_from_db()
    project.refresh_from_db()
    assert (project.judge, case.stage) == (candidate, Stage.PEOPLE)


def test_a_panel_speaks_when_the_last_rater_has_answered(
    case: Case, project: Project, pair: tuple[Rater, Rater]
) -> None:
    panel = judges.make(project, list(pair), name="both", by=None)
    judges.promote(panel, by=None)
    answer(case, pair[0], 0.9)
    assert not Verdict.objects.filter(judge=panel).exists()
    answer(case, pair[1], 0.8)
    verdict = Verdict.objects.get(judge=panel)
    assert verdict.label == "fits"
    assert 0.8 < verdict.confidence < 0.9


def test_raters_of_a_panel_who_disagree_send_the_case_to_people_with_that_reason(
    case: Case, project: Project, pair: tuple[Rater, Rater]
) -> None:
    judges.promote(judges.make(project, list(pair), name="both", by=None), by=None)
    answer(case, pair[0], 0.9)
    answer(case, pair[1], 0.2)
    assert Decision.objects.get(case=case).reason == "judges_disagree"


def test_a_panel_made_late_speaks_at_once_on_what_was_answered(
    case: Case, project: Project, pair: tuple[Rater, Rater]
) -> None:
    answer(case, pair[0], 0.9)
    answer(case, pair[1], 0.8)
    panel = judges.make(project, list(pair), name="both", by=None)
    assert Verdict.objects.filter(judge=panel, case=case).count() == 1


def test_the_same_parts_are_the_same_judge_and_other_parts_another(project: Project, pair: tuple[Rater, Rater]) -> None:
    one = judges.make(project, list(pair), name="both", by=None)
    assert judges.make(project, list(pair), name="again", by=None) == one
    assert judges.make(project, list(reversed(pair)), name="turned", by=None) != one
    warm = judges.make(project, list(pair), name="warm", by=None, calibrator={"kind": "temperature", "temperature": 2})
    assert warm.version == 3


def test_people_empty_panels_and_doubles_are_refused(project: Project, pair: tuple[Rater, Rater], ann: User) -> None:
    for raters in ([], [pair[0], pair[0]], [projects.rater_of(ann)]):
        with pytest.raises(InputError):
            judges.make(project, raters, name="odd", by=None)
