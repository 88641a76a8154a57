"""Adjudication: answers side by side without names, decided once or sent back."""

from __future__ import annotations

import pytest

from annotation.actions import adjudication, leases
from annotation.actions.emptiness import Empty, why_nothing_left
from annotation.rules.answers import Answer
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Decision, Event, Judgment, JudgmentText, Project, Purpose, Role, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer, run_out, take


@pytest.fixture
def case(project: Project, ann: User, ben: User, cleo: User) -> Case:
    """A case on which ann flagged after ben's answer."""
    factories.import_items(project)
    answer(project, ben, BAD)
    answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True, note="a private address")})
    return Case.objects.get(criterion__key="relevance")


def test_the_oldest_case_comes_first_and_pages_follow(project: Project, ann: User) -> None:
    factories.import_items(project, n=3)
    for _ in range(3):
        answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True)})
    listed = adjudication.waiting(project)
    assert len(listed) == 3
    assert [each.stage_since for each in listed] == sorted(each.stage_since for each in listed)
    assert adjudication.waiting(project, after=listed[0].pk) == listed[1:]


def test_answers_stand_side_by_side_without_names(project: Project, case: Case, ada: User) -> None:
    dispute = adjudication.open_dispute(project, case.pk, by=ada)
    assert dispute is not None
    assert [each.letter for each in dispute.opinions] == ["A", "B"]
    assert {each.answer.label for each in dispute.opinions} == {"weak", None}
    assert "a private address" in {each.answer.note for each in dispute.opinions}
    assert not dispute.is_own
    assert not any(name in repr(dispute.opinions).lower() for name in ("ann", "ben"))


def test_an_adjudicator_who_answered_the_case_is_told(project: Project, case: Case, ann: User) -> None:
    dispute = adjudication.open_dispute(project, case.pk, by=ann)
    assert dispute is not None
    assert dispute.is_own


def test_a_decision_makes_the_label_and_leaves_the_list(project: Project, case: Case, ada: User) -> None:
    label = adjudication.decide(case, label="weak", note="too loose", by=ada)
    assert (label.label, label.basis) == ("weak", "adjudicated")
    row = Judgment.objects.get(purpose=Purpose.ADJUDICATION)
    assert row.text is not None
    assert row.text.note == "too loose"
    assert adjudication.waiting(project) == []
    assert adjudication.open_dispute(project, case.pk, by=ada) is None


def test_the_second_adjudicator_is_told_that_somebody_was_first(
    project: Project, case: Case, ada: User, lea: User
) -> None:
    adjudication.decide(case, label="weak", by=ada)
    with pytest.raises(InputError, match="no longer waits"):
        adjudication.decide(case, label="fits", by=lea)
    with pytest.raises(InputError, match="no longer waits"):
        adjudication.send_back(case, by=lea)
    assert AgreedLabel.objects.get(case=case).label == "weak"


def test_a_case_sent_back_goes_to_one_more_person(project: Project, case: Case, ada: User, cleo: User) -> None:
    adjudication.send_back(case, by=ada)
    case.refresh_from_db()
    assert (case.stage, case.people_wanted) == (Stage.PEOPLE, 3)
    assert Decision.objects.filter(case=case).latest("pk").reason == "requested"
    assert case.pk in take(project, cleo).case_ids


def test_a_case_of_another_project_is_not_found(case: Case, ada: User, stranger: User) -> None:
    elsewhere = Project.objects.get(name="Elsewhere")
    assert adjudication.open_dispute(elsewhere, case.pk, by=ada) is None


@pytest.fixture
def both(project: Project, ada: User) -> User:
    """The adjudicator, who annotates too."""
    return factories.make_member(project, ada.username, Role.ANNOTATOR)


def test_whoever_sent_a_case_back_does_not_vote_on_it(project: Project, case: Case, both: User, cleo: User) -> None:
    adjudication.send_back(case, by=both)
    assert case.pk not in take(project, both).case_ids  # the item's other case is theirs to answer
    answer(project, both)
    assert leases.claim(project, by=both) is None
    assert why_nothing_left(project, by=both) is Empty.ANSWERED_ALL
    assert take(project, cleo).case_ids == [case.pk]


def test_a_late_answer_of_whoever_sent_the_case_back_is_extra(
    project: Project, ann: User, ben: User, both: User
) -> None:
    factories.import_items(project)
    case = Case.objects.get(criterion__key="relevance")
    lease = take(project, both)
    run_out(lease)
    leases.sweep_expired(project)
    answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True)})
    adjudication.send_back(case, by=both)
    assert answer(project, both, lease=lease).extra == (case.pk,)
    case.refresh_from_db()
    assert (case.stage, case.seats_taken) == (Stage.PEOPLE, 0)


def test_nobody_sends_back_a_case_that_lies_on_their_own_desk(project: Project, ann: User, both: User) -> None:
    factories.import_items(project)
    case = Case.objects.get(criterion__key="relevance")
    lease = take(project, both)
    answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True)})
    with pytest.raises(InputError, match="on your own desk"):
        adjudication.send_back(case, by=both)
    case.refresh_from_db()
    assert case.stage == Stage.ADJUDICATION
    leases.release(lease.pk, by=both)
    adjudication.send_back(case, by=both)


def test_words_sent_back_with_a_case_can_be_erased(case: Case, ada: User) -> None:
    adjudication.send_back(case, by=ada, note="ask somebody who knows 12 Elm Street")
    event = Event.objects.get(verb="sent back")
    assert "Elm Street" not in str(event.data)
    assert JudgmentText.objects.get(pk=event.data["text"]).note == "ask somebody who knows 12 Elm Street"


def test_a_case_sent_back_without_words_keeps_no_text(case: Case, ada: User) -> None:
    n_texts = JudgmentText.objects.count()
    adjudication.send_back(case, by=ada)
    assert Event.objects.get(verb="sent back").data == {}
    assert JudgmentText.objects.count() == n_texts
