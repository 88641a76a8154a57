"""The only glue between Django and the browser: errors in words, the person's language."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.utils import translation

from judge.errors import CojudgeError, InputError, NotAllowed


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
