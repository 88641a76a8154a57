"""The rows of every export format: functions of a scope that yield (split, row)."""

from __future__ import annotations

from judge import registry
from judge.actions import export_sql, rubrics
from judge.actions.export_scope import RESERVED, Format, Rows, Scope, Tally, read
from judge.formats import training


def labels(scope: Scope, tally: Tally) -> Rows:
    """Every live agreed label with its provenance, in the order in which they were agreed."""
    for row in read(export_sql.LABELS, scope.parameters):
        tally.counts[f"{row['criterion']} · {row['basis']}"] += 1
        yield row["split"], training.labels_row(**row)


def sft(scope: Scope, tally: Tally) -> Rows:
    """Qualified items as conversations: rejection sampling.

    An item qualifies when every criterion of the rubric in force has a live label that passes. Items whose context
    holds a certify, gold or audited case are left out, so that no model is trained on what measures it.
    """
    template = scope.project.generator_template
    assert template is not None
    for row in read(export_sql.QUALIFIED, scope.parameters):
        if row["is_reserved"]:
            tally.excluded[RESERVED] += 1
            continue
        tally.counts[row["language"] or "unknown"] += 1
        prompt = row["prompt"] or template.user.replace("{context}", training.text_of(row["context"]))
        yield row["split"], training.sft_row(prompt=prompt, output=row["output"], system=template.system)


def judge_sft(scope: Scope, tally: Tally) -> Rows:
    """What a judge is asked and what people said, in the words of a machine that the project could ask.

    Cases of the train stream, and open ones that were routed to people and decided by them. Items whose context holds
    a certify, gold or audited case are left out, so that no judge is trained on what measures it.
    """
    (write,) = registry.judge_lessons.values()
    asked = {each.pk: each.question for each in rubrics.criteria_in_force(scope.project)}
    language = scope.project.rubric.language if scope.project.rubric else "en"
    for row in read(export_sql.JUDGED_BY_PEOPLE, scope.parameters):
        if row["is_reserved"]:
            tally.excluded[RESERVED] += 1
            continue
        question = asked[row["criterion_id"]]
        tally.counts[f"{question.key} · {row['label']}"] += 1
        for conversation in write(
            question, context=row["context"], output=row["output"], language=row["language"] or language,
            label=row["label"],
        ):  # fmt: skip
            yield row["split"], training.judge_row(conversation)


FORMATS: dict[str, Format] = {"labels": labels, "sft": sft, "judge-sft": judge_sft}
