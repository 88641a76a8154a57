"""The rows of every export format: functions of a scope that yield (split, row).

Training formats leave out every item whose context holds a certify, gold or audited case, so that no model is trained
on what measures it. They hold one context at a time in memory.
"""

from __future__ import annotations

from collections.abc import Mapping

from judge import registry
from judge.actions import export_items, export_rows_sql, export_sql, rubrics
from judge.actions.export_scope import RESERVED, Format, Rows, Scope, Tally, read
from judge.formats import training, training_dialects
from judge.formats.training_dialects import Kind, Layout
from judge.formats.training_pairs import Group
from judge.rules import rebalancing
from judge.rules.scales import Question
from judge.rules.tiers import Tier

#: Why something is not in the file.
UNDECIDED = "item lacks a label on a criterion"
CAPPED = "pair above the most that one context gives"
UNRANKED = "prompt has no outputs of two tiers"
COMMON = "lesson of a common label above its equal share"


def labels(scope: Scope, tally: Tally) -> Rows:
    """Every live agreed label with its provenance, in the order in which they were agreed."""
    for row in read(export_sql.LABELS, scope.parameters):
        tally.counts[f"{row['criterion']} · {row['basis']}"] += 1
        yield row["split"], training.labels_row(**row)


def sft(scope: Scope, tally: Tally) -> Rows:
    """Qualified items: rejection sampling.

    An item qualifies when every criterion of the rubric in force has a live label that passes.
    """
    layout = layout_of(scope, "sft")
    for item in export_items.load(scope, tally):
        if item.tier is None:
            tally.excluded[UNDECIDED] += 1
        elif item.tier is not Tier.BAD:
            tally.counts[item.language] += 1
            yield item.split, layout.write(item.prompt, item.output)


def kto(scope: Scope, tally: Tally) -> Rows:
    """Every decided item, and whether it qualifies. As soon as one of its labels fails, it is decided and does not."""
    layout = layout_of(scope, "kto")
    for item in export_items.load(scope, tally):
        if item.tier is None:
            tally.excluded[UNDECIDED] += 1
            continue
        qualifies = item.tier is not Tier.BAD
        tally.counts["qualified" if qualifies else "not qualified"] += 1
        yield item.split, layout.write(item.prompt, item.output, qualifies)


def dpo(scope: Scope, tally: Tally) -> Rows:
    """Pairs of outputs of one context: S > A > B, and those that were compared as pairs. Ties make none."""
    layout = layout_of(scope, "dpo")
    for first, group in export_items.groups(scope, tally):
        found = group.pairs()
        if group.n_pairs > len(found):
            tally.excluded[CAPPED] += group.n_pairs - len(found)
        for chosen, rejected in found:
            tally.counts[_kind_of_pair(group, chosen, rejected)] += 1
            yield first.split, layout.write(first.prompt, chosen, rejected)


def listwise(scope: Scope, tally: Tally) -> Rows:
    """The outputs of a context with their tiers, where there are two tiers at least."""
    layout = layout_of(scope, "listwise")
    for first, group in export_items.groups(scope, tally):
        if not group.is_ranked:
            tally.excluded[UNRANKED] += 1
            continue
        tally.counts.update(f"tier {tier.value}" for _, tier in group.candidates)
        yield first.split, layout.write(first.prompt, first.context, group.candidates)


def grpo(scope: Scope, tally: Tally) -> Rows:
    """The prompt of every context of which an item is decided; the outputs that qualified stand by for the reward."""
    layout, index, project = layout_of(scope, "grpo"), 0, scope.project
    for first, group in export_items.groups(scope, tally):
        if not group.candidates:
            continue
        qualified = [text for text, tier in group.candidates if tier is not Tier.BAD]
        tally.counts["with a qualified output" if qualified else "without one"] += 1
        extra = {
            "index": index, "split": first.split or "", "context_id": first.context_id,
            "n_outputs": len(group.candidates), "n_qualified": len(qualified),
        }  # fmt: skip
        index += 1
        row = layout.write(first.prompt, source=project.slug, task=project.task, qualified=qualified, extra=extra)
        yield first.split, row


def judge_sft(scope: Scope, tally: Tally) -> Rows:
    """What a judge is asked and what people said, in the words of a machine that the project could ask.

    Cases of the train stream, and open ones that were routed to people and decided by them. Common labels are cut as
    judge.rules.rebalancing says; how many there were of each stands in the counts too.
    """
    (write,) = registry.judge_lessons.values()
    layout = layout_of(scope, "judge-sft")
    asked = {each.pk: each.question for each in rubrics.criteria_in_force(scope.project)}
    language = scope.project.rubric.language if scope.project.rubric else "en"
    shares = _shares(scope, tally, asked)
    for row in read(export_rows_sql.LESSONS, scope.parameters):
        question, label = asked[row["criterion_id"]], row["label"]
        if row["is_reserved"] or row["place"] > shares[row["criterion_id"]]:
            tally.excluded[RESERVED if row["is_reserved"] else COMMON] += 1
            continue
        tally.counts[f"{question.key} · {label}"] += 1
        told = {"context": row["context"], "output": row["output"], "language": row["language"] or language}
        for conversation in write(question, **told, label=label):
            yield row["split"], layout.write(conversation, label)


FORMATS: dict[str, Format] = {
    "labels": labels, "sft": sft, "kto": kto, "dpo": dpo, "listwise": listwise, "judge-sft": judge_sft, "grpo": grpo,
}  # fmt: skip


def layout_of(scope: Scope, format: str) -> Layout:
    """How rows of a training format look in the scope's dialect. Raises InputError where the trainer has none."""
    template = scope.project.generator_template
    has_system = format == "judge-sft" or bool(template and template.system)
    return training_dialects.find(format, scope.dialect, scope.variant, has_system=has_system)


def columns_of(scope: Scope, format: str) -> Mapping[str, Kind]:
    """Field → what it holds, for tables and checks."""
    return training.LABELS_COLUMNS if format == "labels" else layout_of(scope, format).columns


def _kind_of_pair(group: Group, chosen: str, rejected: str) -> str:
    if (chosen, rejected) in group.compared:
        return "compared"
    return f"{group.tiers[chosen].value} > {group.tiers[rejected].value}"


def _shares(scope: Scope, tally: Tally, asked: dict[int, Question]) -> dict[int, int]:
    """What each label of a criterion may keep; how many lessons there are of each is counted."""
    found = {(row["criterion_id"], row["label"]): row["n"] for row in read(export_rows_sql.CLASSES, scope.parameters)}
    for (criterion, label), n in found.items():
        tally.counts[f"{asked[criterion].key} · {label}, before rebalancing"] = n
    return rebalancing.shares(found)
