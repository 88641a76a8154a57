from __future__ import annotations

from django.test import Client


def test_healthz_answers_anybody(client: Client, db: None) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.text == "ok\n"


def test_healthz_cannot_be_posted_to(client: Client, db: None) -> None:
    assert client.post("/healthz").status_code == 405
