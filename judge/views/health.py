"""For load balancers, watchdogs and Prometheus."""

from __future__ import annotations

import hmac
import os

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from judge import access, ports
from judge.actions import metrics as found
from judge.actions import readiness

LOOPBACK = frozenset({"127.0.0.1", "::1"})


@never_cache
@require_GET
@access.public
def healthz(request: HttpRequest) -> HttpResponse:
    """``ok`` while this process answers and reaches its database, else 503; the header tells `make demo` from a
    stranger which start of the web server answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        response = HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    else:
        response = HttpResponse("ok\n", content_type="text/plain")
    if token := os.environ.get("COJUDGE_INSTANCE"):
        response[ports.HEADER] = token
    return response


@never_cache
@require_GET
@access.public
def readyz(request: HttpRequest) -> HttpResponse:
    """``ready`` when requests may be sent here: the database answers and has this version's tables, the broker
    answers where there is one. Else 503 and what is missing, a line each."""
    if missing := readiness.missing():
        return HttpResponse("".join(f"{each}\n" for each in missing), status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")


@never_cache
@require_GET
@access.public
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers for Prometheus: with COJUDGE_METRICS_TOKEN as a bearer token; without one, from this machine alone."""
    if not _may_read(request):
        return HttpResponse("not for you: see COJUDGE_METRICS_TOKEN\n", status=403, content_type="text/plain")
    return HttpResponse(found.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        told = request.headers.get("Authorization", "")
        return hmac.compare_digest(told.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    # Behind a proxy on this machine everybody comes from here.
    is_proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers or settings.SECURE_SSL_REDIRECT
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not is_proxied
