"""What is counted of how people answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from annotation.actions import known, leases, quality, submissions
from annotation.actions.known import Kind
from annotation.rules.answers import Answer
from annotation.rules.measuring import LEAST_TIMED
from annotation.views.quality import share_of
from judge.actions import judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import Case, Item, Project, Summary, User
from tests import factories
from tests.annotation.actions.test_known import FLAGS, add_work, decide_all, make_known, offered
from tests.annotation.answering import BAD, GOOD, answer, answers_for, take


def counts(project: Project, person: User) -> dict[str, list[int]]:
    quality.refresh(project)
    summary = quality.read(project)
    assert summary is not None
    found: dict[str, list[int]] = next(each["counts"] for each in summary.data["people"] if each["user"] == person.pk)
    return found


def test_gold_answers_peers_and_adjudications_are_counted_apart(
    project: Project, ann: User, ben: User, cleo: User, ada: User
) -> None:
    make_known(project, ann, ada)
    add_work(project, n=2)
    answer(project, cleo, GOOD)
    lease = offered(project, Kind.GOLD_QUESTION, cleo)
    assert lease is not None
    answer(project, cleo, {"relevance": GOOD["relevance"], "specificity": BAD["specificity"]}, lease=lease)
    for _ in range(2):
        answer(project, ben, {"relevance": GOOD["relevance"], "specificity": BAD["specificity"]})
    assert counts(project, cleo) == {"gold_question": [1, 2], "peers": [1, 2]}
    assert counts(project, ben) == {"peers": [1, 2]}
    for _ in range(2):
        answer(project, ann, FLAGS)
    decide_all(project, ada, {"relevance": "fits", "specificity": "too_generic"})
    assert counts(project, cleo)["adjudicated"] == [0, 1]  # specificity, on which cleo and ben split
    assert counts(project, ben)["adjudicated"] == [3, 3]  # the same, and the item that ann flagged


def test_certify_answers_never_enter(project: Project, ann: User, ben: User) -> None:
    add_work(project, n=2)
    for person in (ann, ben):
        answer(project, person)
        answer(project, person)
    Item.objects.filter(identity="work-0").update(stream="certify")
    assert counts(project, ann) == {"peers": [2, 2]}
    Item.objects.update(stream="certify")
    Summary.objects.all().delete()
    quality.refresh(project)
    summary = quality.read(project)
    assert summary is not None
    assert summary.data["people"] == []


def test_nothing_is_counted_twice_and_a_correction_is_counted_anew(project: Project, ann: User, ben: User) -> None:
    assert quality.refresh(project)
    assert not quality.refresh(project), "nobody has answered"
    add_work(project)
    answer(project, ann)
    assert quality.refresh(project)
    assert not quality.refresh(project)
    answer(project, ben)
    assert quality.refresh(project)


def test_too_fast_is_under_two_seconds_or_a_third_of_the_usual(project: Project, ann: User) -> None:
    items = factories.import_items(project, n=LEAST_TIMED + 3, per_context=1)
    rater = projects.rater_of(ann)
    times = [20_000] * LEAST_TIMED + [1_000, 6_000, 8_000]  # halves for each criterion: usual 10 s, fast under 3.3 s
    for number, (item, ms) in enumerate(zip(items, times, strict=True)):
        new = [
            NewJudgment(case.pk, GOOD[key].label, duration_ms=ms // 2) for key, case in factories.cases_of(item).items()
        ]
        judgments.record(new, rater=rater, by=ann, submission=_key(number))
    assert counts(project, ann)["fast"] == [2, LEAST_TIMED + 3]
    summary = quality.read(project)
    assert summary is not None
    usual = summary.data["usual_ms"][str(ann.pk)]
    assert set(usual.values()) == {10_000.0}


def test_a_submit_far_under_the_usual_time_is_gently_named(project: Project, ann: User) -> None:
    factories.import_items(project, n=LEAST_TIMED + 3, per_context=1)

    def take_time(ms: int) -> bool:
        lease = take(project, ann)
        return submit_in(project, ann, lease.pk, answers_for(lease), ms)

    assert [take_time(20_000) for _ in range(LEAST_TIMED)] == [False] * LEAST_TIMED
    assert not take_time(6_000), "the usual time is not known before a worker has counted"
    quality.refresh(project)
    assert take_time(6_000)
    assert not take_time(8_000)


def submit_in(project: Project, person: User, lease: int, answers: Mapping[int, Answer], ms: int) -> bool:
    sent = submissions.submit(project, by=person, key=uuid.uuid4(), lease_id=lease, answers=answers, duration_ms=ms)
    return "much faster than usual" in sent.words


def test_the_confusion_model_speaks_from_twenty_answers_on(project: Project, ann: User, ben: User, cleo: User) -> None:
    """Three people, 24 cases of a criterion: cleo contradicts the two others on every one."""
    items = factories.import_items(project, n=24, per_context=24)
    for person, labels in ((ann, GOOD), (ben, GOOD), (cleo, BAD)):
        new = [NewJudgment(factories.cases_of(item)["relevance"].pk, labels["relevance"].label) for item in items]
        judgments.record(new, rater=projects.rater_of(person), by=person)
    told = {each["user"]: each["criteria"] for each in quality.measure(project)["people"]}
    (first,) = told[ann.pk]
    assert first["n"] == 24
    assert first["right"] > 0.9
    assert cleo.pk not in told, "extra answers are not the model's"


def test_the_effect_of_seeing_the_judge_first_is_counted_on_train_items(judged: Project, ann: User, ben: User) -> None:
    answer(judged, ann, BAD)  # blind: 0 of 2 as the judge
    lease = offered(judged, Kind.SHOWN_FIRST, ann)
    assert lease is not None
    answer(judged, ann, GOOD, lease=lease)  # shown first: 2 of 2
    assert quality.measure(judged)["anchoring"] == {"shown": [2, 2], "blind": [0, 2]}
    Case.objects.update(is_reference=True)
    answer(judged, ben, BAD)
    assert known.offer(judged, Kind.SHOWN_FIRST, ben) is False
    assert leases.claim(judged, by=ben) is not None


def test_a_share_has_its_range() -> None:
    share = share_of("x", [8, 10])
    assert share.interval is not None
    assert (share.share, round(share.interval.low, 2), round(share.interval.high, 2)) == (0.8, 0.49, 0.94)
    assert share_of("x", [0, 0]).interval is None


def _key(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)
