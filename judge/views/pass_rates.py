"""Pass rates by generator: a panel of the overview, and a page of its own for whoever has no scripts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from judge import access
from judge.actions import pass_rates as actions
from judge.actions import summaries
from judge.http import fragment
from judge.models import Criterion, Project, Role
from judge.rules.axes import Scale
from judge.rules.charts import RIGHT, Axis, Cell, Chart, Key, Mark, Plot, Table, rows_of
from judge.templatetags.words import percent, tenths
from judge.views import flow

type Rates = Mapping[str, Any]

#: Room for names left of the chart, and letters of a name that fit there.
NAMES, LETTERS = 104.0, 15
SHARES = Scale(0, 1, NAMES, RIGHT)


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER, Role.ADJUDICATOR)
def pass_rates(request: access.ProjectRequest) -> HttpResponse:
    """How much passes, by generator and criterion, as audits correct it; for htmx the panel of the overview."""
    summary = summaries.read(request.project, actions.NAME)
    figures = summary.data if summary else {}
    context = {
        "summary": summary,
        "charts": charts(request.project, figures, sees_items=bool(request.roles & ITEMS_ROLES)),
        "others": max(0, figures.get("n_generators", 0) - actions.MOST_GENERATORS),
        "shown": actions.MOST_GENERATORS,
    }
    if request.htmx:
        is_moving = flow.is_moving(flow.happenings(request.project))
        return fragment(request, "judge/pass_rates.html#panel", context, is_moving=is_moving)
    return render(request, "judge/pass_rates.html", context)


#: Who may open the list of items, to which each generator leads.
ITEMS_ROLES = {Role.LEAD, Role.VIEWER, Role.TRAINER}


def charts(project: Project, figures: Mapping[str, Any], *, sees_items: bool = True) -> list[Chart]:
    """One for each criterion that has cases, those of the rubric in force first."""
    criteria = Criterion.objects.filter(pk__in=figures.get("criteria", {})).order_by("pk")
    in_force = set(Criterion.objects.filter(links__rubric=project.rubric_id).values_list("pk", flat=True))
    names = [each["name"] for each in figures.get("generators", ())]
    found = []
    for each in sorted(criteria, key=lambda each: each.pk not in in_force):
        rates = figures["criteria"][str(each.pk)]
        known = [(name, rates[name]) for name in names if name in rates]
        urls = [_items_url(project, each, name) if sees_items else "" for name, _rates in known]
        found.append(_chart(each, _title(each, in_force), known, urls))
    return found


def _title(criterion: Criterion, in_force: Collection[int]) -> str:
    title = criterion.question.in_language(get_language() or "en").title
    return title if criterion.pk in in_force else f"{title} ({_('earlier version')})"


def _chart(criterion: Criterion, title: str, known: Sequence[tuple[str, Rates]], urls: Sequence[str]) -> Chart:
    if missing := _missing(criterion, [rates for _name, rates in known]):
        return Chart(f"pass-{criterion.pk}", title, missing=missing)
    scale, ticks = rows_of([_short(name) for name, _rates in known])
    plot = Plot(SHARES, scale)
    marks = [mark for row, (name, rate) in enumerate(known) for mark in _marks(plot, row, name, rate, urls[row])]
    return Chart(
        f"pass-{criterion.pk}", title,
        description=_("Share of cases that pass, by generator: as corrected by people, with the range that holds it in "
                      "19 of 20 samples, and as the judge alone says."),
        x=Axis("", SHARES.ticks(percent)), y=Axis("", ticks), marks=marks,
        legend=[Key("a", "point", _("corrected, with range")), Key("d", "point", _("judge alone"))],
        table=_table(known, urls), height=round(scale.end + 26), left=NAMES, bottom=scale.end,
    )  # fmt: skip


def _missing(criterion: Criterion, rates: Sequence[Rates]) -> str:
    if not any(label.passes is not None for label in criterion.scale.all()):
        return _("A preference has no pass: there is no rate to tell.")
    if not any(rate["rate"] or rate["judged"] for rate in rates):
        return _("No case is settled and none is judged yet: answers of people or a judge are missing.")
    return ""


def _marks(plot: Plot, row: int, name: str, rate: Rates, url: str) -> list[Mark]:
    y, marks = row + 0.5, []
    if rate["judged"]:
        share = rate["judged_pass"] / rate["judged"]
        text = _("%(name)s, judge alone: %(rate)s") % {"name": _full(name), "rate": tenths(share)}
        marks.append(plot.point(share, y, series="d", text=text))
    if found := rate["rate"]:
        text = f"{_full(name)}: {_told(found)}"
        marks.append(plot.whisker_across(y, found["low"], found["high"]))
        marks.append(plot.point(found["value"], y, text=text, url=url))
    return marks


def _table(known: Sequence[tuple[str, Rates]], urls: Sequence[str]) -> Table:
    head = [
        _("Generator"),
        _("Corrected"),
        _("Range"),
        _("n read by people"),
        _("Judge alone"),
        _("n judged"),
        _("Cases"),
    ]
    rows = []
    for (name, rate), url in zip(known, urls, strict=True):
        found, judged = rate["rate"], rate["judged"]
        rows.append([
            Cell(_full(name), url),
            Cell(tenths(found["value"]) if found else _("not known: nothing accepted was audited, or nothing settled")),
            Cell(f"{tenths(found['low'])} – {tenths(found['high'])}" if found else "–"),
            Cell(f"{rate['people'] + rate['audited']:,}"),
            Cell(tenths(rate["judged_pass"] / judged) if judged else "–"),
            Cell(f"{judged:,}"),
            Cell(f"{rate['cases']:,}"),
        ])  # fmt: skip
    return Table(head, rows)


def _told(found: Mapping[str, Any]) -> str:
    shares = {"rate": found["value"], "low": found["low"], "high": found["high"]}
    words = {name: tenths(share) for name, share in shares.items()}
    return _("%(rate)s (%(low)s to %(high)s, n = %(n)s)") % {**words, "n": f"{found['n']:,}"}


def _full(name: str) -> str:
    return name or _("not named")


def _short(name: str) -> str:
    full = _full(name)
    return full if len(full) <= LETTERS else f"{full[: LETTERS - 1]}…"


def _items_url(project: Project, criterion: Criterion, generator: str) -> str:
    query = urlencode({"generator": generator, "criterion": criterion.pk} if generator else {"criterion": criterion.pk})
    return f"{reverse('items', kwargs={'slug': project.slug})}?{query}"
