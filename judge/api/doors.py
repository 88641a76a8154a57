"""Who may call what: a token is found, its allowance taken, the one policy (judge.access) asked about its person."""

# Without postponed annotations: ninja reads the annotations of what is decorated here from its wrapper.

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from judge import access
from judge.actions import allowances, members, tokens
from judge.actions.allowances import Allowance
from judge.api.problems import TooMany
from judge.errors import NotAllowed
from judge.models import ApiToken, Project, Role

logger = logging.getLogger(__name__)

Scope = ApiToken.Scope


class ApiRequest(HttpRequest):
    """A request with a token, inside the token's project."""

    auth: ApiToken
    allowance: Allowance
    project: Project
    roles: frozenset[str]


class TokenAuth(HttpBearer):
    """``Authorization: Bearer cojudge_<prefix>_<secret>``"""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        try:
            found = tokens.find(token)
        except tokens.NotAccepted as refusal:
            logger.warning("a token was refused on %s: %s", request.path, refusal)
            raise AuthenticationError(message=str(refusal)) from None
        allowance = allowances.take(found)
        request.allowance = allowance  # type: ignore[attr-defined]
        if not allowance.is_taken:
            raise TooMany(allowance)
        return found


def operation(scope: Scope, *roles: Role) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An operation inside the project of the path's ``slug``, for tokens with ``scope`` of people who hold one of
    ``roles`` there. Another project than the token's does not exist, as for strangers."""
    text_of_mark = "project: " + ", ".join(role.value for role in roles)

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(request: ApiRequest, **values: Any) -> Any:
            _enter(request, values["slug"], scope, text_of_mark)
            return view(request, **values)

        checked.access_mark = text_of_mark  # type: ignore[attr-defined]
        checked.access_scope = scope.value  # type: ignore[attr-defined]
        return checked

    return mark


def _enter(request: ApiRequest, slug: str, scope: Scope, mark: str) -> None:
    token = request.auth
    if slug != token.project.slug:
        raise Http404(_("There is no such project, or this token is of another one."))
    request.project, request.roles = access.enter(token.person, slug)
    if scope not in token.scopes:
        text = _("this token has not the scope %(scope)s (it has: %(scopes)s)")
        raise NotAllowed(text % {"scope": scope.value, "scopes": ", ".join(token.scopes)})
    if not access.opens(mark, request.roles):
        text = _("this is for %(roles)s, and %(name)s holds none of these roles in %(project)s")
        told = {"roles": mark.removeprefix("project: "), "name": token.person.get_username(), "project": slug}
        raise NotAllowed(text % told)


def sees_certify(request: ApiRequest) -> bool:
    """Whether labels of certify cases may be told: to trainers who may not edit what they prove, as exports do."""
    return Role.TRAINER in request.roles and members.may_see_certify(request.project, request.auth.person)
