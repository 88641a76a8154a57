"""Where a rater is asked: an admin gives it another endpoint, or takes one away."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from judge.actions import events
from judge.errors import InputError, NotAllowed
from judge.models import Project, Rater, User
from llm_judge.actions import drafts, raters
from llm_judge.backends.base import ServerFacts, check_offer
from llm_judge.backends.pool import serves
from llm_judge.models import Endpoint
from llm_judge.rules.configuration import BackendKind, RaterConfiguration

#: What kind of rater can be asked at which kind of endpoint.
SPEAKS: Mapping[str, BackendKind] = {
    Endpoint.Kind.OPENAI: BackendKind.OPENAI_HTTP,
    Endpoint.Kind.EMBEDDED: BackendKind.OPENAI_HTTP,
    Endpoint.Kind.SCRIPTED: BackendKind.SCRIPTED,
}


def offered(project: Project) -> QuerySet[Rater]:
    """The raters of this project that endpoints can be given to."""
    kinds = {kind.value for kind in SPEAKS.values()}
    seated = Rater.objects.filter(seats__judge__project=project, configuration__backend__in=kinds)
    return seated.distinct().order_by("pk")


def attach(rater: Rater, endpoint: Endpoint, *, by: User) -> None:
    """Ask ``rater`` at ``endpoint`` too, once its server has said that it is what the rater was made with.

    Raises NotAllowed for all but admins, InputError where the two do not fit, ServiceError where nobody answers.
    """
    _check_admin(by)
    if not endpoint.is_trusted:
        raise InputError(
            f'the endpoint "{endpoint.name}" is not trusted',
            next_step="Its server could say anything of itself. Trust it on the site admin's page first.",
        )
    configuration = raters.configuration_of(rater)
    if SPEAKS.get(endpoint.kind) != configuration.backend:
        raise InputError(f'"{rater.name}" cannot be asked at an endpoint of this kind', where=endpoint.name)
    check_fit(configuration, drafts.inspect(endpoint, model=configuration.model))
    _put(rater, endpoint, by=by)


@transaction.atomic
def _put(rater: Rater, endpoint: Endpoint, *, by: User) -> None:
    endpoint.raters.add(rater)
    events.note(None, "endpoint given to rater", by=by, subject=f"endpoint:{endpoint.pk}", rater=rater.pk)


@transaction.atomic
def detach(rater: Rater, endpoint: Endpoint, *, by: User) -> None:
    """Do not ask ``rater`` at ``endpoint`` any longer. Raises NotAllowed, and InputError for its last endpoint."""
    _check_admin(by)
    Rater.objects.select_for_update(no_key=True).get(pk=rater.pk)  # two at once would leave it none
    if not rater.endpoints.exclude(pk=endpoint.pk).exists():
        raise InputError(f'"{rater.name}" is asked nowhere else', next_step="Give it another endpoint first.")
    endpoint.raters.remove(rater)
    events.note(None, "endpoint taken from rater", by=by, subject=f"endpoint:{endpoint.pk}", rater=rater.pk)


def check_fit(configuration: RaterConfiguration, facts: ServerFacts) -> None:
    """Raise InputError unless the server is the one of the configuration: else its answers were another rater's."""
    if not serves(facts, configuration.model):
        served = " and ".join(facts.served) or facts.model
        raise InputError(f"the server serves {served}", expected=configuration.model)
    version = facts.version
    if configuration.server_version and configuration.server_version != version:
        raise InputError(
            f"the server is {version}",
            expected=configuration.server_version,
            next_step="Another server or version is another rater: write one on the page Write a prompt.",
        )
    check_offer(facts, configuration)


def _check_admin(by: User) -> None:
    if not by.is_superuser:
        raise NotAllowed("Endpoints are given to raters by site admins alone.")
