"""What is asked of a model, what comes back, and what becomes of it. Pure records, passed between all rooms here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from judge.rules.scales import depends_on_order


class UnscoredReason(StrEnum):
    """Why a machine's answer to a case holds no label. It is stored and counted, never guessed around."""

    OFF_MENU = "off_menu"  # it answered, but none of the labels
    NO_LOGPROBS = "no_logprobs"  # it answered, but without the probabilities that were asked for
    EMPTY_ANSWER = "empty_answer"  # a well-formed reply with nothing in it
    GARBAGE = "garbage"  # not the JSON that was promised: HTML, half a body, another shape
    HTTP_ERROR = "http_error"  # the server refused the request or failed, for good
    UNAUTHORIZED = "unauthorized"  # the key is missing or wrong
    RATE_LIMITED = "rate_limited"  # still too many requests after every retry
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"  # no connection, or it broke
    CONTEXT_TOO_LONG = "context_too_long"  # the prompt does not fit in the model's window; nothing is cut
    REFUSED = "refused"  # the model or a content filter declined to answer
    NOT_A_PAIR = "not_a_pair"  # the criterion compares two outputs, and the item holds one
    NOT_LEARNED = "not_learned"  # the student has no head for the criterion: too few labels when it was fitted


@dataclass(frozen=True, slots=True)
class Scored:
    """A judgment: probabilities over the labels (they sum to 1) and the mass the model put elsewhere.

    ``probs`` follows the scale's order; ``label`` is the most probable; ``text`` is what the model wrote, and
    ``rationale`` what it wrote first where it was asked for reasons. ``by_order`` holds, for a pair, the probabilities
    of each presentation order, in the labels of the pair as it was imported.
    """

    probs: Mapping[str, float]
    outside_mass: float
    label: str
    text: str
    rationale: str = ""
    by_order: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def is_order_sensitive(self) -> bool:
        """The two orders of a pair gave different labels: what stands first weighed more than what it says."""
        return depends_on_order(self.by_order)


@dataclass(frozen=True, slots=True)
class Unscored:
    """No judgment, and why; ``detail`` is one sentence for the page, without secrets."""

    reason: UnscoredReason
    detail: str


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One call. Either ``messages`` (chat) or ``prompt`` (raw completion) is set.

    ``answers`` are the only texts that may come back (the server is asked to hold the model to them); without them it
    writes freely, up to ``max_tokens`` or one of the ``stop`` marks. ``top_logprobs`` 0 asks for none.
    ``forced`` asks for no answer at all: only for the log-probability of this text after ``prompt``.
    ``reference`` travels along for logs and scripted answers, ``shared`` (how the prompts of one context begin) for
    the choice of a server; they are neither sent nor hashed.
    """

    prompt: str = ""
    messages: tuple[Message, ...] = ()
    answers: tuple[str, ...] = ()
    forced: str = ""
    max_tokens: int = 1
    top_logprobs: int = 20
    temperature: float = 0.0
    seed: int | None = None
    reference: str = ""
    stop: tuple[str, ...] = ()
    shared: str = ""

    def as_record(self) -> dict[str, object]:
        """What decides the answer, as JSON-able data."""
        record: dict[str, object] = {
            "prompt": self.prompt,
            "messages": [[each.role, each.content] for each in self.messages],
            "answers": list(self.answers),
            "forced": self.forced,
            "max_tokens": self.max_tokens,
            "top_logprobs": self.top_logprobs,
            "temperature": self.temperature,
            "seed": self.seed,
        }
        return record | {"stop": list(self.stop)} if self.stop else record


@dataclass(frozen=True, slots=True)
class TokenChoice:
    """One generated (or scored) token and the tokens that stood beside it, the chosen one included."""

    token: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class CompletionResult:
    """A well-formed reply. ``retried`` names the failures that came before it, so no retry is silent."""

    text: str
    tokens: tuple[TokenChoice, ...]
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    model: str = ""
    finish_reason: str = ""
    latency_ms: float = 0.0
    retried: tuple[UnscoredReason, ...] = ()

    @property
    def attempts(self) -> int:
        return 1 + len(self.retried)


@dataclass(frozen=True, slots=True)
class CompletionFailure:
    """No usable reply. ``retryable``: the same call may succeed later; ``retry_after``: seconds, if the server said."""

    kind: UnscoredReason
    detail: str
    retryable: bool = False
    retry_after: float | None = None
    latency_ms: float = 0.0
    retried: tuple[UnscoredReason, ...] = ()

    @property
    def attempts(self) -> int:
        return 1 + len(self.retried)


Reply = CompletionResult | CompletionFailure
