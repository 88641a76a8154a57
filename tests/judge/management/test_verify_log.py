"""``manage.py export_log`` and ``manage.py verify_log``: what they say, and how they end."""

from __future__ import annotations

import hashlib
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from judge.actions import event_chain, events
from judge.models import Project
from tests.judge.actions.test_event_chain import tamper

pytestmark = pytest.mark.django_db


def verify(*words: str) -> str:
    out = StringIO()
    call_command("verify_log", *words, stdout=out)
    return out.getvalue()


def test_whole_chains_are_told_with_their_heads(project: Project) -> None:
    event_chain.seal_all()
    said = verify()
    n, sealed = event_chain.head(project.pk)
    assert n == project.events.count()
    assert f"project {project.slug}: whole, {n} rows, head {sealed}, 0 not sealed yet" in said
    assert "site: whole, 0 rows" in said


def test_rows_that_wait_to_be_sealed_are_counted_not_blamed(project: Project) -> None:
    assert "whole, 0 rows" in verify(project.slug)
    assert f"{project.events.count()} not sealed yet" in verify(project.slug)
    assert "0 not sealed yet" in verify(project.slug, "--seal")


def test_a_break_names_its_row_and_ends_with_an_error(project: Project) -> None:
    for n in range(3):
        events.note(project, "judged", by=None, n=n)
    event_chain.seal_all()
    tamper("UPDATE judge_event SET verb = 'x' WHERE project_id = %s AND position = 2", project.pk)
    out = StringIO()
    with pytest.raises(CommandError, match="1 places do not hold"):
        call_command("verify_log", project.slug, stdout=out)
    assert f"project {project.slug}: position 2 (event " in out.getvalue()
    assert "changed" in out.getvalue()


def test_an_export_can_be_checked_without_us_and_shows_a_rewritten_chain(project: Project, tmp_path: Path) -> None:
    for n in range(5):
        events.note(project, "judged", by=None, n=n)
    path = tmp_path / "log.jsonl"
    call_command("export_log", project.slug, output=path, stdout=StringIO())
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["position"] for row in rows] == list(range(1, project.events.count() + 1))
    assert rows[-1]["verb"] == "log exported"
    previous = "0" * 64
    for row in rows:
        sealed = row.pop("hash")
        text = json.dumps(row, sort_keys=True, separators=(",", ":"))
        assert sealed == (previous := hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest())

    verify(project.slug, "--known", str(path))
    tamper(
        "UPDATE judge_event SET verb = 'x', position = NULL, hash = NULL WHERE position >= 4 AND project_id IS NOT NULL"
    )
    event_chain.seal_all()
    verify(project.slug)
    with pytest.raises(CommandError, match=f"{len(rows) - 3} places"):
        verify(project.slug, "--known", str(path))


def test_a_file_that_is_no_export_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}\n")
    with pytest.raises(CommandError, match=r"x\.jsonl: cannot be read.*export_log"):
        verify("--known", str(tmp_path / "x.jsonl"))
