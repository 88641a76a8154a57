from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from judge.errors import ServiceError
from judge.services import postgres, state, supervise
from judge.services.processes import Process, wait_until
from judge.services.service import RunRecord

from .conftest import Run

pytestmark = pytest.mark.services


def ask(address: postgres.Address, query: str) -> str:
    with psycopg.connect(address.url) as connection:
        row = connection.execute(query).fetchone()
    assert row
    return str(row[0])


def server_of(home: Path) -> Process:
    return Process.find(supervise.look(postgres.make_service(home)).pid or 0)


def test_server_answers_as_the_role_and_database_that_we_promise(home: Path) -> None:
    address = postgres.ensure()
    assert ask(address, "SELECT current_user || ' ' || current_database()") == "cojudge cojudge"
    assert ask(address, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "True"
    assert ask(address, "SELECT lower('ÀÉ') || length('很好')") == "àé2"
    assert ask(address, "SHOW listen_addresses") == ""
    assert {ask(address, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")} == {"on"}


def test_committed_rows_outlive_kill_9_of_the_server(home: Path) -> None:
    address = postgres.ensure()
    with psycopg.connect(address.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    before = server_of(home)
    before.send(signal.SIGKILL)
    assert wait_until(lambda: not before.alive(), 5)
    assert ask(postgres.ensure(), "SELECT count(*) FROM kept") == "1000"


def test_kill_9_of_the_watchdog_leaves_no_orphan_and_no_loss(home: Path) -> None:
    address = postgres.ensure()
    with psycopg.connect(address.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    server = server_of(home)
    record = RunRecord.read(postgres.make_service(home).run_file)
    assert record
    record.watchdog.send(signal.SIGKILL)
    assert ask(postgres.ensure(), "SELECT count(*) FROM kept") == "1000"
    assert not server.alive()


def test_kill_9_of_both_at_once_is_survived(home: Path) -> None:
    address = postgres.ensure()
    with psycopg.connect(address.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    server = server_of(home)
    record = RunRecord.read(postgres.make_service(home).run_file)
    assert record
    server.send(signal.SIGKILL)
    record.watchdog.send(signal.SIGKILL)
    assert ask(postgres.ensure(), "SELECT count(*) FROM kept") == "1"


def test_stale_lock_file_that_names_a_stranger_does_not_bar_the_start(home: Path) -> None:
    postgres.ensure()
    supervise.stop("postgres")
    lock = postgres.make_service(home).data / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lock.write_text(f"{stranger.pid}\n/elsewhere\n")
        assert ask(postgres.ensure(), "SELECT 1") == "1"
        assert stranger.poll() is None
        stranger.kill()


def test_start_that_was_killed_half_way_leaves_no_half_cluster(home: Path) -> None:
    service = postgres.make_service(home)
    state.make_private(service.data.parent)
    remains = service.data.with_name("data.new")
    remains.mkdir()
    (remains / "PG_VERSION").write_text("18\n")
    assert ask(postgres.ensure(), "SELECT 1") == "1"


def test_cluster_that_cannot_be_made_is_reported_at_once_with_the_reason(home: Path) -> None:
    service = postgres.make_service(home)
    state.make_private(service.data.parent)
    service.data.with_name("data.new").touch()
    with pytest.raises(ServiceError, match=r"(?s)no cluster could be made.*data.new.*Not a directory"):
        postgres.ensure()


def test_cluster_of_another_version_is_refused_and_kept(home: Path) -> None:
    service = postgres.make_service(home)
    service.data.mkdir(parents=True)
    state_owner = state.server_account()
    if state_owner:
        os.chown(service.data.parent, state_owner.uid, state_owner.gid)
    (service.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServiceError, match="made by PostgreSQL 12"):
        postgres.ensure()
    assert (service.data / "PG_VERSION").read_text() == "12\n"


def test_server_starts_in_a_folder_too_deep_for_a_socket(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = home / ("deep" * 30)
    monkeypatch.setenv("COJUDGE_STATE", str(deep))
    address = postgres.ensure()
    assert ask(address, "SELECT 1") == "1"
    assert not Path(address.host).is_relative_to(home)
    assert supervise.stop("postgres")
    Path(address.host).rmdir()


def test_throwaway_cluster_is_fast_and_leaves_nothing(home: Path) -> None:
    with postgres.throwaway_postgres() as address:
        assert ask(address, "SHOW fsync") == "off"
    assert list((home / "throwaway").iterdir()) == []
    with pytest.raises(psycopg.OperationalError):
        ask(address, "SELECT 1")


def test_throwaway_cluster_in_a_deep_folder_leaves_no_socket_behind(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COJUDGE_STATE", str(home / ("deep" * 25)))
    with postgres.throwaway_postgres() as address:
        assert ask(address, "SELECT 1") == "1"
    assert not Path(address.host).exists()


def test_throwaway_cluster_for_crash_tests_is_durable(home: Path) -> None:
    with postgres.throwaway_postgres(durable=True, settings={"max_connections": "30"}) as address:
        assert ask(address, "SHOW fsync") + ask(address, "SHOW synchronous_commit") == "onon"
        assert ask(address, "SHOW max_connections") == "30"


def test_throwaway_cluster_of_a_killed_test_run_is_removed(home: Path, client: Run) -> None:
    program = "from judge.services import postgres; import sys\nwith postgres.throwaway_postgres() as address:\n"
    killed = client(program + "    print(address.url, flush=True); sys.stdin.read()")
    assert killed.stdout
    assert killed.stdout.readline().startswith("postgresql://")
    killed.kill()
    assert wait_until(lambda: not list((home / "throwaway").iterdir()), 15)
