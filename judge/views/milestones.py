"""The page Milestones: a random sample of recent outputs, labelled blind, says whether the judge is still as good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from judge import access
from judge.actions import milestones as actions
from judge.errors import InputError
from judge.forms import MilestoneForm
from judge.models import Criterion, Milestone, Project, Role

#: The latest of them; older ones stay in the database.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Told:
    """A milestone with its findings by title of the criterion; while it is open, how far people have come."""

    row: Milestone
    findings: Sequence[tuple[str, Mapping[str, Any]]]
    n_answered: int = 0
    n_cases: int = 0


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER)
def milestones(request: access.ProjectRequest) -> HttpResponse:
    return _page(request, MilestoneForm(project=request.project))


@require_POST
@access.project(Role.LEAD)
def draw_milestone(request: access.ProjectRequest) -> HttpResponse:
    """Draw the sample and ask people about it."""
    form = MilestoneForm(request.POST, project=request.project)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        made = actions.draw(request.project, **form.cleaned_data, by=request.user)
    except InputError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=400)
    n_cases = sum(map(len, made.cases.values()))
    messages.success(request, _("%(n)d cases were drawn. People answer them in the common queue.") % {"n": n_cases})
    return redirect("milestones", slug=request.project.slug)


def _page(request: access.ProjectRequest, form: MilestoneForm, status: int = 200) -> HttpResponse:
    context = {
        "told": list(_told(request.project)),
        "form": form,
        "is_lead": Role.LEAD in request.roles,
        "may_export": request.roles & {Role.LEAD, Role.TRAINER},
    }
    return render(request, "judge/milestones.html", context, status=status)


def _told(project: Project) -> list[Told]:
    language = get_language() or "en"
    rows = list(Milestone.objects.filter(project=project).select_related("judge").order_by("-pk")[:SHOWN])
    criteria = Criterion.objects.in_bulk([int(key) for row in rows for key in row.cases])
    titles = {each.key: each.question.in_language(language).title for each in criteria.values()}
    return [_tell(row, titles) for row in rows]


def _tell(row: Milestone, titles: Mapping[str, str]) -> Told:
    if row.state == Milestone.State.ASKED:
        return Told(row, (), *actions.count_answered(row))
    return Told(row, [(titles.get(key, key), found) for key, found in row.report.items()])
