"""The page Webhooks: who is told what happens here, and whether it was taken."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from judge import access
from judge.actions import webhooks as hooks
from judge.api.forms import WebhookForm
from judge.errors import InputError
from judge.models import Delivery, Role, Webhook

DELIVERIES_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD)
def webhooks(request: access.ProjectRequest) -> HttpResponse:
    """The list with the latest messages; POST adds an address and shows the secret that signs, this once."""
    form, made = WebhookForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            told = form.cleaned_data
            made = hooks.make(request.project, told["url"], kinds=told["kinds"], by=request.user)
            form = WebhookForm()
        except InputError as error:
            form.add_error("url", str(error))
    latest = Delivery.objects.filter(webhook__project=request.project).select_related("webhook").defer("data")
    context = {
        "form": form, "made": made, "deliveries": latest.order_by("-pk")[:DELIVERIES_SHOWN],
        "webhooks": Webhook.objects.filter(project=request.project).order_by("pk"),
    }  # fmt: skip
    response = render(request, "judge/webhooks.html", context, status=400 if form.errors else 200)
    if made:
        response["Cache-Control"] = "no-store"
    return response


@require_POST
@access.project(Role.LEAD)
def remove_webhook(request: access.ProjectRequest, webhook_id: int) -> HttpResponse:
    """It is told nothing any more."""
    hooks.remove(get_object_or_404(Webhook, pk=webhook_id, project=request.project), by=request.user)
    messages.success(request, _("The webhook was removed."))
    return redirect("webhooks", slug=request.project.slug)
