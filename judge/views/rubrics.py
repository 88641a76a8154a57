"""The rubric in force, for everybody in the project to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation.trans_real import language_code_re
from django.views.decorators.http import require_GET

from judge import access
from judge.actions import rubrics
from judge.rules.scales import Example, Question, ScaleLabel
from judge.views.case_files import title_of

#: What readers call a language of a rubric; others are shown by their code.
NAMES = {"en": "English", "zh": "中文"}


@dataclass(frozen=True, slots=True)
class ReadLabel:
    """A label with the examples that deserve it, and those that only seem to, with the label they do deserve."""

    label: ScaleLabel
    good: tuple[Example, ...]
    bad: tuple[tuple[Example, str], ...]


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language in which the rubric can be read."""

    code: str
    name: str
    is_current: bool


@require_GET
@access.project(*access.EVERY_ROLE)
def rubric(request: access.ProjectRequest) -> HttpResponse:
    """The rubric in the reader's language, or in the one that ``?in=`` names."""
    questions = [criterion.question for criterion in rubrics.criteria_in_force(request.project)]
    original = request.project.rubric.language if request.project.rubric else "en"
    language = _language(request.GET.get("in", ""), original)
    read = [question.in_language(language) for question in questions]
    tongues = _tongues(questions, original, language)
    context = {
        "criteria": [(question, _labels(question)) for question in read],
        "tongues": tongues,
        "language": next(tongue.code for tongue in tongues if tongue.is_current),
    }
    return render(request, "judge/rubric.html", context)


def _language(asked: str, original: str) -> str:
    if asked and language_code_re.match(asked):
        return asked
    return get_language() or original


def _tongues(questions: Iterable[Question], original: str, language: str) -> list[Tongue]:
    codes = list(dict.fromkeys([original, *(code for question in questions for code in question.translations)]))
    shorts = [code.split("-")[0] for code in codes]
    current = language.split("-")[0] if language.split("-")[0] in shorts else original.split("-")[0]
    return [Tongue(code, NAMES.get(code, code), code.split("-")[0] == current) for code in codes]


def _labels(question: Question) -> list[ReadLabel]:
    return [ReadLabel(label, _good(question, label.key), _bad(question, label.key)) for label in question.labels]


def _good(question: Question, key: str) -> tuple[Example, ...]:
    """Plain examples of a label; where there are none, those that look like another one."""
    deserve = [each for each in question.examples if each.label == key]
    return tuple([each for each in deserve if not each.mistaken_for] or deserve)


def _bad(question: Question, key: str) -> tuple[tuple[Example, str], ...]:
    return tuple((each, title_of(question, each.label)) for each in question.examples if each.mistaken_for == key)
