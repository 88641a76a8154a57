"""How the same question is put to servers that share OpenAI's HTTP but not its meaning.

All facts were found by trial. vLLM (0.32) holds a model to words by ``structured_outputs.choice`` (it ignores the old
``guided_choice`` in silence) and returns probabilities after that mask. llama.cpp does it by a grammar and returns
them before the mask, so the mass outside the labels stays visible; it ignores ``echo`` and ``structured_outputs`` in
silence. To weigh a given text, vLLM echoes its tokens; llama.cpp is led along them by a grammar of token ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from llm_judge.backends.base import ServerFacts
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.records import CompletionFailure, CompletionRequest, UnscoredReason

Body = dict[str, Any]


class Dialect(StrEnum):
    LLAMA_CPP = "llama.cpp"
    VLLM = "vllm"
    PLAIN = "openai"  # no way to hold a model to words, or to weigh a given text


def rules_of(dialect: Dialect) -> frozenset[ScoringRule]:
    every = frozenset(ScoringRule)
    return every - {ScoringRule.PMI} if dialect is Dialect.PLAIN else every


def chat_body(request: CompletionRequest, model: str, dialect: Dialect) -> Body:
    messages = [{"role": each.role, "content": each.content} for each in request.messages]
    body = {**_decoding(request, model), "messages": messages, "logprobs": True, "top_logprobs": request.top_logprobs}
    if dialect is not Dialect.PLAIN:
        body["chat_template_kwargs"] = {"enable_thinking": False}  # the first token must be the answer
    return body | _constraint(request.answers, dialect)


def completion_body(request: CompletionRequest, model: str, dialect: Dialect) -> Body:
    body = {**_decoding(request, model), "prompt": request.prompt, "logprobs": request.top_logprobs}
    return body | _constraint(request.answers, dialect)


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


def read_facts(dialect: Dialect, model: str, models: Mapping[str, Any], about: Mapping[str, Any]) -> ServerFacts:
    """What ``/v1/models`` and ``/props`` or ``/version`` tell."""
    listed = models.get("data")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    meta = first.get("meta")
    window = first.get("max_model_len") or (meta.get("n_ctx") if isinstance(meta, dict) else 0)
    return ServerFacts(
        server=dialect.value,
        server_version=str(about.get("build_info") or about.get("version") or ""),
        model=model or PurePath(str(first.get("id", ""))).name,
        window=window if isinstance(window, int) else 0,
        rules=rules_of(dialect),
    )


def _decoding(request: CompletionRequest, model: str) -> Body:
    body: Body = {"max_tokens": request.max_tokens, "temperature": request.temperature}
    if model:
        body["model"] = model
    if request.seed is not None:
        body["seed"] = request.seed
    return body


def _constraint(answers: Sequence[str], dialect: Dialect) -> Body:
    if not answers or dialect is Dialect.PLAIN:
        return {}
    if dialect is Dialect.VLLM:
        return {"structured_outputs": {"choice": list(answers)}}
    return {"grammar": "root ::= " + " | ".join(map(_quote, answers))}


def _quote(text: str) -> str:
    """A grammar literal in which no character can end the literal: all but letters and digits are escaped.

    >>> _quote('a"b')
    '"a\\\\U00000022b"'
    """
    plain = (each if each.isascii() and each.isalnum() else f"\\U{ord(each):08X}" for each in text)
    return '"' + "".join(plain) + '"'
