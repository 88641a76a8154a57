"""Machine raters: one row for each exact configuration, and the endpoints where it is asked."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from judge.errors import InputError
from judge.models import Judge, Rater
from llm_judge.models import Endpoint, PromptTemplate
from llm_judge.rules import prompting
from llm_judge.rules.budget import Price
from llm_judge.rules.configuration import RaterConfiguration


@transaction.atomic
def find_or_make(configuration: RaterConfiguration, *, name: str, endpoint: Endpoint) -> Rater:
    """The rater of exactly this configuration, which is asked at ``endpoint`` too from now on."""
    rater, _ = Rater.objects.get_or_create(
        configuration_hash=configuration.content_hash(),
        defaults={"kind": Rater.Kind.MACHINE, "name": name, "configuration": configuration.as_record()},
    )
    keep_prompt(configuration.template)
    endpoint.raters.add(rater)
    return rater


def keep_prompt(template: prompting.PromptTemplate) -> PromptTemplate:
    """The row of this very prompt; the next version of its name if nobody used it before."""
    known = PromptTemplate.objects.filter(content_hash=template.version).first()
    if known is not None:
        return known
    latest = PromptTemplate.objects.filter(name=template.name).aggregate(latest=Max("version"))["latest"] or 0
    return PromptTemplate.objects.create(
        name=template.name, version=latest + 1, text=template.as_record(), content_hash=template.version
    )


def configuration_of(rater: Rater) -> RaterConfiguration:
    """What a machine rater's row says. Raises InputError for a rater that only ever was imported."""
    if not rater.configuration:
        raise InputError(f'the rater "{rater.name}" has no configuration', expected="a machine that can be asked")
    return RaterConfiguration.from_record(rater.configuration)


def endpoints_of(rater: Rater) -> list[Endpoint]:
    """Where this rater is asked, any of them. Raises InputError where it is asked nowhere."""
    found = list(rater.endpoints.order_by("pk"))
    if not found:
        raise InputError(f'the rater "{rater.name}" has no endpoint', next_step="Put a judge in force again.")
    return found


def price_of(rater: Rater) -> Price:
    """What this rater's calls cost: the dearest of its endpoints, since any of them may be asked."""
    prices = list(rater.endpoints.values_list("price_in", "price_out"))
    return Price(max((each for each, _ in prices), default=0.0), max((each for _, each in prices), default=0.0))


def seated(judge: Judge) -> list[Rater]:
    """The raters of a judge, in their order."""
    return [seat.rater for seat in judge.seats.select_related("rater").order_by("position")]
