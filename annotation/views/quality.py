"""The page Quality: how each person answers, for leads. No leaderboard: people stand by name, never by figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotation.actions import feedback
from annotation.actions import quality as counted
from annotation.forms import MeasuringForm
from annotation.models import Annotator
from judge import access
from judge.actions import agreements, policies
from judge.errors import InputError
from judge.models import Criterion, Project, Role
from judge.stats.intervals import Interval, newcombe, wilson

#: What is counted of a person, in the order of the table.
COUNTED = (
    ("gold_question", gettext_lazy("Gold questions right")),
    ("training", gettext_lazy("Training right")),
    ("repeats", gettext_lazy("Same answer when asked again")),
    ("peers", gettext_lazy("Same label as another person")),
    ("adjudicated", gettext_lazy("Same label as the adjudicator, where one decided")),
    ("fast", gettext_lazy("Items answered too fast to be read")),
)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with the range that holds the true share in 19 of 20 samples."""

    name: str
    hits: int
    n: int
    interval: Interval | None

    @property
    def share(self) -> float | None:
        return self.hits / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class OnCriterion:
    """One criterion of one person: usual time, and the share of answers that the confusion model believes."""

    title: str
    usual: float | None
    n_timed: int
    believed: Share | None
    n: int


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    shares: Sequence[Share]
    criteria: Sequence[OnCriterion]
    pause: str


@dataclass(frozen=True, slots=True)
class Anchoring:
    """How often people say what the judge says, with its view beside the case and without."""

    shown: Share
    blind: Share
    effect: float
    interval: Interval


@require_GET
@never_cache
@access.project(Role.LEAD)
def quality(request: access.ProjectRequest) -> HttpResponse:
    assert request.project.policy is not None
    return _page(request, MeasuringForm.of_policy(request.project.policy))


@require_POST
@access.project(Role.LEAD)
def set_measuring(request: access.ProjectRequest) -> HttpResponse:
    """Put the next version of the policy in force."""
    form = MeasuringForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        policies.revise(request.project, by=request.user, **form.changes)
    except InputError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=400)
    messages.success(request, _("In force from the next item on."))
    return redirect("quality", slug=request.project.slug)


def _page(request: access.ProjectRequest, form: MeasuringForm, status: int = 200) -> HttpResponse:
    summary = counted.read(request.project)
    data: Mapping[str, Any] = summary.data if summary else {}
    context = {
        "summary": summary,
        "people": _people(request.project, data.get("people", [])),
        "anchoring": _anchoring(data.get("anchoring", {})),
        "checked": share_of("", data.get("checked", [0, 0])),
        "n_known": feedback.known_cases(request.project),
        "form": form,
    }
    return render(request, "annotation/quality.html", context, status=status)


def _people(project: Project, told: Iterable[Mapping[str, Any]]) -> list[Person]:
    """By name: where people stand says nothing of them."""
    rows = list(told)
    names = agreements.names(each["rater"] for each in rows)
    language = get_language() or "en"
    criteria = Criterion.objects.in_bulk({every["criterion"] for each in rows for every in each["criteria"]})
    titles = {pk: each.question.in_language(language).title for pk, each in criteria.items()}
    paused = Annotator.objects.filter(project=project, is_paused=True).values_list("person_id", "pause_reason")
    pauses = dict(paused)
    found = [
        Person(
            names[each["rater"]],
            [share_of(str(name), each["counts"][key]) for key, name in COUNTED if key in each["counts"]],
            [_on_criterion(every, titles) for every in each["criteria"]],
            pauses.get(each["user"], ""),
        )
        for each in rows
    ]
    return sorted(found, key=lambda person: person.name.casefold())


def _on_criterion(told: Mapping[str, Any], titles: Mapping[int, str]) -> OnCriterion:
    right, n = told["right"], told["n"]
    believed = None if right is None else share_of("", [round(right * n), n])
    usual = None if told["usual_ms"] is None else told["usual_ms"] / 1000
    return OnCriterion(titles[told["criterion"]], usual, told["n_timed"], believed, n)


def share_of(name: str, count: Sequence[int]) -> Share:
    hits, n = count
    return Share(name, hits, n, wilson(hits, n))


def _anchoring(told: Mapping[str, Sequence[int]]) -> Anchoring | None:
    """None where nobody was shown anything yet, or everybody was."""
    if set(told) != {"shown", "blind"}:
        return None
    shown, blind = share_of("", told["shown"]), share_of("", told["blind"])
    interval = newcombe(shown.hits, shown.n, blind.hits, blind.n)
    if interval is None:
        return None
    return Anchoring(shown, blind, shown.hits / shown.n - blind.hits / blind.n, interval)
