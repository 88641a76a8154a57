"""What an export takes and where it puts it: filters, and splits that no user straddles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judge.actions import exports
from judge.actions.exports import ExportReport, Order
from judge.errors import InputError
from judge.models import AgreedLabel, Project
from judge.rules.exporting import Filters, parse_filters, parse_split
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def make(project: Project, folder: Path, **order: object) -> ExportReport:
    return exports.make(project, Order(**order), folder, by=None)  # type: ignore[arg-type]


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


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
