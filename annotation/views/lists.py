"""The list: several items of one context on one screen. What the workbench's forms do, for all rows at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotation.actions import lists, views
from annotation.actions.lists import Row, Sent
from annotation.forms import LONGEST_TIME_MS, read_answers
from annotation.models import Lease
from annotation.rules.answers import Answer
from annotation.views import desks, workbench
from judge import access
from judge.errors import InputError
from judge.models import Role


@require_POST
@access.project(Role.ANNOTATOR)
def submit_list(request: access.ProjectRequest) -> HttpResponse:
    """Store the rows that were answered, give the others back, and bring what comes next. Refused rows come back."""
    leases = _own_leases(request)
    rows = [Row(each.pk, _key(request, each), _answers(request, each)) for each in leases]
    sent = lists.send(request.project, rows, by=request.user, duration_ms=_took(request))
    if sent.refused:
        return _ask_again(request, leases, rows, sent)
    if request.htmx:
        answered = [case for row in rows if row.lease_id in sent.results for case in row.answers]
        revealed = views.after_submit(request.project, answered)
        about_last = {"notice": sent.words, "n_submitted": sent.n_new, "revealed": revealed}
        return workbench.bring_next(request, wants_list=True, **about_last)
    if sent.words:
        messages.info(request, sent.words)
    return redirect("workbench", slug=request.project.slug)


@require_POST
@access.project(Role.ANNOTATOR)
def save_list_draft(request: access.ProjectRequest) -> HttpResponse:
    """The heartbeat of a list: keep what was chosen and the items with it. 409 once all their leases are closed."""
    assert request.project.policy is not None
    chosen = {each.pk: _chosen(_answers(request, each)) for each in _own_leases(request)}
    expires_at = lists.extend(
        {lease: desks.as_draft(answers) for lease, answers in chosen.items()},
        by=request.user,
        minutes=request.project.policy.lease_minutes,
    )
    if expires_at is None:
        return JsonResponse({"problem": _("Your time on these items ran out. You can still submit.")}, status=409)
    return JsonResponse({"seconds_left": 60 * request.project.policy.lease_minutes})  # whatever clock we have


@require_POST
@access.project(Role.ANNOTATOR)
def release_list(request: access.ProjectRequest) -> HttpResponse:
    """Give all rows back unanswered and leave."""
    lists.release(_lease_ids(request), by=request.user)
    return redirect("projects")


@require_POST
@access.project(Role.ANNOTATOR)
def choose_lists(request: access.ProjectRequest) -> HttpResponse:
    """Switch between one item at a time and lists; remembered for the person in this project."""
    lists.choose(request.project, request.user, wants=request.POST.get("wants") == "1")
    return redirect("workbench", slug=request.project.slug)


def _ask_again(
    request: access.ProjectRequest, leases: Sequence[Lease], rows: Sequence[Row], sent: Sent
) -> HttpResponse:
    """The rows that were not stored, with all that was chosen and why the first of them was refused."""
    left = [each for each in leases if each.pk not in sent.results]
    answers = {case: answer for row in rows for case, answer in row.answers.items()}
    keys = {row.lease_id: row.key for row in rows}
    context = {
        "list": desks.list_desk(request.project, left, answers=answers, keys=keys),
        "error": next(iter(sent.refused.values())),
        "n_submitted": sent.n_new,
        "wants_list": True,
    }
    return workbench.show(request, context, status=422)


def _own_leases(request: access.ProjectRequest) -> list[Lease]:
    """The leases that the page names, open or closed. Raises InputError where none of them is this person's."""
    own = Lease.objects.filter(project=request.project, person=request.user, pk__in=_lease_ids(request))
    if found := list(own.select_related("item__context").order_by("item")):
        return found
    raise InputError(_("these items were given to somebody else"), next_step=_("Take the next ones instead."))


def _lease_ids(request: HttpRequest) -> list[int]:
    sent = [int(each) for each in request.POST.getlist("lease") if each.isdecimal() and len(each) < 19]
    return sent[: lists.MOST]


def _key(request: HttpRequest, lease: Lease) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get(f"key-{lease.pk}", ""))
    except ValueError:
        raise InputError(
            _("the page sent something unreadable"), where=f"key-{lease.pk}", next_step=_("Reload the page.")
        ) from None


def _answers(request: HttpRequest, lease: Lease) -> dict[int, Answer]:
    """What was chosen for each case of a lease; what was not sent is open."""
    sent = read_answers(request.POST)
    return {case: sent.get(case, Answer()) for case in lease.asked_ids}


def _chosen(answers: Mapping[int, Answer]) -> dict[int, Answer]:
    return {case: answer for case, answer in answers.items() if not answer.is_open or answer.note}


def _took(request: HttpRequest) -> int | None:
    took = request.POST.get("took", "")
    return min(int(took), LONGEST_TIME_MS) if took.isdecimal() and len(took) < 19 else None
