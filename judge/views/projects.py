"""The list of a person's projects, and one project at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from judge import access, registry
from judge.actions import alarms, cells
from judge.actions.cells import Cell
from judge.http import fragment
from judge.models import JudgeRater, Membership, Project, Role, User
from judge.templatetags.pages import Link, is_open, open_pages, page_url
from judge.views import flow

#: Where people come to work: shown beside a project's name in the list.
DOORS = ("workbench", "adjudication", "project", "rubric")


@dataclass(frozen=True, slots=True)
class MyProject:
    """A project with the roles that the person holds there and the pages where their work is."""

    project: Project
    roles: tuple[str, ...]
    doors: tuple[Link, ...]


@require_GET
@access.signed_in
def projects(request: access.SignedInRequest) -> HttpResponse:
    return render(request, "judge/projects.html", {"mine": list(_mine(request.user))})


@require_GET
@access.project(Role.LEAD, Role.VIEWER, Role.TRAINER, Role.ADJUDICATOR)
def project(request: access.ProjectRequest) -> HttpResponse:
    """The whole page; for htmx only the part that moves, which stops asking once nothing moves."""
    parts = flow.flows(request.project, get_language() or "en")
    recent = flow.happenings(request.project)
    is_moving = flow.is_moving(recent)
    context: dict[str, Any] = {
        "parts": parts, "whole": flow.in_all(parts), "happenings": recent, "is_moving": is_moving,
        "names_shown": Role.LEAD in request.roles,
    }  # fmt: skip
    if request.htmx:
        return fragment(request, "judge/project.html#moving", context, is_moving=is_moving)
    response = render(request, "judge/project.html", context | _still(request, parts))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _mine(user: User) -> Iterator[MyProject]:
    for each in _seen_by(user):
        held = tuple(Role.values if user.is_superuser else sorted(each.held, key=Role.values.index))
        links = {link.name: link for link in open_pages(each.slug, frozenset(held))}
        yield MyProject(each, held, tuple(links[name] for name in DOORS if name in links))


def _seen_by(user: User) -> QuerySet[Any]:
    roles = Membership.objects.filter(project=OuterRef("pk"), user=user).values("role")
    found = Project.objects.annotate(held=ArraySubquery(roles)).order_by("name", "pk")
    return found if user.is_superuser else found.exclude(held=[])


def _still(request: access.ProjectRequest, parts: Sequence[flow.Flow]) -> dict[str, Any]:
    """What the page shows once and does not ask for again."""
    is_lead = Role.LEAD in request.roles
    seats = JudgeRater.objects.filter(judge=request.project.judge_id).select_related("rater")
    return {
        "n_stranded": flow.count_stranded(request.project) if is_lead else 0,
        "alarms": alarms.standing(request.project) if is_lead else [],
        "n_items": flow.count_items(request.project),
        "reasons": flow.reasons(request.project),
        "cells": _cells(request.project, parts),
        "raters": [seat.rater for seat in seats] if request.project.judge_id else [],
        "panels": _panels(request),
    }


def _cells(project: Project, parts: Sequence[flow.Flow]) -> list[tuple[str, Cell]]:
    """Whether the judge in force may accept each criterion by itself; nothing where it was never tested."""
    known = cells.of_project(project)
    asked = [(part.title, part.criterion.pk) for part in parts if part.criterion and part.is_in_force]
    return [(title, known.get(pk, cells.UNCERTIFIED)) for title, pk in asked] if known else []


def _panels(request: access.ProjectRequest) -> list[str]:
    """Addresses of what the siblings show on this page; only for those who may see it."""
    found = (page_url(name, slug=request.project.slug) for _, name in sorted(registry.panels.items()))
    return [url for url in found if is_open(url, request.roles)]
