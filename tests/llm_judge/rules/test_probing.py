"""Which cases are held against which."""

from __future__ import annotations

from dataclasses import replace

from llm_judge.rules.probing import Probe, ProbedCase, examples, favour_for_first, strata

BASE = ProbedCase(1, 1, "a", 1, "train", is_good=False, passes=True)


def cases(*changes: dict[str, object]) -> list[ProbedCase]:
    return [replace(BASE, case=place, item=place, context=place, **change) for place, change in enumerate(changes)]  # type: ignore[arg-type]


def found(*changes: dict[str, object], families: tuple[str, ...] = ("qwen",)) -> dict[tuple[Probe, str], list[bool]]:
    return {(each.probe, each.value): list(each.is_in) for each in strata(cases(*changes), families=families)}


def test_the_longer_half_is_taken_in_each_language() -> None:
    told = found({"language": "en", "length": 100}, {"language": "en", "length": 300},
                 {"language": "zh", "length": 20}, {"language": "zh", "length": 40})  # fmt: skip
    assert told[Probe.LENGTH, ""] == [False, True, False, True]


def test_of_two_languages_one_comparison_is_made_and_of_three_three() -> None:
    two = found({"language": "en"}, {"language": "en"}, {"language": "zh"})
    assert [key for key in two if key[0] is Probe.LANGUAGE] == [(Probe.LANGUAGE, "zh")]
    three = found({"language": "en"}, {"language": "zh"}, {"language": "de"})
    assert len([key for key in three if key[0] is Probe.LANGUAGE]) == 3
    assert not [key for key in found({"language": "en"}, {"language": "en"}) if key[0] is Probe.LANGUAGE]


def test_its_own_family_is_known_by_name_and_unnamed_generators_are_left_out() -> None:
    told = found({"generator": "Qwen/Qwen3-8B"}, {"generator": "gpt-4o"}, {"generator": ""})
    assert told[Probe.SELF, "qwen"] == [True, False]
    assert (Probe.SELF, "qwen") not in found({"generator": "Qwen3"}, {"generator": "qwen2"}), "nothing to compare with"
    assert not [key for key in found({"generator": "x"}, {"generator": "y"}, families=("",)) if key[0] is Probe.SELF]


def test_a_popularity_that_is_no_number_is_left_out() -> None:
    told = found({"popularity": float("nan")}, {"popularity": 1.0}, {"popularity": 9.0}, {"popularity": None})
    assert told[Probe.POPULARITY, ""] == [False, True]


def test_examples_hold_cases_alike_against_each_other_one_context_first() -> None:
    told = [
        replace(BASE, case=1, name="long, far", context=1, length=9),
        replace(BASE, case=2, name="long, near", context=2, length=9),
        replace(BASE, case=3, name="short, near", context=2, length=1, passes=False),
        replace(BASE, case=4, name="short, good", context=3, length=1, passes=False, is_good=True),
    ]
    (length,) = [each for each in strata(told, families=()) if each.probe is Probe.LENGTH]
    assert [(one.name, other.name) for one, other in examples(length, towards=True)] == [("long, near", "short, near")]
    assert examples(length, towards=False) == []


def test_a_favour_for_a_place_needs_both_orders() -> None:
    sides = {"a": "a", "equal": "", "b": "b"}
    steady = {"ab": {"a": 0.8, "equal": 0.1, "b": 0.1}, "ba": {"a": 0.8, "equal": 0.1, "b": 0.1}}
    assert favour_for_first(steady, sides) == 0.0
    first = {"ab": {"a": 1.0}, "ba": {"b": 1.0}}
    assert favour_for_first(first, sides) == 1.0
    assert favour_for_first({"ab": {"a": 1.0}}, sides) is None
    assert favour_for_first({"ab": {"a": float("nan")}, "ba": {"a": 1.0}}, sides) is None
