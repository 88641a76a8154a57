"""The words a model answers with: one short, distinct token each, whatever the labels are called.

Label keys may share their first token (``weakly_related``, ``weak``) or be split differently by every tokenizer.
So a model never writes a label: it answers *Yes* or *No* on a scale of two labels of which one passes, and *A*, *B*,
*C* … on every other, in every language. These are single tokens for all tokenizers we met.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase

from judge.errors import InputError
from judge.rules.scales import Question, ScaleLabel


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """Pairs (word, label key) in the order of the scale. No word is the beginning of another.

    >>> AnswerWords((("no", "weak"), ("not sure", "unsure")))
    Traceback (most recent call last):
    judge.errors.InputError: the answer "no" is also the beginning of "not sure" (expected: words that ...)
    """

    pairs: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        for word in self.words:
            for other in self.words:
                if word is not other and other.startswith(word):
                    raise InputError(
                        f'the answer "{word}" is also the beginning of "{other}"',
                        expected="words that a model's first token can tell apart",
                    )

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for word, _ in self.pairs)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for _, key in self.pairs)

    def word_of(self, key: str) -> str:
        return next(word for word, each in self.pairs if each == key)


def choose_words(question: Question) -> AnswerWords:
    """The answer words for a question's scale; raises InputError on a scale that has too few or too many labels."""
    if not 2 <= len(question.labels) <= len(ascii_uppercase):
        raise InputError(
            f'criterion "{question.key}" has {len(question.labels)} labels', expected="2 to 26 labels for a machine"
        )
    if is_yes_no(question):
        return AnswerWords(tuple(("Yes" if label.passes else "No", label.key) for label in question.labels))
    return AnswerWords(tuple(zip(ascii_uppercase, question.label_keys, strict=False)))


def is_yes_no(question: Question) -> bool:
    return sorted(str(label.passes) for label in question.labels) == ["False", "True"]


def list_answers(labels: tuple[ScaleLabel, ...], words: AnswerWords) -> str:
    """One line for each answer: the word, the label's name and what it means."""
    return "\n".join(
        f"{words.word_of(label.key)}: {label.title}" + (f". {label.description}" if label.description else "")
        for label in labels
    )
