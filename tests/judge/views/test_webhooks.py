from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from judge.models import Delivery, Event, Project, User, Webhook
from judge.services.secrets import reveal

Browse = Callable[[User], Client]
FORM = {"url": "https://hooks.example.com/cojudge", "kinds": ["label.agreed", "alarm"]}


def url(project: Project) -> str:
    return f"/projects/{project.slug}/webhooks/"


def test_a_lead_adds_an_address_and_sees_its_secret_once(browse: Browse, project: Project, lea: User) -> None:
    client = browse(lea)

    response = client.post(url(project), FORM)

    webhook = Webhook.objects.get()
    assert (webhook.kinds, webhook.is_trusted, webhook.by) == (["alarm", "label.agreed"], False, lea)
    assert reveal(webhook.secret) in response.text
    assert reveal(webhook.secret) not in client.get(url(project)).text
    assert Event.objects.get(verb="webhook made").data == {"host": "hooks.example.com", "kinds": webhook.kinds}


@pytest.mark.parametrize(("wrong", "said"), [
    ({"url": "http://127.0.0.1:8000/"}, "no public address"), ({"url": "ftp://example.com"}, "no address of a webhook"),
    ({"kinds": []}, "Choose at least one."), ({"kinds": ["everything"]}, "not one of the available choices"),
])  # fmt: skip
def test_mistakes_are_told(browse: Browse, project: Project, lea: User, wrong: dict[str, object], said: str) -> None:
    response = browse(lea).post(url(project), FORM | wrong)

    assert response.status_code == 400
    assert said in response.text
    assert Webhook.objects.count() == 0


def test_what_became_of_messages_is_shown(browse: Browse, project: Project, lea: User) -> None:
    browse(lea).post(url(project), FORM)
    Delivery.objects.create(
        webhook=Webhook.objects.get(), key=uuid.uuid4(), kind="alarm", data={}, n_tries=3, trouble="answered with 500"
    )

    assert "answered with 500" in browse(lea).get(url(project)).text


def test_a_lead_removes_it_with_what_waits(browse: Browse, project: Project, lea: User) -> None:
    browse(lea).post(url(project), FORM)
    webhook = Webhook.objects.get()
    Delivery.objects.create(webhook=webhook, key=uuid.uuid4(), kind="alarm", data={})

    browse(lea).post(f"{url(project)}{webhook.pk}/remove/")

    assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)
    assert Event.objects.get(verb="webhook removed").by == lea


@pytest.mark.parametrize("name", ["ann", "tim"])
def test_others_may_not(browse: Browse, project: Project, request: pytest.FixtureRequest, name: str) -> None:
    assert browse(request.getfixturevalue(name)).get(url(project)).status_code == 403
