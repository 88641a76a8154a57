"""Exports on bad days: full disks, killed processes, labels overturned meanwhile, and texts of every kind."""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.db import connection, transaction

from judge.actions import export_scope, export_seen, exports, items, snapshots
from judge.actions.export_rows import FORMATS
from judge.actions.export_scope import Scope, Tally
from judge.formats.reading import Row
from judge.models import AgreedLabel, Item, Project, Snapshot, moving
from judge.rules.exporting import Filters
from tests import factories
from tests.flow.workers import database_url

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "长" * 1_000_000


def label(item: Item, text: str = "fits") -> AgreedLabel:
    case = factories.cases_of(item)["relevance"]
    row: AgreedLabel = AgreedLabel.objects.create(
        case=case, criterion=case.criterion, label=text, basis="consensus", n_people=2, probs={text: 0.9}, p_wrong=0.1
    )
    return row


@pytest.fixture
def labelled(project: Project) -> list[AgreedLabel]:
    return [label(item) for item in factories.import_items(project, n=200)]


def start(project: Project, folder: Path, *, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """The command, in a process of its own."""
    words = [sys.executable, "manage.py", "export_labels", project.slug, "--output", str(folder)]
    environment = {**os.environ, "DATABASE_URL": database_url(), "COJUDGE_SECRET_KEY": "tests"}
    return subprocess.Popen(
        words, cwd=settings.BASE_DIR, env=environment, preexec_fn=before, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@contextmanager
def held_before_its_end() -> Iterator[None]:
    """Whoever exports meanwhile has written all rows and waits to keep the snapshot."""
    with psycopg.connect(database_url()) as beside:
        beside.execute("LOCK TABLE judge_snapshot IN SHARE MODE")
        yield
        beside.rollback()


def wait_for_part(folder: Path) -> Path:
    """The half-made file, once all rows are in it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        parts = [part for part in folder.glob(".labels.jsonl.*.part") if part.stat().st_size] if folder.exists() else []
        if parts:
            return parts[0]
        time.sleep(0.05)
    raise AssertionError("the export did not begin to write")


def test_a_killed_export_leaves_nothing_under_its_name_and_the_next_one_cleans_up(
    project: Project, labelled: list[AgreedLabel], tmp_path: Path
) -> None:
    with held_before_its_end():
        killed = start(project, tmp_path)
        part = wait_for_part(tmp_path)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    assert [path.name for path in tmp_path.iterdir()] == [part.name]
    assert not Snapshot.objects.exists()

    report = exports.export(project, "labels", tmp_path, by=None)
    assert {path.name for path in tmp_path.iterdir()} == {"labels.jsonl", "manifest.json", "README.md"}
    assert len(report.path.read_text().splitlines()) == 200


def test_an_export_leaves_the_half_made_file_of_another_that_lives_alone(
    project: Project, labelled: list[AgreedLabel], tmp_path: Path
) -> None:
    with held_before_its_end():
        living = start(project, tmp_path)
        part = wait_for_part(tmp_path)
        from judge.formats.writing import JsonlWriter

        with JsonlWriter(tmp_path / "labels.jsonl") as other:
            other.write({"row": 1})
        assert part.exists()
    assert living.wait(60) == 0
    living.communicate()
    assert len((tmp_path / "labels.jsonl").read_text().splitlines()) == 200


def test_labels_overturned_while_an_export_is_written_are_in_it_as_they_were(
    project: Project, labelled: list[AgreedLabel], tmp_path: Path
) -> None:
    with held_before_its_end():
        running = start(project, tmp_path / "first")
        wait_for_part(tmp_path / "first")
        with moving(AgreedLabel):
            AgreedLabel.objects.filter(pk=labelled[0].pk).update(status="withdrawn")
        label(labelled[0].case.item, "weak")
    assert running.wait(60) == 0, running.communicate()[1]
    running.communicate()
    rows = [json.loads(line) for line in (tmp_path / "first" / "labels.jsonl").read_text().splitlines()]
    assert (rows[0]["item_id"], rows[0]["label"], len(rows)) == ("item-0", "fits", 200)

    again = exports.make_again(snapshots.find(Snapshot.objects.get().pk), tmp_path / "again", by=None)
    assert again.path.read_bytes() == (tmp_path / "first" / "labels.jsonl").read_bytes()


def test_where_the_disk_is_full_nothing_stands_under_its_name_and_the_command_says_so(
    project: Project, labelled: list[AgreedLabel], tmp_path: Path
) -> None:
    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # the rows need some 100,000 bytes

    stopped = start(project, tmp_path, before=small_disk)
    said = stopped.communicate(timeout=60)[1]
    assert stopped.returncode == 1
    assert "the files could not be written: File too large" in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())
    assert not Snapshot.objects.exists()


def rows_of(project: Project, folder: Path) -> list[dict[str, object]]:
    path = exports.export(project, "labels", folder, by=None).path
    return [json.loads(line) for line in path.read_bytes().splitlines()]


ODD = {
    "emoji": "🏕️ 👩‍👩‍👧 tent",
    "lines": 'first\nsecond\r\n"third"\tend\\n',
    "separators": "one\u2028two\u2029three\x85four",
    "controls": "\x01\x02\x1f\x7f",
    "formula": '=HYPERLINK("http://example.com")',
    "empty-looking": "\\N",
    "json-looking": "{not json",
    "long": LONG,
}


@pytest.fixture
def odd(project: Project) -> Project:
    """One item for each text. Imports turn a million characters away, so that these get in by the back door."""
    lines = [
        {"id": key, "context": {"said": text[:100], "z": 1, "a": [2.5, None]}, "output": text[:50_000]}
        for key, text in ODD.items()
    ]
    for item in factories.import_items(project, lines=lines):
        label(item)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE judge_item SET output = to_json(repeat('长', 1000000)) WHERE identity = 'long'")
    return project


def test_texts_of_every_kind_come_out_as_they_went_in(odd: Project, tmp_path: Path) -> None:
    found = rows_of(odd, tmp_path)
    assert {row["item_id"]: row["output"] for row in found} == ODD
    contexts = {key: {"said": text[:100], "z": 1, "a": [2.5, None]} for key, text in ODD.items()}
    assert {row["item_id"]: row["context"] for row in found} == contexts
    assert list(found[0]["context"]) == ["said", "z", "a"], "keys in the order of the import"  # type: ignore[call-overload]
    assert "🏕️" in (tmp_path / "labels.jsonl").read_text(), "characters, not escapes"


def test_a_row_is_one_line_whatever_stands_in_it(odd: Project, tmp_path: Path) -> None:
    path = exports.export(odd, "labels", tmp_path, by=None).path
    assert path.read_bytes().count(b"\n") == len(ODD)


def test_formulas_are_neutralised_for_spreadsheets_alone(odd: Project, tmp_path: Path) -> None:
    csv.field_size_limit(10_000_000)
    table = exports.export(odd, "labels", tmp_path, by=None, kind="csv").path
    with table.open(newline="") as file:
        cells = {row["item_id"]: row["output"] for row in csv.DictReader(file)}
    assert cells == ODD | {"formula": "'" + ODD["formula"]}

    columns = pq.read_table(exports.export(odd, "labels", tmp_path, by=None, kind="parquet").path).to_pylist()
    assert {row["item_id"]: row["output"] for row in columns} == ODD


def test_empty_text_and_nothing_stay_apart_in_parquet(project: Project, tmp_path: Path) -> None:
    (item,) = factories.import_items(project, lines=[{"id": "a", "context": "c", "output": "o"}])
    label(item)
    (row,) = pq.read_table(exports.export(project, "labels", tmp_path, by=None, kind="parquet").path).to_pylist()
    assert (row["generator"], row["round"], row["judge_version"], row["split"]) == ("", None, None, None)


def test_half_characters_and_nuls_are_turned_away_before_they_could_be_exported(
    project: Project, tmp_path: Path
) -> None:
    lines = [("bad-1", "half \ud83d character"), ("bad-2", "nul \x00 byte"), ("good", "whole")]
    rows = [Row(number, {"id": key, "context": "c", "output": text}) for number, (key, text) in enumerate(lines, 1)]
    turned_away: list[object] = []
    items.import_rows(project, rows, by=None, reject=turned_away.append, frame="f")
    for item in Item.objects.filter(project=project):
        label(item)
    assert len(turned_away) == 2
    assert [row["item_id"] for row in rows_of(project, tmp_path)] == ["good"]


def test_lines_that_postgres_writes_are_those_that_the_format_describes(odd: Project, tmp_path: Path) -> None:
    """Rows go to the file without becoming Python objects; the same rows as objects must say the same, key by key.

    Spaces alone may differ: a context stands in its line as it was stored."""
    written = exports.export(odd, "labels", tmp_path, by=None).path.read_bytes().decode()
    with transaction.atomic():
        scope = Scope(odd, seen=export_seen.look(odd))
        export_scope.select(scope, Tally())
        lines = [json.dumps(row, ensure_ascii=False) for _, row in FORMATS["labels"](scope, Tally())]
    in_order = partial(json.loads, object_pairs_hook=tuple)
    assert written.endswith("}\n")
    assert list(map(in_order, written.split("\n")[:-1])) == list(map(in_order, lines))


def test_a_label_in_the_place_of_an_audited_one_weighs_as_many_as_it_was_drawn_from(
    project: Project, tmp_path: Path
) -> None:
    """Accepted, and drawn for people with π = .25: where the judge's own labels are not in the file it stands for 4."""
    one, other = factories.import_items(project, n=2)
    for item in (one, other):
        label(item)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO judge_decision (case_id, route, reason, people_wanted, policy_id, is_audited,"
            " audit_probability) VALUES (%s, 'people', 'audit', 3, %s, true, .25)",
            [factories.cases_of(one)["relevance"].pk, project.policy_id],
        )
    assert [row["weight"] for row in rows_of(project, tmp_path / "all")] == [1.0, 1.0]
    peoples = exports.Order(filters=Filters(basis=("consensus", "adjudicated")))
    path = exports.make(project, peoples, tmp_path / "people", by=None).path
    assert [json.loads(line)["weight"] for line in path.read_text().splitlines()] == [4.0, 1.0]
