"""A backup comes back to the byte, and what is no whole backup is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command

from judge.actions import judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import Case, Project, Role, Snapshot
from judge.services import state
from tests import factories
from tests.architecture.house import ROOT
from tests.flow.workers import database_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def labelled(db: None) -> Project:
    """Twelve items, each case agreed by two people."""
    project = factories.make_project("Kept tags")
    factories.import_items(project, n=12)
    for name in ("ann", "ben"):
        person = factories.make_member(project, name, Role.ANNOTATOR)
        said = {"relevance": "fits", "specificity": "concrete"}
        new = [NewJudgment(each.pk, said[each.criterion.key]) for each in Case.objects.select_related("criterion")]
        judgments.record(new, rater=projects.rater_of(person), by=person)
    return project


@pytest.fixture
def empty_database() -> Iterator[str]:
    """Another database of the same server; its URL."""
    url = database_url()
    name = f"restored_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name}")
    yield psycopg.conninfo.make_conninfo(url, dbname=name)
    with psycopg.connect(url, autocommit=True) as line:
        line.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of ours on another database, as people type it."""
    environment = os.environ | {"DATABASE_URL": url, "COJUDGE_SECRET_KEY": "tests"}
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_a_backup_restored_elsewhere_makes_a_snapshot_again_to_the_byte(
    labelled: Project, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url())
    call_command("export_labels", labelled.slug, "--even-so", "--output", str(tmp_path / "before"))
    call_command("backup", str(tmp_path / "backup"))
    done = manage(empty_database, "restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    assert "24 cases" in done.stdout
    words = ("export_labels", labelled.slug, "--snapshot", str(Snapshot.objects.get().pk), "--output")
    again = manage(empty_database, *words, str(tmp_path / "after"))
    assert again.returncode == 0, again.stderr
    before, after = ((tmp_path / each / "labels.jsonl").read_bytes() for each in ("before", "after"))
    assert len(before.splitlines()) == 24
    assert before == after


def test_files_that_wait_to_be_fetched_come_along_and_the_secret_key_does_not(
    labelled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "folder", lambda: tmp_path / "state")
    (tmp_path / "state" / "exports" / "1").mkdir(parents=True)
    (tmp_path / "state" / "exports" / "1" / "a.zip").write_bytes(b"zipped")
    (tmp_path / "state" / "secret-key").write_text("planted")
    monkeypatch.setenv("DATABASE_URL", database_url())
    call_command("backup", str(tmp_path / "backup"))
    packed = (tmp_path / "backup" / "files.tar").read_bytes()
    assert b"zipped" in packed
    assert b"planted" not in packed


def test_a_broken_or_foreign_folder_is_refused_and_nothing_is_touched(
    labelled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url())
    with pytest.raises(CommandError, match="no backup, or one that was broken off"):
        call_command("restore", str(tmp_path), "--replace")
    call_command("backup", str(tmp_path / "backup"))
    with pytest.raises(CommandError, match="holds something already"):
        call_command("backup", str(tmp_path / "backup"))
    with pytest.raises(CommandError, match=r"holds tables already.*--replace"):
        call_command("restore", str(tmp_path / "backup"))
    manifest = tmp_path / "backup" / "manifest.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"migrations": [*told["migrations"], "judge.9999_of_the_future"]}))
    with pytest.raises(CommandError, match=r"newer version \(it has judge.9999"):
        call_command("restore", str(tmp_path / "backup"), "--replace")
    manifest.write_text(json.dumps(told))
    with (tmp_path / "backup" / "database.dump").open("r+b") as file:
        file.seek(2_000)
        file.write(b"spoiled")
    with pytest.raises(CommandError, match=r"database\.dump is not what was written"):
        call_command("restore", str(tmp_path / "backup"), "--replace")
    assert Case.objects.count() == 24
