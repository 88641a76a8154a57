"""The flow of a case on one screen: where it can stand and where it may go from there.

::

    imported ──accept──► accepted ──────recheck, alarm─────┐
        │                    ▲                             ▼
        │                    └──a certificate came later── people ◄──send back── adjudication
        └──────people, or accepted and audited───────────► │
                                                         │  └──split, flagged──► ▲ │
                                                         ▼                         ▼
                                                       agreed ◄────────────────────┘
          accepted ──────overturned by a lead──────────► └──reopened──► people
"""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    IMPORTED = "imported"  # waits for the machines
    ACCEPTED = "accepted"  # the judge's label stands under a certificate
    PEOPLE = "people"  # waits in the annotators' queue
    ADJUDICATION = "adjudication"  # people split or flagged it
    AGREED = "agreed"  # people's label stands


NEXT: dict[Stage, frozenset[Stage]] = {
    Stage.IMPORTED: frozenset({Stage.ACCEPTED, Stage.PEOPLE}),
    Stage.ACCEPTED: frozenset({Stage.PEOPLE, Stage.AGREED}),
    Stage.PEOPLE: frozenset({Stage.ADJUDICATION, Stage.AGREED, Stage.ACCEPTED}),
    Stage.ADJUDICATION: frozenset({Stage.AGREED, Stage.PEOPLE}),
    Stage.AGREED: frozenset({Stage.PEOPLE, Stage.ADJUDICATION}),
}


def may_move(origin: Stage, target: Stage) -> bool:
    return target in NEXT[origin]
