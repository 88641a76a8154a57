"""Who may open which page: one mark on every view, one function that decides (:func:`opens`).

A view marked :func:`project` takes ``request.project`` and ``request.roles`` from here. A stranger gets
"not found", so that names of projects cannot be guessed; a member without the role gets "not allowed".
docs/roles.md is written from the marks (``manage.py write_roles``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from judge.actions import in_force
from judge.actions.prepared import fetch_row
from judge.errors import NotAllowed
from judge.models import Project, Role, User

View = Callable[..., HttpResponseBase]


class SignedInRequest(HttpRequest):
    """A request of somebody who is logged in."""

    user: User
    htmx: HtmxDetails


class ProjectRequest(SignedInRequest):
    """A request inside a project by a person who holds one of the wanted roles there."""

    project: Project
    roles: frozenset[str]


PUBLIC, SIGNED_IN, PROJECT = "public", "signed in", "project: "


def opens(mark: str, roles: frozenset[str] | None) -> bool:
    """Whether a page with this mark opens to somebody who holds ``roles`` in its project; None: to a visitor.

    >>> opens("project: lead, trainer", frozenset({"trainer"})), opens("project: lead", frozenset({"trainer"}))
    (True, False)
    >>> opens("signed in", None), opens("signed in", frozenset())
    (False, True)
    """
    if mark == PUBLIC:
        return True
    if roles is None:
        return False
    return mark == SIGNED_IN or not roles.isdisjoint(mark.removeprefix(PROJECT).split(", "))


def public(view: View) -> View:
    """Anybody may open it, signed in or not."""
    return _marked(view, PUBLIC)


def signed_in(view: View) -> View:
    """Any person with an account may open it; it shows only what is theirs."""
    return _marked(login_required(view), SIGNED_IN)


def own_account(view: View) -> View:
    """Any person may open it to change their own account; the demo's public accounts are everybody's."""

    @wraps(view)
    def checked(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_demo:
            raise NotAllowed(_("This is a public account of the demo: nobody changes how it is entered."))
        return view(request, *args, **kwargs)

    return signed_in(checked)


def project(*roles: Role) -> Callable[[View], View]:
    """Members of the project in the URL's ``slug`` who hold one of ``roles``; site admins too."""

    text_of_mark = PROJECT + ", ".join(role.value for role in roles)

    def mark(view: View) -> View:
        @wraps(view)
        def checked(request: ProjectRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.project, request.roles = enter(request.user, slug)
            if not opens(text_of_mark, request.roles):
                wanted = ", ".join(str(role.label) for role in roles)
                text = _("This page is for %(roles)s. Ask a lead of %(project)s for that role.")
                raise NotAllowed(text % {"roles": wanted, "project": request.project.name})
            return view(request, *args, **kwargs)

        return _marked(login_required(checked), text_of_mark)

    return mark


_PROJECT_AND_ROLES = f"""
SELECT {in_force.COLUMNS},
       ARRAY(SELECT m.role FROM judge_membership m WHERE m.project_id = project.id AND m.user_id = %(person)s)
FROM judge_project project {in_force.JOINED}
WHERE project.slug = %(slug)s
"""  # noqa: S608 (our names)


def enter(user: User, slug: str) -> tuple[Project, frozenset[str]]:
    """The project of ``slug`` and the roles that ``user`` holds there, in one query. Raises Http404 for a stranger."""
    row = fetch_row(_PROJECT_AND_ROLES, slug=slug, person=user.pk)
    if row is None or not (row[-1] or user.is_superuser):
        raise Http404(_("There is no such project, or you are not a member of it."))
    return in_force.read(row), frozenset(Role.values if user.is_superuser else row[-1])


EVERY_ROLE = tuple(Role)


def mark_of(view: Any) -> str | None:
    """The policy mark of a view, None where somebody forgot it."""
    return getattr(view, "access_mark", None)


def methods(view: Any) -> list[str]:
    """Which methods a view takes: it says so itself when asked with one that no view takes."""
    probe = HttpRequest()
    probe.method = "TRACE"
    logger, was = logging.getLogger("django.request"), logging.getLogger("django.request").disabled
    logger.disabled = True
    try:
        response = view(probe)
    finally:
        logger.disabled = was
    return [each for each in response.headers.get("Allow", "").split(", ") if each]


def _marked(view: View, mark: str) -> View:
    view.access_mark = mark  # type: ignore[attr-defined]
    return view
