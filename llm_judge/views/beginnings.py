"""What a new rater starts from: a shipped prompt, one that was used before, a rater, or a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from judge.models import Project, Rater
from llm_judge.actions import endpoints
from llm_judge.actions.drafts import ASKABLE
from llm_judge.forms import PARTS
from llm_judge.models import Endpoint, PromptTemplate, Trial
from llm_judge.rules import prompting, templates
from llm_judge.rules.configuration import BackendKind, Decoding, RaterConfiguration, ScoringRule

#: Languages whose fields stand on the page even where a prompt has no text for them.
LANGUAGES = ("en", "zh")
#: Prompts in the list of what one can start from.
LISTED = 40
FIRST = f"shipped:{templates.CHOICE.name}"


@dataclass(frozen=True, slots=True)
class Beginning:
    """The values that the form starts with."""

    start: str
    endpoint: Endpoint | None
    languages: list[str]
    initial: dict[str, Any] = field(default_factory=dict)


def offered(project: Project) -> list[Any]:
    """What one can start from, for a list of choices."""
    seated = Rater.objects.filter(seats__judge__project=project, configuration__scoring_rule__isnull=False)
    return [
        (_("Shipped prompts"), [(f"shipped:{name}", name) for name in templates.SHIPPED]),
        (_("Raters of this project"), [(f"rater:{each.pk}", each.name) for each in seated.distinct().order_by("-pk")]),
        (_("Prompts used before"), [(f"prompt:{each.pk}", str(each)) for each in _used(project)]),
        (_("Trials"), [(f"trial:{each.pk}", f"#{each.pk}") for each in project.trials.order_by("-pk")[:LISTED]]),
    ]


def find(project: Project, start: str, endpoint: str) -> Beginning:
    """The beginning that ``start`` (kind:key) names, else the first shipped one; at ``endpoint`` if that is named."""
    kind, _colon, key = start.partition(":")
    reading = _READERS.get(kind, _read_shipped)(project, key)
    configuration, known = reading or (_plain(templates.CHOICE, ScoringRule.CHOICE), None)
    chosen = _endpoint(endpoint) or known or _usual()
    template = configuration.template
    languages = list(dict.fromkeys([*template.texts, *LANGUAGES]))
    initial = _initial(configuration, languages)
    if known is not None and chosen.pk != known.pk:
        initial["model"] = ""  # another server has other models
    return Beginning(start if reading else FIRST, chosen, languages, initial)


def _initial(configuration: RaterConfiguration, languages: list[str]) -> dict[str, Any]:
    template, how = configuration.template, configuration.decoding
    texts = {
        f"{language}_{part}": getattr(template.texts.get(language), part, "")
        for language in languages
        for part in PARTS
    }
    return {
        "prompt": template.name,
        "fenced": template.fenced,
        "model": configuration.model,
        "rule": configuration.scoring_rule.value,
        "max_examples": configuration.max_examples,
        "temperature": f"{how.temperature:g}",
        "samples": how.samples,
        "max_tokens": how.max_tokens,
        "rationale_tokens": how.rationale_tokens,
        **texts,
    }


type Reading = tuple[RaterConfiguration, Endpoint | None] | None


def _read_shipped(project: Project, key: str) -> Reading:
    template = templates.SHIPPED.get(key)
    if template is None:
        return None
    is_rule = key in {rule.value for rule in ScoringRule}
    return _plain(template, ScoringRule(key) if is_rule else ScoringRule.CHOICE), None


def _read_prompt(project: Project, key: str) -> Reading:
    row = _used(project).filter(pk=_number(key)).first()
    if row is None:
        return None
    template = prompting.PromptTemplate.from_record(row.text)
    is_rule = template.name in {rule.value for rule in ScoringRule}
    return _plain(template, ScoringRule(template.name) if is_rule else ScoringRule.CHOICE), None


def _read_rater(project: Project, key: str) -> Reading:
    rater = Rater.objects.filter(pk=_number(key), seats__judge__project=project).first()
    if rater is None or "scoring_rule" not in (rater.configuration or {}):
        return None
    return RaterConfiguration.from_record(rater.configuration or {}), rater.endpoints.order_by("pk").first()


def _read_trial(project: Project, key: str) -> Reading:
    trial = Trial.objects.select_related("endpoint").filter(pk=_number(key), project=project).first()
    return (RaterConfiguration.from_record(trial.configuration), trial.endpoint) if trial else None


_READERS: dict[str, Callable[[Project, str], Reading]] = {
    "shipped": _read_shipped,
    "prompt": _read_prompt,
    "rater": _read_rater,
    "trial": _read_trial,
}


def _plain(template: prompting.PromptTemplate, rule: ScoringRule) -> RaterConfiguration:
    votes = Decoding(temperature=0.7, samples=9) if rule is ScoringRule.SAMPLED else Decoding()
    return RaterConfiguration(BackendKind.OPENAI_HTTP, "", template, rule, decoding=votes)


def _used(project: Project) -> Any:
    """Prompts of raters that sit in this project's judges: what other teams wrote stays with them."""
    raters = Rater.objects.filter(seats__judge__project=project, configuration__template__version__isnull=False)
    return PromptTemplate.objects.filter(
        content_hash__in=raters.values(v=KT("configuration__template__version"))
    ).order_by("-pk")


def _endpoint(key: str) -> Endpoint | None:
    return Endpoint.objects.filter(pk=_number(key), kind__in=ASKABLE).first()


def _usual() -> Endpoint:
    """Where one starts: the team's server where there is one, else the embedded model."""
    return endpoints.ensure(endpoints.SERVER if settings.JUDGE_URL else endpoints.EMBEDDED)


def _number(key: str) -> int:
    return int(key) if key.isascii() and key.isdecimal() and len(key) < 12 else 0
