"""What follows from people's imported answers: declared streams and references, labels on which they agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from django.db.models import Exists, OuterRef, QuerySet

from judge.actions import case_locks, decisions, labels, skills, tallies
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Frame, Item, Judgment, Project, Purpose, Rater, User, Verdict
from judge.rules.imported import Reference, settle_imported
from judge.rules.routing import Reason
from judge.rules.settling import Basis, Outcome, Settlement
from judge.rules.skills import Said
from judge.rules.stages import Stage
from judge.rules.streams import SAMPLE_RATES, Stream, StreamRates, draw_labelled, uniform

#: Cases or items handled at a time; bounds memory, not meaning.
BATCH = 2_000
#: Why an item is in its stream: drawn as one that people labelled; open because they did not label it.
IMPORTED_SAMPLE, OUTSIDE_SAMPLE = "imported_sample", "outside_sample"


@dataclass(frozen=True, slots=True)
class Declared:
    """What whoever imports declares of people's answers.

    ``is_sample``: the items that people labelled are a simple random sample of their frame; they are drawn at
    ``rates``. ``reference``: how many answers make the reference of a case that measures the judge.
    """

    is_sample: bool = False
    reference: Reference = Reference.THREE
    rates: StreamRates = SAMPLE_RATES

    def __post_init__(self) -> None:
        if abs(self.rates.train + self.rates.certify + self.rates.gold - 1) > 1e-9:
            told = f"{self.rates.train:g} {self.rates.certify:g} {self.rates.gold:g}"
            raise InputError(f"the rates of a sample are {told}", expected="train, certify and gold that sum to 1")


NOTHING_DECLARED = Declared()


def declare(frames: Sequence[int], declared: Declared) -> Counter[str]:
    """Apply what is declared of people's imported answers to the frames that hold them.

    Returns how many items of the frames each stream has now; nothing unless they are a sample. Raises InputError where
    streams would change although a machine has spoken on the frame.
    """
    if declared.reference is Reference.SINGLE:
        Frame.objects.filter(pk__in=frames).update(reference=Reference.SINGLE)
    if not declared.is_sample:
        return Counter()
    for frame in Frame.objects.filter(pk__in=frames):
        _draw_anew(frame, declared.rates)
    return Counter(Item.objects.filter(frame__in=frames).values_list("stream", flat=True).iterator())


def _draw_anew(frame: Frame, rates: StreamRates) -> None:
    """Labelled items go to train, certify or gold by the hash of their names; all others become open."""
    items = Item.objects.filter(frame=frame)
    labelled = Exists(
        Judgment.objects.filter(
            case__item=OuterRef("pk"), purpose=Purpose.IMPORTED, rater__kind=Rater.Kind.PERSON, label__isnull=False
        )
    )
    fresh = items.filter(labelled).exclude(stream_reason=IMPORTED_SAMPLE)
    left = items.filter(~labelled).exclude(stream=Stream.OPEN)
    if not fresh.exists() and not left.exists():
        return
    _refuse_if_shown(frame)
    left.update(stream=Stream.OPEN, stream_probability=1.0, stream_reason=OUTSIDE_SAMPLE)
    drawn: dict[Stream, list[int]] = defaultdict(list)
    for pk, identity in fresh.values_list("pk", "identity").iterator():
        drawn[draw_labelled(uniform(frame.salt, identity), rates)].append(pk)
    for stream, ids in drawn.items():
        for some in batched(ids, BATCH):
            items.filter(pk__in=some).update(
                stream=stream, stream_probability=rates.of(stream), stream_reason=IMPORTED_SAMPLE
            )
    tallies.forget(frame.project)


def _refuse_if_shown(frame: Frame) -> None:
    """Whether a verdict was shown is not recorded, so one that exists counts as shown; so does a machine's answer."""
    machine = Judgment.objects.filter(case__item__frame=frame, rater__kind=Rater.Kind.MACHINE, purpose=Purpose.VOTE)
    if machine.exists() or Verdict.objects.filter(case__item__frame=frame).exists():
        raise InputError(
            f"the judge has spoken on the frame “{frame.name}” already",
            expected="--sample random before anybody could see a verdict",
            next_step="Import without it: people's answers then train only.",
        )


def settle(project: Project, frames: Sequence[int], *, by: User | None) -> tuple[int, int]:
    """Settle the frames' cases that imported people answered and nobody here did; how many agreed, how many went to
    the adjudicator."""
    n_agreed = n_disputed = 0
    for ids in batched(list(_answered(frames).order_by("pk").values_list("pk", flat=True)), BATCH):
        settled = _settle(project, list(case_locks.lock(ids).values()), by=by)
        n_agreed += settled[Outcome.AGREED]
        n_disputed += settled[Outcome.ADJUDICATE]
    return n_agreed, n_disputed


def _answered(frames: Sequence[int]) -> QuerySet[Case]:
    """Cases that imported people answered, without a vote of a person here, an adjudication or an accepted verdict."""
    people = Judgment.objects.filter(case=OuterRef("pk"), rater__kind=Rater.Kind.PERSON, retracted_at=None)
    return Case.objects.filter(
        Exists(people.filter(purpose=Purpose.IMPORTED)),
        ~Exists(people.filter(purpose__in=[Purpose.VOTE, Purpose.ADJUDICATION])),
        item__frame__in=frames,
        stage__in=[Stage.IMPORTED, Stage.PEOPLE, Stage.AGREED],
    )


def _settle(project: Project, cases: Sequence[Case], *, by: User | None) -> Counter[Outcome]:
    """Returns the outcomes of cases that changed. The caller holds the cases' locks."""
    settled = _settlements(project, cases)
    known = _live_labels(cases)
    changed = {case: new for case, new in settled.items() if _says(new) != known.get(case.pk)}
    _decide(project, [case for case in changed if settled[case].outcome is not Outcome.WAIT], by=by)
    labels.agree(project, _of(changed, Outcome.AGREED), by=by)
    broken = [case for case in changed if case.stage == Stage.AGREED and settled[case].outcome is not Outcome.AGREED]
    labels.withdraw(AgreedLabel.objects.filter(case__in=broken).exclude(status=AgreedLabel.Status.WITHDRAWN))
    disputed = list(_of(changed, Outcome.ADJUDICATE))
    decisions.move((case, Stage.ADJUDICATION, case.people_wanted) for case in disputed)
    _ask(project, [case for case in broken if case not in disputed], by=by)
    return Counter(new.outcome for new in changed.values())


def _settlements(project: Project, cases: Sequence[Case]) -> dict[Case, Settlement]:
    assert project.policy is not None
    answers, scales, terms = _answers(cases), labels.scales_of(cases), project.policy.terms
    references = dict(Frame.objects.filter(project=project).values_list("pk", "reference"))
    known = skills.of_criteria({case.criterion_id for case in cases})
    return {
        case: settle_imported(
            answers[case.pk],
            labels=scales[case.criterion_id],
            stream=Stream(case.item.stream),
            is_sample=case.item.stream_reason == IMPORTED_SAMPLE,
            reference=Reference(references[case.item.frame_id]),
            policy=terms,
            is_reference=case.is_reference,
            prior=case.p_hat,
            skills=known[case.criterion_id],
        )
        for case in cases
    }


def _answers(cases: Iterable[Case]) -> Mapping[int, list[Said]]:
    answers: dict[int, list[Said]] = defaultdict(list)
    rows = Judgment.objects.filter(
        case__in=cases, rater__kind=Rater.Kind.PERSON, purpose=Purpose.IMPORTED, retracted_at=None, label__isnull=False
    )
    for case_id, rater_id, label in rows.order_by("pk").values_list("case_id", "rater_id", "label"):
        answers[case_id].append(Said(str(label), rater_id))
    return answers


def _live_labels(cases: Iterable[Case]) -> dict[int, tuple[str | None, Basis | None, int]]:
    rows = AgreedLabel.objects.filter(case__in=cases).exclude(status=AgreedLabel.Status.WITHDRAWN)
    return {row.case_id: (row.label, Basis(row.basis), row.n_people) for row in rows}


def _says(new: Settlement) -> tuple[str | None, Basis | None, int] | None:
    """A label as :func:`_live_labels` tells it; None where nothing is settled and nothing was."""
    if new.outcome is Outcome.WAIT:
        return None
    return new.label, new.basis, new.n_people


def _of(settled: Mapping[Case, Settlement], outcome: Outcome) -> dict[Case, Settlement]:
    return {case: new for case, new in settled.items() if new.outcome is outcome}


def _decide(project: Project, cases: Sequence[Case], *, by: User | None) -> None:
    """Say why these cases are settled without anybody here: each case that leaves the machines has a decision."""
    decisions.ask_people(
        project, [case for case in cases if case.stage != Stage.AGREED], reason=Reason.IMPORTED, people=0, by=by
    )


def _ask(project: Project, cases: Sequence[Case], *, by: User | None) -> None:
    assert project.policy is not None
    decisions.ask_people(project, cases, reason=Reason.PEOPLE_DISAGREE, people=project.policy.terms.first_people, by=by)
