"""The job on a real, local Ray: Parquet in, Parquet out, and back into the project."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from judge.models import Judgment
from judge.services.state import CHECKOUT
from llm_judge.actions import parquet_files, setups
from llm_judge.rules.configuration import ScoringRule
from tests import factories
from tests.contracts.servers import LoopbackServer, serve
from tests.llm_judge.batches import make_project

pytestmark = [pytest.mark.ray, pytest.mark.services, pytest.mark.django_db]


@pytest.fixture(scope="session")
def ray_home() -> Path:
    """The folder of Ray's environment; the test is skipped where none was named."""
    if not os.environ.get("COJUDGE_RAY"):
        pytest.skip("runs a job on Ray, which has an environment of its own: make test-ray")
    return Path(os.environ["COJUDGE_RAY"])


def run_job(ray_home: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    files = ["--items", folder / "items.parquet", "--rater", folder / "rater.json", "--out", folder / "judgments"]
    return subprocess.run(
        [str(ray_home / "bin/python"), "-m", "llm_judge.offline.ray_job", *map(str, files), *words],
        cwd=CHECKOUT,
        env=os.environ | {"RAY_USAGE_STATS_ENABLED": "0"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize("rule", [ScoringRule.CHOICE, ScoringRule.REASONED])
def test_a_server_is_asked_by_two_actors_and_every_case_is_judged_once(
    ray_home: Path, tmp_path: Path, rule: ScoringRule
) -> None:
    project = make_project("Ray tags", rule, n=20)
    (share,) = parquet_files.write(project, tmp_path / "out")
    with serve(LoopbackServer()) as server:
        done = run_job(ray_home, share.folder, "--endpoint", server.url, "--actors", "2", "--batch", "8")
    assert done.returncode == 0, done.stderr[-3000:]
    reading = parquet_files.read(project, tmp_path / "out")
    assert (reading.n_new, reading.n_unscored, reading.n_refused) == (40, 0, 0)
    assert parquet_files.read(project, tmp_path / "out").n_new == 0
    assert Judgment.objects.count() == 40


def test_a_job_without_a_server_ends_in_words_and_writes_no_answers(ray_home: Path, tmp_path: Path) -> None:
    project = make_project("Ray tags", n=2)
    (share,) = parquet_files.write(project, tmp_path / "out")
    done = run_job(ray_home, share.folder, "--endpoint", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "The model server at http://127.0.0.1:9/ did not answer" in done.stderr
    assert not Judgment.objects.exists()


def test_a_changed_order_is_refused_before_ray_starts(ray_home: Path, tmp_path: Path) -> None:
    project = factories.make_project("Ray tags")
    setups.use_scripted(project)
    factories.import_items(project, n=1)
    (share,) = parquet_files.write(project, tmp_path / "out")
    order = share.folder / "rater.json"
    order.write_text(order.read_text().replace('"max_examples": 8', '"max_examples": 7'))
    done = run_job(ray_home, share.folder, "--endpoint", "scripted")
    assert done.returncode == 1
    assert "the configuration is not that of rater" in done.stderr
