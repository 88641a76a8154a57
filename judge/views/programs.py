"""The page API: tokens with which programs open a project."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from judge import access
from judge.actions import tokens
from judge.api.forms import TokenForm
from judge.errors import InputError
from judge.models import ApiToken, Role

SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD, Role.TRAINER)
def api_access(request: access.ProjectRequest) -> HttpResponse:
    """Tokens and how to use them; POST makes one in one's own name and shows its secret, this once."""
    form, made = TokenForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            made = tokens.make(request.project, request.user, by=request.user, **form.cleaned_data)
            form = TokenForm()
        except InputError as error:
            form.add_error(None, str(error))
    context = {
        "form": form, "made": made, "tokens": _tokens(request), "now": timezone.now(),
        "is_lead": Role.LEAD in request.roles, "root": request.build_absolute_uri("/").rstrip("/"),
    }  # fmt: skip
    response = render(request, "judge/api_access.html", context, status=400 if form.errors else 200)
    if made:
        response["Cache-Control"] = "no-store"
    return response


@require_POST
@access.project(Role.LEAD, Role.TRAINER)
def revoke_token(request: access.ProjectRequest, token_id: int) -> HttpResponse:
    """Leads revoke any token of the project, others their own."""
    token = get_object_or_404(_mine(request), pk=token_id)
    if tokens.revoke(token, by=request.user):
        messages.success(request, _("The token “%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("api_access", slug=request.project.slug)


def _tokens(request: access.ProjectRequest) -> list[tuple[ApiToken, str]]:
    """The tokens that this person may see, those that work first, each with why it does not."""
    found = _mine(request).select_related("person", "use").order_by("-pk")[:SHOWN]
    return sorted(((token, tokens.why_not(token)) for token in found), key=lambda pair: bool(pair[1]))


def _mine(request: access.ProjectRequest) -> QuerySet[ApiToken]:
    found = ApiToken.objects.filter(project=request.project)
    return found if Role.LEAD in request.roles else found.filter(person=request.user)
