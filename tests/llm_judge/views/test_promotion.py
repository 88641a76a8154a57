"""Promotion beside certificates: both sides are shown, and a loss needs the lead's own word."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from judge.models import Certificate, Judge, Project, User
from tests.judge import proofs
from tests.judge.views.test_certificates import text_of

Browse = Callable[[User], Client]


def address(project: Project, judge: Judge) -> str:
    return reverse("promote_judge", args=[project.slug, judge.pk])


def test_both_judges_certificates_stand_side_by_side(browse: Browse, lea: User, project: Project) -> None:
    proofs.certify(project, "relevance")
    other = proofs.make_judge(project, "other")
    proofs.certify(project, "relevance", judge=other, threshold=0.7, coverage=0.75)
    page = text_of(browse(lea).get(address(project, other)).text)
    assert (
        "relevance certified alpha 10 %, from confidence 0.8125, 62.5 % of certify cases "
        "certified alpha 10 %, from confidence 0.7000, 75.0 % of certify cases"
    ) in page
    assert "specificity never tested never tested" in page
    assert "Even so" not in page
    assert "what this one has proven it may accept from now on" in page


def test_a_candidate_that_would_lose_a_criterion_is_promoted_only_even_so(
    browse: Browse, lea: User, project: Project
) -> None:
    proofs.certify(project, "relevance")
    before, other = project.judge, proofs.make_judge(project, "other")
    client = browse(lea)
    page = text_of(client.get(address(project, other)).text)
    assert "It would lose relevance: what the judge in force may accept there goes to people again" in page
    refused = client.post(address(project, other))
    assert refused.status_code == 400
    assert "other has no certificate for relevance" in refused.text
    project.refresh_from_db()
    assert project.judge == before
    for _ in range(2):  # a double click
        assert client.post(address(project, other), {"even_so": "yes"}).status_code == 302
    project.refresh_from_db()
    assert project.judge == other
    assert Certificate.objects.get().state_reason == "another judge is in force"


def test_a_certificate_that_rests_counts_for_its_judge(browse: Browse, lea: User, project: Project) -> None:
    proofs.certify(project, "relevance")
    first, other = project.judge, proofs.make_judge(project, "other")
    client = browse(lea)
    client.post(address(project, other), {"even_so": "yes"})
    page = text_of(client.get(address(project, first)).text)
    assert "relevance never tested certified; holds once it is in force alpha 10 %" in page
    assert client.post(address(project, first)).status_code == 302
    assert Certificate.objects.get().state == "certified"


def test_of_a_test_in_vain_no_figure_is_shown(browse: Browse, lea: User, project: Project) -> None:
    other = proofs.make_judge(project, "other")
    proofs.fail(project, "relevance", judge=other)
    page = text_of(browse(lea).get(address(project, other)).text)
    assert "relevance never tested not certified specificity" in page
    assert "4321" not in page


def test_the_page_of_runs_warns_of_a_judge_without_a_certificate_and_of_no_other(
    browse: Browse, lea: User, project: Project
) -> None:
    warning, address = "This judge has no certificate for this project", reverse("runs", args=[project.slug])
    found = proofs.fail(project, "relevance")
    assert warning in browse(lea).get(address).text
    proofs.certify(project, "specificity", judge=found.judge)
    assert warning not in browse(lea).get(address).text
