"""The offline judge as the environment sets it up: no row may name a program to run, for rows are edited in a browser.

JUDGE_VLLM_PYTHON   the interpreter of an environment that has vLLM
JUDGE_MODEL         the model's name or folder
JUDGE_VLLM_OPTIONS  engine arguments as JSON: {"tensor_parallel_size": 2, "max_model_len": 4096}
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings

from judge.errors import InputError, ServiceError
from llm_judge.backends.base import Patience
from llm_judge.backends.vllm_offline import OfflineBackend
from llm_judge.models import Endpoint
from llm_judge.rules import templates
from llm_judge.rules.configuration import BackendKind, RaterConfiguration, ScoringRule

#: Engine arguments that change what a model answers; the others change only how fast.
_TELLING = ("dtype", "kv_cache_dtype", "quantization", "revision")
_VERSION = "from importlib.metadata import packages_distributions as p, version; print(version(p()['vllm'][0]))"
_PEEK = 1 << 20


def connect(endpoint: Endpoint, *, model: str = "") -> OfflineBackend:
    """The backend, not started yet. Raises ServiceError where this environment does not hold ``model``."""
    chosen = _need("JUDGE_MODEL")
    if model and model != Path(chosen).name:
        raise ServiceError(f"The offline judge here is {Path(chosen).name} (JUDGE_MODEL), and {model} is asked.")
    patience = Patience(timeout=endpoint.timeout_s)
    python = _need("JUDGE_VLLM_PYTHON")
    return OfflineBackend(python, chosen, options=read_options(), in_flight=endpoint.max_in_flight, patience=patience)


def configuration() -> RaterConfiguration:
    """What this environment would judge with; the model is not loaded for it."""
    model, options = _need("JUDGE_MODEL"), read_options()
    told = [f"{name}={options[name]}" for name in _TELLING if name in options]
    return RaterConfiguration(
        backend=BackendKind.VLLM_OFFLINE,
        model=Path(model).name,
        revision=fingerprint(Path(model)),
        server_version=" ".join(["vllm", _version_of(_need("JUDGE_VLLM_PYTHON")), *told]),
        template=templates.CHOICE,
        scoring_rule=ScoringRule.CHOICE,
    )


def fingerprint(folder: Path) -> str:
    """Tells one set of weights from another in a moment: size, beginning and end of every file. Empty: no folder."""
    digest = hashlib.sha256()
    weights = sorted(folder.glob("*.safetensors"))
    for path in weights:
        with path.open("rb") as file:
            digest.update(f"{path.name} {path.stat().st_size}\n".encode() + file.read(_PEEK))
            file.seek(max(0, path.stat().st_size - _PEEK))
            digest.update(file.read(_PEEK))
    return f"weights:{digest.hexdigest()[:32]}" if weights else ""


def read_options() -> dict[str, Any]:
    """The engine arguments; InputError where they are no JSON object."""
    said = os.environ.get("JUDGE_VLLM_OPTIONS", "") or "{}"
    try:
        options = json.loads(said)
    except ValueError:
        options = None
    if not isinstance(options, dict):
        expected = 'JSON: {"max_model_len": 4096}'
        raise InputError("the engine arguments cannot be read", where="JUDGE_VLLM_OPTIONS", expected=expected)
    return options


def _need(name: str) -> str:
    value: str = settings.JUDGE_MODEL if name == "JUDGE_MODEL" else os.environ.get(name, "")
    if not value:
        raise ServiceError(
            f"The offline judge is not set up here: {name} is empty. Set JUDGE_VLLM_PYTHON to the python of an "
            "environment that has vLLM, and JUDGE_MODEL to the model's name or folder."
        )
    return value


def _version_of(python: str) -> str:
    try:
        done = subprocess.run([python, "-c", _VERSION], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise ServiceError(f"There is no vLLM at JUDGE_VLLM_PYTHON={python} ({type(error).__name__}).") from None
    return done.stdout.strip()
