"""Calls as lines of a batch file: the very bodies that a server would be sent, with nobody there to ask. No Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.errors import InputError
from llm_judge.backends import dialects
from llm_judge.backends.dialects import Dialect
from llm_judge.rules.asking import find_desk
from llm_judge.rules.batch_lines import CHAT, COMPLETIONS, HASH_LENGTH, Ticket, write_line
from llm_judge.rules.configuration import BackendKind, RaterConfiguration, ScoringRule
from llm_judge.rules.records import CompletionRequest, Reply
from llm_judge.rules.scoring import JudgeCase, next_calls


@dataclass(frozen=True, slots=True)
class Desk:
    """One rater's way into files. ``ids``: answer word → its token, where vLLM holds a model by tokens."""

    batch: str
    configuration: RaterConfiguration
    rater_hash: str
    model: str
    ids: Mapping[str, int] = field(default_factory=dict)

    @property
    def dialect(self) -> Dialect:
        return dialect_of(self.configuration)

    @property
    def short_hash(self) -> str:
        return self.rater_hash[:HASH_LENGTH]


def dialect_of(rater: RaterConfiguration) -> Dialect:
    """How the rater's server is spoken to, read off its configuration: nobody can be asked."""
    server = rater.server_version.lower()
    if rater.backend is BackendKind.VLLM_OFFLINE or server.startswith("vllm"):
        return Dialect.VLLM
    return Dialect.LLAMA_CPP if "llama" in server else Dialect.PLAIN


def check_batchable(rater: RaterConfiguration) -> None:
    """Raise InputError where this rater's questions cannot be put into files."""
    where, rule, dialect = f"rater {rater.model}", rater.scoring_rule, dialect_of(rater)
    if rater.head:
        raise InputError("a student reads embeddings, which no batch file asks for", where=where)
    if dialect is Dialect.LLAMA_CPP:
        problem = "llama.cpp reads no batch files, and another server's answers would be another rater's"
        raise InputError(problem, where=where, next_step="Make a judge on vLLM, or judge without files.")
    if rule is ScoringRule.PMI:
        problem = "pmi needs the server's token ids of every text before it can ask"
        raise InputError(problem, where=where, expected="choice, reasoned or sampled")
    if rule is ScoringRule.FEW_SHOT and dialect is Dialect.VLLM:
        problem = "vllm run-batch takes chats only, and few_shot is a raw completion"
        raise InputError(problem, where=where, expected="choice, reasoned or sampled")


def missing_words(case: JudgeCase, rater: RaterConfiguration) -> tuple[str, ...]:
    """The answer words whose tokens have to be known before this case can be written; none for most servers."""
    if rater.decoding.max_tokens != 1 or dialect_of(rater) is not Dialect.VLLM:
        return ()
    return find_desk(case.question, case.language, rater).held


def write_calls(case: JudgeCase, desk: Desk, replies: Sequence[Reply] = ()) -> Iterator[bytes]:
    """The calls that follow ``replies``, as lines; each is numbered by its place among the calls of its case."""
    for place, request in enumerate(next_calls(case, desk.configuration, replies), len(replies)):
        ticket = Ticket(desk.batch, desk.short_hash, int(case.case_id), place)
        url, body = write_body(request, desk)
        yield write_line(ticket, url, body)


def write_body(request: CompletionRequest, desk: Desk) -> tuple[str, dict[str, Any]]:
    ids = ids_of(request, desk)
    if request.messages:
        return CHAT, dialects.chat_body(request, desk.model, desk.dialect, ids)
    return COMPLETIONS, dialects.completion_body(request, desk.model, desk.dialect, ids)


def ids_of(request: CompletionRequest, desk: Desk) -> tuple[int, ...]:
    """The tokens of the answer words; none where one of the words takes several tokens."""
    if not dialects.needs_ids(request, desk.dialect) or not set(request.answers) <= desk.ids.keys():
        return ()
    return tuple(desk.ids[word] for word in request.answers)


def check_reply(request: CompletionRequest, reply: Reply, desk: Desk) -> Reply:
    """The reply as the HTTP backend would take it."""
    return dialects.check_alternatives(request, reply, desk.dialect, ids_of(request, desk))
