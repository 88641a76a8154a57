"""The page Compare: two judges, rubric versions or generators side by side, what went wrong first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from judge import access
from judge.actions import comparison_figures, summaries
from judge.actions.comparison_figures import GENERATORS, JUDGES, KINDS, RUBRICS, Pair
from judge.errors import InputError, ServiceError
from judge.models import Criterion, Project, Role, Summary
from judge.rules.charts import Cell, Chart, Table
from judge.rules.row_charts import Row, points
from judge.rules.scales import Question
from judge.templatetags.words import points as in_points
from judge.templatetags.words import tenths

type Write = Callable[[float], str]

#: Of a case that was told: what holds the key of a label.
LABELS = ("people", "said", "first", "second")
TABS: Mapping[str, Promise | str] = {
    JUDGES: gettext_lazy("judges"), RUBRICS: gettext_lazy("rubric versions"), GENERATORS: gettext_lazy("generators"),
}  # fmt: skip
#: What a measure of two sides is called: (key in the figures, its name).
SIDES: Mapping[str, Promise | str] = {
    "passes": gettext_lazy("passes by people"), "is_right": gettext_lazy("the judge is right, on gold cases"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """What can be chosen on one side."""

    name: str
    value: str
    options: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of both sides and its gain, each in words with its range; ``gain`` is that in numbers."""

    name: str
    first: tuple[str, str]
    second: tuple[str, str]
    gain: tuple[float, float, float]
    told: tuple[str, str]
    p: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One criterion. ``missing`` says why there is nothing to compare."""

    title: str
    measures: Sequence[Measure]
    cases: Sequence[Mapping[str, Any]]
    rates: Sequence[str]
    missing: str


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER)
def compare(request: access.ProjectRequest) -> HttpResponse:
    project = request.project
    kind = request.GET.get("kind", JUDGES)
    kind = kind if kind in KINDS else JUDGES
    summary = summaries.read(project, comparison_figures.NAME)
    pair, there = _chosen(request, kind, summary)
    figures = _figures(summary, pair)
    compared = _compared(project, pair, figures) if pair and figures else []
    context = {
        "summary": summary,
        "kind": kind,
        "tabs": [(name, text, f"?{urlencode({'kind': name})}") for name, text in TABS.items()],
        "sides": _sides(project, kind, pair, there),
        "pair": pair,
        "names": [_name(project, kind, value) for value in pair[1:]] if pair else [],
        "figures": figures,
        "compared": compared,
        "chart": _chart(compared, kind) if compared else None,
        "is_awaited": pair is not None and not figures and comparison_figures.is_awaited(project, pair),
        "may_ask": bool(request.roles & {Role.LEAD, Role.TRAINER}),
        "there": there,
    }
    return render(request, "judge/compare.html", context)


@require_POST
@access.project(Role.LEAD, Role.TRAINER)
def ask_comparison(request: access.ProjectRequest) -> HttpResponse:
    """Have a worker count the pair that was chosen."""
    told = {name: request.POST.get(name, "")[:120] for name in ("kind", "first", "second")}
    try:
        comparison_figures.ask(request.project, Pair(**told), by=request.user)
    except ServiceError as error:
        messages.error(request, str(error))
    return redirect(reverse("compare", args=[request.project.slug]) + f"?{urlencode(told)}")


def _chosen(request: access.ProjectRequest, kind: str, summary: Summary | None) -> tuple[Pair | None, list[str]]:
    """The pair in the address, else the first that was counted. Raises InputError for what is not there."""
    there = comparison_figures.sides(request.project, kind)
    first, second = (request.GET.get(name, "") for name in ("first", "second"))
    if first or second:
        for value in (first, second):
            if value not in there:
                raise InputError(f'there is no "{value[:40]}" here', next_step="Choose two on the page.")
        return Pair(kind, first, second), there
    known = [each for each in (summary.data["pairs"] if summary else []) if each["kind"] == kind]
    if known:
        return Pair(kind, known[0]["first"], known[0]["second"]), there
    return (Pair(kind, there[1], there[0]) if len(there) > 1 else None), there


def _figures(summary: Summary | None, pair: Pair | None) -> Mapping[str, Any] | None:
    pairs: list[Mapping[str, Any]] = summary.data["pairs"] if summary else []
    return next((each for each in pairs if pair == (each["kind"], each["first"], each["second"])), None)


def _sides(project: Project, kind: str, pair: Pair | None, there: Sequence[str]) -> list[Side]:
    options = [(value, _name(project, kind, value)) for value in there]
    chosen = pair[1:] if pair else ("", "")
    return [Side(name, value, options) for name, value in zip(("first", "second"), chosen, strict=True)]


def _name(project: Project, kind: str, value: str) -> str:
    """Versions tell judges and rubrics apart, so no row is read for a name."""
    if kind == GENERATORS:
        return value
    in_force = project.judge if kind == JUDGES else project.rubric
    name = f"v{value}"
    return f"{name} ({_('in force')})" if in_force and str(in_force.version) == value else name


def _compared(project: Project, pair: Pair, figures: Mapping[str, Any]) -> list[Compared]:
    language = get_language() or "en"
    criteria = Criterion.objects.in_bulk([each["criterion"] for each in figures["criteria"]])
    found = []
    for each in figures["criteria"]:
        question = criteria[each["criterion"]].question.in_language(language)
        told = _of_judges(each) if pair.kind == JUDGES else _of_sides(each)
        cases = [_titled(case, question) for case in each.get("cases", ())]
        missing = "" if told else _missing(pair.kind, each)
        found.append(Compared(question.title, told, cases, _rates(project, pair, each), missing))
    return found


def _titled(case: Mapping[str, Any], question: Question) -> dict[str, Any]:
    """Labels by their titles; one of an earlier wording of the question by its key."""
    titles = {label.key: label.title for label in question.labels} | {"": _("unscored")}
    return {name: titles.get(value, value) if name in LABELS else value for name, value in case.items()}


def _rates(project: Project, pair: Pair, told: Mapping[str, Any]) -> list[str]:
    """What each judge lets pass and stops, in words."""
    words = _("%(name)s lets %(k)s of %(n)s good ones pass (%(range)s) and stops %(j)s of %(m)s bad ones (%(other)s).")
    return [
        words % {
            "name": _name(project, pair.kind, name), "k": passed[0], "n": passed[1], "range": _between(*passed[2:]),
            "j": stopped[0], "m": stopped[1], "other": _between(*stopped[2:]),
        }
        for name, passed, stopped in zip(pair[1:], told.get("lets_pass", ()), told.get("stops", ()), strict=False)
    ]  # fmt: skip


def _missing(kind: str, told: Mapping[str, Any]) -> str:
    if told.get("is_same"):
        return _("Both ask the same, so its cases, labels and certificates are the same.")
    if told.get("only"):
        return _("Only the first asks this.") if told["only"] == "first" else _("Only the second asks this.")
    if kind == JUDGES:
        return _("No gold case has been decided by people and judged by both.")
    return _("People have decided train or gold cases of one side at most: %(first)d and %(second)d.") % {
        "first": told["n"][0], "second": told["n"][1],
    }  # fmt: skip


def _of_judges(told: Mapping[str, Any]) -> list[Measure]:
    if not told["n"]:
        return []
    n, (first, second) = told["n"], told["right"]
    words = _("%(n)s cases differ: %(gained)s gained, %(lost)s lost") % {
        "n": told["gained"] + told["lost"], "gained": told["gained"], "lost": told["lost"],
    }  # fmt: skip
    sides = [(_share(hits, n), "") for hits in (first, second)]
    found = [_measure(_("agrees with people"), sides, told["gain"], in_points, p=told["p"], note=words)]
    if told["kappa"]:
        found.append(_measured(_("kappa with people"), told["kappa"], _three_places))
    if told["coverage"]:
        name = _("could accept with at most %(alpha)s wrong, on these cases") % {"alpha": tenths(told["alpha"])}
        found.append(_measured(name, told["coverage"], tenths))
    return found


def _measured(name: str, told: Mapping[str, Any], write: Write) -> Measure:
    sides = [(write(told[side][0]), _between(*told[side][1:], write=write)) for side in ("first", "second")]
    return _measure(name, sides, told["gain"], in_points if write is tenths else write)


def _measure(
    name: str,
    sides: Sequence[tuple[str, str]],
    gain: Sequence[float],
    write: Write,
    *,
    p: float | None = None,
    note: str = "",
) -> Measure:
    value, low, high = gain
    told = (write(value), _between(low, high, write=write))
    return Measure(name, sides[0], sides[1], (value, low, high), told, p, note)


def _of_sides(told: Mapping[str, Any]) -> list[Measure]:
    found = []
    for key, name in SIDES.items():
        if each := told.get(key):
            sides = [(_share(k, n), _between(low, high)) for k, n, low, high in (each["first"], each["second"])]
            words = _("%(n)s contexts of both: the second is ahead in %(ahead)s, behind in %(behind)s") % {
                "n": each["contexts"], "ahead": each["ahead"][1], "behind": each["ahead"][0],
            }  # fmt: skip
            p = each["p"] if each["contexts"] else None
            found.append(_measure(str(name), sides, each["gain"], in_points, p=p, note=words))
    return found


def _chart(compared: Sequence[Compared], kind: str) -> Chart:
    """The gain of the second side by criterion: the first measure of each."""
    title = _("What the second gains over the first")
    known = [(each.title, each.measures[0]) for each in compared if each.measures]
    if not known:
        return Chart("gains", title, missing=_("No criterion has cases of both sides that people have decided."))
    rows = [
        Row(name, *each.gain, cells=(Cell(name), *map(Cell, each.told)), text=f"{name}: {', '.join(each.told)}")
        for name, each in known
    ]
    axis = _("points more agreement with people") if kind == JUDGES else _("points more that passes by people")
    return replace(
        points(rows, write=_signed, axis=axis),
        key="gains",
        title=title,
        table=Table((_("Criterion"), _("Gain"), _("95 % range")), [row.cells for row in rows]),
        description=_("Right of nought the second is better. Where the line crosses nought, it may be chance."),
    )


def _signed(difference: float) -> str:
    return f"{100 * difference:+.0f}".replace("-", "−") if difference else "0"


def _three_places(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _share(hits: int, n: int) -> str:
    return _("%(share)s of %(n)s") % {"share": tenths(hits / n), "n": f"{n:,}"}


def _between(low: float, high: float, *, write: Write = tenths) -> str:
    return _("%(low)s to %(high)s") % {"low": write(low), "high": write(high)}
