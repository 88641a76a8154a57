"""What students have learned: kept as rows, and put at the disposal of runs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from judge.errors import InputError
from llm_judge.actions import embedders
from llm_judge.backends.base import Backend, ServerFacts
from llm_judge.backends.student import Heads, StudentBackend
from llm_judge.models import StudentHead
from llm_judge.rules.configuration import RaterConfiguration

#: The last student of each head in this process, with the embeddings that it keeps.
_seated: dict[str, StudentBackend] = {}


def seat(backend: Backend, facts: ServerFacts, configuration: RaterConfiguration) -> Backend:
    """The backend that answers for this rater: a student over the opened embeddings server, else ``backend`` itself."""
    if not configuration.head:
        return backend
    embedders.check_model(facts, configuration)
    known = _seated.get(configuration.head)
    if known is None or known.backend is not backend:
        _seated.clear()  # the embeddings that one keeps are many
        known = _seated[configuration.head] = StudentBackend(backend, find(configuration.head))
    return known


@lru_cache(maxsize=8)
def find(content_hash: str) -> Heads:
    """What this student has learned. Raises InputError where it is unknown, or fitted by another version of ours."""
    content: Any = StudentHead.objects.filter(content_hash=content_hash).values_list("content", flat=True).first()
    if content is None:
        raise InputError("what this student has learned is not in this database", next_step="Fit it again.")
    try:
        return Heads.from_record(content)
    except KeyError:
        raise InputError("this student was fitted on features of another version", next_step="Fit it again.") from None
