"""What a person who answers may see, and nothing else. Templates get these records, never rows.

Left out on purpose: every machine's answer, probability and rationale; verdicts; decisions and their reasons; other
people's answers; the generator, the stream and the import's notes of an item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from annotation.rules.answers import Answer
from annotation.rules.evidence import Node, Output, read, read_outputs, texts, texts_of, tongue
from annotation.rules.shared_words import shared
from judge.rules.scales import Question, ScaleKind


@dataclass(frozen=True, slots=True)
class Option:
    """One label with the key that chooses it; ``letter`` is its second key on pairs."""

    label: str
    title: str
    description: str
    badge: str
    letter: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question as its reader sees it, with what they chose so far."""

    case_id: int
    title: str
    question: str
    guidance: str
    lang: str
    options: tuple[Option, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class Sheet:
    """An item on a person's desk: the evidence, the output, and the criteria to answer."""

    evidence: Node
    outputs: tuple[Output, ...]
    criteria: tuple[Criterion, ...]
    #: Words that evidence and output share, as annotation.rules.shared_words compares them.
    shared: frozenset[str] = frozenset()

    @property
    def is_pair(self) -> bool:
        return len(self.outputs) > 1


def lay_out(*, context: object, output: object, language: str, is_pair: bool, criteria: Iterable[Criterion]) -> Sheet:
    """Put an item on the desk."""
    evidence = read(context, language=language)
    outputs = read_outputs(output, language=language, is_pair=is_pair)
    return Sheet(
        evidence=evidence,
        outputs=outputs,
        criteria=tuple(criteria),
        shared=shared(texts(evidence), (text for each in outputs for text in texts_of(each))),
    )


def ask(case_id: int, question: Question, *, language: str, answer: Answer | None = None) -> Criterion:
    """One criterion in the reader's language; ``answer`` is what they chose before."""
    words, answer = question.in_language(language), answer or Answer()
    letters = _letters(question)
    return Criterion(
        case_id=case_id,
        title=words.title,
        question=words.question,
        guidance=words.guidance,
        lang=tongue(words.question),
        options=tuple(
            Option(
                label=label.key,
                title=label.title,
                description=label.description,
                badge=str(position) if position <= 9 else "",
                letter=letters.get(label.key, ""),
                is_chosen=label.key == answer.label,
            )
            for position, label in enumerate(words.labels, 1)
        ),
        answer=answer,
    )


def _letters(question: Question) -> Mapping[str, str]:
    """On pairs the first letter of a label chooses it too (A, B, E), where no two share one."""
    if question.kind is not ScaleKind.PREFERENCE:
        return {}
    firsts = [key[:1].upper() for key in question.label_keys]
    return dict(zip(question.label_keys, firsts, strict=True)) if len(set(firsts)) == len(firsts) else {}
