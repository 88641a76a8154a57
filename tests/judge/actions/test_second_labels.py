"""One in ten labels of a single person is checked by two more, who know nothing of it."""

from __future__ import annotations

import uuid

import pytest

from annotation.actions import corrections, leases
from annotation.rules.answers import Answer
from judge.actions import case_locks, labels, second_labels
from judge.models import AgreedLabel, Case, Decision, Project, Role, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer, seats

SKIPS = {key: Answer(is_skipped=True, note="unclear") for key in GOOD}


@pytest.fixture
def project(db: None) -> Project:
    return factories.make_project("Quick", one_person_labels=True, overlap=1)


@pytest.fixture(autouse=True)
def nobody_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test draws by itself; the rate is part of what the product promises, and is tested below."""
    monkeypatch.setattr(second_labels, "SECOND_LABEL_RATE", 0.0)


def live() -> list[tuple[str, str, int]]:
    rows = AgreedLabel.objects.filter(status="live").order_by("criterion__key")
    return list(rows.values_list("label", "basis", "n_people"))


def check_all(project: Project) -> list[Decision]:
    """Draw every live single label."""
    rows = list(AgreedLabel.objects.filter(status="live", basis="single"))
    locked = case_locks.lock([row.case_id for row in rows])
    for row in rows:
        row.case = locked[row.case_id]
    return second_labels.draw(project, rows, rate=1.0)


def test_a_checked_label_stays_live_while_two_more_people_are_asked(project: Project, ann: User, ben: User) -> None:
    factories.import_items(project)
    answer(project, ann)
    decided = check_all(project)
    assert {(each.reason, each.people_wanted, each.audit_probability) for each in decided} == {("second_label", 3, 1.0)}
    assert live() == [("fits", "single", 1), ("concrete", "single", 1)]
    assert set(seats(project).values()) == {(1, 3)}
    assert set(Case.objects.values_list("stage", flat=True)) == {Stage.PEOPLE}
    assert leases.claim(project, by=ann) is None, "who answered is not asked again"
    lease = leases.claim(project, by=ben)
    assert lease is not None
    assert len(lease.case_ids) == 2


def test_two_who_agree_make_a_consensus_and_a_split_waits_for_the_third(
    project: Project, ann: User, ben: User, cleo: User
) -> None:
    factories.import_items(project)
    answer(project, ann)
    check_all(project)
    answer(project, ben, {"relevance": GOOD["relevance"], "specificity": BAD["specificity"]})
    assert live() == [("fits", "consensus", 2), ("concrete", "single", 1)]
    answer(project, cleo, BAD)
    assert live() == [("fits", "consensus", 2), ("too_generic", "consensus", 3)]


def test_a_skip_of_the_second_person_neither_ends_the_check_nor_calls_an_adjudicator(
    project: Project, ann: User, ben: User, cleo: User
) -> None:
    factories.import_items(project)
    answer(project, ann)
    check_all(project)
    answer(project, ben, SKIPS)
    assert live() == [("fits", "single", 1), ("concrete", "single", 1)]
    assert set(Case.objects.values_list("stage", flat=True)) == {Stage.PEOPLE}
    answer(project, cleo)
    assert live() == [("fits", "consensus", 2), ("concrete", "consensus", 2)]


def test_a_correction_moves_the_label_and_the_check_goes_on(project: Project, ann: User) -> None:
    factories.import_items(project)
    sent = answer(project, ann)
    check_all(project)
    past = corrections.find(project, sent.key, by=ann)
    assert past is not None
    changed = {case.pk: BAD[case.criterion.key] for case in past.cases}
    corrections.correct(past, by=ann, key=_key(), answers=changed)
    assert live() == [("weak", "single", 1), ("too_generic", "single", 1)]
    assert set(Case.objects.values_list("stage", "people_wanted")) == {(Stage.PEOPLE, 3)}
    skipped = corrections.find(project, sent.key, by=ann)
    assert skipped is not None
    corrections.correct(skipped, by=ann, key=_key(), answers={case.pk: SKIPS["relevance"] for case in past.cases})
    assert live() == []


def test_a_case_is_drawn_once(project: Project, ann: User) -> None:
    factories.import_items(project)
    sent = answer(project, ann)
    past = corrections.find(project, sent.key, by=ann)
    assert past is not None
    corrections.correct(past, by=ann, key=_key(), answers={case.pk: BAD[case.criterion.key] for case in past.cases})
    assert check_all(project) == [], "its first single label was not drawn"


def test_one_in_ten_is_drawn_when_the_label_is_made(
    project: Project, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    factories.import_items(project, n=60, per_context=60)
    for _ in range(60):
        answer(project, ann)
    found = Decision.objects.filter(reason="second_label")
    # 120 draws at .1: mean 12, fewer than 1 or more than 34 in one run of 300,000
    assert 1 <= found.count() <= 34
    assert set(found.values_list("audit_probability", flat=True)) == {0.1}
    assert AgreedLabel.objects.filter(status="live", basis="single").count() == 120


def test_labels_of_two_people_are_not_drawn(ann: User, ben: User) -> None:
    careful = factories.make_project("Careful")
    for person in (ann, ben):
        factories.make_member(careful, person.username, Role.ANNOTATOR)
    factories.import_items(careful)
    answer(careful, ann)
    answer(careful, ben)
    made = list(AgreedLabel.objects.filter(basis="consensus"))
    assert len(made) == 2
    assert second_labels.draw(careful, made, rate=1.0) == []
    assert labels.people_votes([row.case_id for row in made])


def _key() -> uuid.UUID:
    return uuid.uuid4()
