"""The student: what it reads of a case, and how fitted weights turn that into probabilities. Pure.

A case is read as texts: the whole context, each part of it, the output. Their embeddings o (output), c (context) and
f_1, f_2, … (parts) make the features, beside a few plain counts of words:

    o,  o ⊙ c,  |o − c|,  likeness,  words

Likeness is cos(o, c) and the greatest, mean and least cos(o, f_j), each also after the embeddings' means over the
training cases were taken away: embeddings of all texts lie close together, and what tells them apart is what is left.

numpy is imported inside functions: workers and commands call them, web pages do not.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_judge.rules.fencing import describe
from llm_judge.rules.lengths import guess_tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    type Vector = NDArray[np.float32]

#: Another number where the features change: heads fitted on others cannot be used with these.
FEATURES = 1
#: Tokens, by our guess, of the longest piece that is sent at once. Embedding models read 512 at most, and many cut the
#: rest silently; Chinese takes them up to two tokens a character.
PIECE = 240
#: Parts of a context beyond so many are read with the whole alone.
MOST_PARTS = 16
#: The features' blocks with their widths in dimensions (0: as many as the embedding has) and their scales: a column
#: of a narrow block may weigh more than one of the hundreds of a wide block.
BLOCKS: tuple[tuple[str, int, float], ...] = (
    ("output", 0, 1.0),
    ("product", 0, 1.0),
    ("difference", 0, 1.0),
    ("likeness", 8, 1.0),
    ("words", 5, 0.5),
)
_WORD = re.compile(r"\w+")
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """The texts of one case; ``parts`` are the context's own entries, at most MOST_PARTS of them."""

    context: str
    output: str
    parts: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.context, self.output, *self.parts)


@dataclass(frozen=True, slots=True)
class Centres:
    """Means of the embeddings of the training cases' outputs, contexts and parts."""

    output: Vector
    context: Vector
    part: Vector

    def as_record(self) -> dict[str, str]:
        return {"output": _pack(self.output), "context": _pack(self.context), "part": _pack(self.part)}

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> Centres:
        return cls(*(_unpack(record[name]) for name in ("output", "context", "part")))


@dataclass(frozen=True, slots=True)
class Head:
    """One criterion's fitted weights: softmax(W x + b) over ``labels``, which people have given.

    ``unseen`` are labels of the scale that nobody gave in training: each gets the probability ``floor``.
    """

    labels: tuple[str, ...]
    weights: Vector
    bias: Vector
    unseen: tuple[str, ...] = ()
    floor: float = 0.0

    def as_record(self) -> dict[str, Any]:
        return {
            "labels": list(self.labels),
            "weights": _pack(self.weights),
            "bias": _pack(self.bias),
            "unseen": list(self.unseen),
            "floor": self.floor,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Head:
        labels = tuple(record["labels"])
        return cls(
            labels=labels,
            weights=_unpack(record["weights"]).reshape(len(labels), -1),
            bias=_unpack(record["bias"]),
            unseen=tuple(record["unseen"]),
            floor=float(record["floor"]),
        )


def read_case(context: Any, output: Any) -> Reading:
    """
    >>> read_case({"title": "Oat bar", "facts": ["vegan", "no nuts"]}, "vegan").parts
    ('vegan; no nuts', 'Oat bar')
    """
    return Reading(_clean(describe(context)), _clean(describe(output)), tuple(_parts(context))[:MOST_PARTS])


def pieces(text: str, limit: int = PIECE) -> list[str]:
    """The text in pieces of at most about ``limit`` tokens, cut at spaces where there are some; nothing is left out.

    >>> pieces("one two three four", 3)
    ['one two ', 'three four']
    """
    found: list[str] = []
    while guess_tokens(text) > limit:
        end = _reach(text, limit)
        space = max(text.rfind(" ", 1, end), text.rfind("\n", 1, end)) + 1
        cut = space if space > end // 2 else end
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text]


def join_pieces(vectors: Sequence[Vector], texts: Sequence[str]) -> Vector:
    """The embedding of a text that was read in pieces: their mean by length, of unit length."""
    import numpy as np

    sizes = np.array([max(1, guess_tokens(text)) for text in texts], dtype=np.float32)
    mean: Vector = (sizes[:, None] * np.stack(vectors)).sum(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def find_centres(readings: Sequence[Reading], vectors: Mapping[str, Vector]) -> Centres:
    """The means over these cases; contexts and their parts count once for each case."""
    import numpy as np

    output, context = (np.mean([vectors[text] for text in texts], axis=0) for texts in (
        [each.output for each in readings], [each.context for each in readings]
    ))  # fmt: skip
    parts = [vectors[part] for each in readings for part in each.parts]
    return Centres(output, context, np.mean(parts, axis=0) if parts else context)


def features(reading: Reading, vectors: Mapping[str, Vector], centres: Centres) -> Vector:
    """One row: the blocks of BLOCKS side by side; ``vectors``: text → embedding."""
    import numpy as np

    output, context = vectors[reading.output], vectors[reading.context]
    parts = np.stack([vectors[part] for part in reading.parts] or [context])
    plain = _compare(output, context, parts)
    centred = _compare(output - centres.output, context - centres.context, parts - centres.part)
    tail = np.array([*plain, *centred, *_count_words(reading)], dtype=np.float32)
    return np.concatenate([output, output * context, np.abs(output - context), tail])


def dimension_of(n_columns: int) -> int:
    """The embeddings' dimension, from the number of columns of ``features``.

    >>> dimension_of(3 * 384 + 13)
    384
    """
    narrow = sum(width for _, width, _ in BLOCKS)
    return (n_columns - narrow) // sum(width == 0 for _, width, _ in BLOCKS)


def column_scales(n_columns: int) -> Vector:
    """For each column of ``features`` the scale of its block ÷ √width: a block counts as one, however wide it is."""
    import numpy as np

    dimension = dimension_of(n_columns)
    widths = [(width or dimension, scale) for _, width, scale in BLOCKS]
    return np.concatenate([np.full(width, scale / math.sqrt(width), dtype=np.float32) for width, scale in widths])


def predict(head: Head, rows: Vector) -> list[dict[str, float]]:
    """Probabilities over the scale for each row of features."""
    import numpy as np

    scores = rows @ head.weights.T + head.bias
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = raised / raised.sum(axis=1, keepdims=True) * (1.0 - head.floor * len(head.unseen))
    rest = dict.fromkeys(head.unseen, head.floor)
    return [dict(zip(head.labels, map(float, row), strict=True)) | rest for row in shares]


def _compare(output: Vector, context: Vector, parts: Vector) -> list[float]:
    """cos(o, c); the greatest, mean and least cos(o, f_j)."""
    import numpy as np

    others = np.vstack([context[None], parts])
    sizes = np.linalg.norm(others, axis=1) * np.linalg.norm(output)
    whole, *alike = (others @ output / np.maximum(sizes, 1e-9)).tolist()
    return [whole, max(alike), sum(alike) / len(alike), min(alike)]


def _parts(context: Any) -> Iterator[str]:
    """The entries of an object or list, each as text; the lines of a text."""
    if isinstance(context, dict):
        values = [describe(context[key]) for key in sorted(context, key=str)]
        listed = {key: context[key] for key in sorted(context, key=str)}
        values = [
            "; ".join(map(str, value)) if isinstance(value, list) and not any(map(_is_deep, value)) else text
            for value, text in zip(listed.values(), values, strict=True)
        ]
    elif isinstance(context, list):
        values = [describe(value) for value in context]
    else:
        values = describe(context).split("\n")
    yield from (_clean(value) for value in values if value.strip())


def _is_deep(value: Any) -> bool:
    return isinstance(value, dict | list)


def _clean(text: str) -> str:
    """What every server can read: no zero character, at which some end the text; never nothing at all."""
    return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text).strip() or "none"


def _reach(text: str, limit: int) -> int:
    """How many characters fit: a Latin one is a quarter of a token, another one a whole."""
    used = 0.0
    for place, character in enumerate(text):
        used += 0.25 if character.isascii() else 1.0
        if used > limit:
            return max(1, place)
    return len(text)


def _count_words(reading: Reading) -> list[float]:
    """Which share of the output's words stands in the context, and the other way about; lengths. Chinese is written
    without spaces, so there each character counts as a word."""
    output, context = _words(reading.output), _words(reading.context)
    shared = len(output & context)
    return [
        shared / max(1, len(output)),
        shared / max(1, len(context)),
        math.log1p(len(output)),
        math.log1p(len(reading.output)),
        math.log1p(len(context)),
    ]


def _words(text: str) -> set[str]:
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        found |= {word} if word.isascii() else set(word)
    return found


def _pack(array: Vector) -> str:
    import numpy as np

    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def _unpack(text: str) -> Vector:
    import numpy as np

    return np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32)
