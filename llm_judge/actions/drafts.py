"""A rater while it is being written: from what a lead chose to an exact configuration, and to a candidate judge."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from django.db import transaction

from judge.actions import judges
from judge.errors import ServiceError
from judge.models import Judge, Project, Rater, User
from judge.services import models
from llm_judge.actions import endpoints, raters
from llm_judge.backends import scripted
from llm_judge.backends.base import PatientBackend, ServerFacts, check_offer
from llm_judge.backends.dialects import Dialect
from llm_judge.models import Endpoint
from llm_judge.rules.configuration import BackendKind, Decoding, RaterConfiguration, ScoringRule
from llm_judge.rules.prompting import PromptTemplate

#: A page waits so long for a server to say what it is.
PATIENCE_S = 8.0

Kind = Endpoint.Kind
#: Where raters can be written for: the rest is set up by the environment, for commands.
ASKABLE = (Kind.OPENAI, Kind.EMBEDDED, Kind.SCRIPTED)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a lead chose. ``model`` empty: the one that the endpoint names."""

    endpoint: Endpoint
    template: PromptTemplate
    rule: ScoringRule
    model: str = ""
    max_examples: int = 8
    decoding: Decoding = field(default_factory=Decoding)


def inspect(endpoint: Endpoint, *, model: str = "") -> ServerFacts:
    """What the endpoint's server says it is, asked now. Raises ServiceError where it does not say so in time."""
    if endpoint.kind not in ASKABLE:
        raise ServiceError(f'The endpoint "{endpoint.name}" is no server: only commands use it.')
    return asyncio.run(_inspect(endpoints.connect(endpoint, model=model), endpoint.name))


def learn(endpoint: Endpoint) -> ServerFacts:
    """What raters can be written for here. The embedded model is known without being started; others are asked."""
    if endpoint.kind == Kind.EMBEDDED:
        return ServerFacts(Dialect.LLAMA_CPP.value, "", models.find_model().stem)
    return inspect(endpoint)


def sketch(draft: Draft, facts: ServerFacts | None = None) -> RaterConfiguration:
    """The configuration of a draft: without ``facts`` good for a look at its prompts, with them complete.

    What a server whose address no admin named says of itself proves nothing, so its raters are its own: they are
    never asked where another endpoint claims to serve the same model.
    """
    revision, version, model = "", "", draft.model or draft.endpoint.model or (facts.model if facts else "")
    if draft.endpoint.kind == Kind.SCRIPTED:
        revision, model = scripted.VERSION, "scripted"
    elif draft.endpoint.kind == Kind.EMBEDDED and facts:
        identity = models.model_id()
        revision, version, model = f"sha256:{identity.sha256}", identity.server, identity.name
    elif facts:
        version = facts.version
        revision = "" if draft.endpoint.is_trusted else f"at {draft.endpoint.name}"
    is_scripted = draft.endpoint.kind == Kind.SCRIPTED
    return RaterConfiguration(
        backend=BackendKind.SCRIPTED if is_scripted else BackendKind.OPENAI_HTTP,
        model=model or "?",
        template=draft.template,
        scoring_rule=draft.rule,
        revision=revision,
        server_version=version,
        max_examples=draft.max_examples,
        decoding=draft.decoding,
    )


def configure(draft: Draft) -> RaterConfiguration:
    """The exact configuration, for which the server is asked what it is.

    Raises ServiceError where it does not answer, InputError where it cannot serve the scoring rule.
    """
    facts = learn(draft.endpoint)
    configuration = sketch(draft, facts)
    check_offer(facts, configuration)
    return configuration


@transaction.atomic
def make_candidate(
    project: Project, configuration: RaterConfiguration, *, endpoint: Endpoint, by: User, name: str = ""
) -> Judge:
    """A rater of this configuration and a candidate judge of it alone; the same ones where they exist already."""
    full = name or describe(configuration, endpoint)
    rater = raters.find_or_make(configuration, name=full[:200], endpoint=endpoint)
    return judges.make(project, [rater], name=rater.name, by=by)


def make_panel(project: Project, rater_ids: list[int], *, name: str, by: User) -> Judge:
    """A candidate judge of several raters that sit in judges of this project."""
    seated = Rater.objects.filter(seats__judge__project=project, pk__in=rater_ids).distinct().order_by("pk")
    return judges.make(project, list(seated), name=name, by=by)


def describe(configuration: RaterConfiguration, endpoint: Endpoint) -> str:
    """A name for a rater that was given none."""
    rule = configuration.scoring_rule.value.replace("_", " ")
    kept = raters.keep_prompt(configuration.template)
    return f"{endpoint.name}: {configuration.model}, {rule}, {kept}"


async def _inspect(backend: PatientBackend, name: str) -> ServerFacts:
    try:
        async with asyncio.timeout(PATIENCE_S), backend:
            return await backend.inspect()
    except TimeoutError:
        text = f'The endpoint "{name}" did not say within {PATIENCE_S:g} seconds what it is. Is it running?'
        raise ServiceError(text) from None
