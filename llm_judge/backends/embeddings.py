"""Embeddings of texts by any server with OpenAI's `/v1/embeddings`: the embedded one, vLLM, text-embeddings-inference.

Many texts go in one call. A text longer than a piece is sent in pieces, and the pieces' embeddings are averaged by
length: no server cuts it silently. The prefix that some models want ("query: ") stands in ``prefix``; the embedded
server adds its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from judge.errors import ServiceError
from llm_judge.backends.base import Patience, PatientBackend, ServerFacts
from llm_judge.backends.connection import Connection
from llm_judge.rules import student
from llm_judge.rules.configuration import BackendKind
from llm_judge.rules.parsing import read_object
from llm_judge.rules.records import CompletionFailure, CompletionRequest, CompletionResult, Reply, UnscoredReason

if TYPE_CHECKING:
    from llm_judge.rules.student import Vector

#: Texts in one call.
TEXTS = 32


class CanComplete(Protocol):
    """What is needed of a backend here: one endpoint or a pool of several."""

    async def complete(self, request: CompletionRequest) -> Reply: ...


@dataclass(frozen=True, slots=True)
class EmbeddingRequest(CompletionRequest):
    """One call for the embeddings of ``texts``."""

    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmbeddingResult(CompletionResult):
    """``vectors``: one for each text, of unit length, in the order of the request."""

    vectors: tuple[Any, ...] = ()


@dataclass(slots=True)
class Embedded:
    """What came of some texts: their vectors by text, why others have none, and what it cost."""

    vectors: dict[str, Vector]
    failures: dict[str, CompletionFailure]
    tokens: int = 0
    latency_ms: float = 0.0


class EmbeddingBackend(PatientBackend):
    """One embeddings server."""

    kind = BackendKind.STUDENT

    def __init__(
        self,
        base_url: str,
        *,
        model: str = "",
        api_key: str = "",
        in_flight: int = 4,
        patience: Patience | None = None,
        trusted: bool = True,
    ) -> None:
        super().__init__(in_flight=in_flight, patience=patience)
        self.model = model
        self._connection = Connection(base_url, api_key, limit=in_flight, trusted=trusted)

    def __repr__(self) -> str:
        return f"EmbeddingBackend({str(self._connection.root)!r}, model={self.model!r})"

    async def __aenter__(self) -> Self:
        self._connection.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    async def inspect(self) -> ServerFacts:
        """What the server is; ServiceError with what to do when it does not answer."""
        models = await self._get("v1/models")
        if isinstance(models, CompletionFailure):
            raise ServiceError(
                f"The embeddings server at {self._connection.root} did not answer: {models.detail}. "
                "Is it running, and is it one?"
            )
        version = await self._get("version")
        told = "" if isinstance(version, CompletionFailure) else str(version.get("version", ""))
        served = tuple(str(each.get("id", "")) for each in models.get("data", []) if isinstance(each, dict))
        model = self.model or next(iter(served), "")
        return ServerFacts("vllm" if told else "embeddings", told, model, served=served)

    async def send(self, request: CompletionRequest, attempt: int) -> Reply:
        texts = request.texts if isinstance(request, EmbeddingRequest) else (request.prompt,)
        body = {"model": self.model, "input": list(texts)}
        raw = await self._connection.call("POST", "v1/embeddings", body)
        answer = raw if isinstance(raw, CompletionFailure) else read_object(*raw)
        return answer if isinstance(answer, CompletionFailure) else read_vectors(answer, len(texts))

    async def _get(self, path: str) -> dict[str, Any] | CompletionFailure:
        raw = await self._connection.call("GET", path)
        return raw if isinstance(raw, CompletionFailure) else read_object(*raw)


async def embed(backend: CanComplete, texts: Iterable[str], *, prefix: str = "") -> Embedded:
    """The embeddings of ``texts``. Never raises for what a server does; a text that it refuses harms no other."""
    wanted = list(dict.fromkeys(texts))
    cut = {text: student.pieces(text) for text in wanted}
    found = Embedded({}, {})
    unique = list(dict.fromkeys(piece for each in cut.values() for piece in each))
    await asyncio.gather(*(_ask(backend, batch, prefix, found) for batch in batched(unique, TEXTS)))
    read = Embedded({}, {}, found.tokens, found.latency_ms)
    for text, parts in cut.items():
        failed = next((found.failures[part] for part in parts if part in found.failures), None)
        if failed is not None:
            read.failures[text] = failed
        elif len(parts) == 1:
            read.vectors[text] = found.vectors[text]
        else:
            read.vectors[text] = student.join_pieces([found.vectors[part] for part in parts], parts)
    return read


async def _ask(backend: CanComplete, texts: Sequence[str], prefix: str, found: Embedded) -> None:
    """One call; where the server refuses the texts (and is not ill itself), each of them alone."""
    reply = await backend.complete(EmbeddingRequest(texts=tuple(prefix + text for text in texts)))
    found.latency_ms += reply.latency_ms
    if isinstance(reply, EmbeddingResult):
        found.tokens += reply.prompt_tokens
        found.vectors |= dict(zip(texts, reply.vectors, strict=True))
    elif isinstance(reply, CompletionFailure) and (len(texts) == 1 or reply.retryable or not reply.attempts):
        found.failures |= dict.fromkeys(texts, reply)
    else:
        await asyncio.gather(*(_ask(backend, [text], prefix, found) for text in texts))


def read_vectors(answer: Mapping[str, Any], n: int) -> EmbeddingResult | CompletionFailure:
    """The vectors of an answer, in the order that its indices say, each made of unit length."""
    import numpy as np

    try:
        rows = sorted(answer["data"], key=lambda row: int(row.get("index", 0)))
        table = np.array([row["embedding"] for row in rows], dtype=np.float32)
        usage = answer.get("usage") or {}
        tokens = int(usage.get("prompt_tokens") or 0)
    except (KeyError, TypeError, ValueError, AttributeError):
        return _garbage("the answer holds no embeddings")
    if table.ndim != 2 or len(table) != n or not table.shape[1]:
        return _garbage(f"{len(table)} embeddings for {n} texts")
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths <= 0).any():
        return _garbage("an embedding is empty or no number")
    return EmbeddingResult(
        "", (), prompt_tokens=tokens, model=str(answer.get("model", "")), vectors=(*table / lengths,)
    )


def _garbage(detail: str) -> CompletionFailure:
    return CompletionFailure(UnscoredReason.GARBAGE, detail)
