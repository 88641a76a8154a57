"""Texts that must go: how long a project keeps them, and erasing some now."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from judge import access
from judge.actions import erasures, retention
from judge.errors import InputError
from judge.models import Event, Role
from judge.text_forms import ErasureForm, RetentionForm

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD)
def erase_texts(request: access.ProjectRequest) -> HttpResponse:
    """The two forms; POST erases (``what``, ``id``) or sets how long texts are kept (``days``)."""
    keeps = "keeping" in request.POST
    erasing = ErasureForm(request.POST if request.method == "POST" and not keeps else None)
    keeping = RetentionForm(request.POST if keeps else None, initial={"days": request.project.keep_texts_days})
    if (keeping if keeps else erasing).is_valid() and (_keep(request, keeping) if keeps else _erase(request, erasing)):
        return redirect("erase_texts", request.project.slug)
    latest = Event.objects.filter(project=request.project, verb=erasures.VERB).select_related("by").order_by("-pk")
    context = {"erasing": erasing, "keeping": keeping, "latest": latest[:SHOWN]}
    return render(request, "judge/erase_texts.html", context, status=400 if request.method == "POST" else 200)


def _keep(request: access.ProjectRequest, form: RetentionForm) -> bool:
    retention.set_days(request.project, form.cleaned_data["days"], by=request.user)
    messages.success(request, _("Saved."))
    return True


def _erase(request: access.ProjectRequest, form: ErasureForm) -> bool:
    told = form.cleaned_data
    try:
        done = erasures.erase(request.project, by=request.user, reason=told["reason"], **{told["what"]: told["id"]})
    except InputError as error:
        form.add_error("id", str(error))
        return False
    text = ngettext("The texts of %(n)d item are erased.", "The texts of %(n)d items are erased.", done.n_items)
    messages.success(request, text % {"n": done.n_items})
    if done.rubrics:
        versions = ", ".join(f"v{each}" for each in done.rubrics)
        text = _("An example made of it stands in the rubric since %(versions)s: put a rubric without it in force.")
        messages.warning(request, text % {"versions": versions})
    return True
