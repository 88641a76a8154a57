"""A call that is slow to end keeps no other waiting, and what it says is recorded all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from django.test import override_settings

from judge.models import Judgment, Project
from llm_judge.actions import batches, runs, setups
from llm_judge.models import Completion, Endpoint, Run
from llm_judge.rules.budget import Caps
from tests import factories
from tests.contracts.servers import LoopbackServer, serve
from tests.llm_judge.actions.test_runs import judge

N_ITEMS = 40
N_CASES = 2 * N_ITEMS


@dataclass
class Reluctant(LoopbackServer):
    """Answers the first question only when so many were asked, or after ``seconds_at_most``."""

    until: int = N_CASES
    seconds_at_most: float = 20.0
    n_asked_meanwhile: int = 0
    is_time: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, http: web.Request) -> web.StreamResponse:
        is_first = not self.seen
        if len(self.seen) + 1 >= self.until:
            self.is_time.set()
        reply = await super().answer(http)
        if is_first:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.is_time.wait(), self.seconds_at_most)
            self.n_asked_meanwhile = len(self.seen)
        return reply


@pytest.fixture
def reluctant() -> Iterator[Reluctant]:
    with serve(Reluctant()) as server:
        assert isinstance(server, Reluctant)
        yield server


@pytest.fixture
def project(db: None, reluctant: Reluctant) -> Project:
    """Judged by the reluctant server in three batches, two calls at a time."""
    project = factories.make_project("Slow calls")
    with override_settings(JUDGE_URL=reluctant.url, JUDGE_MODEL=""):
        setups.use_server(project)
    Endpoint.objects.filter(name="server").update(max_in_flight=2)
    factories.import_items(project, n=N_ITEMS)
    return project


def test_the_batches_behind_a_slow_call_are_asked_meanwhile(project: Project, reluctant: Reluctant) -> None:
    run = judge(project)
    assert reluctant.n_asked_meanwhile == N_CASES
    assert (run.status, run.n_done, run.n_unscored) == (Run.Status.DONE, N_CASES, 0)
    assert Judgment.objects.count() == Completion.objects.exclude(request_key=None).count() == N_CASES


def test_with_a_cap_each_batch_waits_for_its_slowest_call(project: Project, reluctant: Reluctant) -> None:
    reluctant.until = 32
    run = judge(project, caps=Caps(max_tokens=10**9))
    assert reluctant.n_asked_meanwhile == 32
    assert (run.status, Judgment.objects.count()) == (Run.Status.DONE, N_CASES)


def test_without_a_cap_all_batches_are_one_stream(project: Project) -> None:
    run = runs.start(project, by=None, place=Run.Place.COMMAND)
    assert [[len(batch) for batch in stream] for stream in batches.streams(run)] == [[32, 32, 16]]
    run.max_tokens = 10**9
    assert [[len(batch) for batch in stream] for stream in batches.streams(run)] == [[32], [32], [16]]
