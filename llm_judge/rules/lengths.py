"""How long a text is for a model, guessed without its tokenizer. Pure."""

from __future__ import annotations

import math

CHARACTERS_PER_TOKEN = 4.0


def guess_tokens(text: str) -> int:
    """About four Latin characters a token, and about one token for each other character (Chinese, say).

    A guess for forecasts: small models need up to three tokens for a Chinese character, large ones less than one.

    >>> guess_tokens("a tag for tents"), guess_tokens("露营帐篷")
    (4, 4)
    """
    latin = sum(map(str.isascii, text)) if not text.isascii() else len(text)
    return math.ceil(latin / CHARACTERS_PER_TOKEN) + len(text) - latin
