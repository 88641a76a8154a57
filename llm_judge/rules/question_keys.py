"""Equal questions have equal keys: so that what was answered once is not asked and paid again. Pure."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import astuple

from llm_judge.rules.scoring import JudgeCase


class KeyRing:
    """Keys of cases, quickly: questions and contexts repeat from case to case, so their digests are kept.

    The key covers all that decides what one rater is asked: question with scale, guidance and examples, language,
    context and output. What the rater adds (prompt, model, decoding) stands in its own hash.
    """

    def __init__(self) -> None:
        self._questions: dict[int, tuple[object, bytes]] = {}
        self._context: tuple[object, bytes] = (None, b"")

    def key(self, case: JudgeCase) -> uuid.UUID:
        """The first 16 bytes of SHA-256 over the digests of the parts."""
        parts = self._of_question(case) + self._of_context(case) + _digest([case.language, case.output])
        return uuid.UUID(bytes=hashlib.sha256(parts).digest()[:16])

    def _of_question(self, case: JudgeCase) -> bytes:
        known = self._questions.get(id(case.question))
        if known is None or known[0] is not case.question:
            known = self._questions[id(case.question)] = (case.question, _digest(astuple(case.question)))
        return known[1]

    def _of_context(self, case: JudgeCase) -> bytes:
        if self._context[0] is not case.context:
            self._context = (case.context, _digest(case.context))
        return self._context[1]


def _digest(value: object) -> bytes:
    return hashlib.sha256(_written(value).encode(errors="surrogatepass")).digest()


_written = json.JSONEncoder(ensure_ascii=False, default=str).encode  # json.dumps makes an encoder for each call
