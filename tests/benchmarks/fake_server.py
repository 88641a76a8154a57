"""A fast fake of vLLM's HTTP in a process of its own, for benchmarks: no model, a set latency, and faults on purpose.

    python -m tests.benchmarks.fake_server 0 --latency-ms 50 --fail-share .2 --faults reset,429,500,half,stall

It says ``ready http://127.0.0.1:PORT`` once it listens. The same question always gets the same answer. ``/stats`` tells
what it saw. It speaks just as much HTTP/1.1 as model clients do, so that a request costs it a few microseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import signal
import subprocess
import sys
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from math import log
from pathlib import Path
from typing import Any

import orjson

FAULTS = ("reset", "429", "500", "half", "stall")
_CHOICE = re.compile(rb'"choice"\s*:\s*(\[[^\]]*\])')
_ALLOWED = re.compile(rb'"allowed_token_ids"\s*:\s*(\[[^\]]*\])')
#: What was split into a single token, by its id: so that a model held to ids can be told what it wrote.
_WORDS: dict[int, str] = {}
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_VARIANTS = 64


class FakeServer:
    """What all connections share: the plan of faults, the queue of answers that are due, and the tally."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.latency, self.slots, self.refuse_above = options.latency_ms / 1000, options.slots, options.refuse_above
        self.model, self.stall, self.retry_after = options.model, options.stall_s, options.retry_after
        self.memory = options.memory
        self._share, self._faults = options.fail_share, options.faults.split(",")
        self._chance = random.Random(options.seed)
        self._loop = asyncio.get_running_loop()
        self._due: deque[tuple[float, Callable[[], None]]] = deque()
        self._waiting: deque[Callable[[], None]] = deque()
        self.seen: Counter[str] = Counter()
        self.stalled: Counter[int] = Counter()  # how often the same question met a stall
        self.busy = self.busiest = 0

    def fault(self) -> str:
        """The fault of this call, drawn anew each time; none for most."""
        if self.refuse_above and self.busy >= self.refuse_above:
            return "429"
        if self._share and self._chance.random() < self._share:
            return self._chance.choice(self._faults)
        return ""

    def serve(self, answer: Callable[[], None]) -> None:
        """Call ``answer`` once the latency is over; beyond ``slots`` it waits for its turn first."""
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        if self.slots and self.busy > self.slots:
            self._waiting.append(answer)
        else:
            self._begin(answer)

    def _begin(self, answer: Callable[[], None]) -> None:
        # All wait equally long, so the first to come is the first to go: one timer serves them all.
        self._due.append((self._loop.time() + self.latency, answer))
        if len(self._due) == 1:
            self._loop.call_later(self.latency, self._send_due)

    def _send_due(self) -> None:
        now = self._loop.time() + 0.0005
        while self._due and self._due[0][0] <= now:
            answer = self._due.popleft()[1]
            self.busy -= 1
            answer()
            if self._waiting:
                self._begin(self._waiting.popleft())
        if self._due:
            self._loop.call_at(self._due[0][0], self._send_due)

    def stats(self) -> dict[str, Any]:
        longest = max(self.stalled.values(), default=0)
        return {"seen": self.seen, "busiest": self.busiest, "most_stalls_of_a_question": longest}


class FakeConnection(asyncio.BufferedProtocol):
    """One client's connection; requests are answered as they are due."""

    _inbox = memoryview(bytearray(1 << 16))  # shared, for it is emptied before the next read

    def __init__(self, server: FakeServer) -> None:
        self.server, self._read = server, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._inbox

    def buffer_updated(self, nbytes: int) -> None:
        self._read += self._inbox[:nbytes]
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end]
            found = _LENGTH.search(head)
            until = end + 4 + (int(found[1]) if found else 0)
            if len(self._read) < until:
                return
            body, self._read = self._read[end + 4 : until], self._read[until:]
            self._answer(head.split(b" ", 2)[1], body)

    def _answer(self, path: bytes, body: bytes) -> None:
        if path.endswith(b"/completions"):
            self._complete(path, body)
        else:
            self._send(_page(path, body, self.server))

    def _complete(self, path: bytes, body: bytes) -> None:
        server = self.server
        fault = server.fault()
        server.seen[fault or "answered"] += 1
        if not fault:
            reply = _write(path.endswith(b"chat/completions"), body, server.model)
            server.serve(lambda: self._send(reply))
        elif fault == "stall":
            server.stalled[zlib.crc32(body)] += 1
            asyncio.get_running_loop().call_later(server.stall, self._transport.abort)
        elif fault == "reset":
            server.serve(self._transport.abort)
        elif fault == "half":
            reply = _write(path.endswith(b"chat/completions"), body, server.model)
            server.serve(lambda: self._send_half(reply))
        else:
            said = f"Retry-After: {server.retry_after:g}\r\n" if fault == "429" and server.retry_after else ""
            server.serve(lambda: self._send(_http({"error": {"message": f"told to fail ({fault})"}}, fault, said)))

    def _send(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(reply)

    def _send_half(self, reply: bytes) -> None:
        self._send(reply[: -len(reply) // 3])
        self._transport.close()


def _write(is_chat: bool, body: bytes, model: str) -> bytes:
    """The answer to this very question, written once for each set of answer words."""
    allowed = _ALLOWED.search(body)
    if allowed:
        return _choose(is_chat, _words_of(allowed[1]), zlib.crc32(body) % _VARIANTS, model)
    found = _CHOICE.search(body)
    if found:
        return _choose(is_chat, found[1], zlib.crc32(body) % _VARIANTS, model)
    asked = orjson.loads(body)
    return _weigh(asked, model) if asked.get("echo") else _choose(is_chat, b'["Yes"]', 0, model)


@lru_cache(maxsize=4096)
def _words_of(ids: bytes) -> bytes:
    return orjson.dumps([_WORDS[each] for each in orjson.loads(ids)])


@lru_cache(maxsize=4096)
def _choose(is_chat: bool, words: bytes, variant: int, model: str) -> bytes:
    """One of the words as vLLM tells it, with log-probabilities for all of them; which one, the variant decides."""
    chance = random.Random(variant)
    weights = {word: chance.random() ** 3 + 1e-4 for word in orjson.loads(words)}
    logprobs = {word: log(weight / sum(weights.values())) for word, weight in weights.items()}
    text = max(logprobs, key=lambda word: logprobs[word])
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
    if is_chat:
        beside = [{"token": word, "logprob": value} for word, value in logprobs.items()]
        content = [{"token": text, "logprob": logprobs[text], "top_logprobs": beside}]
        choice |= {"message": {"role": "assistant", "content": text}, "logprobs": {"content": content}}
    else:
        lists = {"tokens": [text], "token_logprobs": [logprobs[text]], "top_logprobs": [logprobs]}
        choice |= {"text": text, "logprobs": lists}
    return _http({"model": model, "choices": [choice], "usage": {"prompt_tokens": 400, "completion_tokens": 1}})


def _weigh(asked: dict[str, Any], model: str) -> bytes:
    """Every token of the prompt and one more, each with a log-probability."""
    tokens = [f" {each}" for each in asked["prompt"]] + [" end"]
    chances = [log((zlib.crc32(token.encode()) % 97 + 1) / 100) for token in tokens]
    logprobs = {"tokens": tokens, "token_logprobs": [None, *chances[1:]], "top_logprobs": [None] * len(tokens)}
    choice = {"index": 0, "finish_reason": "length", "text": "".join(tokens), "logprobs": logprobs}
    usage = {"prompt_tokens": len(tokens) - 1, "completion_tokens": 1}
    return _http({"model": model, "choices": [choice], "usage": usage})


def _page(path: bytes, body: bytes, server: FakeServer) -> bytes:
    if path == b"/version":
        return _http({"version": "0.32.0"})
    if path == b"/v1/models":
        return _http({"object": "list", "data": [{"id": server.model, "object": "model", "max_model_len": 8192}]})
    if path == b"/tokenize":
        words = re.findall(r"\s*\S+", orjson.loads(body)["prompt"])
        tokens = [zlib.crc32(word.encode()) % 50_000 for word in words]
        _WORDS.update(zip(tokens, words, strict=True))
        _keep(server.memory)
        return _http({"tokens": tokens, "count": len(tokens), "max_model_len": 8192})
    if path == b"/stats":
        return _http(server.stats())
    return _http({"error": {"message": "no such page"}}, "404")


def recall(path: str) -> None:
    """Know again the words of earlier starts, as a model knows its tokens; new ones are kept beside them."""
    file = Path(path)
    if file.exists():
        _WORDS.update({int(token): word for token, word in orjson.loads(file.read_bytes()).items()})


def _keep(path: str) -> None:
    if path:
        Path(path).write_bytes(orjson.dumps(_WORDS, option=orjson.OPT_NON_STR_KEYS))


def _http(answer: dict[str, Any], status: str = "200", headers: str = "") -> bytes:
    body = orjson.dumps(answer)
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@contextmanager
def running(*words: str) -> Iterator[str]:
    """A server process with these options until the block ends; its address."""
    command = [sys.executable, "-m", __name__, "0", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


async def main(words: Sequence[str] | None = None) -> None:
    options = _read_options(words)
    recall(options.memory) if options.memory else None
    server = FakeServer(options)
    loop, end = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    listening = await loop.create_server(lambda: FakeConnection(server), "127.0.0.1", options.port, backlog=2048)
    print(f"ready http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", flush=True)
    await end.wait()


def _read_options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int, help="0: any free one")
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--slots", type=int, default=0, help="so many are served at a time, others queue; 0: all")
    parser.add_argument("--refuse-above", type=int, default=0, help="429 beyond so many at a time; 0: never")
    parser.add_argument("--retry-after", type=float, default=0.0, help="seconds, sent along with 429; 0: not sent")
    parser.add_argument("--fail-share", type=float, default=0.0, help="of all calls, drawn anew for each")
    parser.add_argument("--faults", default=",".join(FAULTS), help=f"some of {', '.join(FAULTS)}")
    parser.add_argument("--stall-s", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", default="", help="a file that keeps its tokens from one start to the next")
    parser.add_argument("--model", default="fake")
    return parser.parse_args(words)


if __name__ == "__main__":
    asyncio.run(main())
