"""Undo: the last ten submits, and the page that changes one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from annotation.actions import corrections
from annotation.actions.corrections import Past
from annotation.forms import SubmitForm, read_answers
from annotation.rules.evidence import Output, read_outputs
from annotation.views import desks
from judge import access
from judge.actions import rubrics
from judge.errors import InputError
from judge.models import Case, Item, Role


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list: what was answered, and when."""

    key: uuid.UUID
    at: datetime
    outputs: tuple[Output, ...]
    answers: tuple[tuple[str, str, bool], ...]  # criterion, answer, whether it is a label


@require_GET
@never_cache
@access.project(Role.ANNOTATOR)
def recent(request: access.ProjectRequest) -> HttpResponse:
    places = {criterion.pk: place for place, criterion in enumerate(rubrics.criteria_in_force(request.project))}
    listed = [_listed(past, places) for past in corrections.recent(request.project, by=request.user)]
    template = "annotation/_recent.html" if request.htmx else "annotation/recent.html"
    return render(request, template, {"listed": listed})


@require_http_methods(["GET", "POST"])
@never_cache
@access.project(Role.ANNOTATOR)
def edit_answers(request: access.ProjectRequest, key: uuid.UUID) -> HttpResponse:
    """One's own submit again, with the answers that stand; sending it replaces them."""
    past = corrections.find(request.project, key, by=request.user)
    if past is None:
        raise Http404(_("There is no such submit of yours."))
    if request.method == "POST":
        return _replace(request, past)
    return _show(request, past)


def _replace(request: access.ProjectRequest, past: Past) -> HttpResponse:
    form = SubmitForm(request.POST)
    form.check()
    answers = read_answers(request.POST)
    try:
        result = corrections.correct(past, by=request.user, key=form.cleaned_data["key"], answers=answers)
    except InputError as error:
        shown = Past(past.submission, {case: answers.get(case.pk, old) for case, old in past.cases.items()})
        return _show(request, shown, error=error, key=str(form.cleaned_data["key"]))
    messages.success(request, result.words or _("Changed. Your earlier answers no longer count."))
    return redirect("workbench", slug=request.project.slug)


def _show(
    request: access.ProjectRequest, past: Past, *, error: InputError | None = None, key: str = ""
) -> HttpResponse:
    cases = desks.in_rubric_order(request.project, Case.objects.filter(pk__in=[case.pk for case in past.cases]))
    answers = {case.pk: answer for case, answer in past.cases.items()}
    context = {
        "sheet": desks.sheet(past.submission.item, cases, answers),
        "past": past.submission,
        "key": key or uuid.uuid4(),
        "error": error,
    }
    return render(request, "annotation/edit_answers.html", context, status=422 if error else 200)


def _listed(past: Past, places: Mapping[int, int]) -> Listed:
    item, language = past.submission.item, get_language() or "en"
    cases = sorted(past.cases, key=lambda case: places.get(case.criterion_id, len(places)))
    return Listed(
        past.submission.key,
        past.submission.created_at,
        read_outputs(item.output, language=item.language or "en", is_pair=item.kind == Item.Kind.PAIR),
        tuple(_words(case, past, language) for case in cases),
    )


def _words(case: Case, past: Past, language: str) -> tuple[str, str, bool]:
    question, answer = case.criterion.question.in_language(language), past.cases[case]
    return question.title, answer.in_words(question), answer.label is not None
