"""The page Risk: what each target of agreement would accept, save and take; a lead makes what is shown the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from judge import access
from judge.actions import cells, policies, rubrics
from judge.actions.coverage_figures import LEAST_CASES
from judge.errors import InputError
from judge.forms import TargetForm
from judge.models import Certificate, Criterion, Project, Role
from judge.rules.routing import CellState
from judge.views import coverage_charts, coverage_rows, measured_judges
from judge.views.coverage_rows import Row
from judge.views.measured_judges import Known


@dataclass(frozen=True, slots=True)
class Ended:
    """A certificate that the new policy would end."""

    row: Certificate
    title: str
    why: str


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER)
def risk(request: access.ProjectRequest) -> HttpResponse:
    chosen = measured_judges.choose(request, request.project)
    form = TargetForm(request.GET)
    context: dict[str, Any] = {
        "chosen": chosen,
        "form": form,
        "missing": _missing(chosen.known) if chosen.known else chosen.missing,
        "is_lead": Role.LEAD in request.roles,
    }
    if chosen.known and not context["missing"]:
        context |= _context(request.project, chosen.known, form)
    return render(request, "judge/risk.html", context)


@require_http_methods(["GET", "POST"])
@access.project(Role.LEAD)
def save_target(request: access.ProjectRequest) -> HttpResponse:
    """Show what a new target of a criterion would end; sent, put it in force as a new version of the policy."""
    project = request.project
    criterion, alpha = _asked(request)
    assert project.policy is not None
    before, delta = project.policy.risk_of(criterion.key)
    if request.method == "POST" and request.POST.get("policy") == str(project.policy.version):
        after = policies.set_risks(project, {criterion.key: (alpha, delta)}, by=request.user)
        messages.success(request, _("Policy version %(version)s is in force.") % {"version": after.version})
        return redirect(f"{reverse('risk', kwargs={'slug': project.slug})}?criterion={criterion.pk}")
    if request.method == "POST":
        messages.error(request, _("The policy has changed meanwhile. Look once more at what this would end."))
    context = {
        "question": criterion.question.in_language(get_language() or "en"),
        "criterion": criterion,
        "alpha": alpha,
        "before": before,
        "agreement": 1 - alpha,
        "target": f"{100 * (1 - alpha):g}",
        "ends": _ended(request, criterion, alpha, delta),
        "stays": _holding(criterion),
        "next_version": project.policy.version + 1,
    }
    return render(request, "judge/save_target.html", context)


def _context(project: Project, known: Known, form: TargetForm) -> dict[str, Any]:
    assert project.policy is not None
    found, criterion = known.found, known.criterion
    coverage, key = found.figures["coverage"], f"c{criterion.pk}"
    in_force, _delta = project.policy.risk_of(criterion.key)
    keys = (f"j{known.judge.pk}", key)
    work = coverage_rows.work_of(found.effort, coverage, keys, project.policy, form.hourly_value)
    certify = found.effort["certify"].get(key, [0, 0])
    rows = coverage_rows.rows(coverage, certify, work)
    target = coverage_rows.chosen(rows, form.target_value or 100 * (1 - in_force))
    certificate = cells.standing(Certificate.objects.filter(judge=known.judge, criterion=criterion)).first()
    return {
        "coverage": coverage,
        "rows": [(row, coverage_charts.place_of(row)) for row in rows],
        "target": target,
        "work": work,
        "effort": found.effort,
        "certify": certify,
        "certificate": certificate if certificate and certificate.state == CellState.CERTIFIED else None,
        "charts": _charts(rows, target, in_force, coverage_charts.points(coverage), certificate),
        "error_share": coverage["errors"] / coverage["n"],
    }


def _charts(
    rows: list[Row], target: Row, in_force: float, points: list[coverage_charts.Point], proof: Certificate | None
) -> Mapping[str, Any]:
    return {
        "targets": coverage_charts.targets(rows, target, in_force),
        "risk": coverage_charts.risk(points, target.alpha, proof),
    }


def _missing(known: Known) -> str:
    coverage = known.found.figures["coverage"]
    if coverage["prospects"]:
        return ""
    if not sum(coverage["drawn"].values()):
        return _(
            "No train or gold item was drawn with this criterion: they are drawn at import, by the policy's rates."
        )
    if coverage["n"] >= LEAST_CASES:
        return _("The judge is unscored or in doubt on every train and gold case, so it could accept nothing.")
    words = _(
        "It takes %(least)s train and gold cases that people have settled and the judge has spoken on; there are %(n)s."
    )
    return words % {"least": LEAST_CASES, "n": coverage["n"]}


def _asked(request: access.ProjectRequest) -> tuple[Criterion, float]:
    """Raises InputError for a criterion that the rubric in force does not ask, and a target out of range."""
    sent = request.POST if request.method == "POST" else request.GET
    asked = {str(each.pk): each for each in rubrics.criteria_in_force(request.project)}
    criterion = asked.get(sent.get("criterion", ""))
    if criterion is None:
        raise InputError("no criterion of the rubric in force was chosen", next_step="Choose one on the page Risk.")
    form = TargetForm(sent)
    if form.target_value is None:
        raise InputError(f'the target is "{sent.get("target", "")[:20]}"', expected="50 to 99.5, in hundredths")
    return criterion, round(1 - form.target_value / 100, 6)


def _ended(request: access.ProjectRequest, criterion: Criterion, alpha: float, delta: float) -> list[Ended]:
    endings = policies.would_end(request.project, {criterion.key: (alpha, delta)})
    known = Certificate.objects.select_related("judge", "criterion").in_bulk([each.certificate_id for each in endings])
    language = get_language() or "en"
    found = []
    for ending in endings:
        row = known[ending.certificate_id]
        title = row.criterion.question.in_language(language).title
        found.append(Ended(row, title, f"{ending.why}: {ending.detail}"))
    return found


def _holding(criterion: Criterion) -> list[Certificate]:
    """Certificates of the criterion that hold now."""
    found = Certificate.objects.filter(criterion=criterion, state=CellState.CERTIFIED)
    return list(found.select_related("judge").order_by("pk"))
