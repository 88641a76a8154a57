"""What the page Certificates shows of each criterion: the promise, what it rests on, and what watches it.

Until something was certified, nothing of the certify stream is shown but that it was tested; this module hands the
template no figure of a test that certified nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q

from judge.actions import cells, rubrics
from judge.models import Alarm, Case, Certificate, Criterion, Frame, Judge, Project, WaitingBatch
from judge.rules.routing import CellState
from judge.rules.scales import Question
from judge.rules.stages import Stage
from judge.rules.streams import Stream

#: The e-detector rings here (STATISTICS §4).
ALARM_LEVEL = 2000


@dataclass(frozen=True, slots=True)
class Progress:
    """Certify cases of a criterion under the rubric in force, and how many of them wait for people or a judge."""

    n: int = 0
    n_waiting: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """``n_hits`` of ``n``."""

    n_hits: int
    n: int

    @property
    def value(self) -> float | None:
        return self.n_hits / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Proof:
    """A test that certified something, with what always stands beside alpha."""

    row: Certificate
    frames: tuple[str, ...]
    passes: Share
    majority_label: str
    majority_share: float | None

    @property
    def errors(self) -> Share:
        return Share(self.row.n_errors, self.row.n_accepted)

    @property
    def surety(self) -> float:
        return 1 - self.row.delta


@dataclass(frozen=True, slots=True)
class Promise:
    """One criterion under the judge in force. ``proof`` is None where its latest test certified nothing, or there was
    none; ``tested_at`` tells the two apart."""

    criterion: Criterion
    question: Question
    alpha: float
    delta: float
    progress: Progress
    state: CellState = CellState.UNCERTIFIED
    tested_at: datetime | None = None
    proof: Proof | None = None
    alarms: list[Alarm] = field(default_factory=list)
    batches: list[WaitingBatch] = field(default_factory=list)

    @property
    def is_certified(self) -> bool:
        return self.state is CellState.CERTIFIED


@dataclass(frozen=True, slots=True)
class Test:
    """One test of any judge, for the table of all of them. ``proof`` as in a promise."""

    judge: Judge
    title: str
    state: CellState
    reason: str
    at: datetime
    proof: Certificate | None


def read(project: Project, language: str) -> list[Promise]:
    """The promises of the criteria of the rubric in force, in its order."""
    criteria, progress = rubrics.criteria_in_force(project), _progress(project)
    latest = _standing(project)
    proofs = {pk: row for pk, row in latest.items() if row.threshold is not None}
    frames = dict(Frame.objects.filter(project=project).values_list("pk", "name"))
    rung, drawn = _alarms(criteria), _batches(row.pk for row in proofs.values())
    found = []
    for criterion in criteria:
        assert project.policy is not None
        row, question = latest.get(criterion.pk), criterion.question.in_language(language)
        alpha, delta = project.policy.risk_of(criterion.key)
        found.append(Promise(
            criterion, question, alpha, delta, progress.get(criterion.pk, Progress()),
            state=CellState(row.state) if row else CellState.UNCERTIFIED,
            tested_at=row.created_at if row else None,
            proof=_proof(row, question, frames) if row and criterion.pk in proofs else None,
            alarms=rung[criterion.pk], batches=drawn[row.pk] if row else [],
        ))  # fmt: skip
    return found


def tests(project: Project, language: str) -> list[Test]:
    """Every test of every judge, the newest first; of those that certified nothing only that and when."""
    rows = Certificate.objects.filter(project=project).select_related("judge", "criterion").order_by("-pk")
    return [
        Test(
            judge=row.judge,
            title=row.criterion.question.in_language(language).title,
            state=CellState(row.state),
            reason=row.state_reason if row.threshold is not None else "",
            at=row.created_at,
            proof=row if row.threshold is not None else None,
        )
        for row in rows
    ]


def _standing(project: Project) -> Mapping[int, Certificate]:
    found = cells.standing(Certificate.objects.filter(judge=project.judge_id)).select_related("watch", "judge")
    return {row.criterion_id: row for row in found} if project.judge_id else {}


def _progress(project: Project) -> Mapping[int, Progress]:
    answered = Q(stage__in=[Stage.AGREED, Stage.ADJUDICATION])
    drawn = Case.objects.filter(project=project, item__stream=Stream.CERTIFY).values_list("criterion")
    rows = drawn.annotate(n=Count("pk"), waiting=Count("pk", filter=~answered)).order_by()
    return {criterion: Progress(n, waiting) for criterion, n, waiting in rows}


def _alarms(criteria: Iterable[Criterion]) -> Mapping[int, list[Alarm]]:
    found = Alarm.objects.filter(certificate__criterion__in=criteria).select_related("certificate").order_by("-pk")
    rung: dict[int, list[Alarm]] = defaultdict(list)
    for alarm in found:
        rung[alarm.certificate.criterion_id].append(alarm)
    return rung


def _batches(certificates: Iterable[int]) -> Mapping[int, list[WaitingBatch]]:
    drawn: dict[int, list[WaitingBatch]] = defaultdict(list)
    for batch in WaitingBatch.objects.filter(certificate__in=list(certificates)).order_by("-pk"):
        drawn[batch.certificate_id].append(batch)
    return drawn


def _proof(row: Certificate, question: Question, frames: Mapping[int, str]) -> Proof:
    said, wrong = row.figures.get("accepted", {}), row.figures.get("errors", {})
    passing = [label.key for label in question.labels if label.passes]
    majority = row.figures.get("majority_label", "")
    return Proof(
        row,
        frames=tuple(frames.get(pk, str(pk)) for pk in row.frames),
        passes=Share(sum(wrong.get(key, 0) for key in passing), sum(said.get(key, 0) for key in passing)),
        majority_label=next((label.title for label in question.labels if label.key == majority), majority),
        majority_share=row.figures.get("majority_share"),
    )
