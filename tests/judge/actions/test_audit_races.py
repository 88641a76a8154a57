"""Workers side by side on one watch, acceptances that come to light late, and the call that wakes a worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from celery import current_app
from django.db import transaction
from psycopg.conninfo import make_conninfo

from judge.actions import audits, wakes
from judge.models import Alarm, AuditWatch, Certificate, Decision, User
from tests import factories
from tests.flow.workers import database_url
from tests.judge import accepted, watching
from tests.judge.accepted import answer, bring

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def certificate(transactional_db: None) -> Certificate:
    """Everything that it accepts is audited."""
    return accepted.make_cell()


@pytest.fixture
def people(transactional_db: None) -> tuple[User, User]:
    return factories.make_user("ann"), factories.make_user("ben")


@pytest.fixture
def awake() -> Iterator[None]:
    """As in a process that has called nobody yet: Celery keeps its connections."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    wakes._next_call = 0.0
    current_app.amqp._producer_pool = None
    current_app._pool = None


def test_three_processes_read_each_audit_once(certificate: Certificate, people: tuple[User, User]) -> None:
    cases = bring(certificate.project, 900)
    answer(cases, "fits", people)
    assert watching.race(certificate.pk, workers=3) == ["quiet"] * 3
    watch = AuditWatch.objects.get(certificate=certificate)
    assert (watch.n_accepted, watch.n_audited, watch.n_errors) == (900, 900, 0)
    assert watch.state["alarm"]["n_audited"] == watch.state["bound"]["n_accepted"] == 900
    assert sum(watch.state["input"]["counts"]) == 900


def test_two_processes_ring_one_alarm(certificate: Certificate, people: tuple[User, User]) -> None:
    answer(bring(certificate.project, 30), "weak", people)
    assert sorted(watching.race(certificate.pk)) == ["alarm", "quiet"]
    assert Alarm.objects.count() == 1
    certificate.refresh_from_db()
    assert certificate.state == "suspended"


def test_nothing_is_read_past_an_acceptance_that_may_still_come_to_light(
    certificate: Certificate, people: tuple[User, User]
) -> None:
    answer(bring(certificate.project, 2), "fits", people)
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT nextval('judge_decision_id_seq'), pg_current_xact_id()")  # as an acceptance begins
        answer(bring(certificate.project, 1), "fits", people)
        assert audits.settled_until(patience=0.1) == 0
        audits.read(certificate, until=0)
        assert AuditWatch.objects.get(certificate=certificate).n_accepted == 0
    assert audits.settled_until() == Decision.objects.latest("pk").pk
    audits.read(certificate)
    assert AuditWatch.objects.get(certificate=certificate).n_accepted == 3


def test_a_transaction_that_begins_later_holds_nobody_up(certificate: Certificate) -> None:
    bring(certificate.project, 1)
    with transaction.atomic():
        AuditWatch.objects.update(rate=1.0)  # ours, under way
        assert audits.settled_until(patience=0.1) == Decision.objects.latest("pk").pk


def test_a_transaction_in_another_database_of_the_server_holds_nobody_up(certificate: Certificate) -> None:
    bring(certificate.project, 1)
    with psycopg.connect(make_conninfo(database_url(), dbname="postgres")) as other:
        other.execute("SELECT pg_current_xact_id()")
        assert audits.settled_until(patience=0.1) == Decision.objects.latest("pk").pk


@pytest.mark.usefixtures("awake", "queue")
def test_an_answered_audit_wakes_a_worker_once_in_a_while(certificate: Certificate, people: tuple[User, User]) -> None:
    first, *others = bring(certificate.project, 4)
    answer([first], "fits", people[:1])
    assert wakes._next_call == 0.0, "it still waits for somebody"
    answer([first], "fits", people[1:])
    called = wakes._next_call
    assert called > time.monotonic()
    answer(others, "fits", people)
    assert wakes._next_call == called, "one call serves them all"


@pytest.mark.usefixtures("awake")
def test_a_broker_that_is_down_fails_no_submit_and_is_left_alone_for_a_minute(
    certificate: Certificate, people: tuple[User, User], settings: Any, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    settings.BROKER_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setenv("CELERY_BROKER_URL", settings.BROKER_URL)
    began = time.monotonic()
    answer(bring(certificate.project, 1), "fits", people)
    assert time.monotonic() - began < 10
    assert "no worker was called to read audits" in caplog.text
    assert wakes._next_call > began + wakes.AFTER_FAILURE - 1
    assert audits.read_all() == []
    assert AuditWatch.objects.get(certificate=certificate).n_accepted == 1


@pytest.mark.usefixtures("awake")
def test_without_a_broker_nobody_is_called(settings: Any) -> None:
    settings.BROKER_URL = ""
    assert not wakes.watch_audits()
    assert wakes._next_call == 0.0
