"""What can be known of a certificate before there is one, from train items and the clock alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from judge.actions import bulk, calibrations, references, teaching, whereabouts_sql
from judge.models import Judge, Project
from judge.rules.imported import Reference
from judge.rules.references import reference_label
from judge.rules.stages import Stage
from judge.stats.intervals import Interval, wilson

#: Train cases read at most, the latest: enough for an interval of two points.
MOST_CASES = 3_000
#: Answers whose time is looked at, the latest.
RECENT_ANSWERS = 1_000

SECONDS = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t.seconds), count(*) FROM (__latest__) t
""".replace("__latest__", whereabouts_sql.LATEST_TIMES)


@dataclass(frozen=True, slots=True)
class TrainError:
    """How often the judge is wrong on train cases of a criterion: e of STATISTICS §1, on settled cases."""

    n_wrong: int
    n: int

    @property
    def share(self) -> float:
        return self.n_wrong / self.n

    @property
    def interval(self) -> Interval:
        found = wilson(self.n_wrong, self.n)
        assert found is not None  # there is one where anything was counted
        return found


def train_errors(project: Project, judge: Judge | None) -> Mapping[int, TrainError]:
    """By criterion id, where people have settled train cases on which the judge has spoken. Nothing for a judge that
    learned from these very labels: on them it looks better than it is."""
    if judge is None or calibrations.has_learned(judge):
        return {}
    settled = teaching.teachable(teaching.train_cases(project)).filter(stage__in=[Stage.AGREED, Stage.ADJUDICATION])
    chosen: dict[int, list[int]] = {}
    for pk, criterion in settled.order_by("-pk").values_list("pk", "criterion_id")[:MOST_CASES]:
        chosen.setdefault(criterion, []).append(pk)
    found = {criterion: _count(judge, criterion, ids) for criterion, ids in chosen.items()}
    return {criterion: each for criterion, each in found.items() if each.n}


def median_seconds(project: Project) -> tuple[float | None, int]:
    """How long people take for one answer, and of how many answers this is the median; None where none was timed."""
    ((seconds, n),) = bulk.execute(SECONDS, project=project.pk, recent=RECENT_ANSWERS)
    return (None if seconds is None else float(seconds)), n


def _count(judge: Judge, criterion: int, ids: list[int]) -> TrainError:
    read = [each for each in references.of_cases(judge, criterion, ids) if each.is_judged]
    people = [reference_label((), each.answers, reference=Reference.SINGLE) for each in read]
    wrong = sum(label is None or label != each.verdict for each, label in zip(read, people, strict=True))
    return TrainError(wrong, len(read))
