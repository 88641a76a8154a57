"""The description of the API holds what the API does: requests made from it, valid and invalid, bring no surprise."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from judge.api.app import each_operation, views
from judge.models import Role
from tests import factories
from tests.judge.api.calling import Caller, item
from tests.judge.api.fuzzing import fuzz

EXAMPLES = 3


def test_the_description_is_open_to_all_and_names_what_it_needs() -> None:
    schema = Client().get("/api/v1/openapi.json").json()

    assert schema["openapi"].startswith("3.1")
    assert {told["operationId"] for _, _, told in each_operation(schema)} == set(views())
    for path, method, told in each_operation(schema):
        assert told["security"] == [{"TokenAuth": []}], (path, method)
        assert told["responses"]["401"]["content"].keys() == {"application/problem+json"}


@pytest.mark.parametrize(("path", "method", "status"), [
    ("/api/v1/nothing", "get", 404), ("/api/v1/projects/x/itemz", "get", 404),
    ("/api/v1/projects/x/items", "delete", 405), ("/api/v1/projects/x/health", "post", 405), ("/api/v1/", "get", 404),
])  # fmt: skip
@pytest.mark.django_db
def test_what_is_not_there_is_a_problem_too(path: str, method: str, status: int) -> None:
    response = getattr(Client(), method)(path)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"]
    assert (status == 405) == ("Allow" in response)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue")
def test_requests_from_the_description_bring_no_surprise(settings: Any) -> None:
    settings.API_REQUESTS_A_MINUTE = 10**6
    project = factories.make_project("Shop tags")
    program = Caller(project, factories.make_member(project, "lea", Role.LEAD, Role.TRAINER))
    program.push("items/bulk", [item(n) for n in range(4)])

    sent = {name: fuzz(program.secret, project.slug, name, EXAMPLES) for name in sorted(views())}

    assert min(sent.values()) >= 1
    assert sum(sent.values()) > 40
