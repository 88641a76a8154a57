"""The page People: who answers here on what terms, invitations, pauses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.actions import assignments, terms
from annotation.actions import people as joining
from annotation.lead_forms import InviteForm, TermsForm
from annotation.models import Annotator
from judge import access
from judge.actions import rubrics
from judge.errors import InputError
from judge.models import Criterion, Role, User


@dataclass(frozen=True, slots=True)
class Listed:
    """One person who answers, with their terms and their day."""

    person: User
    own: Annotator
    criteria: tuple[str, ...]
    n_today: int
    n_assigned: int
    may_have_link: bool


@require_GET
@never_cache
@access.project(Role.LEAD)
def people(request: access.ProjectRequest) -> HttpResponse:
    return _page(request, InviteForm())


@require_POST
@never_cache
@access.project(Role.LEAD)
def invite_person(request: access.ProjectRequest) -> HttpResponse:
    """Make the account and show its one-time link, this once."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    sent = form.cleaned_data
    name, email, roles = sent["username"].strip(), sent["email"], [Role(role) for role in sent["roles"]]
    try:
        made = joining.invite(request.project, name, email=email, roles=roles, by=request.user)
    except InputError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=400)
    if not made.path:
        messages.success(request, _("%(name)s was added.") % {"name": made.user.display_name})
        return redirect("people", slug=request.project.slug)
    link = request.build_absolute_uri(made.path)
    was_mailed = joining.mail_invitation(made, link, request.project)
    return _page(request, InviteForm(), made=made, link=link, was_mailed=was_mailed)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@access.project(Role.LEAD)
def annotator_terms(request: access.ProjectRequest, person_id: int) -> HttpResponse:
    """One person's terms, their pause and what was assigned to them."""
    person = _annotator(request, person_id)
    own = terms.of_person(request.project, person)
    form = TermsForm(request.POST or None, criteria=_titled(request), own=own)
    if request.method == "POST" and form.is_valid():
        terms.set_terms(request.project, person, **form.cleaned_data, by=request.user)
        messages.success(request, _("The terms hold from the next item on."))
        return redirect("people", slug=request.project.slug)
    context = {
        "person": person,
        "own": own,
        "form": form,
        "n_assigned": assignments.open_ones(request.project).get(person.pk, 0),
    }
    return render(request, "annotation/annotator_terms.html", context, status=400 if form.errors else 200)


@require_POST
@access.project(Role.LEAD)
def pause_person(request: access.ProjectRequest, person_id: int) -> HttpResponse:
    """Give the person nothing new; without ``reason`` let them go on."""
    person, reason = _annotator(request, person_id), request.POST.get("reason")
    try:
        if reason is None:
            terms.resume(request.project, person, by=request.user)
        else:
            terms.pause(request.project, person, reason, by=request.user)
    except InputError as error:
        messages.error(request, str(error))
    return redirect("annotator_terms", slug=request.project.slug, person_id=person_id)


@require_POST
@access.project(Role.LEAD)
def take_back_items(request: access.ProjectRequest, person_id: int) -> HttpResponse:
    n = assignments.take_back(request.project, _annotator(request, person_id), by=request.user)
    messages.success(request, _("%(n)s assigned items are everybody's again.") % {"n": n})
    return redirect("annotator_terms", slug=request.project.slug, person_id=person_id)


def _page(request: access.ProjectRequest, form: InviteForm, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {"listed": list(_listed(request)), "form": form, **more}
    return render(request, "annotation/people.html", context, status=status)


def _listed(request: access.ProjectRequest) -> Iterator[Listed]:
    annotators = list(joining.annotators(request.project))
    own = {row.person_id: row for row in Annotator.objects.filter(project=request.project)}
    today, given = terms.all_today(request.project, annotators), assignments.open_ones(request.project)
    titles = {each.key: title for each, title in _titled(request)}
    waiting = joining.waiting_for_password(request.project, annotators)
    for person in annotators:
        row = own.get(person.pk, Annotator(project=request.project, person=person))
        criteria = tuple(titles.get(key, key) for key in row.criteria)
        n_today, n_given = today.get(person.pk, 0), given.get(person.pk, 0)
        yield Listed(person, row, criteria, n_today, n_given, person.pk in waiting)


def _titled(request: access.ProjectRequest) -> list[tuple[Criterion, str]]:
    language = get_language() or "en"
    found = rubrics.criteria_in_force(request.project)
    return [(each, each.question.in_language(language).title) for each in found]


def _annotator(request: access.ProjectRequest, person_id: int) -> User:
    found = joining.annotators(request.project).filter(pk=person_id).first()
    if found is None:
        raise Http404(_("Nobody of that number answers in this project."))
    return found
