"""Exports: the rows in the file are the labels in the database, word for word."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from judge.actions import exports, judges, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.formats.training import LABELS_FIELDS
from judge.models import AgreedLabel, Case, Item, Project, Rater, User
from tests import factories

#: An export reads one moment of the database: it needs a transaction of its own.
pytestmark = pytest.mark.django_db(transaction=True)

PASSING = {"relevance": "fits", "specificity": "concrete"}


def agree(case: Case, label: str, *people: User) -> None:
    for person in people:
        judgments.record([NewJudgment(case.pk, label)], rater=projects.rater_of(person), by=person)


def rows(project: Project, format: str, folder: Path) -> list[dict[str, object]]:
    report = exports.export(project, format, folder, by=None, even_so=True)
    return [json.loads(line) for line in report.path.read_text().splitlines()]


@pytest.fixture
def labelled(project: Project, ann: User, ben: User) -> list[Item]:
    """Three items: the first qualifies, the second fails one criterion, the third is half done."""
    made = factories.import_items(project, n=3)
    for index, item in enumerate(made):
        for key, case in factories.cases_of(item).items():
            if index == 2 and key == "specificity":
                continue
            agree(case, "weak" if (index, key) == (1, "relevance") else PASSING[key], ann, ben)
    return made


def test_every_live_label_is_one_row_with_exactly_the_promised_fields(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    written = rows(project, "labels", tmp_path)
    assert len(written) == AgreedLabel.objects.filter(status="live").count() == 5
    assert all(tuple(row) == LABELS_FIELDS for row in written)
    first = written[0]
    assert {key: first[key] for key in ("item_id", "criterion", "label", "passes", "basis", "n_people", "stream")} == {
        "item_id": "item-0", "criterion": "relevance", "label": "fits", "passes": True, "basis": "consensus",
        "n_people": 2, "stream": "open",
    }  # fmt: skip
    assert first["context"] == "person 0 likes tents"
    assert [rater["label"] for rater in first["raters"]] == ["fits", "fits"]  # type: ignore[union-attr,attr-defined]
    assert first["p_wrong"] == pytest.approx(1 / 17), "two of two people: 1 - 16/17"


def test_names_of_people_are_not_exported(project: Project, labelled: list[Item], ann: User, tmp_path: Path) -> None:
    exports.export(project, "labels", tmp_path, by=None)
    text = (tmp_path / "labels.jsonl").read_text().lower()
    assert ann.username not in text.replace("relevance", "")
    assert ann.email not in text


def test_only_items_that_pass_every_criterion_become_training_examples(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    assert rows(project, "sft", tmp_path) == [
        {"messages": [
            {"role": "user", "content": "person 0 likes tents"},
            {"role": "assistant", "content": "tent number 0"},
        ]}
    ]  # fmt: skip


def test_a_context_that_holds_a_certify_item_trains_nobody(tmp_path: Path) -> None:
    project = factories.make_project("All certify", certify_rate=1.0)
    ann, ben = (factories.make_user(name) for name in ("ann", "ben"))
    (item,) = factories.import_items(project)
    for key, case in factories.cases_of(item).items():
        agree(case, PASSING[key], ann, ben)
    report = exports.export(project, "sft", tmp_path, by=None)
    assert (report.n_rows, dict(report.excluded)) == (0, {"context holds a certify, gold or audited case": 1})


def test_the_manifest_says_what_each_file_of_the_folder_holds(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    report = exports.export(project, "labels", tmp_path, by=None)
    exports.export(project, "sft", tmp_path, by=None)
    files = {file["format"]: file for file in json.loads(report.manifest_path.read_text())["files"]}
    assert {name: file["rows"] for name, file in files.items()} == {"labels": 5, "sft": 1}
    assert files["labels"]["sha256"] == hashlib.sha256(report.path.read_bytes()).hexdigest()
    assert files["labels"]["counts"] == {"relevance · consensus": 3, "specificity · consensus": 2}


def test_a_folder_of_another_project_is_refused(project: Project, labelled: list[Item], tmp_path: Path) -> None:
    exports.export(project, "labels", tmp_path, by=None)
    with pytest.raises(InputError, match="holds an export of shop-tags"):
        exports.export(factories.make_project("Other"), "labels", tmp_path, by=None)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_labels_are_a_table_too(project: Project, labelled: list[Item], tmp_path: Path, kind: str) -> None:
    path = exports.export(project, "labels", tmp_path, by=None, kind=kind).path
    table = pd.read_csv(path) if kind == "csv" else pd.read_parquet(path)
    assert list(table.columns) == list(LABELS_FIELDS)
    assert table.groupby("criterion").size().to_dict() == {"relevance": 3, "specificity": 2}
    assert table["passes"].tolist().count(True) == 4


def test_conversations_are_no_table(project: Project, labelled: list[Item], tmp_path: Path) -> None:
    with pytest.raises(InputError, match='"sft" cannot be written as csv'):
        exports.export(project, "sft", tmp_path, by=None, kind="csv")


def test_the_same_labels_twice_give_the_same_bytes(project: Project, labelled: list[Item], tmp_path: Path) -> None:
    one, other = (exports.export(project, "labels", tmp_path / name, by=None) for name in ("a", "b"))
    assert one.path.read_bytes() == other.path.read_bytes()


def test_a_withdrawn_label_is_not_exported(project: Project, labelled: list[Item], ann: User, tmp_path: Path) -> None:
    case = factories.cases_of(labelled[0])["relevance"]
    judgments.correct([NewJudgment(case.pk, "weak")], rater=projects.rater_of(ann), by=ann)
    assert "item-0/relevance" not in {
        f"{row['item_id']}/{row['criterion']}" for row in rows(project, "labels", tmp_path)
    }


def test_an_unknown_format_is_refused_in_words(project: Project, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r'no export format "xml" \(expected: labels, sft, kto, dpo, listwise, judge-sft, grpo\)'
    ):
        exports.export(project, "xml", tmp_path, by=None)


def test_confidence_is_that_of_the_judge_in_force_not_of_a_candidate(
    project: Project, ann: User, ben: User, tmp_path: Path
) -> None:
    first, second = (
        Rater.objects.create(kind="machine", name=name, configuration={}, configuration_hash=name * 8)
        for name in ("first", "second")
    )
    judges.put_in_force(project, [first], name="in force", by=None)
    judges.make(project, [second], name="candidate", by=None)
    (item,) = factories.import_items(project)
    case = factories.cases_of(item)["relevance"]
    for rater, fits in ((first, 0.7), (second, 0.99)):
        judgments.record([NewJudgment(case.pk, "fits", probs={"fits": fits, "weak": 1 - fits})], rater=rater)
    agree(case, "fits", ann, ben)
    (row,) = rows(project, "labels", tmp_path)
    assert (row["confidence"], row["judge_version"]) == (0.7, "1")


def test_a_judge_learns_from_people_on_train_and_routed_cases_in_the_words_it_is_asked_in(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    written = rows(project, "judge-sft", tmp_path)
    assert len(written) == AgreedLabel.objects.filter(status="live").count() == 5
    first = written[0]["messages"]
    assert [each["role"] for each in first] == ["system", "user", "assistant"]  # type: ignore[attr-defined,union-attr,index]
    assert "Does the tag fit the interest?" in first[1]["content"]  # type: ignore[index]
    assert "tent number 0" in first[1]["content"]  # type: ignore[index]
    answers = [each["messages"][-1]["content"] for each in written]  # type: ignore[index]
    assert answers == ["Yes", "Yes", "No", "Yes", "Yes"], "fits, concrete; weak, concrete; fits"
    (file,) = json.loads((tmp_path / "manifest.json").read_text())["files"]
    assert file["counts"] == {
        "relevance · fits": 2, "relevance · fits, before rebalancing": 2,
        "relevance · weak": 1, "relevance · weak, before rebalancing": 1,
        "specificity · concrete": 2, "specificity · concrete, before rebalancing": 2,
    }  # fmt: skip


@pytest.mark.parametrize("stream", ["certify", "gold", "audited"])
def test_no_judge_learns_from_a_context_that_measures_judges(
    project: Project, labelled: list[Item], tmp_path: Path, stream: str
) -> None:
    """The three items share one context: one that measures reserves them all."""
    if stream == "audited":
        Case.objects.filter(item=labelled[2]).update(is_reference=True)
    else:
        Item.objects.filter(pk=labelled[2].pk).update(stream=stream)
    report = exports.export(project, "judge-sft", tmp_path, by=None)
    assert report.n_rows == 0
    assert report.excluded == {"context holds a certify, gold or audited case": 5}


def test_no_judge_learns_from_what_a_judge_said(project: Project, labelled: list[Item], tmp_path: Path) -> None:
    before = len(rows(project, "judge-sft", tmp_path))
    accepted = factories.cases_of(labelled[2])["specificity"]
    AgreedLabel.objects.create(
        case=accepted, criterion=accepted.criterion, label="concrete", basis="judge", n_people=0, probs={}, p_wrong=0.1
    )
    assert len(rows(project, "labels", tmp_path)) == before + 1
    assert len(rows(project, "judge-sft", tmp_path)) == before
