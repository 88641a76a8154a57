"""Who may do what, read from the policy marks of all addresses: the text of docs/roles.md, see write_roles."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from judge import access
from judge.models import Role

#: Django's own pages for site admins, guarded as a whole.
ADMIN = "admin/"
API = "api/v1/"

HEAD = """\
# Who may do what

Written by `manage.py write_roles` from the marks that the views carry (`judge.access.opens` decides); a test holds it
up to date, and another tries every address as every role, as a visitor and as a stranger. Do not edit it.

A person may hold several roles in a project, and others in another. A site admin holds every role everywhere and opens
`/admin/`. Whoever is no member of a project is told that there is none. Accounts of the demo are public: nobody changes
how they are entered. What a page shows also depends on the role: names and machines' reasons are for leads; what people
said of certify cases is for nobody who could learn from it.

In short: **annotators** answer, blind; **adjudicators** decide where people split; **leads** import, judge, certify,
keep the members; **trainers** read the dashboards and have exports made; **viewers** read the dashboards, change
nothing and take nothing out.
"""


@dataclass(frozen=True, slots=True)
class Door:
    """One address, what it takes, and the mark that says to whom it opens."""

    address: str
    name: str
    methods: tuple[str, ...]
    mark: str
    what: str

    @property
    def changes(self) -> bool:
        return not {"POST", "PUT", "PATCH", "DELETE"}.isdisjoint(self.methods)


def doors() -> list[Door]:
    """Every address of ours in the order of the URLs."""
    return [
        _door(route, name, view, methods)
        for route, entry in routes()
        if not route.startswith(ADMIN)
        for name, view, methods in views(entry)
    ]


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        else:
            yield route, entry


def views(entry: URLPattern) -> list[tuple[str, Callable[..., Any], tuple[str, ...]]]:
    """Name, view and methods behind an address: one of a page, one for each operation of the API."""
    if isinstance(entry.callback, partial):
        return []  # django-ninja's own description of the API
    found = inspect.getclosurevars(entry.callback).nonlocals.get("self")  # django-ninja's PathView, where it is one
    if operations := getattr(found, "operations", None):
        return [(each.view_func.__name__, each.view_func, tuple(each.methods)) for each in operations]
    return [(str(entry.name), entry.callback, tuple(access.methods(entry.callback)))]


def page() -> str:
    """The whole of docs/roles.md."""
    found = doors()
    api = [door for door in found if door.address.startswith(f"/{API}")]
    inside = [door for door in found if door.mark.startswith(access.PROJECT) and door not in api]
    members: list[tuple[str, frozenset[str] | None]] = [(role.value, frozenset([role.value])) for role in Role]
    parts = [
        HEAD,
        "## Inside a project\n",
        *_table(inside, members),
        "\n## Outside of projects\n",
        *_table(
            [door for door in found if door not in [*inside, *api]], [("visitor", None), ("signed in", frozenset())]
        ),
        "\n## By the API\n\nWith a token of the project whose person holds one of the roles now.\n",
        *_table(api, members),
    ]
    return "\n".join(parts) + "\n"


def _table(found: Sequence[Door], people: Sequence[tuple[str, frozenset[str] | None]]) -> Iterator[str]:
    yield f"| address | what | changes | {' | '.join(name for name, _ in people)} |"
    yield "|---|---|" + ":-:|" * (len(people) + 1)
    for door in found:
        cells = ["✓" if access.opens(door.mark, roles) else "" for _, roles in people]
        yield f"| `{door.address}` | {door.what} | {'✎' if door.changes else ''} | {' | '.join(cells)} |"


def _door(route: str, name: str, view: Callable[..., Any], methods: tuple[str, ...]) -> Door:
    address = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    return Door(address, name, methods, access.mark_of(view) or "", _sentence(view))


def _sentence(view: Callable[..., Any]) -> str:
    """The first sentence of the view's docstring, else its name."""
    text = " ".join((view.__doc__ or view.__name__.replace("_", " ")).split("\n\n")[0].split())
    return text.split(". ")[0].rstrip(".").replace("``", "`").replace("|", "\\|")
