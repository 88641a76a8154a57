"""One of a rater's two model servers is killed without warning: the other judges on, and every case once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db.models import Count
from django.test import override_settings

from judge.models import Case, Judgment
from llm_judge.actions import calls, endpoints, placements, raters, setups, sittings
from llm_judge.models import Completion, Run
from tests import factories

N_ITEMS = 400  # two cases each


@contextmanager
def model_server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that answers as vLLM does, 60 ms a call; its address."""
    words = [sys.executable, "-m", "tests.benchmarks.fake_server", "0", "--latency-ms", "60", "--model", "tiny"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().removeprefix("ready ").strip()
    finally:
        process.kill()
        process.wait(timeout=10)
        process.stdout.close()


@pytest.mark.django_db
def test_after_kill_9_of_one_server_every_case_is_judged_exactly_once() -> None:
    admin = factories.make_user("root")
    admin.is_superuser = True
    with model_server() as (doomed, first), model_server() as (_, second):
        project = factories.make_project("Two servers")
        with override_settings(JUDGE_URL=first, JUDGE_MODEL=""):
            setups.use_server(project)
        assert project.judge is not None
        (rater,) = raters.seated(project.judge)
        placements.attach(rater, endpoints.add("second", second, by=admin, max_in_flight=8), by=admin)
        rater.endpoints.update(max_in_flight=8)
        factories.import_items(project, n=N_ITEMS)
        n_at_kill = 0
        try:
            for _step in sittings.judge_here(project, by=None):
                if not n_at_kill and (n_at_kill := Judgment.objects.count()):
                    doomed.send_signal(signal.SIGKILL)
        finally:
            calls.close()
    assert 0 < n_at_kill < 2 * N_ITEMS
    run = Run.objects.get()
    assert (run.status, run.n_done, run.n_unscored) == (Run.Status.DONE, 2 * N_ITEMS, 0)
    judged = Case.objects.annotate(n=Count("judgments")).values_list("n", flat=True)
    assert set(judged) == {1}
    assert Completion.objects.filter(judgment__isnull=False).count() == 2 * N_ITEMS
    assert Completion.objects.filter(attempts__gt=1).exists()  # calls that the killed one was about to answer
