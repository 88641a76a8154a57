"""The way to a running server: start it when nobody did, hold it while we live, look at it, stop it.

As a command: `python -m judge.services.supervise status`, `… stop [NAME …]`, `… postgres` (or valkey, models,
embeddings).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from judge.errors import ServiceError
from judge.services import locks, state
from judge.services.processes import wait_until
from judge.services.service import RunRecord, Service, python_environment

NAMES = ("postgres", "valkey", "models", "embeddings")
IDLE_SECONDS = 60.0
_held: dict[str, int] = {}  # our hold on each server, for the life of this process and its forks


@dataclass(frozen=True)
class Status:
    """How one server is: what `status` shows."""

    name: str
    running: bool
    pid: int | None
    address: str
    log: str
    problem: str = ""


def find(name: str) -> Service:
    """The service of that name in the state folder."""
    if name not in NAMES:
        raise ServiceError(f"There is no embedded server {name}; there are {', '.join(NAMES)}.")
    service: Service = import_module(f"judge.services.{name}").make_service(state.folder())
    return service


def ensure(service: Service, *, idle_seconds: float | None = None, remove: bool = False) -> str:
    """The address of the running server, started if need be; it stays up at least as long as this process."""
    deadline = time.monotonic() + service.patience
    hold(service)
    launched = False
    while True:
        record = RunRecord.read(service.run_file)
        if record and record.server and record.watchdog.alive() and service.answers(record.address):
            return record.address
        if not locks.is_held(service.watchdog_lock):
            if launched and record and record.problem:
                raise _failure(service, record.problem)
            _launch(service, idle_seconds, remove)
            launched = True
        if time.monotonic() > deadline:
            raise _failure(service, f"no answer within {service.patience:.0f} seconds")
        time.sleep(0.05)


def hold(service: Service) -> None:
    """Be a client: the server is not stopped for idleness while this process or a fork of it lives."""
    key = str(service.clients_lock)
    if key in _held and locks.is_same_file(_held[key], service.clients_lock):
        return
    handle = locks.take(service.clients_lock, shared=True, patience=service.patience)
    if handle is None:
        raise _failure(service, "it is being stopped and does not end")
    _held[key] = handle


def revive_held() -> None:
    """Start again every server that this process holds and whose watchdog is gone: killed, or out of patience.

    One that was stopped on purpose (it took its run file with it) stays down. A start that fails is tried again at the
    next call: the log of the server says why.
    """
    services = [_service_at(Path(key)) for key in list(_held)]
    fallen = [each for each in services if each.run_file.exists() and not locks.is_held(each.watchdog_lock)]
    threads = [threading.Thread(target=_revive, args=[each]) for each in fallen]  # none waits for another
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _revive(service: Service) -> None:
    with suppress(ServiceError):
        _launch(service, None, remove=False)


def _service_at(clients_lock: Path) -> Service:
    service: Service = import_module(f"judge.services.{clients_lock.stem}").make_service(clients_lock.parent)
    return service


def release(service: Service) -> None:
    """Stop being a client, in this process and in all forks of it."""
    handle = _held.pop(str(service.clients_lock), None)
    if handle is not None:
        os.close(handle)


def _launch(service: Service, idle_seconds: float | None, remove: bool) -> None:
    idle = idle_seconds if idle_seconds is not None else float(os.environ.get("COJUDGE_IDLE_SECONDS", IDLE_SECONDS))
    words = [sys.executable, "-m", "judge.services.launch", service.name, str(service.home), str(idle)]
    words += ["--remove"] if remove else []
    words += [f"{key}={value}" for key, value in service.settings.items()]
    done = subprocess.run(words, env=python_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise ServiceError(f"The watchdog of {service.name} could not start: {done.stderr.strip()[-2000:]}")


def _failure(service: Service, problem: str) -> ServiceError:
    return ServiceError(
        f"The embedded server {service.name} did not start: {problem}. Its log {service.log} ends:\n"
        f"{service.last_words()}\n"
        "Mend what the log names (disk full? memory?), or run `make stop` and try again, "
        "or set DATABASE_URL, BROKER_URL or JUDGE_URL to a server of your own."
    )


def look(service: Service) -> Status:
    """How the server is now, without starting it or becoming its client."""
    record = RunRecord.read(service.run_file)
    if record is None or not record.server or not record.server.alive():
        return Status(service.name, False, None, "", str(service.log), record.problem if record else "")
    running = service.answers(record.address)
    return Status(service.name, running, record.server.pid, record.address, str(service.log), record.problem)


def status() -> list[Status]:
    """How every embedded server is."""
    return [look(find(name)) for name in NAMES]


def stop(name: str) -> bool:
    """Stop that server if it runs, clients or not; whether it ran."""
    return end(find(name))


def stop_all() -> list[str]:
    """Stop every embedded server; the names of those that ran."""
    return [name for name in reversed(NAMES) if stop(name)]


def end(service: Service) -> bool:
    """Stop the server and its watchdog; whether one of them ran. Touches only processes that we started."""
    if not locks.is_held(service.watchdog_lock):
        record = RunRecord.read(service.run_file)
        if record is None or record.server is None or not record.server.alive():
            return False
        return _insist(record.server.end(*service.endings), service)  # its watchdog was killed
    wait_until(_is_recorded(service), 5)
    record = RunRecord.read(service.run_file)
    if record is not None:
        record.watchdog.send(15)
    patience = sum(seconds for _, seconds in service.endings) + 10
    return _insist(wait_until(lambda: not locks.is_held(service.watchdog_lock), patience), service)


def _is_recorded(service: Service) -> Callable[[], bool]:
    return lambda: service.run_file.exists() or not locks.is_held(service.watchdog_lock)


def _insist(ended: bool, service: Service) -> bool:
    if not ended:
        raise ServiceError(f"The server {service.name} does not stop. Look at {service.log}.")
    return True


def main(words: list[str]) -> int:
    """The command line; its exit status."""
    match words:
        case ["status"]:
            for row in status():
                print(f"{row.name:10} {'running' if row.running else 'stopped':8} {row.pid or '-':>8}  {row.address}")
                print(f"{'':10} log: {row.log}{'  ' + row.problem if row.problem else ''}")
        case ["stop"]:
            print("stopped:", ", ".join(stop_all()) or "nothing was running")
        case ["stop", *names]:
            print("stopped:", ", ".join(name for name in names if stop(name)) or "nothing was running")
        case [name] if name in NAMES:
            print(ensure(find(name)))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    # This module also runs as a command: errors of people are shown without a traceback.
    try:
        sys.exit(main(sys.argv[1:]))
    except ServiceError as error:
        sys.exit(str(error))
