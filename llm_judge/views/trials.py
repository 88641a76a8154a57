"""The page of one trial: what was asked of the model, what came back, and what that would have become."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseStopPolling

from judge import access
from judge.models import Role
from judge.rules.scales import Question
from llm_judge.actions import drafts
from llm_judge.models import Trial
from llm_judge.rules.configuration import RaterConfiguration
from llm_judge.views.words import SCORING, UNSCORED, say


@dataclass(frozen=True, slots=True)
class Bar:
    """One label or token with its probability."""

    title: str
    share: float
    is_top: bool
    logprob: float | None = None

    @property
    def width(self) -> float:
        return round(100 * self.share, 1)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: what was shown to the model and what it wrote."""

    prompt: Sequence[tuple[str, str]]
    is_new: bool
    reply: str
    figures: dict[str, Any]
    tokens: Sequence[Bar]
    retried: str
    failed: str


@require_GET
@access.project(Role.LEAD)
def trial(request: access.ProjectRequest, trial_id: int) -> HttpResponse:
    """The whole page; for htmx the answer alone, which stops asking once there is one or none will come."""
    known = Trial.objects.select_related("case__item", "case__criterion", "endpoint", "by")
    found = get_object_or_404(known, pk=trial_id, project=request.project)
    question = found.case.criterion.question.in_language(get_language() or "en")
    context: dict[str, Any] = {
        "trial": found,
        "question": question,
        "rule": say(SCORING, found.configuration["scoring_rule"]),
        "calls": list(_calls(found)),
        "bars": list(_bars(found, question)),
        "unscored": say(UNSCORED, found.result["unscored"]) if found.result.get("unscored") else "",
    }
    if request.htmx:
        response = render(request, "llm_judge/trial.html#moving", context)
        response.status_code = 200 if found.is_waiting else HttpResponseStopPolling.status_code
    else:
        response = render(request, "llm_judge/trial.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@access.project(Role.LEAD)
def make_candidate(request: access.ProjectRequest, trial_id: int) -> HttpResponse:
    """The rater that was tried, and a candidate judge of it. Twice makes one."""
    found = get_object_or_404(Trial.objects.select_related("endpoint"), pk=trial_id, project=request.project)
    configuration = RaterConfiguration.from_record(found.configuration)
    made = drafts.make_candidate(request.project, configuration, endpoint=found.endpoint, by=request.user)
    messages.success(
        request,
        _("%(judge)s is a candidate, version %(version)s.") % {"judge": made.name, "version": made.version},
    )
    return redirect("judges", slug=request.project.slug)


def _calls(found: Trial) -> Iterator[Call]:
    seen: set[int] = set()
    prompts, replies = found.texts.get("prompts", []), found.texts.get("replies", [])
    for place, figures in enumerate(found.result.get("calls", [])):
        number = figures["prompt"]
        yield Call(
            prompt=prompts[number] if number < len(prompts) else [],
            is_new=number not in seen,
            reply=replies[place] if place < len(replies) else "",
            figures=figures,
            tokens=list(_tokens(figures.get("first", []))),
            retried=", ".join(say(UNSCORED, reason) for reason in figures["retried"]),
            failed=say(UNSCORED, figures["failed"]) if figures.get("failed") else "",
        )
        seen.add(number)


def _tokens(first: Sequence[tuple[str, float]]) -> Iterator[Bar]:
    top = max((logprob for _token, logprob in first), default=0.0)
    for token, logprob in first:
        yield Bar(repr(token)[1:-1] or "∅", math.exp(min(0.0, logprob)), logprob == top, logprob)


def _bars(found: Trial, question: Question) -> Iterator[Bar]:
    probs: dict[str, float] = found.result.get("probs", {})
    for label in question.labels:
        if label.key in probs:
            yield Bar(label.title, probs[label.key], label.key == found.result.get("label"))
