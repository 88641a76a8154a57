"""Snapshots: what an export held it holds for ever, whatever people do meanwhile and afterwards."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import psycopg
import pytest
import yaml

from judge.actions import exports, judgments, projects, rubrics, snapshots
from judge.actions.export_rows import FORMATS
from judge.actions.exports import ExportReport, Order
from judge.actions.judgments import NewJudgment
from judge.errors import AppendOnlyError, InputError
from judge.formats.rubrics import read_rubric
from judge.models import AgreedLabel, Case, Context, Event, Item, Judgment, Project, Snapshot, SnapshotPart, User
from judge.rules.exporting import Filters, parse_filters, parse_split
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


def labelled_users(project: Project, n: int) -> None:
    """n users of two contexts each, one label a context."""
    lines = [
        {"id": f"u{number}-{part}", "context": f"user {number} part {part}", "user": f"u{number}", "output": "tent"}
        for number in range(n) for part in range(2)
    ]  # fmt: skip
    for item in factories.import_items(project, lines=lines):
        case = factories.cases_of(item)["relevance"]
        AgreedLabel.objects.create(
            case=case, criterion=case.criterion, label="fits", basis="consensus", n_people=2, probs={}, p_wrong=0.1
        )


def test_a_user_never_straddles_two_splits(project: Project, tmp_path: Path) -> None:
    labelled_users(project, 60)
    report = make(project, tmp_path, split=parse_split(".5/.25/.25"))
    users = {
        path.stem: {str(row["item_id"]).split("-")[0] for row in rows_of(path)}
        for path in report.paths
    }  # fmt: skip
    train, validation, test = users["labels-train"], users["labels-validation"], users["labels-test"]
    assert not (train & validation | train & test | validation & test)
    assert len(train | validation | test) == 60
    # 60 users at .5: the number in train lies within 4 standard deviations (3.9 each) of 30
    assert 14 <= len(train) <= 46
    assert {row["split"] for row in rows_of(report.paths[0])} == {"train"}


def test_the_same_users_are_in_the_same_split_of_every_export(project: Project, tmp_path: Path) -> None:
    labelled_users(project, 20)
    splits = [
        {row["item_id"]: row["split"] for path in make(project, tmp_path / str(i), split=each).paths
         for row in rows_of(path)}
        for i, each in enumerate([parse_split(".5/.5"), parse_split(".5/.3/.2")])
    ]  # fmt: skip
    train = [{item for item, split in each.items() if split == "train"} for each in splits]
    assert train[0] == train[1]
    assert 0 < len(train[0]) < 40


def test_a_context_that_fits_no_split_is_left_out_and_counted(project: Project, tmp_path: Path) -> None:
    labelled_users(project, 40)
    report = make(project, tmp_path, split=parse_split(".3/.3"))
    left_out = report.excluded["context fits no split"]
    assert 0 < left_out < 80
    assert report.n_rows == 80 - left_out


@pytest.mark.parametrize(
    ("words", "n"),
    [
        (["min_p=.95"], 2), (["basis=judge"], 1), (["basis=adjudicated,judge"], 2), (["generator=g1"], 1),
        (["language=zh"], 1), (["round=2..3"], 1), (["round=1,2", "language=en"], 1), (["rubric=1"], 3),
        (["until=2020-01-01"], 0), (["since=2020-01-01"], 3), (["criterion=specificity"], 0),
    ],
)  # fmt: skip
def test_filters_take_what_they_say(project: Project, tmp_path: Path, words: list[str], n: int) -> None:
    lines = [
        {"id": f"i{i}", "context": "c", "output": f"o{i}", "generator": f"g{i}", "language": "zh" if i else "en",
         "round": i + 1 if i < 2 else 9}
        for i in range(2)
    ] + [{"id": "i9", "context": "c", "output": "o9"}]  # fmt: skip
    for item, (basis, people, p_wrong) in zip(
        factories.import_items(project, lines=lines),
        [("judge", 0, 0.04), ("consensus", 2, 0.06), ("adjudicated", 1, 0.0)],
        strict=True,
    ):
        case = factories.cases_of(item)["relevance"]
        AgreedLabel.objects.create(
            case=case, criterion=case.criterion, label="fits", basis=basis, n_people=people, probs={}, p_wrong=p_wrong
        )
    assert make(project, tmp_path, filters=parse_filters(words), even_so=True).n_rows == n


def test_filters_come_back_from_a_snapshot_as_they_were() -> None:
    told = parse_filters(["min_p=.9", "basis=judge", "round=1..3", "since=2026-01-01", "rubric=2"])
    assert Filters.from_json(json.loads(json.dumps(told.as_json()))) == told


@pytest.mark.parametrize("word", ["p=.9", "min_p", "min_p=2", "basis=chance", "round=3..1", "since=soon", "rubric=v"])
def test_a_filter_that_is_none_is_refused_in_words(word: str) -> None:
    with pytest.raises(InputError, match=r"--where: .* \(expected: "):
        parse_filters([word])


@pytest.mark.parametrize("text", ["half", ".9/.2", "0/1", ".1/.1/.1/.1", "nan/.5"])
def test_a_split_that_is_none_is_refused_in_words(text: str) -> None:
    with pytest.raises(InputError, match="is no split"):
        parse_split(text)


@pytest.fixture
def noise(project: Project, ann: User, ben: User) -> Project:
    """40 cases on which two people toss coins: half of their answers agree, as chance gives."""
    for number, item in enumerate(factories.import_items(project, n=40, per_context=1)):
        case = factories.cases_of(item)["relevance"]
        say(case, "weak" if number % 2 else "fits", ann)
        say(case, "weak" if number % 4 < 2 else "fits", ben)
    return project


def test_where_people_agree_no_more_than_chance_the_export_is_refused_unless_even_so(
    noise: Project, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"relevance: people agree hardly more than chance would.*--even-so"):
        make(noise, tmp_path)
    assert not list(tmp_path.iterdir())
    assert not Snapshot.objects.exists()

    manifest = json.loads(make(noise, tmp_path, even_so=True).manifest_path.read_text())
    assert "people agree hardly more than chance" in manifest["exports"][0]["limits"][0]


def test_a_judges_labels_that_nobody_audited_are_refused_unless_even_so(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    accepted_by_hand(project)
    with pytest.raises(InputError, match=r"judge · relevance: 1 labels, but only 0 answered audits"):
        make(project, tmp_path)
    assert make(project, tmp_path, even_so=True).n_rows == 13


def accepted_by_hand(project: Project) -> None:
    item = factories.import_items(project, lines=[{"id": "z", "context": "z", "output": "z"}])[-1]
    case = factories.cases_of(item)["relevance"]
    AgreedLabel.objects.create(
        case=case, criterion=case.criterion, label="fits", basis="judge", n_people=0, probs={}, p_wrong=0.1
    )


def test_the_manifest_and_the_card_say_what_the_labels_are_worth(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    report = make(project, tmp_path, split=parse_split(".5/.5"))
    (told,) = json.loads(report.manifest_path.read_text())["exports"]
    assert told["labels"] == 12
    assert told["labels_by"]["criterion"] == {"relevance": 6, "specificity": 6}
    assert told["labels_by"]["basis"] == {"consensus": 12}
    assert sum(told["labels_by"]["split"].values()) == 12
    assert [each["name"] for each in told["quality"]["strata"]] == ["consensus · relevance", "consensus · specificity"]
    assert (told["quality"]["wrong"], told["quality"]["labels"]) == (0, 12)
    assert {each["criterion"]: each["agree"] for each in told["agreement"]} == {"relevance": 6, "specificity": 6}

    _, head, body = (tmp_path / "README.md").read_text().split("---\n", 2)
    card = yaml.safe_load(head)
    assert card["pretty_name"] == "shop-tags"
    assert {each["split"] for each in card["configs"][0]["data_files"]} <= {"train", "test"}
    assert report.snapshot.files[0]["sha256"] in body
    assert "Agreement between people" in body
