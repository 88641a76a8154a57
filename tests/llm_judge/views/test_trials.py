"""A trial: what was asked, what came back, as it is; nothing of it becomes a judgment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from judge.errors import InputError
from judge.models import Item, Judge, Judgment, Project, User, Verdict
from judge.rules.streams import Stream
from llm_judge import tasks
from llm_judge.actions import drafts, setups, trials
from llm_judge.models import Endpoint, Trial
from llm_judge.rules import templates
from llm_judge.rules.configuration import Decoding, ScoringRule
from tests import factories
from tests.judge.views import stories

Browse = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
RULES = [rule for rule in ScoringRule if rule is not ScoringRule.PMI]


@pytest.fixture
def shop(project: Project) -> Project:
    setups.use_scripted(project)
    factories.import_items(project)
    return project


def tried(project: Project, by: User, rule: ScoringRule = ScoringRule.CHOICE, **options: Any) -> Trial:
    """A trial of a shipped prompt on the first case, not yet asked."""
    Endpoint.objects.filter(name="scripted").update(options=options, price_in=1000.0, price_out=1000.0)
    endpoint = Endpoint.objects.get(name="scripted")
    how = Decoding(temperature=0.7, samples=5) if rule is ScoringRule.SAMPLED else Decoding()
    draft = drafts.Draft(endpoint, templates.SHIPPED[rule.value], rule, decoding=how)
    case = stories.first_case(project.items.order_by("pk")[0])
    return trials.make(project, drafts.configure(draft), case, endpoint=endpoint, by=by)


def page(trial: Trial, name: str = "trial") -> str:
    return reverse(name, args=[trial.project.slug, trial.pk])


@pytest.mark.parametrize("rule", RULES)
def test_the_answer_is_shown_with_prompt_tokens_and_cost(
    shop: Project, lea: User, browse: Browse, rule: ScoringRule
) -> None:
    trial = tried(shop, lea, rule)
    tasks.try_prompt(trial.pk)
    text = browse(lea).get(page(trial)).text
    trial.refresh_from_db()
    assert "tent number 0" in text
    assert "ms" in text
    assert (trial.status, trial.cost > 0) == (Trial.Status.DONE, True)
    assert sum(trial.result["probs"].values()) == pytest.approx(1.0)
    assert text.count('class="prompt"') == (2 if rule is ScoringRule.REASONED else 1)
    assert ("drawn by hash (0." in text) is (rule is ScoringRule.REASONED)
    assert ("The first token and what stood beside it" in text) is (rule is not ScoringRule.SAMPLED)


def test_a_trial_is_no_judgment(shop: Project, lea: User) -> None:
    trials.run(tried(shop, lea).pk)
    assert not Judgment.objects.exists()
    assert not Verdict.objects.exists()


def test_a_trial_is_asked_once_however_often_it_is_sent(shop: Project, lea: User) -> None:
    trial = tried(shop, lea)
    trials.run(trial.pk)
    trial.refresh_from_db()
    Endpoint.objects.update(options={"seed": 7})
    trials.run(trial.pk)
    assert Trial.objects.get().result == trial.result


@pytest.mark.parametrize(("fault", "says"), [
    ("off_menu", "the answer is not one of the labels"),
    ("too_long", "the prompt is longer than the model&#x27;s window"),
    ("empty", "the answer could not be read"), ("no_logprobs", "the answer came without probabilities"),
])  # fmt: skip
def test_an_answer_that_cannot_be_used_is_told_in_words(
    shop: Project, lea: User, browse: Browse, fault: str, says: str
) -> None:
    trial = tried(shop, lea, fail_share=1.0, faults=[fault])
    trials.run(trial.pk)
    text = browse(lea).get(page(trial)).text
    assert "No usable answer" in text
    assert says in text or "the answer was empty" in text
    assert "Nothing is guessed." in text


def test_a_waiting_trial_is_asked_for_until_it_has_ended(shop: Project, lea: User, browse: Browse) -> None:
    trial, client = tried(shop, lea), browse(lea)
    assert 'hx-trigger="every 1s"' in client.get(page(trial)).text
    assert client.get(page(trial), headers=HTMX).status_code == 200
    trials.run(trial.pk)
    fragment = client.get(page(trial), headers=HTMX)
    assert (fragment.status_code, "<html" in fragment.text, "The answer" in fragment.text) == (286, False, True)
    assert "hx-trigger" not in client.get(page(trial)).text


def test_a_trial_that_nobody_takes_up_says_so_and_stops_asking(
    shop: Project, lea: User, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = tried(shop, lea)
    monkeypatch.setattr("llm_judge.models.trial.GIVEN_UP", trial.created_at - trial.created_at)
    response = browse(lea).get(page(trial), headers=HTMX)
    assert response.status_code == 286
    assert "No background worker took it up." in response.text


@override_settings(BROKER_URL="redis://127.0.0.1:9/0")
def test_a_broker_that_is_down_stands_in_the_trial(shop: Project, lea: User, browse: Browse) -> None:
    made = tried(shop, lea)
    configuration = drafts.configure(drafts.Draft(made.endpoint, templates.CHOICE, ScoringRule.CHOICE))
    failed = trials.start(shop, configuration, made.case, endpoint=made.endpoint, by=lea)
    assert failed.status in (Trial.Status.FAILED, Trial.Status.QUEUED)


def test_a_case_of_the_certify_stream_is_refused(shop: Project, lea: User) -> None:
    Item.objects.update(stream=Stream.CERTIFY)
    with pytest.raises(InputError, match="may not be tried"):
        tried(shop, lea)


def test_what_was_tried_becomes_a_candidate_once(shop: Project, lea: User, browse: Browse) -> None:
    trial = tried(shop, lea, ScoringRule.REASONED)
    for _ in range(2):
        text = browse(lea).post(page(trial, "make_candidate"), follow=True).text
    assert "is a candidate, version 2." in text
    assert Judge.objects.count() == 2


@pytest.mark.parametrize("name", ["ann", "ada", "tim"])
def test_only_leads_look(shop: Project, lea: User, name: str, browse: Browse, request: pytest.FixtureRequest) -> None:
    trial, client = tried(shop, lea), browse(request.getfixturevalue(name))
    assert client.get(page(trial)).status_code == 403
    assert client.post(page(trial, "make_candidate")).status_code == 403
    assert Judge.objects.count() == 1


def test_a_trial_of_another_project_is_not_found(shop: Project, lea: User, stranger: User, browse: Browse) -> None:
    trial = tried(shop, lea)
    assert browse(stranger).get(reverse("trial", args=["elsewhere", trial.pk])).status_code == 404
    assert browse(lea).get(page(trial, "make_candidate")).status_code == 405


def test_a_model_cannot_write_markup_into_the_page(shop: Project, lea: User, browse: Browse) -> None:
    trial = tried(shop, lea, ScoringRule.REASONED)
    trials.run(trial.pk)
    trial.refresh_from_db()
    trial.texts |= {"rationale": stories.HOSTILE, "replies": [stories.HOSTILE, stories.HOSTILE]}
    trial.result["calls"][1]["first"] = [[stories.HOSTILE, -0.1]]
    trial.save()
    text = browse(lea).get(page(trial)).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_the_page_takes_few_queries(
    shop: Project, lea: User, browse: Browse, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    trial, client = tried(shop, lea), browse(lea)
    trials.run(trial.pk)
    with django_assert_max_num_queries(8):  # type: ignore[attr-defined]
        client.get(page(trial))
