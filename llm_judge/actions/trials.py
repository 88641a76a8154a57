"""Trials: one prompt put to one case, to be looked at. Nothing of it is a judgment.

Only train and open items are tried: a prompt that was written while looking at the items that prove the judge would
be proved by what it was made of.
"""

from __future__ import annotations

import math
import time
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from judge.actions import events, queues
from judge.errors import CojudgeError, InputError, ServiceError
from judge.models import Case, Item, Project, User
from judge.rules.streams import Stream
from llm_judge.actions import calls, endpoints
from llm_judge.actions.answers import storable
from llm_judge.backends.base import check_offer
from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import Endpoint, Trial
from llm_judge.rules.budget import Price
from llm_judge.rules.configuration import RaterConfiguration
from llm_judge.rules.records import CompletionRequest, CompletionResult, Reply, Scored, Unscored
from llm_judge.rules.scoring import JudgeCase

#: Streams whose items may inform a prompt.
TRIABLE = (Stream.TRAIN, Stream.OPEN)
#: Seconds for all calls of one trial; tokens shown beside the first one of an answer.
DEADLINE_S, SHOWN_TOKENS = 120.0, 20
#: What stands for the logarithm of nothing, as vLLM writes it.
LOWEST = -9999.0


def offered(project: Project) -> QuerySet[Item]:
    """The items that prompts may be tried on, in the order of their arrival."""
    found = Item.objects.filter(project=project, stream__in=TRIABLE, erased_at=None, context__erased_at=None)
    return found.select_related("context").order_by("pk")


def find_item(project: Project, identity: str) -> Item:
    """The item of that name; raises InputError where there is none, or none that a prompt may be tried on."""
    item = Item.objects.select_related("context").filter(project=project, identity=identity).first()
    if item is None:
        raise InputError(f'there is no item "{identity}"', next_step="Copy its name from the page Items.")
    if item.stream not in TRIABLE:
        raise InputError(
            f'"{identity}" was drawn into the {item.stream} stream',
            expected="an item of the train or open stream",
            next_step="Prompts are not written by looking at items that prove the judge.",
        )
    if item.erased_at or item.context.erased_at:
        raise InputError(f'the text of "{identity}" was erased', next_step="Choose another item.")
    return item


def put(case: Case) -> JudgeCase:
    """A case as a machine would see it; the case with its item, context, criterion and project."""
    rubric = case.project.rubric
    return JudgeCase(
        case_id=str(case.pk),
        question=case.criterion.question,
        context=case.item.context.content,
        output=case.item.output,
        language=case.item.language or (rubric.language if rubric else "en"),
    )


def start(project: Project, configuration: RaterConfiguration, case: Case, *, endpoint: Endpoint, by: User) -> Trial:
    """Note the trial and wake a worker. Raises ServiceError where there is no queue; then nothing is noted."""
    queues.check_broker()
    trial = make(project, configuration, case, endpoint=endpoint, by=by)
    try:
        queues.send("llm_judge.tasks.try_prompt", trial.pk)
    except ServiceError as error:
        _end(trial, Trial.Status.FAILED, trouble=str(error))
    return trial


def make(project: Project, configuration: RaterConfiguration, case: Case, *, endpoint: Endpoint, by: User) -> Trial:
    """A trial that waits. Raises InputError for a case of another project or of a stream that may not be tried."""
    if case.project_id != project.pk or case.item.stream not in TRIABLE:
        raise InputError("this case may not be tried", expected=f"a train or open item of {project.name}")
    trial = Trial.objects.create(
        project=project, by=by, endpoint=endpoint, case=case, configuration=configuration.as_record()
    )
    events.note(project, "prompt tried", by=by, subject=f"trial:{trial.pk}", case=case.pk)
    return trial


def run(trial_id: int) -> None:
    """Ask, once. What goes wrong stands in the trial."""
    known = Trial.objects.select_related("endpoint", "case__item__context", "case__criterion", "project__rubric")
    trial = known.filter(pk=trial_id, status=Trial.Status.QUEUED).first()
    if trial is None:
        return
    try:
        answer = _ask(trial)
    except CojudgeError as error:
        _end(trial, Trial.Status.FAILED, trouble=str(error))
    else:
        _write(trial, answer)


def _ask(trial: Trial) -> CaseAnswer:
    configuration, endpoint = RaterConfiguration.from_record(trial.configuration), trial.endpoint
    backend = endpoints.connect(endpoint, model=configuration.model)
    key = (repr(backend), "trial", endpoint.pk, endpoint.timeout_s, str(endpoint.options))
    opened, facts = calls.open_backend(key, backend)
    check_offer(facts, configuration)
    until = time.monotonic() + DEADLINE_S
    for chunk in calls.ask(opened, [put(trial.case)], configuration):
        if chunk:
            return chunk[0]
        if time.monotonic() > until:
            break
    raise ServiceError(f'"{endpoint.name}" did not answer within {DEADLINE_S:g} seconds.')


def _write(trial: Trial, answer: CaseAnswer) -> None:
    endpoint = trial.endpoint
    price = Price(endpoint.price_in, endpoint.price_out)
    asked, said = [show(request) for request in answer.requests], answer.answer
    prompts = list(dict.fromkeys(asked))  # votes repeat theirs
    _end(
        trial,
        Trial.Status.DONE,
        result=_result(said)
        | {"calls": [_call(reply, prompts.index(shown)) for shown, reply in zip(asked, answer.replies, strict=True)]},
        texts={
            "prompts": prompts,
            "replies": [storable(r.text if isinstance(r, CompletionResult) else r.detail) for r in answer.replies],
            "rationale": storable(said.rationale) if isinstance(said, Scored) else "",
            "detail": storable(said.detail) if isinstance(said, Unscored) else "",
        },
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        cost=price.cost(answer.prompt_tokens, answer.completion_tokens),
        latency_ms=round(answer.latency_ms),
    )


def _result(said: Scored | Unscored) -> dict[str, Any]:
    if isinstance(said, Unscored):
        return {"unscored": said.reason.value}
    return {
        "label": said.label,
        "probs": dict(said.probs),
        "outside_mass": said.outside_mass,
        "is_order_sensitive": said.is_order_sensitive,
    }


def _call(reply: Reply, prompt: int) -> dict[str, Any]:
    """One call's figures; ``first``: the tokens that stood beside the first one, with their log-probabilities."""
    figures: dict[str, Any] = {
        "prompt": prompt,
        "ms": round(reply.latency_ms),
        "attempts": reply.attempts,
        "retried": [reason.value for reason in reply.retried],
    }
    if not isinstance(reply, CompletionResult):
        return figures | {"failed": reply.kind.value}
    tokens = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.completion_tokens}
    return figures | tokens | {"first": _first(reply)}


def _first(reply: CompletionResult) -> list[tuple[str, float]]:
    first = reply.tokens[0] if reply.tokens else None
    beside = sorted(first.alternatives, key=lambda pair: -pair[1]) if first else []
    return [
        (storable(token), logprob if math.isfinite(logprob) else LOWEST) for token, logprob in beside[:SHOWN_TOKENS]
    ]


def show(request: CompletionRequest) -> tuple[tuple[str, str], ...]:
    """A request as (who speaks, text)."""
    said = [(each.role, each.content) for each in request.messages] or [("prompt", request.prompt)]
    forced = [("forced", request.forced)] if request.forced else []
    return tuple((role, storable(text)) for role, text in [*said, *forced])


def _end(trial: Trial, status: Trial.Status, **columns: Any) -> None:
    Trial.objects.filter(pk=trial.pk, status=Trial.Status.QUEUED).update(status=status, finished_at=Now(), **columns)
    trial.refresh_from_db()
