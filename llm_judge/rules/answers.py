"""The words a model answers with: one short, distinct token each, whatever the labels are called.

Label keys may share their first token (``weakly_related``, ``weak``) or be split differently by every tokenizer.
So a model never writes a label: it answers *Yes* or *No* on a scale of two labels of which one passes, *A*, *B* or
*E* (equal) on a pair, and *A*, *B*, *C* … on every other scale, in every language. These are single tokens for all
tokenizers we met, and no two begin alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from string import ascii_uppercase, digits

from judge.errors import InputError
from judge.rules.scales import Question, ScaleKind, ScaleLabel, side_of


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """Pairs (word, label key) in the order of the scale. No word is the beginning of another.

    >>> AnswerWords((("no", "weak"), ("not sure", "unsure")))
    Traceback (most recent call last):
    judge.errors.InputError: the answer "no" is also the beginning of "not sure" (expected: words that ...)
    """

    pairs: tuple[tuple[str, str], ...]
    _is_folded: bool = field(init=False, repr=False, compare=False)
    _starts: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for word, other in permutations(self.words, 2):
            if other.startswith(word):
                raise InputError(
                    f'the answer "{word}" is also the beginning of "{other}"',
                    expected="words that a model's first token can tell apart",
                )
        is_folded = all(len(word) > 1 for word in self.words)
        object.__setattr__(self, "_is_folded", is_folded)
        object.__setattr__(self, "_starts", _unique_starts(self.pairs, is_folded=is_folded))

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for word, _ in self.pairs)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for _, key in self.pairs)

    def word_of(self, key: str) -> str:
        return next(word for word, each in self.pairs if each == key)

    def match(self, token: str) -> str | None:
        """The one label whose word begins with this token, or None. Case is kept apart only for one-letter words."""
        start = token.strip()
        return self._starts.get(start.casefold() if self._is_folded else start)


def _unique_starts(pairs: Iterable[tuple[str, str]], *, is_folded: bool) -> dict[str, str]:
    """Every text that begins one label's word and no other's."""
    found: dict[str, set[str]] = {}
    for word, key in pairs:
        spelt = word.casefold() if is_folded else word
        for end in range(1, len(spelt) + 1):
            found.setdefault(spelt[:end], set()).add(key)
    return {start: keys.pop() for start, keys in found.items() if len(keys) == 1}


def choose_words(question: Question) -> AnswerWords:
    """The answer words for a question's scale; raises InputError on a scale that has too few or too many labels."""
    if not 2 <= len(question.labels) <= len(ascii_uppercase):
        raise InputError(
            f'criterion "{question.key}" has {len(question.labels)} labels', expected="2 to 26 labels for a machine"
        )
    if is_yes_no(question):
        return AnswerWords(tuple(("Yes" if label.passes else "No", label.key) for label in question.labels))
    if question.kind is ScaleKind.PREFERENCE:
        return AnswerWords(tuple(zip(_pair_words(question), question.label_keys, strict=True)))
    return AnswerWords(tuple(zip(ascii_uppercase, question.label_keys, strict=False)))


def _pair_words(question: Question) -> Sequence[str]:
    """The two outputs are shown as A and B, so these letters may name nothing else.

    One label for each side, and perhaps one for neither: A, B and E (equal). On finer scales numbers.
    """
    sides = [side_of(key) for key in question.label_keys]
    if sorted(sides) in (["a", "b"], ["", "a", "b"]):
        return [{"a": "A", "b": "B", "": "E"}[side] for side in sides]
    if len(sides) > len(digits) - 1:
        raise InputError(f'criterion "{question.key}" has {len(sides)} labels', expected="at most 9 to compare a pair")
    return digits[1 : len(sides) + 1]


def is_yes_no(question: Question) -> bool:
    return sorted(str(label.passes) for label in question.labels) == ["False", "True"]


def list_answers(labels: tuple[ScaleLabel, ...], words: AnswerWords) -> str:
    """One line for each answer: the word, the label's name and what it means."""
    return "\n".join(
        f"{words.word_of(label.key)}: {label.title}" + (f". {label.description}" if label.description else "")
        for label in labels
    )
