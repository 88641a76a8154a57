"""Taking the agreed labels home."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from judge import access
from judge.actions.exports import export
from judge.forms import ExportForm
from judge.models import Event, Role
from judge.views import flow

LATEST = 5


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD, Role.TRAINER)
def export_labels(request: access.ProjectRequest) -> HttpResponse:
    """What there is to export; POST makes it and sends the file with its manifest as one archive."""
    form = ExportForm(request.POST) if request.method == "POST" else ExportForm()
    if request.method == "POST" and form.is_valid():
        return _download(request, form.cleaned_data["format"])
    parts = flow.flows(request.project, get_language() or "en")
    earlier = Event.objects.filter(project=request.project, verb="labels exported").select_related("by")
    context = {"form": form, "parts": parts, "whole": flow.in_all(parts), "earlier": earlier.order_by("-pk")[:LATEST]}
    return render(request, "judge/export_labels.html", context, status=400 if form.errors else 200)


def _download(request: access.ProjectRequest, format: str) -> HttpResponse:
    """Everything goes over the disk, so that memory does not grow with the labels."""
    stem = f"{request.project.slug}-{format}-{timezone.now():%Y%m%d-%H%M%S}"
    with tempfile.TemporaryDirectory(prefix="cojudge-export-") as folder:
        report = export(request.project, format, Path(folder), by=request.user)
        archive = _archive([report.path, report.manifest_path], stem)
    sent = FileResponse(archive, as_attachment=True, filename=f"{stem}.zip", content_type="application/zip")
    return cast(HttpResponse, sent)


def _archive(paths: Sequence[Path], stem: str) -> IO[bytes]:
    """The files in a zip that vanishes when it is closed."""
    target = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for path in paths:
            archive.write(path, f"{stem}/{path.name}")
    target.seek(0)
    return target
