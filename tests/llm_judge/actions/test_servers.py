"""A server that comes back as another version ends what was proven of the old one; judging goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from judge.actions import judges
from judge.models import Certificate, Decision, Event, Judgment, Project
from llm_judge.actions import batches, calls, endpoints, raters, runs
from llm_judge.models import Endpoint
from tests import factories
from tests.contracts.servers import LoopbackServer, serve
from tests.judge import proofs
from tests.llm_judge.batches import make_configuration


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with serve(LoopbackServer()) as running:
        yield running


@pytest.fixture
def served(project: Project, server: LoopbackServer) -> Project:
    """Judged at a real loopback server, by a rater that was made when it was vllm 0.32.0."""
    rater = raters.find_or_make(make_configuration(), name="served", endpoint=add("gpu", server))
    judges.put_in_force(project, [rater], name="Served", by=None)
    return project


def add(name: str, server: LoopbackServer) -> Endpoint:
    return endpoints.add(name, f"{server.url}/v1", by=None)


def judge_more(project: Project) -> batches.Batch:
    """Two more items, judged in one batch."""
    n = project.items.count()
    lines = [{"id": f"more-{n + i}", "context": "likes tents", "output": f"tent {n + i}"} for i in range(2)]
    factories.import_items(project, lines=lines)
    run = runs.start(project, by=None)
    runs.begin(run)
    (batch,) = [batches.judge_batch(run.pk, ids) for ids in runs.batches(run)]
    return batch


def test_the_same_server_keeps_its_certificate_and_asks_the_database_nothing(
    served: Project, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Callable[[int], object]
) -> None:
    found = proofs.certify(served, "relevance", threshold=0.5)
    assert judge_more(served).n_judged == 4
    found.refresh_from_db()
    assert found.state == "certified"
    rater = served.judge.seats.get().rater
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        batches.open_rater(rater, raters.configuration_of(rater))  # where it is asked, and nothing besides


def test_another_version_ends_the_certificate_and_judging_goes_on(
    served: Project, server: LoopbackServer, caplog: pytest.LogCaptureFixture
) -> None:
    found = proofs.certify(served, "relevance", threshold=0.5)
    judge_more(served)
    accepted = Decision.objects.filter(route="accept").count()
    assert accepted > 0
    server.version = "0.33.0"
    calls.close()  # the worker starts anew
    with caplog.at_level(logging.WARNING):
        assert judge_more(served).n_judged == 4
    found.refresh_from_db()
    assert (found.state, found.state_reason) == ("stale", "the server changed: vllm 0.32.0 → vllm 0.33.0")
    assert Decision.objects.filter(route="accept").count() == accepted
    assert Decision.objects.order_by("-pk")[0].reason == "no_certificate"
    assert "was vllm 0.32.0 and is vllm 0.33.0" in caplog.text
    assert Event.objects.get(verb="certificate stale").data["why"] == found.state_reason
    assert Judgment.objects.count() == 8


def test_a_worker_that_lives_on_looks_again_after_a_while(
    served: Project, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proofs.certify(served, "relevance", threshold=0.5)
    judge_more(served)
    server.version = "0.33.0"
    judge_more(served)
    assert Certificate.objects.get().state == "certified"  # what it said lately is believed
    monkeypatch.setattr(calls, "LOOK_LASTS", -1.0)
    judge_more(served)
    assert Certificate.objects.get().state == "stale"


def test_one_of_several_servers_is_enough(served: Project, server: LoopbackServer) -> None:
    with serve(LoopbackServer(version="0.33.0")) as other:
        served.judge.seats.get().rater.endpoints.add(add("second", other))
        proofs.certify(served, "relevance", threshold=0.5)
        judge_more(served)
        calls.close()
    assert Certificate.objects.get().state_reason == "the server changed: vllm 0.32.0 → vllm 0.33.0"


def test_a_server_that_does_not_tell_its_version_just_now_ends_nothing(served: Project, server: LoopbackServer) -> None:
    found = proofs.certify(served, "relevance", threshold=0.5)
    server.version = ""
    judge_more(served)
    found.refresh_from_db()
    assert found.state == "certified"
