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
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseStopPolling

from judge import access, registry
from judge.actions import cells, projects, rubrics
from judge.errors import InputError, ServiceError
from judge.models import Judge, Project, Rater, Role
from llm_judge.actions import dispatch, raters, standings
from llm_judge.actions import runs as run_actions
from llm_judge.forms import StartForm, SteerForm
from llm_judge.models import Completion, Endpoint, Run
from llm_judge.views.judges import describe
from llm_judge.views.words import UNSCORED, WORTH, say

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


@require_GET
@access.project(Role.LEAD)
def new_run(request: access.ProjectRequest) -> HttpResponse:
    """Choose judge, criteria, number and caps, and see what it would take: nothing is started here."""
    asked = request.GET.copy()
    if request.project.judge and not asked.get("candidate"):
        asked["candidate"] = str(request.project.judge.pk)
    form = _form(request, asked)
    context: dict[str, Any] = {"form": form}
    if form.is_valid() and form.cleaned_data["candidate"]:
        try:
            context |= _foresee(request.project, form)
        except InputError as error:
            context["trouble"] = str(error)
    return render(request, "llm_judge/new_run.html", context)


@require_POST
@access.project(Role.LEAD)
def start_run(request: access.ProjectRequest) -> HttpResponse:
    """Freeze a plan and wake the workers. What cannot be is said on the page, and nothing is half-started."""
    form = _form(request, request.POST)
    try:
        if not form.is_valid():
            raise InputError(
                _read_refusal(form), expected=_("whole numbers from 1, caps above 0, a judge of this project")
            )
        chosen = form.cleaned_data
        if request.project.judge is None and chosen["candidate"] is None:
            projects.set_up_judge(request.project, chosen["judge"] or registry.default_judge(), by=request.user)
        run = run_actions.start(
            request.project,
            by=request.user,
            judge=chosen["candidate"],
            criteria=chosen["criteria"],
            limit=chosen["limit"],
            caps=form.caps,
        )
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


def _form(request: access.ProjectRequest, sent: Mapping[str, Any]) -> StartForm:
    criteria = rubrics.criteria_in_force(request.project)
    language = get_language() or "en"
    titles = [(each.key, each.question.in_language(language).title) for each in criteria]
    return StartForm(sent, judges=_askable(request.project), criteria=titles)


def _foresee(project: Project, form: StartForm) -> dict[str, Any]:
    """The forecast of what the form asks for, and the form again as the button would send it."""
    chosen, caps = form.cleaned_data, form.caps
    expected = run_actions.forecast(
        project, judge=chosen["candidate"], criteria=chosen["criteria"], limit=chosen["limit"]
    )
    minutes = expected.seconds / 60 if expected.seconds is not None else None
    tokens = expected.prompt_tokens + expected.completion_tokens
    pairs = ((caps.max_tokens, tokens), (caps.max_cost, expected.cost), (caps.max_minutes, minutes))
    single = ("limit", "max_tokens", "max_cost", "max_minutes")
    return {
        "forecast": expected,
        "minutes": minutes,
        "caps_break": any(cap is not None and figure is not None and figure > cap for cap, figure in pairs),
        "sent": [
            ("candidate", chosen["candidate"].pk),
            *(("criteria", key) for key in chosen["criteria"]),
            *((name, chosen[name]) for name in single if chosen[name] is not None),
        ],
    }


def _askable(project: Project) -> list[Judge]:
    """The judges that a run can put cases to, the latest first."""
    found = Judge.objects.filter(project=project).prefetch_related("seats__rater").order_by("-version")
    return [judge for judge in found if all(standings.is_askable(seat.rater) for seat in judge.seats.all())]


def _read_refusal(form: StartForm) -> str:
    fields = ", ".join(str(form.fields[name].label) for name in form.errors if name in form.fields)
    return _("this cannot be read: %(fields)s") % {"fields": fields}


def _still(project: Project) -> dict[str, Any]:
    """What the page shows once and does not ask for again."""
    seated = raters.seated(project.judge) if project.judge else []
    return {
        "n_left": run_actions.count_left(project),
        "raters": [(rater, describe(rater)) for rater in seated],
        "is_certified": any(cell.threshold is not None for cell in cells.of_project(project).values()),
        "worths": {say(WORTH, kind) for kind in _kinds(seated) if kind in WORTH},
        "candidates": [judge for judge in _askable(project) if judge.pk != project.judge_id],
        "form": StartForm(initial={"judge": registry.default_judge()}),
    }


def _kinds(seated: Sequence[Rater]) -> set[str]:
    return set(Endpoint.objects.filter(raters__in=seated).values_list("kind", flat=True))


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
