"""Field names are the trainers' own, verbatim: each row here was written by hand after their documentation."""

from __future__ import annotations

from typing import Any

import pytest

from judge.errors import InputError
from judge.formats import training_dialects
from judge.formats.training import Prompt
from judge.formats.training_dialects import DIALECTS, dataset_info, find, formats, variants
from judge.rules.tiers import Tier

S, A, B = Tier.SUPERIOR, Tier.AVERAGE, Tier.BAD
PLAIN, WITH_SYSTEM = Prompt("A tag for tents?"), Prompt("A tag for tents?", "Be brief.")
ASKED = {"role": "user", "content": "A tag for tents?"}
TOLD = {"role": "system", "content": "Be brief."}
LESSON = [("system", "You judge."), ("user", "Does it fit?"), ("assistant", "Yes")]
GRPO = {
    "source": "shop-tags", "task": "tag", "qualified": ["tarp", "帐篷"],
    "extra": {"index": 0, "split": "train", "context_id": "c1", "n_outputs": 3, "n_qualified": 2},
}  # fmt: skip


def said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


SAMPLES: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "sft": ((PLAIN, "tarp"), {}),
    "kto": ((PLAIN, "tarp", True), {}),
    "dpo": ((PLAIN, "tarp", "gnome"), {}),
    "listwise": ((PLAIN, "likes tents", [("tarp", S), ("rope", A), ("gnome", B)]), {}),
    "judge-sft": ((LESSON, "fits"), {}),
    "grpo": ((PLAIN,), GRPO),
}
JUDGED = {"role": "system", "content": "You judge."}, {"role": "user", "content": "Does it fit?"}
REWARD = {"style": "model", "ground_truth": '["tarp", "帐篷"]'}
ROWS: dict[tuple[str, str, str], dict[str, Any]] = {
    ("sft", "trl", ""): {"messages": [ASKED, said("tarp")]},
    ("sft", "trl", "prompt-completion"): {"prompt": "A tag for tents?", "completion": "tarp"},
    ("sft", "llama-factory", ""): {"instruction": "A tag for tents?", "input": "", "output": "tarp"},
    ("sft", "ms-swift", ""): {"messages": [ASKED, said("tarp")]},
    ("sft", "axolotl", ""): {"messages": [ASKED, said("tarp")]},
    ("sft", "verl", ""): {"messages": [ASKED, said("tarp")]},
    ("kto", "trl", ""): {"prompt": "A tag for tents?", "completion": "tarp", "label": True},
    ("kto", "trl", "conversational"): {"prompt": [ASKED], "completion": [said("tarp")], "label": True},
    ("kto", "llama-factory", ""): {"instruction": "A tag for tents?", "input": "", "output": "tarp", "kto_tag": True},
    ("kto", "ms-swift", ""): {"messages": [ASKED, said("tarp")], "label": True},
    ("kto", "axolotl", ""): {"prompt": "A tag for tents?", "completion": "tarp", "label": True},
    ("dpo", "trl", ""): {"prompt": "A tag for tents?", "chosen": "tarp", "rejected": "gnome"},
    ("dpo", "trl", "conversational"): {"prompt": [ASKED], "chosen": [said("tarp")], "rejected": [said("gnome")]},
    ("dpo", "llama-factory", ""): {
        "instruction": "A tag for tents?", "input": "", "chosen": "tarp", "rejected": "gnome",
    },
    ("dpo", "ms-swift", ""): {"messages": [ASKED, said("tarp")], "rejected_response": "gnome"},
    ("dpo", "axolotl", ""): {"messages": [ASKED], "chosen": said("tarp"), "rejected": said("gnome")},
    ("listwise", "trl", ""): {"context": "likes tents", "candidates": [
        {"text": "tarp", "tier": "S"}, {"text": "rope", "tier": "A"}, {"text": "gnome", "tier": "B"}]},
    ("listwise", "trl", "nectar"): {"prompt": "A tag for tents?", "answers": [
        {"answer": "tarp", "rank": 1}, {"answer": "rope", "rank": 2}, {"answer": "gnome", "rank": 3}]},
    ("listwise", "ms-swift", ""): {
        "messages": [ASKED],
        "positive_messages": [[said("tarp")], [said("rope")]],
        "negative_messages": [[said("gnome")]],
    },
    ("judge-sft", "trl", ""): {"messages": [*JUDGED, said("Yes")]},
    ("judge-sft", "trl", "label"): {"messages": [*JUDGED], "label": "fits"},
    ("judge-sft", "llama-factory", ""): {
        "instruction": "Does it fit?", "input": "", "output": "Yes", "system": "You judge.",
    },
    ("judge-sft", "ms-swift", ""): {"messages": [*JUDGED, said("Yes")]},
    ("judge-sft", "axolotl", ""): {"messages": [*JUDGED, said("Yes")]},
    ("judge-sft", "verl", ""): {"messages": [*JUDGED, said("Yes")]},
    ("grpo", "trl", ""): {"data_source": "shop-tags", "prompt": [ASKED], "ability": "tag", "reward_model": REWARD,
                          "extra_info": GRPO["extra"]},
    ("grpo", "verl", ""): {"data_source": "shop-tags", "prompt": [ASKED], "ability": "tag", "reward_model": REWARD,
                           "extra_info": GRPO["extra"]},
    ("grpo", "ms-swift", ""): {"messages": [ASKED], "data_source": "shop-tags", "ability": "tag",
                               "reward_model": REWARD, "extra_info": GRPO["extra"]},
}  # fmt: skip


@pytest.mark.parametrize(("format", "dialect", "variant"), ROWS, ids=[" ".join(filter(None, key)) for key in ROWS])
def test_a_row_has_the_fields_of_its_trainer_in_their_order(format: str, dialect: str, variant: str) -> None:
    arguments, named = SAMPLES[format]
    has_system = format == "judge-sft"
    layout = find(format, dialect, variant, has_system=has_system)
    row = layout.write(*arguments, **named)
    assert row == ROWS[format, dialect, variant]
    assert list(row) == list(ROWS[format, dialect, variant]) == list(layout.columns)


def test_every_layout_has_its_example_here() -> None:
    assert set(ROWS) == set(training_dialects._LAYOUTS)
    assert {dialect for _, dialect, _ in ROWS} == set(DIALECTS)
    assert formats() == ("sft", "kto", "dpo", "listwise", "judge-sft", "grpo")
    assert variants("listwise") == ("nectar",)


@pytest.mark.parametrize(
    ("format", "dialect", "expected"),
    [
        ("sft", "", {"messages": [TOLD, ASKED, said("tarp")]}),
        ("sft", "llama-factory", {"instruction": PLAIN.user, "input": "", "output": "tarp", "system": "Be brief."}),
        ("kto", "", {"prompt": "Be brief.\n\nA tag for tents?", "completion": "tarp", "label": True}),
        ("kto", "axolotl", {"prompt": ASKED["content"], "completion": "tarp", "label": True, "system": "Be brief."}),
        ("dpo", "ms-swift", {"messages": [TOLD, ASKED, said("tarp")], "rejected_response": "gnome"}),
        ("dpo", "axolotl", {"messages": [TOLD, ASKED], "chosen": said("tarp"), "rejected": said("gnome")}),
    ],
)  # fmt: skip
def test_words_for_the_system_stand_where_the_trainer_looks_for_them(
    format: str, dialect: str, expected: dict[str, Any]
) -> None:
    arguments = (WITH_SYSTEM, *SAMPLES[format][0][1:])
    layout = find(format, dialect, has_system=True)
    assert layout.write(*arguments) == expected
    assert list(layout.columns) == list(expected)


@pytest.mark.parametrize(
    ("format", "dialect", "variant", "words"),
    [
        ("dpo", "verl", "", r'"dpo" has no rows for verl \(expected: trl, trl with conversational, llama-factory'),
        ("kto", "", "nectar", r'"kto" has no rows for trl with nectar'),
        ("xml", "", "", r'"xml" has no rows for trl \(expected: sft, kto, dpo'),
    ],
)
def test_what_a_trainer_does_not_load_is_refused_with_what_there_is(
    format: str, dialect: str, variant: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        find(format, dialect, variant)


def test_llama_factory_is_told_which_column_is_which() -> None:
    fields = find("kto", "llama-factory", has_system=True).columns
    assert dataset_info("kto", "kto-train.jsonl", fields) == {
        "file_name": "kto-train.jsonl", "formatting": "alpaca",
        "columns": {"prompt": "instruction", "query": "input", "response": "output", "kto_tag": "kto_tag",
                    "system": "system"},
    }  # fmt: skip
    told = dataset_info("dpo", "dpo.jsonl", find("dpo", "llama-factory").columns)
    assert told["ranking"] is True
    assert told["columns"] == {"prompt": "instruction", "query": "input", "chosen": "chosen", "rejected": "rejected"}


def test_only_rows_without_lists_and_fields_fit_a_csv_file() -> None:
    assert find("dpo").is_flat
    assert not find("dpo", variant="conversational").is_flat
