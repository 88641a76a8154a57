from __future__ import annotations

from collections.abc import Callable

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from judge.errors import InputError, NotAllowed, ServiceError
from judge.http import CojudgeErrorMiddleware
from judge.models import User
from judge.views import errors

Browse = Callable[[User], Client]


def shown(error: Exception) -> tuple[int, str]:
    request = RequestFactory().get("/")
    response = CojudgeErrorMiddleware(lambda request: None).process_exception(request, error)  # type: ignore[arg-type]
    assert response is not None
    return response.status_code, response.text


def test_mistake_is_shown_with_place_expectation_and_next_step(db: None) -> None:
    status, page = shown(InputError("label is unknown", where="line 7", expected="yes, no", next_step="Mend it."))

    assert status == 400
    for said in ("label is unknown", "line 7", "yes, no", "Mend it."):
        assert said in page


@pytest.mark.parametrize(("error", "status", "said"), [
    (NotAllowed("Only for leads."), 403, "Only for leads."),
    (ServiceError("The broker is down."), 503, "manage.py doctor"),
])  # fmt: skip
def test_other_troubles_say_what_to_do(db: None, error: Exception, status: int, said: str) -> None:
    got, page = shown(error)

    assert got == status
    assert said in page


def test_unknown_page_leads_back(client: Client, db: None) -> None:
    response = client.get("/no/such/page/")

    assert response.status_code == 404
    assert "To your projects" in response.text


def test_our_own_failure_asks_nothing_of_the_database() -> None:
    response = errors.failed(RequestFactory().get("/"))  # no db fixture: a query would raise

    assert response.status_code == 500
    assert "Our mistake" in response.text


def test_page_for_refused_people_stands() -> None:
    assert "Ask a lead" in render_to_string("403.html")
