from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from judge.errors import InputError
from judge.rules.scales import Example
from llm_judge.rules.configuration import Decoding, RaterConfiguration, ScoringRule
from llm_judge.rules.templates import CHOICE, FEW_SHOT
from tests.llm_judge.examples import make_rater


def test_configuration_survives_storage_with_its_hash() -> None:
    rater = make_rater(few_shots=(Example("fits", "c", "o"),), revision="q4", server_version="b1")
    stored = json.loads(rater.as_json())
    assert RaterConfiguration.from_record(stored) == rater
    assert RaterConfiguration.from_record(stored).content_hash() == rater.content_hash()


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"revision": "q8"},
        {"server_version": "b2"},
        {"template": replace(CHOICE, name="mine")},
        {"template": FEW_SHOT},
        {"scoring_rule": ScoringRule.PMI},
        {"few_shots": (Example("fits", "c", "o"),)},
        {"max_examples": 2},
        {"decoding": Decoding(temperature=0.7)},
        {"decoding": Decoding(samples=5)},
        {"decoding": Decoding(rationale_tokens=64)},
        {"orders": ("ab",)},
    ],
    ids=str,
)
def test_whatever_decides_answers_changes_the_hash(change: dict[str, object]) -> None:
    assert make_rater(**change).content_hash() != make_rater().content_hash()


def test_too_few_alternatives_are_refused() -> None:
    with pytest.raises(InputError, match="top_logprobs is 5"):
        Decoding(top_logprobs=5)


def test_raters_of_earlier_versions_keep_their_hash() -> None:
    """Written by hand as it was stored before votes, reasons and orders were known."""
    stored: dict[str, Any] = {
        "backend": "scripted",
        "model": "m",
        "revision": "",
        "server_version": "",
        "template": {"name": "mine", "fenced": True, "texts": {"en": ["s", "e", "{context}{output}"]}},
        "scoring_rule": "choice",
        "few_shots": [],
        "max_examples": 8,
        "decoding": {"temperature": 0.0, "top_logprobs": 20, "max_tokens": 1, "seed": None},
    }
    rater = RaterConfiguration.from_record(stored)
    stored["template"]["version"] = rater.template.version
    assert rater.as_record() == stored
    assert rater.content_hash() == "f4e244a139102b9337fcc1ff727446a6861d78e4ffaef3230712c3196ec2bccd"


def test_votes_reasons_and_orders_survive_storage() -> None:
    decoding = Decoding(temperature=0.7, samples=5, rationale_tokens=64)
    rater = make_rater(ScoringRule.SAMPLED, decoding=decoding, orders=("ba",))
    assert RaterConfiguration.from_record(json.loads(rater.as_json())) == rater


@pytest.mark.parametrize("orders", [(), ("ab", "ab"), ("abc",)])
def test_orders_of_a_pair_are_both_or_one_of_them(orders: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="the orders of a pair are"):
        make_rater(orders=orders)
