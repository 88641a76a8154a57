"""Any server that speaks OpenAI's HTTP: vLLM, llama.cpp, and plain ones with fewer gifts."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from types import TracebackType
from typing import Any, ClassVar, Self

from judge.errors import ServiceError
from llm_judge.backends import dialects
from llm_judge.backends.base import Patience, PatientBackend, ServerFacts
from llm_judge.backends.connection import Connection
from llm_judge.backends.dialects import Body, Dialect
from llm_judge.rules.configuration import BackendKind
from llm_judge.rules.parsing import read_object, read_reply
from llm_judge.rules.records import CompletionFailure, CompletionRequest, Reply, UnscoredReason

#: Seconds for which it is believed that a server gives log-probabilities, or does not.
PROBE_LASTS = 600.0


class OpenAIBackend(PatientBackend):
    """``base_url`` is the server's address, with or without ``/v1``. The key is sent and never shown.

    Without ``dialect`` the server is asked what it is, at the first call. An address that no admin named is not
    ``trusted``: it must be public.
    """

    kind = BackendKind.OPENAI_HTTP
    #: (address, model) → whether log-probabilities came, and when: the question costs a token, and pages look often.
    _probed: ClassVar[dict[tuple[str, str], tuple[bool, float]]] = {}

    def __init__(
        self,
        base_url: str,
        *,
        model: str = "",
        api_key: str = "",
        dialect: Dialect | None = None,
        in_flight: int = 8,
        patience: Patience | None = None,
        trusted: bool = True,
    ) -> None:
        super().__init__(in_flight=in_flight, patience=patience)
        self.model, self.dialect = model, dialect
        self._connection = Connection(base_url, api_key, limit=in_flight, trusted=trusted)
        self._ids: dict[tuple[str, ...], tuple[int, ...]] = {}
        self._splitting = asyncio.Lock()

    def __repr__(self) -> str:
        return f"OpenAIBackend({str(self._connection.root)!r}, model={self.model!r})"

    async def __aenter__(self) -> Self:
        self._connection.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    async def inspect(self) -> ServerFacts:
        """What the server is; ServiceError with what to do when it does not answer within the time of one call."""
        try:
            async with asyncio.timeout(self.patience.timeout):
                return await self._inspect()
        except TimeoutError:
            late = CompletionFailure(UnscoredReason.TIMEOUT, f"no answer within {self.patience.timeout:.3g} seconds")
            raise self._describe_silence(late) from None

    async def _inspect(self) -> ServerFacts:
        dialect = await self._find_dialect()
        if isinstance(dialect, CompletionFailure):
            raise self._describe_silence(dialect)
        models = await self._get("v1/models")
        if isinstance(models, CompletionFailure):
            raise self._describe_silence(models)
        about = await self._get("props" if dialect is Dialect.LLAMA_CPP else "version")
        return dialects.read_facts(
            dialect,
            self.model,
            models,
            {} if isinstance(about, CompletionFailure) else about,
            gives_logprobs=await self._find_logprobs(dialect),
        )

    async def send(self, request: CompletionRequest, attempt: int) -> Reply:
        dialect = self.dialect or await self._find_dialect()
        if isinstance(dialect, CompletionFailure):
            return dialect
        if request.forced:
            return await self._weigh(request, dialect)
        ids = await self.find_ids(request.answers) if dialects.needs_ids(request, dialect) else ()
        if isinstance(ids, CompletionFailure):
            return ids
        if request.messages:
            body, path = dialects.chat_body(request, self.model, dialect, ids), "v1/chat/completions"
        else:
            body, path = dialects.completion_body(request, self.model, dialect, ids), "v1/completions"
        return dialects.check_alternatives(request, await self._post(path, body), dialect, ids)

    async def find_ids(self, answers: tuple[str, ...]) -> tuple[int, ...] | CompletionFailure:
        """The tokens of these words; none where a word takes several, or the server splits no text. Asked once."""
        if answers in self._ids:
            return self._ids[answers]
        async with self._splitting:
            while answers not in self._ids:
                found = [await self._tokenize(word, Dialect.VLLM, opens=False) for word in answers]
                failed = next((each for each in found if isinstance(each, CompletionFailure)), None)
                if failed is not None and failed.retryable:
                    return failed  # held in another way, answers would mean other probabilities
                split = [each for each in found if not isinstance(each, CompletionFailure)]
                is_single = all(len(each) == 1 for each in split) and failed is None
                self._ids[answers] = tuple(each[0] for each in split) if is_single else ()
            return self._ids[answers]

    async def _find_logprobs(self, dialect: Dialect) -> bool:
        """vLLM and llama.cpp give log-probabilities. What others do shows one call of one token, now and then.

        A server in trouble is given the benefit of the doubt.
        """
        if dialect is not Dialect.PLAIN:
            return True
        place, now = (str(self._connection.root), self.model), time.monotonic()
        known = self._probed.get(place)
        if known and now - known[1] < PROBE_LASTS:
            return known[0]
        shown = dialects.shows_logprobs(await self._post("v1/chat/completions", dialects.probe_body(self.model)))
        if shown is not None:
            self._probed[place] = shown, now
        return shown is not False

    async def _weigh(self, request: CompletionRequest, dialect: Dialect) -> Reply:
        """Prompt and text are split into tokens apart, so that we know which log-probabilities are the text's."""
        prompt = await self._tokenize(request.prompt, dialect, opens=True)
        forced = await self._tokenize(request.forced, dialect, opens=False)
        if isinstance(prompt, CompletionFailure):
            return prompt
        if isinstance(forced, CompletionFailure):
            return forced
        reply = await self._post("v1/completions", dialects.forced_body(self.model, dialect, prompt, forced))
        if isinstance(reply, CompletionFailure):
            return reply
        tokens = reply.tokens[dialects.forced_span(dialect, prompt, forced)]
        return replace(reply, text=request.forced.strip(), tokens=tokens if len(tokens) == len(forced) else ())

    async def _tokenize(self, text: str, dialect: Dialect, *, opens: bool) -> list[int] | CompletionFailure:
        body = dialects.tokenize_body(text, self.model, dialect, opens=opens)
        raw = await self._connection.call("POST", "tokenize", body)
        answer = raw if isinstance(raw, CompletionFailure) else read_object(*raw)
        return answer if isinstance(answer, CompletionFailure) else dialects.read_token_ids(answer, dialect)

    async def _find_dialect(self) -> Dialect | CompletionFailure:
        if self.dialect is None:
            props = await self._get("props")
            if isinstance(props, CompletionFailure) and props.retryable:
                return props  # down or busy: not the moment to decide
            version = await self._get("version")
            if isinstance(version, CompletionFailure) and version.retryable:
                return version
            self.dialect = dialects.recognise(
                {} if isinstance(props, CompletionFailure) else props,
                {} if isinstance(version, CompletionFailure) else version,
            )
        return self.dialect

    def _describe_silence(self, failure: CompletionFailure) -> ServiceError:
        root = self._connection.root
        return ServiceError(
            f"The model server at {root} did not answer: {failure.detail}. Is it running, and is it one?"
        )

    async def _get(self, path: str) -> dict[str, Any] | CompletionFailure:
        raw = await self._connection.call("GET", path)
        return raw if isinstance(raw, CompletionFailure) else read_object(*raw)

    async def _post(self, path: str, body: Body) -> Reply:
        raw = await self._connection.call("POST", path, body)
        return raw if isinstance(raw, CompletionFailure) else read_reply(*raw)
