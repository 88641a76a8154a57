"""The doctor: what it says of a healthy installation, and that one ill part never keeps it from the others."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from judge import registry
from judge.registry import Finding
from tests.architecture.house import ROOT

DEAD = "postgresql://team:hunter2@127.0.0.1:1/answers"


def ail(*, number: int) -> str:
    """What the doctor says when ``number`` findings are ill."""
    out = StringIO()
    with pytest.raises(CommandError, match=f"{number} of the checks"):
        call_command("doctor", stdout=out)
    return out.getvalue()


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )


@pytest.mark.django_db
def test_doctor_tells_what_it_saw_of_a_healthy_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    machines = {"judge", "worker"} & set(registry.doctor_checks)  # a model and a worker are tried in their own tests
    for name in machines:
        monkeypatch.delitem(registry.doctor_checks, name)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")  # the throwaway cluster saves the time
    out = StringIO()
    call_command("doctor", stdout=out)
    for part in ("Python", "PostgreSQL", "tables: up to date", "disk", "all is well"):
        assert part in out.getvalue()


@override_settings(BROKER_URL="redis://127.0.0.1:1/0")
def test_doctor_fails_and_says_what_to_do_when_the_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "doctor_checks", {"broker": registry.doctor_checks["broker"]})
    said = ail(number=1)
    assert "ILL  broker: redis://127.0.0.1" in said
    assert "→ Start it, or correct BROKER_URL" in said


def test_a_check_that_fails_itself_is_a_finding_and_the_next_one_still_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[Finding]:
        raise ZeroDivisionError("no such luck")

    def pass_by() -> list[Finding]:
        return [Finding("second", True, "was looked at")]

    monkeypatch.setattr(registry, "doctor_checks", {"first": fail, "second": pass_by})
    said = ail(number=1)
    assert "ILL  first: the check itself failed: ZeroDivisionError: no such luck" in said
    assert "ok   second: was looked at" in said


def test_a_dead_database_is_a_finding_without_its_password_and_the_disk_is_still_looked_at() -> None:
    done = manage("doctor", DATABASE_URL=DEAD, JUDGE_URL="http://127.0.0.1:9/v1")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "ILL  database: answers at 127.0.0.1:1 does not answer: " in said
    assert "→ Start it or correct DATABASE_URL" in said
    assert "ok   disk" in said
    assert "hunter2" not in said
    assert "Traceback" not in said


def test_any_command_ends_in_one_sentence_when_the_database_is_away() -> None:
    for words in (["migrate"], ["import_items", "spring", "x.jsonl"]):
        done = manage(*words, DATABASE_URL=DEAD)
        assert done.returncode == 1
        assert "answers at 127.0.0.1:1 does not answer: " in done.stderr
        assert "Start it or correct DATABASE_URL" in done.stderr
        assert "Traceback" not in done.stderr
        assert "hunter2" not in done.stderr
