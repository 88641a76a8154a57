from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from judge.services import models, supervise


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def likeliest(answer: dict[str, Any]) -> list[str]:
    return [row["token"] for row in answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]]


@pytest.mark.services
@pytest.mark.llm
def test_embedded_model_answers_with_log_probabilities_and_keeps_its_address(home: Path) -> None:
    base = models.ensure()
    completion = post(f"{base}/completions", {"prompt": "The sky is", "max_tokens": 1, "logprobs": 10})
    assert len(likeliest(completion)) == 10
    chat = {"messages": [{"role": "user", "content": "Say yes"}], "max_tokens": 1, "logprobs": True}
    assert len(likeliest(post(f"{base}/chat/completions", chat | {"top_logprobs": 10}))) == 10
    assert supervise.stop("models")
    assert not models.is_healthy(base)
    assert models.ensure() == base


def test_model_identity_names_the_model_its_hash_and_its_server() -> None:
    identity = models.model_id()
    assert "SmolLM2" in identity.name
    assert len(identity.sha256) == 64
    assert identity.server.startswith("xllamacpp 2")
