"""How far the present run is: a panel of the overview."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from judge import access
from judge.http import fragment
from judge.models import Role
from llm_judge.models import Run


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER, Role.ADJUDICATOR)
def run_progress(request: access.ProjectRequest) -> HttpResponse:
    """The latest run; asked again while it moves. Without scripts: the page of runs, for leads."""
    if not request.htmx:
        return redirect("runs" if Role.LEAD in request.roles else "project", request.project.slug)
    run = Run.objects.filter(project=request.project).select_related("judge").order_by("-pk").first()
    moves = run is not None and run.is_live and run.status != Run.Status.PAUSED
    runs_url = reverse("runs", kwargs={"slug": request.project.slug}) if Role.LEAD in request.roles else ""
    return fragment(request, "llm_judge/run_progress.html", {"run": run, "runs_url": runs_url}, is_moving=moves)
