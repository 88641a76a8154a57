"""Importing a file in the browser."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from judge import access
from judge.actions.imports import import_file
from judge.errors import InputError
from judge.formats.reading import Rejected
from judge.forms import MEGABYTE, ImportForm, upload_limit_mb
from judge.models import Role
from judge.services import state

PROBLEMS_SHOWN = 20
#: So many times the largest upload a file may unpack to.
UNPACKED = 5
#: Rejected lines wait this long for somebody to fetch them.
KEEP_SECONDS = 7 * 24 * 60 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD)
def import_items(request: access.ProjectRequest) -> HttpResponse:
    """The upload form; POST imports and shows the report. The same file twice adds nothing."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    context = {"form": form, "limit_mb": upload_limit_mb()}
    if request.method == "POST" and form.is_valid():
        try:
            context |= _import(request, form.cleaned_data["file"], form.cleaned_data["frame"])
        except InputError as error:
            form.add_error("file", str(error))
    return render(request, "judge/import_items.html", context, status=400 if form.errors else 200)


@require_GET
@access.project(Role.LEAD)
def rejected_lines(request: access.ProjectRequest, key: uuid.UUID) -> HttpResponse:
    """The lines that an import turned away, each with its problem."""
    path = _rejected_path(request, key)
    if not path.is_file():
        raise Http404("These lines are no longer kept.")
    lines = FileResponse(path.open("rb"), as_attachment=True, filename=f"{request.project.slug}.rejected.jsonl")
    return cast(HttpResponse, lines)


def _import(request: access.ProjectRequest, upload: UploadedFile[Any], frame: str) -> dict[str, object]:
    key, problems = uuid.uuid4(), list[Rejected]()
    path = _rejected_path(request, key)
    _forget_old(path.parent)

    def keep(rejected: Rejected) -> None:
        if len(problems) < PROBLEMS_SHOWN:
            problems.append(rejected)

    report = import_file(
        request.project, cast(BinaryIO, upload.file), by=request.user, name=upload.name or "upload", frame=frame,
        rejected_path=path, on_reject=keep, max_bytes=UNPACKED * upload_limit_mb() * MEGABYTE,
        max_rows=settings.UPLOAD_ROWS,
    )  # fmt: skip
    return {"report": report, "problems": problems, "key": key, "n_more": report.n_rejected - len(problems)}


def _rejected_path(request: access.ProjectRequest, key: uuid.UUID) -> Path:
    folder = state.folder() / "rejected" / str(request.project.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{key}.jsonl"


def _forget_old(folder: Path) -> None:
    for path in folder.glob("*.jsonl"):
        if time.time() - path.stat().st_mtime > KEEP_SECONDS:
            path.unlink(missing_ok=True)
