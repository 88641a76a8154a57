"""For load balancers and watchdogs."""

from __future__ import annotations

import os

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from judge import access, ports


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
