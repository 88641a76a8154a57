"""The words for what machines report, as leads read them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

UNSCORED: Mapping[str, Promise] = {
    "off_menu": _("the answer is not one of the labels"),
    "no_logprobs": _("the answer came without probabilities"),
    "empty_answer": _("the answer was empty"),
    "garbage": _("the answer could not be read"),
    "http_error": _("the server refused or failed"),
    "unauthorized": _("the key is missing or wrong"),
    "rate_limited": _("too many requests, again and again"),
    "timeout": _("no answer in time"),
    "unreachable": _("no connection to the server"),
    "context_too_long": _("the prompt is longer than the model's window"),
    "refused": _("the model declined to answer"),
    "not_a_pair": _("the criterion compares two outputs, and this item holds one"),
    "not_learned": _("the student has not learned this criterion yet: too few labels of people"),
}

SCORING: Mapping[str, Promise] = {
    "choice": _("asked for one label, held to the menu"),
    "few_shot": _("asked to complete worked examples with one label"),
    "pmi": _("how much likelier the output is in its context than without it"),
    "reasoned": _("asked for its reasons first, then for one label, held to the menu"),
    "sampled": _("asked several times for one label; the share of votes counts"),
}

#: What leads should know of a kind of endpoint before they read its answers.
WORTH: Mapping[str, Promise] = {
    "embedded": _("The embedded model is very small and often wrong. It shows how things work; for real work name a "
                  "model server in JUDGE_URL."),
    "scripted": _("No model is behind scripted answers: they are drawn by hash, for trials."),
}  # fmt: skip


def say(words: Mapping[str, Promise], key: str) -> str:
    """The words for ``key``; a key without words is shown as it is stored."""
    return str(words.get(key, key.replace("_", " ")))
