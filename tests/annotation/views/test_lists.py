"""The list over HTTP."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.actions import lists
from annotation.models import Lease, Submission
from judge.models import Case, Judgment, Project, User
from tests import factories
from tests.annotation.answering import take
from tests.annotation.views.forms import HTMX

Browse = Callable[[User], Client]
POSTS = ("choose_lists", "submit_list", "save_list_draft", "release_list")


def url(name: str, project: Project) -> str:
    return reverse(name, kwargs={"slug": project.slug})


@pytest.fixture
def bench(project: Project, ann: User, browse: Browse) -> tuple[Client, str]:
    """Ann's browser, with a list of three rows."""
    factories.import_items(project, n=3)
    client = browse(ann)
    response = client.post(url("choose_lists", project), {"wants": "1"}, follow=True)
    return client, response.content.decode()


def form(page: str, labels: dict[str, str], *, rows: int = 99) -> dict[str, Any]:
    """The list as a browser would send it, with ``labels`` chosen by criterion key in the first ``rows`` rows."""
    inputs = dict(re.findall(r'name="(key-\d+)" value="([^"]+)"', page))
    sent: dict[str, Any] = inputs | {"lease": [each.removeprefix("key-") for each in inputs], "took": "9000"}
    sent["case"] = re.findall(r'name="case" value="(\d+)"', page)
    asked = [case for lease in sent["lease"][:rows] for case in Lease.objects.get(pk=lease).case_ids]
    for case in Case.objects.filter(pk__in=asked).select_related("criterion"):
        if case.criterion.key in labels:
            sent[f"answer-{case.pk}"] = labels[case.criterion.key]
    return sent


GOOD = {"relevance": "label:fits", "specificity": "label:concrete"}


def test_a_list_shows_the_context_once_and_every_output(bench: tuple[Client, str]) -> None:
    page = re.sub("</?mark>", "", bench[1])
    assert page.count("person 0 likes tents") == 1
    assert [page.count(f"tent number {n}<") for n in range(3)] == [1, 1, 1]
    assert "3 outputs of this context" in page


def test_answered_rows_are_stored_the_others_come_again(project: Project, bench: tuple[Client, str]) -> None:
    client, page = bench
    response = client.post(url("submit_list", project), form(page, GOOD, rows=2), headers=HTMX)
    after = response.content.decode()
    assert 'data-was-submitted="2"' in after
    assert Judgment.objects.count() == 4
    assert set(Submission.objects.values_list("duration_ms", flat=True)) == {4500}
    assert "data-row" not in after, "one row alone is an item like any other"
    assert 'name="lists" value="1"' in after, "and after it lists go on"


def test_without_scripts_a_list_is_sent_too(project: Project, bench: tuple[Client, str]) -> None:
    client, page = bench
    response = client.post(url("submit_list", project), form(page, GOOD), follow=True)
    assert response.redirect_chain == [(url("workbench", project), 302)]
    assert "<strong data-count>3</strong>" in response.content.decode()


def test_a_refused_row_comes_back_with_what_was_chosen(project: Project, bench: tuple[Client, str]) -> None:
    client, page = bench
    sent = form(page, {"relevance": "label:weak"}, rows=1)
    response = client.post(url("submit_list", project), sent, headers=HTMX)
    again = response.content.decode()
    assert response.status_code == 422
    assert "specificity: no answer yet" in again
    assert len(re.findall(r'value="label:weak"[^>]* checked', again)) == 1
    assert all(sent[f"key-{lease}"] in again for lease in sent["lease"])


def test_the_heartbeat_keeps_what_was_chosen(project: Project, bench: tuple[Client, str]) -> None:
    client, page = bench
    beat = client.post(url("save_list_draft", project), form(page, {"relevance": "label:weak"}, rows=2))
    assert beat.json()["seconds_left"] > 1_000
    again = client.get(url("workbench", project)).content.decode()
    assert len(re.findall(r'value="label:weak"[^>]* checked', again)) == 2
    client.post(url("release_list", project), form(page, {}))
    gone = client.post(url("save_list_draft", project), form(page, GOOD))
    assert (gone.status_code, "still submit" in gone.json()["problem"]) == (409, True)
    assert not Lease.objects.filter(closed_at=None).exists()


def test_strangers_and_other_roles_are_kept_out(project: Project, lea: User, stranger: User, browse: Browse) -> None:
    for name in POSTS:
        assert browse(lea).post(url(name, project)).status_code == 403
        assert browse(stranger).post(url(name, project)).status_code == 404
        assert browse(lea).get(url(name, project)).status_code == 405


def test_nobody_sends_somebody_elses_rows(
    project: Project, bench: tuple[Client, str], ben: User, browse: Browse
) -> None:
    other = browse(ben)
    sent = form(bench[1], GOOD)
    assert other.post(url("submit_list", project), sent).status_code == 400
    own = take(project, ben)
    sent |= {"lease": [*sent["lease"], str(own.pk)], f"key-{own.pk}": str(uuid.uuid4())}
    other.post(url("submit_list", project), sent)
    votes = Judgment.objects.values_list("rater__user__username", "case__item")
    assert set(votes) == {("ben", own.item_id)}, "ann's rows were left out"
    assert Lease.objects.filter(person__username="ann", closed_at=None).count() == 3


def test_an_unreadable_list_is_refused_in_words(project: Project, bench: tuple[Client, str]) -> None:
    client, page = bench
    sent = form(page, GOOD)
    for broken in ({}, {"lease": ["x", "9" * 40]}, sent | {f"key-{sent['lease'][0]}": "no"}):
        assert client.post(url("submit_list", project), broken).status_code == 400
    assert not Judgment.objects.exists()


def test_queries_of_a_list_grow_by_what_a_submit_needs(project: Project, ann: User, browse: Browse) -> None:
    factories.import_items(project, n=24, per_context=12)
    lists.choose(project, ann, wants=True)
    client = browse(ann)
    page = client.get(url("workbench", project)).content.decode()
    with CaptureQueriesContext(connection) as opening:
        client.get(url("workbench", project))
    assert len(opening) <= 20, "whatever the number of rows"
    with CaptureQueriesContext(connection) as sending:
        client.post(url("submit_list", project), form(page, GOOD), headers=HTMX)
    assert Judgment.objects.count() == 24
    assert len(sending) <= 12 * 12 + 40
