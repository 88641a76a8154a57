"""Batches: ask what is still unjudged, write answers as they come. A kill loses what is in flight, never a vote."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from django.db.models import Count
from django.db.models.functions import Now

from judge.errors import InputError, ServiceError
from judge.models import Rater
from llm_judge.actions import answers, cache, calls, cases, endpoints, heads, raters, runs, servers
from llm_judge.actions.purses import Purse
from llm_judge.backends.base import Backend, check_offer
from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import Completion, Run
from llm_judge.rules.configuration import RaterConfiguration
from llm_judge.rules.scoring import JudgeCase

#: Tries that failed are settled when so many have come together, or at the end.
MANY_FAILED = 256


@dataclass(slots=True)
class Batch:
    """What became of a batch so far, or of several that are worked on as one stream. ``trouble`` says in words why it
    was broken off, ``limit`` which cap stopped it; then cases are left.
    """

    n_judged: int = 0
    n_unscored: int = 0
    n_failed: int = 0
    is_wanted: bool = True
    trouble: str = ""
    limit: str = ""
    failed: list[CaseAnswer] = field(default_factory=list)


def judge_batch(run_id: int, case_ids: Sequence[int]) -> Batch:
    """Judge those of the cases that nobody judged yet. Safe to call twice, and from two places at once."""
    batch = Batch()
    for progress in work(run_id, [case_ids]):
        batch = progress
    return batch


def streams(run: Run) -> Iterator[Iterable[Sequence[int]]]:
    """What is left of a run, for ``work``: all its batches as one stream, in which slow calls of one keep no other
    waiting. By itself goes each batch that several raters judge, or that must leave off at a cap."""
    found = runs.batches(run)
    if run.caps == runs.NO_CAPS and len(raters.seated(run.judge)) == 1:
        yield found
    else:
        yield from ([batch] for batch in found)


def work(run_id: int, portions: Iterable[Sequence[int]]) -> Iterator[Batch]:
    """As ``judge_batch`` for lists of cases, with the state of things after each chunk. Several raters go through
    ``portions`` one after another, so it must be a list then."""
    run = Run.objects.select_related("project__rubric", "judge").get(pk=run_id)
    batch = Batch()
    is_resting = run.place == Run.Place.QUEUE and runs.is_resting(run)
    if run.status != Run.Status.RUNNING or is_resting:
        batch.is_wanted, batch.trouble = False, run.trouble if is_resting else ""
        yield batch
        return
    for rater in raters.seated(run.judge):
        try:
            yield from _ask_rater(run, rater, portions, batch)
        except ServiceError as error:
            batch.trouble = str(error)
        except InputError as error:  # rater and server, or rater and criterion, do not fit: no retry will help
            runs.end(run, Run.Status.FAILED, trouble=str(error))
            raise
        if batch.limit or batch.trouble or not batch.is_wanted:
            break
    _close(run, batch)
    yield batch


def _ask_rater(run: Run, rater: Rater, portions: Iterable[Sequence[int]], batch: Batch) -> Iterator[Batch]:
    keys: dict[int, uuid.UUID] = {}
    loading = _load(run, rater, portions, keys, batch)
    first = next(loading, None)
    if first is None:
        return
    configuration = raters.configuration_of(rater)
    backend = open_rater(rater, configuration)
    purse = Purse(run, raters.price_of(rater))
    settled = batch.n_judged
    for answered in _ask_within(purse, backend, chain([first], loading), configuration):
        _take(answered, run, rater, batch, keys, purse)
        batch.trouble = backend.trouble  # its breaker has given up: the server is in trouble, not the cases
        yield batch
        batch.is_wanted = Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING).exists()
        if not batch.is_wanted or batch.trouble:
            break
        if len(batch.failed) >= MANY_FAILED and batch.n_judged > settled:
            settled = batch.n_judged
            _settle_failures(run, rater, batch, purse, is_alive=True)
    else:
        batch.limit = purse.budget.limit()
    if batch.failed:
        is_alive = batch.n_judged > settled or _is_alive(backend)
        _settle_failures(run, rater, batch, purse, is_alive=is_alive)


def _load(
    run: Run, rater: Rater, portions: Iterable[Sequence[int]], keys: dict[int, uuid.UUID], batch: Batch
) -> Iterator[list[JudgeCase]]:
    """What must be asked of each portion; its ``keys`` are added. What equal questions were answered before is
    recorded at once."""
    for case_ids in portions:
        found = cases.load(run.project, case_ids, rater)
        own = cache.keys_of(found)
        known = cache.find(rater, own)
        if known:
            _count(answers.write_again(run, rater, list(known.values())), batch)
        waiting = [case for case in found if int(case.case_id) not in known]
        keys |= {int(case.case_id): own[int(case.case_id)] for case in waiting}
        if waiting:
            yield waiting


def _ask_within(
    purse: Purse, backend: Backend, portions: Iterable[Sequence[JudgeCase]], configuration: RaterConfiguration
) -> Iterator[list[CaseAnswer]]:
    """Ask as long as the budget lasts. Near a cap fewer are under way at a time: what comes back may leave room."""
    budget = purse.budget
    if budget.caps == runs.NO_CAPS:
        yield from calls.ask_on(backend, portions, configuration)
        return
    for waiting in portions:
        rest, until = iter(waiting), budget.n_sent + len(waiting)
        while budget.n_sent < until and not budget.limit():
            yield from calls.ask(backend, budget.allot(rest), configuration)


def open_rater(rater: Rater, configuration: RaterConfiguration) -> Backend:
    """The backend of the rater's endpoints, open and known to answer; a server that is another one than it was ends
    certificates. Raises ServiceError in words where it does not answer."""
    found = raters.endpoints_of(rater)
    backend = endpoints.connect_all(found, model=configuration.model, rule=configuration.scoring_rule)
    settings = (
        (each.pk, each.max_in_flight, each.timeout_s, str(each.options), each.is_trusted, each.api_key_variable)
        for each in found
    )
    opened, facts = calls.open_backend((repr(backend), *settings), backend)
    check_offer(facts, configuration)
    servers.compare(rater, configuration, found, facts)
    return heads.seat(opened, facts, configuration)


def _is_alive(backend: Backend) -> bool:
    try:
        calls.look(backend)
    except ServiceError:
        return False
    return True


def _take(
    chunk: Sequence[CaseAnswer], run: Run, rater: Rater, batch: Batch, keys: dict[int, uuid.UUID], purse: Purse
) -> None:
    """Write what is an answer; keep what only says that the server failed. What was never sent is simply left."""
    settled = [each for each in chunk if not answers.is_servers_fault(each)]
    batch.failed += [each for each in chunk if answers.is_servers_fault(each) and each.was_sent]
    if settled:
        _count(answers.write(run, rater, settled, keys=keys, price=purse.price), batch)
    for each in chunk:
        keys.pop(int(each.case_id), None)  # of a long stream not all are kept
    purse.settle(chunk)


def _count(written: answers.Written, batch: Batch) -> None:
    batch.n_judged += written.n_new
    batch.n_unscored += written.n_unscored


def _settle_failures(run: Run, rater: Rater, batch: Batch, purse: Purse, *, is_alive: bool) -> None:
    """A failure counts against a case only if the server lives: then the case may be the poison.

    After ``answers.MAX_TRIES`` such tries the case is set aside as unscored, with the reason.
    """
    failed, batch.failed = batch.failed, []
    batch.n_failed += len(failed)
    if not is_alive or answers.is_keys_fault(failed[-1]):
        batch.trouble = answers.detail(failed[-1])
        return
    tried = _tries(rater, failed)
    spent = [each for each in failed if tried.get(int(each.case_id), 0) + 1 >= answers.MAX_TRIES]
    answers.note_failures(run, rater, [each for each in failed if each not in spent], price=purse.price)
    if spent:
        _count(answers.write(run, rater, spent, price=purse.price), batch)


def _tries(rater: Rater, failed: Sequence[CaseAnswer]) -> Mapping[int, int]:
    vain = Completion.objects.filter(rater=rater, judgment=None, case__in=[int(each.case_id) for each in failed])
    return dict(vain.values_list("case").annotate(n=Count("pk")))


def _close(run: Run, batch: Batch) -> None:
    rows = Run.objects.filter(pk=run.pk)
    if batch.trouble:
        rows.update(trouble=batch.trouble, trouble_at=Now())
    elif batch.n_judged:
        rows.update(trouble="", trouble_at=None)
    run.refresh_from_db()
    if run.n_done >= run.n_planned:
        runs.advance(run)
    if batch.limit:
        runs.end(run, Run.Status.STOPPED, trouble=batch.limit)
