"""Every URL carries a policy mark; what the marks come to is tried in test_roles.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import URLPattern

from judge import access
from judge.models import User
from judge.roles import ADMIN, API, routes

#: A value for each converter that stands in a route, so that a browser can try the door.
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


@pytest.mark.django_db
def test_site_admin_pages_are_refused_to_leads(stranger: User, browse: Callable[[User], Client]) -> None:
    for client in (Client(), browse(stranger)):
        for path in ("/admin/", "/admin/judge/project/", "/admin/judge/judgment/"):
            assert client.get(path).status_code == 302
