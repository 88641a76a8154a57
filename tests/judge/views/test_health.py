"""What load balancers and Prometheus ask, and what the log says of a request."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.test import Client

from judge import log_lines
from judge.actions import summaries, whereabouts
from judge.models import Project
from llm_judge.actions import runs, setups
from tests import factories
from tests.judge import proofs


def lines(client: Client, **headers: str) -> dict[str, float]:
    text = client.get("/metrics", headers=headers).text
    return {row.rsplit(" ", 1)[0]: float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row[0] != "#"}


def test_readyz_says_ready_to_anybody(client: Client, db: None) -> None:
    assert client.get("/readyz").text == "ready\n"


def test_readyz_names_a_broker_that_is_down(client: Client, db: None, settings: Any, monkeypatch: Any) -> None:
    settings.BROKER_URL = "redis+socket:///nowhere/valkey.sock"
    monkeypatch.setenv("CELERY_BROKER_URL", settings.BROKER_URL)
    response = client.get("/readyz")
    assert (response.status_code, response.text) == (503, "the broker does not answer\n")


def test_metrics_tell_cases_certificates_runs_and_rows(client: Client, project: Project) -> None:
    factories.import_items(project, n=3)
    proofs.certify(project, "relevance")
    summaries.refresh(project, whereabouts.NAME)
    found = lines(client)
    assert found['cojudge_cases{project="shop-tags",stage="people"}'] == 6
    assert found['cojudge_certificates{project="shop-tags",state="certified"}'] == 1
    assert found["cojudge_alarms"] == 0
    assert found['cojudge_queue_age_seconds{project="shop-tags"}'] >= 0
    assert {"cojudge_runs_silent", "cojudge_run_unscored_total"} <= found.keys()
    assert any(name.startswith("cojudge_rows_written_total{") for name in found)


def test_metrics_tell_a_run_that_waits(client: Client, project: Project) -> None:
    setups.use_scripted(project)
    factories.import_items(project, n=1)
    runs.start(project, by=None)
    assert lines(client)['cojudge_runs{status="queued"}'] == 1


def test_metrics_are_for_this_machine_alone_without_a_token(client: Client, db: None) -> None:
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 403
    assert client.get("/metrics", headers={"x-forwarded-for": "10.0.0.7"}).status_code == 403
    assert client.get("/metrics").status_code == 200


def test_metrics_take_the_token_from_anywhere_and_nothing_else(client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "s3cret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 403
    told = client.get("/metrics", headers={"authorization": "Bearer s3cret"}, REMOTE_ADDR="10.0.0.7")
    assert told.status_code == 200


@pytest.mark.django_db
def test_a_request_keeps_the_id_of_the_proxy_and_gets_one_without(client: Client) -> None:
    assert client.get("/healthz", headers={"x-request-id": "edge-7"}).headers["X-Request-ID"] == "edge-7"
    assert len(client.get("/healthz", headers={"x-request-id": "two\twords"}).headers["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_the_log_has_one_json_object_for_a_request_and_none_of_its_query(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "judge.requests"):
        caplog.handler.addFilter(log_lines.OfRequest())
        client.get("/healthz?q=planted", headers={"x-request-id": "edge-8"})
    (said,) = [
        json.loads(log_lines.JsonLine().format(record)) for record in caplog.records if "healthz" in record.message
    ]
    assert (said["request"], said["path"], said["status"], said["level"]) == ("edge-8", "/healthz", 200, "INFO")
    assert "planted" not in json.dumps(said)


def test_an_error_stays_one_line_of_json() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        record = logging.LogRecord("judge", logging.ERROR, "", 0, "it %s", ("broke",), (ValueError, error, None))
    line = log_lines.JsonLine().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "it broke"
