"""Turns a GGUF file into a folder that vLLM serves: weights in safetensors, tokenizer, chat template.

Runs in .venv-vllm (Python 3.11): python scripts/convert_model.py MODEL.gguf FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def convert(source: Path, folder: Path) -> None:
    """The folder appears only when it is complete."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    tokenizer = AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
    if not tokenizer.chat_template:
        raise SystemExit(f"{source.name} holds no chat template: vLLM could not serve its chat")
    model = AutoModelForCausalLM.from_pretrained(
        str(source.parent),
        gguf_file=source.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    tokenizer.save_pretrained(unfinished)
    model.save_pretrained(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


if __name__ == "__main__":
    convert(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
