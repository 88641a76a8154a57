"""The charts of the page Audit that tell of one certificate over its audits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, isfinite
from typing import Any

from django.utils.translation import gettext as _

from judge.rules.axes import Scale, linear, logarithmic
from judge.rules.charts import BOTTOM, LEFT, RIGHT, TOP, Axis, Cell, Chart, Key, Plot, Table
from judge.templatetags.words import exact, percent, tenths
from judge.views.promises import ALARM_LEVEL

#: At which the martingale on confidences tells of drift (judge.stats.input_drift, which pages never load).
DRIFT = 100.0
#: What lies below stands at the foot of a logarithmic scale.
FOOT = 0.1
#: A level or martingale beyond this says nothing more.
HIGHEST = 1e6

type Rows = Sequence[Sequence[Any]]


def shown(points: Mapping[str, Any]) -> list[list[Any]]:
    """The kept points of a history and its newest."""
    kept, last = list(points.get("kept", ())), points.get("last")
    return [*kept, last] if last and last not in kept[-1:] else kept


def bound(rows: Rows, *, alpha: float) -> Chart:
    """The running bound over audits, beside what was found and what was promised."""
    title = _("At most so much of what was accepted disagrees with people")
    if not rows:
        return Chart("bound", title, missing=_("No audit of this certificate has been answered yet."))
    plot = Plot(_audits(rows), linear([row[4] for row in rows] + [alpha], start=BOTTOM, end=TOP, low=0.0))
    found = [(row[0], row[2] / row[0]) for row in rows]
    return Chart(
        "bound",
        title,
        _("The line is a bound that holds at all audits at once, with 95 % confidence. Below the promise all is well."),
        Axis(_("audits answered"), plot.x.ticks(_count)),
        Axis(_("share that disagrees"), plot.y.ticks(_share)),
        [
            plot.rule(alpha, series="b", text=_("promised: at most %(alpha)s") % {"alpha": exact(alpha)}),
            plot.line(found, series="b", text=_("found in audits so far")),
            plot.line([(row[0], row[4]) for row in rows], text=_("running bound, 95 %")),
        ],
        [
            Key("a", "line", _("running bound, 95 %")),
            Key("b", "line", _("found in audits so far")),
            Key("b", "rule", _("promised: at most %(alpha)s") % {"alpha": exact(alpha)}),
        ],
        Table(
            (_("Audits"), _("Disagree"), _("Found"), _("Bound"), _("Accepted"), _("Accepted at")),
            [
                (Cell(_count(n)), Cell(_count(errors)), Cell(tenths(errors / n)), Cell(tenths(at_most)),
                 Cell(_count(accepted)), Cell(_moment(at)))
                for n, accepted, errors, _level, at_most, at in rows
            ],
        ),
    )  # fmt: skip


def level(rows: Rows) -> Chart:
    """The e-detector's level, on a scale of powers of ten."""
    title = _("How loudly the audits speak against the promise")
    if not rows:
        return Chart("level", title, missing=_("No audit of this certificate has been answered yet."))
    values = [min(HIGHEST, max(FOOT, row[3])) for row in rows]
    plot = Plot(_audits(rows), logarithmic([*values, FOOT, ALARM_LEVEL], start=BOTTOM, end=TOP))
    rings = _("alarm at %(level)s") % {"level": _count(ALARM_LEVEL)}
    return Chart(
        "level",
        title,
        _("The level of the detector: it grows by disagreement and shrinks by agreement. At the upper line it rings."),
        Axis(_("audits answered"), plot.x.ticks(_count)),
        Axis(_("level"), plot.y.ticks(_short)),
        [
            plot.rule(ALARM_LEVEL, series="b", text=rings),
            plot.line([(row[0], value) for row, value in zip(rows, values, strict=True)], text=_("level")),
        ],
        [Key("a", "line", _("level")), Key("b", "rule", rings)],
        Table(
            (_("Audits"), _("Level"), _("Accepted at")),
            [(Cell(_count(row[0])), Cell(_number(row[3])), Cell(_moment(row[5]))) for row in rows],
        ),
    )


def confidences(rows: Rows) -> Chart:
    """Whether the judge's confidences still look like those of before."""
    title = _("Whether new cases look like those before")
    if not rows:
        return Chart("input", title, missing=_("Nothing was accepted under this certificate yet."))
    values = [_wealth(row[1]) for row in rows]
    plot = Plot(_audits(rows), logarithmic([*values, FOOT, DRIFT], start=BOTTOM, end=TOP))
    told = _("drift is told at %(level)s; more is audited then") % {"level": _count(DRIFT)}
    return Chart(
        "input",
        title,
        _("A martingale on the judge's confidences: low while they come in no order, it grows when they shift."),
        Axis(_("cases accepted"), plot.x.ticks(_count)),
        Axis(_("martingale"), plot.y.ticks(_short)),
        [
            plot.rule(DRIFT, series="b", text=told),
            plot.line([(row[0], value) for row, value in zip(rows, values, strict=True)], text=_("martingale")),
        ],
        [Key("a", "line", _("martingale")), Key("b", "rule", told)],
        Table(
            (_("Accepted"), _("Martingale"), _("Accepted at")),
            [
                (Cell(_count(row[0])), Cell(_number(_wealth(row[1]))), Cell(_moment(row[2])))
                for row in rows
            ],
        ),
    )  # fmt: skip


def _audits(rows: Rows) -> Scale:
    return linear([float(row[0]) for row in rows], start=LEFT, end=RIGHT, low=0.0)


def _wealth(log: float) -> float:
    return min(HIGHEST, max(FOOT, exp(min(log, 100.0)))) if isfinite(log) else FOOT


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _short(value: float) -> str:
    """Powers of ten beside an axis, where there is room for four letters.

    >>> _short(0.1), _short(1000), _short(100000)
    ('0.1', '1,000', '100k')
    """
    return f"{value:g}" if value < 1 else f"{value:,.0f}" if value < 1e4 else f"{value / 1e3:,.0f}k"


def _share(value: float) -> str:
    return percent(value) if round(100 * value, 6).is_integer() else tenths(value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def _moment(at: str) -> str:
    return at[:16].replace("T", " ")
