"""A milestone: recent outputs drawn at random, labelled blind, and held against what was proven before."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.utils import timezone

from judge.actions import judges, milestones, second_labels, watches
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Certificate, Decision, Item, Milestone, Project, Role, User
from tests import factories
from tests.judge import accepted, proofs

pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate() -> Certificate:
    """Relevance accepts from .8 on, alpha .1; a twentieth of it is audited."""
    return accepted.make_cell(pi_min=0.05)


@pytest.fixture
def uncertified(db: None) -> Project:
    """A judge in force that may accept nothing."""
    made = factories.make_project("Uncertified")
    judge = proofs.make_judge(made)
    judge.project = made
    judges.promote(judge, by=None)
    return made


@pytest.fixture
def people(db: None) -> list[User]:
    return [factories.make_user(name) for name in ("una", "vic", "wes")]


def cases_of(milestone: Milestone) -> list[Case]:
    ids = [case_id for drawn in milestone.cases.values() for case_id in drawn]
    return list(Case.objects.filter(pk__in=ids).order_by("pk"))


def answer(milestone: Milestone, people: Sequence[User], *, wrong: int = 0) -> None:
    """Two people say "weak" of the first ``wrong`` cases that the judge is sure of, "fits" of the rest."""
    waiting = [case for case in cases_of(milestone) if case.stage == "people"]
    sure = [case for case in waiting if case.verdicts.get().confidence >= 0.8]
    accepted.answer(sure[:wrong], "weak", people[:2])
    accepted.answer([case for case in waiting if case not in sure[:wrong]], "fits", people[:2])


def test_draw_is_of_all_open_cases_whatever_became_of_them(certificate: Certificate, people: list[User]) -> None:
    project = certificate.project
    accepted.bring(project, 60)
    unsure = accepted.bring(project, 60, confidence=0.6)
    accepted.answer(unsure[:10], "fits", people[:2])
    made = milestones.draw(project, name="three", size=120, by=None)
    drawn = cases_of(made)
    assert len(drawn) == 120
    assert made.drawn_from["population"] == {str(certificate.criterion_id): 120}
    assert all(case.is_reference for case in drawn)
    assert {case.stage for case in drawn} == {"people", "agreed"}
    assert {case.pk for case in drawn if case.stage == "agreed"} == {case.pk for case in unsure[:10]}
    assert {case.priority for case in drawn if case.stage == "people"} == {6}


def test_some_cases_are_drawn_as_often_as_others(certificate: Certificate) -> None:
    """40 draws of 10 from 20 cases: each is drawn 20 times on average, sd √(40 · ½ · ½) = 3.2; 5 sd are 16."""
    population = [(1, item, 100 + item) for item in range(20)]
    counts = dict.fromkeys(range(100, 120), 0)
    for _ in range(40):
        for case_id in milestones.sample(population, 10)[1]:
            counts[case_id] += 1
    assert sum(counts.values()) == 400
    assert all(4 <= n <= 36 for n in counts.values())


def test_criteria_share_items_as_far_as_may_be() -> None:
    population = [(criterion, item, 1000 * criterion + item) for criterion in (1, 2) for item in range(50)]
    drawn = milestones.sample(population, 7)
    assert [case_id - 1000 for case_id in drawn[1]] == [case_id - 2000 for case_id in drawn[2]]


def test_accepted_case_keeps_its_live_label_and_says_why_people_have_it(certificate: Certificate) -> None:
    accepted.bring(certificate.project, 30)
    plain = set(Case.objects.filter(stage="accepted").values_list("pk", flat=True))
    assert plain, "not all are audited"
    milestones.draw(certificate.project, name="three", by=None)
    taken = Case.objects.filter(pk__in=plain)
    assert set(taken.values_list("stage", "people_wanted")) == {("people", 2)}
    assert AgreedLabel.objects.filter(case__in=plain, basis="judge", status="live").count() == len(plain)
    latest = Decision.objects.filter(case__in=plain, reason="milestone")
    assert latest.count() == len(plain)


def test_generator_round_and_time_say_which_outputs_are_meant(certificate: Certificate) -> None:
    project = certificate.project
    cases = accepted.bring(project, 12)
    Item.objects.filter(pk__in=[case.item_id for case in cases[:6]]).update(generator="g2")
    Item.objects.filter(pk__in=[case.item_id for case in cases[:3]]).update(round=5)
    assert len(cases_of(milestones.draw(project, name="a", generator="g2", by=None))) == 6
    assert len(cases_of(milestones.draw(project, name="b", generator="g2", round=5, by=None))) == 3
    assert len(cases_of(milestones.draw(project, name="c", since=cases[0].item.imported_at, by=None))) == 12
    with pytest.raises(InputError, match="has spoken on no open item of that generator"):
        milestones.draw(project, name="d", since=timezone.now(), by=None)


@pytest.mark.parametrize("stream", ["certify", "train", "gold"])
def test_other_streams_are_never_drawn(certificate: Certificate, stream: str) -> None:
    accepted.bring(certificate.project, 4, confidence=0.6)
    Item.objects.update(stream=stream)
    with pytest.raises(InputError, match="no open item"):
        milestones.draw(certificate.project, name="three", by=None)


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"name": " "}, "a milestone needs a name"), ({"size": 0}, "the size is 0"), ({"size": 5001}, "the size is 5001")],
)
def test_what_cannot_be_drawn_is_refused(certificate: Certificate, changes: dict[str, object], told: str) -> None:
    accepted.bring(certificate.project, 3)
    with pytest.raises(InputError, match=told):
        milestones.draw(certificate.project, **({"name": "three", "by": None} | changes))  # type: ignore[arg-type]
    assert not Milestone.objects.exists()


def test_name_is_taken_once_and_a_judge_must_be_of_the_project(certificate: Certificate, project: Project) -> None:
    accepted.bring(certificate.project, 3)
    milestones.draw(certificate.project, name="three", by=None)
    with pytest.raises(InputError, match='there is a milestone "three" already'):
        milestones.draw(certificate.project, name="three", by=None)
    with pytest.raises(InputError, match="judge 1 is of another project"):
        milestones.draw(certificate.project, name="four", judge=proofs.make_judge(project), by=None)
    with pytest.raises(InputError, match="has no judge in force"):
        milestones.draw(project, name="five", by=None)


def test_nothing_is_counted_before_all_are_answered(certificate: Certificate, people: list[User]) -> None:
    accepted.bring(certificate.project, 10)
    made = milestones.draw(certificate.project, name="three", by=None)
    first, *rest = cases_of(made)
    accepted.answer(rest, "fits", people[:2])
    assert milestones.count_answered(made) == (9, 10)
    assert (milestones.report(made).state, milestones.report_all()) == ("asked", 0)
    accepted.answer([first], "fits", people[:2])
    watches.tend()
    made.refresh_from_db()
    assert (made.state, made.closed_at is not None) == ("passes", True)
    assert made.report["relevance"]["n"] == 10


def test_judge_that_keeps_its_promise_passes(certificate: Certificate, people: list[User]) -> None:
    """40 of 60 would be accepted, 4 errors of 40 at alpha .1: P(Bin(40, .1) ≥ 4) = .577."""
    accepted.bring(certificate.project, 40)
    accepted.bring(certificate.project, 20, confidence=0.6)
    made = milestones.draw(certificate.project, name="three", by=None)
    answer(made, people, wrong=4)
    done = milestones.report(made)
    told = done.report["relevance"]
    assert done.state == "passes"
    assert (told["n"], told["errors"], told["tested"]["n"], told["tested"]["errors"]) == (60, 4, 40, 4)
    assert told["p_value"] == pytest.approx(0.577, abs=0.001)
    assert told["against"]["alpha"] == 0.10
    assert told["tested"]["low"] < 0.1 < told["tested"]["high"]


def test_judge_that_breaks_its_promise_is_degraded_and_stays_so(certificate: Certificate, people: list[User]) -> None:
    """10 of 40: P(Bin(40, .1) ≥ 10) = .005."""
    accepted.bring(certificate.project, 40)
    made = milestones.draw(certificate.project, name="three", by=None)
    answer(made, people, wrong=10)
    done = milestones.report(made)
    assert done.state == "degraded"
    assert done.report["relevance"]["p_value"] == pytest.approx(0.005, abs=0.001)
    accepted.correct(cases_of(made)[0], "fits", people[0])
    assert milestones.report(made).report == done.report


def test_without_a_certificate_the_last_milestone_is_held_against_it(uncertified: Project, people: list[User]) -> None:
    """First 2 of 40, then 12 of 40: Fisher's one-sided p = .0032."""
    project = uncertified
    first = accepted.bring(project, 40, confidence=0.6)
    before = milestones.draw(project, name="first", by=None)
    accepted.answer(first[:2], "weak", people[:2])
    accepted.answer(first[2:], "fits", people[:2])
    milestones.report(before)
    later = accepted.bring(project, 40, confidence=0.6)
    since = later[0].item.imported_at
    made = milestones.draw(project, name="second", since=since, by=None)
    accepted.answer(later[:12], "weak", people[:2])
    accepted.answer(later[12:], "fits", people[:2])
    done = milestones.report(made)
    told = done.report["relevance"]
    assert told["against"] == {"kind": "milestone", "name": "first", "judge": 1, "n": 40, "errors": 2}
    assert (done.state, told["p_value"] < 0.01) == ("degraded", True)


def test_other_judges_certificate_is_held_against_a_judge_without_one(uncertified: Project, people: list[User]) -> None:
    """Its .625 most confident of 16 are 10 cases, against 10 errors of 250: 5 of 10 are too many."""
    cases = accepted.bring(uncertified, 16, confidence=[0.52 + place / 40 for place in range(16)])
    other = proofs.make_judge(uncertified, "other")
    proofs.certify(uncertified, "relevance", judge=other)
    made = milestones.draw(uncertified, name="three", by=None)
    accepted.answer(cases[11:], "weak", people[:2])
    accepted.answer(cases[:11], "fits", people[:2])
    told = milestones.report(made).report["relevance"]
    assert (told["against"]["kind"], told["against"]["judge"]) == ("other_judge", other.version)
    assert (told["tested"]["n"], told["tested"]["errors"], told["is_degraded"]) == (10, 5, True)


def test_first_measurement_has_nothing_to_be_held_against(uncertified: Project, people: list[User]) -> None:
    cases = accepted.bring(uncertified, 8, confidence=0.6)
    made = milestones.draw(uncertified, name="three", by=None)
    accepted.answer(cases, "weak", people[:2])
    done = milestones.report(made)
    assert (done.state, done.report["relevance"]["against"]) == ("passes", {"kind": "nothing"})
    assert (done.report["relevance"]["errors"], done.report["relevance"]["n"]) == (8, 8)


def test_cases_without_a_majority_are_errors(people: list[User], certificate: Certificate) -> None:
    (case,) = accepted.bring(certificate.project, 1)
    made = milestones.draw(certificate.project, name="three", by=None)
    accepted.flag(case, people[0])
    told = milestones.report(made).report["relevance"]
    assert (told["n"], told["errors"]) == (1, 1)


def test_one_persons_label_is_no_reference_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy lets one person settle an open case; a milestone asks the second."""
    monkeypatch.setattr(second_labels, "SECOND_LABEL_RATE", 0.0)  # the draw for a check is another matter
    project = factories.make_project("Single", one_person_labels=True, overlap=1)
    proofs.certify(project, "relevance")
    una = factories.make_member(project, "una", Role.ANNOTATOR)
    (case,) = accepted.bring(project, 1, confidence=0.6)
    accepted.answer([case], "fits", [una])
    case.refresh_from_db()
    assert case.stage == "agreed"
    made = milestones.draw(project, name="three", by=None)
    case.refresh_from_db()
    assert (case.stage, case.people_wanted) == ("people", 2)
    accepted.answer([case], "fits", [factories.make_member(project, "vic", Role.ANNOTATOR)])
    assert AgreedLabel.objects.get(case=case, status="live").basis == "consensus"
    assert milestones.report(made).report["relevance"]["errors"] == 0


def test_work_that_people_have_begun_goes_on(people: list[User], certificate: Certificate) -> None:
    (case,) = accepted.bring(certificate.project, 1, confidence=0.6)
    accepted.answer([case], "fits", people[:1])
    made = milestones.draw(certificate.project, name="three", by=None)
    case.refresh_from_db()
    assert (case.people_wanted, case.is_reference) == (2, True)
    accepted.answer([case], "fits", people[1:2])
    assert milestones.report(made).state == "passes"
