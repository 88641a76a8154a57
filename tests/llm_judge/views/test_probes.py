"""The page Probes over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation

from judge.actions import summaries
from judge.models import Item, Project, Role, User
from llm_judge.actions import probes
from llm_judge.rules.probing import Probe
from llm_judge.views.probes import Told, _chart
from tests import factories
from tests.llm_judge.probed import make_world
from tests.snapshots import held

Browse = Callable[[User], Client]


def page(project: Project) -> str:
    return reverse("probes", args=[project.slug])


@pytest.fixture
def leaning(db: None) -> Project:
    """A judge that lets every long output pass, whatever it says."""
    project = make_world(30, lambda is_long, is_good, place: is_good or is_long)
    summaries.refresh(project, probes.NAME)
    return project


@pytest.fixture
def head(leaning: Project) -> User:
    return factories.make_member(leaning, "hal", Role.LEAD)


def test_a_lead_reads_effects_and_opens_the_cases_behind(leaning: Project, head: User, browse: Browse) -> None:
    text = browse(head).get(page(leaning)).content.decode()
    assert "1 effect was looked at." in text
    assert "By Holm's rule over all of them 1 hold." in text
    assert "50.0 points" in text
    links = [reverse("item", args=[leaning.slug, item.pk]) for item in Item.objects.filter(project=leaning)]
    assert sum(link in text for link in links) == 6, "three pairs"
    assert "the items do not differ in it" in text


def test_nothing_of_certify_cases_is_in_the_page(leaning: Project, head: User, browse: Browse) -> None:
    Item.objects.filter(project=leaning, identity="29-1").update(
        stream="certify", identity="planted", generator="plant"
    )
    summaries.rebuild(leaning, probes.NAME)
    text = browse(head).get(page(leaning)).content.decode()
    assert "plant" not in text
    assert "n = 29 / 30" in text


def test_others_do_not_come_in(leaning: Project, head: User, stranger: User, browse: Browse) -> None:
    answerer = factories.make_member(leaning, "ann")
    assert browse(answerer).get(page(leaning)).status_code == 403
    assert browse(stranger).get(page(leaning)).status_code == 404
    assert browse(head).post(page(leaning)).status_code == 405


def test_an_empty_project_says_what_is_missing(project: Project, lea: User, browse: Browse) -> None:
    client = browse(lea)
    assert "There is no judge here yet" in client.get(page(project)).content.decode()
    summaries.refresh(project, probes.NAME)
    assert "There is no judge here yet" in client.get(page(project)).content.decode()
    assert client.get(page(project) + "?judge=nonsense").status_code == 200


def test_queries_stay_few(
    leaning: Project, head: User, browse: Browse, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    client = browse(head)
    with django_assert_max_num_queries(7):
        client.get(page(leaning))


@translation.override("en")  # whatever an earlier test left
def test_the_chart_is_drawn_as_reviewed() -> None:
    def told(name: str, value: float, low: float, high: float, p: float, *, holds: bool) -> Told:
        figures = {"n": 400, "n_other": 410, "value": value, "low": low, "high": high, "p": p, "holds": holds}
        return Told(name, figures)

    effects = [
        told("Relevance", 0.25, 0.2, 0.3, 0.0001, holds=True),
        told("Specificity", -0.04, -0.075, -0.005, 0.03, holds=False),
        told("Validity", 0.0, -0.02, 0.02, 1.0, holds=False),
    ]
    chart = _chart(Probe.LENGTH, "Long outputs", "What it says.", effects)
    held("probes_length.html", render_to_string("_components/chart.html", {"chart": chart}))


def test_a_lead_asks_and_a_judge_from_elsewhere_is_refused_in_words(
    leaning: Project, head: User, stranger: User, browse: Browse
) -> None:
    url = reverse("start_probes", args=[leaning.slug])
    viewer = factories.make_member(leaning, "vic", Role.VIEWER)
    assert browse(viewer).post(url).status_code == 403
    assert browse(stranger).post(url).status_code == 404
    assert browse(head).get(url).status_code == 405
    assert "no judge in force that can be asked" in browse(head).post(url, follow=True).content.decode()
    assert "Ask the judge</button>" not in browse(viewer).get(page(leaning)).content.decode()
