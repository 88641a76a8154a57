"""The only glue between Django and the browser: errors in words, the person's language."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from judge.errors import CojudgeError, InputError, NotAllowed


def client_address(request: HttpRequest) -> str | None:
    """Where a request came from, beyond as many proxies as COJUDGE_PROXIES says we have; None where nobody knows.

    Of X-Forwarded-For only what our own proxies appended counts: the rest is a stranger's word.
    """
    passed = [each.strip() for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if each.strip()]
    told = passed[-settings.PROXIES] if 0 < settings.PROXIES <= len(passed) else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return None


class PersonLocaleMiddleware(LocaleMiddleware):
    """The language a person chose for their account, else what the browser asks for."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        if chosen := getattr(request.user, "language", ""):
            translation.activate(chosen)
            request.LANGUAGE_CODE = translation.get_language() or chosen


class CojudgeErrorMiddleware:
    """Show a person's mistake as a page in words, with the right status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, CojudgeError):
            return None
        status = 403 if isinstance(exception, NotAllowed) else 400 if isinstance(exception, InputError) else 503
        return render(request, "error.html", {"error": exception, "status": status}, status=status)


#: htmx stops asking when it sees this status.
STOP_POLLING = 286


def fragment(request: HttpRequest, template: str, context: Mapping[str, Any], *, is_moving: bool) -> HttpResponse:
    """A part of a page for htmx. Whoever asks for it every few seconds is told to stop once nothing moves."""
    response = render(request, template, {**context, "is_moving": is_moving}, status=200 if is_moving else STOP_POLLING)
    patch_vary_headers(response, ["HX-Request"])
    return response
