"""Submits: once, in time or late, and never lost."""

from __future__ import annotations

import uuid

import pytest

from annotation.actions import leases, submissions
from annotation.models import Draft, Lease, Submission
from annotation.rules.answers import Answer
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Judgment, Project, Purpose, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer, answers_for, run_out, seats, take


@pytest.fixture
def lease(project: Project, ann: User) -> Lease:
    factories.import_items(project)
    return take(project, ann)


def test_an_answer_is_a_vote_that_keeps_its_seat(project: Project, ann: User, lease: Lease) -> None:
    result = answer(project, ann, lease=lease)
    assert (result.is_repeat, result.was_late, result.extra, result.words) == (False, False, (), "")
    votes = Judgment.objects.filter(submission=result.key)
    assert {(vote.purpose, vote.label) for vote in votes} == {("vote", "fits"), ("vote", "concrete")}
    assert set(seats(project).values()) == {(1, 2)}
    assert Lease.objects.get(pk=lease.pk).outcome == "submitted"


def test_two_people_who_agree_settle_the_item(project: Project, ann: User, ben: User) -> None:
    factories.import_items(project)
    answer(project, ann)
    answer(project, ben)
    assert sorted(AgreedLabel.objects.values_list("label", "basis")) == [
        ("concrete", "consensus"),
        ("fits", "consensus"),
    ]


def test_the_same_key_twice_is_written_once_with_the_same_result(project: Project, ann: User, lease: Lease) -> None:
    key, given = uuid.uuid4(), answers_for(lease)
    first = submissions.submit(project, by=ann, key=key, lease_id=lease.pk, answers=given)
    again = submissions.submit(project, by=ann, key=key, lease_id=lease.pk, answers=answers_for(lease, BAD))
    assert (again.key, again.was_late, again.extra) == (first.key, first.was_late, first.extra)
    assert again.is_repeat
    assert Judgment.objects.count() == 2
    assert set(Judgment.objects.values_list("label", flat=True)) == {"fits", "concrete"}
    assert set(seats(project).values()) == {(1, 2)}


def test_somebody_elses_key_is_refused(project: Project, ann: User, ben: User, lease: Lease) -> None:
    result = answer(project, ann, lease=lease)
    other = take(project, ben)
    with pytest.raises(InputError, match="belongs to somebody else"):
        submissions.submit(project, by=ben, key=result.key, lease_id=other.pk, answers=answers_for(other))
    assert Lease.objects.get(pk=other.pk).closed_at is None


def test_somebody_elses_lease_is_refused(project: Project, ben: User, lease: Lease) -> None:
    with pytest.raises(InputError, match="given to somebody else"):
        submissions.submit(project, by=ben, key=uuid.uuid4(), lease_id=lease.pk, answers=answers_for(lease))


def test_an_open_criterion_is_named_and_nothing_is_written(project: Project, ann: User, lease: Lease) -> None:
    with pytest.raises(InputError, match="specificity: no answer yet"):
        answer(project, ann, {"relevance": Answer("fits")}, lease=lease)
    with pytest.raises(InputError, match="specificity: no answer yet"):
        answer(project, ann, {"relevance": Answer("fits"), "specificity": Answer(note="hm")}, lease=lease)
    assert not Submission.objects.exists()
    assert Lease.objects.get(pk=lease.pk).closed_at is None


def test_a_label_outside_the_scale_leaves_the_lease_open(project: Project, ann: User, lease: Lease) -> None:
    with pytest.raises(InputError, match='"gud" is not in the scale'):
        answer(project, ann, GOOD | {"relevance": Answer("gud")}, lease=lease)
    assert not Submission.objects.exists()
    assert Lease.objects.get(pk=lease.pk).closed_at is None


def test_answers_to_another_item_are_refused(project: Project, ann: User, lease: Lease) -> None:
    with pytest.raises(InputError, match="do not belong to this item"):
        submissions.submit(
            project, by=ann, key=uuid.uuid4(), lease_id=lease.pk, answers=answers_for(lease) | {0: Answer("fits")}
        )


def test_a_skip_gives_the_seat_to_somebody_else_and_keeps_its_reason(project: Project, ann: User, lease: Lease) -> None:
    answer(project, ann, GOOD | {"relevance": Answer(is_skipped=True, note="I know nothing of tents")}, lease=lease)
    assert seats(project) == {"item-0 relevance": (0, 2), "item-0 specificity": (1, 2)}
    row = Judgment.objects.get(label=None)
    assert (row.unscored_reason, row.purpose) == ("skipped", "vote")
    assert row.text is not None
    assert row.text.note == "I know nothing of tents"


def test_a_flag_sends_its_case_to_the_adjudicator(project: Project, ann: User, lease: Lease) -> None:
    answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True, note="a name and an address")}, lease=lease)
    assert Case.objects.get(criterion__key="relevance").stage == Stage.ADJUDICATION
    assert seats(project)["item-0 relevance"] == (0, 2)


def test_a_late_answer_takes_its_seat_again_where_one_is_free(project: Project, ann: User, lease: Lease) -> None:
    run_out(lease)
    leases.sweep_expired(project)
    result = answer(project, ann, lease=lease)
    assert (result.was_late, result.extra, result.words) == (True, (), "")
    assert set(Judgment.objects.values_list("purpose", flat=True)) == {Purpose.VOTE}
    assert set(seats(project).values()) == {(1, 2)}
    assert Submission.objects.get().was_late


def test_a_late_answer_without_a_seat_is_kept_as_extra_and_the_person_is_told(
    project: Project, ann: User, ben: User, cleo: User, lease: Lease
) -> None:
    run_out(lease)
    leases.sweep_expired(project)
    for person in (ben, cleo):
        take(project, person)
    result = answer(project, ann, BAD, lease=lease)
    assert result.extra == tuple(lease.case_ids)
    assert "kept as extra" in result.words
    assert set(Judgment.objects.values_list("purpose", "label")) == {("extra", "weak"), ("extra", "too_generic")}
    assert set(seats(project).values()) == {(2, 2)}
    again = submissions.submit(project, by=ann, key=result.key, lease_id=lease.pk, answers=answers_for(lease))
    assert (again.was_late, again.extra) == (True, result.extra)


def test_an_answer_to_a_case_that_was_decided_meanwhile_is_kept_as_extra(
    project: Project, ann: User, ben: User, lease: Lease
) -> None:
    answer(project, ben, GOOD | {"relevance": Answer(is_flagged=True)})
    result = answer(project, ann, lease=lease)
    (case_id,) = result.extra
    assert Case.objects.get(pk=case_id).criterion.key == "relevance"
    assert "decided while you worked" in result.words
    assert seats(project) == {"item-0 relevance": (0, 2), "item-0 specificity": (2, 2)}


def test_a_second_window_on_the_same_item_loses_nothing_and_counts_once(
    project: Project, ann: User, lease: Lease
) -> None:
    answer(project, ann, GOOD, lease=lease)
    second = answer(project, ann, BAD, lease=lease)
    assert len(second.extra) == 2
    assert Judgment.objects.filter(purpose=Purpose.VOTE).count() == 2
    assert set(seats(project).values()) == {(1, 2)}


def test_the_draft_leaves_with_the_submit(project: Project, ann: User, lease: Lease) -> None:
    leases.extend(lease.pk, by=ann, minutes=20, answers={"1": {"label": "fits"}})
    answer(project, ann, lease=lease)
    assert not Draft.objects.exists()


def test_the_time_of_an_item_is_shared_among_its_criteria(project: Project, ann: User, lease: Lease) -> None:
    submissions.submit(
        project, by=ann, key=uuid.uuid4(), lease_id=lease.pk, answers=answers_for(lease), duration_ms=9_000
    )
    assert set(Judgment.objects.values_list("duration_ms", flat=True)) == {4_500}
    assert Submission.objects.get().duration_ms == 9_000
