"""An adjudicated case becomes an anchored example: the next version of the rubric, with one example more.

A question with another example is another question: it starts without cases, labels and certificates. Only what
measures no judge may teach: an example that people and machines read would give away the answer to its own context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db import transaction
from django.db.models import Exists
from django.utils.translation import gettext as _

from judge.actions import events, rubrics, teaching
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Judgment, Project, Purpose, Rubric, User
from judge.rules.rubrics import RubricRecord
from judge.rules.scales import Example, Question
from judge.rules.settling import Basis
from judge.rules.streams import Stream

#: An example is read with every case: longer texts are cut here, and may be shortened further by hand.
LONGEST = 1_200


def why_not(case: Case) -> str:
    """Why the case cannot become an example, in words; empty where it can. Needs ``case.item.context`` loaded."""
    if _adjudicated(case) is None:
        return _("No adjudicator has decided it.")
    if case.item.stream in (Stream.CERTIFY, Stream.GOLD):
        return _("It measures judges: certify and gold cases stay apart from what teaches.")
    if case.is_reference:
        return _("It was audited or drawn as a sample: what measures a judge stays apart from what teaches.")
    if Case.objects.filter(Exists(teaching.tested_items()), pk=case.pk).exists():
        return _("Its context also holds a case that measures judges: the example would give that one away.")
    if case.item.erased_at or case.item.context.erased_at:
        return _("Its text was erased.")
    if case.criterion_id not in {each.pk for each in rubrics.criteria_in_force(case.project)}:
        return _("The rubric in force asks another question.")
    return ""


def propose(case: Case) -> Example:
    """The case as an example: its texts, and why, as the adjudicator wrote it. Raises InputError where it cannot be."""
    if refusal := why_not(case):
        raise InputError(_("this case cannot become an example"), next_step=refusal)
    label = _adjudicated(case)
    assert label is not None
    return Example(
        label=label.label,
        context=words(case.item.context.content)[:LONGEST],
        output=words(case.item.output)[:LONGEST],
        why=_why(case, label.label),
    )


@transaction.atomic
def add(case: Case, *, context: str, output: str, why: str, by: User) -> Rubric:
    """Put the next version of the rubric in force, with this example in the case's question.

    Raises InputError where the case may not teach, or the same example stands there already.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=case.project_id)
    example = replace(propose(case), context=context.strip(), output=output.strip(), why=why.strip())
    assert project.rubric is not None
    questions = tuple(
        _with_example(each.question, example) if each.pk == case.criterion_id else each.question
        for each in rubrics.criteria_in_force(project)
    )
    old = project.rubric
    record = RubricRecord(name=old.name, questions=questions, task=old.task, language=old.language)
    rubric = rubrics.put_in_force(project, record, by=by)
    events.note(project, "example added", by=by, subject=f"case:{case.pk}", rubric=rubric.version)
    return rubric


def _with_example(question: Question, example: Example) -> Question:
    """The question with one example more, in every language: the example stands in its own."""
    if any((each.context, each.output) == (example.context, example.output) for each in question.examples):
        raise InputError(_("this example stands in the rubric already"))
    translations = {
        language: replace(each, examples=(*each.examples, example)) for language, each in question.translations.items()
    }
    return replace(question, examples=(*question.examples, example), translations=translations)


def words(value: object) -> str:
    """A text, or what JSON holds, as people read it.

    >>> words({"profile": "tall", "history": ["tent", "stove"]})
    'profile: tall\\nhistory: tent; stove'
    """
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {words(each)}" for key, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(words(each) for each in value)
    return "" if value is None else str(value)


def _adjudicated(case: Case) -> AgreedLabel | None:
    live = AgreedLabel.objects.filter(case=case, status=AgreedLabel.Status.LIVE, basis=Basis.ADJUDICATED)
    found: AgreedLabel | None = live.first()
    return found


def _why(case: Case, label: str) -> str:
    decided = Judgment.objects.filter(case=case, purpose=Purpose.ADJUDICATION, label=label, retracted_at=None)
    row = decided.select_related("text").order_by("-pk").first()
    return row.text.note if row and row.text else ""
