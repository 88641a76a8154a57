"""The workbench: one item, one screen. Every form here works without scripts; with them only the bench is swapped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotation.actions import emptiness, known, leases, lists, submissions, terms, views
from annotation.actions import feedback as told
from annotation.actions.submissions import SubmitResult
from annotation.forms import SubmitForm, read_answers
from annotation.models import Lease
from annotation.rules.answers import Answer
from annotation.views import desks
from judge import access
from judge.errors import InputError
from judge.models import Role


@require_GET
@never_cache
@access.project(Role.ANNOTATOR)
def workbench(request: access.ProjectRequest) -> HttpResponse:
    """The person's item: the one they hold, else the next."""
    return bring_next(request, wants_list=lists.is_wanted(request.project, request.user))


@require_POST
@access.project(Role.ANNOTATOR)
def submit_answers(request: access.ProjectRequest) -> HttpResponse:
    """Store the answers and bring the next item; a refused submit comes back with all that was chosen."""
    form = SubmitForm(request.POST)
    form.check()
    answers = read_answers(request.POST)
    try:
        result = submissions.submit(
            request.project,
            by=request.user,
            key=form.cleaned_data["key"],
            lease_id=form.cleaned_data["lease"] or 0,
            answers=answers,
            duration_ms=form.cleaned_data["took"],
        )
    except InputError as error:
        lease = _own_lease(request, form.cleaned_data["lease"])
        if lease is None:
            raise
        desk = desks.desk(request.project, lease, answers=answers, key=str(form.cleaned_data["key"]))
        return show(request, {"desk": desk, "error": error, "wants_list": _wants_list(request)}, status=422)
    return _go_on(request, result, answers)


@require_POST
@access.project(Role.ANNOTATOR)
def release_item(request: access.ProjectRequest) -> HttpResponse:
    """Give the item back unanswered and leave."""
    lease_id = request.POST.get("lease", "")
    if lease_id.isdecimal():
        leases.release(int(lease_id), by=request.user)
    return redirect("projects")


@require_POST
@access.project(Role.ANNOTATOR)
def save_draft(request: access.ProjectRequest) -> HttpResponse:
    """The heartbeat: keep what was chosen and the item with it. 409 once the lease is closed."""
    assert request.project.policy is not None
    lease_id = request.POST.get("lease", "")
    expires_at = lease_id.isdecimal() and leases.extend(
        int(lease_id),
        by=request.user,
        minutes=request.project.policy.lease_minutes,
        answers=desks.as_draft(read_answers(request.POST)),
    )
    if not expires_at:
        return JsonResponse({"problem": _("Your time on this item ran out. You can still submit.")}, status=409)
    return JsonResponse({"seconds_left": 60 * request.project.policy.lease_minutes})  # whatever clock we have


def _go_on(request: access.ProjectRequest, result: SubmitResult, answers: Mapping[int, Answer]) -> HttpResponse:
    """After a submit: what a taught item tells, else the next item, and what the judge said where it is revealed."""
    slug = request.project.slug
    if result.kind in known.TAUGHT:
        if request.htmx:
            found = told.of_submission(request.project, result.key, by=request.user)
            return render(request, "annotation/_feedback.html", {"feedback": found})
        return redirect("feedback", slug=slug, key=result.key)
    revealed = views.after_submit(request.project, answers)
    if request.htmx:
        about_last = {"notice": result.words, "n_submitted": int(not result.is_repeat), "revealed": revealed}
        return bring_next(request, wants_list=_wants_list(request), **about_last)
    if revealed:
        words = ", ".join(f"{criterion}: {label}" for criterion, label in revealed)
        messages.info(request, _("The judge said of your last item: %(words)s") % {"words": words})
    return redirect("workbench", slug=slug)


def bring_next(request: access.ProjectRequest, *, wants_list: bool, **about_last: Any) -> HttpResponse:
    """The next item, with the others of its context where the person wants a list; or why there is none."""
    lease = known.claim(request.project, by=request.user)
    context: dict[str, Any] = {**about_last, "wants_list": wants_list}
    rows = lists.fill(request.project, lease, by=request.user) if lease and wants_list else []
    if len(rows) > 1:
        context["list"] = desks.list_desk(request.project, rows)
    elif lease:
        context["desk"] = desks.desk(request.project, lease)
    else:
        context["nothing"] = emptiness.explain(request.project, by=request.user)
    return show(request, context)


def show(request: access.ProjectRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The bench alone where it is swapped, else the whole page."""
    if request.htmx:
        return render(request, "annotation/_bench.html", context, status=status)
    return render(
        request,
        "annotation/workbench.html",
        context | {"n_today": terms.answered_today(request.project, request.user)},
        status=status,
    )


def _wants_list(request: access.ProjectRequest) -> bool:
    """What the page was when it was sent: a submit asks the database nothing about it."""
    return request.POST.get("lists") == "1"


def _own_lease(request: access.ProjectRequest, lease_id: int | None) -> Lease | None:
    own = Lease.objects.filter(project=request.project, person=request.user, pk=lease_id or 0)
    return own.select_related("item__context").first()
