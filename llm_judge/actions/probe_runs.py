"""Probe runs: a judge is asked about copies of items in which one thing is changed. Nothing of it is a judgment.

A lead asks for the first; each later judge that comes in force is then probed by itself, once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from judge.actions import bulk, events, queues
from judge.errors import InputError, ServiceError
from judge.models import Event, Judge, Project, Rater, User
from judge.rules.scales import Question
from llm_judge.actions import batches, calls, cases, probes_sql, raters, standings
from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import ProbeAnswer
from llm_judge.rules import altering
from llm_judge.rules.records import Scored
from llm_judge.rules.scoring import JudgeCase

Arm = ProbeAnswer.Arm
ASKED_FOR, DONE = "probes asked for", "judge probed"
#: The most questions put to a judge, all its raters together; each takes a call or two.
MOST_QUESTIONS = 600


@dataclass(frozen=True, slots=True)
class Copy:
    """A case of the sample: its text, and the brand that its item names."""

    case: int
    question: Question
    context: Any
    output: Any
    language: str
    brand: str


def ask_for(project: Project, *, by: User) -> None:
    """Have the judge in force probed by a worker. Raises InputError where it cannot be asked, ServiceError where
    there is no queue; then nothing is noted."""
    judge = project.judge
    if judge is None or not all(standings.is_askable(rater) for rater in raters.seated(judge)):
        raise InputError(f"{project.name} has no judge in force that can be asked", expected="a judge with endpoints")
    queues.check_broker()
    events.note(project, ASKED_FOR, by=by, subject=f"judge:{judge.pk}")
    queues.send("llm_judge.tasks.probe_judge", judge.pk)


def run_due() -> int:
    """Probe each judge in force that was not, in projects where a lead once asked for it; returns how many."""
    asked = Event.objects.filter(verb=ASKED_FOR).values("project")
    n_probed = 0
    for project in Project.objects.filter(pk__in=asked, judge__isnull=False).select_related("judge"):
        done = Event.objects.filter(project=project, verb=DONE, subject=f"judge:{project.judge_id}")
        if project.judge and not done.exists():
            n_probed += run(project.judge.pk)
    return n_probed


def run(judge_id: int) -> bool:
    """Ask what was not asked yet, and note the end. False where the judge could not be asked: it is tried again."""
    judge = Judge.objects.select_related("project__rubric").get(pk=judge_id)
    seats = raters.seated(judge)
    try:
        for rater in seats:
            _ask(judge, rater, MOST_QUESTIONS // max(1, len(seats)))
    except (InputError, ServiceError):
        return False
    events.note(judge.project, DONE, by=None, subject=f"judge:{judge.pk}")
    return True


def _ask(judge: Judge, rater: Rater, most: int) -> None:
    sample = _sample(judge, most // 2)
    known = set(
        ProbeAnswer.objects.filter(rater=rater, case__in=[each.case for each in sample]).values_list("case", "arm")
    )
    wanted = [each for each in _questions(sample) if _key(each) not in known][:most]
    if not wanted:
        return
    configuration = raters.configuration_of(rater)
    opened = batches.open_rater(rater, configuration)
    questions = {each.case: each.question for each in sample}
    for chunk in calls.ask(opened, wanted, configuration):
        rows = [_row(rater, answer, questions) for answer in chunk if answer.was_sent]
        ProbeAnswer.objects.bulk_create(rows, ignore_conflicts=True)


def _sample(judge: Judge, most: int) -> list[Copy]:
    """Cases of the train and gold streams and audited ones, the same for every judge of the rubric: the first by the
    hash of their items, so that no figure chooses them."""
    rows = bulk.execute(
        probes_sql.SAMPLE, judge=judge.pk, rubric=judge.project.rubric_id, project=judge.project_id, limit=most
    )
    asked = cases.questions_of({row[1] for row in rows})
    usual = judge.project.rubric.language if judge.project.rubric else "en"
    return [
        Copy(case, asked[criterion], _read(context), _read(output), language or usual, brand)
        for case, criterion, context, output, language, brand in rows
    ]


def _read(value: Any) -> Any:
    """JSON of a column, which the cursor may bring as text."""
    return orjson.loads(value)


def _questions(sample: Sequence[Copy]) -> Iterator[JudgeCase]:
    """Every copy as it is and with each change that can be made; the arms of one case stand together."""
    brands = [name for name, _ in sorted(Counter(each.brand for each in sample if each.brand).items())]
    for each in sample:
        arms = {Arm.PADDING: altering.pad(each.output, each.language), Arm.BRAND_SWAP: _swapped(each, brands)}
        changed = {arm: output for arm, output in arms.items() if output is not None}
        for arm, output in ({Arm.PLAIN: each.output} | changed if changed else {}).items():
            yield JudgeCase(f"{each.case}:{arm.value}", each.question, each.context, output, each.language)


def _swapped(copy: Copy, brands: Sequence[str]) -> Any | None:
    """With the brand that follows in the alphabet."""
    if copy.brand not in brands or len(brands) < 2:
        return None
    return altering.swap(copy.output, copy.brand, brands[(brands.index(copy.brand) + 1) % len(brands)])


def _key(case: JudgeCase) -> tuple[int, str]:
    pk, arm = case.case_id.split(":")
    return int(pk), arm


def _row(rater: Rater, answer: CaseAnswer, questions: dict[int, Question]) -> ProbeAnswer:
    pk, arm = answer.case_id.split(":")
    said, question = answer.answer, questions[int(pk)]
    tokens = {"prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.completion_tokens}
    if not isinstance(said, Scored):
        return ProbeAnswer(case_id=int(pk), rater=rater, arm=arm, unscored_reason=said.reason.value, **tokens)
    passing = sum(p for label, p in said.probs.items() if question.passes(label))
    return ProbeAnswer(
        case_id=int(pk), rater=rater, arm=arm, label=said.label, passing=min(1.0, max(0.0, passing)), **tokens
    )
