"""Taking the agreed labels home: what there is, the order, how it comes on, and what was made before."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseStopPolling

from judge import access
from judge.actions import export_jobs
from judge.errors import InputError, ServiceError
from judge.export_forms import ExportForm
from judge.models import ExportJob, Role, Snapshot
from judge.views import flow

JOBS_SHOWN, SNAPSHOTS_SHOWN = 5, 20
MOVING = (ExportJob.State.ASKED, ExportJob.State.RUNNING)


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD, Role.TRAINER)
def export_labels(request: access.ProjectRequest) -> HttpResponse:
    """What there is to export; POST has it made. For htmx only one's own jobs, until none moves any more."""
    form = ExportForm(request.POST or None, project=request.project)
    if request.method == "POST" and form.is_valid() and _start(request, form.order, form):
        return redirect("export_labels", slug=request.project.slug)
    jobs = list(ExportJob.objects.filter(project=request.project, by=request.user).order_by("-pk")[:JOBS_SHOWN])
    is_moving = any(job.state in MOVING for job in jobs)
    context: dict[str, Any] = {
        "jobs": [(job, export_jobs.archive(job, by=request.user) is not None) for job in jobs],
        "is_moving": is_moving,
    }
    if request.htmx:
        response = render(request, "judge/export_labels.html#moving", context)
        response.status_code = 200 if is_moving else HttpResponseStopPolling.status_code
    else:
        whole = context | _still(request) | {"form": form}
        response = render(request, "judge/export_labels.html", whole, status=400 if form.errors else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_GET
@access.project(Role.LEAD, Role.TRAINER)
def export_file(request: access.ProjectRequest, key: uuid.UUID) -> HttpResponse:
    """The archive of one's own export, while it waits."""
    job = get_object_or_404(ExportJob.objects.select_related("snapshot", "project"), key=key, project=request.project)
    path = export_jobs.archive(job, by=request.user)
    if path is None:
        raise Http404("This file is no longer kept.")
    name = f"{request.project.slug}-{job.order.get('format', 'labels')}-{job.snapshot_id}.zip"
    sent = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/zip")
    return cast(HttpResponse, sent)


@require_POST
@access.project(Role.LEAD, Role.TRAINER)
def make_snapshot_again(request: access.ProjectRequest, snapshot_id: int) -> HttpResponse:
    """Have an earlier export made once more, to the byte."""
    snapshot = get_object_or_404(Snapshot, pk=snapshot_id, project=request.project)
    _start(request, {"snapshot": snapshot.pk, "format": snapshot.format})
    return redirect("export_labels", slug=request.project.slug)


def _start(request: access.ProjectRequest, order: dict[str, Any], form: ExportForm | None = None) -> bool:
    """Whether it is on its way; what is wrong is said beside the form, or above the page."""
    try:
        export_jobs.start(request.project, order, by=request.user)
    except (InputError, ServiceError) as error:
        if form is not None:
            form.add_error(None, str(error))
        else:
            messages.error(request, str(error))
        return False
    messages.success(request, _("The export is being made. It stands below."))
    return True


def _still(request: access.ProjectRequest) -> dict[str, Any]:
    parts = flow.flows(request.project, get_language() or "en")
    snapshots = Snapshot.objects.filter(project=request.project).select_related("by").defer("seen", "manifest")
    return {
        "parts": parts,
        "whole": flow.in_all(parts),
        "snapshots": snapshots.order_by("-pk")[:SNAPSHOTS_SHOWN],
    }
