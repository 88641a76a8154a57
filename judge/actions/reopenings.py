"""What a lead does with a settled case: open it again, or put another label in the place of its label.

Neither is done to a certify case: whoever picks which of them to ask again, or to relabel, would choose what proves
the judge (STATISTICS §1).
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from judge.actions import case_locks, decisions, events, labels
from judge.errors import InputError
from judge.models import AgreedLabel, Case, User
from judge.rules.routing import Reason, measures, people_first
from judge.rules.settling import Basis, Outcome, Settlement
from judge.rules.stages import Stage
from judge.rules.streams import Stream

SETTLED = frozenset({Stage.ACCEPTED, Stage.AGREED})
LONGEST_REASON = 2_000


@transaction.atomic
def reopen(case: Case, reason: str, *, by: User) -> Case:
    """Send a settled case back to people: its label leaves, what people said stays, and one more person is asked (two,
    where nobody has answered). Raises InputError for a case that is open or measures a judge, or without a reason."""
    locked = _settled(case)
    if locked.is_reference or measures(Stream(locked.stream)):
        raise InputError(
            _("people's answers to this case measure a judge"),
            next_step=_("Cases that are asked again by choice measure nothing any more. Leave it as it is."),
        )
    told = _checked(reason)
    project = locked.project
    assert project.policy is not None
    labels.withdraw(AgreedLabel.objects.filter(case=locked).exclude(status=AgreedLabel.Status.WITHDRAWN))
    n_votes = sum(vote.label is not None for vote in labels.people_votes([locked.pk])[locked.pk].values())
    missing = people_first(Stream(locked.stream), project.policy.terms) - n_votes
    wanted = max(n_votes, locked.seats_taken) + max(1, missing)
    people = max(0, wanted - locked.people_wanted)
    decisions.ask_people(project, [locked], reason=Reason.REOPENED, people=people, by=by)
    events.note(project, "case reopened", by=by, subject=f"case:{locked.pk}", reason=told)
    return locked


@transaction.atomic
def overturn(case: Case, label: str, reason: str, *, by: User) -> AgreedLabel:
    """Put ``label`` in the place of a settled case's label, on the lead's own word: the new row supersedes the old one,
    which stays. Raises InputError for a certify case, an open one, a label that is in force already or not in the
    scale, or without a reason."""
    locked = _settled(case)
    told, scale = _checked(reason), labels.scales_of([locked])[locked.criterion_id]
    if label not in scale:
        raise InputError(_("no label of the scale was chosen"), expected=", ".join(scale))
    live = AgreedLabel.objects.filter(case=locked).exclude(status=AgreedLabel.Status.WITHDRAWN).first()
    if live and live.label == label:
        raise InputError(_("that is its label already"), expected=_("another label of the scale"))
    votes = labels.people_votes([locked.pk])[locked.pk].values()
    new = Settlement(
        Outcome.AGREED,
        label,
        Basis.ADJUDICATED,
        n_people=sum(vote.label is not None for vote in votes),
        soft={key: float(key == label) for key in scale},
    )
    (row,) = labels.agree(locked.project, {locked: new}, by=by, reason=told)
    was = live.label if live else None
    events.note(locked.project, "label overturned", by=by, subject=f"case:{locked.pk}", was=was, now=label)
    return row


def _settled(case: Case) -> Case:
    """The case, locked. Raises InputError where a lead must leave it alone, or where it is not settled."""
    locked = case_locks.lock([case.pk])[case.pk]
    if locked.stream == Stream.CERTIFY:
        raise InputError(
            _("this is a certify case: its answers and its label prove the judge, and leads keep out of them"),
            next_step=_("People's answers alone decide it."),
        )
    if locked.stage not in SETTLED:
        raise InputError(_("this case is not settled yet"), next_step=_("Wait until people have answered it."))
    return locked


def _checked(reason: str) -> str:
    if not reason.strip():
        raise InputError(_("no reason is given"), expected=_("a few words for whoever asks later"))
    return reason.strip()[:LONGEST_REASON]
