"""The audit log of a project: what was done, by whom, and the hashes that show it was not changed since."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from judge import access
from judge.actions import event_chain, events
from judge.models import Event, Role

SHOWN = 50


@require_GET
@access.project(Role.LEAD)
def audit_log(request: access.ProjectRequest) -> HttpResponse:
    """The latest rows; ``before`` an id, those before it."""
    told = request.GET.get("before", "")
    rows = Event.objects.filter(project=request.project).select_related("by").order_by("-pk")
    if told.isdecimal() and len(told) < 19:
        rows = rows.filter(pk__lt=int(told))
    shown = list(rows[: SHOWN + 1])
    position, sealed = event_chain.head(request.project.pk)
    context = {
        "rows": [(row, list(row.data.items())) for row in shown[:SHOWN]],  # data may hold a key "items" of its own
        "older": shown[SHOWN - 1].pk if len(shown) > SHOWN else None, "is_first": not told,
        "position": position, "sealed": sealed,
    }  # fmt: skip
    return render(request, "judge/audit_log.html", context)


@require_POST
@access.project(Role.LEAD)
def audit_log_file(request: access.ProjectRequest) -> HttpResponseBase:
    """The whole chain as JSON lines. That it was taken is its last row."""
    events.note(request.project, "log exported", by=request.user)
    event_chain.catch_up()
    response = StreamingHttpResponse(_stream(request.project.pk), content_type="application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="{request.project.slug}-log.jsonl"'
    return response


def _stream(project_id: int) -> Iterator[bytes]:
    with transaction.atomic():
        yield from event_chain.lines(project_id)
