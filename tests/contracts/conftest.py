"""The servers behind the contract suite, each started at most once for a test run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.vllm_server import serve_vllm


@pytest.fixture(scope="session")
def vllm_home() -> Path:
    """The folder of vLLM's environment; the test is skipped where none was named."""
    if not os.environ.get("COJUDGE_VLLM"):
        pytest.skip("asks a real vLLM, which has an environment of its own: make test-vllm")
    return Path(os.environ["COJUDGE_VLLM"])


@pytest.fixture(scope="session")
def vllm_server(vllm_home: Path) -> Iterator[str]:
    """The address of a real vLLM server of the embedded model."""
    with serve_vllm(vllm_home, "--enable-prompt-tokens-details") as address:
        yield address


@pytest.fixture(scope="session")
def embedded() -> str:
    """The address of the embedded language model."""
    from judge.services import models

    return models.ensure()
