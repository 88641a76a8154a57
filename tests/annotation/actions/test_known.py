"""Gold questions, repeats, training and cases shown first: without a seat, among work, and counted for nothing else."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.actions import adjudication, corrections, feedback, known, leases, submissions, terms
from annotation.actions.known import Kind
from annotation.models import Annotator, Lease, Submission
from annotation.rules.answers import Answer
from annotation.rules.measuring import LEAST_GOLD
from judge.actions import policies, teaching
from judge.models import AgreedLabel, Case, Event, Item, Judgment, Project, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer, answers_for, seats, take

FLAGS = {key: Answer(is_flagged=True, note="which one?") for key in GOOD}


def decide_all(project: Project, ada: User, label: dict[str, str], note: str = "") -> None:
    """Make every case that waits for an adjudicator a known one."""
    for case in adjudication.waiting(project):
        adjudication.decide(case, label=label[case.criterion.key], note=note, by=ada)


def make_known(project: Project, ann: User, ada: User, *, n: int = 1, note: str = "") -> list[Item]:
    """``n`` items of which every case is adjudicated: they fit and are concrete."""
    found = factories.import_items(project, n=n, per_context=1)
    for _ in found:
        answer(project, ann, FLAGS)
    decide_all(project, ada, {"relevance": "fits", "specificity": "concrete"}, note)
    assert set(Case.objects.values_list("stage", flat=True)) == {Stage.AGREED}
    return found


def add_work(project: Project, n: int = 3) -> None:
    lines = [{"id": f"work-{i}", "context": f"somebody {i}", "output": f"kettle {i}"} for i in range(n)]
    factories.import_items(project, lines=lines)


def offered(project: Project, kind: Kind, person: User) -> Lease | None:
    """The known item that the person is given; None where the next is work, or nothing."""
    if not known.offer(project, kind, person):
        return None
    return take(project, person)


@pytest.fixture
def known_items(project: Project, ann: User, ada: User) -> list[Item]:
    found = make_known(project, ann, ada, n=2)
    add_work(project)
    return found


@pytest.mark.usefixtures("known_items")
def test_a_gold_question_takes_no_seat_and_its_answer_is_no_vote(project: Project, cleo: User) -> None:
    answer(project, cleo)
    before, labels = seats(project), list(AgreedLabel.objects.values())
    lease = offered(project, Kind.GOLD_QUESTION, cleo)
    assert lease is not None
    assert seats(project) == before
    answer(project, cleo, BAD, lease=lease)
    assert seats(project) == before
    said = Judgment.objects.filter(rater__user=cleo, purpose="gold_question")
    assert sorted(said.values_list("label", flat=True)) == ["too_generic", "weak"]
    assert list(AgreedLabel.objects.values()) == labels, "no label moved"
    assert not teaching.answers().filter(pk__in=said).exists(), "and no machine learns from it"


@pytest.mark.usefixtures("known_items")
def test_nobody_is_asked_what_they_have_answered_or_decided(project: Project, ann: User, ada: User, cleo: User) -> None:
    for person in (ann, ada, cleo):
        answer(project, person)
    assert [offered(project, Kind.GOLD_QUESTION, person) is None for person in (ann, ada, cleo)] == [True, True, False]


@pytest.mark.usefixtures("known_items")
def test_each_gold_question_comes_once_and_never_two_in_a_row(project: Project, cleo: User) -> None:
    assert offered(project, Kind.GOLD_QUESTION, cleo) is None, "not before any work"
    asked = []
    for _ in range(2):
        answer(project, cleo)
        lease = offered(project, Kind.GOLD_QUESTION, cleo)
        assert lease is not None
        asked.append(lease.item_id)
        answer(project, cleo, lease=lease)
        assert offered(project, Kind.GOLD_QUESTION, cleo) is None, "the next is work"
    answer(project, cleo)
    assert len(set(asked)) == 2
    assert offered(project, Kind.GOLD_QUESTION, cleo) is None, "all are answered"


def test_without_work_nobody_is_asked_a_gold_question(project: Project, ann: User, cleo: User, ada: User) -> None:
    make_known(project, ann, ada)
    add_work(project, n=1)
    answer(project, cleo)
    answer(project, ann)
    assert offered(project, Kind.GOLD_QUESTION, cleo) is None
    assert leases.claim(project, by=cleo) is None


@pytest.mark.parametrize("moved", ["certify", "gold", "reference", "neighbour"])
def test_what_measures_a_judge_is_never_a_gold_question(
    project: Project, ann: User, cleo: User, ada: User, moved: str
) -> None:
    (item,) = make_known(project, ann, ada)
    add_work(project)
    if moved == "reference":
        Case.objects.filter(item=item).update(is_reference=True)
    elif moved == "neighbour":
        Item.objects.filter(identity="work-2").update(context=item.context_id, stream="certify")
    else:
        Item.objects.filter(pk=item.pk).update(stream=moved)
    answer(project, cleo)
    assert offered(project, Kind.GOLD_QUESTION, cleo) is None


@pytest.mark.usefixtures("known_items")
def test_terms_and_pauses_hold_for_gold_questions_too(project: Project, cleo: User, lea: User) -> None:
    answer(project, cleo)
    terms.set_terms(project, cleo, criteria=["specificity"], by=lea)
    lease = offered(project, Kind.GOLD_QUESTION, cleo)
    assert lease is not None
    assert list(Case.objects.filter(pk__in=lease.case_ids).values_list("criterion__key", flat=True)) == ["specificity"]
    leases.release(lease.pk, by=cleo)
    terms.pause(project, cleo, "a talk first", by=lea)
    assert offered(project, Kind.GOLD_QUESTION, cleo) is None


@pytest.mark.usefixtures("known_items")
def test_a_lease_on_the_desk_is_resumed_and_no_other_is_opened(project: Project, cleo: User) -> None:
    answer(project, cleo)
    work = take(project, cleo)
    assert not known.offer(project, Kind.GOLD_QUESTION, cleo)
    assert take(project, cleo).pk == work.pk


@pytest.mark.usefixtures("known_items")
def test_a_changed_gold_answer_replaces_the_first_and_touches_no_vote(project: Project, cleo: User) -> None:
    answer(project, cleo)
    lease = offered(project, Kind.GOLD_QUESTION, cleo)
    assert lease is not None
    sent = answer(project, cleo, BAD, lease=lease)
    past = corrections.find(project, sent.key, by=cleo)
    assert past is not None
    corrections.correct(
        past, by=cleo, key=uuid.uuid4(), answers={case.pk: GOOD[case.criterion.key] for case in past.cases}
    )
    said = Judgment.objects.filter(rater__user=cleo, purpose="gold_question")
    assert sorted(said.filter(retracted_at=None).values_list("label", flat=True)) == ["concrete", "fits"]
    assert said.exclude(retracted_at=None).count() == 2
    assert Judgment.objects.filter(rater__user=cleo, purpose="vote", retracted_at=None).count() == 2


def test_who_is_surely_below_the_limit_is_paused_and_leads_are_told(
    project: Project, ann: User, cleo: User, ada: User, lea: User
) -> None:
    policies.revise(project, by=lea, gold_limit=0.7)
    make_known(project, ann, ada, n=LEAST_GOLD // 2)
    add_work(project, n=LEAST_GOLD)
    for turn in range(LEAST_GOLD // 2):
        assert not Annotator.objects.filter(person=cleo, is_paused=True).exists(), f"after {turn}"
        answer(project, cleo)
        lease = offered(project, Kind.GOLD_QUESTION, cleo)
        assert lease is not None
        answer(project, cleo, BAD, lease=lease)  # two wrong answers each: 0 of 8, at most .32 with 95 %
    assert Annotator.objects.get(person=cleo).is_paused
    told = Event.objects.get(project=project, verb="paused by gold questions")
    assert told.data == {"right": 0, "n": LEAST_GOLD}
    assert leases.claim(project, by=cleo) is None
    terms.resume(project, cleo, by=lea)
    answer(project, cleo)
    assert not Annotator.objects.get(person=cleo).is_paused, "what came before does not count again"


def test_training_comes_first_tells_the_right_label_and_ends(
    project: Project, ann: User, cleo: User, ada: User, lea: User
) -> None:
    make_known(project, ann, ada, n=3, note="They look for tents.")
    add_work(project)
    policies.revise(project, by=lea, training_items=2)
    project.refresh_from_db()
    for _ in range(2):
        lease = known.claim(project, by=cleo)
        assert lease is not None
        assert lease.kind == Kind.TRAINING
        sent = answer(project, cleo, {"relevance": BAD["relevance"], "specificity": GOOD["specificity"]}, lease=lease)
        told = feedback.of_submission(project, sent.key, by=cleo)
        assert told is not None
        assert [(each.right, each.is_right, each.why) for each in told.told] == [
            ("fits", False, "They look for tents."),
            ("concrete", True, "They look for tents."),
        ]
        assert corrections.find(project, sent.key, by=cleo) is None, "who was told does not change the answer"
        assert feedback.of_submission(project, sent.key, by=ann) is None
    after = known.claim(project, by=cleo)
    assert after is not None
    assert after.kind == Kind.WORK
    assert Judgment.objects.filter(rater__user=cleo).exclude(purpose="training").count() == 0


def test_training_without_known_cases_is_work(project: Project, cleo: User, lea: User) -> None:
    add_work(project)
    policies.revise(project, by=lea, training_items=2)
    project.refresh_from_db()
    lease = known.claim(project, by=cleo)
    assert lease is not None
    assert lease.kind == Kind.WORK


def test_a_repeat_comes_after_days_once_and_leaves_the_vote(project: Project, ann: User) -> None:
    add_work(project)
    answer(project, ann)
    assert offered(project, Kind.REPEAT, ann) is None, "too soon"
    Submission.objects.update(created_at=timezone.now() - timedelta(days=4))
    lease = offered(project, Kind.REPEAT, ann)
    assert lease is not None
    before = seats(project)
    answer(project, ann, BAD, lease=lease)
    assert seats(project) == before
    assert sorted(Judgment.objects.filter(purpose="vote").values_list("label", flat=True)) == ["concrete", "fits"]
    answer(project, ann)
    Submission.objects.filter(lease__item=lease.item_id).update(created_at=timezone.now() - timedelta(days=4))
    assert offered(project, Kind.REPEAT, ann) is None, "each answer is asked again once"


def test_a_case_shown_first_brings_the_judges_view_and_enters_no_calibrator(judged: Project, ann: User) -> None:
    answer(judged, ann)
    before = seats(judged)
    lease = offered(judged, Kind.SHOWN_FIRST, ann)
    assert lease is not None
    assert lease.judge_id == judged.judge_id
    answer(judged, ann, lease=lease)
    assert seats(judged) == before
    said = Judgment.objects.filter(rater__user=ann, case__item=lease.item_id)
    assert set(said.values_list("purpose", flat=True)) == {"shown_first"}
    assert not teaching.answers().filter(pk__in=said).exists()
    assert answers_of_queue(judged, ann) == 1, "the person does not vote on what they saw"


def answers_of_queue(project: Project, person: User) -> int:
    """How many items are left to this person."""
    left = 0
    while (lease := leases.claim(project, by=person)) is not None:
        submissions.submit(project, by=person, key=uuid.uuid4(), lease_id=lease.pk, answers=answers_for(lease))
        left += 1
    return left


def test_the_draw_costs_no_query_unless_it_falls(project: Project, ann: User) -> None:
    add_work(project)
    take(project, ann)

    def count(claim: object) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            claim(project, by=ann)  # type: ignore[operator]
        return len(captured)

    assert count(known.claim) == count(leases.claim)
