"""The promises of the watchdog, on the server that starts fastest."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from judge.errors import ServiceError
from judge.services import locks, supervise, valkey, watchdog
from judge.services.processes import Process, wait_until
from judge.services.service import RunRecord

from .conftest import Run

pytestmark = pytest.mark.services

# A client that says which server it got and lives until its input ends.
CLIENT = """
import sys
from judge.services import state, supervise, valkey
service = valkey.make_service(state.folder())
supervise.ensure(service, idle_seconds=0.4)
print(supervise.look(service).pid, flush=True)
sys.stdin.read()
"""


def read_pid(client: subprocess.Popen[str]) -> int:
    assert client.stdout
    return int(client.stdout.readline())


def stays_held(lock: Path) -> bool:
    """Whether the watchdog keeps the lock, rather than trying it for a moment."""
    return all(locks.is_held(lock) and time.sleep(0.001) is None for _ in range(20))


def leave(client: subprocess.Popen[str]) -> None:
    client.communicate("")


def test_second_process_gets_the_server_that_the_first_started(client: Run) -> None:
    first, second = client(CLIENT), client(CLIENT)
    assert read_pid(first) == read_pid(second)


def test_six_processes_at_once_start_one_server(client: Run) -> None:
    racers = [client(CLIENT) for _ in range(6)]
    assert len({read_pid(racer) for racer in racers}) == 1


def test_server_stays_while_one_client_lives_and_stops_after_the_last(home: Path, client: Run) -> None:
    first, second = client(CLIENT), client(CLIENT)
    server = Process.find(read_pid(first))
    read_pid(second)
    leave(first)
    assert not wait_until(lambda: not server.alive(), 1.2)
    leave(second)
    assert wait_until(lambda: not server.alive(), 5)
    assert wait_until(lambda: not (home / "valkey.json").exists(), 5)


def test_client_that_is_killed_does_not_hold_the_server_for_ever(client: Run) -> None:
    killed = client(CLIENT)
    server = Process.find(read_pid(killed))
    killed.kill()
    assert wait_until(lambda: not server.alive(), 5)


def test_forked_child_holds_the_server_after_its_parent_is_gone(client: Run) -> None:
    parent = client(CLIENT.replace("sys.stdin.read()", "import os; print(os.fork(), flush=True); sys.stdin.read()"))
    server = Process.find(read_pid(parent))
    child = Process.find(max(read_pid(parent), read_pid(parent)))
    parent.kill()
    assert not wait_until(lambda: not server.alive(), 1.2)
    child.send(signal.SIGKILL)
    assert wait_until(lambda: not server.alive(), 5)


def test_killed_server_is_started_again_for_its_clients(home: Path) -> None:
    valkey.ensure()
    service = valkey.make_service(home)
    before = supervise.look(service)
    os.kill(before.pid or 0, signal.SIGKILL)
    assert wait_until(lambda: supervise.look(service).running, 10)
    after = supervise.look(service)
    assert after.pid != before.pid
    assert after.address == before.address


def test_killed_watchdog_leaves_no_orphan_and_the_next_start_works(home: Path) -> None:
    valkey.ensure()
    service = valkey.make_service(home)
    record = RunRecord.read(service.run_file)
    assert record
    assert record.server
    record.watchdog.send(signal.SIGKILL)
    assert wait_until(lambda: not record.server.alive(), 10)
    valkey.ensure()
    assert supervise.look(service).running


def test_whoever_holds_a_server_starts_it_again_when_its_watchdog_was_killed(home: Path) -> None:
    before = valkey.ensure()
    service = valkey.make_service(home)
    record = RunRecord.read(service.run_file)
    assert record
    record.watchdog.send(signal.SIGKILL)
    assert wait_until(lambda: not locks.is_held(service.watchdog_lock), 5)
    supervise.revive_held()
    assert wait_until(lambda: supervise.look(service).running, 10)
    assert supervise.look(service).address == before


def test_whoever_holds_a_server_lets_it_be_that_was_stopped_on_purpose(home: Path) -> None:
    valkey.ensure()
    service = valkey.make_service(home)
    assert supervise.stop("valkey")
    supervise.revive_held()
    assert not locks.is_held(service.watchdog_lock)
    assert not supervise.look(service).running


def test_stop_all_stops_a_server_that_has_clients(home: Path, client: Run) -> None:
    server = Process.find(read_pid(client(CLIENT)))
    assert supervise.stop_all() == ["valkey"]
    assert not server.alive()
    assert supervise.stop_all() == []


def test_stop_touches_no_stranger_that_a_stale_record_names(home: Path) -> None:
    service = valkey.make_service(home)
    us = Process(os.getpid(), "long ago")
    RunRecord(us, us, "redis+socket:///nowhere?virtual_host=0").write(service.run_file)
    assert not supervise.stop("valkey")


def test_client_that_comes_while_the_server_stops_gets_a_fresh_one(home: Path, client: Run) -> None:
    first = client(CLIENT)
    old = read_pid(first)
    os.kill(old, signal.SIGSTOP)  # its end takes a while now
    leave(first)
    assert wait_until(lambda: stays_held(valkey.make_service(home).clients_lock), 5, pause=0.05)
    second = client(CLIENT)
    os.kill(old, signal.SIGCONT)
    assert read_pid(second) not in (0, old)


def test_server_that_cannot_start_says_so_with_the_end_of_its_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey.Valkey, "patience", 3.0)
    service = valkey.make_service(home)
    service.socket.mkdir()
    (service.socket / "in the way").touch()
    with pytest.raises(ServiceError, match=r"(?s)valkey did not start.*log.*make stop") as caught:
        valkey.ensure()
    assert "Failed opening Unix socket" in str(caught.value)


def test_watchdog_gives_up_on_a_server_that_falls_again_and_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(valkey.Valkey):
        endings = ((signal.SIGKILL, 5),)

        def prepare(self) -> None:
            raise RuntimeError("no luck")

    monkeypatch.setattr(watchdog.Watchdog, "_pause", lambda *_: None)
    broken = watchdog.Watchdog(Broken(home), idle_seconds=60)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)}
    broken.run()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    record = RunRecord.read(broken.service.run_file)
    assert record
    assert record.problem == "valkey no luck 6 times"


def test_large_log_is_put_aside_at_the_next_start(home: Path) -> None:
    service = valkey.make_service(home)
    service.log.write_bytes(b"x" * 6_000_000)
    valkey.ensure()
    assert service.log.stat().st_size < 100_000
    assert (home / "valkey.log.1").stat().st_size == 6_000_000


def test_watchdog_carries_no_secret_of_the_command_that_started_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted-secret")
    valkey.ensure()
    record = RunRecord.read(valkey.make_service(home).run_file)
    assert record
    assert record.server
    for process in (record.watchdog, record.server):
        assert "planted-secret" not in Path(f"/proc/{process.pid}/environ").read_text()


def test_unknown_name_is_refused_with_the_known_ones(home: Path) -> None:
    with pytest.raises(ServiceError, match="postgres, valkey, models"):
        supervise.stop("mysql")


def test_status_names_every_server_running_or_not(home: Path) -> None:
    valkey.ensure()
    assert {row.name: row.running for row in supervise.status()} == {
        "postgres": False,
        "valkey": True,
        "models": False,
        "embeddings": False,
    }
