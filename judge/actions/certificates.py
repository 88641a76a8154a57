"""Certificates: a judge is tested on certify cases, once for each declared look, and what it proves is a row.

Figures of certify cases leave this module only inside a certificate. Workers and commands test; pages read rows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from judge.actions import alarms, events, references, rubrics, withdrawals
from judge.actions.references import Reading
from judge.errors import InputError
from judge.models import AuditWatch, Certificate, Criterion, Frame, Judge, Project, User
from judge.rules.imported import Reference
from judge.rules.routing import CellState
from judge.rules.streams import Stream

if TYPE_CHECKING:
    from judge.stats import selective

CERTIFIED, UNCERTIFIED, STALE = CellState.CERTIFIED, CellState.UNCERTIFIED, CellState.STALE


@dataclass(frozen=True, slots=True)
class Terms:
    """What a test is asked to prove, and on what. ``looks`` empty: one look, at all certify cases."""

    alpha: float
    delta: float
    frames: tuple[int, ...]
    looks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one criterion: a certificate, new or known, or why there is none yet."""

    criterion: Criterion
    certificate: Certificate | None = None
    is_new: bool = False
    words: str = ""


def certify(
    project: Project,
    judge: Judge,
    *,
    alpha: float | None = None,
    delta: float | None = None,
    frames: Sequence[str] = (),
    looks: Sequence[int] = (),
    by: User | None = None,
) -> list[Outcome]:
    """Test ``judge`` on every criterion of the rubric in force; each test is its own transaction.

    ``alpha`` and ``delta`` go before the policy's for all criteria; ``frames`` are names, all of the project's where
    none is given. Raises InputError for a project without frames, an unknown frame, and looks that do not rise.
    """
    chosen = _frames(project, frames)
    _check_looks(looks)
    outcomes = []
    for criterion in rubrics.criteria_in_force(project):
        terms = _terms(project, criterion, chosen, looks, alpha=alpha, delta=delta)
        outcomes.append(_certify_one(project, judge, criterion, terms, by=by))
    return outcomes


@transaction.atomic
def _certify_one(project: Project, judge: Judge, criterion: Criterion, terms: Terms, *, by: User | None) -> Outcome:
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # tests of one project come one after another
    tests = _tests(criterion, terms.frames)
    after = alarms.changed_at(criterion)
    mine = [each for each in tests if _is_same(each, judge, terms, after)]
    look = len(mine) + 1
    looks = tuple(mine[0].looks) if mine else terms.looks
    if mine and look > max(1, len(looks)):
        return Outcome(criterion, _best(mine))
    sample = references.of_stream(judge, criterion.pk, Stream.CERTIFY, terms.frames, after=after)
    wanted = sample[: looks[look - 1]] if looks else sample
    if words := _why_wait(judge, wanted, looks[look - 1] if looks else 0, after):
        return Outcome(criterion, _best(mine) if mine else None, words=words)
    tested = len({_test_key(each) for each in tests if not _is_same(each, judge, terms, after)}) + 1
    grid = mine[0].grid if mine else _grid(judge, criterion, terms.frames)
    found = _test(wanted, grid, terms, tested_judges=tested, n_looks=max(1, len(looks)))
    row = _write(project, judge, criterion, terms, found, wanted, by=by, columns={
        "judges_tested": tested, "looks": list(looks), "look": look, "grid": list(grid), "imported_after": after,
    })  # fmt: skip
    return Outcome(criterion, row, is_new=True)


def _tests(criterion: Criterion, frames: Iterable[int]) -> list[Certificate]:
    """Earlier tests of any judge on certify cases of these frames, in their order."""
    wanted = set(frames)
    return [each for each in Certificate.objects.filter(criterion=criterion).order_by("pk") if wanted & {*each.frames}]


def _is_same(test: Certificate, judge: Judge, terms: Terms, after: datetime | None) -> bool:
    """Whether a test is an earlier look of the one asked for now."""
    asked = (judge.pk, sorted(terms.frames), terms.alpha, terms.delta, after)
    return (test.judge_id, sorted(test.frames), test.alpha, test.delta, test.imported_after) == asked


def _test_key(test: Certificate) -> tuple[object, ...]:
    """Looks of one test have one key: v counts tests of judges, not looks."""
    return test.judge_id, tuple(sorted(test.frames)), test.alpha, test.delta, test.imported_after


def _best(tests: Sequence[Certificate]) -> Certificate:
    """The one in force among the looks of a test, else the last: all looks hold, so the lowest threshold stands."""
    return next((each for each in tests if each.state == CERTIFIED), tests[-1])


def _why_wait(judge: Judge, sample: Sequence[Reading], n_wanted: int, after: datetime | None) -> str:
    """Why there can be no look at this sample yet; empty where there can."""
    if not sample and after:
        return _("no item of the certify stream was imported since the change that an alarm found (%(at)s)") % {
            "at": f"{after:%Y-%m-%d %H:%M} UTC"}  # fmt: skip
    if not sample:
        return _("no item is in the certify stream of these frames")
    if len(sample) < n_wanted:
        return _("the look is at %(wanted)d certify cases, and there are %(n)d") % {
            "wanted": n_wanted, "n": len(sample)}  # fmt: skip
    if unjudged := 0 if _is_imported(judge) else sum(not each.is_judged for each in sample):
        return _("the judge has not spoken on %(n)d of %(all)d certify cases") % {"n": unjudged, "all": len(sample)}
    if unanswered := sum(not each.is_answered for each in sample):
        return _("%(n)d of %(all)d certify cases wait for people") % {"n": unanswered, "all": len(sample)}
    return ""


def _is_imported(judge: Judge) -> bool:
    """A judge of imported raters says nothing more: cases on which they were silent count as unscored."""
    return not judge.seats.filter(rater__origin="").exists()


def _grid(judge: Judge, criterion: Criterion, frames: Iterable[int]) -> tuple[float, ...]:
    """Frozen here, before an answer is read: it rests on scores alone."""
    from judge.stats import selective

    others, train = references.scores(judge, criterion.pk, frames)
    return selective.make_grid(others, train)


def _test(
    sample: Sequence[Reading], grid: Sequence[float], terms: Terms, *, tested_judges: int, n_looks: int
) -> selective.Certificate:
    from judge.stats import selective

    return selective.certify(
        confidence=[math.nan if each.confidence is None else each.confidence for each in sample],
        is_correct=[not each.is_error for each in sample],
        grid=list(grid),
        alpha=terms.alpha,
        delta=selective.share_of_delta(terms.delta, tested_judges=tested_judges, looks=n_looks),
    )


def _write(
    project: Project,
    judge: Judge,
    criterion: Criterion,
    terms: Terms,
    found: selective.Certificate,
    sample: Sequence[Reading],
    *,
    by: User | None,
    columns: dict[str, Any],
) -> Certificate:
    assert project.policy is not None
    earlier = Certificate.objects.filter(criterion=criterion, judge=judge, state=CERTIFIED).first()
    is_lowest = found.is_certified and (earlier is None or found.threshold < (earlier.threshold or math.inf))
    if is_lowest:  # one that rests must not come back beside it
        withdrawals.go_stale(Certificate.objects.filter(criterion=criterion, judge=judge), withdrawals.LATER_TEST)
    row: Certificate = Certificate.objects.create(
        project=project, criterion=criterion, judge=judge, policy=project.policy, frames=list(terms.frames),
        scope=_scope(project, terms.frames), reference=_reference(sample), alpha=terms.alpha, delta=terms.delta,
        delta_spent=found.delta, threshold=found.threshold if found.is_certified else None, n=found.n_certify,
        n_accepted=found.n, n_errors=found.errors, coverage=found.coverage, figures=_figures(sample, found),
        state=_first_state(found, is_lowest=is_lowest), by=by, **columns,
    )  # fmt: skip
    if row.state == CERTIFIED:
        AuditWatch.objects.create(certificate=row)
        alarms.resolve(criterion)
    events.note(project, "judge tested", by=by, subject=f"certificate:{row.pk}", criterion=criterion.key,
                state=row.state, judge=judge.version)  # fmt: skip
    return row


def _first_state(found: selective.Certificate, *, is_lowest: bool) -> CellState:
    if not found.is_certified:
        return UNCERTIFIED
    return CERTIFIED if is_lowest else STALE


def _figures(sample: Sequence[Reading], found: selective.Certificate) -> dict[str, Any]:
    """What is always shown beside alpha (STATISTICS §2): each accepted verdict's count by label, errors among them,
    and what "always say the majority label" would score. Kept only where a threshold was certified."""
    if not found.is_certified:
        return {}
    accepted = [each for each in sample if each.confidence is not None and each.confidence >= found.threshold]
    said, wrong = (Counter(each.verdict for each in some) for some in (accepted, [e for e in accepted if e.is_error]))
    reference = Counter(each.label for each in sample if each.label is not None)
    label, n = reference.most_common(1)[0] if reference else ("", 0)
    return {
        "accepted": dict(said), "errors": dict(wrong), "majority_label": label, "majority_share": n / len(sample),
        "start": found.start, "level": found.level, "n_unscored": found.n_unscored,
    }  # fmt: skip


def _scope(project: Project, frames: Iterable[int]) -> Certificate.Scope:
    apart = references.are_contexts_apart(project.pk, frames)
    return Certificate.Scope.CONTEXTS if apart else Certificate.Scope.ITEMS


def _reference(sample: Iterable[Reading]) -> Reference:
    """Single, as soon as one frame declares it: the certificate says so."""
    return Reference.SINGLE if any(each.reference is Reference.SINGLE for each in sample) else Reference.THREE


def _frames(project: Project, names: Sequence[str]) -> tuple[int, ...]:
    known = dict(Frame.objects.filter(project=project).order_by("pk").values_list("name", "pk"))
    if not known:
        raise InputError(f"{project.name} has no items yet", next_step="Import some first.")
    if strange := [name for name in names if name not in known]:
        raise InputError(f'there is no frame "{strange[0]}"', expected=", ".join(known))
    return tuple(sorted(known[name] for name in names or known))


def _check_looks(looks: Sequence[int]) -> None:
    if any(size < 1 for size in looks) or list(looks) != sorted(set(looks)):
        raise InputError(f"the looks are {' '.join(map(str, looks))}", expected="rising numbers of certify cases")


def _terms(
    project: Project, criterion: Criterion, frames: tuple[int, ...], looks: Sequence[int], *,
    alpha: float | None, delta: float | None,
) -> Terms:  # fmt: skip
    assert project.policy is not None
    own_alpha, own_delta = project.policy.risk_of(criterion.key)
    return Terms(own_alpha if alpha is None else alpha, own_delta if delta is None else delta, frames, tuple(looks))
