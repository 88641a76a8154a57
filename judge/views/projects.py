"""The list of a person's projects, and one project at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from judge.actions import alarms, cells, whereabouts
from judge.actions.cells import Cell
from judge.http import fragment
from judge.models import JudgeRater, Membership, Project, Role, User
from judge.templatetags.pages import Link, is_open, open_pages, page_url
from judge.views import flow, flow_picture, savings

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
    recent = flow.happenings(request.project)
    is_moving = flow.is_moving(recent)
    context = _moving(request) | {"happenings": recent, "is_moving": is_moving}
    if request.htmx:
        return fragment(request, "judge/project.html#moving", context, is_moving=is_moving)
    response = render(request, "judge/project.html", context | _still(request, context))
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


def _moving(request: access.ProjectRequest) -> dict[str, Any]:
    """What the page asks for again while something moves."""
    summary = whereabouts.read(request.project)
    figures = summary.data if summary else {}
    parts = flow.flows(request.project, get_language() or "en", figures)
    whole = flow.in_all(parts)
    return {
        "summary": summary, "figures": figures, "parts": parts, "whole": whole,
        "picture": flow_picture.draw(whole, figures), "accepted": figures.get("accepted", {}),
        "savings": savings.hours_saved(figures, whole.by_judge), "queue": savings.queue(figures),
        "alarms": alarms.standing(request.project), "cells": _cells(request.project, parts),
        "items_url": _opened(request, "items"), "certificates_url": _opened(request, "certificates"),
        "names_shown": Role.LEAD in request.roles, "is_lead": Role.LEAD in request.roles,
    }  # fmt: skip


def _still(request: access.ProjectRequest, context: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows once and does not ask for again."""
    seats = JudgeRater.objects.filter(judge=request.project.judge_id).select_related("rater")
    return {
        "n_stranded": flow.count_stranded(request.project) if context["is_lead"] else 0,
        "n_items": context["figures"].get("items", 0),
        "reasons": context["figures"].get("reasons", []),
        "raters": [seat.rater for seat in seats] if request.project.judge_id else [],
        "panels": [url for _, name in sorted(registry.panels.items()) if (url := _opened(request, name))],
    }


def _opened(request: access.ProjectRequest, name: str) -> str:
    """The address of a page of the project, empty where this person may not open it."""
    url = page_url(name, slug=request.project.slug)
    return url if is_open(url, request.roles) else ""


def _cells(project: Project, parts: Sequence[flow.Flow]) -> list[tuple[str, Cell]]:
    """Whether the judge in force may accept each criterion by itself; nothing where it was never tested."""
    known = cells.of_project(project)
    asked = [(part.title, part.criterion.pk) for part in parts if part.criterion and part.is_in_force]
    return [(title, known.get(pk, cells.UNCERTIFIED)) for title, pk in asked] if known else []
