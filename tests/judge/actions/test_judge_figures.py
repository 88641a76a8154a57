"""What workers count of judges: from train and gold cases alone, and the same however often it is counted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import nan
from typing import Any

import pytest

from judge.actions import calibrations, judge_figures, measured_cases, references, rubrics, summaries
from judge.models import Item, Judge, Project, User
from judge.rules.streams import Stream
from tests.judge import measuring
from tests.judge.measuring import Line
from tests.summaries import counted

pytestmark = pytest.mark.django_db

#: Of 30 gold cases the judge says .9 fits on 20, of which people fail 4; and .2 fits (.8 weak) on 10, people pass 1.
GOLD = [Line("gold", 0.9, "weak" if i < 4 else "fits") for i in range(20)] + [
    Line("gold", 0.2, "fits" if i < 1 else "weak") for i in range(10)
]


def figures(project: Project) -> dict[str, Any]:
    found = judge_figures.measure(project)
    assert project.judge
    return dict(found["found"][judge_figures.key_of(project.judge.pk, measuring.criterion_of(project).pk)])


@pytest.fixture
def people(ann: User, ben: User) -> Sequence[User]:
    return [ann, ben]


def test_gold_cases_by_hand(people: Sequence[User]) -> None:
    found = figures(measuring.make("Gold", GOLD, people))["calibration"]
    assert found["table"] == {"fits|fits": 16, "weak|fits": 4, "weak|weak": 9, "fits|weak": 1}
    assert found["rates"]["lets_through"][:2] == [4, 13]  # of 4 + 9 that people fail
    assert found["rates"]["stops"][:2] == [1, 17]
    assert found["rates"]["right"][:2] == [25, 30]
    assert (found["answered"]["gold"], found["drawn"]["gold"], found["is_calibrated"]) == (30, 30, False)
    score, mis, disc, unc = found["after"]["brier"]
    # 16·.1² + 4·.9² + 9·.2² + 1·.8² = .16 + 3.24 + .36 + .64 = 4.4 over 30; UNC: 5/6·1/6
    assert score == pytest.approx(4.4 / 30)
    assert unc == pytest.approx(5 / 36)
    assert mis - disc + unc == pytest.approx(score)
    # 9 of 10 right at .8 and 16 of 20 at .9 fall, so that they are pooled: 25 of 30
    rows = found["after"]["diagram"]
    assert [(row[0], row[4]) for row in rows] == [(0.8, 10), (0.9, 20)]
    assert [row[1] for row in rows] == pytest.approx([5 / 6, 5 / 6], abs=1e-5)
    assert found["histogram"][16] == [10, 9]
    assert found["histogram"][18] == [20, 16]


def test_risk_and_prospects_rest_on_the_same_cases(people: Sequence[User]) -> None:
    project = measuring.make("Gold", [*GOLD, Line("open", 0.9), Line("certify", 0.9)], people)
    found = figures(project)["coverage"]
    # s ≥ .9: 20 of 30 with 4 errors; s ≥ .8: all 30 with 5
    assert [row[:3] for row in found["points"]] == [[0.9, 20, 4], [0.8, 30, 5]]
    assert (found["n"], found["errors"], found["test"]["n"], found["test"]["tested"]) == (30, 5, 1, 1)
    assert len(found["prospects"]) == 100
    effort = judge_figures.measure(project)["effort"]
    key = f"c{measuring.criterion_of(project).pk}"
    assert effort["cases"][key] == 1  # 32 less 30 gold and 1 certify
    assert effort["certify"][key] == [1, 0]


def test_no_certify_label_influences_a_number_and_no_certify_item_stands_in_a_cell(people: Sequence[User]) -> None:
    """Planted: two projects that differ in nothing but what people say of 25 certify cases."""
    told = []
    for label in ("fits", "weak"):
        lines = [*GOLD, *[Line("certify", 0.95, label) for _ in range(25)]]
        project = measuring.make(f"Certify {label}", lines, people)
        data = judge_figures.measure(project)
        certify = set(Item.objects.filter(project=project, stream="certify").values_list("pk", flat=True))
        listed = {item for cells in data["cells"].values() for ids in cells.values() for item in ids}
        assert listed
        assert not listed & certify
        (found,) = data["found"].values()
        found.pop("digest")
        sizes = [{name: len(ids) for name, ids in cells.items()} for cells in data["cells"].values()]
        told.append(json.dumps(rounded([found, sizes]), sort_keys=True))
    assert told[0] == told[1]


def rounded(value: Any) -> Any:
    """Sums of the same numbers in another order differ in their last digit."""
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def test_counted_from_scratch_it_is_the_same_and_an_answer_more_is_news(people: Sequence[User]) -> None:
    project = measuring.make("Gold", [*GOLD, Line("train", 0.9)], people)
    before = counted(project, judge_figures.NAME)
    case = project.cases.get(item__stream="train")
    measuring.answer([(case, Line("train", 0.9, "weak"))], people)
    after = counted(project, judge_figures.NAME)
    (key,) = before["found"]
    assert before["found"][key]["calibration"]["n"] == 30
    assert after["found"][key]["calibration"]["n"] == 31
    assert set(after["cells"][key]["weak|fits"]) - set(before["cells"][key]["weak|fits"]) == {case.item_id}


def test_what_did_not_move_is_taken_over(people: Sequence[User], monkeypatch: pytest.MonkeyPatch) -> None:
    project = measuring.make("Gold", GOLD, people)
    assert summaries.refresh(project, judge_figures.NAME)
    monkeypatch.setattr(judge_figures.coverage_figures, "measure", lambda *_: pytest.fail("counted twice"))
    assert judge_figures.measure(project) == summaries.read(project, judge_figures.NAME).data  # type: ignore[union-attr]


@pytest.mark.parametrize(("lines", "n", "n_unscored"), [
    ([], 0, 0),
    ([Line("gold", 0.9, "fits")], 1, 0),
    ([Line("gold", None, "fits")] * 25, 25, 25),
    ([Line("gold", 0.9)] * 3, 0, 0),
    ([Line("open", 0.9, "fits")] * 3, 0, 0),
])  # fmt: skip
def test_too_little_is_counted_as_what_it_is(
    people: Sequence[User], lines: list[Line], n: int, n_unscored: int
) -> None:
    project = measuring.make("Little", lines or [Line("open", 0.9)], people)
    found = figures(project)
    assert (found["calibration"]["n"], found["calibration"]["n_unscored"]) == (n, n_unscored)
    assert found["calibration"]["after"] is None
    assert found["coverage"]["prospects"] == []
    json.dumps(found, allow_nan=False)


def test_one_class_has_figures(people: Sequence[User]) -> None:
    found = figures(measuring.make("All right", [Line("gold", 0.9, "fits")] * 25, people))
    assert found["calibration"]["after"]["brier"] == pytest.approx([0.01, 0.01, 0.0, 0.0])
    assert found["calibration"]["rates"]["lets_through"] == [0, 0, 0.0, 1.0]


def test_confidence_that_is_no_number_is_none(people: Sequence[User]) -> None:
    project = measuring.make("Gold", GOLD[:1], people)
    assert project.judge
    (reading,) = references.latest(project.judge, measuring.criterion_of(project).pk, Stream.GOLD, 10)
    odd = references.Reading(**{f: getattr(reading, f) for f in reading.__slots__} | {"confidence": nan})
    assert measured_cases._measured(odd).after.confidence is None


def test_criterion_that_is_asked_no_more_is_counted_no_more(people: Sequence[User]) -> None:
    project = measuring.make("Gold", GOLD, people)
    record = measuring.factories.read_rubric(measuring.RUBRIC.replace("relevance", "taste"), filename="two.yaml")
    rubrics.put_in_force(project, record, by=None)
    keys = judge_figures.measure(project)["found"]
    assert all(each["calibration"]["n"] == 0 for each in keys.values())
    assert len(keys) == 1


def test_project_without_judge_or_items_is_counted(project: Project) -> None:
    assert judge_figures.measure(project)["found"] == {}


def test_train_cases_that_taught_the_calibrator_are_cross_fitted(people: Sequence[User]) -> None:
    """80 train cases on which the judge says .9 and is right on two in three."""
    train = [Line("train", 0.9 if i % 2 else 0.1, "fits" if (i % 2) != (i % 3 == 0) else "weak") for i in range(80)]
    project = measuring.make("Taught", [*train, *GOLD[:6]], people)
    raw = project.judge
    assert raw
    fitted = calibrations.fit(raw, by=None)
    assert fitted is not None
    sample = measured_cases.read(fitted, measuring.criterion_of(project))
    stored = dict(fitted.verdicts.values_list("case_id", "confidence"))
    assert sample.is_calibrated
    told = {each.stream: [] for each in sample.cases}  # type: ignore[var-annotated]
    for each in sample.cases:
        told[each.stream].append(abs((each.after.confidence or 0) - stored[each.case_id]))
        assert each.before is not None
        assert each.before.confidence == pytest.approx(0.9)
    assert max(told[Stream.GOLD]) == 0.0
    assert 1e-6 < max(told[Stream.TRAIN]) < 0.2


def test_a_student_is_measured_on_gold_alone(people: Sequence[User]) -> None:
    project = measuring.make("Student", [*GOLD, *[Line("train", 0.9, "fits")] * 4], people)
    rater = measuring.rater_of(project)
    type(rater).objects.filter(pk=rater.pk).update(configuration={"head": "abc"})
    assert Judge.objects.get(pk=project.judge_id)
    sample = measured_cases.read(Judge.objects.get(pk=project.judge_id), measuring.criterion_of(project))
    assert {each.stream for each in sample.cases} == {Stream.GOLD}


def test_two_judges_are_compared_on_the_cases_of_both(people: Sequence[User]) -> None:
    project = measuring.make("Two", GOLD, people)
    assert project.judge
    second = Judge.objects.create(
        project=project, version=2, name="other", content_hash="x", calibrator={"kind": "identity"}
    )
    for verdict in project.judge.verdicts.all():  # the other says fits of everything: right on 17
        type(verdict).objects.create(
            case_id=verdict.case_id, criterion_id=verdict.criterion_id, judge=second, label="fits", confidence=0.6,
            probs={"fits": 0.6, "weak": 0.4},
        )  # fmt: skip
    ((pair,),) = judge_figures.measure(project)["versions"].values()
    # on the 9 weak ones only the first is right, on the 1 that fits after all only the second
    assert (pair["n"], pair["first_only"], pair["second_only"]) == (30, 9, 1)
    assert pair["difference"][0] == pytest.approx(-8 / 30)
