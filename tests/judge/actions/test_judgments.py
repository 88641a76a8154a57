"""The one door: what is written, what follows from it, and what it refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from judge.actions import judgments, projects
from judge.actions.judgments import NewJudgment
from judge.errors import AppendOnlyError, InputError
from judge.models import AgreedLabel, Case, Decision, Judgment, Project, Purpose, User
from judge.rules.stages import Stage
from tests import factories


def vote(case: Case, person: User, label: str | None, **more: object) -> judgments.Recorded:
    new = NewJudgment(case.pk, label, **more)  # type: ignore[arg-type]
    return judgments.record([new], rater=projects.rater_of(person), by=person)


@pytest.fixture
def case(project: Project) -> Case:
    (item,) = factories.import_items(project)
    return factories.cases_of(item)["relevance"]


def test_two_people_who_agree_make_a_consensus_label(case: Case, ann: User, ben: User) -> None:
    vote(case, ann, "fits")
    vote(case, ben, "fits")
    label = AgreedLabel.objects.get(case=case)
    assert (label.label, label.basis, label.n_people, label.status) == ("fits", "consensus", 2, "live")
    case.refresh_from_db()
    assert case.stage == Stage.AGREED


def test_a_split_asks_a_third_person_and_the_majority_wins(case: Case, ann: User, ben: User, cleo: User) -> None:
    vote(case, ann, "fits")
    vote(case, ben, "weak")
    case.refresh_from_db()
    assert (case.stage, case.people_wanted) == (Stage.PEOPLE, 3)
    assert Decision.objects.filter(case=case).latest("pk").reason == "people_disagree"
    vote(case, cleo, "weak")
    assert AgreedLabel.objects.get(case=case).label == "weak"


def test_a_flag_goes_to_the_adjudicator_at_once(case: Case, ann: User) -> None:
    vote(case, ann, None, unscored_reason="flagged", note="the picture is missing")
    case.refresh_from_db()
    assert case.stage == Stage.ADJUDICATION
    assert Judgment.objects.get(case=case).text.note == "the picture is missing"


def test_the_same_person_never_votes_twice_on_a_case(case: Case, ann: User) -> None:
    vote(case, ann, "fits")
    again = vote(case, ann, "weak")
    assert (again.n_known, len(again.judgments)) == (1, 0)
    assert Judgment.objects.get(case=case).label == "fits"


def test_postgres_refuses_a_second_vote_that_goes_round_the_door(case: Case, ann: User) -> None:
    vote(case, ann, "fits")
    row = Judgment.objects.get(case=case)
    with pytest.raises(IntegrityError, match="judgment_one_vote_per_case_and_rater"):
        Judgment.objects.create(case=case, criterion=case.criterion, rater=row.rater, label="weak")


def test_an_answer_after_the_label_is_kept_as_extra(case: Case, ann: User, ben: User, cleo: User) -> None:
    for person in (ann, ben):
        vote(case, person, "fits")
    vote(case, cleo, "weak")
    assert Judgment.objects.get(rater__user=cleo).purpose == Purpose.EXTRA
    assert AgreedLabel.objects.get(case=case).label == "fits"


def test_a_label_outside_the_scale_is_refused_and_nothing_is_written(case: Case, ann: User) -> None:
    with pytest.raises(InputError, match=r'label "gud" is not in the scale \(expected: fits, weak\)'):
        vote(case, ann, "gud")
    assert not Judgment.objects.exists()


def test_postgres_refuses_a_label_outside_the_scale(case: Case, ann: User) -> None:
    rater = projects.rater_of(ann)
    with pytest.raises(IntegrityError, match="judge_judgment_label_in_scale"):
        Judgment.objects.create(case=case, criterion=case.criterion, rater=rater, label="gud")


def test_a_correction_replaces_the_vote_and_withdraws_the_label(case: Case, ann: User, ben: User) -> None:
    for person in (ann, ben):
        vote(case, person, "fits")
    judgments.correct([NewJudgment(case.pk, "weak")], rater=projects.rater_of(ann), by=ann)
    assert AgreedLabel.objects.get(case=case).status == "withdrawn"
    case.refresh_from_db()
    assert (case.stage, case.people_wanted) == (Stage.PEOPLE, 3)
    assert Judgment.objects.filter(case=case).count() == 3, "the first answer stays, retracted"


def test_a_correction_after_an_adjudication_changes_nothing(case: Case, ann: User, ada: User) -> None:
    vote(case, ann, None, unscored_reason="flagged")
    vote(case, ada, "weak", purpose=Purpose.ADJUDICATION)
    judgments.correct([NewJudgment(case.pk, "fits")], rater=projects.rater_of(ann), by=ann)
    label = AgreedLabel.objects.get(case=case)
    assert (label.label, label.basis, label.status) == ("weak", "adjudicated", "live")


def test_an_adjudication_of_a_settled_case_is_refused(case: Case, ann: User, ben: User, ada: User) -> None:
    for person in (ann, ben):
        vote(case, person, "fits")
    with pytest.raises(InputError, match="no longer waits for an adjudicator"):
        vote(case, ada, "weak", purpose=Purpose.ADJUDICATION)
    assert not Judgment.objects.filter(purpose=Purpose.ADJUDICATION).exists()


def test_python_and_postgres_both_refuse_to_change_a_judgment(case: Case, ann: User) -> None:
    vote(case, ann, "fits")
    row = Judgment.objects.get(case=case)
    with pytest.raises(AppendOnlyError):
        Judgment.objects.filter(pk=row.pk).update(label="weak")
    with pytest.raises(AppendOnlyError):
        row.save()
    for statement in ("UPDATE judge_judgment SET label = 'weak'", "DELETE FROM judge_judgment"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
