"""Every address, tried by every role, by visitors and by strangers: what its mark opens opens, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from judge import access, roles
from judge.models import Membership, Project, Role, User
from tests import factories
from tests.architecture.house import ROOT
from tests.architecture.test_access import OURS
from tests.rows import World, make_world

#: What a page that opened may answer to a body of nothing: never "not allowed", never a fault of ours.
OPENED = {200, 302, 400, 404, 405, 409, 422}
PEOPLE = [*Role.values, "site admin", "stranger", "visitor"]


@pytest.fixture
def world(db: None) -> Iterator[World]:
    made = make_world("Shop tags", factories.make_user("maker"))
    yield made
    for path in made.files:
        path.unlink(missing_ok=True)


def come(who: str, project: Project) -> tuple[Client, frozenset[str] | None]:
    """A browser of somebody, and the roles that they hold in the project; None where they are not signed in."""
    client = Client(raise_request_exception=False)
    if who == "visitor":
        return client, None
    home = factories.make_project("Elsewhere") if who == "stranger" else project
    role = Role.LEAD if who == "stranger" else Role.VIEWER if who == "site admin" else Role(who)
    person = factories.make_member(home, f"tries-{who.replace(' ', '-')}", role)
    if who == "site admin":
        User.objects.filter(pk=person.pk).update(is_superuser=True, is_staff=True)
        Membership.objects.filter(user=person).delete()
        return _signed_in(client, person), frozenset(Role.values)
    return _signed_in(client, person), frozenset() if who == "stranger" else frozenset([who])


def _signed_in(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """What is tried inside leaves nothing behind: no row, and nobody logged out."""
    cookies = client.cookies.output()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies = SimpleCookie(cookies.replace("Set-Cookie: ", ""))


def finish(response: HttpResponse) -> None:
    """Read a stream to its end, which closes its file. (``close()`` would close the test's connection too.)"""
    for _ in response.streaming_content if response.streaming else ():
        pass


def expected(mark: str, held: frozenset[str] | None) -> set[int]:
    if access.opens(mark, held):
        return OPENED
    if held is None:
        return {302, 405}
    return {403, 405} if held else {404, 405}


def tried(world: World, who: str) -> Iterator[tuple[str, bool]]:
    """Every address by GET and POST: what was tried and what came of it, and whether that is no surprise."""
    client, held = come(who, world.project)
    for route, entry in OURS:
        mark, address = access.mark_of(entry.callback) or "", world.address(route, str(entry.name))
        for method in ("get", "post"):
            with undone(client):
                response = getattr(client, method)(address)
                finish(response)
            is_as_marked = response.status_code in expected(mark, held)
            if mark != access.PUBLIC and response.status_code != 405:
                to_login = response.headers.get("Location", "").startswith("/login/")
                is_as_marked &= to_login is (held is None)
            yield f"{who} {method} {address} [{mark}]: {response.status_code}", is_as_marked


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.usefixtures("queue")
def test_every_page_opens_to_whom_its_mark_says(world: World, who: str) -> None:
    assert [what for what, is_as_marked in tried(world, who) if not is_as_marked] == []


@pytest.fixture
def elsewhere(world: World) -> Iterator[World]:
    """Another project, made by the same person when they were a member there."""
    made = make_world("Elsewhere", User.objects.get(username="maker"))
    Membership.objects.filter(project=made.project).delete()
    yield made
    for path in made.files:
        path.unlink(missing_ok=True)


#: endpoints are the installation's; no submit of one's own here: back to the workbench; the person is a member of both
SHARED = {"endpoint_id", "person_id"}
BACK_TO_WORK = {"feedback"}


@pytest.mark.usefixtures("queue")
def test_rows_of_another_project_are_not_there_in_mine(world: World, elsewhere: World) -> None:
    client = _signed_in(Client(raise_request_exception=False), User.objects.get(username="maker"))
    surprises, n_tried = [], 0
    for route, entry in OURS:
        parts = {piece.split(">")[0].split(":")[-1] for piece in route.split("<")[1:]} - {"slug"}
        if "<str:slug>" not in route or not parts or parts & SHARED or str(entry.name) in BACK_TO_WORK:
            continue
        theirs = elsewhere.address(route, str(entry.name), slug=world.project.slug)
        statuses, own = set[int](), set[int]()
        for method in ("get", "post"):
            for address, found in ((theirs, statuses), (world.address(route, str(entry.name)), own)):
                with undone(client):
                    response = getattr(client, method)(address)
                    finish(response)
                    found.add(response.status_code)
        n_tried += 1
        if not statuses <= {404, 405} or own <= {404, 405}:
            surprises.append(f"{theirs}: theirs {statuses}, own {own}")
    assert surprises == []
    assert n_tried >= 12


@pytest.mark.usefixtures("elsewhere")
def test_person_of_another_project_has_no_terms_in_mine(world: World) -> None:
    other = factories.make_member(Project.objects.get(name="Elsewhere"), "olga", Role.ANNOTATOR)
    client = _signed_in(Client(), User.objects.get(username="maker"))

    for name in ("", "pause/", "take-back/"):
        assert client.post(f"/projects/{world.project.slug}/people/{other.pk}/{name}").status_code == 404


def changing(role: Role) -> set[str]:
    """Names of the pages of a project that take a POST and open to this role."""
    found = set()
    for _, entry in OURS:
        mark = access.mark_of(entry.callback) or ""
        if (
            mark.startswith(access.PROJECT)
            and access.opens(mark, frozenset([role]))
            and "POST" in access.methods(entry.callback)
        ):
            found.add(str(entry.name))
    return found


def opened(role: Role) -> set[str]:
    marks = {str(entry.name): access.mark_of(entry.callback) or "" for _, entry in OURS}
    return {
        name
        for name, mark in marks.items()
        if mark.startswith(access.PROJECT) and access.opens(mark, frozenset([role]))
    }


def test_viewers_change_nothing_and_take_nothing_out() -> None:
    assert changing(Role.VIEWER) == set()
    assert not {name for name in opened(Role.VIEWER) if "export" in name or "snapshot" in name}


def test_trainers_may_have_exports_and_figures_made_by_pages_or_tokens_and_do_nothing_else() -> None:
    exports, figures = {"export_labels", "make_snapshot_again"}, {"ask_comparison"}
    assert changing(Role.TRAINER) == exports | figures | {"api_access", "revoke_token"}


def test_people_who_answer_see_no_page_that_tells_what_others_or_machines_said() -> None:
    told = {"items", "item", "agreement", "quality", "certificates", "export_labels", "judges", "runs"}
    assert opened(Role.ANNOTATOR) & told == set()
    assert opened(Role.ADJUDICATOR) & told == set()


def test_table_in_the_docs_is_up_to_date() -> None:
    page = (ROOT / "docs" / "roles.md").read_text()

    assert page == roles.page(), "run manage.py write_roles"
