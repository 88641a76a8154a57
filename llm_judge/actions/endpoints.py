"""From an endpoint's row to a backend that can be asked. Keys come from the environment, at the last moment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from judge.errors import ServiceError
from judge.services import models
from llm_judge.actions import offline
from llm_judge.backends import vllm_offline
from llm_judge.backends.base import Backend, Patience
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.scripted import Fault, ScriptedBackend, fail_share
from llm_judge.models import Endpoint

EMBEDDED, SERVER, SCRIPTED, OFFLINE = "embedded", "server", "scripted", "offline"

#: What the rows say at first; an admin may change them.
FIRST: Mapping[str, Mapping[str, Any]] = {
    EMBEDDED: {"kind": Endpoint.Kind.EMBEDDED, "max_in_flight": 4, "timeout_s": 120.0},
    SERVER: {"kind": Endpoint.Kind.OPENAI},
    SCRIPTED: {"kind": Endpoint.Kind.SCRIPTED, "max_in_flight": 64},
    OFFLINE: {"kind": Endpoint.Kind.OFFLINE, "max_in_flight": vllm_offline.IN_FLIGHT, "timeout_s": 3600.0},
}


def ensure(name: str) -> Endpoint:
    """The row of one of our own endpoints, brought up to date with the environment."""
    endpoint, _ = Endpoint.objects.get_or_create(name=name, defaults=FIRST[name])
    if name == SERVER and settings.JUDGE_URL:
        told = {
            "base_url": settings.JUDGE_URL,
            "model": settings.JUDGE_MODEL,
            "api_key_variable": "JUDGE_API_KEY" if os.environ.get("JUDGE_API_KEY") else "",
        }
        Endpoint.objects.filter(pk=endpoint.pk).update(**told)
        endpoint.refresh_from_db()
    return endpoint


def connect(endpoint: Endpoint, *, model: str = "") -> Backend:
    """A backend for this endpoint, not opened yet. Starts the embedded model server if it does not run.

    Raises ServiceError where there is no address or the key's variable is empty.
    """
    patience = Patience(timeout=endpoint.timeout_s)
    if endpoint.kind == Endpoint.Kind.SCRIPTED:
        return _scripted(endpoint.options, endpoint.max_in_flight, patience)
    if endpoint.kind == Endpoint.Kind.OFFLINE:
        return offline.connect(endpoint, model=model)
    return OpenAIBackend(
        address(endpoint),
        model=model or endpoint.model,
        api_key=_key(endpoint),
        in_flight=endpoint.max_in_flight,
        patience=patience,
    )


def address(endpoint: Endpoint) -> str:
    """The base URL. JUDGE_URL of the environment goes before the address that was stored for ``server``."""
    if endpoint.kind == Endpoint.Kind.EMBEDDED:
        return models.ensure()
    url: str = (settings.JUDGE_URL if endpoint.name == SERVER else "") or endpoint.base_url
    if not url:
        raise ServiceError(f'The endpoint "{endpoint.name}" has no address. Set JUDGE_URL to http://host:port/v1.')
    return url


def _key(endpoint: Endpoint) -> str:
    if not endpoint.api_key_variable:
        return ""
    key = os.environ.get(endpoint.api_key_variable, "")
    if not key:
        raise ServiceError(
            f'The endpoint "{endpoint.name}" takes its key from {endpoint.api_key_variable}, which is not set here. '
            "Set it where this process starts."
        )
    return key


def _scripted(options: Mapping[str, Any], in_flight: int, patience: Patience) -> ScriptedBackend:
    share = float(options.get("fail_share", 0.0))
    faults = fail_share(share, *(Fault(each) for each in options.get("faults", ["server_error"]))) if share else None
    return ScriptedBackend(
        latency=float(options.get("latency_s", 0.0)),
        seed=int(options.get("seed", 0)),
        faults=faults,
        in_flight=in_flight,
        patience=patience,
    )
