"""The page Queue: what waits for people, by criterion, language, reason and age; and to whom it is given."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotation.actions import assignments, people, standing
from annotation.actions.standing import Waiting
from annotation.lead_forms import AssignForm, QueueForm
from judge import access
from judge.actions import rubrics
from judge.errors import InputError
from judge.models import Item, Role

#: Cases on the page, beside the table of all that was read.
SHOWN = 50


@require_GET
@never_cache
@access.project(Role.LEAD)
def queue(request: access.ProjectRequest) -> HttpResponse:
    read = standing.first_in_queue(request.project)
    filters = _filters(request, read, request.GET)
    return _page(request, read, filters, AssignForm(annotators=people.annotators(request.project)))


@require_POST
@access.project(Role.LEAD)
def assign_items(request: access.ProjectRequest) -> HttpResponse:
    """Give the items of the cases that the filters leave to the people chosen."""
    read = standing.first_in_queue(request.project)
    filters = _filters(request, read, request.POST)
    form = AssignForm(request.POST, annotators=people.annotators(request.project))
    if not form.is_valid():
        return _page(request, read, filters, form, status=400)
    items = [case.item_id for case in standing.chosen(read, filters.choice())]
    chosen, each = list(form.cleaned_data["people"]), form.cleaned_data["each"]
    try:
        got = assignments.assign(request.project, items, chosen, each=each, by=request.user)
    except InputError as error:
        form.add_error(None, str(error))
        return _page(request, read, filters, form, status=400)
    told = ", ".join(f"{person.display_name} {n}" for person, n in got.items())
    messages.success(request, _("Items assigned: %(told)s.") % {"told": told})
    return redirect(reverse("queue", args=[request.project.slug]) + _query(request.POST))


def _filters(request: access.ProjectRequest, read: list[Waiting], sent: Any) -> QueueForm:
    return QueueForm(sent, groups=standing.grouped(read), titles=_titles(read))


def _page(
    request: access.ProjectRequest, read: list[Waiting], filters: QueueForm, form: AssignForm, *, status: int = 200
) -> HttpResponse:
    left, titles = standing.chosen(read, filters.choice()), _titles(read)
    items = Item.objects.defer("prompt", "meta").in_bulk({case.item_id for case in left[:SHOWN]})
    context = {
        "filters": filters,
        "groups": [(group, titles[group.criterion_id]) for group in standing.grouped(left)],
        "oldest": min((case.since for case in left), default=None),
        "n_left": len(left),
        "is_cut": len(read) == standing.READ,
        "n_read": len(read),
        "shown": [(case, titles[case.criterion_id], items[case.item_id]) for case in left[:SHOWN]],
        "form": form,
        "sent": {name: value for name, value in filters.data.items() if name in filters.fields and value},
    }
    return render(request, "annotation/queue.html", context, status=status)


def _titles(read: list[Waiting]) -> dict[int, str]:
    found = rubrics.criteria({case.criterion_id for case in read})
    language = get_language() or "en"
    return {pk: each.question.in_language(language).title for pk, each in found.items()}


def _query(sent: Any) -> str:
    kept = sent.copy()
    for name in [name for name in kept if name not in QueueForm.base_fields or not kept[name]]:
        del kept[name]
    return f"?{kept.urlencode()}" if kept else ""
