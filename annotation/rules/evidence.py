"""What a generator knew and what it wrote, as a page can show it: passages, lists, and labelled rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from annotation.rules.ordering import EVIDENCE, OUTPUT, in_reading_order

#: A text this short is shown large, as the thing that is judged.
SHORT = 180
#: A text this long gets a box of its own to scroll in.
LONG, LONG_LINES = 1_500, 16
CHINESE = (("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"), ("\uf900", "\ufaff"))


@dataclass(frozen=True, slots=True)
class Passage:
    """A text; ``lang`` is what a screen reader and the fonts go by."""

    kind: ClassVar[str] = "passage"
    text: str
    lang: str

    @property
    def is_short(self) -> bool:
        return len(self.text) <= SHORT and "\n" not in self.text

    @property
    def is_long(self) -> bool:
        """Whether it scrolls in a box of its own, so that the questions below it stay in sight."""
        return len(self.text) > LONG or self.text.count("\n") > LONG_LINES


@dataclass(frozen=True, slots=True)
class Listing:
    """Several things of one sort, in their order."""

    kind: ClassVar[str] = "listing"
    entries: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    body: Node


@dataclass(frozen=True, slots=True)
class Rows:
    """Things with names."""

    kind: ClassVar[str] = "rows"
    rows: tuple[Row, ...]


Node = Passage | Listing | Rows


@dataclass(frozen=True, slots=True)
class Output:
    """One text to be judged: ``headline`` is the thing itself, ``rest`` what it says of itself.

    ``name`` tells the two of a pair apart.
    """

    headline: Passage
    rest: Rows | None = None
    name: str = ""


def read(value: object, *, language: str, order: tuple[str, ...] = EVIDENCE) -> Node:
    """Any value that JSON can hold, as passages, lists and rows.

    >>> read({"history": ["bought a tent"]}, language="en")
    Rows(rows=(Row(name='History', body=Listing(entries=(Passage(text='bought a tent', lang='en'),))),))
    """
    if isinstance(value, Mapping):
        keys = in_reading_order(map(str, value), order)
        return Rows(tuple(Row(title(key), read(value[key], language=language, order=order)) for key in keys))
    if isinstance(value, list):
        return Listing(tuple(read(each, language=language, order=order) for each in value))
    return passage(value, language=language)


def read_outputs(output: object, *, language: str, is_pair: bool) -> tuple[Output, ...]:
    """The output of an item: one, or the two of a pair."""
    if is_pair and isinstance(output, Mapping):
        return tuple(_output(output[side], language, side.upper()) for side in ("a", "b") if side in output)
    return (_output(output, language),)


def texts(node: Node) -> Iterator[str]:
    """All passages in it, in reading order."""
    if isinstance(node, Passage):
        yield node.text
    elif isinstance(node, Listing):
        for entry in node.entries:
            yield from texts(entry)
    else:
        for row in node.rows:
            yield from texts(row.body)


def texts_of(output: Output) -> Iterator[str]:
    """All passages of an output."""
    yield output.headline.text
    if output.rest:
        yield from texts(output.rest)


def passage(value: object, *, language: str) -> Passage:
    text = _text(value)
    return Passage(text, tongue(text) or language)


def title(key: str) -> str:
    """A key as a heading.

    >>> title("item_tag"), title("画像")
    ('Item tag', '画像')
    """
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def tongue(text: str) -> str:
    """``zh`` for a text with Chinese characters and no kana, else nothing: the script is all we look at.

    >>> tongue("轻便跑鞋"), tongue("running shoes"), tongue("ランニングシューズ 靴")
    ('zh', '', '')
    """
    if any("\u3040" <= letter <= "\u30ff" for letter in text):
        return ""
    return "zh" if any(low <= letter <= high for letter in text for low, high in CHINESE) else ""


def _output(value: object, language: str, name: str = "") -> Output:
    if not isinstance(value, Mapping) or not value:
        return Output(passage(value, language=language), name=name)
    first, *others = in_reading_order(map(str, value), OUTPUT)
    rest = Rows(tuple(Row(title(key), read(value[key], language=language, order=OUTPUT)) for key in others))
    return Output(passage(value[first], language=language), rest if others else None, name)


def _text(value: object) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list):
        return ", ".join(_text(each) for each in (value.values() if isinstance(value, Mapping) else value))
    return str(value)
