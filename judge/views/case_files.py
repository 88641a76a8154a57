"""Everything known of one item, case by case, cut down to what the reader may see.

What must stay hidden never reaches the template: people's answers on certify items (nobody may learn from what proves
the judge), and the machines' view and others' answers for readers who may still answer the case themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.models import AgreedLabel, Case, Decision, Item, Judgment, Purpose, Rater, Role, Verdict
from judge.rules.routing import Reason
from judge.rules.scales import Question, ScaleKind, depends_on_order, expected_score
from judge.rules.stages import Stage
from judge.rules.streams import Stream

#: Who answers a case at a stage, and therefore must not read the machines' view before it is settled.
ANSWERING = {
    Stage.IMPORTED: Role.ANNOTATOR,
    Stage.PEOPLE: Role.ANNOTATOR,
    Stage.ADJUDICATION: Role.ADJUDICATOR,
}


#: Answers that measure a person: shown to leads alone, so that nobody learns which of theirs did.
MEASURING_PEOPLE = frozenset({Purpose.GOLD_QUESTION, Purpose.REPEAT, Purpose.TRAINING, Purpose.SHOWN_FIRST})

#: Reasons that tell what people said: kept from who reads a certify item.
TELLING = frozenset({Reason.PEOPLE_DISAGREE, Reason.LABEL_DOUBTED, Reason.REQUESTED})


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the roles held decide what is shown."""

    roles: frozenset[str]
    language: str
    user_id: int

    @property
    def sees_names(self) -> bool:
        return Role.LEAD in self.roles

    def sees_judgment(self, judgment: Judgment) -> bool:
        return self.sees_names or judgment.purpose not in MEASURING_PEOPLE

    def sees_machines(self, case: Case) -> bool:
        return ANSWERING.get(Stage(case.stage)) not in self.roles

    def sees_people(self, case: Case, judgments: Iterable[Judgment]) -> bool:
        """Unless they may still answer the case. A skip or a flag of theirs is no answer: it may yet become one."""
        if case.stage != Stage.PEOPLE or Role.ANNOTATOR not in self.roles:
            return True
        return any(row.rater.user_id == self.user_id and row.label is not None for row in judgments)


@dataclass(frozen=True, slots=True)
class Bar:
    """One label's probability."""

    title: str
    share: float
    is_top: bool

    @property
    def width(self) -> float:
        return round(100 * self.share, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """One rater's answer, in words, with the note or the reasons that came with it.

    ``expected``: on a graded scale, where the answer lies between worst and best.
    """

    by: str
    judgment: Judgment
    label: str
    passes: bool | None
    text: str = ""
    bars: tuple[Bar, ...] = ()
    expected: float | None = None

    @property
    def depends_on_order(self) -> bool:
        """A machine's answer to a pair that changed with the order of the two outputs."""
        return depends_on_order(self.judgment.by_order or {})


@dataclass(frozen=True, slots=True)
class Label:
    """An agreed label, in words."""

    row: AgreedLabel
    title: str
    passes: bool | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A judge's verdict, in words."""

    row: Verdict
    title: str
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case as one reader may see it; the latest decision and label, and the verdict in force, come first."""

    case: Case
    question: Question
    decisions: Sequence[Decision]
    verdicts: Sequence[Spoken] = ()
    machines: Sequence[Answer] = ()
    people: Sequence[Answer] = ()
    labels: Sequence[Label] = ()
    people_hidden: bool = False
    machines_hidden: bool = False

    @property
    def verdict(self) -> Verdict | None:
        return self.verdicts[0].row if self.verdicts else None

    @property
    def decision(self) -> Decision | None:
        return self.decisions[0] if self.decisions else None

    @property
    def label(self) -> Label | None:
        return next((label for label in self.labels if label.row.status != AgreedLabel.Status.WITHDRAWN), None)

    @property
    def earlier_labels(self) -> list[Label]:
        return [label for label in self.labels if label is not self.label]


@dataclass(slots=True)
class _Rows:
    """The rows of an item by case."""

    decisions: dict[int, list[Any]] = field(default_factory=dict)
    judgments: dict[int, list[Any]] = field(default_factory=dict)
    labels: dict[int, list[Any]] = field(default_factory=dict)
    verdicts: dict[int, list[Any]] = field(default_factory=dict)


def open_files(item: Item, reader: Reader, *, order: Mapping[int, int], judge_id: int | None = None) -> list[CaseFile]:
    """The files of the item's cases; ``order`` gives the place of each criterion in the rubric in force.

    ``judge_id``: the judge in force.
    """
    cases = list(item.cases.select_related("criterion").order_by("pk"))
    cases.sort(key=lambda case: order.get(case.criterion_id, len(order)))
    rows = _read(cases)
    names = _names(rows.judgments.values(), reader)
    return [_file(case, item, rows, names, reader, judge_id) for case in cases]


def _read(cases: Sequence[Case]) -> _Rows:
    judgments = Judgment.objects.filter(case__in=cases, retracted_at=None)
    return _Rows(
        decisions=_by_case(Decision.objects.filter(case__in=cases).select_related("judge", "policy").order_by("-pk")),
        judgments=_by_case(judgments.select_related("rater", "text").order_by("pk")),
        labels=_by_case(AgreedLabel.objects.filter(case__in=cases).select_related("by").order_by("-pk")),
        verdicts=_by_case(Verdict.objects.filter(case__in=cases).select_related("judge").order_by("-pk")),
    )


def _by_case(rows: Iterable[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.case_id].append(row)
    return grouped


def _file(
    case: Case, item: Item, rows: _Rows, names: Mapping[int, str], reader: Reader, judge_id: int | None
) -> CaseFile:
    question = case.criterion.question.in_language(reader.language)
    judgments = [each for each in rows.judgments.get(case.pk, []) if reader.sees_judgment(each)]
    is_certify = item.stream == Stream.CERTIFY
    people_hidden = is_certify or not reader.sees_people(case, judgments)
    machines_hidden = not reader.sees_machines(case)
    answers = list(_answers(judgments, question, names, reader))
    verdicts = [] if machines_hidden else rows.verdicts.get(case.pk, [])
    return CaseFile(
        case=case,
        question=question,
        decisions=[each for each in rows.decisions.get(case.pk, []) if not (is_certify and each.reason in TELLING)],
        verdicts=_spoken(verdicts, question, judge_id),
        machines=[] if machines_hidden else [each for each in answers if not _is_person(each)],
        people=[] if people_hidden else [each for each in answers if _is_person(each)],
        labels=[] if people_hidden else [_label(row, question) for row in rows.labels.get(case.pk, [])],
        people_hidden=people_hidden,
        machines_hidden=machines_hidden,
    )


def _spoken(verdicts: Iterable[Verdict], question: Question, judge_id: int | None) -> list[Spoken]:
    """Verdicts with a label, that of the judge in force first."""
    spoken = [Spoken(row, title_of(question, row.label), row.judge_id == judge_id) for row in verdicts if row.label]
    return sorted(spoken, key=lambda each: not each.is_in_force)


def _answers(
    judgments: Iterable[Judgment], question: Question, names: Mapping[int, str], reader: Reader
) -> Iterator[Answer]:
    for judgment in judgments:
        label = judgment.label
        yield Answer(
            by=names[judgment.rater_id],
            judgment=judgment,
            label=title_of(question, label) if label else "",
            passes=question.passes(label),
            text=_text(judgment, reader),
            bars=tuple(_bars(judgment.probs, question)),
            expected=expected_score(judgment.probs or {}, question) if question.kind is ScaleKind.GRADED else None,
        )


def _text(judgment: Judgment, reader: Reader) -> str:
    """The person's note, or the machine's reasons: these are for leads alone."""
    if judgment.text is None:
        return ""
    return judgment.text.note or (judgment.text.rationale if reader.sees_names else "")


def _bars(probs: object, question: Question) -> Iterator[Bar]:
    """Bars of the scale's labels; nothing where there are no probabilities."""
    if not isinstance(probs, dict):
        return
    top = max(probs.values(), default=0)
    for label in question.labels:
        if label.key in probs:
            yield Bar(label.title, probs[label.key], probs[label.key] == top)


def _label(row: AgreedLabel, question: Question) -> Label:
    return Label(row, title_of(question, row.label), question.passes(row.label))


def title_of(question: Question, key: str) -> str:
    """What readers call a label of the question."""
    return next((label.title for label in question.labels if label.key == key), key)


def _names(groups: Iterable[Sequence[Judgment]], reader: Reader) -> dict[int, str]:
    """Raters' names: machines' always, people's for leads; else people are numbered within the item."""
    raters: dict[int, Rater] = {judgment.rater_id: judgment.rater for group in groups for judgment in group}
    people = [pk for pk, rater in sorted(raters.items()) if rater.kind == Rater.Kind.PERSON]
    return {
        pk: rater.name if reader.sees_names or pk not in people else f"{people.index(pk) + 1}"
        for pk, rater in raters.items()
    }


def _is_person(answer: Answer) -> bool:
    return answer.judgment.rater.kind == Rater.Kind.PERSON
