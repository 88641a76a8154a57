"""What a lead does with a settled case, from its item's page: open it again, or overturn its label."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from judge import access
from judge.actions import reopenings
from judge.errors import InputError
from judge.models import Case, Role


@require_POST
@access.project(Role.LEAD)
def reopen_case(request: access.ProjectRequest, case_id: int) -> HttpResponse:
    case = _case(request, case_id)
    try:
        reopenings.reopen(case, request.POST.get("reason", ""), by=request.user)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The case is open again: people are asked."))
    return _back(request, case)


@require_POST
@access.project(Role.LEAD)
def overturn_label(request: access.ProjectRequest, case_id: int) -> HttpResponse:
    case = _case(request, case_id)
    try:
        reopenings.overturn(case, request.POST.get("label", ""), request.POST.get("reason", ""), by=request.user)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The label was overturned. The earlier one stays in the record."))
    return _back(request, case)


def _case(request: access.ProjectRequest, case_id: int) -> Case:
    case = Case.objects.filter(project=request.project, pk=case_id).first()
    if case is None:
        raise Http404(_("There is no such case in this project."))
    return case


def _back(request: access.ProjectRequest, case: Case) -> HttpResponse:
    return redirect("item", slug=request.project.slug, item_id=case.item_id)
