"""Where a case goes and why. Pure: takes what is known of a case, returns a record that a row keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from judge.rules.streams import Stream

#: People who answer a case before anything is final; a split asks for one more, up to the policy's overlap.
FIRST_PEOPLE = 2
#: Certify, gold and audited cases may need three, whatever the policy's overlap says (STATISTICS §1).
REFERENCE_PEOPLE = 3
#: Streams whose items measure judges.
MEASURING = frozenset({Stream.CERTIFY, Stream.GOLD})


class Route(StrEnum):
    ACCEPT = "accept"
    PEOPLE = "people"


class Reason(StrEnum):
    """Why a decision was made; shown to leads as the answer to "why is this case here?"."""

    CERTIFIED = "certified"
    NO_CERTIFICATE = "no_certificate"
    LOW_CONFIDENCE = "low_confidence"
    JUDGES_DISAGREE = "judges_disagree"
    UNSCORED = "unscored"
    TRAIN_STREAM = "train_stream"
    CERTIFY_STREAM = "certify_stream"
    GOLD_STREAM = "gold_stream"
    AUDIT = "audit"
    SUSPENDED = "suspended"
    RECHECK = "recheck"
    SUSPICIOUS = "suspicious"
    SECOND_LABEL = "second_label"
    MILESTONE = "milestone"
    REOPENED = "reopened"
    REQUESTED = "requested"
    PEOPLE_DISAGREE = "people_disagree"
    LABEL_DOUBTED = "label_doubted"
    WAITING_SAMPLE = "waiting_sample"
    IMPORTED = "imported"


STREAM_REASONS = {
    Stream.TRAIN: Reason.TRAIN_STREAM,
    Stream.CERTIFY: Reason.CERTIFY_STREAM,
    Stream.GOLD: Reason.GOLD_STREAM,
}


class CellState(StrEnum):
    """Whether the judge in force may accept this criterion by itself."""

    UNCERTIFIED = "uncertified"
    CERTIFIED = "certified"
    SUSPENDED = "suspended"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """What routing and settling need of a policy."""

    overlap: int = 3
    one_person_labels: bool = False

    @property
    def first_people(self) -> int:
        return 1 if self.one_person_labels else FIRST_PEOPLE


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an untouched case when it is routed.

    ``confidence`` is the judge's, None when no judge answered or the answer is unscored.
    ``audit_draw`` is a uniform number drawn by the caller before anyone sees the case.
    """

    stream: Stream
    confidence: float | None = None
    is_unscored: bool = False
    judges_disagree: bool = False
    is_suspicious: bool = False
    cell: CellState = CellState.UNCERTIFIED
    threshold: float | None = None
    audit_probability: float = 0.0
    audit_draw: float = 1.0


@dataclass(frozen=True, slots=True)
class Routing:
    """The answer of :func:`decide`: what a Decision row keeps."""

    route: Route
    reason: Reason
    people_wanted: int
    is_audited: bool = False
    audit_probability: float | None = None
    threshold: float | None = None


def decide(evidence: Evidence, policy: PolicyTerms) -> Routing:
    """Accept only under a certificate, an open stream and enough confidence; everything else goes to people."""
    if reason := why_people(evidence):
        return Routing(Route.PEOPLE, reason, people_first(evidence.stream, policy), threshold=evidence.threshold)
    is_audited = evidence.audit_draw < evidence.audit_probability
    return Routing(
        Route.ACCEPT,
        Reason.AUDIT if is_audited else Reason.CERTIFIED,
        people_wanted=FIRST_PEOPLE if is_audited else 0,
        is_audited=is_audited,
        audit_probability=evidence.audit_probability,
        threshold=evidence.threshold,
    )


def measures(stream: Stream, is_reference: bool = False) -> bool:
    """Whether people's answers to a case measure a judge. Then they alone count: no probability of a machine, no
    skill, and never one person."""
    return is_reference or stream in MEASURING


def people_first(stream: Stream, policy: PolicyTerms, *, is_reference: bool = False) -> int:
    """How many people a case asks for at first: one only where a policy allows it and the case measures nothing."""
    return FIRST_PEOPLE if measures(stream, is_reference) else policy.first_people


def why_people(evidence: Evidence) -> Reason | None:
    """Why the case goes to people; None where the judge may accept it, audited or not."""
    if evidence.stream in STREAM_REASONS:
        return STREAM_REASONS[evidence.stream]
    if evidence.is_suspicious:
        return Reason.SUSPICIOUS
    if evidence.is_unscored:
        return Reason.UNSCORED
    if evidence.judges_disagree:
        return Reason.JUDGES_DISAGREE
    if evidence.cell is CellState.SUSPENDED:
        return Reason.SUSPENDED
    if evidence.cell is not CellState.CERTIFIED or evidence.threshold is None:
        return Reason.NO_CERTIFICATE
    if evidence.confidence is None or evidence.confidence < evidence.threshold:
        return Reason.LOW_CONFIDENCE
    return None
