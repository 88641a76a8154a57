"""The student as a backend: reads cases by their embeddings and answers with its fitted heads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from judge.errors import InputError
from judge.formats.questions import content_hash
from judge.rules.scales import Question
from llm_judge.backends.base import Backend, ServerFacts
from llm_judge.backends.embeddings import TEXTS, Embedded, embed
from llm_judge.backends.judging import CaseAnswer, CaseJudge
from llm_judge.rules import student
from llm_judge.rules.configuration import BackendKind, RaterConfiguration
from llm_judge.rules.probabilities import most_probable
from llm_judge.rules.records import (
    CompletionRequest,
    CompletionResult,
    Reply,
    Scored,
    Unscored,
    UnscoredReason,
)
from llm_judge.rules.scoring import JudgeCase
from llm_judge.rules.student import Centres, Head, Reading

if TYPE_CHECKING:
    from llm_judge.rules.student import Vector

#: Embeddings that are kept: the cases of one context, and the criteria of one item, share theirs. About 30 MB.
KEPT = 20_000
_NOT_LEARNED = Unscored(UnscoredReason.NOT_LEARNED, "too few people have labelled this criterion yet")


@dataclass(frozen=True, slots=True)
class Heads:
    """All that one student has learned: by criterion (content hash) its head; how its texts were embedded."""

    by_criterion: Mapping[str, Head]
    centres: Centres
    prefix: str = ""

    @property
    def dimension(self) -> int:
        return len(self.centres.output)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Refuses, by KeyError, what was fitted on other features."""
        found = {str(student.FEATURES): record["criteria"]}[str(record["features"])]
        heads = {criterion: Head.from_record(each) for criterion, each in found.items()}
        return cls(heads, Centres.from_record(record["centres"]), str(record["prefix"]))


class StudentBackend(CaseJudge):
    """``backend`` embeds: one server, or a pool of several. It stays the caller's, who opened it."""

    kind = BackendKind.STUDENT

    def __init__(self, backend: Backend, heads: Heads) -> None:
        self.backend, self.heads = backend, heads
        self.in_flight = backend.in_flight
        self._kept: OrderedDict[str, Vector] = OrderedDict()
        self._criteria: dict[int, tuple[Question, Head | None]] = {}

    @property
    def trouble(self) -> str:
        return self.backend.trouble

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def inspect(self) -> ServerFacts:
        return await self.backend.inspect()

    async def complete(self, request: CompletionRequest) -> Reply:
        return await self.backend.complete(request)

    async def judge_cases(self, cases: Iterable[JudgeCase], rater: RaterConfiguration) -> AsyncGenerator[CaseAnswer]:
        """Each case once, some at a time: as many as fill the calls that may be in flight."""
        waiting = iter(cases)
        while chunk := list(islice(waiting, TEXTS * self.in_flight)):
            for answer in await self._judge(chunk):
                yield answer

    async def _judge(self, chunk: Sequence[JudgeCase]) -> list[CaseAnswer]:
        taught = [(case, head) for case in chunk if (head := self._head(case.question)) is not None]
        readings = {case.case_id: student.read_case(case.context, case.output) for case, _ in taught}
        found = await self._embed(text for reading in readings.values() for text in reading.texts)
        spent = _spread(found, len(taught))
        answers = {
            case.case_id: self._answer(case, head, readings[case.case_id], found, next(spent)) for case, head in taught
        }
        silent = CompletionResult("", ())
        return [answers.get(each.case_id) or CaseAnswer(each.case_id, _NOT_LEARNED, (), (silent,)) for each in chunk]

    def _answer(
        self, case: JudgeCase, head: Head, reading: Reading, found: Embedded, spent: CompletionResult
    ) -> CaseAnswer:
        failure = next((found.failures[text] for text in reading.texts if text in found.failures), None)
        if failure is not None:
            return CaseAnswer(case.case_id, Unscored(failure.kind, failure.detail), (), (failure,))
        (said,) = student.predict(head, student.features(reading, found.vectors, self.heads.centres)[None])
        probs = {key: said[key] for key in case.question.label_keys}
        return CaseAnswer(case.case_id, Scored(probs, 0.0, most_probable(probs), ""), (), (spent,))

    def _head(self, question: Question) -> Head | None:
        known = self._criteria.get(id(question))
        if known is None or known[0] is not question:
            known = self._criteria[id(question)] = (question, self.heads.by_criterion.get(content_hash(question)))
        return known[1]

    async def _embed(self, texts: Iterable[str]) -> Embedded:
        wanted = list(dict.fromkeys(texts))
        known = {text: self._kept[text] for text in wanted if text in self._kept}
        found = await embed(self.backend, (text for text in wanted if text not in known), prefix=self.heads.prefix)
        for vector in found.vectors.values():
            self._check(len(vector))
        self._kept |= found.vectors
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        found.vectors |= known
        return found

    def _check(self, dimension: int) -> None:
        if dimension != self.heads.dimension:
            raise InputError(
                f"the embeddings have {dimension} dimensions",
                expected=f"the {self.heads.dimension} that were learned on",
            )


def _spread(found: Embedded, n: int) -> Iterator[CompletionResult]:
    """What a chunk's calls cost, shared out among its cases so that the sum is right."""
    for place in range(n):
        tokens = found.tokens * (place + 1) // n - found.tokens * place // n
        yield CompletionResult("", (), prompt_tokens=tokens, latency_ms=found.latency_ms / n)
