"""Exports: the rows in the file are the labels in the database, word for word."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from judge.actions import exports, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.formats.training import LABELS_FIELDS
from judge.models import AgreedLabel, Case, Item, Project, User
from tests import factories

#: An export reads one moment of the database: it needs a transaction of its own.
pytestmark = pytest.mark.django_db(transaction=True)

PASSING = {"relevance": "fits", "specificity": "concrete"}


def agree(case: Case, label: str, *people: User) -> None:
    for person in people:
        judgments.record([NewJudgment(case.pk, label)], rater=projects.rater_of(person), by=person)


def rows(project: Project, format: str, folder: Path) -> list[dict[str, object]]:
    report = exports.export(project, format, folder, by=None)
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


def test_the_manifest_says_what_the_file_holds(project: Project, labelled: list[Item], tmp_path: Path) -> None:
    report = exports.export(project, "labels", tmp_path, by=None)
    manifest = json.loads(report.manifest_path.read_text())
    (file,) = manifest["files"]
    assert file["rows"] == manifest["rows"] == sum(manifest["counts"].values()) == 5
    assert file["sha256"] == hashlib.sha256(report.path.read_bytes()).hexdigest()
    assert manifest["counts"] == {"relevance · consensus": 3, "specificity · consensus": 2}


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
    with pytest.raises(InputError, match=r'no export format "xml" \(expected: labels, sft\)'):
        exports.export(project, "xml", tmp_path, by=None)
