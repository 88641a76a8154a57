"""The offline judge is set up by the environment, and says what is missing there."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from judge.errors import InputError, ServiceError
from judge.models import Project
from llm_judge.actions import endpoints, offline
from tests import factories


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of weights, named in the environment with an interpreter that has no vLLM."""
    folder = tmp_path / "small-judge"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"beginning" + bytes(3 << 20) + b"end")
    monkeypatch.setenv("JUDGE_VLLM_PYTHON", sys.executable)
    return folder


def test_judge_items_says_what_to_set(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUDGE_VLLM_PYTHON", raising=False)
    factories.import_items(project)
    with override_settings(JUDGE_MODEL=""), pytest.raises(CommandError, match="JUDGE_MODEL is empty"):
        call_command("judge_items", project.slug, "--judge", "offline", stdout=StringIO())
    with override_settings(JUDGE_MODEL="tiny"), pytest.raises(CommandError, match="JUDGE_VLLM_PYTHON is empty"):
        call_command("judge_items", project.slug, "--judge", "offline", stdout=StringIO())


def test_an_interpreter_without_vllm_is_named(weights: Path) -> None:
    with override_settings(JUDGE_MODEL=str(weights)), pytest.raises(ServiceError, match="no vLLM at JUDGE_VLLM_PYTHON"):
        offline.configuration()


@pytest.mark.parametrize("said", ["max_model_len=4096", "[1]", "{"])
def test_engine_arguments_that_are_no_object_are_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_VLLM_OPTIONS", said)
    with pytest.raises(InputError, match="JUDGE_VLLM_OPTIONS"):
        offline.read_options()


def test_a_judge_of_other_weights_is_not_asked(db: None, weights: Path) -> None:
    """The rater was made when JUDGE_MODEL named another folder: its answers must not come from this one."""
    endpoint = endpoints.ensure(endpoints.OFFLINE)
    with override_settings(JUDGE_MODEL=str(weights)):
        assert "small-judge" in repr(offline.connect(endpoint, model="small-judge"))
        with pytest.raises(ServiceError, match=r"here is small-judge .* and big-judge is asked"):
            offline.connect(endpoint, model="big-judge")


def test_weights_are_told_apart_by_their_ends(weights: Path) -> None:
    before = offline.fingerprint(weights)
    assert before.startswith("weights:")
    assert offline.fingerprint(weights) == before
    with (weights / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"D")
    assert offline.fingerprint(weights) != before
    assert offline.fingerprint(weights / "nowhere") == ""
