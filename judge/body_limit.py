"""How much a request may bring, refused by what it announces: before a byte is read, and before anybody is asked who.

Without it a form's file would be written to the disk as a whole before a view could refuse it. A body without an
announced length is empty to Django, so nothing hides in chunks.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

MEGABYTE = 1024 * 1024
IMPORT = re.compile(r"/projects/[^/]+/import/$")
API = re.compile(r"/api/")


class BodyLimitMiddleware:
    """Answers 413 and has the connection closed, so that the rest is not sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        most = most_bytes(request.path_info)
        if most is None or announced(request) <= most:
            return self.get_response(request)
        text = f"The request is too large (expected: at most {most // MEGABYTE} MB).\n"
        response = HttpResponse(text, status=413, content_type="text/plain")
        response["Connection"] = "close"
        return response


def most_bytes(path: str) -> int | None:
    """What may come to this address; a form's other fields and its seams have a megabyte beside the file. The API
    refuses in its own words (judge.api.bodies)."""
    if IMPORT.search(path):
        return (settings.UPLOAD_LIMIT_MB + 1) * MEGABYTE
    return None if API.match(path) else settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def announced(request: HttpRequest) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if str(told).isdecimal() else 0
