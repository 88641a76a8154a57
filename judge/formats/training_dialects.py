"""How each format looks to the trainer that shall load it: field names are theirs, verbatim. Pure.

A layout writes rows and says what their columns hold. Trainers: TRL (https://huggingface.co/docs/trl/dataset_formats),
LLaMA-Factory (data/README.md there), ms-swift (Customization/Custom-dataset), axolotl (dataset-formats, rlhf) and verl
(preparation/prepare_data). A project without words for the system gives rows without a field ``system``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judge.errors import InputError
from judge.formats import training_pairs
from judge.formats.training import Line, Message, Prompt, judge_label_row, judge_row, message
from judge.rules.tiers import Tier

#: What a column holds: a plain kind, a list of something, or fields by name.
type Kind = str | list[Kind] | dict[str, Kind]

DIALECTS = ("trl", "llama-factory", "ms-swift", "axolotl", "verl")
MESSAGE: Kind = {"role": "text", "content": "text"}
MESSAGES: Kind = [MESSAGE]


@dataclass(frozen=True, slots=True)
class Layout:
    """``write`` takes a Prompt and what the format says of it; ``columns``: field → what it holds."""

    write: Callable[..., Line]
    columns: Mapping[str, Kind]

    @property
    def is_flat(self) -> bool:
        """Whether a row fits the cells of a CSV file."""
        return all(isinstance(kind, str) for kind in self.columns.values())


def find(format: str, dialect: str = "", variant: str = "", *, has_system: bool = False) -> Layout:
    """The layout of a format. Raises InputError, with what there is, where a trainer has no such data set."""
    found = _LAYOUTS.get((format, dialect or "trl", variant))
    if found is None:
        there = [each for each in _LAYOUTS if each[0] == format]
        expected = ", ".join(f"{trainer}{f' with {kind}' if kind else ''}" for _, trainer, kind in there)
        asked = f"{dialect or 'trl'}{f' with {variant}' if variant else ''}"
        raise InputError(f'"{format}" has no rows for {asked}', expected=expected or ", ".join(formats()))
    columns = {name: kind for name, kind in found.columns.items() if has_system or name != "system"}
    return Layout(found.write, columns)


def formats() -> tuple[str, ...]:
    return tuple(dict.fromkeys(format for format, _, _ in _LAYOUTS))


def variants(format: str) -> tuple[str, ...]:
    """Other shapes of a format that can be asked for."""
    return tuple(dict.fromkeys(variant for name, _, variant in _LAYOUTS if name == format and variant))


def dataset_info(format: str, file: str, fields: Iterable[str]) -> Line:
    """What LLaMA-Factory's ``dataset_info.json`` must say of a file with these fields.

    >>> dataset_info("kto", "kto.jsonl", ["instruction", "input", "output", "kto_tag"])["columns"]["kto_tag"]
    'kto_tag'
    """
    names = {"instruction": "prompt", "input": "query", "output": "response"}
    ranking = {"ranking": True} if format == "dpo" else {}
    columns = {names.get(field, field): field for field in fields}
    return {"file_name": file, "formatting": "alpaca", **ranking, "columns": columns}


def _sft(prompt: Prompt, output: str) -> Line:
    return {"messages": [*prompt.messages, _answer(output)]}


def _sft_completion(prompt: Prompt, output: str) -> Line:
    return {"prompt": prompt.text, "completion": output}


def _alpaca(prompt: Prompt, **rest: object) -> Line:
    return {"instruction": prompt.user, "input": "", **rest} | _system(prompt)


def _sft_alpaca(prompt: Prompt, output: str) -> Line:
    return _alpaca(prompt, output=output)


def _kto(prompt: Prompt, output: str, passes: bool) -> Line:
    return {"prompt": prompt.text, "completion": output, "label": passes}


def _kto_conversation(prompt: Prompt, output: str, passes: bool) -> Line:
    return {"prompt": prompt.messages, "completion": [_answer(output)], "label": passes}


def _kto_alpaca(prompt: Prompt, output: str, passes: bool) -> Line:
    return _alpaca(prompt, output=output, kto_tag=passes)


def _kto_swift(prompt: Prompt, output: str, passes: bool) -> Line:
    return _sft(prompt, output) | {"label": passes}


def _kto_axolotl(prompt: Prompt, output: str, passes: bool) -> Line:
    return {"prompt": prompt.user, "completion": output, "label": passes} | _system(prompt)


def _dpo(prompt: Prompt, chosen: str, rejected: str) -> Line:
    return {"prompt": prompt.text, "chosen": chosen, "rejected": rejected}


def _dpo_conversation(prompt: Prompt, chosen: str, rejected: str) -> Line:
    return {"prompt": prompt.messages, "chosen": [_answer(chosen)], "rejected": [_answer(rejected)]}


def _dpo_alpaca(prompt: Prompt, chosen: str, rejected: str) -> Line:
    return _alpaca(prompt, chosen=chosen, rejected=rejected)


def _dpo_swift(prompt: Prompt, chosen: str, rejected: str) -> Line:
    return _sft(prompt, chosen) | {"rejected_response": rejected}


def _dpo_axolotl(prompt: Prompt, chosen: str, rejected: str) -> Line:
    return {"messages": prompt.messages, "chosen": _answer(chosen), "rejected": _answer(rejected)}


def _listwise(prompt: Prompt, context: str, candidates: Sequence[tuple[str, Tier]]) -> Line:
    return {"context": context, "candidates": [{"text": text, "tier": tier.value} for text, tier in candidates]}


def _nectar(prompt: Prompt, context: str, candidates: Sequence[tuple[str, Tier]]) -> Line:
    return {"prompt": prompt.text, "answers": training_pairs.ranked(candidates)}


def _listwise_swift(prompt: Prompt, context: str, candidates: Sequence[tuple[str, Tier]]) -> Line:
    positive, negative = training_pairs.halves(candidates)
    return {
        "messages": prompt.messages,
        "positive_messages": [[_answer(text)] for text in positive],
        "negative_messages": [[_answer(text)] for text in negative],
    }


def _grpo(prompt: Prompt, *, source: str, task: str, qualified: Sequence[str], extra: Mapping[str, Any]) -> Line:
    truth = json.dumps(list(qualified), ensure_ascii=False)
    return {
        "data_source": source,
        "prompt": prompt.messages,
        "ability": task,
        "reward_model": {"style": "model", "ground_truth": truth},
        "extra_info": dict(extra),
    }


def _grpo_swift(prompt: Prompt, **rest: Any) -> Line:
    """ms-swift hands every field but the messages to the reward function as it is."""
    row = _grpo(prompt, **rest)
    return {"messages": row.pop("prompt"), **row}


def _lesson(conversation: Iterable[tuple[str, str]], label: str) -> Line:
    return judge_row(conversation)


def _lesson_alpaca(conversation: Iterable[tuple[str, str]], label: str) -> Line:
    """One field for each role: there is no place for more turns."""
    said = {"system": "", **dict(conversation)}
    return {"instruction": said["user"], "input": "", "output": said["assistant"], "system": said["system"]}


def _answer(text: str) -> Message:
    return message("assistant", text)


def _system(prompt: Prompt) -> Line:
    return {"system": prompt.system} if prompt.system else {}


_ALPACA: dict[str, Kind] = {"instruction": "text", "input": "text"}
_SYSTEM: dict[str, Kind] = {"system": "text"}
_CHAT = Layout(_sft, {"messages": MESSAGES})
_GRPO: dict[str, Kind] = {
    "data_source": "text", "prompt": MESSAGES, "ability": "text",
    "reward_model": {"style": "text", "ground_truth": "text"},
    "extra_info": {"index": "int", "split": "text", "context_id": "text", "n_outputs": "int", "n_qualified": "int"},
}  # fmt: skip
_LESSON = Layout(_lesson, {"messages": MESSAGES})

_LAYOUTS: dict[tuple[str, str, str], Layout] = {
    ("sft", "trl", ""): _CHAT,
    ("sft", "trl", "prompt-completion"): Layout(_sft_completion, {"prompt": "text", "completion": "text"}),
    ("sft", "llama-factory", ""): Layout(_sft_alpaca, {**_ALPACA, "output": "text", **_SYSTEM}),
    ("sft", "ms-swift", ""): _CHAT,
    ("sft", "axolotl", ""): _CHAT,
    ("sft", "verl", ""): _CHAT,
    ("kto", "trl", ""): Layout(_kto, {"prompt": "text", "completion": "text", "label": "bool"}),
    ("kto", "trl", "conversational"): Layout(
        _kto_conversation, {"prompt": MESSAGES, "completion": MESSAGES, "label": "bool"}
    ),
    ("kto", "llama-factory", ""): Layout(_kto_alpaca, {**_ALPACA, "output": "text", "kto_tag": "bool", **_SYSTEM}),
    ("kto", "ms-swift", ""): Layout(_kto_swift, {"messages": MESSAGES, "label": "bool"}),
    ("kto", "axolotl", ""): Layout(
        _kto_axolotl, {"prompt": "text", "completion": "text", "label": "bool", **_SYSTEM}
    ),
    ("dpo", "trl", ""): Layout(_dpo, {"prompt": "text", "chosen": "text", "rejected": "text"}),
    ("dpo", "trl", "conversational"): Layout(
        _dpo_conversation, {"prompt": MESSAGES, "chosen": MESSAGES, "rejected": MESSAGES}
    ),
    ("dpo", "llama-factory", ""): Layout(_dpo_alpaca, {**_ALPACA, "chosen": "text", "rejected": "text", **_SYSTEM}),
    ("dpo", "ms-swift", ""): Layout(_dpo_swift, {"messages": MESSAGES, "rejected_response": "text"}),
    ("dpo", "axolotl", ""): Layout(_dpo_axolotl, {"messages": MESSAGES, "chosen": MESSAGE, "rejected": MESSAGE}),
    ("listwise", "trl", ""): Layout(
        _listwise, {"context": "text", "candidates": [{"text": "text", "tier": "text"}]}
    ),
    ("listwise", "trl", "nectar"): Layout(
        _nectar, {"prompt": "text", "answers": [{"answer": "text", "rank": "int"}]}
    ),
    ("listwise", "ms-swift", ""): Layout(
        _listwise_swift,
        {"messages": MESSAGES, "positive_messages": [MESSAGES], "negative_messages": [MESSAGES]},
    ),
    ("judge-sft", "trl", ""): _LESSON,
    ("judge-sft", "trl", "label"): Layout(judge_label_row, {"messages": MESSAGES, "label": "text"}),
    ("judge-sft", "llama-factory", ""): Layout(_lesson_alpaca, {**_ALPACA, "output": "text", **_SYSTEM}),
    ("judge-sft", "ms-swift", ""): _LESSON,
    ("judge-sft", "axolotl", ""): _LESSON,
    ("judge-sft", "verl", ""): _LESSON,
    ("grpo", "trl", ""): Layout(_grpo, _GRPO),
    ("grpo", "verl", ""): Layout(_grpo, _GRPO),
    ("grpo", "ms-swift", ""): Layout(
        _grpo_swift, {"messages": MESSAGES} | {name: kind for name, kind in _GRPO.items() if name != "prompt"}
    ),
}  # fmt: skip
