"""Headers that every answer bears: what a page may do in a browser, who may hold it, and who may keep it.

Django's own middleware writes the content policy, the opener policy, HSTS, nosniff and the referrer policy.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: Nothing here needs a device; ``clipboard-write`` is for copying a token or a command.
UNUSED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation",
    "gyroscope", "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get",
    "screen-wake-lock", "usb", "xr-spatial-tracking", "browsing-topics", "interest-cohort",
)  # fmt: skip
PERMISSIONS = ", ".join([*(f"{name}=()" for name in UNUSED), "clipboard-write=(self)"])
PRIVATE = "private, no-store"
#: A program that sends an ETag again may hold the answer, and asks every time whether it still holds.
CHECKED = "private, no-cache"


class HeadersMiddleware:
    """Sets what a view or a lower middleware has not set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if is_private(request, response):
            response.headers.setdefault("Cache-Control", CHECKED if response.has_header("ETag") else PRIVATE)
        return response


def is_private(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether the answer is somebody's: whoever asks brought, or was given, a session or a token."""
    brought = settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
    return brought or bool(response.cookies)
