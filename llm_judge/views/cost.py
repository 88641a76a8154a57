"""The page Cost: what judges' answers took by criterion, and what the rest of the project will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseStopPolling

from judge import access
from judge.actions import summaries
from judge.models import Criterion, Judge, Project, Role
from judge.rules import row_charts
from judge.rules.charts import Cell, Chart
from judge.rules.row_charts import Row
from llm_judge.actions import spending
from llm_judge.models import LIVE, Run
from llm_judge.templatetags.money import money


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion of a judge: what was spent on it, and what one case costs."""

    title: str
    spent: Mapping[str, Any]
    per_case: Mapping[str, Any]

    @property
    def tokens(self) -> int:
        return int(self.spent["prompt_tokens"] + self.spent["completion_tokens"])


@dataclass(frozen=True, slots=True)
class Told:
    """One judge."""

    judge: Judge
    n_runs: int
    paid: float | None
    lines: Sequence[Line]


@require_GET
@access.project(Role.LEAD, Role.VIEWER)
def cost(request: access.ProjectRequest) -> HttpResponse:
    """The whole page; for htmx only the figures, which stop asking once no run moves."""
    moving = Run.objects.filter(project=request.project, status__in=LIVE).exclude(status=Run.Status.PAUSED).exists()
    context = _figures(request.project) | {"is_moving": moving}
    response = render(request, "llm_judge/cost.html#figures" if request.htmx else "llm_judge/cost.html", context)
    if request.htmx and not moving:
        response.status_code = HttpResponseStopPolling.status_code
    patch_vary_headers(response, ["HX-Request"])
    return response


def _figures(project: Project) -> dict[str, Any]:
    summary = summaries.read(project, spending.NAME)
    data: Mapping[str, Any] = summary.data if summary else {"judges": [], "ahead": None}
    titles = _titles(project)
    judges = Judge.objects.in_bulk([each["judge"] for each in data["judges"]])
    told = [_tell(judges[each["judge"]], each, titles) for each in data["judges"] if each["judge"] in judges]
    ahead = data["ahead"]
    has_prices = any(line.spent["money"] != 0 for each in told for line in each.lines)
    unit = "money" if has_prices and ahead and ahead["total"]["money"] else "tokens"
    in_force = next((each for each in told if each.judge.pk == project.judge_id), None)
    return {
        "summary": summary,
        "told": told,
        "ahead": ahead,
        "unknown": [titles.get(pk, "") for pk in ahead["unknown"]] if ahead else [],
        "has_prices": has_prices,
        "charts": [_per_case(in_force), _still(ahead, unit, titles)],
    }


def _titles(project: Project) -> dict[int, str]:
    """Of every criterion that the project ever had: a retired one has cost money too."""
    language = get_language() or "en"
    found = Criterion.objects.filter(project=project)
    return {each.pk: each.question.in_language(language).title for each in found}


def _tell(judge: Judge, told: Mapping[str, Any], titles: Mapping[int, str]) -> Told:
    lines = [Line(titles[each["criterion"]], each, each["per_case"]) for each in told["criteria"]]
    return Told(judge, told["n_runs"], told["paid"], lines)


def _per_case(told: Told | None) -> Chart:
    """Tokens of one case by criterion, of the judge in force."""
    known = [(line.title, line.per_case["tokens"]) for line in told.lines if line.per_case["tokens"]] if told else []
    chart = row_charts.bars([_row(title, found, _whole) for title, found in known], write=_whole, axis=_("tokens"))
    missing = "" if known else _("The judge in force has answered nothing yet that was counted.")
    return replace(
        chart,
        key="per-case",
        title=_("Tokens for one case, judge in force"),
        description=_("A bar for each criterion; the line at its end is the range of the average."),
        table=replace(chart.table, head=[_("Criterion"), _("tokens"), _("Range"), "n"]),
        missing=missing,
    )


def _still(ahead: Mapping[str, Any] | None, unit: str, titles: Mapping[int, str]) -> Chart:
    """What is still to be spent, by criterion."""
    write, axis = (money, _("cost")) if unit == "money" else (_whole, _("tokens"))
    known = [(titles.get(each["criterion"], ""), each[unit]) for each in ahead["by_criterion"]] if ahead else []
    rows = [_row(title, found, write) for title, found in known if found]
    chart = row_charts.bars(rows, write=write, axis=axis)
    return replace(
        chart,
        key="ahead",
        title=_("Still to be spent, by criterion"),
        description=_(
            "A bar for each criterion that has cases left; the line at its end is the range of the forecast."
        ),
        table=replace(chart.table, head=[_("Criterion"), axis, _("Range"), "n"]),
        missing="" if rows else _nothing_ahead(ahead),
    )


def _nothing_ahead(ahead: Mapping[str, Any] | None) -> str:
    if ahead is None:
        return _("No judge is in force: nothing is to be spent.")
    if not ahead["n_left"]:
        return _("The judge in force has judged every case that was imported.")
    return _("Cases wait for the judge, but it has answered none like them yet: what they cost cannot be told.")


def _row(title: str, found: Mapping[str, Any], write: Any) -> Row:
    low, high = found["low"], found["high"]
    between = "–" if low is None else _("%(low)s to %(high)s") % {"low": write(low), "high": write(high)}
    cells = [Cell(title), Cell(write(found["value"])), Cell(between), Cell(_whole(found["n"]))]
    return Row(title, found["value"], low, high, cells, text=f"{title}: {write(found['value'])} ({between})")


def _whole(value: float) -> str:
    return number_format(round(value), force_grouping=True)
