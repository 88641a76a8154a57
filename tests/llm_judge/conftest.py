"""A project with the scripted judge in force, and an end to the calls' thread after each test."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from judge.models import Project, User
from llm_judge.actions import calls, setups
from llm_judge.models import Endpoint
from tests import factories
from tests.contracts.servers import LoopbackServer, serve
from tests.llm_judge.pools import Start


@pytest.fixture
def judged_project(db: None) -> Project:
    """A tag project with two criteria, judged by scripted answers; nothing imported yet."""
    project = factories.make_project("Machine tags")
    setups.use_scripted(project)
    return project


@pytest.fixture
def scripted(judged_project: Project) -> Endpoint:
    """The endpoint of the scripted judge: its options plan latency and faults."""
    return Endpoint.objects.get(name="scripted")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The world's names, as its servers tell them just now: host → address. The loopback server is real."""
    told: dict[str, str] = {}
    real = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return real(told.get(name, name), *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return told


@pytest.fixture
def root(db: None) -> User:
    """A site admin."""
    user = factories.make_user("root")
    user.is_superuser = user.is_staff = True
    user.save()
    return user


@pytest.fixture
def start() -> Iterator[Start]:
    """``start(**how)``: another server that runs until the test ends."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(serve(LoopbackServer(**how)))


@pytest.fixture(autouse=True)
def _calls_end() -> Iterator[None]:
    yield
    calls.close()
