"""The site admin's drawer: endpoints are a site admin's alone, whatever permissions others were given."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from judge.models import User
from llm_judge.models import Endpoint
from tests import factories


def fields(**changes: object) -> dict[str, object]:
    figures = {"max_in_flight": 8, "timeout_s": 30, "weight": 1, "price_in": 0, "price_out": 0, "options": "{}"}
    return {"name": "team", "kind": "openai", "base_url": "http://10.0.0.5/v1", **figures, **changes}


@pytest.fixture
def endpoint(db: None) -> Endpoint:
    return Endpoint.objects.create(name="team", kind="openai", base_url="http://93.184.215.14/v1")


def test_a_site_admin_trusts_an_endpoint(root: User, endpoint: Endpoint) -> None:
    client = Client()
    client.force_login(root)
    change = reverse("admin:llm_judge_endpoint_change", args=[endpoint.pk])
    assert client.post(change, fields(is_trusted="on")).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.is_trusted, endpoint.base_url) == (True, "http://10.0.0.5/v1")


def test_staff_with_every_permission_can_neither_add_nor_change_nor_delete(endpoint: Endpoint) -> None:
    staff: User = factories.make_user("staff")
    staff.is_staff = True
    staff.save()
    staff.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(staff)
    for name, args in (("add", []), ("change", [endpoint.pk]), ("delete", [endpoint.pk])):
        url = reverse(f"admin:llm_judge_endpoint_{name}", args=args)
        assert client.post(url, fields(is_trusted="on", post="yes")).status_code == 403
    kept = Endpoint.objects.get()
    assert (kept.is_trusted, kept.base_url) == (False, "http://93.184.215.14/v1")
