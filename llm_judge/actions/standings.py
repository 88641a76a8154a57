"""How the judges of a project stand beside one another: what they said, what it cost, how often people agree.

Agreement is read off train items alone. Certify and gold items must not inform the choice of a judge or a prompt, and
audited cases prove the judge in force: a page that showed them would use them up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, Sum

from judge.models import AgreedLabel, Judge, Project, Rater, Verdict
from judge.rules.settling import Basis
from judge.rules.streams import Stream
from judge.rules.verdicts import Doubt
from judge.stats.intervals import Interval, wilson
from llm_judge.models import Run, StudentHead, Trial

BY_PEOPLE = (Basis.SINGLE, Basis.CONSENSUS, Basis.ADJUDICATED)

type Row = Mapping[str, Any]
NONE: Row = {}


@dataclass(frozen=True, slots=True)
class Standing:
    """One judge. ``n_checked``: its verdicts on train cases on which people agreed, ``n_agreeing`` of them the same.

    A judge that ``has_learned`` from these very labels is not held against them: of a lone student it is the answers
    of weights that had not seen the context that count (out of fold); of a panel with one, nothing.
    """

    judge: Judge
    raters: tuple[Rater, ...]
    n: int = 0
    n_unscored: int = 0
    n_disagreeing: int = 0
    n_suspicious: int = 0
    n_checked: int = 0
    n_agreeing: int = 0
    tokens: int = 0
    cost: float = 0.0

    @property
    def has_learned(self) -> bool:
        return any("head" in (rater.configuration or {}) for rater in self.raters)

    @property
    def agreement(self) -> float | None:
        return self.n_agreeing / self.n_checked if self.n_checked else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.n_agreeing, self.n_checked)

    @property
    def share_unscored(self) -> float | None:
        return self.n_unscored / self.n if self.n else None

    @property
    def share_disagreeing(self) -> float | None:
        return self.n_disagreeing / self.n if self.n else None

    @property
    def is_askable(self) -> bool:
        """Whether a run can put cases to it: not where a rater's answers were imported."""
        return bool(self.raters) and all(is_askable(rater) for rater in self.raters)


def is_askable(rater: Rater) -> bool:
    return is_prompted(rater) or "head" in (rater.configuration or {})


def is_prompted(rater: Rater) -> bool:
    """Whether it is a model with a prompt, from which another can be written."""
    return "scoring_rule" in (rater.configuration or {})


def read(project: Project) -> list[Standing]:
    """The standings of all judges of the project, the latest first."""
    judges = Judge.objects.filter(project=project).prefetch_related("seats__rater").order_by("-version")
    said, checked, spent, folds = _said(project), _checked(project), _spent(project), _out_of_fold(project)
    found = []
    for judge in judges:
        raters = tuple(seat.rater for seat in judge.seats.all())
        fair = folds if Standing(judge, raters).has_learned else checked
        figures = [rows.get(judge.pk, NONE).items() for rows in (said, fair, spent)]
        found.append(Standing(judge, raters, **{name: value or 0 for rows in figures for name, value in rows}))
    return found


def trials(project: Project) -> Row:
    """What trials of prompts took so far: n, tokens, cost."""
    return Trial.objects.filter(project=project).aggregate(
        n=Count("pk"), tokens=Sum(F("prompt_tokens") + F("completion_tokens"), default=0), cost=Sum("cost", default=0.0)
    )


def _said(project: Project) -> dict[int, Row]:
    rows = Verdict.objects.filter(judge__project=project).values("judge")
    return _by_judge(
        rows.annotate(
            n=Count("pk"),
            n_unscored=Count("pk", filter=Q(label=None)),
            n_disagreeing=Count("pk", filter=Q(doubt=Doubt.JUDGES_DISAGREE)),
            n_suspicious=Count("pk", filter=Q(doubt=Doubt.SUSPICIOUS)),
        ),
        "judge",
    )


def _checked(project: Project) -> dict[int, Row]:
    labels = AgreedLabel.objects.filter(
        case__project=project,
        case__item__stream=Stream.TRAIN,
        basis__in=BY_PEOPLE,
        status=AgreedLabel.Status.LIVE,
        case__verdicts__label__isnull=False,
    )
    counted = labels.values("case__verdicts__judge").annotate(
        n_checked=Count("pk"), n_agreeing=Count("pk", filter=Q(case__verdicts__label=F("label")))
    )
    return _by_judge(counted, "case__verdicts__judge")


def _out_of_fold(project: Project) -> dict[int, Row]:
    """Of lone students: labels of people, and how many of them weights gave that saw nothing of the context."""
    rows = StudentHead.objects.filter(project=project).values_list("judge_id", "figures")
    found: dict[int, Row] = {}
    for judge_id, figures in rows:
        pairs = [(each["n_labels"], each["agreement"]) for each in figures.values()]
        found[judge_id] = {
            "n_checked": sum(n for n, _share in pairs),
            "n_agreeing": sum(round(n * share) for n, share in pairs),
        }
    return found


def _spent(project: Project) -> dict[int, Row]:
    rows = Run.objects.filter(project=project).values("judge")
    return _by_judge(
        rows.annotate(n_tokens=Sum(F("prompt_tokens") + F("completion_tokens")), money=Sum("cost")).values(
            "judge", tokens=F("n_tokens"), cost=F("money")
        ),
        "judge",
    )


def _by_judge(rows: Any, column: str) -> dict[int, Row]:
    return {row.pop(column): row for row in map(dict, rows)}
