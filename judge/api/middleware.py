"""What every answer of the API carries: the allowance, an ETag, no caching by others; and errors as problems."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _

from judge.api import problems

ROOT = "/api/v1/"


class ApiMiddleware:
    """Looks at nothing outside of the API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path_info.startswith(ROOT):
            return response
        if response.status_code >= 400 and response["Content-Type"] != problems.MEDIA_TYPE:
            response = _as_problem(response)
        return _dress(request, response)


def _as_problem(response: HttpResponse) -> HttpResponse:
    words = {404: _("There is nothing at this address."), 405: _("This address knows no such method.")}
    told = problems.respond(response.status_code, words.get(response.status_code, problems.title(response.status_code)))
    if "Allow" in response:
        told["Allow"] = response["Allow"]
    return told


def _dress(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response = _conditional(request, response)
    allowance = getattr(request, "allowance", None)
    for name, value in allowance.headers.items() if allowance else ():
        response[name] = value
    response.setdefault("Cache-Control", "private, no-cache")
    patch_vary_headers(response, ["Authorization", "Accept-Language"])
    return response


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """With an ETag of what it says; 304 where the caller has it already."""
    if request.method != "GET" or response.status_code != 200 or response.streaming:
        return response
    response["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    found = get_conditional_response(request, etag=response["ETag"], response=response)
    return found if isinstance(found, HttpResponse) else response
