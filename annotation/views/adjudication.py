"""Adjudication: the list of split and flagged cases, and one of them with the answers side by side."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotation.actions import adjudication as disputes
from annotation.actions.adjudication import Dispute
from annotation.forms import read_answer
from annotation.rules.answers import Answer
from annotation.rules.evidence import Output, read_outputs
from annotation.views import desks
from judge import access
from judge.actions import members
from judge.errors import InputError
from judge.models import Case, Item, Role
from judge.rules.streams import Stream


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list."""

    case: Case
    title: str
    outputs: tuple[Output, ...]


@require_GET
@never_cache
@access.project(Role.ADJUDICATOR)
def adjudication(request: access.ProjectRequest) -> HttpResponse:
    """Cases that wait, oldest first; ``?after=<case>`` turns the page."""
    after = request.GET.get("after", "")
    last = int(after) if after.isdecimal() and len(after) < 19 else None
    cases = disputes.waiting(request.project, by=request.user, after=last)
    context = {
        "n_hidden": disputes.count_hidden(request.project, request.user),
        "listed": [_listed(case) for case in cases],
        "next_page": cases[-1].pk if len(cases) == disputes.PAGE else None,
    }
    return render(request, "annotation/adjudication.html", context)


@require_GET
@never_cache
@access.project(Role.ADJUDICATOR)
def dispute(request: access.ProjectRequest, case_id: int) -> HttpResponse:
    found = disputes.open_dispute(request.project, case_id, by=request.user)
    if found is None:
        if not Case.objects.filter(project=request.project, pk=case_id).exists():
            raise Http404(_("There is no such case in this project."))
        messages.info(request, _("That case no longer waits for an adjudicator."))
        return redirect("adjudication", slug=request.project.slug)
    return _show(request, found)


@require_POST
@access.project(Role.ADJUDICATOR)
def decide(request: access.ProjectRequest, case_id: int) -> HttpResponse:
    """Make the chosen label the agreed one and go on to the next case. Where machines gave reasons the first choice is
    a first thought: the case comes back once with their reasons, to confirm or change it."""
    case = _case(request, case_id)
    answer = read_answer(request.POST.get(f"answer-{case_id}", ""), request.POST.get(f"note-{case_id}", ""))
    found = disputes.open_dispute(request.project, case_id, by=request.user)
    if answer.label is None and found:
        return _show(request, found, error=InputError(_("no label chosen"), expected=_("one label of the scale")))
    if found and found.comes_back:
        disputes.think(found, answer.label or "", by=request.user)
        return redirect("dispute", slug=request.project.slug, case_id=case_id)
    disputes.decide(case, label=answer.label or "", note=answer.note, by=request.user)
    return _go_on(request, _("Decided."))


@require_POST
@access.project(Role.ADJUDICATOR)
def send_back(request: access.ProjectRequest, case_id: int) -> HttpResponse:
    """Ask one more person and go on to the next case."""
    note = read_answer("", request.POST.get(f"note-{case_id}", "")).note
    disputes.send_back(_case(request, case_id), by=request.user, note=note)
    return _go_on(request, _("Sent back: one more person will be asked."))


def _case(request: access.ProjectRequest, case_id: int) -> Case:
    """The case to decide on; of what this person may not read nothing is said."""
    case = Case.objects.filter(project=request.project, pk=case_id).select_related("item").first()
    is_hidden = case is not None and case.item.stream == Stream.CERTIFY and not _sees_certify(request)
    if case is None or is_hidden:
        raise Http404(_("There is no such case in this project."))
    return case


def _sees_certify(request: access.ProjectRequest) -> bool:
    return members.may_see_certify(request.project, request.user)


def _go_on(request: access.ProjectRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    waiting = disputes.waiting(request.project, by=request.user)
    if not waiting:
        return redirect("adjudication", slug=request.project.slug)
    return redirect("dispute", slug=request.project.slug, case_id=waiting[0].pk)


def _show(request: access.ProjectRequest, found: Dispute, *, error: InputError | None = None) -> HttpResponse:
    question = found.case.criterion.question.in_language(get_language() or "en")
    context = {
        "sheet": desks.sheet(found.case.item, [found.case], _chosen(found)),
        "case": found.case,
        "opinions": [(each, each.answer.in_words(question)) for each in found.opinions],
        "is_own": found.is_own,
        "reasons": found.reasons if found.first else (),
        "comes_back": found.comes_back,
        "error": error,
    }
    return render(request, "annotation/dispute.html", context, status=422 if error else 200)


def _chosen(found: Dispute) -> dict[int, Answer]:
    """The first thought, where there is one to confirm."""
    return {found.case.pk: Answer(found.first.label)} if found.first else {}


def _listed(case: Case) -> Listed:
    question = case.criterion.question.in_language(get_language() or "en")
    is_pair = case.item.kind == Item.Kind.PAIR
    outputs = read_outputs(case.item.output, language=case.item.language or "en", is_pair=is_pair)
    return Listed(case, question.title, outputs)
