"""The page Calibration: rates in words, a matrix whose numbers open their cases, and what is missing where it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from judge.actions import judge_figures, rubrics, summaries
from judge.models import Item, Judge, Project, Role, User
from tests import factories
from tests.judge import measuring
from tests.judge.measuring import Line

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]

#: 24 gold cases: the judge says fits of 16 with .9, people fail 4 of them; it says weak of 8 with .8, people pass 2.
GOLD = [Line("gold", 0.9, "weak" if i < 4 else "fits") for i in range(16)] + [
    Line("gold", 0.2, "fits" if i < 2 else "weak") for i in range(8)
]


@pytest.fixture
def gold(ann: User, ben: User) -> Project:
    lines = [*GOLD, Line("certify", 0.9, "weak"), Line("open", 0.9)]
    project = measuring.make("Gold", lines, [ann, ben])
    assert summaries.refresh(project, judge_figures.NAME)
    return project


@pytest.fixture
def lead(gold: Project) -> User:
    return factories.make_member(gold, "lou", Role.LEAD)


def url(project: Project, query: str = "") -> str:
    return f"/projects/{project.slug}/calibration/{query}"


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_rates_are_told_in_words_with_interval_and_n(browse: Browse, gold: Project, lead: User) -> None:
    page = text_of(browse(lead).get(url(gold)).text)
    # 4 of 4 + 6 that people fail; Wilson of 4 in 10: .168 to .687
    assert "Lets 40 % of bad tags through. 16.8 % to 68.7 %; 4 of 10" in page
    assert "Stops 14 % of good tags." in page  # 2 of 12 + 2
    assert "Agrees with people on 75 % of all cases." in page  # 12 + 6 of 24
    assert "24 cases: people have settled 0 of 0 train and 24 of 24 gold cases." in page
    assert "This judge has no calibrator" in page
    assert "No other judge has spoken on these cases." in page


def test_each_cell_opens_its_cases_and_no_others(browse: Browse, gold: Project, lead: User) -> None:
    client = browse(lead)
    page = client.get(url(gold)).text
    links = re.findall(r'<a href="(/projects/gold/items/\?[^"]+)">(\d+)</a>', page)
    assert [n for _, n in links] == ["12", "2", "4", "6"]  # people say fits: 12 and 2; weak: 4 and 6
    for address, n in links:
        opened = client.get(address.replace("&amp;", "&")).text
        listed = re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a></th>', opened)
        assert len(listed) == int(n)
        assert "Train and gold items on which people say" in opened
        certify = Item.objects.get(project=gold, stream="certify").identity
        assert certify not in listed


def test_cell_that_nobody_counted_is_empty(browse: Browse, gold: Project, lead: User) -> None:
    criterion = measuring.criterion_of(gold).pk
    for judge, people, said in ((99999, "fits", "weak"), (gold.judge_id, "x", "y")):
        query = f"judge={judge}&criterion={criterion}&people={people}&said={said}"
        page = browse(lead).get(f"/projects/gold/items/?{query}").text
        assert "No item matches." in page


def test_charts_have_title_table_and_no_inline_script_or_style(browse: Browse, gold: Project, lead: User) -> None:
    page = browse(lead).get(url(gold)).text
    assert page.count("<svg viewBox") >= 2
    assert '<title id="chart-after-title">Does confidence mean what it says?</title>' in page
    assert page.count("The numbers as a table") == 2
    assert "style=" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)


def test_brier_score_is_split(browse: Browse, gold: Project, lead: User) -> None:
    page = text_of(browse(lead).get(url(gold)).text)
    # 12·.01 + 4·.81 + 6·.04 + 2·.64 = 4.88 over 24; both shares are 3/4, so that nothing is told apart; UNC 3/16
    assert "this judge 24 0.2033 0.0158 0.0000 0.1875" in page


def test_another_version_stands_beside(browse: Browse, gold: Project, lead: User) -> None:
    assert gold.judge
    other = Judge.objects.create(project=gold, version=2, name="other", content_hash="x")
    for verdict in gold.judge.verdicts.all():
        type(verdict).objects.create(
            case_id=verdict.case_id, criterion_id=verdict.criterion_id, judge=other, label="fits", confidence=0.6,
            probs={"fits": 0.6, "weak": 0.4},
        )  # fmt: skip
    summaries.rebuild(gold, judge_figures.NAME)
    page = text_of(browse(lead).get(url(gold, f"?against={other.pk}")).text)
    assert "v2 other 24 0.2433" in page  # 14 right with .6, 10 wrong: (14·.16 + 10·.36)/24
    # on 6 only this one is right, on 2 only the other: 4 of 24 more
    assert "v2 other 24 6 2 16.7 points" in page


@pytest.mark.parametrize(("lines", "said"), [
    ([], "No train or gold item was drawn with this criterion"),
    ([Line("gold", 0.9)], "People have settled none of the train and gold cases yet."),
    ([Line("gold", 0.9, "fits")], "A diagram takes 20 answered cases with a confidence; there is 1."),
    ([Line("gold", None, "fits")] * 21, "21 are unscored and have no confidence."),
])  # fmt: skip
def test_panel_with_too_little_says_what_is_missing(
    browse: Browse, ann: User, ben: User, lines: list[Line], said: str
) -> None:
    project = measuring.make("Little", [*lines, Line("open", 0.9)], [ann, ben])
    summaries.refresh(project, judge_figures.NAME)
    page = browse(factories.make_member(project, "lou", Role.LEAD)).get(url(project))
    assert said in text_of(page.text)


def test_empty_project_and_one_that_nobody_counted_yet(browse: Browse, project: Project, lea: User, ann: User) -> None:
    assert "There is no judge yet" in browse(lea).get(url(project)).text
    fresh = measuring.make("Fresh", [Line("gold", 0.9, "fits")], [ann])
    page = browse(factories.make_member(fresh, "lou", Role.LEAD)).get(url(fresh)).text
    assert "Nothing was counted yet." in page
    assert "Not counted yet" in page


def test_criterion_that_is_asked_no_more_and_unknown_ones(browse: Browse, gold: Project, lead: User) -> None:
    old = measuring.criterion_of(gold)
    record = factories.read_rubric(measuring.RUBRIC.replace("relevance", "taste"), filename="two.yaml")
    rubrics.put_in_force(gold, record, by=None)
    client = browse(lead)
    assert "does not ask this any more" in client.get(url(gold, f"?criterion={old.pk}")).text
    for query in ("?criterion=999999", "?criterion=x", "?judge=999999", "?judge=0x"):
        response = client.get(url(gold, query))
        assert response.status_code == 400
        assert "in this project" in response.text
    elsewhere = factories.make_project("Elsewhere").criteria.first()
    assert elsewhere
    assert client.get(url(gold, f"?criterion={elsewhere.pk}")).status_code == 400


def test_who_may_look(browse: Browse, gold: Project) -> None:
    for role in Role:
        status = 403 if role in (Role.ANNOTATOR, Role.ADJUDICATOR) else 200
        assert browse(factories.make_member(gold, f"kim-{role}", role)).get(url(gold)).status_code == status, role


def test_queries_do_not_grow_with_judges_or_cases(
    browse: Browse, gold: Project, lead: User, django_assert_num_queries: Any, ann: User
) -> None:
    client = browse(lead)
    client.get(url(gold))
    with django_assert_num_queries(6):  # session, person, project with roles, criteria, judges, summary
        client.get(url(gold))
    for version in range(2, 6):
        Judge.objects.create(project=gold, version=version, name="more", content_hash=str(version))
    summaries.rebuild(gold, judge_figures.NAME)
    with django_assert_num_queries(6):
        client.get(url(gold))
