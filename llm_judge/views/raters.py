"""The page where a rater is written: a prompt from the rubric, how it is asked, a look at it, a trial, a candidate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from judge import access
from judge.actions import rubrics
from judge.errors import CojudgeError, InputError, ServiceError
from judge.models import Case, Criterion, Item, Role
from judge.templatetags.texts import excerpt
from llm_judge.actions import drafts, trials
from llm_judge.backends.base import ServerFacts
from llm_judge.forms import ChooseForm, RaterForm
from llm_judge.models import Endpoint
from llm_judge.rules.configuration import RaterConfiguration, ScoringRule
from llm_judge.rules.scoring import check_fit, plan_calls
from llm_judge.views import beginnings
from llm_judge.views.words import SCORING, say

#: Items named for the field; any other train or open item can be typed.
OFFERED = 20


@dataclass(frozen=True, slots=True)
class Look:
    """How the prompt of one criterion reads in one language; ``trouble`` where it cannot be asked."""

    title: str
    language: str
    prompts: tuple[tuple[tuple[str, str], ...], ...] = ()
    trouble: str = ""


@dataclass(slots=True)
class Desk:
    """What the page works on."""

    request: access.ProjectRequest
    criteria: list[Criterion]
    items: list[Item]
    endpoint: Endpoint | None
    form: RaterForm
    chooser: ChooseForm
    looks: list[Look]


@require_http_methods(["GET", "HEAD", "POST"])
@access.project(Role.LEAD)
def new_rater(request: access.ProjectRequest) -> HttpResponse:
    """GET with ``endpoint`` and ``start`` fills the form; POST looks at it, tries it or makes a candidate of it."""
    desk = _lay(request)
    if request.method != "POST" or desk.endpoint is None:
        return _page(desk, facts=_ask(desk.endpoint))
    if desk.form.is_valid():
        act = {"try": _try, "save": _save}.get(request.POST.get("do", ""), _preview)
        try:
            if (response := act(desk, desk.endpoint)) is not None:
                return response
        except (InputError, ServiceError) as error:
            desk.form.add_error(_field_of(error, desk.form), str(error))
    return _page(desk, status=400 if desk.form.errors else 200)


def _lay(request: access.ProjectRequest) -> Desk:
    criteria = rubrics.criteria_in_force(request.project)
    offered = list(trials.offered(request.project)[:OFFERED])
    chosen = request.POST if request.method == "POST" else request.GET
    begin = beginnings.find(request.project, chosen.get("start", ""), chosen.get("endpoint", ""))
    titles = [(str(each.pk), each.question.in_language(get_language() or "en").title) for each in criteria]
    initial = begin.initial | {
        "item": offered[0].identity if offered else "",
        "criterion": titles[0][0] if titles else "",
    }
    form = RaterForm(
        request.POST if request.method == "POST" else None, initial=initial, languages=begin.languages, criteria=titles
    )
    chooser = ChooseForm(
        initial={"endpoint": begin.endpoint, "start": begin.start}, starts=beginnings.offered(request.project)
    )
    return Desk(request, criteria, offered, begin.endpoint, form, chooser, [])


def _ask(endpoint: Endpoint | None) -> ServerFacts | str:
    """What the endpoint says of itself, or why it says nothing."""
    if endpoint is None:
        return ""
    try:
        return drafts.learn(endpoint)
    except CojudgeError as error:
        return str(error)


def _page(desk: Desk, *, facts: ServerFacts | str = "", status: int = 200) -> HttpResponse:
    is_told = isinstance(facts, ServerFacts)
    rules = facts.rules if isinstance(facts, ServerFacts) else frozenset(ScoringRule)
    chosen = desk.form["rule"].value()
    context: dict[str, Any] = {
        "form": desk.form,
        "chooser": desk.chooser,
        "endpoint": desk.endpoint,
        "facts": facts if is_told else None,
        "server": facts.version if isinstance(facts, ServerFacts) else "",
        "trouble": "" if is_told else facts,
        "rules": [(rule.value, say(SCORING, rule.value), rule in rules, rule.value == chosen) for rule in ScoringRule],
        "without_logprobs": rules == {ScoringRule.SAMPLED},
        "offered": [(item.identity, excerpt(item.output, 60)) for item in desk.items],
        "looks": desk.looks,
    }
    return render(desk.request, "llm_judge/new_rater.html", context, status=status)


def _preview(desk: Desk, endpoint: Endpoint) -> None:
    """The prompts of one item, every criterion, every language of the prompt: without a call."""
    item = trials.find_item(desk.request.project, desk.form.cleaned_data["item"])
    configuration = drafts.sketch(_draft(desk.form, endpoint))
    cases = item.cases.filter(criterion__in=desk.criteria).select_related(
        "item__context", "criterion", "project__rubric"
    )
    order = {criterion.pk: place for place, criterion in enumerate(desk.criteria)}
    for case in sorted(cases, key=lambda each: order[each.criterion_id]):
        desk.looks += _look(case, configuration)


def _look(case: Case, configuration: RaterConfiguration) -> Iterator[Look]:
    asked = trials.put(case)
    for language in configuration.template.texts:
        title = asked.question.in_language(language).title
        try:
            calls = plan_calls(replace(asked, language=language), configuration)
        except InputError as error:
            yield Look(title, language, trouble=str(error))
        else:
            yield Look(title, language, tuple(dict.fromkeys(trials.show(call) for call in calls)))


def _try(desk: Desk, endpoint: Endpoint) -> HttpResponse:
    project, chosen = desk.request.project, desk.form.cleaned_data
    item = trials.find_item(project, chosen["item"])
    criterion = next((each for each in desk.criteria if str(each.pk) == chosen["criterion"]), desk.criteria[0])
    case = item.cases.filter(criterion=criterion).select_related("item", "criterion").first()
    if case is None:
        raise InputError(f'"{item.identity}" has no case of this criterion', next_step="Choose another item.")
    check_fit(criterion.question, drafts.sketch(_draft(desk.form, endpoint)))
    configuration = drafts.configure(_draft(desk.form, endpoint))
    trial = trials.start(project, configuration, case, endpoint=endpoint, by=desk.request.user)
    return redirect("trial", slug=project.slug, trial_id=trial.pk)


def _save(desk: Desk, endpoint: Endpoint) -> HttpResponse:
    project, draft = desk.request.project, _draft(desk.form, endpoint)
    _check_some_fit(desk.criteria, drafts.sketch(draft))
    configuration = drafts.configure(draft)
    judge = drafts.make_candidate(project, configuration, endpoint=endpoint, by=desk.request.user)
    text = _("%(judge)s is a candidate, version %(version)s.")
    messages.success(desk.request, text % {"judge": judge.name, "version": judge.version})
    return redirect("judges", slug=project.slug)


def _check_some_fit(criteria: list[Criterion], configuration: RaterConfiguration) -> None:
    """Raise the first refusal where this rater can judge none of the criteria."""
    refusals = []
    for criterion in criteria:
        try:
            check_fit(criterion.question, configuration)
        except InputError as error:
            refusals.append(error)
    if refusals and len(refusals) == len(criteria):
        raise refusals[0]


def _draft(form: RaterForm, endpoint: Endpoint) -> drafts.Draft:
    chosen: Mapping[str, Any] = form.cleaned_data
    if form.template is None:
        raise InputError("the prompt has no text", expected="a body in one language")
    return drafts.Draft(
        endpoint=endpoint,
        template=form.template,
        rule=ScoringRule(chosen["rule"]),
        model=chosen["model"],
        max_examples=chosen["max_examples"],
        decoding=form.decoding,
    )


def _field_of(error: CojudgeError, form: RaterForm) -> str | None:
    """Beside which field a refusal belongs, as far as it tells."""
    text = str(error)
    if "stream" in text or text.startswith(("there is no item", "the text of")):
        return "item"
    if "scoring rule" in text or "sampled" in text:
        return "rule"
    for language in form.languages:
        if f"({language})" in text:
            return f"{language}_body"
    return None
