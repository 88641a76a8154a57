"""The page Judges: candidates side by side, promotion said in words before it is done, panels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from judge.actions import judges as judge_actions
from judge.actions import judgments
from judge.actions.judgments import NewJudgment
from judge.models import Decision, Item, Judge, Project, Rater, User
from judge.rules.streams import Stream
from llm_judge.actions import drafts, setups, standings
from llm_judge.models import Endpoint
from llm_judge.rules import templates
from llm_judge.rules.configuration import ScoringRule
from tests import factories
from tests.judge.views import stories
from tests.llm_judge.actions.test_runs import judge

Browse = Callable[[User], Client]


@pytest.fixture
def shop(project: Project) -> Project:
    """The cast's project with the scripted judge in force and two items."""
    setups.use_scripted(project)
    factories.import_items(project, n=2)
    return project


@pytest.fixture
def candidate(shop: Project, lea: User) -> Judge:
    return make_candidate(shop, lea)


def make_candidate(project: Project, by: User, rule: ScoringRule = ScoringRule.REASONED) -> Judge:
    draft = drafts.Draft(Endpoint.objects.get(name="scripted"), templates.SHIPPED[rule.value], rule)
    return drafts.make_candidate(project, drafts.configure(draft), endpoint=draft.endpoint, by=by)


def url(name: str, project: Project, *more: object) -> str:
    return reverse(name, args=[project.slug, *more])


def stream(item: Item, to: Stream) -> None:
    Item.objects.filter(pk=item.pk).update(stream=to)


def test_a_lead_sees_every_judge_with_its_rater_in_words(
    shop: Project, candidate: Judge, lea: User, browse: Browse
) -> None:
    text = browse(lea).get(url("judges", shop)).text
    assert "Scripted answers: scripted, choice" in text
    assert "scripted: scripted, reasoned, reasoned 1" in text
    assert "asked for its reasons first, then for one label, held to the menu" in text
    assert text.count("in force</span>") == 1
    assert "Write a new version from this" in text


def test_without_a_judge_the_page_says_where_one_comes_from(project: Project, lea: User, browse: Browse) -> None:
    assert "There is no judge yet" in browse(lea).get(url("judges", project)).text


def test_agreement_is_read_off_train_items_alone(shop: Project, ann: User, ben: User) -> None:
    items = factories.import_items(shop, n=5)
    streams = [Stream.TRAIN, Stream.TRAIN, Stream.CERTIFY, Stream.GOLD, Stream.OPEN]
    for item, to in zip(items, streams, strict=True):
        stream(item, to)
    judge(shop)
    rater = Rater.objects.get(kind="machine")
    for place, item in enumerate(items):
        case = stories.first_case(item)
        said = case.judgments.get(rater=rater).label
        other = next(key for key in ("fits", "weak") if key != said)
        for person in (ann, ben):
            stories.person_says(person, case, said if place == 0 else other)
    (standing,) = standings.read(shop)
    assert (standing.n, standing.n_checked, standing.n_agreeing, standing.agreement) == (10, 2, 1, 0.5)


def test_nothing_is_claimed_where_nobody_answered(shop: Project, lea: User, browse: Browse) -> None:
    judge(shop)
    (standing,) = standings.read(shop)
    assert (standing.agreement, standing.interval) == (None, None)
    assert "n = " not in browse(lea).get(url("judges", shop)).text


def test_promotion_says_what_it_does_and_then_does_it(
    shop: Project, candidate: Judge, lea: User, browse: Browse
) -> None:
    (rater,) = candidate.seats.all()
    case = stories.first_case(shop.items.order_by("pk")[0])
    judgments.record([NewJudgment(case.pk, "fits", probs={"fits": 0.9, "weak": 0.1})], rater=rater.rater)
    client, address = browse(lea), url("promote_judge", shop, candidate.pk)
    text = client.get(address).text
    assert "1 case waits for the judge and was answered by this one: it is routed at once." in text
    assert "Certificates belong to a judge." in text
    assert not Decision.objects.exists(), "looking changes nothing"

    for _ in range(2):  # a double click
        assert client.post(address).status_code == 302
    shop.refresh_from_db()
    assert shop.judge == candidate
    assert Decision.objects.get().judge == candidate
    assert "It is in force already." in client.get(address).text


def test_ticked_raters_become_a_panel_once(shop: Project, candidate: Judge, lea: User, browse: Browse) -> None:
    raters = [str(pk) for pk in Rater.objects.filter(kind="machine").values_list("pk", flat=True)]
    for _ in range(2):
        text = browse(lea).post(url("make_panel", shop), {"raters": raters, "name": "Both"}, follow=True).text
    assert "Both is a candidate, version 3." in text
    assert "panel of models" in text
    assert Judge.objects.filter(kind="panel").count() == 1


@pytest.mark.parametrize(("raters", "name", "says"), [
    ([0], "One", "A panel has at least two raters."), ([0, 1], "", "This field is required."),
    ([99_999], "Odd", "not one of the available choices"),
])  # fmt: skip
def test_a_panel_that_is_none_is_refused_beside_its_field(
    shop: Project, candidate: Judge, lea: User, browse: Browse, raters: list[int], name: str, says: str
) -> None:
    known = list(Rater.objects.filter(kind="machine").values_list("pk", flat=True))
    chosen = [known[each] if each < len(known) else each for each in raters]
    response = browse(lea).post(url("make_panel", shop), {"raters": chosen, "name": name})
    assert (response.status_code, says in response.text) == (400, True)
    assert not Judge.objects.filter(kind="panel").exists()


def test_raters_of_another_project_cannot_be_seated(shop: Project, candidate: Judge, lea: User, browse: Browse) -> None:
    elsewhere = factories.make_project("Far away")
    theirs = stories.make_judge(elsewhere)
    mine = Rater.objects.filter(seats__judge=candidate).get()
    chosen = {"raters": [mine.pk, theirs.pk], "name": "Thief"}
    assert browse(lea).post(url("make_panel", shop), chosen).status_code == 400
    assert browse(lea).get(url("promote_judge", shop, elsewhere.judge_id)).status_code == 404


@pytest.mark.parametrize("name", ["ann", "ada", "tim"])
def test_only_leads_come_in(
    shop: Project, candidate: Judge, name: str, browse: Browse, request: pytest.FixtureRequest
) -> None:
    client, before = browse(request.getfixturevalue(name)), shop.judge_id
    assert client.get(url("judges", shop)).status_code == 403
    assert client.post(url("promote_judge", shop, candidate.pk)).status_code == 403
    assert client.post(url("make_panel", shop)).status_code == 403
    shop.refresh_from_db()
    assert shop.judge_id == before


def test_wrong_methods_change_nothing(shop: Project, candidate: Judge, lea: User, browse: Browse) -> None:
    client = browse(lea)
    assert client.get(url("make_panel", shop)).status_code == 405
    assert client.post(url("judges", shop)).status_code == 405
    assert client.put(url("promote_judge", shop, candidate.pk)).status_code == 405


def test_hostile_names_stay_text(shop: Project, lea: User, browse: Browse) -> None:
    rater = Rater.objects.create(kind="machine", name=stories.HOSTILE, configuration={"model": stories.HOSTILE})
    rater.configuration_hash = "h"
    rater.save()
    made = judge_actions.make(shop, [rater], name=stories.HOSTILE, by=None)
    for address in (url("judges", shop), url("promote_judge", shop, made.pk)):
        text = browse(lea).get(address).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_many_judges_take_as_many_queries_as_one(
    shop: Project, candidate: Judge, lea: User, browse: Browse, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for rule in (ScoringRule.FEW_SHOT, ScoringRule.PMI):
        make_candidate(shop, lea, rule)
    judge(shop)
    client = browse(lea)
    with django_assert_max_num_queries(22):  # type: ignore[attr-defined]
        assert client.get(url("judges", shop)).text.count("Write a new version") == 4
