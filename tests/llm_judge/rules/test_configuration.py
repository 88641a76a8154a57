from __future__ import annotations

import json
from dataclasses import replace

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
    ],
    ids=str,
)
def test_whatever_decides_answers_changes_the_hash(change: dict[str, object]) -> None:
    assert make_rater(**change).content_hash() != make_rater().content_hash()


def test_too_few_alternatives_are_refused() -> None:
    with pytest.raises(InputError, match="top_logprobs is 5"):
        Decoding(top_logprobs=5)
