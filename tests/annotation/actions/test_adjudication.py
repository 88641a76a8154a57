"""Adjudication: answers side by side without names, decided once or sent back."""

from __future__ import annotations

import pytest

from annotation.actions import adjudication
from annotation.rules.answers import Answer
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Decision, Judgment, Project, Purpose, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer, take


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
