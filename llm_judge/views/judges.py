"""The page Judges: the judge in force and the candidates side by side; what can be made of their raters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from judge import access
from judge.actions import cells, rubrics, withdrawals
from judge.actions import judges as judge_actions
from judge.errors import InputError, ServiceError
from judge.models import Case, Certificate, Criterion, Judge, Project, Rater, Role, Verdict
from judge.rules.routing import CellState
from judge.rules.stages import Stage
from llm_judge.actions import drafts, fittings, standings, students
from llm_judge.forms import PanelForm
from llm_judge.models import Endpoint
from llm_judge.views.words import SCORING, WORTH, say


@dataclass(frozen=True, slots=True)
class Told:
    """A rater's configuration in words, with what leads should know of its endpoints."""

    rater: Rater
    rows: list[tuple[str, str]]
    worths: list[str]
    is_prompted: bool


@dataclass(frozen=True, slots=True)
class Held:
    """The certificate of a judge for a criterion, in force, at rest or over; or a test that certified nothing."""

    row: Certificate

    @property
    def rests(self) -> bool:
        """It holds again once its judge is in force."""
        return self.row.state == CellState.STALE and self.row.state_reason == withdrawals.OTHER_JUDGE

    @property
    def holds(self) -> bool:
        return self.rests or self.row.state == CellState.CERTIFIED

    @property
    def is_proof(self) -> bool:
        """Of a test that certified nothing no figure is shown."""
        return self.row.threshold is not None


@dataclass(frozen=True, slots=True)
class Side:
    """One criterion: what the judge in force holds, and what the candidate would bring."""

    criterion: Criterion
    title: str
    ours: Held | None
    theirs: Held | None


@require_GET
@access.project(Role.LEAD)
def judges(request: access.ProjectRequest) -> HttpResponse:
    return _page(request, standings.read(request.project))


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD)
def promote_judge(request: access.ProjectRequest, judge_id: int) -> HttpResponse:
    """GET says what it would do, POST does it; done twice it is done once. What would lose a certificate is refused
    unless the lead says so."""
    candidate = get_object_or_404(Judge, pk=judge_id, project=request.project)
    if request.method != "POST":
        return _promotion(request, candidate)
    try:
        judge_actions.promote(candidate, by=request.user, even_so="even_so" in request.POST)
    except InputError as error:
        return _promotion(request, candidate, error, status=400)
    messages.success(request, _("%(judge)s is in force.") % {"judge": candidate.name})
    return redirect("judges", slug=request.project.slug)


@require_POST
@access.project(Role.LEAD)
def make_panel(request: access.ProjectRequest) -> HttpResponse:
    """A candidate of the ticked raters."""
    found = standings.read(request.project)
    form = PanelForm(request.POST, raters=[rater.pk for rater in _raters(found)])
    if not form.is_valid():
        return _page(request, found, form, status=400)
    try:
        chosen, name = form.cleaned_data["raters"], form.cleaned_data["name"]
        panel = drafts.make_panel(request.project, chosen, name=name, by=request.user)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(judge)s is a candidate, version %(version)s.") % _name(panel))
    return redirect("judges", slug=request.project.slug)


@require_POST
@access.project(Role.LEAD)
def fit_student(request: access.ProjectRequest) -> HttpResponse:
    """Ask a worker to fit a student; it stands among the candidates when it is done."""
    try:
        fittings.start(request.project, by=request.user)
    except ServiceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("A worker fits a student now. In a minute or two it stands among the candidates."))
    return redirect("judges", slug=request.project.slug)


def _promotion(
    request: access.ProjectRequest, candidate: Judge, error: InputError | None = None, status: int = 200
) -> HttpResponse:
    waiting = Case.objects.filter(project=request.project, stage=Stage.IMPORTED)
    sides = _sides(request.project, candidate)
    lost = {criterion.pk for criterion in judge_actions.would_lose(request.project, candidate)}
    context = {
        "candidate": candidate,
        "is_in_force": request.project.judge_id == candidate.pk,
        "n_waiting": waiting.filter(verdicts__judge=candidate).count(),
        "n_spoken": Verdict.objects.filter(judge=candidate).count(),
        "sides": sides,
        "is_any_proven": any(side.theirs and side.theirs.holds for side in sides),
        "lost": [side.title for side in sides if side.criterion.pk in lost],
        "error": error,
    }
    return render(request, "llm_judge/promote_judge.html", context, status=status)


def _sides(project: Project, candidate: Judge) -> list[Side]:
    """The certificates of the judge in force beside those of the candidate, criterion by criterion."""
    found = cells.standing(Certificate.objects.filter(judge__in=[candidate.pk, project.judge_id or 0]))
    rows = {(row.judge_id, row.criterion_id): Held(row) for row in found}
    language = get_language() or "en"
    return [
        Side(
            each,
            each.question.in_language(language).title,
            rows.get((project.judge_id, each.pk)),
            rows.get((candidate.pk, each.pk)),
        )
        for each in rubrics.criteria_in_force(project)
    ]


def describe(rater: Rater) -> list[tuple[str, str]]:
    """A rater's configuration in words."""
    told: Mapping[str, Any] = rater.configuration or {}
    template, decoding = told.get("template", {}), told.get("decoding", {})
    samples = decoding.get("samples", 1)
    rows = [
        (_("Model"), told.get("model", "")),
        (_("Revision"), str(told.get("revision", ""))[:19]),
        (_("Server"), told.get("server_version", "")),
        (_("Scoring rule"), say(SCORING, told.get("scoring_rule", "")).strip()),
        (_("Prompt"), f"{template.get('name', '')} {template.get('version', '')}".strip()),
        (_("Examples"), str(told.get("max_examples", ""))),
        (_("Temperature"), f"{decoding['temperature']:g}" if decoding.get("temperature") else ""),
        (_("Votes"), str(samples) if samples > 1 else ""),
        (_("Learned"), str(told.get("head", ""))[:12]),
        (_("Origin"), rater.origin),
        (_("Configuration"), rater.configuration_hash[:12]),
    ]
    return [(name, value) for name, value in rows if value]


def _page(
    request: access.ProjectRequest, found: list[standings.Standing], form: PanelForm | None = None, status: int = 200
) -> HttpResponse:
    raters = _raters(found)
    context = {
        "standings": found,
        "raters": _tell(raters),
        "form": form or PanelForm(raters=[rater.pk for rater in raters]),
        "ticked": form.data.getlist("raters") if form else [],  # type: ignore[attr-defined]
        "trials": standings.trials(request.project),
        **_learn(request),
    }
    return render(request, "llm_judge/judges.html", context, status=status)


def _learn(request: access.ProjectRequest) -> dict[str, Any]:
    """What a student has to learn from, criterion by criterion, and what the latest one was worth."""
    summary = students.summary(request.project)
    figures = summary.latest.figures if summary.latest else {}
    language = get_language() or "en"
    criteria = [each.question.in_language(language) for each in rubrics.criteria_in_force(request.project)]
    return {
        "students": summary,
        "heads": [(each.title, summary.labels.get(each.key, 0), figures.get(each.key)) for each in criteria],
        "fitting_trouble": fittings.trouble(request.project),
    }


def _raters(found: Iterable[standings.Standing]) -> list[Rater]:
    """Every rater once, those of later judges first."""
    return list({rater.pk: rater for standing in found for rater in standing.raters}.values())


def _tell(raters: Iterable[Rater]) -> list[Told]:
    kinds: dict[int, set[str]] = {}
    rows = Endpoint.objects.filter(raters__in=list(raters)).values_list("raters", "kind")
    for rater_id, kind in rows:
        kinds.setdefault(rater_id, set()).add(kind)
    return [
        Told(
            rater,
            describe(rater),
            [say(WORTH, kind) for kind in sorted(kinds.get(rater.pk, ())) if kind in WORTH],
            standings.is_prompted(rater),
        )
        for rater in raters
    ]


def _name(judge: Judge) -> dict[str, object]:
    return {"judge": judge.name, "version": judge.version}
