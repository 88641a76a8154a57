"""The program behind the offline judge: vLLM's `LLM` class at the end of a pipe.

It runs in vLLM's own environment (Python 3.10 or later) and imports nothing of the product. It reads requests as lines
of JSON, {"id", "path", "body"}, and answers {"id", "status", "body"}; path and body are those of vLLM's HTTP server,
as far as the judge uses them, so that one reader understands both. It ends when its input ends.

python vllm_worker.py '{"model": "/path/or/name", "max_model_len": 4096}'
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from typing import Any

#: What one step of the engine's queue may hold; the next requests wait in the pipe.
BATCH = 256
#: Sampling settings that mean the same in a request's body and in `SamplingParams`.
SAMPLING = (
    "n", "temperature", "seed", "stop", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty",
    "repetition_penalty", "logprob_token_ids", "allowed_token_ids", "prompt_logprobs",
)  # fmt: skip


class Refused(Exception):
    """A request that vLLM's server would answer with 400."""


class Worker:
    """`engine` is an `LLM`. Requests of one batch are generated together, in the order of their coming."""

    def __init__(self, engine: Any, name: str, version: str) -> None:
        self.engine, self.name, self.version = engine, name, version
        self.tokenizer = engine.get_tokenizer()
        self.window: int = engine.llm_engine.model_config.max_model_len

    def answer_all(self, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Replies to all of `calls`, those to plain questions first."""
        replies, asked = [], []
        for call in calls:
            try:
                plain = self.answer(call["path"], call["body"])
                if plain is not None:
                    replies.append({"id": call["id"], "status": 200, "body": plain})
                else:
                    asked.append((call, *self.prepare(call["body"])))
            except (Refused, ValueError, TypeError, KeyError) as error:
                replies.append(refuse(call, 404 if isinstance(error, KeyError) else 400, error))
        # vLLM 0.32 loses the alternatives of a request that is sampled in one step with one that names its tokens.
        for names_tokens in (False, True):
            replies += self.generate([each for each in asked if bool(each[2].logprob_token_ids) is names_tokens])
        return replies

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """What needs no generation; KeyError for a page that there is not."""
        if path == "version":
            return {"version": self.version}
        if path == "v1/models":
            return {"data": [{"id": self.name, "max_model_len": self.window}]}
        if path == "tokenize":
            ids = self.split(body)
            return {"tokens": ids, "count": len(ids), "max_model_len": self.window}
        if path in ("v1/chat/completions", "v1/completions"):
            return None
        raise KeyError(path)

    def split(self, body: dict[str, Any]) -> list[int]:
        """The prompt's token ids, whatever form it has."""
        if "messages" in body:
            text = self.tokenizer.apply_chat_template(
                body["messages"],
                tokenize=False,
                add_generation_prompt=True,
                **(body.get("chat_template_kwargs") or {}),
            )
            return list(self.tokenizer.encode(text, add_special_tokens=False))
        if isinstance(body["prompt"], list):
            return list(body["prompt"])
        return list(self.tokenizer.encode(body["prompt"], add_special_tokens=body.get("add_special_tokens", True)))

    def prepare(self, body: dict[str, Any]) -> tuple[list[int], Any]:
        """The prompt's token ids and the sampling. A prompt beyond the window is refused, never cut."""
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        ids = self.split(body)
        if len(ids) >= self.window:
            said = f"This model's maximum context length is {self.window} tokens; the prompt has {len(ids)}."
            raise Refused(said + " Please reduce its length.")
        settings = {name: body[name] for name in SAMPLING if body.get(name) is not None}
        if body.get("structured_outputs"):
            settings["structured_outputs"] = StructuredOutputsParams(**body["structured_outputs"])
        if body.get("echo"):
            settings["prompt_logprobs"] = 1
        if not settings.get("logprob_token_ids"):
            settings["logprobs"] = count_logprobs(body)
        return ids, SamplingParams(max_tokens=max(1, body.get("max_tokens") or 1), **settings)

    def generate(self, asked: list[tuple[dict[str, Any], list[int], Any]]) -> list[dict[str, Any]]:
        """One batch; where it is refused as a whole, its halves: a bad request harms no other."""
        if not asked:
            return []
        prompts = [{"prompt_token_ids": ids} for _, ids, _ in asked]
        try:
            outputs = self.engine.generate(prompts, [sampling for _, _, sampling in asked], use_tqdm=False)
        except Exception as error:
            if self.engine.llm_engine.has_unfinished_requests():
                raise  # the engine broke down: what it would answer from now on is another question's
            if len(asked) == 1:
                return [refuse(asked[0][0], 400, error)]
            half = len(asked) // 2
            return self.generate(asked[:half]) + self.generate(asked[half:])
        return [
            {"id": call["id"], "status": 200, "body": self.write(call, output)}
            for (call, _, _), output in zip(asked, outputs)  # noqa: B905
        ]

    def write(self, call: dict[str, Any], output: Any) -> dict[str, Any]:
        """An output as the server would send it."""
        is_chat = "messages" in call["body"]
        before = self.describe(output.prompt_token_ids, output.prompt_logprobs) if call["body"].get("echo") else []
        usage = {
            "prompt_tokens": len(output.prompt_token_ids),
            "completion_tokens": sum(len(each.token_ids) for each in output.outputs),
            "prompt_tokens_details": {"cached_tokens": output.num_cached_tokens or 0},
        }
        return {"model": self.name, "choices": [self.choice(each, before, is_chat) for each in output.outputs]} | {
            "usage": usage
        }

    def choice(self, output: Any, before: list[dict[str, Any]], is_chat: bool) -> dict[str, Any]:
        tokens = before + self.describe(output.token_ids, output.logprobs) if output.logprobs or before else None
        said = {"message": {"role": "assistant", "content": output.text}} if is_chat else {"text": output.text}
        logprobs = None if tokens is None else {"content": tokens}
        return {"index": output.index, "finish_reason": output.finish_reason, "logprobs": logprobs} | said

    def describe(self, ids: Any, logprobs: Any) -> list[dict[str, Any]]:
        """Tokens with what stood beside them; the first of a prompt has no log-probability."""
        rows = []
        for position, token in enumerate(ids):
            beside = (logprobs[position] if logprobs and position < len(logprobs) else None) or {}
            listed = [
                {"token": self.text(each, found), "logprob": max(found.logprob, -9999.0)}
                for each, found in beside.items()
            ]
            chosen = beside.get(token)
            row = {"token": self.text(token, chosen), "logprob": max(chosen.logprob, -9999.0) if chosen else None}
            rows.append(row | {"top_logprobs": listed})
        return rows

    def text(self, token: int, found: Any) -> str:
        shown = found.decoded_token if found is not None else None
        return self.tokenizer.decode([token]) if shown is None else str(shown)


def count_logprobs(body: dict[str, Any]) -> int | None:
    """How many alternatives are asked for: chat says `logprobs: true, top_logprobs: 20`, completion `logprobs: 20`."""
    wanted = body.get("logprobs")
    if wanted is True:
        return int(body.get("top_logprobs") or 0)
    return None if wanted in (None, False) else int(wanted)


def refuse(call: dict[str, Any], status: int, error: Exception) -> dict[str, Any]:
    return {"id": call["id"], "status": status, "body": {"error": {"message": str(error), "code": status}}}


def read_lines(inbox: queue.Queue[str]) -> None:
    for line in sys.stdin:
        inbox.put(line)
    inbox.put("")


def serve(worker: Worker, out: Any) -> None:
    """Answer whatever has come, batch by batch, until the input ends."""
    inbox: queue.Queue[str] = queue.Queue()
    threading.Thread(target=read_lines, args=(inbox,), daemon=True).start()
    while True:
        lines = [inbox.get()]
        while lines[-1] and len(lines) < BATCH and not inbox.empty():
            lines.append(inbox.get())
        for reply in worker.answer_all([json.loads(line) for line in lines if line]):
            out.write(json.dumps(reply) + "\n")
        out.flush()
        if not lines[-1]:
            return


def main(options: dict[str, Any]) -> None:
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # vLLM and its libraries print to the standard output: that is not our pipe any longer
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")  # the engine in this process: it ends with it
    import vllm

    engine = vllm.LLM(**options)
    serve(Worker(engine, str(options["model"]), vllm.__version__), out)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
