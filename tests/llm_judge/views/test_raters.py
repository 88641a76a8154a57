"""The page where a prompt is written: nothing is saved that cannot be asked, nothing that exists is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from judge.models import Item, Judge, Project, Rater, Role, User
from judge.rules.streams import Stream
from llm_judge.actions import endpoints, raters, setups
from llm_judge.models import Endpoint, PromptTemplate, Trial
from llm_judge.rules import templates
from tests import factories
from tests.judge.views import stories

Browse = Callable[[User], Client]
CHOICE = templates.CHOICE.texts["en"]


@pytest.fixture
def shop(project: Project) -> Project:
    """The cast's project with the scripted judge in force and one item."""
    setups.use_scripted(project)
    factories.import_items(project)
    return project


def page(project: Project) -> str:
    return reverse("new_rater", args=[project.slug])


def written(**changes: Any) -> dict[str, Any]:
    """What the form sends for the shipped prompt at the scripted endpoint, with these changes."""
    endpoint = Endpoint.objects.get(name="scripted")
    texts = {"en_system": CHOICE.system, "en_example": CHOICE.example, "en_body": CHOICE.body}
    how = {"max_examples": 8, "temperature": 0, "samples": 1, "max_tokens": 1, "rationale_tokens": 256}
    return {"prompt": "mine", "rule": "choice", "endpoint": endpoint.pk, "item": "item-0", **texts, **how, **changes}


def test_the_form_begins_with_a_shipped_prompt_and_what_the_server_says(
    shop: Project, lea: User, browse: Browse
) -> None:
    endpoint = Endpoint.objects.get(name="scripted")
    text = browse(lea).get(page(shop), {"endpoint": endpoint.pk, "start": "shipped:sampled"}).text
    assert "scripted is scripted 1, model scripted" in text
    assert 'value="sampled" checked' in text
    assert "without punctuation or explanation" in text
    assert "{question} {guidance} {labels}" in text.replace("{criterion} ", "")


def test_a_new_version_starts_from_the_old_one(shop: Project, lea: User, browse: Browse) -> None:
    old = Rater.objects.get(kind="machine")
    text = browse(lea).get(page(shop), {"start": f"rater:{old.pk}"}).text
    assert 'value="scripted"' in text
    assert "You check the work of a text generator" in text


def test_saving_makes_a_rater_and_a_candidate_and_leaves_the_old_ones_alone(
    shop: Project, lea: User, browse: Browse
) -> None:
    before = Rater.objects.get(kind="machine").configuration
    changed = written(en_body=CHOICE.body + "\r\nThink of the user.", max_examples=2, do="save")
    for _ in range(2):  # a double click
        text = browse(lea).post(page(shop), changed, follow=True).text
    assert "is a candidate, version 2." in text
    made = Judge.objects.get(version=2).seats.get().rater
    assert (
        raters.configuration_of(made).template.texts["en"].body.endswith("above and nothing else.\nThink of the user.")
    )
    assert made.configuration["max_examples"] == 2
    shop.refresh_from_db()
    assert (shop.judge.version, shop.judge.seats.get().rater.configuration) == (1, before)
    assert PromptTemplate.objects.filter(name="mine").count() == 1


def test_saving_what_exists_finds_it(shop: Project, lea: User, browse: Browse) -> None:
    old = Rater.objects.get(kind="machine")
    texts = {f"zh_{part}": getattr(templates.CHOICE.texts["zh"], part) for part in ("system", "example", "body")}
    same = written(prompt="choice", start=f"rater:{old.pk}", **texts, do="save")
    browse(lea).post(page(shop), same)
    assert list(Rater.objects.filter(kind="machine")) == [old]


@pytest.mark.parametrize(("changes", "says"), [
    ({"en_body": CHOICE.body + "{colour}"}, "unknown variable {colour} (allowed: {criterion}, {question}"),
    ({"en_system": "{output}"}, "unknown variable {output} (allowed: {criterion}"),
    ({"en_body": "{context}{output}{labels"}, "the braces do not match"),
    ({"en_body": "{context} {labels}"}, "{output} appears 0 times"),
    ({"en_body": "  "}, "A prompt needs a body in one language."),
    ({"en_body": "{context} {output}"}, "it does not show the answers"),
    ({"rule": "reasoned"}, "it never asks for the answer"),
    ({"rule": "sampled"}, "samples of at least 3"),
    ({"rule": "guessing"}, "guessing is not one of the available choices"),
    ({"temperature": "hot"}, "Enter a number."),
])  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_words_and_nothing_is_made(
    shop: Project, lea: User, browse: Browse, changes: dict[str, Any], says: str
) -> None:
    response = browse(lea).post(page(shop), written(do="save", **changes))
    assert response.status_code == 400
    assert says in response.text.replace("&quot;", '"')
    assert (Judge.objects.count(), Rater.objects.filter(kind="machine").count()) == (1, 1)


def test_the_prompt_of_every_criterion_is_shown_without_a_call(shop: Project, lea: User, browse: Browse) -> None:
    Endpoint.objects.filter(name="scripted").update(options={"fail_share": 1.0})
    text = browse(lea).post(page(shop), written(do="look", zh_body="{labels}{context}{output}")).text
    assert "Does the tag fit the interest?" in text
    assert "Is the tag concrete?" in text
    assert "tent number 0" in text
    assert text.count('class="prompt"') == 4, "two criteria, two languages"
    assert not Trial.objects.exists()


@pytest.mark.parametrize("to", [Stream.CERTIFY, Stream.GOLD])
@pytest.mark.parametrize("do", ["look", "try"])
@override_settings(BROKER_URL="memory://")
def test_items_that_prove_the_judge_are_neither_offered_nor_tried(
    shop: Project, lea: User, browse: Browse, to: Stream, do: str
) -> None:
    factories.import_items(shop, lines=[{"id": "secret", "context": "c", "output": "PLANTED-OUTPUT"}])
    Item.objects.filter(identity="secret").update(stream=to)
    assert "secret" not in browse(lea).get(page(shop)).text
    response = browse(lea).post(page(shop), written(do=do, item="secret"))
    assert response.status_code == 400
    assert f"was drawn into the {to.value} stream" in response.text
    assert "PLANTED-OUTPUT" not in response.text
    assert not Trial.objects.exists()


@override_settings(BROKER_URL="")
def test_without_a_queue_a_trial_is_refused_in_words(shop: Project, lea: User, browse: Browse) -> None:
    criterion = shop.cases.order_by("pk")[0].criterion_id
    response = browse(lea).post(page(shop), written(do="try", criterion=criterion))
    assert "No queue is set up here" in response.text
    assert not Trial.objects.exists()


def test_a_server_that_is_down_is_told_and_what_was_typed_stays(shop: Project, lea: User, browse: Browse) -> None:
    down = endpoints.add("down", "http://127.0.0.1:9/v1", by=None)
    assert "the endpoint must answer" in browse(lea).get(page(shop), {"endpoint": down.pk}).text
    text = browse(lea).post(page(shop), written(do="save", endpoint=down.pk, prompt="precious")).text
    assert "http://127.0.0.1:9" in text
    assert 'value="precious"' in text
    assert Judge.objects.count() == 1


def test_a_server_that_no_admin_named_gets_raters_of_its_own(shop: Project, lea: User, browse: Browse) -> None:
    """Else it could claim to serve another team's model and be sent that team's items."""
    from llm_judge.actions import drafts
    from llm_judge.backends.base import ServerFacts
    from llm_judge.rules.configuration import ScoringRule

    facts = ServerFacts("vllm", "1", "m")
    ours, theirs = (
        drafts.sketch(drafts.Draft(Endpoint(name=name, kind="openai", is_trusted=name == "ours"), templates.CHOICE,
                                   ScoringRule.CHOICE), facts)
        for name in ("ours", "theirs")
    )  # fmt: skip
    assert ours.content_hash() != theirs.content_hash()


@pytest.mark.parametrize("name", ["ann", "ada", "tim"])
def test_only_leads_come_in(shop: Project, name: str, browse: Browse, request: pytest.FixtureRequest) -> None:
    client = browse(request.getfixturevalue(name))
    assert client.get(page(shop)).status_code == 403
    assert client.post(page(shop), written(do="save")).status_code == 403
    assert Judge.objects.count() == 1


def test_a_wrong_method_is_refused(shop: Project, lea: User, browse: Browse) -> None:
    assert browse(lea).delete(page(shop)).status_code == 405


def test_hostile_text_stays_text(shop: Project, lea: User, browse: Browse) -> None:
    factories.import_items(shop, lines=[{"id": stories.HOSTILE, "context": "c", "output": stories.HOSTILE}])
    sent = written(prompt=stories.HOSTILE, item=stories.HOSTILE, en_body=CHOICE.body + "</textarea><script>", do="look")
    text = browse(lea).post(page(shop), sent).text
    assert "<script>alert" not in text
    assert "</textarea><script>" not in text


def test_another_projects_prompts_are_not_offered(shop: Project, lea: User, browse: Browse) -> None:
    elsewhere = factories.make_project("Far away")
    boss = factories.make_member(elsewhere, "boss", Role.LEAD)
    browse(boss).post(page(elsewhere), written(prompt="their secret", do="save"))
    (theirs,) = PromptTemplate.objects.filter(name="their secret")
    text = browse(lea).get(page(shop), {"start": f"prompt:{theirs.pk}"}).text
    assert "their secret" not in text


def test_many_items_take_no_more_queries(
    shop: Project, lea: User, browse: Browse, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    factories.import_items(shop, n=40)
    endpoint, client = Endpoint.objects.get(name="scripted"), browse(lea)
    with django_assert_max_num_queries(16):  # type: ignore[attr-defined]
        client.get(page(shop), {"endpoint": endpoint.pk})
    with django_assert_max_num_queries(18):  # type: ignore[attr-defined]
        client.post(page(shop), written(do="look"))
