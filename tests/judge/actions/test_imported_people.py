"""What is declared of people's imported answers: a random sample, a single reference."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from judge.actions import judgments
from judge.actions.imported_people import Declared
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Frame, Item, Judge, Judgment, Project, Purpose, Rater
from judge.rules.imported import Reference
from judge.rules.stages import Stage
from tests import factories
from tests.judge.bringing import Line, bring, machine_project, model_says, relevance, say

pytestmark = pytest.mark.django_db

SAMPLE = Declared(is_sample=True)
SINGLE = Declared(is_sample=True, reference=Reference.SINGLE)


def all_labelled(n: int, people: int = 3, label: str = "fits") -> list[Line]:
    return [say(f"item-{i}", f"p{p}", label) for i, p in product(range(n), range(people))]


def streams(project: Project) -> Counter[str]:
    return Counter(Item.objects.filter(project=project).values_list("stream", flat=True))


def test_a_random_sample_is_drawn_anew_and_what_nobody_labelled_is_open(project: Project) -> None:
    factories.import_items(project, n=400)
    report = bring(project, all_labelled(200), SAMPLE)
    drawn = Item.objects.filter(stream_reason="imported_sample")
    assert drawn.count() == 200
    assert set(drawn.values_list("stream", "stream_probability")) == {("train", 0.4), ("certify", 0.5), ("gold", 0.1)}
    assert 60 <= drawn.filter(stream="train").count() <= 100
    assert 80 <= drawn.filter(stream="certify").count() <= 120
    assert report.streams == streams(project)
    assert report.streams["open"] == 200


def test_what_was_reserved_and_nobody_labelled_becomes_open() -> None:
    project = factories.make_project("Reserved", certify_rate=1.0)
    factories.import_items(project, n=4)
    bring(project, all_labelled(2), SAMPLE)
    rest = Item.objects.filter(identity__in=["item-2", "item-3"])
    assert set(rest.values_list("stream", "stream_reason")) == {("open", "outside_sample")}


def test_declaring_the_sample_twice_or_later_changes_nothing_more(project: Project) -> None:
    factories.import_items(project, n=60)
    bring(project, all_labelled(40))
    bring(project, all_labelled(40), SAMPLE)
    before = set(Item.objects.values_list("identity", "stream"))
    again = bring(project, all_labelled(40), Declared(is_sample=True, rates=SAMPLE.rates))
    assert (again.n_taken, again.n_known) == (0, 120)
    assert set(Item.objects.values_list("identity", "stream")) == before
    bring(project, [say("item-50", f"p{p}", "fits") for p in range(3)], SAMPLE)
    assert Item.objects.get(identity="item-50").stream != "open", "labelled later: drawn then"
    assert set(Item.objects.exclude(identity="item-50").values_list("identity", "stream")) <= before


def test_other_frames_are_left_alone(project: Project) -> None:
    factories.import_items(project, n=5)
    other = Frame.objects.create(project=project, name="other", salt="s", train_rate=1, certify_rate=0, gold_rate=0)
    Item.objects.filter(identity="item-4").update(frame=other, stream="train")
    bring(project, all_labelled(2), SAMPLE)
    assert Item.objects.get(identity="item-4").stream == "train"


def test_the_sample_is_refused_once_a_verdict_exists() -> None:
    project = machine_project()
    items = factories.import_items(project, n=2)
    judgments.record([NewJudgment(relevance(items[0]).pk, "fits")], rater=Rater.objects.get(name="m"))
    with pytest.raises(InputError, match=r"the judge has spoken on the frame .*expected: --sample random before"):
        bring(project, all_labelled(2), SAMPLE)
    assert not Judgment.objects.filter(purpose=Purpose.IMPORTED).exists(), "nothing went in"


def test_in_a_sample_three_people_settle_train_and_certify_and_gold_goes_to_the_adjudicator(project: Project) -> None:
    factories.import_items(project, n=60)
    bring(project, all_labelled(60), SAMPLE)
    stages = set(Case.objects.filter(criterion__key="relevance").values_list("item__stream", "stage"))
    assert stages == {("train", "agreed"), ("certify", "agreed"), ("gold", "adjudication")}


def test_in_a_sample_two_people_settle_train_alone(project: Project) -> None:
    factories.import_items(project, n=60)
    bring(project, all_labelled(60, people=2), SAMPLE)
    stages = set(Case.objects.filter(criterion__key="relevance").values_list("item__stream", "stage"))
    assert stages == {("train", "agreed"), ("certify", "people"), ("gold", "people")}


def test_a_certify_case_without_majority_goes_to_the_adjudicator() -> None:
    project = factories.make_project("Certify")
    factories.import_items(project)
    only_certify = Declared(is_sample=True, rates=type(SAMPLE.rates)(0, 1, 0))
    lines = [say("item-0", f"p{n}", label) for n, label in enumerate(["fits", "weak", "fits", "weak"])]
    report = bring(project, lines, only_certify)
    assert (report.n_agreed, report.n_disputed) == (0, 1)
    assert Case.objects.get(criterion__key="relevance").stage == Stage.ADJUDICATION


def test_a_single_reference_is_declared_on_the_frame_and_settles_every_stream(project: Project) -> None:
    factories.import_items(project, n=60)
    bring(project, all_labelled(60, people=1), SINGLE)
    assert Frame.objects.get().reference == "single"
    assert set(Case.objects.filter(criterion__key="relevance").values_list("stage", flat=True)) == {"agreed"}
    assert set(AgreedLabel.objects.values_list("basis", "n_people")) == {("single", 1)}


def test_rates_of_a_sample_sum_to_one() -> None:
    with pytest.raises(InputError, match=r"the rates of a sample are 0\.4 0\.5 0"):
        Declared(rates=type(SAMPLE.rates)(0.4, 0.5, 0))


def test_judges_and_people_come_in_one_file_and_the_judge_meets_the_new_streams(project: Project) -> None:
    factories.import_items(project, n=10)
    bring(project, [model_says(f"item-{i}", "gpt", "weak") for i in range(10)] + all_labelled(10), SAMPLE)
    assert not Judge.objects.exists()
    assert "open" not in streams(project)
