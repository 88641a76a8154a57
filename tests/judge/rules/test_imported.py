from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.imported import Reference, settle_imported
from judge.rules.routing import PolicyTerms
from judge.rules.settling import Outcome, Settlement
from judge.rules.skills import Said
from judge.rules.streams import Stream


def settle(
    answers: list[str], stream: Stream = Stream.OPEN, *, is_sample: bool = False, reference: str = "three"
) -> Settlement:
    return settle_imported(
        [Said(answer) for answer in answers], labels=("yes", "no"), stream=stream, is_sample=is_sample,
        reference=Reference(reference), policy=PolicyTerms(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "stream", "more", "outcome"),
    [
        ([], "open", {}, "wait"),
        (["yes"], "open", {}, "wait"),
        (["yes", "yes"], "open", {}, "agreed"),
        (["yes", "no"], "train", {}, "wait"),
        (["yes", "no", "no"], "train", {}, "agreed"),
        (["yes"] * 5, "certify", {}, "wait"),  # nobody declared a sample: these answers only train
        (["yes"] * 5, "gold", {"reference": "single"}, "wait"),
        (["yes"] * 2, "certify", {"is_sample": True}, "wait"),  # fewer than three cannot certify
        (["yes"] * 3, "certify", {"is_sample": True}, "agreed"),
        (["yes", "no"] * 2, "certify", {"is_sample": True}, "adjudicate"),
        (["yes"] * 3, "gold", {"is_sample": True}, "adjudicate"),  # gold is adjudicated whatever the votes
        (["yes"], "certify", {"is_sample": True, "reference": "single"}, "agreed"),
        (["yes"], "gold", {"is_sample": True, "reference": "single"}, "agreed"),
        (["yes"], "train", {"reference": "single"}, "agreed"),
    ],
)
def test_what_imported_answers_amount_to(
    answers: list[str], stream: str, more: dict[str, object], outcome: str
) -> None:
    assert settle(answers, Stream(stream), **more).outcome == outcome  # type: ignore[arg-type]


@given(
    st.lists(st.sampled_from(["yes", "no"]), max_size=9), st.sampled_from(Stream), st.booleans(),
    st.sampled_from(Reference),
)  # fmt: skip
def test_a_label_always_rests_on_a_strict_majority(
    answers: list[str], stream: Stream, is_sample: bool, reference: Reference
) -> None:
    settled = settle(answers, stream, is_sample=is_sample, reference=reference)
    if settled.outcome is Outcome.AGREED:
        assert answers.count(str(settled.label)) > len(answers) / 2
        assert settled.n_people == len(answers)
        assert is_sample or stream in (Stream.OPEN, Stream.TRAIN)
    else:
        assert settled.label is None
