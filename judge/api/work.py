"""Starting runs and exports, and fetching what came of them."""

# Without postponed annotations: ninja reads the annotations of what is decorated here from its wrapper.

import hashlib
import uuid
from typing import Any, cast

from django.http import FileResponse, Http404, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from ninja.responses import Status

from judge import registry
from judge.actions import export_jobs
from judge.api import schemas
from judge.api.doors import ApiRequest, Scope, operation
from judge.api.pushes import KEY
from judge.api.repeats import once
from judge.errors import ServiceError
from judge.models import ExportJob, Role

router = Router(tags=["work"])


@router.post("/runs", response={202: schemas.RunOut}, openapi_extra={"parameters": [KEY]})
@operation(Scope.RUN, Role.LEAD)
def start_run(request: ApiRequest, slug: schemas.Slug, order: schemas.RunOrder) -> Status[Any]:
    """Have the judge in force judge what it has not judged yet."""
    return once(request, _hash(order), lambda: (202, _start_run(request, order)))


@router.get("/runs/{run_id}", response=schemas.RunOut)
@operation(Scope.RUN, Role.LEAD)
def read_run(request: ApiRequest, slug: schemas.Slug, run_id: schemas.Id) -> schemas.RunOut:
    """How far a run is."""
    found = _runs().look(request.project, run_id)
    if found is None:
        raise Http404(_("There is no such run in this project."))
    return _run(found)


@router.post("/exports", response={202: schemas.ExportOut}, openapi_extra={"parameters": [KEY]})
@operation(Scope.EXPORT, Role.LEAD, Role.TRAINER)
def start_export(request: ApiRequest, slug: schemas.Slug, order: schemas.ExportOrder) -> Status[Any]:
    """Have the agreed labels exported. Where there is no queue it is made at once."""
    return once(request, _hash(order), lambda: (202, _start_export(request, order)))


@router.get("/exports/{key}", response=schemas.ExportOut)
@operation(Scope.EXPORT, Role.LEAD, Role.TRAINER)
def read_export(request: ApiRequest, slug: schemas.Slug, key: uuid.UUID) -> schemas.ExportOut:
    """How far an export of one's own is."""
    return _export(_job(request, key), request)


@router.get(
    "/exports/{key}/file",
    openapi_extra={"responses": {200: {
        "description": "The archive", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
    }}},
)  # fmt: skip
@operation(Scope.EXPORT, Role.LEAD, Role.TRAINER)
def fetch_export(request: ApiRequest, slug: schemas.Slug, key: uuid.UUID) -> HttpResponse:
    """The archive of an export of one's own: the files, manifest.json and README.md. It is kept for a week."""
    job = _job(request, key)
    path = export_jobs.archive(job, by=request.auth.person)
    if path is None:
        raise Http404(_("This file is not there: the export is not done, failed, or was made more than a week ago."))
    name = f"{request.project.slug}-{job.order.get('format', 'labels')}-{job.snapshot_id}.zip"
    sent = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/zip")
    return cast(HttpResponse, sent)


def _runs() -> registry.RunDoor:
    if registry.run_door is None:
        raise ServiceError(_("No machines are installed here that could judge."))
    return registry.run_door


def _start_run(request: ApiRequest, order: schemas.RunOrder) -> schemas.RunOut:
    return _run(_runs().start(request.project, by=request.auth.person, **order.model_dump()))


def _run(found: registry.RunFacts) -> schemas.RunOut:
    return schemas.RunOut(
        id=found.id, status=found.status, judge_version=found.judge_version, n_planned=found.n_planned,
        n_done=found.n_done, trouble=found.trouble, created_at=found.created_at,
    )  # fmt: skip


def _start_export(request: ApiRequest, order: schemas.ExportOrder) -> schemas.ExportOut:
    told = {key: value for key, value in order.model_dump().items() if value not in ("", [], None)}
    return _export(export_jobs.start(request.project, told, by=request.auth.person), request)


def _job(request: ApiRequest, key: uuid.UUID) -> ExportJob:
    mine = ExportJob.objects.filter(project=request.project, by=request.auth.person)
    found = mine.select_related("snapshot", "project").filter(key=key).first()
    if found is None:
        raise Http404(_("There is no such export, or somebody else ordered it."))
    return found


def _export(job: ExportJob, request: ApiRequest) -> schemas.ExportOut:
    is_ready = export_jobs.archive(job, by=request.auth.person) is not None
    return schemas.ExportOut(
        key=job.key, state=job.state, n_rows=job.n_rows, why=job.why, snapshot=job.snapshot_id, is_ready=is_ready,
        created_at=job.created_at,
    )  # fmt: skip


def _hash(order: Any) -> str:
    return hashlib.sha256(order.model_dump_json().encode("utf-8", "surrogatepass")).hexdigest()
