"""The page Compare: what it says of two sides, what it asks a worker for, and that it is defined whatever there is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from judge.actions import comparison_figures, judges, summaries
from judge.models import Event, Item, Project, Role, User
from tests import factories
from tests.judge import proofs
from tests.judge.actions.test_comparison_figures import as_gold, bring, decide, say

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]


@pytest.fixture
def crew(db: None) -> list[User]:
    return [factories.make_user(name) for name in ("ann", "ben", "cleo")]


@pytest.fixture
def judged(project: Project) -> Project:
    """The first judge is in force, the second a candidate."""
    first = proofs.make_judge(project, "first")
    first.project = project
    judges.promote(first, by=None)
    proofs.make_judge(project, "second")
    return Project.objects.select_related("judge", "policy", "rubric").get(pk=project.pk)


def url(project: Project, query: str = "") -> str:
    return reverse("compare", args=[project.slug]) + query


def look(browse: Browse, person: User, project: Project, query: str = "") -> str:
    response = browse(person).get(url(project, query))
    assert response.status_code == 200
    assert len(response.content) < 120_000
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def test_two_judges_stand_side_by_side_and_errors_first(
    browse: Browse, judged: Project, lea: User, crew: list[User]
) -> None:
    second = judged.judges.get(version=2)
    cases = bring(judged, 6)
    assert judged.judge is not None
    say(judged.judge, cases, "fits")
    say(second, cases[:1], "weak")
    say(second, cases[1:], "fits")
    decide(cases, "fits", crew)
    as_gold(cases)
    summaries.refresh(judged, comparison_figures.NAME)
    page = look(browse, lea, judged)
    # 6 of 6 against 5 of 6: −16.7 points; one case differs, and it is lost
    assert "100.0 % of 6 83.3 % of 6 −16.7 points" in page
    assert "1 cases differ: 0 gained, 1 lost" in page
    assert "the first was right, the second errs" in page
    assert page.index("Misaligned cases first") < page.index("Numbers")
    item = reverse("item", args=[judged.slug, cases[0].item_id])
    assert item in browse(lea).get(url(judged)).text


def test_generators_tell_shares_of_contexts_they_both_know(
    browse: Browse, judged: Project, lea: User, crew: list[User]
) -> None:
    one, other = bring(judged, 4, generator="one"), bring(judged, 4, generator="two")
    decide(one[:1] + other[:3], "fits", crew)
    decide(one[1:] + other[3:], "weak", crew)
    summaries.refresh(judged, comparison_figures.NAME)
    page = look(browse, lea, judged, "?kind=generators")
    assert "25.0 % of 4" in page
    assert "75.0 % of 4" in page
    assert "50.0 points" in page
    assert "4 contexts of both: the second is ahead in 2, behind in 0" in page


def test_pair_that_nobody_counted_is_counted_on_demand(browse: Browse, judged: Project, lea: User, queue: None) -> None:
    query = "?kind=judges&first=2&second=1"
    assert "This pair was not counted yet." in look(browse, lea, judged, query)
    data = {"kind": "judges", "first": "2", "second": "1"}
    answer = browse(lea).post(reverse("ask_comparison", args=[judged.slug]), data)
    assert answer.headers["Location"] == url(judged, query)
    html = browse(lea).get(url(judged, query)).text
    assert 'hx-trigger="every 3s"' in html
    comparison_figures.refresh(judged.pk)
    html = browse(lea).get(url(judged, query)).text
    assert "hx-trigger" not in html.split('id="compared"')[1], "what has come is not asked for again"
    assert "No gold case has been decided by people and judged by both." in html


def test_without_a_queue_the_page_says_so(browse: Browse, judged: Project, lea: User, settings: object) -> None:
    settings.BROKER_URL = ""  # type: ignore[attr-defined]
    data = {"kind": "judges", "first": "2", "second": "1"}
    answer = browse(lea).post(reverse("ask_comparison", args=[judged.slug]), data, follow=True)
    assert "No queue is set up here" in answer.text
    assert not Event.objects.filter(verb=comparison_figures.ASKED).exists()


def test_project_without_two_of_anything_says_what_is_missing(browse: Browse, project: Project, lea: User) -> None:
    assert "There are no two judges yet" in look(browse, lea, project)
    assert "There are no two versions of the rubric yet" in look(browse, lea, project, "?kind=rubrics")
    assert "There are no two generators yet" in look(browse, lea, project, "?kind=generators")
    assert "There are no two judges yet" in look(browse, lea, project, "?kind=nonsense")


def test_one_thing_twice_is_no_pair(browse: Browse, judged: Project, lea: User) -> None:
    assert "Choose two different ones." in look(browse, lea, judged, "?kind=judges&first=1&second=1")


@pytest.mark.parametrize("query", ["?first=1&second=99", "?first=x&second=1", "?first=1", "?kind=generators&first=%00"])
def test_what_is_not_there_is_refused_in_words(browse: Browse, judged: Project, lea: User, query: str) -> None:
    assert browse(lea).get(url(judged, query)).status_code == 400


def test_certify_cases_leave_no_trace_on_the_page(browse: Browse, judged: Project, lea: User, crew: list[User]) -> None:
    cases = bring(judged, 4, generator="one") + bring(judged, 4, generator="planted")
    decide(cases, "fits", crew)
    Item.objects.filter(generator="planted").update(stream="certify")
    summaries.refresh(judged, comparison_figures.NAME)
    for kind in ("judges", "rubrics", "generators"):
        assert "planted" not in browse(lea).get(url(judged, f"?kind={kind}")).text


def test_viewers_look_and_only_leads_and_trainers_ask(
    browse: Browse, judged: Project, ann: User, tim: User, stranger: User, queue: None
) -> None:
    viewer = factories.make_member(judged, "vic", Role.VIEWER)
    ask, data = reverse("ask_comparison", args=[judged.slug]), {"kind": "judges", "first": "2", "second": "1"}
    assert "A lead or trainer can have it counted." in look(browse, viewer, judged, "?first=2&second=1")
    assert [browse(each).get(url(judged)).status_code for each in (ann, stranger)] == [403, 404]
    assert [browse(each).post(ask, data).status_code for each in (viewer, tim)] == [403, 302]
    assert browse(tim).get(ask).status_code == 405


def test_page_takes_the_same_queries_however_many_cases(
    browse: Browse, judged: Project, lea: User, crew: list[User],
    django_assert_num_queries: Callable[..., object],
) -> None:  # fmt: skip
    cases = bring(judged, 8)
    assert judged.judge is not None
    for judge in judged.judges.all():
        say(judge, cases, "fits")
    decide(cases, "weak", crew)
    as_gold(cases)
    summaries.refresh(judged, comparison_figures.NAME)
    client = browse(lea)
    with django_assert_num_queries(6):  # session, person, project and roles, summary, versions, criteria
        assert client.get(url(judged)).status_code == 200
