"""Where texts are embedded: the embedded server, or one of the team's own, named by the environment.

EMBEDDINGS_URL      an OpenAI-compatible server with /v1/embeddings; without it the embedded model is used
EMBEDDINGS_MODEL    one of its models; without it the first that it names
EMBEDDINGS_API_KEY  the server's key, if it wants one
EMBEDDINGS_PREFIX   what the model wants before each text, for example "query: "; the embedded server adds its own
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from judge.errors import InputError, ServiceError
from judge.services import embeddings
from llm_judge.actions import calls
from llm_judge.backends.base import Backend, Patience, ServerFacts
from llm_judge.backends.embeddings import Embedded, EmbeddingBackend, embed
from llm_judge.models import Endpoint
from llm_judge.rules.configuration import RaterConfiguration, student

EMBEDDINGS, EMBEDDINGS_SERVER = "embeddings", "embeddings server"
FIRST = {
    EMBEDDINGS: {"kind": Endpoint.Kind.VECTORS, "max_in_flight": 2, "timeout_s": 120.0},
    EMBEDDINGS_SERVER: {"kind": Endpoint.Kind.VECTORS, "max_in_flight": 16},
}


@dataclass(frozen=True, slots=True)
class Source:
    """One embeddings server, open, and who it is."""

    endpoint: Endpoint
    backend: Backend
    model: str
    revision: str
    server_version: str
    prefix: str

    def configuration(self, head: str) -> RaterConfiguration:
        """The student that has learned ``head`` on these embeddings."""
        return student(self.model, self.revision, self.server_version, head)


def ensure() -> Endpoint:
    """The row of the endpoint that this environment embeds with, brought up to date."""
    url = os.environ.get("EMBEDDINGS_URL", "")
    name = EMBEDDINGS_SERVER if url else EMBEDDINGS
    endpoint, _ = Endpoint.objects.get_or_create(name=name, defaults={**FIRST[name], "is_trusted": True})
    if url:
        key = "EMBEDDINGS_API_KEY" if os.environ.get("EMBEDDINGS_API_KEY") else ""
        endpoint.base_url, endpoint.model = url, os.environ.get("EMBEDDINGS_MODEL", "")
        endpoint.api_key_variable = key
        endpoint.save(update_fields=["base_url", "model", "api_key_variable"])
    return endpoint


def connect(endpoint: Endpoint, *, model: str = "", api_key: str = "") -> EmbeddingBackend:
    """A backend for this endpoint, not opened yet. Starts the embedded server if it does not run."""
    return EmbeddingBackend(
        endpoint.base_url or embeddings.ensure(),
        model=model or endpoint.model or ("" if endpoint.base_url else embeddings.NAME),
        api_key=api_key,
        in_flight=endpoint.max_in_flight,
        patience=Patience(timeout=endpoint.timeout_s),
        trusted=endpoint.is_trusted,
    )


def open_source() -> Source:
    """The embeddings server of this environment. Raises ServiceError where it does not answer."""
    endpoint = ensure()
    backend = connect(endpoint, api_key=os.environ.get(endpoint.api_key_variable or " ", ""))
    opened, facts = calls.open_backend((repr(backend), endpoint.pk, endpoint.max_in_flight), backend)
    if endpoint.base_url:
        version = facts.version
        return Source(endpoint, opened, facts.model, "", version, os.environ.get("EMBEDDINGS_PREFIX", ""))
    identity = embeddings.model_id()
    return Source(endpoint, opened, identity.name, f"sha256:{identity.sha256}", identity.server, "")


def read(source: Source, texts: Iterable[str]) -> Embedded:
    """The embeddings of ``texts``. Raises ServiceError where the server fails, and InputError for texts it refuses."""
    found = calls.run(embed(source.backend, texts, prefix=source.prefix))
    for text, failure in found.failures.items():
        if failure.retryable:
            raise ServiceError(f"The embeddings server failed: {failure.detail}")
        raise InputError(f'the embeddings server refused "{text[:60]}…"', expected=failure.detail)
    return found


def check_model(facts: ServerFacts, configuration: RaterConfiguration) -> None:
    """Raise InputError where the server serves another model than the one that the student learned on."""
    if facts.served and configuration.model not in facts.served:
        raise InputError(
            f"the embeddings server serves {', '.join(facts.served)}",
            expected=configuration.model,
            next_step="Name a server of that model in EMBEDDINGS_URL, or fit the student again.",
        )
