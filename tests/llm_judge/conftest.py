"""A project with the scripted judge in force, and an end to the calls' thread after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from judge.models import Project
from llm_judge.actions import calls, setups
from llm_judge.models import Endpoint
from tests import factories


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


@pytest.fixture(autouse=True)
def _calls_end() -> Iterator[None]:
    yield
    calls.close()
