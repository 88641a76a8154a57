"""Whoever answers an audited case cannot tell: neither from what the page says, nor from how it differs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from judge.models import Certificate, Decision, Project, Role, User
from tests import factories
from tests.annotation.views.forms import HTMX, filled
from tests.judge import accepted

Browse = Callable[[User], Client]
#: No page or header that an annotator receives may hold any of these.
TELLING = re.compile(
    r"audit|reference|certif|suspend|recheck|drift|probab|confiden|verdict|抽查|认证|证书", re.IGNORECASE
)


def project_with(name: str, confidence: float) -> tuple[Certificate, Project]:
    """One item that waits for people: accepted and audited, or less sure than the certificate asks for."""
    certificate = accepted.make_cell(name)
    accepted.bring(certificate.project, 1, confidence=confidence)
    factories.make_member(certificate.project, "ann", Role.ANNOTATOR)
    return certificate, certificate.project


def url(name: str, project: Project) -> str:
    return reverse(name, args=[project.slug])


def without_names(response: HttpResponse, project: Project) -> tuple[str, dict[str, str]]:
    """Page and headers with everything that differs between any two items and projects taken out."""
    page = response.content.decode()
    for pattern, word in (
        (project.slug, "SLUG"), (project.name, "NAME"), (r'csrf[^>]*value="[^"]+"', "CSRF"), (r"[0-9a-f-]{36}", "KEY"),
        (r'"csrfToken": ?"[^"]+"|X-CSRFToken[^}]+', "CSRF"), (r"\d+", "N"),
    ):  # fmt: skip
        page = re.sub(pattern, word, page)
    headers = {
        key: re.sub(r"\d+", "N", value)
        for key, value in response.headers.items()
        if key not in {"Date", "X-Request-ID"}
    }
    return page, headers


@pytest.mark.django_db
def test_an_audited_case_and_an_ordinary_one_look_the_same_and_answer_the_same(browse: Browse) -> None:
    (_, audited), (_, plain) = project_with("Aaa", 0.9), project_with("Bbb", 0.7)
    reasons = {each.case.project_id: each.reason for each in Decision.objects.select_related("case")}
    assert reasons == {audited.pk: "audit", plain.pk: "low_confidence"}
    client = browse(User.objects.get(username="ann"))
    seen: list[list[Any]] = []
    for project in (audited, plain):
        bench = client.get(url("workbench", project))
        assert "Does the tag fit the interest?" in bench.content.decode()
        form = filled(bench.content.decode(), relevance="label:fits")
        draft = client.post(url("save_draft", project), form)
        sent = client.post(url("submit_answers", project), form, headers=HTMX)
        recent = client.get(url("recent", project))
        for response in (bench, draft, sent, recent):
            assert not TELLING.search(response.content.decode()), response.content.decode()
            assert not TELLING.search(str(response.headers))
        seen.append([without_names(each, project) for each in (bench, draft, sent, recent)])
    assert seen[0] == seen[1]


@pytest.mark.django_db
def test_a_rechecked_case_tells_nothing_either(browse: Browse) -> None:
    certificate, project = project_with("Aaa", 0.9)
    _, plain = project_with("Bbb", 0.7)
    accepted.recheck_all(certificate)
    client = browse(User.objects.get(username="ann"))
    pages = [client.get(url("workbench", each)) for each in (project, plain)]
    assert not TELLING.search(pages[0].content.decode())
    assert without_names(pages[0], project) == without_names(pages[1], plain)
