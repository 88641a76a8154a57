"""The page Certificates: what the judge may accept by itself, on what proof, watched how, and what it would take."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from judge import access
from judge.actions import certifications, policies, withdrawals
from judge.errors import InputError, ServiceError
from judge.forms import RiskForm, WithdrawalForm
from judge.models import Certificate, Judge, Role
from judge.views import attainment, promises


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER)
def certificates(request: access.ProjectRequest) -> HttpResponse:
    return _page(request)


@require_POST
@access.project(Role.LEAD)
def certify_now(request: access.ProjectRequest) -> HttpResponse:
    """Ask a worker to test the judge in force, or the candidate whose version is sent."""
    version = request.POST.get("judge", "")
    if version and not (version.isdecimal() and _has_judge(request, int(version[:9]))):
        raise InputError(f'there is no judge "{version[:20]}"', expected="the version of one of this project")
    try:
        certifications.start(request.project, version=int(version) if version else None, by=request.user)
    except ServiceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("A worker tests the judge now. What came of it stands here in a moment."))
    return redirect("certificates", slug=request.project.slug)


@require_POST
@access.project(Role.LEAD)
def set_risks(request: access.ProjectRequest) -> HttpResponse:
    """Alpha and delta of each criterion, as a new version of the policy."""
    before = request.project.policy
    form = RiskForm(request.POST, risks=policies.risks(request.project))
    if not form.is_valid():
        return _page(request, form, status=400)
    after = policies.set_risks(request.project, form.risks, by=request.user)
    if after == before:
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("Policy version %(version)s is in force.") % {"version": after.version})
    return redirect("certificates", slug=request.project.slug)


@require_POST
@access.project(Role.LEAD)
def withdraw_certificate(request: access.ProjectRequest, certificate_id: int) -> HttpResponse:
    """Give a certificate up, with the reason; done twice it is done once."""
    found = get_object_or_404(Certificate, pk=certificate_id, project=request.project)
    form = WithdrawalForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why the certificate is withdrawn: it is kept with it."))
    elif withdrawals.withdraw(found, form.cleaned_data["reason"], by=request.user):
        messages.success(request, _("The certificate is withdrawn. What arrives goes to people."))
    else:
        messages.info(request, _("This certificate held no longer."))
    return redirect("certificates", slug=request.project.slug)


def _page(request: access.ProjectRequest, form: RiskForm | None = None, status: int = 200) -> HttpResponse:
    language, project = get_language() or "en", request.project
    found = promises.read(project, language)
    titles = {each.criterion.key: each.question.title for each in found}
    last, risks = certifications.latest(project), form or RiskForm(risks=policies.risks(project))
    context = {
        "promises": found,
        "tests": promises.tests(project, language),
        "attainment": attainment.read(project, found),
        "last": last,
        "waits": [(titles.get(key, key), words) for key, words in (last.data.get("waits", {}) if last else {}).items()],
        "is_lead": Role.LEAD in request.roles,
        "risks": risks,
        "risk_rows": [(titles.get(key, key), alpha, delta) for key, alpha, delta in risks.rows],
        "candidates": Judge.objects.filter(project=project).exclude(pk=project.judge_id or 0).order_by("-version"),
        "withdrawal": WithdrawalForm(),
        "alarm_level": promises.ALARM_LEVEL,
        "is_any_certified": any(each.is_certified for each in found),
    }
    return render(request, "judge/certificates.html", context, status=status)


def _has_judge(request: access.ProjectRequest, version: int) -> bool:
    return Judge.objects.filter(project=request.project, version=version).exists()
