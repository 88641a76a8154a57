"""The exact configuration of a machine rater: everything that decides its answers, hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from judge.errors import InputError
from judge.rules.scales import Example
from llm_judge.rules.prompting import PromptTemplate, TemplateText


class ScoringRule(StrEnum):
    """How a case is put to a model; see ``scoring``."""

    CHOICE = "choice"
    FEW_SHOT = "few_shot"
    PMI = "pmi"
    REASONED = "reasoned"
    SAMPLED = "sampled"


class BackendKind(StrEnum):
    OPENAI_HTTP = "openai_http"
    SCRIPTED = "scripted"
    VLLM_OFFLINE = "vllm_offline"
    STUDENT = "student"


#: In which order a judge is shown the two outputs of a pair.
ORDERS = ("ab", "ba")

#: Settings that came later. Where they have their default they are left out, so that older raters keep their hash.
_LATER: Mapping[str, object] = {"samples": 1, "rationale_tokens": 256}


@dataclass(frozen=True, slots=True)
class Decoding:
    """``top_logprobs`` 20 is the most that vLLM and OpenAI give unasked; fewer than 10 lose labels.

    ``samples`` is the number of votes of the rule *sampled*, ``rationale_tokens`` the room that *reasoned* has for
    its reasons; other rules heed neither.
    """

    temperature: float = 0.0
    top_logprobs: int = 20
    max_tokens: int = 1
    seed: int | None = None
    samples: int = 1
    rationale_tokens: int = 256

    def __post_init__(self) -> None:
        if self.top_logprobs < 10:
            raise InputError(f"top_logprobs is {self.top_logprobs}", expected="at least 10, or labels go unseen")
        for name in ("max_tokens", "samples", "rationale_tokens"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}", expected="at least 1")

    def as_record(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name not in _LATER or value != _LATER[name]}


@dataclass(frozen=True, slots=True)
class RaterConfiguration:
    """One machine rater. Frozen: another prompt, model file or rule is another rater, with another hash.

    ``revision`` and ``server_version`` say which weights and which program answered (``Backend.inspect`` finds
    them). ``few_shots`` empty means: the criterion's own examples, the first ``max_examples`` of them. A pair is
    shown in each of ``orders``. A student has a ``head`` (the hash of what it learned) and neither prompt nor rule.
    """

    backend: BackendKind
    model: str
    template: PromptTemplate
    scoring_rule: ScoringRule
    revision: str = ""
    server_version: str = ""
    few_shots: tuple[Example, ...] = ()
    max_examples: int = 8
    decoding: Decoding = field(default_factory=Decoding)
    orders: tuple[str, ...] = ORDERS
    head: str = ""

    def __post_init__(self) -> None:
        _check_orders(self.orders)
        if self.scoring_rule is ScoringRule.SAMPLED:
            _check_sampling(self.decoding)

    def as_record(self) -> dict[str, Any]:
        """JSON-able and complete: ``from_record`` makes the same configuration of it."""
        if self.head:
            named = ("backend", "model", "revision", "server_version", "head")
            return {name: str(getattr(self, name)) for name in named}
        record = {
            "backend": self.backend.value,
            "model": self.model,
            "revision": self.revision,
            "server_version": self.server_version,
            "template": {**self.template.as_record(), "version": self.template.version},
            "scoring_rule": self.scoring_rule.value,
            "few_shots": [asdict(each) for each in self.few_shots],
            "max_examples": self.max_examples,
            "decoding": self.decoding.as_record(),
        }
        return record if self.orders == ORDERS else record | {"orders": list(self.orders)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> RaterConfiguration:
        if record.get("head"):
            return student(record["model"], record["revision"], record["server_version"], record["head"])
        return cls(
            backend=BackendKind(record["backend"]),
            model=record["model"],
            template=PromptTemplate.from_record(record["template"]),
            scoring_rule=ScoringRule(record["scoring_rule"]),
            revision=record["revision"],
            server_version=record["server_version"],
            few_shots=tuple(Example(**each) for each in record["few_shots"]),
            max_examples=record["max_examples"],
            decoding=Decoding(**record["decoding"]),
            orders=tuple(record.get("orders", ORDERS)),
        )

    def as_json(self) -> str:
        """Keys sorted, so that equal configurations are equal text."""
        return json.dumps(self.as_record(), sort_keys=True, ensure_ascii=False)

    def content_hash(self) -> str:
        return hashlib.sha256(self.as_json().encode()).hexdigest()


def student(model: str, revision: str, server_version: str, head: str) -> RaterConfiguration:
    """A student on the embeddings of ``model``. It is never asked in words: prompt and rule only stand in."""
    return RaterConfiguration(
        BackendKind.STUDENT, model, _NO_PROMPT, ScoringRule.CHOICE, revision, server_version, head=head
    )


_NO_PROMPT = PromptTemplate("none", {"en": TemplateText("", "", "{context}{output}")})


def _check_orders(orders: tuple[str, ...]) -> None:
    if not orders or len(set(orders)) != len(orders) or not set(orders) <= set(ORDERS):
        raise InputError(f"the orders of a pair are {', '.join(orders) or 'none'}", expected="ab, ba or both")


def _check_sampling(decoding: Decoding) -> None:
    if decoding.samples < 3:
        raise InputError(f"sampled asks for {decoding.samples} votes", expected="samples of at least 3")
    if decoding.temperature <= 0:
        raise InputError(
            f"sampled at temperature {decoding.temperature:g} asks the same thing {decoding.samples} times",
            expected="a temperature above 0",
        )
