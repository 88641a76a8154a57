"""Errors of the API as application/problem+json (RFC 9457): what, where, what was expected, what to do next."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from judge.actions.allowances import Allowance
from judge.actions.idempotency import StillAtWork
from judge.errors import CojudgeError, InputError, NotAllowed, ServiceError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
#: Status → the last part of a problem's type, which /api/ explains.
CODES = {
    400: "unreadable", 401: "no-token", 403: "not-allowed", 404: "not-found", 405: "wrong-method", 409: "at-work",
    411: "no-length", 413: "too-large", 415: "wrong-media-type", 422: "refused", 429: "too-many-requests",
    500: "failed", 503: "unavailable",
}  # fmt: skip


class Wrong(Schema):
    """One thing that is wrong, and where."""

    where: str
    problem: str


class Problem(Schema):
    """What went wrong: ``detail`` in words, then its parts."""

    type: str
    title: str
    status: int
    detail: str
    where: str = ""
    expected: str = ""
    next: str = ""
    errors: list[Wrong] = []


class Refused(Exception):
    """A refusal with a status of its own."""

    def __init__(self, status: int, what: str, *, expected: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.status, self.what, self.expected, self.next_step = status, what, expected, next_step


class TooMany(Exception):
    """The token has used its allowance."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(allowance)
        self.allowance = allowance


def respond(status: int, what: str, **parts: Any) -> HttpResponse:
    """A problem as a response. ``parts``: where, expected, next, errors."""
    told = {"type": f"/api/#{CODES.get(status, 'failed')}", "title": title(status), "status": status, "detail": what}
    body = orjson.dumps(told | {key: value for key, value in parts.items() if value})
    response = HttpResponse(body, status=status, content_type=MEDIA_TYPE)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="cojudge"'
    return response


def title(status: int) -> str:
    return {
        400: _("This cannot be read"), 401: _("No token that opens this"), 403: _("Not allowed"), 404: _("Not found"),
        405: _("No such method here"), 409: _("Being worked on"), 411: _("The length is not told"),
        413: _("Too large"), 415: _("Not a kind of body we read"), 422: _("Cannot be taken"),
        429: _("Too many requests"), 503: _("Not available now"),
    }.get(status, _("Something failed on our side"))  # fmt: skip


def install(api: NinjaAPI) -> None:
    """Every exception leaves the API as a problem."""
    api.add_exception_handler(ValidationError, _validation)
    api.add_exception_handler(AuthenticationError, _unauthenticated)
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(Http404, lambda _request, error: respond(404, str(error)))
    api.add_exception_handler(CojudgeError, _ours)
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(TooMany, _too_many)
    api.add_exception_handler(RequestDataTooBig, lambda _request, _error: respond(413, _("the body is too large")))
    api.add_exception_handler(UnreadablePostError, lambda _request, _error: respond(400, _("the body broke off")))
    api.add_exception_handler(OperationalError, _no_database)
    api.add_exception_handler(InterfaceError, _no_database)
    api.add_exception_handler(Exception, _failed)


def _http(_request: HttpRequest, error: Any) -> HttpResponse:
    return respond(error.status_code, str(error))


def _validation(_request: HttpRequest, error: Any) -> HttpResponse:
    wrong = [{"where": _place(each["loc"]), "problem": str(each["msg"])} for each in error.errors]
    first = wrong[0] if wrong else {"where": "", "problem": ""}
    return respond(422, f"{first['where']}: {first['problem']}", where=first["where"], errors=wrong)


def _place(parts: Any) -> str:
    return ".".join(str(part) for part in parts)


def _unauthenticated(_request: HttpRequest, error: Any) -> HttpResponse:
    told = str(error)
    what = _("no token came with the request") if told == "Unauthorized" else told
    step = _("Ask a lead for a token; members make their own on the page API.")
    return respond(401, what, where="Authorization", expected="Authorization: Bearer cojudge_…", next=step)


def _ours(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error, InputError):
        return respond(
            422, str(error), where=error.where, expected=error.expected, next=error.next_step
        )  # fmt: skip
    if isinstance(error, NotAllowed):
        return respond(403, str(error))
    status = 409 if isinstance(error, StillAtWork) else 503 if isinstance(error, ServiceError) else 400
    response = respond(status, str(error))
    if status == 409:
        response["Retry-After"] = "2"
    return response


def _refused(_request: HttpRequest, error: Any) -> HttpResponse:
    return respond(error.status, error.what, expected=error.expected, next=error.next_step)


def _too_many(_request: HttpRequest, error: Any) -> HttpResponse:
    allowance: Allowance = error.allowance
    return respond(
        429, _("this token has used its allowance"), expected=_("at most %(n)d requests a minute")
        % {"n": allowance.limit}, next=_("Wait %(n)d seconds; push many items in one request.") % {"n": allowance.wait},
    )  # fmt: skip


def _no_database(_request: HttpRequest, error: Any) -> HttpResponse:
    logger.warning("the database did not answer a request of the API: %s", error)
    response = respond(503, _("the database does not answer"), next=_("Try again in a moment."))
    response["Retry-After"] = "5"
    return response


def _failed(request: HttpRequest, error: Any) -> HttpResponse:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return respond(500, _("something failed on our side; it was written to the log"))
