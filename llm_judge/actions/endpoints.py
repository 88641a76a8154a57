"""From an endpoint's row to a backend that can be asked. Keys come from the environment, at the last moment."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from judge.actions import events
from judge.errors import CojudgeError, InputError, ServiceError
from judge.models import User
from judge.rules.addresses import EXPECTED, check_public_host
from judge.services import models
from llm_judge.actions import embedders, offline
from llm_judge.backends import vllm_offline
from llm_judge.backends.base import Backend, Patience, PatientBackend
from llm_judge.backends.connection import check_address, check_public
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.pool import Member, Pool
from llm_judge.backends.scripted import Fault, ScriptedBackend, fail_share
from llm_judge.models import Endpoint
from llm_judge.rules.configuration import ScoringRule

logger = logging.getLogger(__name__)

EMBEDDED, SERVER, SCRIPTED, OFFLINE = "embedded", "server", "scripted", "offline"

#: What the rows say at first; an admin may change them.
FIRST: Mapping[str, Mapping[str, Any]] = {
    EMBEDDED: {"kind": Endpoint.Kind.EMBEDDED, "max_in_flight": 4, "timeout_s": 120.0},
    SERVER: {"kind": Endpoint.Kind.OPENAI},
    SCRIPTED: {"kind": Endpoint.Kind.SCRIPTED, "max_in_flight": 64},
    OFFLINE: {"kind": Endpoint.Kind.OFFLINE, "max_in_flight": vllm_offline.IN_FLIGHT, "timeout_s": 3600.0},
    **embedders.FIRST,
}

#: The only variables that may hold keys: else one could name DATABASE_URL, and read its value on one's own server.
KEY_VARIABLE = re.compile(r"COJUDGE_KEY_[A-Z0-9_]+|JUDGE_API_KEY")


def ensure(name: str) -> Endpoint:
    """The row of one of our own endpoints, brought up to date with the environment."""
    endpoint, _ = Endpoint.objects.get_or_create(name=name, defaults={**FIRST[name], "is_trusted": True})
    if name == SERVER and settings.JUDGE_URL:
        told = {
            "base_url": settings.JUDGE_URL,
            "model": settings.JUDGE_MODEL,
            "api_key_variable": "JUDGE_API_KEY" if os.environ.get("JUDGE_API_KEY") else "",
        }
        Endpoint.objects.filter(pk=endpoint.pk).update(**told)
        endpoint.refresh_from_db()
    return endpoint


@transaction.atomic
def add(
    name: str, base_url: str, *, model: str = "", api_key_variable: str = "", by: User | None, **columns: Any
) -> Endpoint:
    """An OpenAI-compatible server where raters may be asked; ``columns``: max_in_flight, weight, timeout_s, prices.

    Where ``by`` is no admin the address must be public, as it is written and as its name resolves. Raises InputError.
    """
    is_admin = by is None or by.is_superuser
    check_name(name)
    check_address(base_url) if is_admin else check_reachable(base_url)
    check_key_variable(api_key_variable)
    endpoint = Endpoint(
        name=name.strip(),
        kind=Endpoint.Kind.OPENAI,
        base_url=base_url.strip(),
        model=model.strip(),
        api_key_variable=api_key_variable,
        is_trusted=is_admin,
        **columns,
    )
    try:
        with transaction.atomic():
            endpoint.save(force_insert=True)
    except IntegrityError:  # somebody took the name after we looked
        check_name(name)
        raise
    events.note(None, "endpoint added", by=by, subject=f"endpoint:{endpoint.pk}", name=endpoint.name, url=base_url)
    return endpoint


def check_name(name: str) -> None:
    if not name.strip() or len(name) > 120:
        raise InputError("the endpoint has no name", expected="1 to 120 characters")
    if name.strip() in FIRST or Endpoint.objects.filter(name=name.strip()).exists():
        raise InputError(f'there is an endpoint "{name.strip()}" already', next_step="Choose another name.")


def check_reachable(base_url: str) -> None:
    """What somebody who is no admin may enter. A name that cannot be resolved now is looked at again at each call."""
    url = check_public(base_url)
    with suppress(OSError, UnicodeError):
        for found in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM):
            try:
                check_public_host(str(found[4][0]))
            except InputError:  # to which address is nobody's business who may not know this network
                raise InputError(f'"{url.host}" leads to an address that is not public', expected=EXPECTED) from None


def check_key_variable(name: str) -> None:
    if name and not KEY_VARIABLE.fullmatch(name):
        raise InputError(
            f'"{name}" is no variable for a key', expected="COJUDGE_KEY_ and a name in capitals, or JUDGE_API_KEY"
        )


def connect(endpoint: Endpoint, *, model: str = "") -> PatientBackend:
    """A backend for this endpoint, not opened yet. Starts the embedded model server if it does not run.

    Raises ServiceError where there is no address or the key's variable is empty.
    """
    patience = Patience(timeout=endpoint.timeout_s)
    if endpoint.kind == Endpoint.Kind.SCRIPTED:
        return _scripted(endpoint.options, endpoint.max_in_flight, patience)
    if endpoint.kind == Endpoint.Kind.OFFLINE:
        return offline.connect(endpoint, model=model)
    if endpoint.kind == Endpoint.Kind.VECTORS:
        return embedders.connect(endpoint, model=model, api_key=_key(endpoint))
    return OpenAIBackend(
        address(endpoint),
        model=model or endpoint.model,
        api_key=_key(endpoint),
        in_flight=endpoint.max_in_flight,
        patience=patience,
        trusted=endpoint.is_trusted,
    )


def connect_all(found: Sequence[Endpoint], *, model: str = "", rule: ScoringRule | None = None) -> Backend:
    """One backend for all of a rater's endpoints: calls go where there is room, and never only to one that is ill.

    Endpoints that cannot be asked from here (no address, a key that is not set on this host) are left out while others
    can; where none can, the first one's error is raised.
    """
    if len(found) == 1:
        return connect(found[0], model=model)
    members, errors = [], []
    for each in found:
        try:
            members.append(Member(each.name, connect(each, model=model), weight=each.weight))
        except CojudgeError as error:
            logger.warning("The endpoint %s is left out: %s", each.name, error)
            errors.append(error)
    if not members:
        raise errors[0]
    return Pool(members, model=model, rule=rule)


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
    if endpoint.name not in FIRST:
        check_key_variable(endpoint.api_key_variable)
    if not endpoint.is_trusted:
        _check_key_is_meant_for(endpoint)
    key = os.environ.get(endpoint.api_key_variable, "")
    if not key:
        raise ServiceError(
            f'The endpoint "{endpoint.name}" takes its key from {endpoint.api_key_variable}, which is not set here. '
            "Set it where this process starts."
        )
    return key


def _check_key_is_meant_for(endpoint: Endpoint) -> None:
    """Whoever may name any server and any key could have the key sent to a server of their own."""
    variable, host = endpoint.api_key_variable, check_address(endpoint.base_url).host
    if host not in os.environ.get(f"{variable}_HOST", "").lower().replace(",", " ").split():
        raise ServiceError(
            f'The endpoint "{endpoint.name}" was not added by an admin, and its key is not meant for {host}. '
            f"Set {variable}_HOST to the hosts that may see it, or let an admin trust the endpoint."
        )


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
