"""Who belongs to a project, and with which roles."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from judge import access
from judge.actions import members as roles
from judge.actions import projects
from judge.errors import InputError
from judge.forms import MemberForm
from judge.models import Membership, Role, User


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD)
def members(request: access.ProjectRequest) -> HttpResponse:
    """The list; POST adds roles (``username``, ``roles``) or takes one away (``remove``)."""
    if "remove" in request.POST:
        _remove(request)
        return redirect("members", request.project.slug)
    form = MemberForm(request.POST) if request.method == "POST" else MemberForm()
    if request.method == "POST" and form.is_valid():
        user: User = form.cleaned_data["username"]
        projects.add_member(request.project, user, *map(Role, form.cleaned_data["roles"]), by=request.user)
        messages.success(request, _("%(name)s was added.") % {"name": user.display_name})
        return redirect("members", request.project.slug)
    context = {"form": form, "people": _people(request)}
    return render(request, "judge/members.html", context, status=400 if form.errors else 200)


def _remove(request: access.ProjectRequest) -> None:
    wanted = request.POST["remove"]
    try:
        if wanted.isdecimal():
            roles.remove_role(request.project, int(wanted), by=request.user)
    except InputError as error:
        messages.error(request, str(error))


def _people(request: access.ProjectRequest) -> list[tuple[User, list[Membership]]]:
    held = Membership.objects.filter(project=request.project).select_related("user")
    rows = held.order_by("user__username", "user_id", "role")
    return [(user, list(group)) for user, group in groupby(rows, key=lambda membership: membership.user)]
