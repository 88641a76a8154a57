"""What people's answers are worth: fitted by workers, read by whoever settles."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from judge.actions import judges, judgments, projects, skills
from judge.actions.judgments import NewJudgment
from judge.models import AgreedLabel, Case, Decision, Item, Project, Rater, Role, SkillTable, User, Verdict
from judge.rules.skills import UNKNOWN
from judge.rules.stages import Stage
from judge.tasks import refresh_skills
from tests import factories
from tests.judge.bringing import bring, machine_project, relevance, say

pytestmark = pytest.mark.django_db

#: Two people who agree are right eight times in ten: not often enough.
DOUBTFUL = {"2": [[0.0, 0.8], [1.0, 0.8]], "3": [[0.0, 0.7], [1.0, 0.9]]}


def vote(case: Case, person: User, label: str | None, **more: object) -> judgments.Recorded:
    new = NewJudgment(case.pk, label, **more)  # type: ignore[arg-type]
    return judgments.record([new], rater=projects.rater_of(person), by=person)


def adjudicate(case: Case, person: User, label: str) -> None:
    vote(case, person, label, purpose="adjudication")


def say_machine(project: Project, case: Case, probs: dict[str, float]) -> None:
    assert project.judge is not None
    label = max(probs, key=lambda key: probs[key])
    new = NewJudgment(case.pk, label, probs=probs)
    judgments.record([new], rater=project.judge.seats.get().rater)


def table_of(case: Case, **fields: object) -> SkillTable:
    """A table written by hand, as a worker would leave it."""
    skills._READ.pop(case.criterion_id, None)
    return SkillTable.objects.create(criterion_id=case.criterion_id, **fields)


@pytest.fixture
def case(project: Project) -> Case:
    return relevance(factories.import_items(project)[0])


def test_people_are_told_apart_by_what_they_answer(project: Project) -> None:
    """p0 and p1 agree on every item; p2 says "fits" to everything."""
    factories.import_items(project, n=30)
    truth = ["fits" if n % 2 else "weak" for n in range(30)]
    lines = [say(f"item-{n}", f"p{p}", truth[n] if p < 2 else "fits") for n in range(30) for p in range(3)]
    bring(project, lines)
    criterion = project.criteria.get(key="relevance")
    assert skills.refresh() == [criterion.pk], "nobody answered the other criterion"
    row = SkillTable.objects.get()
    assert (row.criterion, row.n_cases, row.n_gold, row.calibration) == (criterion, 30, 0, None)
    fits_weak = {rater.name: row.confusions[str(rater.pk)] for rater in Rater.objects.filter(kind="person")}
    assert all(fits_weak[name][k][k] > 0.9 for name in ("p0", "p1") for k in (0, 1))
    assert fits_weak["p2"][1][0] > 0.7, "says fits where it is weak"
    assert all(sum(line) == pytest.approx(1, abs=1e-4) for rows in fits_weak.values() for line in rows)


def test_only_news_is_fitted_again(case: Case, ann: User, ben: User, ada: User) -> None:
    assert skills.refresh() == []
    vote(case, ann, "fits")
    assert skills.refresh() == [case.criterion_id]
    assert skills.refresh() == []
    judgments.correct([NewJudgment(case.pk, "weak")], rater=projects.rater_of(ann), by=ann)
    assert skills.refresh([case.criterion_id]) == [case.criterion_id], "a correction is news"
    assert skills.refresh([case.criterion_id + 1]) == []
    vote(case, ben, None, unscored_reason="skipped")
    assert skills.refresh() == [], "a skip tells nothing of a label"
    vote(case, ada, None, unscored_reason="flagged")
    adjudicate(case, ada, "weak")
    assert skills.refresh() == [case.criterion_id], "an adjudicated label is news"


def test_another_judge_in_force_is_news(ann: User) -> None:
    project = machine_project()
    case = relevance(factories.import_items(project)[0])
    say_machine(project, case, {"fits": 0.9, "weak": 0.1})
    vote(case, ann, "fits")
    refresh_skills()
    assert skills.refresh() == []
    other = Rater.objects.create(kind="machine", name="o", configuration={}, configuration_hash="o" * 64)
    judges.put_in_force(project, [other], name="o", by=None)
    assert skills.refresh() == [case.criterion_id]


def test_the_judge_in_force_helps_to_see_who_is_right() -> None:
    """Two people disagree on everything; p̂ knows, and so their confusions differ. Text that commands it does not."""
    worth = {}
    for name, doubt in (("Plain", ""), ("Suspicious", "suspicious")):
        project = factories.make_project(name)
        rater = Rater.objects.create(kind="machine", name=name, configuration={}, configuration_hash=name)
        judge = judges.put_in_force(project, [rater], name="m", by=None)
        for n, item in enumerate(factories.import_items(project, n=20)):
            probs = {"fits": 0.98, "weak": 0.02} if n % 2 else {"fits": 0.02, "weak": 0.98}
            case, label = relevance(item), max(probs, key=lambda key: probs[key])
            Verdict.objects.create(
                case=case, criterion=case.criterion, judge=judge, probs=probs, label=label, confidence=0.98, doubt=doubt
            )
        said = [("fits", "weak") if n % 2 else ("weak", "fits") for n in range(20)]
        bring(project, [say(f"item-{n}", f"p{p}", said[n][p]) for n in range(20) for p in (0, 1)])
        skills.refresh(project.criteria.values_list("pk", flat=True))
        found = SkillTable.objects.get(criterion__project=project).confusions
        people = Rater.objects.filter(kind="person", project=project).order_by("name")
        worth[name] = [found[str(person.pk)][0][0] for person in people]
    assert worth["Plain"][0] > 0.8 > 0.4 > worth["Plain"][1]
    assert worth["Suspicious"][0] == pytest.approx(worth["Suspicious"][1], abs=0.15)


def test_q_is_calibrated_once_two_hundred_gold_cases_are_adjudicated(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people say "fits" to all 40 gold cases and the adjudicator agrees with three in four."""
    monkeypatch.setattr(skills, "LEAST_GOLD", 40)
    monkeypatch.setattr(skills, "LEAST_LABELS", 40)
    project = factories.make_project("Gold", gold_rate=1.0)
    items = factories.import_items(project, n=40)
    for person in (factories.make_member(project, name, Role.ANNOTATOR) for name in ("amy", "bob")):
        for item in items:
            vote(relevance(item), person, "fits")
    for n, item in enumerate(items[:39]):
        adjudicate(relevance(item), ada, "weak" if n % 4 == 0 else "fits")
    skills.refresh()
    assert SkillTable.objects.get().calibration is None, "39 are too few"
    adjudicate(relevance(items[39]), ada, "fits")
    skills.refresh()
    row = SkillTable.objects.get()
    assert row.n_gold == 40
    assert set(row.calibration) == {"1", "2"}, "no case had three people"
    assert row.calibration["2"][0][1] == pytest.approx(0.75, abs=0.01)


def test_a_label_that_is_wrong_too_often_asks_one_more_and_keeps_what_gold_says(
    case: Case, ann: User, ben: User, cleo: User
) -> None:
    table_of(case, calibration=DOUBTFUL)
    for person in (ann, ben):
        vote(case, person, "fits")
    case.refresh_from_db()
    assert (case.stage, case.people_wanted) == (Stage.PEOPLE, 3)
    assert Decision.objects.filter(case=case).latest("pk").reason == "label_doubted"
    vote(case, cleo, "fits")
    label = AgreedLabel.objects.get(case=case)
    # raw q = 64/65 = .98462; between (0, .7) and (1, .9): .7 + .2 · .98462
    assert label.probs["fits"] == pytest.approx(0.7 + 0.2 * 64 / 65)
    assert label.p_wrong == pytest.approx(1 - label.probs["fits"])
    assert (label.basis, label.n_people) == ("consensus", 3)


def test_a_case_that_measures_a_judge_is_settled_by_people_alone(case: Case, ann: User, ben: User) -> None:
    table_of(case, calibration=DOUBTFUL)
    Case.objects.filter(pk=case.pk).update(is_reference=True)
    for person in (ann, ben):
        vote(case, person, "fits")
    label = AgreedLabel.objects.get(case=case)
    assert label.probs["fits"] == pytest.approx(16 / 17), "as two unknown people, without the judge"


def test_a_reference_case_asks_a_second_person_where_the_policy_allows_one() -> None:
    project = factories.make_project("One", one_person_labels=True, overlap=1)
    case = relevance(factories.import_items(project)[0])
    Case.objects.filter(pk=case.pk).update(is_reference=True)
    vote(case, factories.make_member(project, "amy", Role.ANNOTATOR), "fits")
    case.refresh_from_db()
    assert (case.stage, case.people_wanted) == (Stage.PEOPLE, 2)


def test_p_hat_and_skills_stand_in_the_soft_label(ann: User, ben: User) -> None:
    project = machine_project()
    case = relevance(factories.import_items(project)[0])
    say_machine(project, case, {"fits": 0.4, "weak": 0.6})
    sure, guessing = projects.rater_of(ann).pk, projects.rater_of(ben).pk
    table_of(case, confusions={str(sure): [[0.9, 0.1], [0.2, 0.8]], str(guessing): [[0.5, 0.5], [0.5, 0.5]]})
    for person in (ann, ben):
        vote(case, person, "fits")
    # fits: .4 · .9 · .5 = .18; weak: .6 · .2 · .5 = .06 → .75
    label = AgreedLabel.objects.get(case=case)
    assert (label.probs["fits"], label.p_wrong) == (pytest.approx(0.75), pytest.approx(0.25))


def test_an_adjudicated_label_stays_certain(case: Case, ann: User, ada: User) -> None:
    table_of(case, calibration=DOUBTFUL)
    vote(case, ann, None, unscored_reason="flagged")
    adjudicate(case, ada, "weak")
    label = AgreedLabel.objects.get(case=case)
    assert (label.probs, label.p_wrong) == ({"fits": 0.0, "weak": 1.0}, 0)


def test_imported_peoples_labels_have_the_same_soft_label(project: Project) -> None:
    case = relevance(factories.import_items(project)[0])
    bring(project, [say("item-0", "p0", "fits")])
    known = Rater.objects.get(name="p0").pk
    table_of(case, confusions={str(known): [[0.9, 0.1], [0.3, 0.7]]}, calibration=DOUBTFUL)
    bring(project, [say("item-0", "p1", "fits")])
    label = AgreedLabel.objects.get(case=case)
    assert (label.probs["fits"], label.basis) == (pytest.approx(0.8), "consensus"), "calibrated for two people"


def test_imported_answers_do_not_settle_a_case_that_measures_the_judge(project: Project) -> None:
    case = relevance(factories.import_items(project)[0])
    Case.objects.filter(pk=case.pk).update(is_reference=True)
    bring(project, [say("item-0", f"p{n}", "fits") for n in range(3)])
    assert not AgreedLabel.objects.filter(case=case).exists()


def test_a_label_that_was_live_before_is_superseded(case: Case, ann: User, ben: User, cleo: User, ada: User) -> None:
    """The statement that locks a case says whether a label is live; a corrected vote supersedes it, or withdraws it."""
    for person in (ann, ben):
        vote(case, person, "fits")
    for person in (ann, ben):
        judgments.correct([NewJudgment(case.pk, "weak")], rater=projects.rater_of(person), by=person)
    rows = AgreedLabel.objects.filter(case=case).order_by("pk")
    assert list(rows.values_list("label", "status")) == [("fits", "withdrawn"), ("weak", "live")]


def test_a_process_reads_a_table_once_in_thirty_seconds(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Item.objects.get().cases.exclude(pk=case.pk).get()
    wanted = {case.criterion_id, other.criterion_id}
    with CaptureQueriesContext(connection) as captured:
        for _ in range(3):
            assert skills.of_criteria(wanted) == dict.fromkeys(wanted, UNKNOWN)
    assert len(captured) == 1, "a criterion without a table is known to have none"
    SkillTable.objects.create(criterion_id=case.criterion_id, calibration=DOUBTFUL)
    assert skills.of_criteria(wanted)[case.criterion_id] == UNKNOWN
    later = time.monotonic() + skills.FRESH + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert skills.of_criteria(wanted)[case.criterion_id].calibration[2] == [(0.0, 0.8), (1.0, 0.8)]


def test_a_fit_is_seen_at_once_where_it_was_made(case: Case, ann: User) -> None:
    skills.of_criteria([case.criterion_id])
    vote(case, ann, "fits")
    skills.refresh()
    assert skills.of_criteria([case.criterion_id])[case.criterion_id].confusions
