"""The charts of the page Audit that tell of slices: which labels the judge gives, and how much passes by people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from judge.rules import charts
from judge.rules.axes import Scale
from judge.rules.charts import SERIES, Axis, Cell, Chart, Key, Mark, Plot, Table
from judge.rules.row_charts import END, NAMES, Row, bars, shorten
from judge.rules.scales import Question
from judge.templatetags.words import percent, tenths

#: Fewer decided cases than this tell nothing of a slice that could be drawn.
LEAST_DECIDED = 5

type Slices = Sequence[Mapping[str, Any]]


def labels(slices: Slices, question: Question) -> Chart:
    """Of each slice which labels the judge gives, as parts of one bar."""
    title = _("Which labels the judge gives")
    known = [each for each in slices if sum(each["labels"].values())]
    if not known:
        return Chart("labels", title, missing=_("The judge in force has said nothing of these cases yet."))
    names = _series(question, known)
    y, ticks = charts.rows_of([shorten(each["value"]) for each in known])
    plot = Plot(Scale(0, 1, NAMES, END), y)
    return Chart(
        "labels",
        title,
        _(
            "Each bar is all verdicts on a slice, its parts are labels. Where their size changes, something shifts."
        ),
        Axis(_("share of verdicts"), plot.x.ticks(percent)),
        Axis("", ticks),
        [mark for place, each in enumerate(known) for mark in _parts(plot, place, each["labels"], names)],
        [Key(series, "bar", name) for series, (name, _keys) in zip(SERIES, names, strict=False)],
        Table(
            (_("Slice"), _("Verdicts"), *(name for name, _keys in names)),
            [_label_row(each["value"], each["labels"], names) for each in known],
        ),
        height=round(y.end + charts.HEIGHT - charts.BOTTOM), left=NAMES, right=END, bottom=y.end,
    )  # fmt: skip


def passes(slices: Slices, kind: str, *, criterion: int, items_url: str) -> Chart:
    """Of each slice how much passes by people, with its interval; a slice opens its cases."""
    title = _("How much passes by people")
    rows = [
        _pass_row(each, _address(items_url, kind, each["value"], criterion))
        for each in slices if each["people"] and each["people"]["n"] >= LEAST_DECIDED
    ]  # fmt: skip
    if not rows:
        return Chart("passes", title, missing=_missing(slices))
    chart = bars(rows, write=percent, axis=_("share that passes"))
    head = (_("Slice"), _("Passes"), _("95 % range"), _("Decided"), _("Drawn"))
    note = ngettext(
        "%(n)d slice with fewer than %(least)d decided cases is left out.",
        "%(n)d slices with fewer than %(least)d decided cases are left out.",
        len(slices) - len(rows),
    ) % {"n": len(slices) - len(rows), "least": LEAST_DECIDED} if len(rows) < len(slices) else ""  # fmt: skip
    return replace(
        chart, key="passes", title=title, table=Table(head, chart.table.rows), note=note,
        description=_("Estimated from train and gold cases that people have decided; lines are 95 % ranges."),
    )  # fmt: skip


def _series(question: Question, slices: Slices) -> list[tuple[str, frozenset[str]]]:
    """Labels that are told apart: all of them, or the first three and the rest together. What is unscored is one."""
    keys = [(label.title, label.key) for label in question.labels]
    if any(each["labels"].get("") for each in slices):
        keys.append((_("unscored"), ""))
    if len(keys) <= len(SERIES):
        return [(title, frozenset([key])) for title, key in keys]
    first, rest = keys[: len(SERIES) - 1], keys[len(SERIES) - 1 :]
    return [*((title, frozenset([key])) for title, key in first), (_("others"), frozenset(key for _title, key in rest))]


def _parts(
    plot: Plot, place: int, counts: Mapping[str, int], names: Sequence[tuple[str, frozenset[str]]]
) -> Iterator[Mark]:
    total, start = sum(counts.values()), 0.0
    for series, (name, keys) in zip(SERIES, names, strict=False):
        share = sum(counts.get(key, 0) for key in keys) / total
        if share:
            yield plot.segment_across(
                place + 0.2, place + 0.8, start, start + share, series=series, text=f"{name}: {tenths(share)}"
            )
        start += share


def _label_row(value: str, counts: Mapping[str, int], names: Sequence[tuple[str, frozenset[str]]]) -> list[Cell]:
    total = sum(counts.values())
    shares = [sum(counts.get(key, 0) for key in keys) / total for _name, keys in names]
    return [Cell(value), Cell(f"{total:,}"), *(Cell(tenths(share)) for share in shares)]


def _pass_row(told: Mapping[str, Any], url: str) -> Row:
    people = told["people"]
    between = _("%(low)s to %(high)s") % {"low": tenths(people["low"]), "high": tenths(people["high"])}
    cells = (
        Cell(told["value"], url), Cell(tenths(people["value"])), Cell(between), Cell(f"{people['n']:,}"),
        Cell(f"{told['n_drawn']:,}"),
    )  # fmt: skip
    text = _("%(name)s: %(share)s pass, %(between)s, of %(n)s") % {
        "name": told["value"], "share": tenths(people["value"]), "between": between, "n": f"{people['n']:,}",
    }  # fmt: skip
    return Row(told["value"], people["value"], people["low"], people["high"], cells, text, url)


def _address(items_url: str, kind: str, value: str, criterion: int) -> str:
    """Weeks have no filter in the list of items."""
    return "" if kind == "week" else f"{items_url}?{urlencode({'criterion': criterion, kind: value})}"


def _missing(slices: Slices) -> str:
    drawn = sum(each["n_drawn"] for each in slices)
    if not drawn:
        return _(
            "No train or gold item was drawn with this criterion: they are drawn at import, by the policy's rates."
        )
    decided = sum(each["people"]["n"] for each in slices if each["people"])
    return _(
        "People have decided %(n)s of %(drawn)s train and gold cases: a slice is drawn from %(least)d decided ones on."
    ) % {"n": f"{decided:,}", "drawn": f"{drawn:,}", "least": LEAST_DECIDED}
