"""Which words of a text another text says too: what a reader looks for when they ask what an output rests on. Pure.

Words are compared without case, accents and a plural s; Chinese, which has no spaces, by pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

#: So much of a text, and of all texts of a side together, is read: marks help to find a passage, and a page must not
#: wait for them.
MOST = 20_000
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
#: A run of Chinese characters, or a word or number: letters of one script with what joins them.
_TOKEN = re.compile(rf"[{_CHINESE}]+|[^\W_{_CHINESE}]+(?:['’\-.][^\W_{_CHINESE}]+)*")

#: Words that two texts share without having anything in common.
_COMMON = (
    "a an and are as at be because been but by can could do does for from had has have he her his i if in into is it"
    " its just like may more most my no not of on one or our out s she so some than that the their them then there"
    " these they this those to up very was we were what when which who will with would you your"
    " bought buy buying clicked purchased searched user viewed"  # how histories speak of everything
)
_COMMON_ZH = (
    "一个 一些 一种 这个 那个 我们 他们 她们 你们 可以 因为 所以 但是 如果 以及 或者 没有 不是 就是 还是 也是 已经"
    " 进行 非常 适合 喜欢 用户 的人 的时 时候 和的 是一 了一 个人"
    " 购买 买过 买了 搜索 浏览 点击"
)
COMMON, COMMON_PAIRS = frozenset(_COMMON.split()), frozenset(_COMMON_ZH.split())


def shared(texts: Iterable[str], others: Iterable[str]) -> frozenset[str]:
    """The words, in the form in which they are compared, that both sides say.

    >>> sorted(shared(["bought Tents and a stove"], ["a tent and pegs"]))
    ['tent']
    >>> sorted(shared(["住在成都，爱喝盖碗茶"], ["防烫盖碗"]))
    ['盖碗']
    """
    return _words(texts) & _words(others)


def pieces(text: str, words: frozenset[str]) -> tuple[tuple[str, bool], ...]:
    """The text cut where a mark begins or ends: (piece, whether it is marked). Joined they are the text.

    >>> pieces("two tents", frozenset({"tent"}))
    (('two ', False), ('tents', True))
    """
    cut: list[tuple[str, bool]] = []
    end = 0
    for start, stop in _spans(text, words):
        if start > end:
            cut.append((text[end:start], False))
        cut.append((text[start:stop], True))
        end = stop
    return (*cut, (text[end:], False)) if end < len(text) else tuple(cut)


def _words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(
        word for text in _beginning(texts) for token in _TOKEN.finditer(text) for _, _, word in _parts(token)
    )


def _beginning(texts: Iterable[str]) -> Iterator[str]:
    left = MOST
    for text in texts:
        yield text[:left]
        left -= len(text)
        if left <= 0:
            return


def _spans(text: str, words: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where the words stand; what touches or overlaps is one span, so that a Chinese word is one mark."""
    if not words:
        return
    start = stop = -1
    for token in _TOKEN.finditer(text[:MOST]):
        for first, last, word in _parts(token):
            if word not in words:
                continue
            if first > stop:
                if stop > start:
                    yield start, stop
                start = first
            stop = last
    if stop > start:
        yield start, stop


def _parts(token: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """What of a token is compared: itself, or each pair of its Chinese characters."""
    text, start = token[0], token.start()
    if "\u3400" <= text[0] <= "\u9fff" or "\uf900" <= text[0] <= "\ufaff":
        for place in range(len(text) - 1):
            if (pair := text[place : place + 2]) not in COMMON_PAIRS:
                yield start + place, start + place + 2, pair
    elif len(text) > 1 and (word := _bare(text)) not in COMMON:
        yield start, token.end(), word


def _bare(word: str) -> str:
    """Without case, accents, a possessive and a plural s."""
    word = word.casefold()
    if not word.isascii():
        apart = unicodedata.normalize("NFKD", word)
        word = "".join(letter for letter in apart if not unicodedata.combining(letter)).replace("’", "'")
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
