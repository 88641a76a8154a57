"""What workers are sent, and what the sweeper sends again when messages were lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from judge.errors import ServiceError
from judge.models import Judgment, Project
from llm_judge.actions import batches, checks, dispatch, runs
from llm_judge.models import Heartbeat, Run
from tests import factories

Sent = list[tuple[int, list[int]]]


@pytest.fixture
def run(judged_project: Project, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of twenty cases that waits for a worker; the queue is kombu's own, in memory."""
    monkeypatch.setenv("CELERY_BROKER_URL", "memory://")
    factories.import_items(judged_project, n=10)
    return runs.start(judged_project, by=None)


def fall_silent(run: Run) -> None:
    long_ago = timezone.now() - timedelta(minutes=10)
    Run.objects.filter(pk=run.pk).update(progressed_at=long_ago, created_at=long_ago, trouble_at=None)


def sweep() -> Sent:
    sent: Sent = []
    dispatch.sweep(send=lambda *message: sent.append(message))
    return sent


def test_a_started_run_is_sent_whole_and_only_once(run: Run) -> None:
    sent: Sent = []
    for _ in range(2):  # the message came twice
        dispatch.begin(run.pk, send=lambda *message: sent.append(message))
    assert [(run_id, len(ids)) for run_id, ids in sent] == [(run.pk, 20)]
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING


def test_the_sweeper_leaves_a_run_alone_that_moves(run: Run) -> None:
    runs.begin(run)
    assert sweep() == []
    assert Heartbeat.objects.get().name == "sweep runs"


def test_a_lost_start_is_made_good(run: Run) -> None:
    fall_silent(run)
    assert len(sweep()) == 1
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING


def test_lost_batches_are_sent_again_without_what_was_judged(run: Run) -> None:
    runs.begin(run)
    (case_ids,) = runs.batches(run)
    batches.judge_batch(run.pk, case_ids[:15])
    fall_silent(run)
    assert [(run.pk, case_ids[15:])] == sweep()


def test_a_run_that_no_worker_has_is_sent_again_after_moments(run: Run) -> None:
    runs.begin(run)
    moments_ago = timezone.now() - timedelta(seconds=11)
    Run.objects.filter(pk=run.pk).update(progressed_at=moments_ago)
    sent: dict[str, int] = {}
    for said, under_way in (("it is on it", {run.pk}), ("nobody answers", None), ("it is on another", {run.pk + 1})):
        messages: Sent = []
        dispatch.sweep(send=lambda *message, to=messages: to.append(message), ask=lambda told=under_way: told)
        sent[said] = len(messages)
    assert sent == {"it is on it": 0, "nobody answers": 0, "it is on another": 1}


def test_a_run_whose_last_word_was_lost_is_finished_by_the_sweeper(run: Run) -> None:
    runs.begin(run)
    (case_ids,) = runs.batches(run)
    batches.judge_batch(run.pk, case_ids)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING, finished_at=None, n_done=3)
    fall_silent(run)
    assert sweep() == []
    run.refresh_from_db()
    assert (run.status, run.n_done, Judgment.objects.count()) == (Run.Status.DONE, 20, 20)


def test_a_run_in_trouble_rests_before_it_is_tried_again(run: Run) -> None:
    runs.begin(run)
    (case_ids,) = runs.batches(run)
    fall_silent(run)
    Run.objects.filter(pk=run.pk).update(trouble="the server is down", trouble_at=timezone.now())
    assert sweep() == []
    assert batches.judge_batch(run.pk, case_ids).trouble == "the server is down"
    assert Judgment.objects.count() == 0
    fall_silent(run)
    assert len(sweep()) == 1


def test_a_paused_run_is_neither_swept_nor_judged(run: Run) -> None:
    runs.begin(run)
    (case_ids,) = runs.batches(run)
    runs.steer(run, "pause", by=factories.make_user("lea"))
    fall_silent(run)
    assert sweep() == []
    assert batches.judge_batch(run.pk, case_ids).n_judged == 0


def test_a_broker_that_is_down_is_said_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis+socket:///nonexistent/valkey.sock")
    with override_settings(BROKER_URL="redis+socket:///nonexistent/valkey.sock"):
        with pytest.raises(ServiceError, match="broker at BROKER_URL does not answer"):
            dispatch.enqueue(run)
        (found,) = checks.check_workers()
    assert not found.is_well
    assert "does not answer" in found.detail
    assert found.remedy
    run.refresh_from_db()
    assert run.status == Run.Status.QUEUED


def test_without_a_broker_the_doctor_has_nothing_to_complain_about(db: None) -> None:
    with override_settings(BROKER_URL=""):
        (found,) = checks.check_workers()
    assert found.is_well


def test_a_judge_that_is_down_is_named_with_a_remedy(db: None) -> None:
    with override_settings(JUDGE_URL="http://127.0.0.1:9/v1"):
        (found,) = checks.check_judge()
    assert (found.name, found.is_well) == ("judge (server)", False)
    assert "127.0.0.1:9" in found.detail
    assert "JUDGE_URL" in found.remedy


@pytest.mark.llm
@pytest.mark.services
def test_the_embedded_judge_answers_with_log_probabilities(db: None) -> None:
    with override_settings(JUDGE_URL=""):
        (found,) = checks.check_judge()
    assert found.is_well, found.detail
    assert "answers with log-probabilities" in found.detail
