"""How the children start, fail and are told apart from strangers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client

from judge import ports, registry, serving
from judge.errors import ServiceError
from judge.management.commands import serve
from judge.services import processes
from tests.architecture.house import ROOT


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for the logs; no server is started in it."""
    monkeypatch.setattr(serving.state, "folder", lambda: tmp_path)


def child(code: str, **environment: str) -> serving.Child:
    return serving.Child("web", [sys.executable, "-c", code], environment)


@contextmanager
def listener() -> Iterator[int]:
    """A web server that is none of ours; its port."""
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_web_server_that_ends_is_told_at_once_with_the_end_of_its_log() -> None:
    web = child("raise SystemExit('the settings are wrong')", COJUDGE_INSTANCE="ours")
    web.start()
    with pytest.raises(ServiceError, match=r"(?s)ended before it answered.*the settings are wrong"):
        serving.wait_for_web(web, free_port(), patience=30)


def test_a_stranger_on_the_port_is_not_taken_for_our_web_server() -> None:
    web = child("import time; time.sleep(60)", COJUDGE_INSTANCE="ours")
    with listener() as port:
        web.start()
        try:
            with pytest.raises(ports.Taken, match="another program answers"):
                serving.wait_for_web(web, port, patience=0.5)
        finally:
            web.stop()


def test_another_start_of_ours_is_a_stranger_too(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ports.HEADER not in client.get("/healthz").headers
    monkeypatch.setenv("COJUDGE_INSTANCE", "ours")
    assert client.get("/healthz").headers[ports.HEADER] == "ours"


def test_two_starts_at_once_never_get_the_same_port() -> None:
    first = free_port()
    mine = ports.claim(first)  # nothing listens there yet
    code = f"from judge import ports; print(ports.claim({first}))"
    theirs = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(theirs.stdout) > mine


def test_a_named_port_that_is_taken_is_refused() -> None:
    with listener() as port, pytest.raises(ports.Taken, match=f"port {port} is taken .*--port"):
        serving.start(port)


def test_a_child_that_ends_again_and_again_ends_the_whole_with_its_last_words() -> None:
    broken = child("raise SystemExit('no broker')")
    for _ in range(serving.RESTARTS):
        broken.revive()
        assert broken.process is not None
        broken.process.wait()
    with pytest.raises(ServiceError, match=r"(?s)web ended.*no broker"):
        broken.revive()


def test_failures_of_long_ago_are_forgotten() -> None:
    steady = child("import time; time.sleep(60)")
    steady.start()
    try:
        steady.restarts = serving.RESTARTS
        steady.revive()
        assert steady.restarts == serving.RESTARTS  # it has only just started
        steady.started -= serving.STEADY + 1
        steady.revive()
        assert steady.restarts == 0
    finally:
        steady.stop()


def test_a_database_that_falls_ends_neither_web_nor_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> str:
        raise OperationalError("the server closed the connection\nin the middle of it")

    monkeypatch.setattr(registry, "progress_lines", {"machines": look})
    said: list[str] = []
    serve.Progress(said.append)()
    assert said == ["  the database does not answer: the server closed the connection"]


def test_long_judging_never_takes_the_worker_of_what_people_wait_for() -> None:
    queues = [each.argv[each.argv.index("-Q") + 1].split(",") for each in serving.background() if "-Q" in each.argv]
    names = [each.argv[each.argv.index("-n") + 1] for each in serving.background() if "-n" in each.argv]
    assert queues == [["judge"], ["interactive", "export"]]
    assert len(set(names)) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_no_worker_outlives_a_web_server_that_was_killed() -> None:
    """Else it would hold the port, and answer from there with an old program and a database that is gone."""
    web = serving.web(port := free_port())
    web.start()
    try:
        serving.wait_for_web(web, port)
        assert web.process is not None
        workers = [processes.Process.find(pid) for pid in children_of(web.process.pid)]
        assert workers
        web.process.kill()
        assert processes.wait_until(lambda: not any(worker.alive() for worker in workers), 10)
    finally:
        web.stop()
        ports.let_go(port)


def children_of(pid: int) -> list[int]:
    stats = {int(path.name): (path / "stat").read_text() for path in Path("/proc").glob("[0-9]*") if path.is_dir()}
    return [each for each, stat in stats.items() if int(stat.rpartition(")")[2].split()[1]) == pid]


def test_two_installations_on_one_machine_keep_their_own_logins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = serving.web(8000).environment["COJUDGE_COOKIE_SUFFIX"]
    assert serving.web(8001).environment["COJUDGE_COOKIE_SUFFIX"] == one  # a restart keeps people logged in
    monkeypatch.setattr(serving.state, "folder", lambda: tmp_path / "other")
    assert serving.cookie_suffix() != one
    code = "from judge import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    environment = os.environ | {"COJUDGE_COOKIE_SUFFIX": one}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == [f"sessionid_{one}", f"csrftoken_{one}"]


def test_a_signal_to_stop_ends_a_start_even_where_the_shell_had_it_ignored() -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from judge import serving; serving.heed_signals(); print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        started.send_signal(2)
        assert processes.wait_until(lambda: started.poll() is not None, 10)
        started.kill()


def test_a_start_goes_on_with_the_web_server_that_was_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = child("import time; time.sleep(60)", COJUDGE_INSTANCE="ours")
    monkeypatch.setattr(serving, "web", lambda _port: sleeper)
    monkeypatch.setattr(serving, "background", list)
    monkeypatch.setattr(serving, "wait_for_web", lambda _child, _port: None)
    port = free_port()
    serving.begin(port)
    begun = sleeper.process
    try:
        assert serving.start(port) == (port, [sleeper])
        assert sleeper.process is begun
    finally:
        sleeper.stop()
        ports.let_go(port)


def test_what_was_begun_and_is_not_wanted_leaves_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = child("import time; time.sleep(60)", COJUDGE_INSTANCE="ours")
    monkeypatch.setattr(serving, "web", lambda _port: sleeper)
    port = free_port()
    serving.begin(port)
    serving.abandon()
    assert not sleeper.is_running
    assert ports.claim(port, 1) == port
    ports.let_go(port)
