"""Every operation of the API, tried by tokens of every role, by none, and by tokens of another project."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.http import HttpResponse
from django.test import Client

from judge import access
from judge.models import Membership, Role, User
from judge.roles import API, routes, views
from tests import factories
from tests.architecture.test_roles import finish, undone
from tests.judge.api.calling import Caller
from tests.rows import World, make_world

#: Route, name, method and mark of every operation.
OPERATIONS = [
    (route, name, method, access.mark_of(view) or "")
    for route, entry in routes()
    if route.startswith(API)
    for name, view, methods in views(entry)
    for method in methods
]
#: What an operation that opened may answer to a body of nothing: never "not allowed", never a fault of ours.
OPENED = {200, 201, 202, 204, 304, 400, 404, 409, 411, 413, 415, 422}
Ask = Callable[[str, str], HttpResponse]


@pytest.fixture
def world(db: None) -> Iterator[World]:
    made = make_world("Shop tags", factories.make_user("maker"))
    yield made
    for path in made.files:
        path.unlink(missing_ok=True)


def ask(caller: Caller, method: str, address: str) -> int:
    with undone(caller.client):
        response = caller.client.generic(method, address, b"{}", "application/json", headers=caller.headers({}))
        finish(response)
        return response.status_code


def test_every_operation_carries_a_mark() -> None:
    assert len(OPERATIONS) >= 15
    assert [name for _, name, _, mark in OPERATIONS if not mark.startswith(access.PROJECT)] == []


def test_viewers_push_start_and_take_out_nothing() -> None:
    opened = {name for _, name, _, mark in OPERATIONS if access.opens(mark, frozenset([Role.VIEWER]))}

    assert opened == {"read_case", "read_decisions", "read_certificates", "read_health"}


def tried(world: World, role: str) -> Iterator[tuple[str, bool]]:
    """Every operation with a token of somebody who holds one role: what came of it, and whether that is no surprise."""
    caller = Caller(world.project, factories.make_member(world.project, f"calls-{role}", Role(role)))
    for route, name, method, mark in OPERATIONS:
        status = ask(caller, method, world.address(route, name))
        fits = status in (OPENED if access.opens(mark, frozenset([role])) else {403})
        yield f"{role} {method} {name} [{mark}]: {status}", fits


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.usefixtures("queue")
def test_every_operation_opens_to_whom_its_mark_says(world: World, role: str) -> None:
    assert [what for what, fits in tried(world, role) if not fits] == []


def test_no_operation_opens_without_a_token_or_with_a_session_alone(world: World) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="maker"))
    surprises = []
    for route, name, method, _ in OPERATIONS:
        with undone(client):
            status = client.generic(method, world.address(route, name), b"{}", "application/json").status_code
        if status != 401:
            surprises.append(f"{method} {name}: {status}")
    assert surprises == []


@pytest.fixture
def elsewhere(world: World) -> Iterator[World]:
    made = make_world("Elsewhere", User.objects.get(username="maker"))
    yield made
    for path in made.files:
        path.unlink(missing_ok=True)


@pytest.mark.usefixtures("queue")
def test_token_opens_its_own_project_alone_and_finds_no_row_of_another(world: World, elsewhere: World) -> None:
    caller = Caller(world.project, User.objects.get(username="maker"))
    surprises = []
    for route, name, method, _ in OPERATIONS:
        found = {ask(caller, method, elsewhere.address(route, name))}
        if any(f"{part}>" in route for part in ("_id", "key")):
            found.add(ask(caller, method, elsewhere.address(route, name, slug=world.project.slug)))
        if found != {404}:
            surprises.append(f"{method} {name}: {found}")
    assert surprises == []


@pytest.mark.usefixtures("queue")
def test_token_of_somebody_who_left_opens_nothing(world: World) -> None:
    caller = Caller(world.project, factories.make_member(world.project, "left", Role.LEAD))
    Membership.objects.filter(user__username="left").delete()

    assert {ask(caller, method, world.address(route, name)) for route, name, method, _ in OPERATIONS} <= {401, 403, 404}
