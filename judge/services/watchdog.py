"""The detached process that runs one server, restarts it when it falls, and ends it when nobody needs it.

Every client holds a shared lock on `<name>.clients`. The watchdog tries to take that lock alone every little while;
when it could have had it for the idle time on end, it keeps it, so that a new client waits until the server is gone
and then starts a fresh one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import traceback

from judge.errors import ServiceError
from judge.services import locks, state
from judge.services.processes import Process
from judge.services.service import RunRecord, Service

STEADY_SECONDS = 15.0  # a server that ran this long has started well: earlier failures are forgotten
FAILURES = 6  # with the pauses between them, about 25 seconds


class Watchdog:
    """Runs one service until its clients are gone or it is told to stop."""

    def __init__(self, service: Service, idle_seconds: float) -> None:
        self.service, self.idle_seconds = service, idle_seconds
        self.server: subprocess.Popen[bytes] | None = None
        self.failures, self.started_at = 0, 0.0
        self.idle_since: float | None = None
        self.stopping = False
        self.problem = ""
        self.wake = threading.Event()

    def run(self) -> None:
        """Stay until the end of the server; leaves no process behind."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: self.wake.set())
        self._record()
        while not self.stopping:
            self._keep_alive()
            self._pause(min(2.0, self.idle_seconds / 4))
            self.stopping = self.stopping or self._nobody_needs_it()
        self._end()

    def _on_stop(self, *_: object) -> None:
        self.stopping = True
        self.wake.set()

    def _pause(self, seconds: float) -> None:
        """Wait, less when the server ends or somebody stops us."""
        if not self.stopping:
            self.wake.wait(seconds)
        self.wake.clear()

    def _keep_alive(self) -> None:
        """Start the server if it is not running; give up after too many failures."""
        if self.server is not None and self.server.poll() is None:
            return
        if self.server is not None:
            self._count_failure(f"ended with status {self.server.returncode}")
            self.server = None
        if self.stopping:
            return
        try:
            self._start()
        except ServiceError as error:  # needs a person: trying again does not help
            self._give_up(str(error))
        except Exception as error:
            traceback.print_exc()
            self._count_failure(str(error))

    def _start(self) -> None:
        self.started_at = time.monotonic()
        self.service.prepare()
        command = self.service.command()
        self.server = command.start(self.service.endings[0][0])
        self._record()
        say(f"{self.service.name} started, process {self.server.pid}")

    def _count_failure(self, what: str) -> None:
        steady = time.monotonic() - self.started_at > STEADY_SECONDS
        self.failures = 1 if steady else self.failures + 1
        say(f"{self.service.name} {what}; failure {self.failures} of {FAILURES}")
        if self.failures >= FAILURES:
            self._give_up(f"{self.service.name} {what} {FAILURES} times")
        else:
            self._pause(min(8.0, 0.25 * 2**self.failures))

    def _give_up(self, problem: str) -> None:
        say(f"giving up: {problem}")
        self.problem, self.stopping = problem, True

    def _nobody_needs_it(self) -> bool:
        """Whether it has been idle for long enough; the clients' lock is then held until this process ends."""
        handle = locks.take(self.service.clients_lock)
        if handle is None:
            self.idle_since = None
            return False
        if self.idle_since is None:
            self.idle_since = time.monotonic()
        if time.monotonic() - self.idle_since >= self.idle_seconds:
            return True
        os.close(handle)
        return False

    def _end(self) -> None:
        if self.server is not None:
            end_child(self.server, self.service.endings)
        if self.problem:
            self._record()
        else:
            self.service.run_file.unlink(missing_ok=True)
        say(f"{self.service.name} stopped")

    def _record(self) -> None:
        running = self.server is not None and self.server.poll() is None
        server = Process.find(self.server.pid) if self.server is not None and running else None
        address = self.service.address() if server else ""
        RunRecord(Process.find(os.getpid()), server, address, self.problem).write(self.service.run_file)


def end_child(child: subprocess.Popen[bytes], endings: tuple[tuple[int, float], ...]) -> None:
    """Ask the child to end, more and more firmly."""
    for number, patience in endings:
        if child.poll() is None:
            child.send_signal(number)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


def end_orphan(service: Service) -> None:
    """End the server that a killed watchdog left behind (the kernel has told it to go already)."""
    record = RunRecord.read(service.run_file)
    if record and record.server and not record.server.end(*service.endings):
        raise ServiceError(f"An old {service.name}, process {record.server.pid}, does not end. End it: kill -9 it.")
    service.run_file.unlink(missing_ok=True)


def detach(service: Service, idle_seconds: float, *, remove: bool = False) -> bool:
    """Fork a watchdog for the service and return True in the parent; False when one is at work already.

    The child inherits the lock that says so, and never returns.
    """
    if locks.take(service.watchdog_lock, patience=0.2) is None:  # patience: somebody may only be looking
        return False
    end_orphan(service)
    if os.fork():
        return True
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    service.rotate_log()
    with open(os.devnull, "rb") as nothing, service.log.open("ab") as log:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    watchdog, status = Watchdog(service, idle_seconds), 1
    try:
        watchdog.run()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        if remove and not watchdog.problem:  # what went wrong is told by the files, which the client removes
            state.remove(service.home)
        sys.stdout.flush()
        os._exit(status)


def say(text: str) -> None:
    """Write a line of the watchdog's own into the server's log."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC watchdog: {text}", flush=True)
