"""The component that draws every chart."""

from __future__ import annotations

import re

from django.template.loader import render_to_string

from judge.rules.axes import Scale
from judge.rules.charts import BOTTOM, LEFT, RIGHT, TOP, Axis, Cell, Chart, Key, Plot, Table
from tests.snapshots import held

X, Y = Scale(0, 1, LEFT, RIGHT), Scale(0, 1, BOTTOM, TOP)
PLOT = Plot(X, Y)


def example(**changes: object) -> Chart:
    """One of each kind of mark, on known numbers."""
    marks = [
        PLOT.band([(0, 0.1, 0.3), (1, 0.7, 0.9)]),
        PLOT.bar(0.1, 0.2, 0.5, series="b", text="gen-b: 50 %", url="/items/?generator=b"),
        PLOT.line([(0, 0), (1, 1)], text="perfect"),
        PLOT.point(0.5, 0.5, series="c"),
        PLOT.whisker(0.5, 0.4, 0.6, series="c"),
        PLOT.rule(0.9),
    ]
    parts = {
        "key": "example", "title": "Example <b>", "description": "What it shows.",
        "x": Axis("confidence", X.ticks("{:.0%}".format)), "y": Axis("share right", Y.ticks("{:.0%}".format)),
        "marks": marks, "legend": [Key("a", "line", "perfect"), Key("b", "bar", "gen-b")],
        "table": Table(["Generator", "n"], [[Cell("gen-b"), Cell("12", "/items/?generator=b")]]),
    }  # fmt: skip
    return Chart(**(parts | changes))  # type: ignore[arg-type]


def drawn(chart: Chart) -> str:
    return render_to_string("_components/chart.html", {"chart": chart})


def test_chart_is_drawn_as_reviewed() -> None:
    held("chart.html", drawn(example()))


def test_chart_needs_no_style_of_its_own_and_escapes_what_it_is_given() -> None:
    text = drawn(example())
    assert "style" not in text
    assert "Example &lt;b&gt;" in text
    assert "<script" not in text


def test_chart_says_what_is_missing_instead_of_drawing() -> None:
    text = drawn(example(missing="No case was audited yet."))
    assert "No case was audited yet." in text
    assert "<svg" not in text
    assert "<table" not in text


def test_every_pattern_that_is_used_is_there() -> None:
    text = drawn(example())
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(re.findall(r'<pattern id="([^"]+)"', text))
