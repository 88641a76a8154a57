"""How the same question is put to servers that share OpenAI's HTTP but not its meaning.

All facts were found by trial. vLLM (0.32) holds a model to single tokens by ``allowed_token_ids`` and tells of those
that ``logprob_token_ids`` names what the whole vocabulary gives them, so the mass outside the labels stays visible.
Words of several tokens it holds by ``structured_outputs.choice`` (it ignores the old ``guided_choice`` in silence) and
returns probabilities after that mask. Its ``/generative_scoring`` gives the same numbers, but of one label for each
call and after cutting a long prompt in silence, so it is not used. llama.cpp holds a model by a grammar and returns
probabilities before the mask; it ignores ``echo`` and ``structured_outputs`` in silence. To weigh a given text, vLLM
echoes its tokens; llama.cpp is led along them by a grammar of token ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from llm_judge.backends.base import ServerFacts
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.records import (
    CompletionFailure,
    CompletionRequest,
    CompletionResult,
    Message,
    Reply,
    UnscoredReason,
)

Body = dict[str, Any]


class Dialect(StrEnum):
    LLAMA_CPP = "llama.cpp"
    VLLM = "vllm"
    PLAIN = "openai"  # no way to hold a model to words, or to weigh a given text


def rules_of(dialect: Dialect, *, gives_logprobs: bool = True) -> frozenset[ScoringRule]:
    if not gives_logprobs:
        return frozenset({ScoringRule.SAMPLED})
    every = frozenset(ScoringRule)
    return every - {ScoringRule.PMI} if dialect is Dialect.PLAIN else every


def chat_body(request: CompletionRequest, model: str, dialect: Dialect, ids: Sequence[int] = ()) -> Body:
    """``ids``: the answer words as single tokens, where vLLM's tokenizer makes them so (``needs_ids``)."""
    messages = [{"role": each.role, "content": each.content} for each in request.messages]
    body = {**_decoding(request, model), "messages": messages}
    if request.top_logprobs:
        body |= {"logprobs": True, "top_logprobs": request.top_logprobs}
    if dialect is not Dialect.PLAIN:
        body["chat_template_kwargs"] = {"enable_thinking": False}  # the first token must be the answer
    return body | _constraint(request, dialect, ids)


def completion_body(request: CompletionRequest, model: str, dialect: Dialect, ids: Sequence[int] = ()) -> Body:
    body = {**_decoding(request, model), "prompt": request.prompt}
    if request.top_logprobs:
        body["logprobs"] = request.top_logprobs
    return body | _constraint(request, dialect, ids)


def needs_ids(request: CompletionRequest, dialect: Dialect) -> bool:
    """Whether the answer words are to be held by their token ids: one token is asked for, and vLLM is asked."""
    return dialect is Dialect.VLLM and bool(request.answers) and request.max_tokens == 1


def check_alternatives(request: CompletionRequest, reply: Reply, dialect: Dialect, ids: Sequence[int]) -> Reply:
    """The reply, or a failure worth another try where vLLM lost the tokens that stood beside the answer.

    Version 0.32 loses them where a call shares a step of the engine with one that names its tokens, and another does
    not: what is left (the answer and a stop token) would give the one label that is seen all the mass.
    """
    if dialect is not Dialect.VLLM or not request.answers or not isinstance(reply, CompletionResult):
        return reply
    seen = max((len(token.alternatives) for token in reply.tokens), default=0)
    if not 0 < seen < (len(ids) or 3):
        return reply
    return CompletionFailure(UnscoredReason.NO_LOGPROBS, "the server lost the log-probabilities", retryable=True)


def probe_body(model: str) -> Body:
    """The cheapest question that shows whether a server gives log-probabilities: one token of answer."""
    asked = CompletionRequest(messages=(Message("user", "Say yes."),), top_logprobs=2)
    return chat_body(asked, model, Dialect.PLAIN)


def shows_logprobs(reply: Reply) -> bool | None:
    """What the answer to ``probe_body`` shows; None where a server in trouble shows nothing."""
    if isinstance(reply, CompletionFailure):
        return False if "logprobs" in reply.detail else None
    return any(len(token.alternatives) > 1 for token in reply.tokens)


def forced_body(model: str, dialect: Dialect, prompt: Sequence[int], forced: Sequence[int]) -> Body:
    """Ask for the log-probability of the ``forced`` tokens after those of ``prompt``."""
    body: Body = {"temperature": 0, "logprobs": 1} | ({"model": model} if model else {})
    if dialect is Dialect.LLAMA_CPP:
        grammar = "root ::= " + " ".join(f"<[{token}]>" for token in forced)
        return body | {"prompt": [*prompt], "max_tokens": len(forced), "grammar": grammar}
    return body | {"prompt": [*prompt, *forced], "max_tokens": 1, "echo": True}


def forced_span(dialect: Dialect, prompt: Sequence[int], forced: Sequence[int]) -> slice:
    """Which of the tokens that come back are those of the forced text."""
    start = 0 if dialect is Dialect.LLAMA_CPP else len(prompt)
    return slice(start, start + len(forced))


def tokenize_body(text: str, model: str, dialect: Dialect, *, opens: bool) -> Body:
    """``opens``: the text begins the prompt, so a model's opening token belongs before it."""
    if dialect is Dialect.LLAMA_CPP:
        return {"content": text, "add_special": opens, "parse_special": opens, "with_pieces": not opens}
    return {"prompt": text, "add_special_tokens": opens} | ({"model": model} if model else {})


def read_token_ids(answer: Mapping[str, Any], dialect: Dialect) -> list[int] | CompletionFailure:
    """The ids in a ``/tokenize`` answer.

    llama.cpp shows no log-probability for a token that holds only a part of a character, as small models split
    Chinese; such a text is unscored there, for a sum without those tokens would be another number.
    """
    tokens = answer.get("tokens")
    if not isinstance(tokens, list) or not tokens:
        return CompletionFailure(UnscoredReason.GARBAGE, "the server did not say how it splits a text into tokens")
    pieces = [each if isinstance(each, dict) else {"id": each, "piece": ""} for each in tokens]
    if dialect is Dialect.LLAMA_CPP and any(not isinstance(each.get("piece"), str) for each in pieces):
        detail = "this model splits characters into several tokens, whose log-probabilities llama.cpp does not give"
        return CompletionFailure(UnscoredReason.NO_LOGPROBS, detail)
    ids = [each.get("id") for each in pieces]
    if all(type(each) is int for each in ids):
        return [each for each in ids if isinstance(each, int)]
    return CompletionFailure(UnscoredReason.GARBAGE, "the server did not say how it splits a text into tokens")


def recognise(props: Mapping[str, Any], version: Mapping[str, Any]) -> Dialect:
    """The dialect of a server that answers this to ``/props`` and ``/version`` (empty: it has no such page)."""
    if "build_info" in props or "default_generation_settings" in props:
        return Dialect.LLAMA_CPP
    return Dialect.VLLM if "version" in version else Dialect.PLAIN


def read_facts(
    dialect: Dialect, model: str, models: Mapping[str, Any], about: Mapping[str, Any], *, gives_logprobs: bool = True
) -> ServerFacts:
    """What ``/v1/models`` and ``/props`` or ``/version`` tell."""
    listed = models.get("data")
    models_listed = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    first = models_listed[0] if models_listed else {}
    meta = first.get("meta")
    window = first.get("max_model_len") or (meta.get("n_ctx") if isinstance(meta, dict) else 0)
    return ServerFacts(
        server=dialect.value,
        server_version=str(about.get("build_info") or about.get("version") or ""),
        model=model or PurePath(str(first.get("id", ""))).name,
        window=window if isinstance(window, int) else 0,
        rules=rules_of(dialect, gives_logprobs=gives_logprobs),
        served=tuple(str(each["id"]) for each in models_listed if each.get("id")),
    )


def _decoding(request: CompletionRequest, model: str) -> Body:
    body: Body = {"max_tokens": request.max_tokens, "temperature": request.temperature}
    if model:
        body["model"] = model
    if request.seed is not None:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    return body


def _constraint(request: CompletionRequest, dialect: Dialect, ids: Sequence[int]) -> Body:
    answers = request.answers
    if not answers or dialect is Dialect.PLAIN:
        return {}
    if dialect is Dialect.LLAMA_CPP:
        return {"grammar": "root ::= " + " | ".join(map(_quote, answers))}
    if not ids:
        return {"structured_outputs": {"choice": list(answers)}}
    named: Body = {"logprob_token_ids": list(ids)} if request.top_logprobs else {}
    return named | {"allowed_token_ids": list(ids)}


def _quote(text: str) -> str:
    """A grammar literal in which no character can end the literal: all but letters and digits are escaped.

    >>> _quote('a"b')
    '"a\\\\U00000022b"'
    """
    plain = (each if each.isascii() and each.isalnum() else f"\\U{ord(each):08X}" for each in text)
    return '"' + "".join(plain) + '"'
