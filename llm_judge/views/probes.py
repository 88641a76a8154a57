"""The page Probes: does a judge lean towards length, a language, its own kind, what stands first? Effects, examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from judge import access
from judge.actions import summaries
from judge.errors import InputError, ServiceError
from judge.models import Criterion, Judge, Project, Role
from judge.rules import row_charts
from judge.rules.charts import Cell, Chart
from judge.rules.row_charts import Row
from judge.templatetags.words import points
from llm_judge.actions import probe_runs
from llm_judge.actions import probes as measured
from llm_judge.rules.probing import Probe

#: What each probe asks, and what an effect above nought says.
ASKED: Mapping[Probe, tuple[Promise | str, Promise | str]] = {
    Probe.POSITION: (
        gettext_lazy("What stands first in a pair"),
        gettext_lazy("Above nought the judge likes an output more when it stands first: probability of being called "
                     "better in first place less that in second, the same pair in both orders."),
    ),
    Probe.LENGTH: (
        gettext_lazy("Long outputs"),
        gettext_lazy("Above nought it lets more of the longer half pass than of the shorter half, in each language."),
    ),
    Probe.LANGUAGE: (gettext_lazy("Languages"), gettext_lazy("Each language against the others.")),
    Probe.SELF: (
        gettext_lazy("Outputs of its own family"),
        gettext_lazy("Generators whose name begins like that of the judge's model, against the others."),
    ),
    Probe.GENERATOR: (gettext_lazy("Generators"), gettext_lazy("Each generator against the others.")),
    Probe.BRAND: (
        gettext_lazy("Brands"),
        gettext_lazy("Each brand that items name in their meta (brand), against the others."),
    ),
    Probe.POPULARITY: (
        gettext_lazy("Popular items"),
        gettext_lazy("The more popular half by the items' meta (popularity) against the other half."),
    ),
    Probe.PADDING: (
        gettext_lazy("Words that say nothing"),
        gettext_lazy("The same output with a sentence behind it that says nothing: probability that it passes, less "
                     "that of the output as it is."),
    ),
    Probe.BRAND_SWAP: (
        gettext_lazy("Another brand"),
        gettext_lazy("The same output with another brand that items of the project name: probability that it passes, "
                     "less that of the output as it is."),
    ),
}  # fmt: skip
#: Why nothing is told.
MISSING: Mapping[str, Promise | str] = {
    "too_few": gettext_lazy("fewer than 20 contexts on a side"),
    "no_pairs": gettext_lazy("no pair was asked in both orders"),
    "not_asked": gettext_lazy("the judge was not asked about copies, or the items name no two brands"),
    "one_kind": gettext_lazy("the items do not differ in it, or do not say"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One effect: ``name`` is the criterion, and which value of the stratum where there are several."""

    name: str
    figures: Mapping[str, Any]

    @property
    def row(self) -> Row:
        told = self.figures
        between = _("%(low)s to %(high)s") % {"low": _tenths(told["low"]), "high": _tenths(told["high"])}
        n = _whole(told["n"]) + (f" / {_whole(told['n_other'])}" if told["n_other"] else "")
        cells = [Cell(self.name), Cell(_tenths(told["value"])), Cell(between), Cell(n), Cell(self.verdict)]
        text = f"{self.name}: {points(told['value'])} ({between})"
        return Row(self.name, 100 * told["value"], 100 * told["low"], 100 * told["high"], cells, text=text)

    @property
    def verdict(self) -> str:
        """What may be said of it once all that was looked at is taken together."""
        if self.figures["holds"]:
            return _("holds")
        if self.figures["p"] < 0.05:
            return _("may be chance")
        return "–"


@dataclass(frozen=True, slots=True)
class Group:
    """All effects of one probe."""

    probe: Probe
    words: str
    chart: Chart
    told: Sequence[Told]
    missing: Sequence[tuple[str, str]]


@require_GET
@access.project(Role.LEAD, Role.VIEWER)
def probes(request: access.ProjectRequest) -> HttpResponse:
    summary = summaries.read(request.project, measured.NAME)
    data = {each["judge"]: each for each in (summary.data["judges"] if summary else [])}
    judges = list(Judge.objects.filter(pk__in=data).order_by("-version"))
    shown = _choose(request, judges)
    found = data[shown.pk] if shown else {"effects": [], "missing": []}
    context = {
        "summary": summary,
        "judges": judges,
        "shown": shown,
        "groups": list(_groups(request.project, found)),
        "asked": found.get("asked"),
        "may_ask": Role.LEAD in request.roles and request.project.judge_id is not None,
        "most": probe_runs.MOST_QUESTIONS,
        "n_effects": len(found["effects"]),
        "n_alone": sum(each["p"] < 0.05 for each in found["effects"]),
        "n_hold": sum(each["holds"] for each in found["effects"]),
    }
    return render(request, "llm_judge/probes.html", context)


@require_POST
@access.project(Role.LEAD)
def start_probes(request: access.ProjectRequest) -> HttpResponse:
    """Have the judge in force asked about copies, now by a worker, and every later judge once it is in force."""
    try:
        probe_runs.ask_for(request.project, by=request.user)
        messages.success(request, _("A worker asks the judge. The effects appear here as the answers come."))
    except (InputError, ServiceError) as error:
        messages.error(request, str(error))
    return redirect("probes", slug=request.project.slug)


def _choose(request: access.ProjectRequest, judges: Sequence[Judge]) -> Judge | None:
    """The version that was asked for, else the judge in force, else the latest."""
    wanted = request.GET.get("judge", "")
    asked = [each for each in judges if str(each.version) == wanted]
    in_force = [each for each in judges if each.pk == request.project.judge_id]
    return next(iter([*asked, *in_force, *judges]), None)


def _groups(project: Project, found: Mapping[str, Any]) -> Iterator[Group]:
    language = get_language() or "en"
    criteria = Criterion.objects.filter(project=project)
    titles = {each.pk: each.question.in_language(language).title for each in criteria}
    for probe, (title, words) in ASKED.items():
        told = [Told(_name(each, titles), each) for each in found["effects"] if each["probe"] == probe]
        gone = [(_name(each, titles), str(MISSING[each["why"]])) for each in found["missing"] if each["probe"] == probe]
        if told or gone:
            yield Group(probe, str(words), _chart(probe, str(title), str(words), told), told, gone)


def _name(told: Mapping[str, Any], titles: Mapping[int, str]) -> str:
    title = titles.get(told["criterion"], _("every criterion"))
    return f"{told['value_of']} · {title}" if told["value_of"] else title


def _chart(probe: Probe, title: str, words: str, told: Sequence[Told]) -> Chart:
    chart = row_charts.points([each.row for each in told], write=_whole, axis=_("points"))
    return replace(
        chart,
        key=probe.value,
        title=title,
        description=words,
        table=replace(
            chart.table, head=[_("Criterion"), _("Effect, points"), _("Range"), _("n in / outside"), _("All told")]
        ),
        missing="" if told else _("There is too little to tell: see what is missing below."),
    )


def _tenths(share: float) -> str:
    """In points, without the word: the head of the column has it."""
    return f"{100 * share:.1f}".replace("-", "−")


def _whole(value: float) -> str:
    return number_format(round(value), force_grouping=True).replace("-", "−")
