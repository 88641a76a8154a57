"""vLLM without a server: what is said where it cannot start. With vLLM it is in tests/contracts."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from judge.errors import ServiceError
from llm_judge.backends.vllm_offline import OfflineBackend
from llm_judge.rules.records import CompletionFailure, CompletionRequest, Reply


async def look_and_ask(backend: OfflineBackend) -> tuple[str, Reply]:
    async with backend:
        with pytest.raises(ServiceError) as caught:
            await backend.inspect()
        return str(caught.value), await backend.complete(CompletionRequest(prompt="a"))


def test_an_environment_without_vllm_says_what_is_missing() -> None:
    said, reply = asyncio.run(look_and_ask(OfflineBackend(sys.executable, "tiny")))
    assert "The offline judge did not start" in said
    assert "No module named 'vllm'" in said
    assert isinstance(reply, CompletionFailure)
    assert (reply.kind, reply.attempts) == ("unreachable", 1), "a worker that ended is not asked again and again"


def test_an_interpreter_that_is_not_there_is_named() -> None:
    said, _ = asyncio.run(look_and_ask(OfflineBackend("/nowhere/python", "tiny")))
    assert "/nowhere/python cannot be run" in said


def test_the_worker_gets_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that writes down its environment stands in for vLLM's."""
    spy = tmp_path / "python"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n")
    spy.chmod(0o755)
    monkeypatch.setenv("JUDGE_API_KEY", "a secret")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "2")
    assert os.environ["DATABASE_URL"]
    asyncio.run(look_and_ask(OfflineBackend(str(spy), "tiny")))
    seen = (tmp_path / "seen").read_text()
    assert "VLLM_CPU_KVCACHE_SPACE=2" in seen
    assert not [word for word in ("a secret", "DATABASE_URL", "COJUDGE_SECRET_KEY") if word in seen]
