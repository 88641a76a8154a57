"""A bare client for machines_servers: it sends bodies that the product wrote, and drops the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp

from judge.models import Case, Project, Rater
from llm_judge.actions import cases, endpoints, raters
from llm_judge.backends.connection import Connection, RawReply
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.rules.configuration import RaterConfiguration
from llm_judge.rules.records import CompletionFailure, UnscoredReason
from llm_judge.rules.scoring import JudgeCase, plan_calls

#: Path and body of each request, in the order in which they are to be sent.
Plan = list[tuple[str, bytes]]


class Recorder(Connection):
    """Lets plain questions through to the server and keeps what it is asked to complete."""

    def __init__(self, real: Connection) -> None:
        self.real, self.plan = real, Plan()

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> RawReply | CompletionFailure:
        if "completions" not in path:
            return await self.real.call(method, path, body)
        self.plan.append((path, body if isinstance(body, bytes) else json.dumps(body).encode()))
        return CompletionFailure(UnscoredReason.REFUSED, "it is not sent")


def plans(project: Project, criterion: str, n: int) -> Iterator[Plan]:
    """The very requests that the product would send for the cases of a criterion, in runs of ``n`` cases each."""
    assert project.judge is not None
    [rater] = raters.seated(project.judge)
    configuration = raters.configuration_of(rater)
    found = Case.objects.filter(project=project, criterion__key=criterion)
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), n):
        backend = endpoints.connect(rater.endpoints.get(), model=configuration.model)
        assert isinstance(backend, OpenAIBackend)
        yield asyncio.run(write(cases.load(project, ids[start : start + n], Rater(pk=0)), configuration, backend))


async def write(found: list[JudgeCase], configuration: RaterConfiguration, backend: OpenAIBackend) -> Plan:
    async with backend:
        await backend.inspect()
        recorder = backend._connection = Recorder(backend._connection)
        for case in found:
            for request in plan_calls(case, configuration):
                await backend.send(request, 1)
        backend._connection = recorder.real
    return recorder.plan


def send(address: str, plan: Plan, in_flight: int) -> None:
    asyncio.run(_send(address.removesuffix("/v1"), iter(plan), in_flight))


async def _send(root: str, plan: Iterator[tuple[str, bytes]], in_flight: int) -> None:
    async def ask() -> None:
        for path, body in plan:  # shared by all
            async with session.post(f"{root}/{path}", data=body, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()

    headers = {"Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight), timeout=timeout) as session:
        await asyncio.gather(*(ask() for _ in range(in_flight)))
