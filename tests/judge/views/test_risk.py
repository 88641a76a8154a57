"""The page Risk: what each target would accept and take, and how a lead makes one the policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from judge.actions import judge_figures, judgments, projects, summaries
from judge.actions.judgments import NewJudgment
from judge.models import Certificate, Event, Policy, Project, Role, User
from tests import factories
from tests.judge import measuring, proofs
from tests.judge.measuring import Line

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]

#: 60 gold cases on which the judge is right, told with .9; 20 with .6, right on 12.
GOLD = [Line("gold", 0.9, "fits")] * 60 + [Line("gold", 0.6, "fits" if i < 12 else "weak") for i in range(20)]


@pytest.fixture
def gold(ann: User, ben: User) -> Project:
    lines = [*GOLD, *[Line("open", 0.9)] * 10, *[Line("certify", 0.9)] * 4]
    project = measuring.make("Gold", lines, [ann, ben])
    assert summaries.refresh(project, judge_figures.NAME)
    return project


@pytest.fixture
def lead(gold: Project) -> User:
    return factories.make_member(gold, "lou", Role.LEAD)


def url(project: Project, *, save: bool = False, **query: object) -> str:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/projects/{project.slug}/risk/{'save/' if save else ''}{'?' if text else ''}{text}"


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def shown(page: str) -> dict[str, str]:
    """What the slider shows, by name."""
    return dict(re.findall(r'data-shown="(\w+)">([^<]*)<', page))


def test_policy_in_force_is_where_the_slider_begins(browse: Browse, gold: Project, lead: User) -> None:
    page = browse(lead).get(url(gold)).text
    found = shown(page)
    assert found["target"] == "90 %"
    # wrong on 8 of 80, exactly alpha: no method is bound; Wilson .0515 to .1851: 1 − (.1851 − .1)/.9 = .905
    assert found["most"] == "100 % (91 % to 100 %)"
    assert "the judge is wrong on 8 of them, 10.0 %" in text_of(page)
    assert "4 certify cases are drawn, 0 of them answered; the next test, number 1 on them, may spend 6.1 %" in text_of(
        page
    )
    assert found["share"] == "0 % (0 % to 0 %)"  # four cases prove nothing: .9⁴ = .66
    assert found["certified"] == "0 %"
    # .9ⁿ ≤ .0152 from n = 40 on, and 60 of 80 cases are there: 40/.75 = 53.3
    assert found["needed"] == "54 of 54 certify cases"


def test_slider_shows_the_row_of_its_target_without_a_script(browse: Browse, gold: Project, lead: User) -> None:
    page = browse(lead).get(url(gold, target="55")).text
    found = shown(page)
    row = re.search(r'<tr data-target="55" data-x="([\d.]+)">(.*?)</tr>', page)
    assert row
    cells = dict(re.findall(r'data-cell="(\w+)">([^<]*)<', row[2]))
    assert {name: found[name] for name in cells} == cells
    assert row[1] == "74.6"  # 44 + (.55 − .5)/.5 · 306
    assert 'd="M74.6 190V12"' in page  # the rule of the chart


def test_hours_and_money_follow_from_what_is_accepted(browse: Browse, gold: Project, lead: User, ann: User) -> None:
    factories.make_member(gold, "ann", Role.ANNOTATOR)
    for case in gold.cases.filter(item__stream="open")[:2]:
        judgments.record([NewJudgment(case.pk, "fits", duration_ms=36_000)], rater=projects.rater_of(ann), by=ann)
    summaries.refresh(gold, judge_figures.NAME)
    found = shown(browse(lead).get(url(gold, target="99.5", hourly="30")).text)
    # nothing is accepted at 99.5 %: 10 cases · 2 answers · 36 s = .2 h, at 30 an hour 6
    assert found["hours"].startswith("0.2 (")
    assert found["money"] == "6.0"


def test_certificate_stands_beside_the_forecast(browse: Browse, gold: Project, lead: User) -> None:
    proofs.certify(gold, "relevance")
    page = browse(lead).get(url(gold)).text
    assert "The certificate in force promises at most 10 % disagreement and accepts from confidence 0.8125" in text_of(
        page
    )
    assert "the certificate: 10 of 250" in page


def test_of_a_test_that_certified_nothing_no_figure_is_shown(browse: Browse, gold: Project, lead: User) -> None:
    proofs.fail(gold, "relevance", n_accepted=1234, n_errors=567)
    page = browse(lead).get(url(gold)).text
    for planted in ("4321", "4,321", "1234", "1,234", "567"):
        assert planted not in page
    assert "No certificate of this judge is in force for it." in text_of(page)


def test_nonsense_is_told_and_the_page_stands(browse: Browse, gold: Project, lead: User) -> None:
    client = browse(lead)
    for query in ("target=12", "target=abc", "target=100", "hourly=-3", "hourly=x", "target=NaN"):
        response = client.get(f"{url(gold)}?{query}")
        assert response.status_code == 200, query
        assert shown(response.text)["target"] == "90 %"
        assert ("That is no target" in response.text) is query.startswith("target")


@pytest.mark.parametrize(("lines", "said"), [
    ([], "No train or gold item was drawn with this criterion"),
    ([Line("gold", 0.9, "fits")], "cases that people have settled and the judge has spoken on; there are 1."),
    ([Line("gold", None, "fits")] * 20, "The judge is unscored or in doubt on every train and gold case"),
])  # fmt: skip
def test_too_little_says_what_is_missing(browse: Browse, ann: User, ben: User, lines: list[Line], said: str) -> None:
    project = measuring.make("Little", [*lines, Line("open", 0.9)], [ann, ben])
    summaries.refresh(project, judge_figures.NAME)
    page = browse(factories.make_member(project, "lou", Role.LEAD)).get(url(project)).text
    assert said in text_of(page)
    assert "<svg viewBox" not in page.split("<main")[1]


def test_empty_project_has_a_page(browse: Browse, project: Project, lea: User) -> None:
    assert "There is no judge yet" in browse(lea).get(url(project)).text


def test_saving_tells_first_what_ends(browse: Browse, gold: Project, lead: User) -> None:
    proof = proofs.certify(gold, "relevance")
    criterion = measuring.criterion_of(gold).pk
    client = browse(lead)
    page = text_of(client.get(url(gold, save=True, criterion=criterion, target="95")).text)
    assert "at least 95 % of what is accepted shall agree with people." in page
    assert "That allows 5 % disagreement; the policy in force allows 10 %." in page
    assert "less disagreement is allowed now: 10 % → 5 %" in page
    assert Policy.objects.filter(project=gold).count() == 1, "looking changes nothing"
    sent = {"criterion": criterion, "target": "95", "policy": gold.policy.version}  # type: ignore[union-attr]
    response = client.post(url(gold, save=True), sent)
    assert response.status_code == 302
    gold.refresh_from_db()
    assert gold.policy
    assert gold.policy.version == 2
    assert gold.policy.risk_of("relevance") == (0.05, 0.10)
    assert Policy.objects.get(project=gold, version=1).risk_of("relevance") == (0.10, 0.10)
    assert Certificate.objects.get(pk=proof.pk).state == "stale"
    assert Event.objects.filter(project=gold, verb="policy put in force", by=lead).exists()


def test_allowing_more_ends_nothing_and_sent_twice_it_is_done_once(browse: Browse, gold: Project, lead: User) -> None:
    proofs.certify(gold, "relevance")
    client, criterion = browse(lead), measuring.criterion_of(gold).pk
    page = text_of(client.get(url(gold, save=True, criterion=criterion, target="85")).text)
    assert "No certificate ends." in page
    sent = {"criterion": criterion, "target": "85", "policy": 1}
    client.post(url(gold, save=True), sent)
    again = client.post(url(gold, save=True), sent)
    assert "The policy has changed meanwhile" in again.text
    assert Policy.objects.filter(project=gold).count() == 2
    assert Certificate.objects.get().state == "certified"


def test_what_cannot_be_saved_is_told(browse: Browse, gold: Project, lead: User) -> None:
    client, criterion = browse(lead), measuring.criterion_of(gold).pk
    for sent in (
        {}, {"target": "90"}, {"criterion": "999999", "target": "90"}, {"criterion": "", "target": "90"},
        *({"criterion": str(criterion), "target": target} for target in ("100", "49", "x", "")),
    ):  # fmt: skip
        for response in (client.get(url(gold, save=True), sent), client.post(url(gold, save=True), sent)):
            assert response.status_code == 400, sent
    assert Policy.objects.filter(project=gold).count() == 1


def test_who_may_look_and_leads_alone_save(browse: Browse, gold: Project) -> None:
    sent = {"criterion": measuring.criterion_of(gold).pk, "target": "95", "policy": 1}
    for role in (Role.VIEWER, Role.TRAINER, Role.ANNOTATOR, Role.ADJUDICATOR, Role.LEAD):
        client = browse(factories.make_member(gold, f"kim-{role}", role))
        page = client.get(url(gold))
        assert page.status_code == (403 if role in (Role.ANNOTATOR, Role.ADJUDICATOR) else 200), role
        assert ("Save as the policy" in page.text) is (role is Role.LEAD)
        assert client.post(url(gold, save=True), sent).status_code == (302 if role is Role.LEAD else 403)


def test_page_is_light_and_its_queries_are_few(
    browse: Browse, gold: Project, lead: User, django_assert_num_queries: Any
) -> None:
    client = browse(lead)
    client.get(url(gold))
    with django_assert_num_queries(7):  # session, person, project with roles, criteria, judges, summary, certificate
        page = client.get(url(gold, hourly="20"))
    assert len(page.content) < 120_000
    assert "style=" not in page.text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)
