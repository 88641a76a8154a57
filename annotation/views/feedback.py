"""After an item of training or a gold question that teaches: the right label, and why."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotation.actions import feedback as told
from judge import access
from judge.models import Role


@require_GET
@never_cache
@access.project(Role.ANNOTATOR)
def feedback(request: access.ProjectRequest, key: uuid.UUID) -> HttpResponse:
    """A page of its own without scripts; with them it takes the item's place on the bench."""
    found = told.of_submission(request.project, key, by=request.user)
    if found is None:
        return redirect("workbench", slug=request.project.slug)
    template = "annotation/_feedback.html" if request.htmx else "annotation/feedback.html"
    return render(request, template, {"feedback": found})
