"""Decided items for training formats, one context after the other: prompt, output and tier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from judge.actions import export_rows_sql, rubrics
from judge.actions.export_scope import RESERVED, Scope, Tally, read
from judge.formats.training import Prompt, render, text_of
from judge.formats.training_pairs import Group
from judge.models import Item
from judge.rules.scales import Question, ScaleKind, side_of
from judge.rules.tiers import Tier, tier

#: Why an output is in no pair and no list.
TORN = "output is in two tiers within one context"


@dataclass(frozen=True, slots=True)
class Decided:
    """An item with a label at least. ``tier`` is None while nothing is decided; ``preferred``: (chosen, rejected)."""

    split: str | None
    context_pk: int
    context_id: str
    context: str
    prompt: Prompt
    output: str
    language: str
    tier: Tier | None
    preferred: tuple[str, str] | None


def load(scope: Scope, tally: Tally) -> Iterator[Decided]:
    """Items by context and id. Those of reserved contexts are counted and left out."""
    context, prompt = "", Prompt("")
    questions = [each.question for each in rubrics.criteria_in_force(scope.project)]
    for row in read(export_rows_sql.ITEMS, scope.parameters):
        if row["is_first"]:
            context, prompt = text_of(row["context"]), _prompt(scope, row["context"])
        if row["is_reserved"]:
            tally.excluded[RESERVED] += 1
            continue
        asked = Prompt(row["prompt"], prompt.system) if row["prompt"] else prompt
        yield _decided(scope, questions, row, context, asked)


def groups(scope: Scope, tally: Tally) -> Iterator[tuple[Decided, Group]]:
    """The outputs that answer one prompt in one context, with the first of them. Torn outputs are counted."""
    for _, items in groupby(load(scope, tally), key=lambda each: each.context_pk):
        found: dict[Prompt, tuple[Decided, Group]] = {}
        for item in items:
            _, group = found.setdefault(item.prompt, (item, Group()))
            if item.tier:
                group.add(item.output, item.tier)
            if item.preferred:
                group.prefer(*item.preferred)
        for first, group in found.values():
            if group.torn:
                tally.excluded[TORN] += len(group.torn)
            yield first, group


def _prompt(scope: Scope, context: Any) -> Prompt:
    template = scope.project.generator_template
    assert template is not None
    return Prompt(render(template.user, context), template.system)


def _decided(scope: Scope, questions: list[Question], row: dict[str, Any], context: str, prompt: Prompt) -> Decided:
    assert scope.project.policy is not None
    labels, is_pair = row["labels"], row["kind"] == Item.Kind.PAIR
    return Decided(
        row["split"], row["context_pk"], row["context_id"], context, prompt, text_of(row["output"]),
        row["language"] or "unknown",
        None if is_pair else tier(labels, questions, scope.project.policy.tier_share),
        _preferred(labels, questions, row["output"]) if is_pair else None,
    )  # fmt: skip


def _preferred(labels: dict[str, str], questions: list[Question], output: dict[str, Any]) -> tuple[str, str] | None:
    """The pair as (chosen, rejected) where every preference that names a side names the same, and one does."""
    sides = {side_of(labels.get(each.key, "")) for each in questions if each.kind is ScaleKind.PREFERENCE} - {""}
    if len(sides) != 1:
        return None
    (better,) = sides
    return text_of(output[better]), text_of(output["b" if better == "a" else "a"])
