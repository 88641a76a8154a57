"""The items of a project as a list to search, and one item with everything that is known of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from judge import access
from judge.actions import examples, judge_figures, rubrics
from judge.forms import ItemFilters
from judge.models import AgreedLabel, Case, Criterion, Item, Project, Role
from judge.rules.settling import Basis
from judge.rules.streams import Stream
from judge.views import case_files, tiers
from judge.views.flow import latest_decisions

PAGE = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """A case in the list: its stage, and its label where one is agreed and may be shown."""

    stage: str
    label: str = ""
    passes: bool | None = None
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the list; ``cells`` follow the criteria in force, None where the item has no such case."""

    item: Item
    cells: Sequence[Cell | None]


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER)
def items(request: access.ProjectRequest) -> HttpResponse:
    criteria = _titled(rubrics.criteria_in_force(request.project))
    filters = ItemFilters(request.GET, criteria=criteria)
    chosen = filters.cleaned_data if filters.is_valid() else {}
    found = list(_found(request.project, chosen)[: PAGE + 1]) if filters.is_valid() else []
    page, has_more = found[:PAGE], len(found) > PAGE
    context = {
        "filters": filters,
        "criteria": [title for _, title in criteria],
        "rows": _listed(page, [criterion for criterion, _ in criteria]),
        "is_cell": is_cell(chosen),
        "cell": chosen,
        "is_filtered": any(value for name, value in chosen.items() if name != "after"),
        "first_page": _query(request, after=None),
        "next_page": _query(request, after=page[-1].pk) if has_more else "",
        "after": chosen.get("after"),
    }
    return render(request, "judge/items.html", context)


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER)
def item(request: access.ProjectRequest, item_id: int) -> HttpResponse:
    """One item. Annotators never come here: it shows the machines' view."""
    mine = Item.objects.filter(project=request.project).select_related("context", "frame")
    if (found := mine.filter(pk=item_id).first()) is None:
        raise Http404("There is no such item in this project.")
    reader = case_files.Reader(request.roles, get_language() or "en", request.user.pk)
    order = {criterion.pk: place for place, criterion in enumerate(rubrics.criteria_in_force(request.project))}
    files = case_files.open_files(found, reader, order=order, judge_id=request.project.judge_id)
    share = request.project.policy.tier_share if request.project.policy else 0.5
    context = {
        "item": found,
        "files": files,
        "names_shown": reader.sees_names,
        "refusals": _refusals(files) if reader.sees_names else {},
        "tiers": tiers.read(files, in_force=order, judge_id=request.project.judge_id, share=share),
    }
    return render(request, "judge/item.html", context)


def _refusals(files: Iterable[case_files.CaseFile]) -> dict[int, str]:
    """Why each adjudicated case cannot become an anchored example; empty where it can."""
    decided = [file.case.pk for file in files if file.label and file.label.row.basis == Basis.ADJUDICATED]
    cases = Case.objects.filter(pk__in=decided).select_related("project", "item__context")
    return {case.pk: examples.why_not(case) for case in cases}


def _found(project: Project, chosen: Mapping[str, Any]) -> QuerySet[Item]:
    """The items that the filters leave, in the order of their arrival."""
    found = Item.objects.filter(project=project).select_related("context").order_by("pk")
    if after := chosen.get("after"):
        found = found.filter(pk__gt=after)
    for name in ("stream", "generator", "language", "category"):
        if value := chosen.get(name):
            found = found.filter(**{name: value})
    if prefix := chosen.get("id"):
        found = found.filter(identity__startswith=prefix)
    if is_cell(chosen):
        found = found.filter(pk__in=_items_of_cell(project, chosen))
    cases = _matching_cases(chosen)
    return found if cases is None else found.filter(Exists(cases))


def is_cell(chosen: Mapping[str, Any]) -> bool:
    """Whether a cell of a confusion matrix is asked for, as the page Calibration links to it."""
    return bool(chosen.get("judge") and chosen.get("criterion") and chosen.get("people") and chosen.get("said"))


def _items_of_cell(project: Project, chosen: Mapping[str, Any]) -> list[int]:
    """Train and gold items alone, as they were counted."""
    name = f"{chosen['people']}|{chosen['said']}"
    return judge_figures.items_of_cell(project, chosen["judge"], int(chosen["criterion"]), name)


def _matching_cases(chosen: Mapping[str, Any]) -> QuerySet[Any] | None:
    """Cases of an item that match what was chosen about cases; None where nothing was."""
    wanted = Q()
    if stage := chosen.get("stage"):
        wanted &= Q(stage=stage)
    if criterion := chosen.get("criterion"):
        wanted &= Q(criterion=criterion)
    cases = Case.objects.filter(wanted, item=OuterRef("pk"), project=OuterRef("project"))
    if reason := chosen.get("reason"):
        return cases.filter(Exists(latest_decisions().filter(case=OuterRef("pk"), reason=reason)))
    return cases if wanted else None


def _listed(page: Sequence[Item], criteria: Sequence[Criterion]) -> list[Listed]:
    cells = _cells(page, criteria)
    return [Listed(item, [cells[item.pk].get(criterion.pk) for criterion in criteria]) for item in page]


def _cells(page: Sequence[Item], criteria: Sequence[Criterion]) -> Mapping[int, dict[int, Cell]]:
    questions = {criterion.pk: criterion.question.in_language(get_language() or "en") for criterion in criteria}
    hidden = {item.pk for item in page if item.stream == Stream.CERTIFY}
    cases = list(Case.objects.filter(item__in=page, criterion__in=questions))
    labels = _labels(case for case in cases if case.item_id not in hidden)
    cells: dict[int, dict[int, Cell]] = defaultdict(dict)
    for case in cases:
        question, key = questions[case.criterion_id], labels.get(case.pk, "")
        label = case_files.title_of(question, key) if key else ""
        cells[case.item_id][case.criterion_id] = Cell(case.stage, label, question.passes(key), case.item_id in hidden)
    return cells


def _labels(cases: Iterable[Case]) -> dict[int, str]:
    live = AgreedLabel.objects.filter(case__in=list(cases)).exclude(status=AgreedLabel.Status.WITHDRAWN)
    return dict(live.values_list("case_id", "label"))


def _titled(criteria: Iterable[Criterion]) -> list[tuple[Criterion, str]]:
    language = get_language() or "en"
    return [(criterion, criterion.question.in_language(language).title) for criterion in criteria]


def _query(request: access.ProjectRequest, *, after: int | None) -> str:
    """The address's query with another place to begin."""
    query = request.GET.copy()
    query.pop("after", None)
    for name in [name for name, value in query.items() if not value]:
        del query[name]
    if after is not None:
        query["after"] = str(after)
    return "?" + query.urlencode()
