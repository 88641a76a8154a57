"""From a criterion, a context and an output to the text a model reads.

A run puts many cases to one criterion, and cases of one context stand together. So all that a criterion, a language
and a template decide is written once, on a ``Sheet``; a context is shown once while its cases pass; and what is left
for each case is its output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter
from typing import Any

from judge.errors import InputError
from judge.rules.scales import Example, Question
from llm_judge.rules.answers import AnswerWords, choose_words, list_answers
from llm_judge.rules.fencing import neutralise, show
from llm_judge.rules.prompting import PromptTemplate

#: Contexts whose shown text is kept. Few: the cases of one context come one after another.
_SHOWN_AT_MOST = 16
_shown: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Prompt:
    """``system`` and ``shared`` are the same for every output of a context; ``tail`` holds the output and what follows.

    ``before_output`` is all that precedes the output, for a rule that lets the model weigh the output itself.
    """

    system: str
    shared: str
    tail: str
    answers: AnswerWords

    @property
    def before_output(self) -> str:
        before = f"{self.system}\n\n{self.shared}" if self.system else self.shared
        return before.rstrip(" ")

    @property
    def body(self) -> str:
        return self.shared + self.tail

    @property
    def text(self) -> str:
        return f"{self.system}\n\n{self.body}" if self.system else self.body


@dataclass(frozen=True, slots=True)
class Sheet:
    """A prompt with two gaps: ``head`` context ``middle`` output ``tail``. ``closing`` asks for the answer later."""

    answers: AnswerWords
    system: str
    head: str
    middle: str
    tail: str
    closing: str
    is_fenced: bool

    def fill(self, context: Any, output: str) -> Prompt:
        """The prompt for one case; ``output`` is shown already."""
        shared = f"{self.head}{self._place(show_context(context))}{self.middle}"
        return Prompt(self.system, shared, self._place(output) + self.tail, self.answers)

    def _place(self, shown: str) -> str:
        return shown if self.is_fenced else shown.strip()


def prepare(
    question: Question, *, template: PromptTemplate, examples: Sequence[Example] = (), language: str = "en"
) -> Sheet:
    """The sheet of a criterion. ``examples`` that do not fit the scale's labels are refused."""
    asked, text = question.in_language(language), template.in_language(language)
    words = choose_words(question)
    values = _rubric_values(asked, words)
    values["examples"] = "".join(_show_example(each, asked, text.example, words, template) for each in examples)
    head, middle, tail = _fill_around(text.body, values)
    return Sheet(
        answers=words,
        system=_fill(text.system, values),
        head=head,
        middle=middle,
        tail=tail,
        closing=_fill(text.closing, values),
        is_fenced=template.fenced,
    )


def render(
    question: Question,
    *,
    context: Any,
    output: Any,
    template: PromptTemplate,
    examples: Sequence[Example] = (),
    language: str = "en",
) -> Prompt:
    """The prompt for one case, from nothing."""
    return prepare(question, template=template, examples=examples, language=language).fill(context, show(output))


def show_context(context: Any) -> str:
    """As ``show``, which it calls once for a context whose cases come one after another."""
    # Rows bring equal copies, so we go by content; by its repr, for True == 1 but they are not shown alike.
    key = repr(context)
    shown = _shown.get(key)
    if shown is None:
        if len(_shown) >= _SHOWN_AT_MOST:
            _shown.clear()
        shown = _shown[key] = show(context)
    return shown


def _rubric_values(question: Question, words: AnswerWords) -> dict[str, str]:
    return {
        "criterion": question.title,
        "question": question.question,
        "guidance": f"{question.guidance}\n" if question.guidance else "",
        "labels": list_answers(question.labels, words),
        "answers": " / ".join(words.words),
    }


def _show_example(example: Example, question: Question, text: str, words: AnswerWords, template: PromptTemplate) -> str:
    if example.label not in words.keys:
        raise InputError(f'an example has the label "{example.label}"', expected=", ".join(words.keys))
    context, output = show(example.context), show(example.output)
    values = {
        "question": question.question,
        "context": context if template.fenced else context.strip(),
        "output": output if template.fenced else output.strip(),
        "answer": words.word_of(example.label),
        "why": neutralise(example.why),
    }
    return _fill(text, values)


def _fill(text: str, values: Mapping[str, str]) -> str:
    return "".join(fixed + (values[name] if name else "") for fixed, name in _parts(text))


def _fill_around(body: str, values: Mapping[str, str]) -> list[str]:
    """The body in three: before the context, between it and the output, and after that."""
    found = [""]
    for fixed, name in _parts(body):
        found[-1] += fixed
        if name in ("context", "output"):
            found.append("")
        elif name:
            found[-1] += values[name]
    return found


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((fixed, name) for fixed, name, _, _ in Formatter().parse(text))
