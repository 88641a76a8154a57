"""The cast: people with one role each, a small project, and a stranger."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from kombu.transport.memory import Channel

from judge.models import Project, Role, User
from tests import factories


def pytest_configure() -> None:
    # how long an example takes says how busy the machine is
    hypothesis.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    hypothesis.load_profile("busy")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a quarter second less for each user
    settings.WHITENOISE_AUTOREFRESH = True  # else each test client reads all static files anew


@pytest.fixture
def project(db: None) -> Project:
    """A tag project with two criteria, people only: every imported case waits for people."""
    return factories.make_project("Shop tags")


def _member(project: Project, name: str, *roles: Role) -> User:
    return factories.make_member(project, name, *roles)


@pytest.fixture
def ann(project: Project) -> User:
    return _member(project, "ann", Role.ANNOTATOR)


@pytest.fixture
def ben(project: Project) -> User:
    return _member(project, "ben", Role.ANNOTATOR)


@pytest.fixture
def cleo(project: Project) -> User:
    return _member(project, "cleo", Role.ANNOTATOR)


@pytest.fixture
def ada(project: Project) -> User:
    """The adjudicator."""
    return _member(project, "ada", Role.ADJUDICATOR)


@pytest.fixture
def lea(project: Project) -> User:
    """The lead."""
    return _member(project, "lea", Role.LEAD)


@pytest.fixture
def tim(project: Project) -> User:
    """The trainer."""
    return _member(project, "tim", Role.TRAINER)


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody with an account and a project of their own."""
    return factories.make_member(factories.make_project("Elsewhere"), "sam", Role.LEAD)


@pytest.fixture(autouse=True)
def _no_message_of_another_test() -> None:
    """The broker in memory lives as long as the process: what a test left in it would be met by a later one."""
    for waiting in Channel.queues.values():
        waiting.queue.clear()


@pytest.fixture
def queue(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker in memory: messages lie there until the test does a worker's work."""
    settings.BROKER_URL = "memory://"  # type: ignore[attr-defined]
    monkeypatch.setenv("CELERY_BROKER_URL", "memory://")


@pytest.fixture
def browse():  # type: ignore[no-untyped-def]
    """``browse(person)``: a client that is logged in as them."""

    def _browse(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return _browse
