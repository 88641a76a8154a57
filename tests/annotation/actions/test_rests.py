"""A look that found nothing and took long is not repeated at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.actions import leases, rests, terms
from annotation.actions.emptiness import Empty, explain
from annotation.models import Lease
from judge.models import Project, User
from tests import factories
from tests.annotation.answering import take


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every look counts as one that took long."""
    monkeypatch.setattr(rests, "QUICK", 0.0)
    monkeypatch.setattr(rests, "TIMES", 1e6)
    yield
    rests._FOUND.clear()


def n_queries(project: Project, person: User) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert leases.claim(project, by=person) is None
        assert explain(project, by=person).why is Empty.OUTSIDE_TERMS
    return len(captured)


@pytest.fixture
def waiting(project: Project, ann: User) -> User:
    """Somebody for whom nothing of the queue is meant."""
    factories.import_items(project)
    terms.set_terms(project, ann, languages=["zh"], by=None)
    return ann


def test_a_quick_look_is_repeated(project: Project, waiting: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rests, "QUICK", 60.0)
    assert n_queries(project, waiting) == n_queries(project, waiting)


@pytest.mark.usefixtures("slow")
def test_while_it_is_remembered_the_queue_is_not_read(project: Project, waiting: User) -> None:
    first = n_queries(project, waiting)
    assert first > 3
    assert n_queries(project, waiting) == 1, "whether they hold an item is still looked at"


@pytest.mark.usefixtures("slow")
def test_it_is_over_after_a_while_and_then_what_came_in_is_found(
    project: Project, waiting: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_queries(project, waiting)
    terms.set_terms(project, waiting, by=None)
    assert leases.claim(project, by=waiting) is None
    later = time.monotonic() + rests.LONGEST + 1
    monkeypatch.setattr(rests.time, "monotonic", lambda: later)
    assert take(project, waiting)


@pytest.mark.usefixtures("slow")
def test_an_item_that_they_hold_comes_all_the_same(project: Project, waiting: User) -> None:
    n_queries(project, waiting)
    terms.set_terms(project, waiting, by=None)
    rests._FOUND.clear()
    lease = take(project, waiting)
    rests._FOUND["claim", project.pk, waiting.pk] = (time.monotonic() + 60, True)
    assert take(project, waiting).pk == lease.pk
    assert Lease.objects.count() == 1
