"""The page Judging: which judge is in force, what it has left to judge, and how its runs fare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import BooleanField, Count, ExpressionWrapper, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseStopPolling

from judge import access, registry
from judge.actions import projects
from judge.errors import InputError, ServiceError
from judge.models import Project, Rater, Role
from llm_judge.actions import dispatch, raters
from llm_judge.actions import runs as run_actions
from llm_judge.forms import StartForm, SteerForm
from llm_judge.models import Completion, Endpoint, Run
from llm_judge.views.words import SCORING, UNSCORED, WORTH, say

RUNS_SHOWN = 20
HAS_JUDGMENT = ExpressionWrapper(Q(judgment__isnull=False), output_field=BooleanField())


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of failure in a run, with an example. ``is_settled``: the cases are unscored; else they come again."""

    word: str
    n: int
    example: str
    item: str
    is_settled: bool


@dataclass(frozen=True, slots=True)
class RunRow:
    run: Run
    troubles: Sequence[Trouble]


@require_GET
@access.project(Role.LEAD)
def runs(request: access.ProjectRequest) -> HttpResponse:
    """The whole page; for htmx only the list of runs, which stops asking once no run moves."""
    shown = list(Run.objects.filter(project=request.project).select_related("judge", "by").order_by("-pk")[:RUNS_SHOWN])
    troubles = _troubles(shown)
    moving = any(run.is_live and run.status != Run.Status.PAUSED for run in shown)
    context: dict[str, Any] = {
        "rows": [RunRow(run, troubles[run.pk]) for run in shown],
        "is_moving": moving,
        "is_live": any(run.is_live and not run.is_silent for run in shown),
    }
    if request.htmx:
        response = render(request, "llm_judge/runs.html#moving", context)
        response.status_code = 200 if moving else HttpResponseStopPolling.status_code
    else:
        response = render(request, "llm_judge/runs.html", context | _still(request.project))
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@access.project(Role.LEAD)
def start_run(request: access.ProjectRequest) -> HttpResponse:
    """Freeze a plan and wake the workers. What cannot be is said on the page, and nothing is half-started."""
    form = StartForm(request.POST)
    try:
        if not form.is_valid():
            raise InputError(_("the number of cases cannot be read"), expected=_("a whole number from 1"))
        if request.project.judge is None:
            chosen = form.cleaned_data["judge"] or registry.default_judge()
            projects.set_up_judge(request.project, chosen, by=request.user)
        run = run_actions.start(request.project, by=request.user, limit=form.cleaned_data["limit"])
        dispatch.enqueue(run)
    except (InputError, ServiceError) as error:
        messages.error(request, str(error))
    return redirect("runs", slug=request.project.slug)


@require_POST
@access.project(Role.LEAD)
def steer_run(request: access.ProjectRequest, run_id: int) -> HttpResponse:
    """Pause, resume or cancel one run."""
    run = get_object_or_404(Run, pk=run_id, project=request.project)
    form = SteerForm(request.POST)
    if not form.is_valid():
        raise InputError(_("this is not something a run can be told"), expected="pause, resume, cancel")
    run_actions.steer(run, form.cleaned_data["wish"], by=request.user)
    try:
        if run.status == Run.Status.QUEUED:
            dispatch.enqueue(run)
    except ServiceError as error:
        messages.error(request, str(error))
    return redirect("runs", slug=request.project.slug)


def _still(project: Project) -> dict[str, Any]:
    """What the page shows once and does not ask for again."""
    seated = raters.seated(project.judge) if project.judge else []
    return {
        "n_left": run_actions.count_left(project),
        "raters": [(rater, _describe(rater)) for rater in seated],
        "worths": {say(WORTH, kind) for kind in _kinds(seated) if kind in WORTH},
        "form": StartForm(initial={"judge": registry.default_judge()}),
    }


def _kinds(seated: Sequence[Rater]) -> set[str]:
    return set(Endpoint.objects.filter(raters__in=seated).values_list("kind", flat=True))


def _describe(rater: Rater) -> list[tuple[str, str]]:
    """A rater's configuration in words."""
    told: Mapping[str, Any] = rater.configuration or {}
    template = told.get("template", {})
    rows = [
        (_("Model"), told.get("model", "")),
        (_("Revision"), str(told.get("revision", ""))[:19]),
        (_("Server"), told.get("server_version", "")),
        (_("Scoring rule"), say(SCORING, told.get("scoring_rule", ""))),
        (_("Prompt"), f"{template.get('name', '')} {template.get('version', '')}".strip()),
        (_("Configuration"), rater.configuration_hash[:12]),
    ]
    return [(name, value) for name, value in rows if value]


def _troubles(shown: Sequence[Run]) -> Mapping[int, list[Trouble]]:
    """Failures of these runs by kind, most frequent first, the latest as an example: two queries for the page."""
    failed = Completion.objects.filter(run__in=shown).exclude(error_kind="").annotate(is_settled=HAS_JUDGMENT)
    counted = list(
        failed.values("run", "error_kind", "is_settled").annotate(n=Count("pk"), latest=Max("pk")).order_by("-n")
    )
    examples = Completion.objects.select_related("case__item").in_bulk([each["latest"] for each in counted])
    troubles: dict[int, list[Trouble]] = defaultdict(list)
    for each in counted:
        example = examples[each["latest"]]
        troubles[each["run"]].append(
            Trouble(say(UNSCORED, each["error_kind"]), each["n"], example.detail, example.case.item.identity,
                    is_settled=each["is_settled"])
        )  # fmt: skip
    return troubles
