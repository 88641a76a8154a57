"""The judges that a project can be given by name: the embedded model, a server of one's own, vLLM without a server,
scripted answers."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from judge.actions import judges
from judge.models import Judge, Project, User
from judge.services import models
from llm_judge.actions import calls, endpoints, offline, raters, students
from llm_judge.actions.endpoints import EMBEDDED, OFFLINE, SCRIPTED, SERVER
from llm_judge.backends import scripted
from llm_judge.backends.base import check_offer
from llm_judge.rules import templates
from llm_judge.rules.configuration import BackendKind, RaterConfiguration, ScoringRule

STUDENT = "student"


def use_embedded(project: Project, *, by: User | None = None) -> Judge:
    """The shipped model, few-shot with the rubric's own examples. Needs no running server."""
    return _seat(project, embedded_configuration(), endpoint=EMBEDDED, name="Embedded model", by=by)


def use_server(project: Project, *, by: User | None = None) -> Judge:
    """The server at JUDGE_URL, asked for one constrained answer. Raises ServiceError when it does not answer."""
    return _seat(project, server_configuration(), endpoint=SERVER, name="Server", by=by)


def use_scripted(project: Project, *, by: User | None = None) -> Judge:
    """Answers drawn by hash, for trials and tests: no model is behind them."""
    return _seat(project, scripted_configuration(), endpoint=SCRIPTED, name="Scripted answers", by=by)


def use_offline(project: Project, *, by: User | None = None) -> Judge:
    """vLLM in a process of its own, for judging at night or on a borrowed machine; set up by the environment."""
    return _seat(project, offline.configuration(), endpoint=OFFLINE, name="Offline", by=by)


def use_student(project: Project, *, by: User | None = None) -> Judge:
    """What can be learned now from the labels that people gave here. Raises InputError while they are too few."""
    judge = students.fit(project, by=by)
    judge.project = project  # the caller's object learns of its judge
    judges.promote(judge, by=by)
    return judge


def embedded_configuration() -> RaterConfiguration:
    identity = models.model_id()
    return RaterConfiguration(
        backend=BackendKind.OPENAI_HTTP,
        model=identity.name,
        revision=f"sha256:{identity.sha256}",
        server_version=identity.server,
        template=templates.FEW_SHOT,
        scoring_rule=ScoringRule.FEW_SHOT,
    )


def server_configuration() -> RaterConfiguration:
    """What the server at JUDGE_URL says it is; JUDGE_MODEL chooses among its models."""
    endpoint = endpoints.ensure(SERVER)
    backend = endpoints.connect(endpoint)
    _, facts = calls.open_backend((repr(backend), endpoint.pk), backend)
    configuration = RaterConfiguration(
        backend=BackendKind.OPENAI_HTTP,
        model=settings.JUDGE_MODEL or facts.model,
        server_version=facts.version,
        template=templates.CHOICE,
        scoring_rule=ScoringRule.CHOICE,
    )
    check_offer(facts, configuration)
    return configuration


def scripted_configuration() -> RaterConfiguration:
    return RaterConfiguration(
        backend=BackendKind.SCRIPTED,
        model="scripted",
        revision=scripted.VERSION,
        template=templates.CHOICE,
        scoring_rule=ScoringRule.CHOICE,
    )


def _seat(project: Project, configuration: RaterConfiguration, *, endpoint: str, name: str, by: User | None) -> Judge:
    full = f"{name}: {configuration.model}, {configuration.scoring_rule.value.replace('_', ' ')}"
    rater = raters.find_or_make(configuration, name=full, endpoint=endpoints.ensure(endpoint))
    return judges.put_in_force(project, [rater], name=full[:120], by=by)


SETUPS: dict[str, Callable[..., Judge]] = {
    EMBEDDED: use_embedded,
    SERVER: use_server,
    SCRIPTED: use_scripted,
    OFFLINE: use_offline,
    STUDENT: use_student,
}
