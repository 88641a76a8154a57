"""Fine-tunes a small model on what people said of cases: a judge of your own, from the export judge-sft.

    python scripts/finetune_judge.py out/judge-sft.jsonl --model Qwen/Qwen3-0.6B --output my-judge

Runs in an environment of its own with requirements-finetune.in, never in the product's: docs/finetune.md. ``--check``
looks at the rows and trains nothing; it needs nothing installed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

TARGETS = "all-linear"


def main(words: Sequence[str] | None = None) -> None:
    options = parse(words)
    answers = Counter(each["content"] for each in read_answers(options.rows))
    print(f"{options.rows}: {answers.total():,} lessons")
    for answer, n in answers.most_common():
        print(f"  {answer}: {n:,}")
    if len(answers) < 2:
        fail(f"all lessons have one answer: nothing can be learned from {options.rows}")
    if not options.check:
        train(options)


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fine-tune a judge on judge-sft rows (trl, no variant).")
    parser.add_argument("rows", type=Path, help="judge-sft.jsonl, or judge-sft-train.jsonl")
    parser.add_argument("--held-out", type=Path, help="judge-sft-test.jsonl: its loss is told after each epoch")
    parser.add_argument("--model", default="Qwen/Qwen3-0.6B", help="a folder, or a name on the Hub")
    parser.add_argument("--output", type=Path, help="a new folder for the whole model, adapter merged")
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--rank", type=int, default=16, help="of the adapter")
    parser.add_argument("--rate", type=float, default=2e-4, help="learning rate")
    parser.add_argument("--batch", type=int, default=16, help="lessons for one step")
    parser.add_argument("--at-once", type=int, default=4, help="of them on the GPU at a time")
    parser.add_argument("--longest", type=int, default=4096, help="tokens; longer lessons are left out and counted")
    parser.add_argument("--steps", type=int, default=-1, help="stop after so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", action="store_true", help="only look at the rows")
    options = parser.parse_args(words)
    if not options.check and (options.output is None or options.output.exists()):
        parser.error("--output must name a new folder")
    return options


def read_answers(path: Path) -> Iterator[dict[str, str]]:
    """The last message of each lesson, where there is a question before it."""
    if not path.is_file():
        fail(f"there is no file {path}")
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            messages = json.loads(line).get("messages", [])
            if [each["role"] for each in messages[-2:]] != ["user", "assistant"]:
                fail(f"{path} line {number} ends in no answer (expected: judge-sft for TRL, without a variant)")
            yield messages[-1]


def train(options: argparse.Namespace) -> None:
    try:
        import torch
        from peft import LoraConfig
        from transformers import AutoTokenizer
        from trl import SFTConfig, SFTTrainer
    except ImportError as error:
        fail(f"{error.name} is not installed: pip install -r requirements-finetune.in, in an environment of its own")
    has_gpu = torch.cuda.is_available()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    lessons, held_out = (load(path, tokenizer, options.longest) for path in (options.rows, options.held_out))
    settings = SFTConfig(
        output_dir=str(options.output.with_name(options.output.name + ".work")),
        num_train_epochs=options.epochs,
        max_steps=options.steps,
        learning_rate=options.rate,
        lr_scheduler_type="cosine",
        warmup_steps=10,
        per_device_train_batch_size=options.at_once,
        gradient_accumulation_steps=max(1, options.batch // options.at_once),
        max_length=options.longest,
        completion_only_loss=True,
        eval_strategy="epoch" if held_out else "no",
        save_strategy="no",
        bf16=has_gpu,
        use_cpu=not has_gpu,
        seed=options.seed,
        report_to="none",
        logging_steps=10,
    )
    adapter = LoraConfig(r=options.rank, lora_alpha=2 * options.rank, target_modules=TARGETS, task_type="CAUSAL_LM")
    trainer = SFTTrainer(
        model=options.model,
        args=settings,
        train_dataset=lessons,
        eval_dataset=held_out,
        processing_class=tokenizer,
        peft_config=adapter,
    )
    trainer.train()
    save(trainer, tokenizer, options.output)


def load(path: Path | None, tokenizer: Any, longest: int) -> Any:
    """A data set of the lessons that fit: one that were cut would lose its question or its answer."""
    from datasets import load_dataset

    if path is None:
        return None
    every = load_dataset("json", data_files=str(path), split="train").map(lesson_of, remove_columns="messages")
    sizes = [n_tokens(each, tokenizer) for each in every]
    fitting = [place for place, size in enumerate(sizes) if size <= longest]
    if len(fitting) < len(every):
        print(f"{path}: {len(every) - len(fitting):,} lessons are longer than {longest:,} tokens and left out")
    return every.select(fitting)


def lesson_of(row: dict[str, Any]) -> dict[str, Any]:
    """Prompt and completion, so that the loss is taken on the answer alone."""
    return {"prompt": row["messages"][:-1], "completion": row["messages"][-1:]}


def n_tokens(lesson: dict[str, Any], tokenizer: Any) -> int:
    text = tokenizer.apply_chat_template(lesson["prompt"] + lesson["completion"], tokenize=False)
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])


def save(trainer: Any, tokenizer: Any, output: Path) -> None:
    """The whole model, which vLLM serves as it is; the folder appears only when it is complete."""
    unfinished = output.with_name(output.name + ".unfinished")
    merged = trainer.model.merge_and_unload()
    merged.save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    unfinished.rename(output)
    print(f"{output}: a model that vLLM serves")


def fail(problem: str) -> Any:
    print(problem, file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
