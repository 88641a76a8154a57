"""The page Calibration: whether a judge's confidence means what it says, and in which way it errs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from judge import access
from judge.actions import judge_figures
from judge.actions.calibration_figures import NONE, cell_name
from judge.models import Judge, Project, Role
from judge.rules.charts import Chart
from judge.rules.scales import Question
from judge.templatetags.words import percent
from judge.views import measured_judges, reliability_charts
from judge.views.measured_judges import Chosen, Known, Option

type Figures = Mapping[str, Any]

#: What a project judges, in the plural, as sentences name it.
THINGS: Mapping[str, Promise | str] = {
    "interest": gettext_lazy("interests"),
    "tag": gettext_lazy("tags"),
    "explanation": gettext_lazy("explanations"),
    "explanation-v2": gettext_lazy("explanations"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A rate in words, with its interval and what it was counted of."""

    text: str
    low: float
    high: float
    n_hits: int
    n: int


@dataclass(frozen=True, slots=True)
class Count:
    """A cell of the confusion matrix; ``url`` opens its cases."""

    column: str
    n: int
    share: float | None
    url: str
    is_agreement: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """One column of the table of measures."""

    name: str
    n: int
    brier: Sequence[float]
    smooth_ece: float


@dataclass(frozen=True, slots=True)
class Versus:
    """This judge against another on the same cases. ``difference``: this one's share right less the other's."""

    name: str
    n: int
    only_this: int
    only_other: int
    difference: float
    low: float
    high: float
    p: float


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER)
def calibration(request: access.ProjectRequest) -> HttpResponse:
    chosen = measured_judges.choose(request, request.project)
    against = _against(chosen, request.GET.get("against", ""))
    context: dict[str, Any] = {"chosen": chosen, "against": against, "missing": chosen.missing}
    if chosen.known:
        other = next((each for each in against if each.is_chosen), None)
        context |= _context(request.project, chosen.known, chosen.all_judges, other)
    return render(request, "judge/calibration.html", context)


def _context(project: Project, known: Known, judges: Sequence[Judge], other: Option | None) -> dict[str, Any]:
    figures: Figures = known.found.figures["calibration"]
    theirs = _figures_of(project, other, known) if other else None
    return {
        "figures": figures,
        "missing": _missing(figures),
        "charts": list(_charts(figures)),
        "measures": list(_measures(figures, other, theirs)),
        "sentences": list(_sentences(figures, project.task)),
        "matrix": _matrix(known, figures["table"]),
        "versions": list(_versions(project, known, judges)),
    }


def _against(chosen: Chosen, wanted: str) -> list[Option]:
    """Other judges to stand beside this one: those that are counted."""
    return [
        Option(each.value, each.text, str(each.value) == wanted)
        for each in chosen.judges
        if not each.is_chosen and each.value in chosen.counted
    ]


def _figures_of(project: Project, other: Option, known: Known) -> Figures | None:
    found = judge_figures.read(project, other.value, known.criterion.pk)
    return found.figures.get("calibration") if found else None


def _missing(figures: Figures) -> str:
    """What the figures would rest on, where there is nothing of it."""
    if figures["n"]:
        return ""
    if not sum(figures["drawn"].values()):
        return _(
            "No train or gold item was drawn with this criterion: they are drawn at import, by the policy's rates."
        )
    if not sum(figures["answered"].values()):
        return _("People have settled none of the train and gold cases yet.")
    return _("This judge has not spoken on any train or gold case that people have settled.")


def _charts(figures: Figures) -> Iterator[Chart]:
    n = figures["n"] - figures["n_unscored"] - figures["n_in_doubt"]
    if figures["is_calibrated"]:
        yield reliability_charts.reliability("before", _("Before calibration"), figures["before"], n)
        yield reliability_charts.reliability("after", _("After calibration"), figures["after"], n)
    else:
        yield reliability_charts.reliability("after", _("Does confidence mean what it says?"), figures["after"], n)
    yield reliability_charts.histogram("histogram", figures["histogram"])


def _measures(figures: Figures, other: Option | None, theirs: Figures | None) -> Iterator[Measure]:
    told = [(_("this judge"), figures["after"]), (_("without its calibrator"), figures["before"])]
    if other and theirs:
        told.append((other.text, theirs["after"]))
    for name, side in told:
        if side:
            yield Measure(name, side["n"], side["brier"], side["smooth_ece"])


def _sentences(figures: Figures, task: str) -> Iterator[Sentence]:
    things = str(THINGS.get(task, _("outputs")))
    words = {
        "lets_through": _("Lets %(share)s of bad %(things)s through."),
        "stops": _("Stops %(share)s of good %(things)s."),
        "right": _("Agrees with people on %(share)s of all cases."),
    }
    for name, text in words.items():
        hits, n, low, high = figures["rates"].get(name, (0, 0, 0.0, 1.0))
        if n:
            yield Sentence(text % {"share": percent(hits / n), "things": things}, low, high, int(hits), int(n))


def _matrix(known: Known, table: Mapping[str, int]) -> dict[str, Any]:
    """Rows: people's label. Columns: the judge's. Cases without either have a row and a column where there are any."""
    question = known.question
    said = [*question.label_keys, *([NONE] if any(name.endswith(f"|{NONE}") for name in table) else [])]
    people = [*question.label_keys, *([NONE] if any(name.startswith(f"{NONE}|") for name in table) else [])]
    rows = []
    for row in people:
        counts = [table.get(cell_name(row, each), 0) for each in said]
        cells = [_count(known, row, each, n, sum(counts)) for each, n in zip(said, counts, strict=True)]
        rows.append((_title(question, row, _("no majority")), sum(counts), cells))
    return {"columns": [_title(question, each, _("unscored")) for each in said], "rows": rows}


def _title(question: Question, key: str, otherwise: str) -> str:
    return next((label.title for label in question.labels if label.key == key), otherwise)


def _count(known: Known, people: str, said: str, n: int, n_row: int) -> Count:
    query = {"criterion": known.criterion.pk, "judge": known.judge.pk, "people": people, "said": said}
    column = _title(known.question, said, _("unscored"))
    return Count(column, n, n / n_row if n_row else None, f"?{urlencode(query)}" if n else "", people == said != NONE)


def _versions(project: Project, known: Known, judges: Sequence[Judge]) -> Iterator[Versus]:
    names = {each.pk: measured_judges.name_of(each, project) for each in judges}
    for pair in known.found.versions:
        first, second = pair["first"], pair["second"]
        if known.judge.pk not in (first, second):
            continue
        is_second = known.judge.pk == second
        difference, low, high = pair["difference"]
        ours, theirs = ("second_only", "first_only") if is_second else ("first_only", "second_only")
        gain = (difference, low, high) if is_second else (0 - difference, 0 - high, 0 - low)
        other = first if is_second else second
        yield Versus(names.get(other, "–"), pair["n"], pair[ours], pair[theirs], *gain, pair["p"])
