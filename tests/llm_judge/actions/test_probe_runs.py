"""Judges asked about copies: a capped sample, nothing of it a judgment, never twice."""

from __future__ import annotations

import pytest
from celery import current_app
from django.test import override_settings

from judge.actions import judges, summaries
from judge.errors import InputError, ServiceError
from judge.models import Event, Item, Judgment, Project, Rater, User
from llm_judge.actions import probe_runs, probes
from llm_judge.models import Endpoint, ProbeAnswer
from tests import factories

PER_CASE = 2  # as it is, and with words that say nothing


@pytest.fixture
def shop(judged_project: Project) -> Project:
    """Thirty contexts: every third item of the certify, open and train stream, judged by nobody yet."""
    factories.import_items(judged_project, n=30, per_context=1)
    for place, stream in enumerate(("certify", "open", "train")):
        names = [f"item-{n}" for n in range(place, 30, 3)]
        Item.objects.filter(identity__in=names).update(stream=stream)
    return judged_project


def probe(project: Project) -> bool:
    assert project.judge is not None
    return probe_runs.run(project.judge.pk)


def test_train_and_gold_items_are_asked_in_pairs_and_nothing_becomes_a_judgment(shop: Project) -> None:
    assert probe(shop)
    found = ProbeAnswer.objects.all()
    assert found.count() == 10 * 2 * PER_CASE  # items × criteria
    assert set(found.values_list("case__item__stream", flat=True)) == {"train"}
    assert set(found.values_list("arm", flat=True)) == {"plain", "padding"}
    assert not Judgment.objects.exists()
    assert all(0 <= each.passing <= 1 for each in found if each.passing is not None)


def test_what_was_asked_is_not_asked_again(shop: Project) -> None:
    probe(shop)
    first = set(ProbeAnswer.objects.values_list("pk", "label"))
    assert probe(shop)
    assert set(ProbeAnswer.objects.values_list("pk", "label")) == first


def test_no_more_is_asked_than_the_cap_and_the_same_sample_each_time(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_runs, "MOST_QUESTIONS", 12)
    probe(shop)
    assert ProbeAnswer.objects.count() == 12
    cases = set(ProbeAnswer.objects.values_list("case", flat=True))
    ProbeAnswer.objects.all().delete()
    probe(shop)
    assert set(ProbeAnswer.objects.values_list("case", flat=True)) == cases


def test_brands_are_swapped_where_items_name_two(shop: Project) -> None:
    lines = [
        {"id": f"b{n}", "context": f"c{n}", "output": f"{brand} tent", "meta": {"brand": brand}}
        for n, brand in enumerate(("Acme", "Bergo"))
    ]
    factories.import_items(shop, lines=lines)
    Item.objects.filter(identity__in=("b0", "b1")).update(stream="gold")
    probe(shop)
    assert ProbeAnswer.objects.filter(arm="brand_swap").count() == 4


def test_a_server_that_fails_leaves_rows_without_a_label_and_the_effect_stays_told(
    shop: Project, scripted: Endpoint
) -> None:
    scripted.options = {"fail_share": 0.5}
    scripted.save()
    probe(shop)
    (told,) = probes.measure(shop)["judges"]
    assert told["asked"]["n"] == ProbeAnswer.objects.count()
    assert told["asked"]["n_unscored"] == ProbeAnswer.objects.filter(passing=None).count()


def test_the_effect_of_padding_is_that_of_the_answers(shop: Project) -> None:
    Item.objects.filter(stream="open").update(stream="gold")
    probe(shop)
    ProbeAnswer.objects.filter(arm="plain").update(passing=0.4, label="weak")
    ProbeAnswer.objects.filter(arm="padding").update(passing=0.7, label="fits")
    summaries.refresh(shop, probes.NAME)
    (told,) = probes.measure(shop)["judges"]
    effects = [each for each in told["effects"] if each["probe"] == "padding"]
    assert [round(each["value"], 9) for each in effects] == [0.3, 0.3]
    assert {each["n"] for each in effects} == {20}
    assert effects[0]["examples"][0][0]["by"] == pytest.approx(0.3)
    Item.objects.filter(stream="train").update(stream="certify")
    (told,) = probes.measure(shop)["judges"]
    assert [each["n"] for each in told["missing"] if each["probe"] == "padding"] == [10, 10], "certify never enters"


def test_a_lead_asks_once_and_later_judges_are_probed_by_themselves(shop: Project, lea: User, queue: None) -> None:
    assert probe_runs.run_due() == 0, "nobody asked"
    probe_runs.ask_for(shop, by=lea)
    with current_app.connection_for_write() as connection:
        assert connection.default_channel.queue_declare("judge", passive=True).message_count >= 1
    assert probe_runs.run_due() == 1
    assert probe_runs.run_due() == 0
    assert Event.objects.filter(project=shop, verb=probe_runs.DONE).count() == 1


def test_a_judge_that_cannot_be_asked_is_refused_in_words(project: Project, lea: User) -> None:
    with pytest.raises(InputError, match="no judge in force that can be asked"):
        probe_runs.ask_for(project, by=lea)
    machine = Rater.objects.create(kind=Rater.Kind.MACHINE, name="m", project=project, origin="t")

    judges.promote(judges.make(project, [machine], name="m", by=None), by=None)
    project.refresh_from_db()
    with pytest.raises(InputError, match="that can be asked"):
        probe_runs.ask_for(project, by=lea)
    factories.import_items(project)
    Item.objects.update(stream="train")
    assert probe(project) is False


@override_settings(BROKER_URL="")
def test_without_a_queue_nothing_is_noted(shop: Project, lea: User) -> None:
    shop.refresh_from_db()
    with pytest.raises(ServiceError):
        probe_runs.ask_for(shop, by=lea)
    assert not Event.objects.filter(verb=probe_runs.ASKED_FOR).exists()
