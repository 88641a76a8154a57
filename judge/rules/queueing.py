"""In what order people meet cases. Pure; the claim takes the highest priority first, at random within one."""

from __future__ import annotations

from judge.rules.routing import Reason

#: What measures or teaches the judge comes first, all at one priority: whoever answers cannot tell which is which.
MEASURING = 6
#: What can never be accepted by the present verdict comes next: 5 where an answer is expected to tell most, down to 1.
MOST_TELLING, LEAST_TELLING = 5, 1
#: What a later certificate could accept comes last and at random: what is left of it is then still a random sample.
ACCEPTABLE_LATER = 0

_MEASURING = frozenset({
    Reason.AUDIT, Reason.CERTIFY_STREAM, Reason.GOLD_STREAM, Reason.TRAIN_STREAM, Reason.RECHECK, Reason.MILESTONE,
    Reason.WAITING_SAMPLE,
})  # fmt: skip
_ACCEPTABLE_LATER = frozenset({Reason.NO_CERTIFICATE, Reason.SUSPENDED})
_NEVER_ACCEPTABLE = frozenset({Reason.LOW_CONFIDENCE, Reason.JUDGES_DISAGREE, Reason.SUSPICIOUS, Reason.UNSCORED})


def needs_information(reason: Reason) -> bool:
    """Whether the priority depends on what an answer is expected to tell."""
    return reason in _NEVER_ACCEPTABLE


def priority(reason: Reason, information: float = 1.0) -> int | None:
    """The priority of a case that waits for ``reason``; None where it keeps the one it has.

    ``information``: what an answer is expected to tell, as a share of the most that it could.

    >>> [priority(Reason.LOW_CONFIDENCE, share) for share in (0, .19, .2, .5, 1)]
    [1, 1, 2, 3, 5]
    >>> priority(Reason.GOLD_STREAM), priority(Reason.NO_CERTIFICATE), priority(Reason.PEOPLE_DISAGREE)
    (6, 0, None)
    """
    if reason in _MEASURING:
        return MEASURING
    if reason in _ACCEPTABLE_LATER:
        return ACCEPTABLE_LATER
    if needs_information(reason):
        return min(MOST_TELLING, LEAST_TELLING + int(information * MOST_TELLING))
    return None
