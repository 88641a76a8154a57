"""Undo: a person changes their own answers; seats and labels follow."""

from __future__ import annotations

import uuid

import pytest

from annotation.actions import adjudication, corrections, leases
from annotation.actions.submissions import SubmitResult
from annotation.rules.answers import Answer
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Judgment, Project, Role, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer, seats, take

SKIP = Answer(is_skipped=True)


def change(
    project: Project, person: User, key: uuid.UUID, by_key: dict[str, Answer], *, new: uuid.UUID | None = None
) -> SubmitResult:
    past = corrections.find(project, key, by=person)
    assert past is not None
    given = {case.pk: by_key[case.criterion.key] for case in past.cases}
    return corrections.correct(past, by=person, key=new or uuid.uuid4(), answers=given)


def test_the_last_ten_submits_are_listed_newest_first(project: Project, ann: User, ben: User) -> None:
    factories.import_items(project, n=12)
    keys = [answer(project, ann).key for _ in range(12)]
    answer(project, ben)
    listed = corrections.recent(project, by=ann)
    assert len(listed) == 10
    assert {each.submission.key for each in listed} <= set(keys)
    assert {each.label for each in listed[0].cases.values()} == {"fits", "concrete"}


def test_a_changed_answer_replaces_the_vote_and_keeps_the_seat(project: Project, ann: User) -> None:
    factories.import_items(project)
    change(project, ann, answer(project, ann, GOOD).key, BAD)
    standing = Judgment.objects.filter(retracted_at=None)
    assert set(standing.values_list("label", flat=True)) == {"weak", "too_generic"}
    assert Judgment.objects.count() == 4, "the first answers stay, retracted"
    assert set(seats(project).values()) == {(1, 2)}
    (past,) = corrections.recent(project, by=ann)
    assert {each.label for each in past.cases.values()} == {"weak", "too_generic"}


def test_a_change_after_the_agreement_asks_one_more_person(project: Project, ann: User, ben: User, cleo: User) -> None:
    factories.import_items(project)
    first = answer(project, ann, GOOD)
    answer(project, ben, GOOD)
    change(project, ann, first.key, GOOD | {"relevance": Answer("weak")})
    case = Case.objects.get(criterion__key="relevance")
    assert (case.stage, case.seats_taken, case.people_wanted) == (Stage.PEOPLE, 2, 3)
    assert take(project, cleo).case_ids == [case.pk]


def test_an_answer_taken_back_frees_its_seat(project: Project, ann: User) -> None:
    factories.import_items(project)
    change(project, ann, answer(project, ann).key, GOOD | {"relevance": SKIP})
    assert seats(project) == {"item-0 relevance": (0, 2), "item-0 specificity": (1, 2)}


def test_a_skip_that_becomes_an_answer_takes_a_free_seat(project: Project, ann: User) -> None:
    factories.import_items(project)
    result = change(project, ann, answer(project, ann, GOOD | {"relevance": SKIP}).key, GOOD)
    assert result.extra == ()
    assert set(seats(project).values()) == {(1, 2)}


def test_a_skip_that_becomes_an_answer_is_extra_where_the_seats_are_gone(
    project: Project, ann: User, ben: User, cleo: User
) -> None:
    factories.import_items(project)
    skipped = answer(project, ann, GOOD | {"relevance": SKIP})
    for person in (ben, cleo):
        take(project, person)
    result = change(project, ann, skipped.key, GOOD)
    assert len(result.extra) == 1
    assert seats(project) == {"item-0 relevance": (2, 2), "item-0 specificity": (2, 2)}


def test_a_change_after_an_adjudication_changes_no_label_and_no_seat(project: Project, ann: User, ada: User) -> None:
    factories.import_items(project)
    first = answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True)})
    case = Case.objects.get(criterion__key="relevance")
    adjudication.decide(case, label="weak", by=ada)
    before = seats(project)
    result = change(project, ann, first.key, GOOD)
    assert result.extra == (case.pk,)
    assert AgreedLabel.objects.get(case=case).label == "weak"
    assert seats(project) == before


def test_the_same_change_twice_is_written_once(project: Project, ann: User) -> None:
    factories.import_items(project)
    first, key = answer(project, ann), uuid.uuid4()
    past = corrections.find(project, first.key, by=ann)
    assert past is not None
    given = {case.pk: BAD[case.criterion.key] for case in past.cases}
    corrections.correct(past, by=ann, key=key, answers=given)
    assert corrections.correct(past, by=ann, key=key, answers=given).is_repeat
    assert Judgment.objects.count() == 4
    with pytest.raises(InputError, match="in another window"):
        corrections.correct(past, by=ann, key=uuid.uuid4(), answers=given)
    assert Judgment.objects.count() == 4


def test_nobody_finds_another_persons_submit(project: Project, ann: User, ben: User) -> None:
    factories.import_items(project)
    key = answer(project, ann).key
    assert corrections.find(project, key, by=ben) is None
    assert corrections.recent(project, by=ben) == []


@pytest.fixture
def late(project: Project, ann: User, ben: User) -> SubmitResult:
    """Ben's answers. Ann flagged relevance while he held the item: his answer there is extra, its seat is free."""
    factories.import_items(project)
    lease = take(project, ben)
    answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True)})
    result = answer(project, ben, BAD, lease=lease)
    assert len(result.extra) == 1
    return result


def test_a_changed_extra_answer_stays_extra_and_is_shown_once_to_the_adjudicator(
    project: Project, late: SubmitResult, ben: User, ada: User
) -> None:
    (pk,) = late.extra
    before = seats(project)
    result = change(project, ben, late.key, GOOD)
    assert result.extra == (pk,)
    assert seats(project) == before
    dispute = adjudication.open_dispute(project, pk, by=ada)
    assert dispute is not None
    assert dispute.case.stage == Stage.ADJUDICATION
    assert sorted((each.answer.label or "", each.is_extra) for each in dispute.opinions) == [
        ("", False),
        ("fits", True),
    ]


@pytest.mark.parametrize("changed", [Answer(is_skipped=True), Answer(is_flagged=True)])
def test_an_extra_answer_that_becomes_a_skip_or_a_flag_stays_extra(
    project: Project, late: SubmitResult, ben: User, changed: Answer
) -> None:
    (pk,) = late.extra
    assert change(project, ben, late.key, BAD | {"relevance": changed}).extra == (pk,)
    standing = Judgment.objects.get(case=pk, rater__user=ben, retracted_at=None)
    assert (standing.purpose, standing.unscored_reason) == ("extra", changed.unscored_reason)


def test_a_changed_extra_answer_leaves_an_agreed_label_alone(
    project: Project, ann: User, ben: User, cleo: User
) -> None:
    factories.import_items(project)
    case = Case.objects.get(criterion__key="relevance")
    first, lease = answer(project, ann, GOOD | {"relevance": SKIP}), take(project, ben)
    Case.objects.filter(pk=case.pk).update(people_wanted=3)  # one seat more than the agreement needs
    dora = factories.make_member(project, "dora", Role.ANNOTATOR)
    waiting = take(project, dora)
    change(project, ann, first.key, GOOD)
    answer(project, ben, GOOD, lease=lease)
    late = answer(project, dora, BAD, lease=waiting)
    assert case.pk in late.extra
    assert (
        case.pk in change(project, dora, late.key, BAD | {"relevance": Answer("fits", note="on second thought")}).extra
    )
    label = AgreedLabel.objects.get(case=case)
    assert (label.label, label.n_people, label.status) == ("fits", 2, "live")


def test_an_extra_answer_changed_while_a_seat_is_free_becomes_the_vote(
    project: Project, ann: User, ben: User, cleo: User
) -> None:
    factories.import_items(project)
    skipped = answer(project, ann, GOOD | {"relevance": SKIP})
    take(project, ben)
    lease = take(project, cleo)
    late = change(project, ann, skipped.key, GOOD)
    assert len(late.extra) == 1
    leases.release(lease.pk, by=cleo)
    assert change(project, ann, late.key, BAD).extra == ()
    standing = Judgment.objects.get(case__criterion__key="relevance", rater__user=ann, retracted_at=None)
    assert (standing.purpose, standing.label) == ("vote", "weak")
    assert set(seats(project).values()) == {(2, 2)}


def test_two_changes_after_an_adjudication_leave_one_extra_answer(project: Project, ann: User, ada: User) -> None:
    factories.import_items(project)
    first = answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True)})
    case = Case.objects.get(criterion__key="relevance")
    adjudication.decide(case, label="weak", by=ada)
    second = change(project, ann, first.key, GOOD)
    change(project, ann, second.key, BAD)
    standing = Judgment.objects.filter(case=case, rater__user=ann, retracted_at=None)
    assert [row.label for row in standing.filter(purpose="extra")] == ["weak"]
    assert AgreedLabel.objects.get(case=case).basis == "adjudicated"
