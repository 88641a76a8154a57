"""The dashboard of people: what they did in four weeks, how evenly, and how well. Never a leaderboard: people stand by
name, and where the project is blind under a number until a lead asks for names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotation.actions import quality
from annotation.actions import workload as counted
from annotation.rules.sharing import equal_people
from annotation.views.quality import Share, share_of
from judge import access
from judge.actions import summaries
from judge.models import Criterion, Project, Role, User
from judge.rules import row_charts
from judge.rules.axes import Scale, Tick, linear, place
from judge.rules.charts import BOTTOM, LEFT, RIGHT, TOP, Axis, Cell, Chart, Plot, Table
from judge.rules.row_charts import Row
from judge.templatetags.words import percent

#: The address that asks for names where the project is blind.
NAMES = "names"


@dataclass(frozen=True, slots=True)
class Skill:
    """The share of a person's answers to a criterion that the confusion model believes."""

    title: str
    share: Share | None
    n: int


@dataclass(frozen=True, slots=True)
class Worker:
    """One person's four weeks. ``seconds``: the usual length of an answer on average, None where nobody timed it."""

    name: str
    n_items: int
    n_answers: int
    hours: float
    seconds: float | None
    split: Share
    peers: Share
    skills: Sequence[Skill]
    n_decided: int
    n_assigned: int
    answers: bool
    is_paused: bool


@require_GET
@never_cache
@access.project(Role.LEAD)
def workload(request: access.ProjectRequest) -> HttpResponse:
    project = request.project
    summary = summaries.read(project, counted.NAME)
    data: Mapping[str, Any] = summary.data if summary else {"days": [], "people": [], "waiting": {"n": 0}, "needed": []}
    is_hidden = project.policy is not None and project.policy.is_blind and request.GET.get(NAMES) != "shown"
    people = _workers(project, data["people"], is_hidden=is_hidden)
    working = [each for each in people if each.answers or each.n_answers]
    titles = _titles(project)
    needed = [(titles[each["criterion"]], share_of("", each["count"])) for each in data["needed"]]
    context = {
        "summary": summary,
        "people": people,
        "is_hidden": is_hidden,
        "is_blind": project.policy is not None and project.policy.is_blind,
        "n_items": sum(each.n_items for each in people),
        "hours": sum(each.hours for each in people),
        "n_working": len(working),
        "equal": equal_people([each.n_answers for each in working]),
        "n_decided": sum(each.n_decided for each in people),
        "n_waiting": data["waiting"]["n"],
        "oldest": _oldest(data["waiting"].get("oldest")),
        "charts": [_days(data), _load(working)],
        "adjudication": [_decided(people), _needed(needed)],
    }
    return render(request, "annotation/workload.html", context)


def _oldest(at: str | None) -> datetime | None:
    return parse_datetime(at) if at else None


def _titles(project: Project) -> dict[int, str]:
    language = get_language() or "en"
    return {each.pk: each.question.in_language(language).title for each in Criterion.objects.filter(project=project)}


def _workers(project: Project, told: Sequence[Mapping[str, Any]], *, is_hidden: bool) -> list[Worker]:
    """By name; under numbers in an order that says nothing."""
    known = summaries.read(project, quality.NAME)
    figures = {each["user"]: each for each in (known.data["people"] if known else [])}
    titles, names = _titles(project), {} if is_hidden else _names(each["user"] for each in told)
    if is_hidden:
        order = sorted(told, key=lambda each: _shuffled(project, each["user"]))
        names = {each["user"]: _("Person %(n)s") % {"n": place} for place, each in enumerate(order, 1)}
    else:
        order = sorted(told, key=lambda each: names[each["user"]].casefold())
    return [_worker(names[each["user"]], each, figures.get(each["user"], {}), titles) for each in order]


def _names(users: Any) -> dict[int, str]:
    return {user.pk: user.display_name for user in User.objects.filter(pk__in=list(users))}


def _shuffled(project: Project, user: int) -> str:
    return hashlib.sha256(f"{project.pk}:{project.slug}:{user}".encode()).hexdigest()


def _worker(name: str, told: Mapping[str, Any], figures: Mapping[str, Any], titles: Mapping[int, str]) -> Worker:
    return Worker(
        name=name,
        n_items=sum(told["items"]),
        n_answers=told["n_answers"],
        hours=told["ms"] / 3_600_000,
        seconds=told["ms"] / 1000 / told["n_timed"] if told["n_timed"] else None,
        split=share_of("", told["split"]),
        peers=share_of("", figures.get("counts", {}).get("peers", [0, 0])),
        skills=[_skill(each, titles) for each in figures.get("criteria", [])],
        n_decided=sum(told["decided"]),
        n_assigned=told["assigned"],
        answers=told["answers"],
        is_paused=told["is_paused"],
    )


def _skill(told: Mapping[str, Any], titles: Mapping[int, str]) -> Skill:
    right, n = told["right"], told["n"]
    return Skill(titles[told["criterion"]], None if right is None else share_of("", [round(right * n), n]), n)


def _days(data: Mapping[str, Any]) -> Chart:
    """Items of all people by day."""
    days = [date.fromisoformat(each) for each in data["days"]]
    counts = [sum(each["items"][at] for each in data["people"]) for at in range(len(days))]
    names = [date_format(day, "MONTH_DAY_FORMAT") for day in days]
    x = Scale(0, max(1, len(days)), LEFT, RIGHT)
    y = linear([0.0, *map(float, counts)], start=BOTTOM, end=TOP, low=0.0)
    plot = Plot(x, y)
    return Chart(
        key="days",
        title=_("Items answered by day, all people"),
        description=_("One bar for each of the last %(n)s days.") % {"n": len(days)},
        x=Axis("", [Tick(place(x(at + 0.5)), f"{days[at]:%m-%d}") for at in range(3, len(days), 7)]),
        y=Axis(_("items"), y.ticks(_whole)),
        marks=[plot.bar(at + 0.1, at + 0.9, n, text=f"{names[at]}: {_whole(n)}") for at, n in enumerate(counts) if n],
        table=Table(
            [_("Day"), _("items")], [[Cell(name), Cell(_whole(n))] for name, n in zip(names, counts, strict=True)]
        ),
        missing="" if any(counts) else _("Nobody has answered an item in the last four weeks."),
    )


def _load(people: Sequence[Worker]) -> Chart:
    """Each person's share of the answers, with a line where all shares would be equal."""
    total, even = sum(each.n_answers for each in people), 1 / len(people) if people else None
    rows = [_load_row(each, total) for each in people] if total else []
    chart = row_charts.bars(rows, write=percent, axis=_("share of the answers"), mark_at=even)
    return replace(
        chart,
        key="load",
        title=_("How the work is shared"),
        description=_("A bar for each person; the dashed line is where all would have done the same."),
        table=replace(chart.table, head=[_("Person"), _("share of the answers"), _("answers")]),
        missing="" if rows else _("Nobody has answered an item in the last four weeks."),
        note=_("A count of what was done, not a sample: it has no range."),
    )


def _load_row(each: Worker, total: int) -> Row:
    share = each.n_answers / total
    cells = [Cell(each.name), Cell(percent(share)), Cell(_whole(each.n_answers))]
    return Row(each.name, share, None, None, cells, text=f"{each.name}: {percent(share)}")


def _decided(people: Sequence[Worker]) -> Chart:
    """What each adjudicator decided."""
    told = [each for each in people if each.n_decided]
    rows = [
        Row(each.name, each.n_decided, None, None, [Cell(each.name), Cell(_whole(each.n_decided))],
            text=f"{each.name}: {_whole(each.n_decided)}")
        for each in told
    ]  # fmt: skip
    chart = row_charts.bars(rows, write=_whole, axis=_("cases"))
    return replace(
        chart,
        key="decided",
        title=_("Cases decided by adjudicators"),
        description=_("A bar for each person who decided, over the last four weeks."),
        table=replace(chart.table, head=[_("Person"), _("cases")]),
        missing="" if rows else _("No case was adjudicated in the last four weeks."),
    )


def _needed(needed: Sequence[tuple[str, Share]]) -> Chart:
    """How often people needed an adjudicator, by criterion."""
    rows = [_needed_row(title, share) for title, share in needed if share.share is not None]
    chart = row_charts.bars(rows, write=percent, axis=_("share of the labels"))
    return replace(
        chart,
        key="needed",
        title=_("Labels that needed an adjudicator, by criterion"),
        description=_("Of the labels that people settled, as they stand; the line at the end of a bar is its range."),
        table=replace(chart.table, head=[_("Criterion"), _("share of the labels"), _("Range"), "n"]),
        missing="" if rows else _("People have settled no case yet."),
    )


def _needed_row(title: str, told: Share) -> Row:
    assert told.interval is not None and told.share is not None  # noqa: PT018
    low, high = told.interval.low, told.interval.high
    between = _("%(low)s to %(high)s") % {"low": percent(low), "high": percent(high)}
    cells = [Cell(title), Cell(percent(told.share)), Cell(between), Cell(_whole(told.n))]
    return Row(title, told.share, low, high, cells, text=f"{title}: {percent(told.share)} ({between})")


def _whole(value: float) -> str:
    return number_format(round(value), force_grouping=True)
