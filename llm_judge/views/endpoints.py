"""The page Endpoints: where machine raters are asked, and what each server says it is, at a click."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from judge import access
from judge.errors import InputError, ServiceError
from judge.models import Role
from llm_judge.actions import drafts, placements
from llm_judge.actions import endpoints as endpoint_actions
from llm_judge.backends.base import ServerFacts
from llm_judge.forms import EndpointForm, PlacementForm
from llm_judge.models import Endpoint


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD)
def endpoints(request: access.ProjectRequest) -> HttpResponse:
    """The list; POST adds one. What cannot be stands on the page beside what was typed."""
    form = EndpointForm(request.POST) if request.method == "POST" else EndpointForm()
    if request.method == "POST" and form.is_valid():
        try:
            added = endpoint_actions.add(**form.cleaned_data, by=request.user)
        except InputError as error:
            form.add_error(_field_of(error), str(error))
        else:
            messages.success(request, _("%(name)s was added.") % {"name": added.name})
            return redirect("endpoints", slug=request.project.slug)
    return _page(request, form)


@require_POST
@access.project(Role.LEAD)
def look_at_endpoint(request: access.ProjectRequest, endpoint_id: int) -> HttpResponse:
    """Ask one endpoint what it is, now; the page says what it said, or why it did not."""
    endpoint = get_object_or_404(Endpoint, pk=endpoint_id)
    facts: ServerFacts | None = None
    trouble = ""
    try:
        facts = drafts.inspect(endpoint)
    except (InputError, ServiceError) as error:
        trouble = str(error)
    return _page(request, EndpointForm(), looked=endpoint.pk, facts=facts, trouble=trouble)


@require_POST
@access.project(Role.LEAD)
def place_rater(request: access.ProjectRequest, endpoint_id: int) -> HttpResponse:
    """Give an endpoint to one of the project's raters, or take it away; for site admins alone."""
    endpoint = get_object_or_404(Endpoint, pk=endpoint_id)
    form = PlacementForm(request.POST, raters=placements.offered(request.project))
    if not form.is_valid():
        raise InputError("no rater was chosen", expected="attach or detach, and a rater of this project")
    rater, is_new = form.cleaned_data["rater"], form.cleaned_data["do"] == "attach"
    told = {"rater": rater.name, "endpoint": endpoint.name}
    try:
        (placements.attach if is_new else placements.detach)(rater, endpoint, by=request.user)
    except (InputError, ServiceError) as error:
        messages.error(request, str(error))
    else:
        said = _("%(rater)s is asked at %(endpoint)s too.") if is_new else _("%(rater)s is not asked at %(endpoint)s.")
        messages.success(request, said % told)
    return redirect("endpoints", slug=request.project.slug)


def _page(request: access.ProjectRequest, form: EndpointForm, **looked: object) -> HttpResponse:
    facts = looked.get("facts")
    if isinstance(facts, ServerFacts):
        looked["rules"] = ", ".join(sorted(rule.value for rule in facts.rules))
        looked["server"] = facts.version
    own = placements.offered(request.project)
    context = {
        "endpoints": Endpoint.objects.order_by("pk").prefetch_related(Prefetch("raters", own, to_attr="own_raters")),
        "raters": list(own) if request.user.is_superuser else [],
        "askable": drafts.ASKABLE,
        "form": form,
        **looked,
    }
    return render(request, "llm_judge/endpoints.html", context, status=400 if form.errors else 200)


def _field_of(error: InputError) -> str | None:
    """Which field a refusal speaks of, as far as its words tell."""
    text = str(error)
    if "variable for a key" in text:
        return "api_key_variable"
    return "name" if text.startswith(("the endpoint has no name", "there is an endpoint")) else "base_url"
