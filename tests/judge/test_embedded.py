"""What a command brings along, and what it asks of a team that brings its own servers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge import embedded
from judge.errors import ServiceError
from judge.services import state, supervise, valkey

URL = "postgresql://team:hunter2@db.example:5432/answers"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of its own, passable for the servers' user."""
    above = Path(tempfile.mkdtemp(prefix="cojudge-embedded-"))
    above.chmod(0o711)
    monkeypatch.setenv("COJUDGE_STATE", str(above / "state"))
    yield state.folder()
    shutil.rmtree(above)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Changes that `prepare` makes to the environment are taken back."""
    for name in ("BROKER_URL", "COJUDGE_SECRET_KEY"):
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)
    return monkeypatch


def test_an_export_runs_at_low_priority_and_what_people_wait_for_does_not() -> None:
    code = "import os, sys; from judge import embedded; embedded.step_back(sys.argv); print(os.nice(0))"
    niceness = {
        name: int(subprocess.run([sys.executable, "-c", code, *name.split()], capture_output=True, text=True).stdout)
        for name in ("export_labels shop", "serve", "")
    }
    assert niceness["export_labels shop"] == niceness["serve"] + embedded.NICENESS
    assert niceness["serve"] == niceness[""]


def test_the_demo_makes_a_key_and_the_tables_on_a_database_of_the_team(
    db: None, folder: Path, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("BROKER_URL", "redis://broker.example/0")
    migrated: list[bool] = []
    environment.setattr(embedded, "_migrate", lambda: migrated.append(True))
    embedded.prepare(["manage.py", "demo"])
    assert os.environ["COJUDGE_SECRET_KEY"] == (folder / "secret-key").read_text()
    assert migrated


def test_serve_on_a_database_of_the_team_asks_for_a_key(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", URL)
    with pytest.raises(ServiceError, match=r"COJUDGE_SECRET_KEY is not set.*long random text"):
        embedded.prepare(["manage.py", "serve"])


def test_serve_on_tables_of_an_older_version_says_to_migrate(db: None, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("COJUDGE_SECRET_KEY", "long and random")
    environment.setenv("BROKER_URL", "redis://broker.example/0")
    embedded.prepare(["manage.py", "serve"])  # up to date: nothing to say
    environment.setattr(embedded, "_missing_migrations", lambda: 3)
    with pytest.raises(ServiceError, match=r"lacks 3 migrations of this version: run manage.py migrate"):
        embedded.prepare(["manage.py", "serve"])


def test_a_database_url_that_cannot_be_read_is_not_repeated_with_its_password(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("DATABASE_URL", "postgresql:/team hunter2")
    with pytest.raises(ServiceError, match="DATABASE_URL cannot be read") as caught:
        embedded.prepare(["manage.py", "doctor"])
    assert "hunter2" not in str(caught.value)


def test_the_database_is_described_without_its_password(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", URL)
    assert embedded.describe_database() == "answers at db.example:5432"


@pytest.mark.services
def test_a_command_beside_a_running_demo_finds_its_broker_and_never_starts_one(
    folder: Path, environment: pytest.MonkeyPatch
) -> None:
    embedded.see_to_broker("doctor", is_embedded=True)
    assert "BROKER_URL" not in os.environ
    assert not supervise.look(supervise.find("valkey")).running
    address = valkey.ensure()
    try:
        embedded.see_to_broker("doctor", is_embedded=False)  # a team's database has a team's broker
        assert "BROKER_URL" not in os.environ
        embedded.see_to_broker("doctor", is_embedded=True)
        assert os.environ["BROKER_URL"] == address
    finally:
        supervise.end(service := supervise.find("valkey"))
        supervise.release(service)
