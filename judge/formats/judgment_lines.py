"""Answers given elsewhere: what one line of a judgment file says, checked and named as we name it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from judge.errors import InputError
from judge.formats import fields, recgpt
from judge.formats.json_text import find_unstorable, type_name
from judge.rules.scales import Question

KNOWN_KEYS = ("item_id", "criterion", "rater", "kind", "label", "probs", "confidence", "rationale", "at")
NEEDED_KEYS = ("item_id", "criterion", "rater", "kind", "label")
OTHER_WORDS = {
    "id": "item_id", "item": "item_id", "annotator": "rater", "judge": "rater", "model": "rater", "user": "rater",
    "verdict": "label", "answer": "label", "choice": "label", "dimension": "criterion", "question": "criterion",
    "probabilities": "probs", "reason": "rationale", "explanation": "rationale", "comment": "rationale",
    "timestamp": "at", "created at": "at",
}  # fmt: skip
KINDS = {"person": True, "judge": False, "machine": False}
LONGEST_RATIONALE = 20_000
#: How far probabilities may miss a sum of one: people round them to two digits.
SUM_TOLERANCE = 0.02
#: Why an answer that was told as none has no label.
SKIPPED, NO_LABEL = "skipped", "no_label"


@dataclass(frozen=True, slots=True)
class JudgmentLine:
    """One rater's answer to one case. Without a label there is an ``unscored_reason``."""

    item_id: str
    criterion: str
    rater: str
    is_person: bool
    label: str | None
    unscored_reason: str = ""
    probs: dict[str, float] | None = None
    confidence: float | None = None
    rationale: str = ""
    at: datetime | None = None


class Scales:
    """The criteria that answers may speak of, and every name by which a label is known."""

    def __init__(self, questions: Iterable[Question]) -> None:
        self.questions = {question.key: question for question in questions}
        self._labels = {key: _label_names(question) for key, question in self.questions.items()}

    def criterion(self, told: str, where: str) -> str:
        """The key of a criterion; a project with one criterion need not name it."""
        if not told and len(self.questions) == 1:
            return next(iter(self.questions))
        if told not in self.questions:
            problem = f'there is no criterion "{told[:80]}"' if told else "no criterion"
            raise InputError(problem, where=where, expected=", ".join(self.questions))
        return told

    def label(self, criterion: str, told: str, where: str) -> str:
        """The key of a label that was told by its key, or by its title in any language of the rubric."""
        question = self.questions[criterion]
        if told in question.label_keys:
            return told
        found = self._labels[criterion].get(recgpt.fold(told), set())
        if len(found) != 1:
            problem = (
                f'label "{told[:80]}" is {"two labels" if found else "not in"} {"of " if found else ""}{criterion}'
            )
            raise InputError(problem, where=where, expected=", ".join(question.label_keys))
        return next(iter(found))


def judgment_from_row(row: Mapping[str, object], *, scales: Scales, where: str) -> JudgmentLine:
    """What one line says; an InputError tells what is wrong with it. Keys that are not ours are left alone."""
    if problem := find_unstorable(row):
        raise InputError(problem, where=where)
    _refuse_misspelt(row, where, needs_criterion=len(scales.questions) != 1)
    criterion = scales.criterion(fields.read_name(row, "criterion", where), where)
    is_person = _read_kind(row, where)
    probs = _read_probs(row, criterion, scales, where)
    label = _read_label(row, criterion, scales, probs, where)
    return JudgmentLine(
        item_id=_need(row, "item_id", where),
        criterion=criterion,
        rater=_need(row, "rater", where),
        is_person=is_person,
        label=label,
        unscored_reason="" if label is not None else SKIPPED if is_person else NO_LABEL,
        probs=probs if label is not None else None,
        confidence=_read_share(row.get("confidence"), "confidence", where),
        rationale=_read_rationale(row, where),
        at=fields.read_time(row, "at", where),
    )


def foreign_keys(row: Mapping[str, object]) -> set[str]:
    """The keys of a line that are none of ours."""
    return {key for key, value in row.items() if value is not None} - set(KNOWN_KEYS)


def _label_names(question: Question) -> dict[str, set[str]]:
    """Folded name → the keys of the labels that carry it."""
    names: dict[str, set[str]] = {}
    for asked in (question, *question.translations.values()):
        for label in asked.labels:
            for name in (label.key, label.title):
                names.setdefault(recgpt.fold(name), set()).add(label.key)
    return names


def _refuse_misspelt(row: Mapping[str, object], where: str, *, needs_criterion: bool) -> None:
    """A foreign key is left alone, unless it looks like a field that this very line needs and lacks."""
    lacking = [key for key in NEEDED_KEYS if key not in row and (key != "criterion" or needs_criterion)]
    if "label" in lacking and row.get("probs") is not None:
        lacking.remove("label")
    if not lacking:
        return
    for key in sorted(foreign_keys(row)):
        meant = OTHER_WORDS.get(recgpt.fold(key), "")
        if meant not in lacking:
            meant = recgpt.nearest(key, {each: each for each in lacking})
        if meant:
            raise InputError(
                f'"{key[:80]}" is not a field of a judgment', where=where, expected=meant, next_step="Rename it."
            )
    raise InputError(f"no {lacking[0]}", where=where, expected=", ".join(NEEDED_KEYS))


def _need(row: Mapping[str, object], key: str, where: str) -> str:
    value = fields.read_name(row, key, where)
    if not value:
        raise InputError(f"no {key}", where=where, expected=", ".join(NEEDED_KEYS))
    return value


def _read_kind(row: Mapping[str, object], where: str) -> bool:
    """Whether the rater is a person."""
    told = _need(row, "kind", where)
    if told.lower() not in KINDS:
        raise InputError(f'kind is "{told[:40]}"', where=where, expected="person, judge")
    return KINDS[told.lower()]


def _read_label(
    row: Mapping[str, object], criterion: str, scales: Scales, probs: Mapping[str, float] | None, where: str
) -> str | None:
    """The label's key: as told, else the most probable one; None where the line says that there is none."""
    told = row.get("label")
    if isinstance(told, float) and told.is_integer():
        told = int(told)  # a table with gaps makes 3.0 of 3
    name = fields.read_name({"label": told}, "label", where)
    if name:
        return scales.label(criterion, name, where)
    if probs is None:
        return None
    best = [key for key, share in probs.items() if share == max(probs.values())]
    if len(best) > 1:
        expected = f"label, where {' and '.join(best)} are equally probable"
        raise InputError("no label", where=where, expected=expected)
    return best[0]


def _read_probs(row: Mapping[str, object], criterion: str, scales: Scales, where: str) -> dict[str, float] | None:
    """Probabilities over the whole scale, in its order; a label that is not named has none."""
    told = row.get("probs")
    if told is None:
        return None
    if not isinstance(told, Mapping):
        raise InputError(f"probs is {type_name(told)}", where=where, expected='an object, as {"yes": 0.9, "no": 0.1}')
    found = dict.fromkeys(scales.questions[criterion].label_keys, 0.0)
    for name, value in told.items():
        key = scales.label(criterion, str(name), f"{where}, probs")
        share = _read_share(value, f"probs of {key}", where)
        found[key] += share or 0.0
    total = math.fsum(found.values())
    if not abs(total - 1) <= SUM_TOLERANCE:
        raise InputError(f"probs sum to {total:.4g}", where=where, expected="1")
    return {key: share / total for key, share in found.items()}


def _read_share(value: object, key: str, where: str) -> float | None:
    """A number from 0 to 1; a table may have written it as text."""
    if value is None:
        return None
    try:
        share = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        share = math.nan
    if not 0 <= share <= 1:
        raise InputError(f"{key} is {str(value)[:40]!r}", where=where, expected="a number from 0 to 1")
    return share


def _read_rationale(row: Mapping[str, object], where: str) -> str:
    text = fields.read_text({"rationale": row.get("rationale") or ""}, "rationale", where)
    if len(text) > LONGEST_RATIONALE:
        expected = f"at most {LONGEST_RATIONALE:,}"
        raise InputError(f"rationale is {len(text):,} characters long", where=where, expected=expected)
    return text
