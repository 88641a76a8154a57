"""Snapshots: what an export held it holds for ever, whatever people do meanwhile and afterwards."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import psycopg
import pytest

from judge.actions import exports, judgments, projects, rubrics, snapshots
from judge.actions.export_rows import FORMATS
from judge.actions.exports import ExportReport, Order
from judge.actions.judgments import NewJudgment
from judge.errors import AppendOnlyError, InputError
from judge.formats.rubrics import read_rubric
from judge.models import AgreedLabel, Case, Context, Event, Item, Judgment, Project, Snapshot, SnapshotPart, User
from judge.rules.exporting import Filters, parse_split
from tests import factories
from tests.flow.workers import database_url

pytestmark = pytest.mark.django_db(transaction=True)

PASSING = {"relevance": "fits", "specificity": "concrete"}
FAILING = {"relevance": "weak", "specificity": "too_generic"}


def say(case: Case, label: str, *people: User) -> None:
    for person in people:
        judgments.record([NewJudgment(case.pk, label)], rater=projects.rater_of(person), by=person)


def change(case: Case, label: str, *people: User) -> None:
    for person in people:
        judgments.correct([NewJudgment(case.pk, label)], rater=projects.rater_of(person), by=person)


def make(project: Project, folder: Path, **order: object) -> ExportReport:
    return exports.make(project, Order(**order), folder, by=None)  # type: ignore[arg-type]


def bytes_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def labelled(project: Project, ann: User, ben: User) -> list[Item]:
    """Six items of three contexts: in each context one qualifies and one does not."""
    made = factories.import_items(project, n=6, per_context=2)
    for number, item in enumerate(made):
        for key, case in factories.cases_of(item).items():
            say(case, (FAILING if number % 2 else PASSING)[key], ann, ben)
    return made


@pytest.mark.parametrize(("format", "kind"), [*((each, "jsonl") for each in FORMATS), ("labels", "csv"),
                                              ("labels", "parquet"), ("grpo", "parquet")])  # fmt: skip
def test_a_snapshot_is_made_again_to_the_byte_whatever_came_since(
    project: Project, labelled: list[Item], ann: User, ben: User, cleo: User, tmp_path: Path, format: str, kind: str
) -> None:
    first = make(project, tmp_path / "first", format=format, kind=kind, split=parse_split(".5/.5"))
    assert first.n_rows

    case = factories.cases_of(labelled[0])["relevance"]
    change(case, "weak", ann, ben)  # votes are taken back, the label is superseded
    say(factories.cases_of(labelled[1])["relevance"], "fits", cleo)  # a late answer, kept as extra
    factories.import_items(project, lines=[{"id": "new", "context": "person 0 likes tents", "output": "peg"}])
    rubrics.put_in_force(project, read_rubric(factories.RUBRIC.replace("Is the tag", "Is it"), filename="r"), by=None)

    again = exports.make_again(snapshots.find(first.snapshot.pk), tmp_path / "again", by=None)
    assert bytes_of(tmp_path / "again") == bytes_of(tmp_path / "first")
    assert again.n_rows == first.n_rows


def test_an_answer_under_way_during_the_export_is_in_no_row_made_later(
    project: Project, labelled: list[Item], cleo: User, tmp_path: Path
) -> None:
    """It took its number before the export and was committed after: the newest number alone would let it in."""
    case, other = (factories.cases_of(item)["relevance"] for item in labelled[:2])
    rater = projects.rater_of(cleo)
    with psycopg.connect(database_url()) as beside:
        beside.execute(
            "INSERT INTO judge_judgment (case_id, criterion_id, rater_id, purpose, label, unscored_reason, origin)"
            " VALUES (%s, %s, %s, 'vote', 'fits', '', '')",
            [case.pk, case.criterion_id, rater.pk],
        )
        say(other, "fits", cleo)
        first = make(project, tmp_path / "first")
        beside.commit()
    assert Judgment.objects.get(case=case, rater=rater).pk < Judgment.objects.get(case=other, rater=rater).pk
    exports.make_again(snapshots.find(first.snapshot.pk), tmp_path / "again", by=None)
    assert bytes_of(tmp_path / "again") == bytes_of(tmp_path / "first")


@pytest.mark.parametrize("what", [Context, Item])
def test_after_an_erasure_it_refuses_in_words(
    project: Project, labelled: list[Item], tmp_path: Path, what: type[Context] | type[Item]
) -> None:
    first = make(project, tmp_path / "first")
    columns = {"content": None} if what is Context else {"output": None}
    chosen = labelled[0].context_id if what is Context else labelled[0].pk
    what.objects.filter(pk=chosen).update(erased_at="2026-01-01T00:00Z", **columns)

    with pytest.raises(InputError, match=r"texts of \d of its labels were erased since, so it cannot be made again"):
        exports.make_again(snapshots.find(first.snapshot.pk), tmp_path / "again", by=None)
    assert not list((tmp_path / "again").iterdir())


def test_bytes_that_would_differ_never_take_a_name(project: Project, labelled: list[Item], tmp_path: Path) -> None:
    first = make(project, tmp_path / "first")
    Item.objects.filter(pk=labelled[0].pk).update(generator="somebody changed what never changes")

    with pytest.raises(InputError, match=r"has changed since, so labels\.jsonl would not be the same"):
        exports.make_again(snapshots.find(first.snapshot.pk), tmp_path / "again", by=None)
    assert not list((tmp_path / "again").iterdir())


def test_a_snapshot_keeps_its_labels_filters_versions_and_files(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    report = make(project, tmp_path, filters=Filters(criterion=("relevance",)))
    snapshot = Snapshot.objects.get()
    kept = [pk for part in SnapshotPart.objects.order_by("position") for pk in part.label_ids]
    live = AgreedLabel.objects.filter(status="live", criterion__key="relevance").order_by("pk")
    assert kept == list(live.values_list("pk", flat=True))
    assert (snapshot.n_labels, snapshot.n_rows, snapshot.filters) == (6, 6, {"criterion": ["relevance"]})
    assert (snapshot.rubric, snapshot.policy, snapshot.judge) == (project.rubric, project.policy, None)
    assert snapshot.files[0]["sha256"] == hashlib.sha256(report.path.read_bytes()).hexdigest()
    assert Event.objects.get(verb="labels exported").subject == f"snapshot:{snapshot.pk}"
    with pytest.raises(AppendOnlyError):
        snapshot.save()


def test_only_what_is_new_comes_with_an_increment_and_beside_it_what_it_supersedes(
    project: Project, labelled: list[Item], ann: User, ben: User, tmp_path: Path
) -> None:
    first = make(project, tmp_path / "first")
    change(factories.cases_of(labelled[0])["relevance"], "weak", ann, ben)
    change(factories.cases_of(labelled[2])["relevance"], "weak", ann)  # withdrawn, and nothing in its place
    (new, *_) = factories.import_items(project, lines=[{"id": "a-new", "context": "c", "output": "o"}])[-1:]
    say(factories.cases_of(new)["relevance"], "fits", ann, ben)

    increment = make(project, tmp_path / "second", since=first.snapshot)
    told = [(row["item_id"], row["criterion"], row["label"]) for row in rows_of(increment.path)]
    assert told == [("item-0", "relevance", "weak"), ("a-new", "relevance", "fits")]
    assert rows_of(tmp_path / "second" / "labels-superseded.jsonl") == [
        {"item_id": "item-0", "criterion": "relevance", "label": "fits", "basis": "consensus",
         "label_now": "weak", "basis_now": "consensus"},
        {"item_id": "item-2", "criterion": "relevance", "label": "fits", "basis": "consensus",
         "label_now": None, "basis_now": None},
    ]  # fmt: skip
    change(factories.cases_of(labelled[0])["relevance"], "fits", ann, ben)
    exports.make_again(snapshots.find(increment.snapshot.pk), tmp_path / "again", by=None)
    assert bytes_of(tmp_path / "again") == bytes_of(tmp_path / "second")


def test_a_new_label_brings_all_of_its_item_where_rows_are_items(
    project: Project, labelled: list[Item], ann: User, ben: User, tmp_path: Path
) -> None:
    first = make(project, tmp_path / "first", format="sft")
    change(factories.cases_of(labelled[1])["relevance"], "fits", ann, ben)
    change(factories.cases_of(labelled[1])["specificity"], "concrete", ann, ben)

    increment = make(project, tmp_path / "second", format="sft", since=first.snapshot)
    (row,) = rows_of(increment.path)
    assert row["messages"][-1]["content"] == "tent number 1"  # type: ignore[index]


def test_an_increment_needs_a_snapshot_of_its_own_format(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    first = make(project, tmp_path, format="sft")
    with pytest.raises(InputError, match=r"holds sft of shop-tags \(expected: a snapshot of labels of shop-tags\)"):
        make(project, tmp_path, since=first.snapshot)
