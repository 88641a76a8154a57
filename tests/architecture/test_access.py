"""Every URL carries a policy mark, and refuses a stranger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from judge import access
from judge.models import Project, User
from judge.roles import ADMIN, API, routes

#: A value for each converter that stands in a route, so that a stranger can try the door.
VALUES = {
    "slug": "shop-tags",
    "item_id": "1",
    "case_id": "1",
    "run_id": "1",
    "judge_id": "1",
    "trial_id": "1",
    "certificate_id": "1",
    "endpoint_id": "1",
    "snapshot_id": "1",
    "person_id": "1",
    "uidb64": "MQ",
    "provider_id": "sso",
    "token": "set-password",
    "token_id": "1",
    "webhook_id": "1",
    "key": "00000000-0000-0000-0000-000000000000",
}


#: Pages; operations of the API are tried in test_roles_of_the_api.py.
OURS = [(route, entry) for route, entry in routes() if not route.startswith((ADMIN, API))]


@pytest.mark.parametrize(("route", "entry"), OURS, ids=[route or "/" for route, _ in OURS])
def test_every_url_carries_a_policy_mark(route: str, entry: URLPattern) -> None:
    assert access.mark_of(entry.callback), f"{route} has no policy mark (judge.access)"


@pytest.mark.parametrize(("route", "entry"), OURS, ids=[route or "/" for route, _ in OURS])
def test_url_and_view_share_one_name(route: str, entry: URLPattern) -> None:
    assert entry.name == entry.callback.__name__


@pytest.mark.parametrize(("route", "entry"), OURS, ids=[route or "/" for route, _ in OURS])
@pytest.mark.django_db
def test_stranger_gets_no_page_of_a_project(
    route: str, entry: URLPattern, project: Project, stranger: User, browse: Callable[[User], Client]
) -> None:
    mark = access.mark_of(entry.callback)
    for client, refusal in ((Client(), 302), (browse(stranger), 404)):
        statuses = {method("/" + fill(route)).status_code for method in (client.get, client.post)}
        if mark in ("public", "signed in"):
            assert statuses <= {200, 302, 400, 403, 404, 405}, "theirs alone, and no error"
        else:
            assert statuses in ({refusal}, {refusal, 405}), "a wrong method says nothing of the project"


@pytest.mark.django_db
def test_site_admin_pages_are_refused_to_leads(stranger: User, browse: Callable[[User], Client]) -> None:
    for client in (Client(), browse(stranger)):
        for path in ("/admin/", "/admin/judge/project/", "/admin/judge/judgment/"):
            assert client.get(path).status_code == 302


def fill(route: str) -> str:
    """A route with a value in place of each converter."""
    out: Any = route
    for part in [piece.split(">")[0] for piece in route.split("<")[1:]]:
        out = out.replace(f"<{part}>", VALUES[part.split(":")[-1]])
    return str(out)
