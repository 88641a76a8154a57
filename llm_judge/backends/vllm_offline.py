"""Judging without a server: vLLM's `LLM` class in a process of its own, which lives as long as the backend.

vLLM brings torch and a Python of its own, so it is never imported here: ``vllm_worker.py`` runs in vLLM's environment
and speaks over a pipe as vLLM's server speaks over HTTP. Requests and answers are written and read by the same code.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from judge.errors import ServiceError
from llm_judge.backends.base import Patience
from llm_judge.backends.connection import Connection, RawReply
from llm_judge.backends.dialects import Dialect
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.throttle import Throttle
from llm_judge.rules.configuration import BackendKind
from llm_judge.rules.records import CompletionFailure, UnscoredReason

logger = logging.getLogger(__name__)

WORKER = Path(__file__).with_name("vllm_worker.py")
#: More than a batch of the worker's, so that the next one waits in the pipe.
IN_FLIGHT = 512
END_SECONDS = 20.0
_LONGEST_LINE = 64 * 1024 * 1024
#: What the worker has no use for: our secrets, and our own Python's settings.
_KEPT_BACK = ("COJUDGE_", "JUDGE_", "DATABASE_URL", "BROKER_URL", "PYTHON", "VIRTUAL_ENV")


class OfflineBackend(OpenAIBackend):
    """``python`` is the interpreter of an environment that has vLLM, ``options`` are engine arguments of `LLM`.

    The model is loaded at the first call, which may take minutes. A worker that dies is not started again.
    """

    kind = BackendKind.VLLM_OFFLINE

    def __init__(
        self,
        python: str,
        model: str,
        *,
        options: Mapping[str, Any] | None = None,
        in_flight: int = IN_FLIGHT,
        patience: Patience | None = None,
    ) -> None:
        patience = patience or Patience(timeout=3600.0)
        super().__init__(
            "http://vllm.invalid", model=model, dialect=Dialect.VLLM, in_flight=in_flight, patience=patience
        )
        self._connection = Pipe(python, {"model": model, **(options or {})})
        self.gate.throttle = Unthrottled(in_flight)

    def __repr__(self) -> str:
        return f"OfflineBackend({self._connection!r})"

    def _describe_silence(self, failure: CompletionFailure) -> ServiceError:
        return ServiceError(f"The offline judge did not start: {failure.detail}")


class Unthrottled(Throttle):
    """All calls at once: each waits for its batch, so that how long it takes says nothing of the load."""

    __slots__ = ()

    def restart(self) -> None:
        super().restart()
        self.limit = self.most


class Pipe(Connection):
    """A worker's standard input and output in the place of an HTTP connection."""

    def __init__(self, python: str, options: Mapping[str, Any]) -> None:
        self._words = [python, str(WORKER), json.dumps(options, sort_keys=True)]
        self._worker: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, asyncio.Future[RawReply | CompletionFailure]] = {}
        self._last_words: deque[str] = deque(maxlen=40)
        self._readers: list[asyncio.Task[None]] = []
        self._starting = asyncio.Lock()
        self._n_sent = 0
        self._end: CompletionFailure | None = None

    def __repr__(self) -> str:
        return " ".join([self._words[0], *self._words[2:]])

    def open(self) -> None:
        self._end = None

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> RawReply | CompletionFailure:
        async with self._starting:
            if self._worker is None and self._end is None:
                await self._start()
        if self._end is not None or self._worker is None or self._worker.stdin is None:
            return self._end or _gone("it was closed")
        self._n_sent += 1
        mine = self._n_sent
        self._waiting[mine] = asyncio.get_running_loop().create_future()
        try:
            self._worker.stdin.write(json.dumps({"id": mine, "path": path, "body": body or {}}).encode() + b"\n")
            with suppress(ConnectionError):  # the reader of its answers tells why
                await self._worker.stdin.drain()
            return await self._waiting[mine]
        finally:
            self._waiting.pop(mine, None)

    async def close(self) -> None:
        """Let the worker end by itself, which the end of its input asks for; else end what it started too."""
        worker, self._worker = self._worker, None
        if worker is not None:
            if worker.stdin is not None:
                worker.stdin.close()
            await _see_off(worker)
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._readers = []

    async def _start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT_BACK)}
        try:
            self._worker = await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment | {"PYTHONSAFEPATH": "1"},
                start_new_session=True,
                limit=_LONGEST_LINE,
            )
        except OSError as error:
            self._end = _gone(f"{self._words[0]} cannot be run ({error})")
            return
        self._readers = [asyncio.create_task(self._take_answers()), asyncio.create_task(self._take_words())]

    async def _take_answers(self) -> None:
        assert self._worker is not None
        assert self._worker.stdout is not None
        worker = self._worker
        async for line in self._worker.stdout:
            said = json.loads(line)
            self._hand_over(said["id"], (said["status"], {}, json.dumps(said["body"]).encode()))
        status = await worker.wait()
        await asyncio.wait(self._readers[1:], timeout=1.0)  # its last words
        self._end = _gone(f"vLLM ended with status {status}. {self._complaint()}")
        for number in [*self._waiting]:
            self._hand_over(number, self._end)

    def _hand_over(self, number: int, reply: RawReply | CompletionFailure) -> None:
        waiting = self._waiting.get(number)  # a call that gave up is not waiting any longer
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def _take_words(self) -> None:
        assert self._worker is not None
        assert self._worker.stderr is not None
        async for line in self._worker.stderr:
            said = line.decode(errors="replace").rstrip()
            logger.debug(said)
            self._last_words.append(said)

    def _complaint(self) -> str:
        """The last line that tells of an error, else the last line."""
        said = [each.strip() for each in self._last_words if each.strip()]
        errors = [each for each in said if "Error" in each]
        return "It said: " + (errors or said or ["nothing"])[-1][:300]


def _gone(detail: str) -> CompletionFailure:
    return CompletionFailure(UnscoredReason.UNREACHABLE, detail)


async def _see_off(worker: asyncio.subprocess.Process) -> None:
    """Its whole process group goes: with several GPUs vLLM starts helpers of its own."""
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(worker.wait(), END_SECONDS)
            break
