"""The page Agreement: how far people agree with each other, in words, and where they do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from judge import access
from judge.actions import agreements
from judge.models import Criterion, Role
from judge.rules.agreeing import SOUND, WEAK, is_noise


@dataclass(frozen=True, slots=True)
class Told:
    """One criterion: its figures as counted, and what they mean."""

    criterion: Criterion
    title: str
    figures: Mapping[str, Any]
    words: str
    is_noise: bool


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER)
def agreement(request: access.ProjectRequest) -> HttpResponse:
    summary = agreements.read(request.project)
    figures = summary.data["criteria"] if summary else []
    criteria = {each.pk: each for each in Criterion.objects.filter(pk__in=[each["criterion"] for each in figures])}
    language = get_language() or "en"
    context = {
        "summary": summary,
        "told": [_tell(criteria[each["criterion"]], each, language) for each in figures],
        "names": _names(request, figures),
    }
    return render(request, "judge/agreement.html", context)


def _tell(criterion: Criterion, figures: Mapping[str, Any], language: str) -> Told:
    alpha = figures["all"]["alpha"]
    title = criterion.question.in_language(language).title
    return Told(criterion, title, figures, words(alpha), is_noise=alpha is not None and is_noise(alpha))


def words(alpha: Mapping[str, float] | None) -> str:
    """What an alpha with its interval means for whoever uses the labels."""
    if alpha is None:
        return _("Agreement beyond chance cannot be told: everybody gave the same label, or too few answered twice.")
    if is_noise(alpha):
        return _("These labels are noise: people agree hardly more than chance would. Mend the question first.")
    if alpha["value"] < WEAK:
        return _("People agree weakly. Read the cases they split on, and say in the rubric what decides them.")
    if alpha["value"] < SOUND:
        return _("People agree well enough for careful conclusions.")
    return _("People agree well.")


def _names(request: access.ProjectRequest, figures: list[Mapping[str, Any]]) -> dict[int, str]:
    """Who the pairs are: leads alone read names."""
    if Role.LEAD not in request.roles:
        return {}
    return agreements.names({rater for each in figures for pair in each["pairs"] for rater in pair["people"]})
