"""Agreed labels: made when people settle a case, superseded when somebody decides better, never overwritten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models.functions import Now

from judge.actions import decisions, second_labels, skills
from judge.actions.bulk import LockedCase, array
from judge.actions.prepared import fetch, insert
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Judgment, Project, ScaleLabelRow, User, moving
from judge.rules.routing import Reason
from judge.rules.settling import FLAGGED, Basis, Outcome, Settlement, Vote, settle
from judge.rules.skills import UNKNOWN
from judge.rules.stages import Stage
from judge.rules.streams import Stream

#: Live votes of people: case id → rater id → vote.
type Votes = Mapping[int, dict[int, Vote]]

_VOTES = """
SELECT j.case_id, j.rater_id, j.label, j.unscored_reason
FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id
WHERE j.case_id = ANY (%(ids)s::bigint[]) AND j.purpose = 'vote' AND j.retracted_at IS NULL AND r.kind = 'person'
"""

#: Criterion id → label keys in order. Scales never change, so a process reads each of them once.
_SCALES: dict[int, tuple[str, ...]] = {}


def settle_cases(project: Project, cases: Sequence[Case], votes: Votes) -> dict[int, Settlement]:
    """Settle what people's votes now say of ``cases`` and move each case on. The caller holds the cases' locks."""
    settled = _settle(project, cases, votes)
    by_outcome: dict[Outcome, list[Case]] = defaultdict(list)
    for case in cases:
        by_outcome[settled[case.pk].outcome].append(case)
    _withdraw_peoples_labels([case for case in cases if settled[case.pk].outcome is not Outcome.AGREED])
    decisions.move((case, Stage.PEOPLE, case.people_wanted) for case in by_outcome[Outcome.WAIT] if not case.is_waiting)
    for outcome, reason in ((Outcome.MORE, Reason.PEOPLE_DISAGREE), (Outcome.DOUBTED, Reason.LABEL_DOUBTED)):
        if open_ones := by_outcome[outcome]:
            decisions.ask_people(project, open_ones, reason=reason, people=1)
    decisions.move((case, Stage.ADJUDICATION, case.people_wanted) for case in by_outcome[Outcome.ADJUDICATE])
    agreed = {case: settled[case.pk] for case in by_outcome[Outcome.AGREED]}
    second_labels.draw(project, agree(project, agreed, by=None))
    _keep_in_step(project, by_outcome[Outcome.WAIT], votes)
    return settled


def agree(
    project: Project, settlements: Mapping[Case, Settlement], *, by: User | None, reason: str = ""
) -> list[AgreedLabel]:
    """Make the settlements agreed labels. A live label that says the same on the same basis stays; another is
    superseded. The caller holds the cases' locks."""
    if not settlements:
        return []
    live = _live(settlements)
    changed = {case: new for case, new in settlements.items() if not _says_the_same(live.get(case.pk), new)}
    withdraw(live[case.pk] for case in changed if case.pk in live)
    rows = insert(
        [_row(case, new, supersedes=live.get(case.pk), by=by, reason=reason) for case, new in changed.items()]
    )
    decisions.move((case, Stage.AGREED, case.people_wanted) for case in settlements)
    return rows


def withdraw(rows: Iterable[AgreedLabel]) -> None:
    """Take labels out of force; the rows stay."""
    if ids := [row.pk for row in rows]:
        with moving(AgreedLabel):
            AgreedLabel.objects.filter(pk__in=ids).update(status=AgreedLabel.Status.WITHDRAWN, status_since=Now())


def adjudicate(project: Project, chosen: Mapping[Case, str], votes: Votes, *, by: User | None) -> list[AgreedLabel]:
    """Make an adjudicator's choices agreed labels, true by definition. The caller holds the cases' locks.

    Raises InputError when a case no longer waits for an adjudicator.
    """
    for case in chosen:
        if case.stage != Stage.ADJUDICATION:
            raise InputError(
                "this case no longer waits for an adjudicator", next_step="Somebody decided it before you."
            )
    scales = scales_of(chosen)
    settlements = {
        case: Settlement(
            Outcome.AGREED,
            label,
            Basis.ADJUDICATED,
            n_people=sum(vote.label is not None for vote in votes[case.pk].values()),
            soft={key: float(key == label) for key in scales[case.criterion_id]},
        )
        for case, label in chosen.items()
    }
    return agree(project, settlements, by=by)


def scales_of(cases: Iterable[Case] | Iterable[LockedCase]) -> dict[int, tuple[str, ...]]:
    """The label keys of each criterion of ``cases``, in the scale's order."""
    wanted = {case.criterion_id for case in cases}
    if missing := wanted - _SCALES.keys():
        found: dict[int, list[str]] = defaultdict(list)
        rows = ScaleLabelRow.objects.filter(criterion__in=missing).order_by("position")
        for criterion_id, key in rows.values_list("criterion_id", "key"):
            found[criterion_id].append(key)
        _SCALES.update({criterion_id: tuple(keys) for criterion_id, keys in found.items()})
    return {criterion_id: _SCALES[criterion_id] for criterion_id in wanted}


def people_votes(case_ids: Iterable[int]) -> Votes:
    """People's live votes on these cases."""
    votes: dict[int, dict[int, Vote]] = defaultdict(dict)
    for case_id, rater_id, label, reason in fetch(_VOTES, ids=array(case_ids)):
        votes[case_id][rater_id] = _vote(label, reason, rater_id)
    return votes


def vote_of(row: Judgment) -> Vote:
    return _vote(row.label, row.unscored_reason, row.rater_id)


def _vote(label: str | None, unscored_reason: str, rater_id: int) -> Vote:
    return Vote(label, is_flag=unscored_reason == FLAGGED, rater=rater_id)


def _settle(project: Project, cases: Sequence[Case], votes: Votes) -> dict[int, Settlement]:
    """What the rule says of each case, by id. Skills are asked for only where somebody else has answered before."""
    assert project.policy is not None
    scales, terms = scales_of(cases), project.policy.terms
    is_first = all(len(votes[case.pk]) < terms.first_people for case in cases)
    known = {} if is_first else skills.of_criteria({case.criterion_id for case in cases})
    return {
        case.pk: settle(
            list(votes[case.pk].values()),
            labels=scales[case.criterion_id],
            people_wanted=case.people_wanted,
            stream=Stream(case.item.stream),
            policy=terms,
            is_reference=case.is_reference,
            prior=case.p_hat,
            skills=known.get(case.criterion_id, UNKNOWN),
        )
        for case in cases
    }


def _live(cases: Iterable[Case]) -> dict[int, AgreedLabel]:
    """The labels in force or in doubt, by case. ``has_label`` may be older than the lock: whoever made a label while
    we waited has also moved the case, and of that we hold the newest."""
    looked = [case for case in cases if case.has_label or case.stage in (Stage.ACCEPTED, Stage.AGREED)]
    if not looked:
        return {}
    rows = AgreedLabel.objects.filter(case__in=looked).exclude(status=AgreedLabel.Status.WITHDRAWN)
    return {row.case_id: row for row in rows}


def _withdraw_peoples_labels(cases: Sequence[Case]) -> None:
    """A correction took an agreement away: the label that rested on it leaves."""
    settled = [case for case in cases if case.stage == Stage.AGREED]
    if settled:
        withdraw(AgreedLabel.objects.filter(case__in=settled, status=AgreedLabel.Status.LIVE))


def _keep_in_step(project: Project, cases: Sequence[Case], votes: Votes) -> None:
    """A single label that waits for further people stays live; if its one author thinks better of it, so does it."""
    live = _live(case for case in cases if case.has_label)
    for case in cases:
        row = live.get(case.pk)
        if row is None or row.basis != Basis.SINGLE or row.label in {vote.label for vote in votes[case.pk].values()}:
            continue
        withdraw([row])
        wanted, case.people_wanted = case.people_wanted, 1  # what the votes would make if nobody else were asked
        new = _settle(project, [case], votes)[case.pk]
        case.people_wanted = wanted
        if new.basis == Basis.SINGLE:
            _row(case, new, supersedes=row, by=None, reason="").save()


def _says_the_same(row: AgreedLabel | None, new: Settlement) -> bool:
    return row is not None and (row.label, row.basis, row.n_people) == (new.label, new.basis, new.n_people)


def _row(case: Case, new: Settlement, *, supersedes: AgreedLabel | None, by: User | None, reason: str) -> AgreedLabel:
    assert new.label is not None
    assert new.basis is not None
    return AgreedLabel(
        case=case,
        criterion_id=case.criterion_id,
        label=new.label,
        basis=new.basis,
        n_people=new.n_people,
        probs=dict(new.soft),
        p_wrong=new.p_wrong,
        supersedes=supersedes,
        by=by,
        reason=reason,
    )
