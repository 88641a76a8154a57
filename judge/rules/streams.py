"""Streams: which items serve to train, to certify, as gold, or are open; drawn at import by a salted hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Stream(StrEnum):
    TRAIN = "train"
    CERTIFY = "certify"
    GOLD = "gold"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class StreamRates:
    """Probabilities of the three reserved streams in one frame; the rest is open."""

    train: float
    certify: float
    gold: float

    def __post_init__(self) -> None:
        rates = (self.train, self.certify, self.gold)
        if any(not 0 <= rate <= 1 for rate in rates) or sum(rates) > 1 + 1e-9:
            raise ValueError(f"stream rates {rates} must lie in [0, 1] and sum to at most 1")

    def of(self, stream: Stream) -> float:
        """Probability that an item of the frame is drawn into ``stream``.

        >>> StreamRates(.25, .5, .1).of(Stream.OPEN)
        0.15
        """
        reserved = {Stream.TRAIN: self.train, Stream.CERTIFY: self.certify, Stream.GOLD: self.gold}
        return reserved.get(stream, round(1 - sum(reserved.values()), 12))


def default_rates(n_items: int) -> StreamRates:
    """Rates for a frame of ``n_items``: about 400 train, 600 certify and 200 gold items, never more than a share.

    >>> default_rates(10_000)
    StreamRates(train=0.04, certify=0.06, gold=0.02)
    """
    n = max(n_items, 1)
    return StreamRates(train=min(0.25, 400 / n), certify=min(0.5, 600 / n), gold=min(0.1, 200 / n))


def raised(rates: StreamRates) -> StreamRates:
    """The rates of a frame that comes while an alarm stands: twice as many certify items, up to half of the frame and
    never more than train and gold leave.

    >>> raised(StreamRates(.04, .06, .02)), raised(StreamRates(.5, .3, .1)).certify
    (StreamRates(train=0.04, certify=0.12, gold=0.02), 0.4)
    """
    left = round(1 - rates.train - rates.gold, 12)
    return StreamRates(rates.train, max(rates.certify, min(0.5, 2 * rates.certify, left)), rates.gold)


#: Rates for items that people labelled elsewhere, where these are a random sample of their frame.
SAMPLE_RATES = StreamRates(train=0.4, certify=0.5, gold=0.1)


def uniform(salt: str, identity: str) -> float:
    """A number in [0, 1) that depends on nothing but the salt and the identity: 53 bits of SHA-256."""
    return uniform_pair(salt, identity)[0]


def uniform_pair(salt: str, identity: str) -> tuple[float, float]:
    """:func:`uniform`, and a second such number that is independent of it: the next 53 bits."""
    digest = hashlib.sha256(f"{salt}\x1f{identity}".encode()).digest()
    return (int.from_bytes(digest[:7]) >> 3) / (1 << 53), (int.from_bytes(digest[7:14]) >> 3) / (1 << 53)


def draw(u: float, rates: StreamRates) -> Stream:
    """The stream of an item whose uniform number is ``u``."""
    if u < rates.train:
        return Stream.TRAIN
    if u < rates.train + rates.certify:
        return Stream.CERTIFY
    if u < rates.train + rates.certify + rates.gold:
        return Stream.GOLD
    return Stream.OPEN


def draw_labelled(u: float, rates: StreamRates) -> Stream:
    """The stream of an item that people labelled elsewhere: never open. ``rates`` must sum to 1.

    >>> [draw_labelled(u, SAMPLE_RATES).value for u in (0.39, 0.4, 0.95)]
    ['train', 'certify', 'gold']
    """
    stream = draw(u, rates)
    return Stream.GOLD if stream is Stream.OPEN else stream  # rounding left a sliver above the rates
