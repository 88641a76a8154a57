"""What the slider of the page Risk shows at each target: texts, so that a browser moves along them without counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from judge.models import Policy
from judge.rules.attainable import most_attainable
from judge.rules.routing import FIRST_PEOPLE
from judge.stats.intervals import wilson
from judge.templatetags.words import exact, percent

type Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """What answering takes: open cases, seconds of an answer (None where none was timed), answers a case that people
    get, the share that is audited, money of an hour of people and of a case judged, None where nobody said."""

    cases: int
    seconds: float | None
    answers_per_case: float
    audited: float
    hourly: float | None
    per_case: float | None

    def hours(self, share: float) -> float | None:
        """Of people, where ``share`` of the open cases is accepted: the others are answered, and audits by two."""
        if self.seconds is None:
            return None
        answers = (1 - share) * self.answers_per_case + share * self.audited * FIRST_PEOPLE
        return self.cases * answers * self.seconds / 3600

    def money(self, share: float) -> float | None:
        hours = self.hours(share)
        if hours is None or self.hourly is None:
            return None
        return hours * self.hourly + self.cases * (self.per_case or 0.0)


@dataclass(frozen=True, slots=True)
class Row:
    """One target. ``share``, ``low``, ``high``: of the cases, accepted; ``most``: what no method can exceed."""

    target: str
    alpha: float
    share: float
    low: float
    high: float
    most: float
    texts: Mapping[str, str]


def rows(coverage: Figures, certify: Sequence[int], work: Work) -> list[Row]:
    """From the least agreement to the most."""
    return [_row(each, coverage, certify, work) for each in reversed(coverage["prospects"])]


def work_of(effort: Figures, coverage: Figures, keys: tuple[str, str], policy: Policy, hourly: float | None) -> Work:
    """``keys``: of the judge and of the criterion in ``effort``."""
    judge, criterion = keys
    cost = effort["costs"].get(judge)
    return Work(
        max(0, effort["cases"].get(criterion, 0)), effort["seconds"], coverage["answers_per_case"], policy.pi_min,
        hourly, cost["money"] if cost else None,
    )  # fmt: skip


def _row(prospect: Figures, coverage: Figures, certify: Sequence[int], work: Work) -> Row:
    alpha = prospect["alpha"]
    share, low, high = prospect["share"]
    most = most_attainable(coverage["errors"] / coverage["n"], alpha)
    texts = {
        "target": exact(1 - alpha),
        "share": _span(share, low, high),
        "certified": percent(prospect["certified"]),
        "threshold": _thresholds(prospect["thresholds"]),
        "most": _most(coverage, alpha),
        "hours": _hours(work, share, low, high),
        "money": _money(work, share),
        "needed": _needed(prospect["needed"], certify),
    }
    return Row(f"{100 * (1 - alpha):g}", alpha, share, low, high, most, texts)


def _span(share: float, low: float, high: float) -> str:
    return _("%(middle)s (%(low)s to %(high)s)") % {
        "middle": percent(share), "low": percent(low), "high": percent(high),
    }  # fmt: skip


def _thresholds(found: Sequence[float | None]) -> str:
    """The middle one, and those of the draws that accept least and most."""
    middle, strict, loose = found
    if middle is None:
        return _("none")
    ends = {"middle": f"{middle:.3f}", "low": f"{loose or 0:.3f}", "high": "∞" if strict is None else f"{strict:.3f}"}
    return _("%(middle)s (%(low)s to %(high)s)") % ends


def _most(coverage: Figures, alpha: float) -> str:
    """With the interval that the judge's error on train and gold cases has."""
    ends = wilson(coverage["errors"], coverage["n"])
    assert ends is not None
    return _span(
        most_attainable(coverage["errors"] / coverage["n"], alpha),
        most_attainable(ends.high, alpha),
        most_attainable(ends.low, alpha),
    )


def _hours(work: Work, share: float, low: float, high: float) -> str:
    hours, least, most = work.hours(share), work.hours(high), work.hours(low)
    if hours is None or least is None or most is None:
        return _("not known: no answer was timed")
    return _("%(middle)s (%(low)s to %(high)s)") % {
        "middle": _amount(hours), "low": _amount(least), "high": _amount(most),
    }  # fmt: skip


def _money(work: Work, share: float) -> str:
    money = work.money(share)
    return "–" if money is None else _amount(money)


def _needed(needed: int | None, certify: Sequence[int]) -> str:
    """Certify cases that are still to be answered before nine tests in ten certify something."""
    drawn, answered = certify
    if needed is None:
        return _("over 100,000, or no number helps")
    still = {"needed": number_format(needed), "still": number_format(max(0, needed - answered))}
    if needed <= answered:
        return _("none: %(needed)s would do") % still
    if needed <= drawn:
        return _("%(still)s answers to cases that are drawn already") % still
    return _("%(still)s of %(needed)s certify cases") % still


def _amount(value: float) -> str:
    return number_format(value, 1 if value < 100 else 0, force_grouping=True) if isfinite(value) else "–"


def chosen(found: Sequence[Row], target: float) -> Row:
    """The row nearest to a target in hundredths."""
    return min(found, key=lambda row: abs(float(row.target) - target))
