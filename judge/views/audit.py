"""The page Audit: what people said of what the judge accepted, over time and slice by slice, and what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from judge import access
from judge.actions import audit_histories, audit_slices, mixes, rubrics
from judge.errors import InputError
from judge.models import Alarm, Certificate, Criterion, Project, Role, Summary
from judge.rules.charts import Chart
from judge.rules.scales import Question
from judge.views import audit_charts, mix_charts

#: What slices are by, as tabs name it.
KINDS: Mapping[str, Promise | str] = {
    "week": _("by week"), "language": _("by language"), "category": _("by category"), "generator": _("by generator"),
}  # fmt: skip
MOST_ALARMS = 12


@dataclass(frozen=True, slots=True)
class Slice:
    """A ranked slice; ``url`` opens its audits."""

    row: Mapping[str, Any]
    url: str


@dataclass(frozen=True, slots=True)
class Rung:
    """An alarm, and what became of the labels that it doubted; None before a worker has looked."""

    alarm: Alarm
    title: str
    outcome: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """``certificate`` is None where none of the criterion has accepted anything."""

    criterion: Criterion | None
    question: Question | None
    certificate: Certificate | None
    criteria: Sequence[tuple[Criterion, str]]
    certificates: Sequence[Certificate]
    kind: str
    is_asked: bool


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER)
def audit(request: access.ProjectRequest) -> HttpResponse:
    project = request.project
    chosen = _choose(request)
    kept = {each.name: each for each in Summary.objects.filter(project=project, name__in=_NAMES)}
    context = {
        "chosen": chosen,
        "summary": min(kept.values(), key=lambda each: each.computed_at, default=None),
        "kinds": [(name, text, _query(chosen, name)) for name, text in KINDS.items()],
        "alarms": _alarms(project, kept.get(audit_slices.NAME)),
        **_watched(chosen, kept),
        **_ranked(project, chosen, kept.get(audit_slices.NAME)),
        **_mixed(project, chosen, kept.get(mixes.NAME)),
    }
    return render(request, "judge/audit.html", context)


_NAMES = (audit_histories.NAME, audit_slices.NAME, mixes.NAME)


def _choose(request: access.ProjectRequest) -> Chosen:
    """Raises InputError for what is none of the project's."""
    language, asked = get_language() or "en", rubrics.criteria_in_force(request.project)
    accepted = audit_histories.told(request.project)
    criteria = {each.pk: each for each in [*asked, *(row.criterion for row in accepted)]}
    criterion = _one(criteria, request.GET.get("criterion", ""), "criterion")
    mine = {row.pk: row for row in accepted if criterion and row.criterion_id == criterion.pk}
    kind = request.GET.get("by", "week")
    return Chosen(
        criterion=criterion,
        question=criterion.question.in_language(language) if criterion else None,
        certificate=_one(mine, request.GET.get("certificate", ""), "certificate"),
        criteria=[(each, each.question.in_language(language).title) for each in criteria.values()],
        certificates=list(mine.values()),
        kind=kind if kind in KINDS else "week",
        is_asked=criterion in asked,
    )


def _one[Row](rows: Mapping[int, Row], wanted: str, name: str) -> Row | None:
    if not wanted:
        return next(iter(rows.values()), None)
    found = rows.get(int(wanted[:18])) if wanted.isdecimal() else None
    if found is None:
        raise InputError(f'there is no {name} "{wanted[:20]}" here', next_step="Choose one on the page.")
    return found


def _watched(chosen: Chosen, kept: Mapping[str, Summary]) -> dict[str, Any]:
    if chosen.certificate is None:
        return {"charts": []}
    summary = kept.get(audit_histories.NAME)
    history = (summary.data if summary else {}).get(str(chosen.certificate.pk), {})
    audits, inputs = (audit_charts.shown(history.get(part, {}).get("points", {})) for part in ("audits", "input"))
    charts: list[Chart] = [
        audit_charts.bound(audits, alpha=chosen.certificate.alpha),
        audit_charts.level(audits),
        audit_charts.confidences(inputs),
    ]
    return {"charts": charts, "watch": chosen.certificate.watch}


def _ranked(project: Project, chosen: Chosen, summary: Summary | None) -> dict[str, Any]:
    slices = summary.data.get("slices", {}) if summary else {}
    found = slices.get(str(chosen.certificate.pk)) if chosen.certificate else None
    if not found or not chosen.criterion:
        return {"ranking": None}
    url = reverse("items", args=[project.slug])
    told = {"criterion": chosen.criterion.pk, "reason": "audit"}
    rows = [Slice(row, f"{url}?{urlencode({**told, row['by']: row['value']})}") for row in found["rows"]]
    return {"ranking": found, "slices": rows, "audits_url": f"{url}?{urlencode(told)}"}


def _mixed(project: Project, chosen: Chosen, summary: Summary | None) -> dict[str, Any]:
    if not chosen.criterion or not chosen.question:
        return {"mix": []}
    by_kind = (summary.data if summary else {}).get("criteria", {}).get(str(chosen.criterion.pk), {})
    told = by_kind.get(chosen.kind, {"n_values": 0, "rows": []})
    url = reverse("items", args=[project.slug])
    return {
        "mix": [
            mix_charts.labels(told["rows"], chosen.question),
            mix_charts.passes(told["rows"], chosen.kind, criterion=chosen.criterion.pk, items_url=url),
        ],
        "n_values": told["n_values"],
        "n_shown": len(told["rows"]),
    }


def _alarms(project: Project, summary: Summary | None) -> list[Rung]:
    outcomes = summary.data.get("alarms", {}) if summary else {}
    found = Alarm.objects.filter(project=project).select_related("certificate__criterion", "certificate__judge")
    language = get_language() or "en"
    return [
        Rung(each, each.certificate.criterion.question.in_language(language).title, outcomes.get(str(each.pk)))
        for each in found.order_by("-pk")[:MOST_ALARMS]
    ]


def _query(chosen: Chosen, kind: str) -> str:
    told: dict[str, object] = {"by": kind}
    if chosen.criterion:
        told["criterion"] = chosen.criterion.pk
    if chosen.certificate:
        told["certificate"] = chosen.certificate.pk
    return "?" + urlencode(told)
