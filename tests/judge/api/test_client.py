"""The shipped client, and the example of docs/api.md, against a server that listens."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
import zipfile
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from judge.actions import judgments, projects, tokens
from judge.actions.judgments import NewJudgment
from judge.models import ApiToken, Case, Item, Project, Role, User
from llm_judge.actions import batches, dispatch, setups
from llm_judge.models import Run
from tests import factories
from tests.architecture.house import ROOT
from tests.benchmarks.operate_push import client_module

cojudge = client_module()


def answer_all(project: Project, names: tuple[str, ...]) -> None:
    """These people answer every case that waits for people."""
    labels = {"relevance": "fits", "specificity": "concrete"}
    for name in names:
        rater = projects.rater_of(User.objects.filter(username=name).first() or factories.make_user(name))
        cases = Case.objects.filter(project=project, stage="people").select_related("criterion")
        judgments.record(
            [NewJudgment(case.pk, labels[case.criterion.key]) for case in cases], rater=rater, by=rater.user
        )


def work(project: Project) -> None:
    """A worker's and two people's work, beside the program that waits for it."""
    until = time.monotonic() + 30
    while not Run.objects.exists() and time.monotonic() < until:
        time.sleep(0.05)
    dispatch.begin(Run.objects.get().pk, send=batches.judge_batch)
    answer_all(project, ("ann", "ben"))
    connection.close()


@pytest.fixture
def shop(transactional_db: None, queue: None) -> Project:
    project = factories.make_project("Shop tags")
    setups.use_scripted(project)
    return project


def secret_of(project: Project, *roles: Role) -> str:
    person = factories.make_member(project, "lea", *roles)
    return tokens.make(project, person, name="x", scopes=ApiToken.Scope.values, days=1, by=None).secret


def test_the_example_of_the_docs_judges_and_waits(
    shop: Project, live_server: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.S)
    assert example is not None
    assert len(example[1].strip().splitlines()) <= 11
    monkeypatch.setenv("COJUDGE_URL", live_server.url)
    monkeypatch.setenv("COJUDGE_TOKEN", secret_of(shop, Role.LEAD))
    beside = threading.Thread(target=work, args=(shop,))
    beside.start()

    patient = partialmethod(cojudge.Client.wait_for_labels, timeout=60, every=0.2)
    monkeypatch.setattr(cojudge.Client, "wait_for_labels", patient)
    exec(compile(example[1], "docs/api.md", "exec"), {"generate": lambda n: f"tent number {n}"})

    beside.join()
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 40, "twenty items with two cases each"
    assert "tag-7 relevance fits" in told
    assert Item.objects.filter(project=shop).count() == 20


def test_a_client_pushes_reads_and_exports(shop: Project, live_server: Any, tmp_path: Path) -> None:
    from django.conf import settings

    settings.BROKER_URL = ""
    type(shop).objects.filter(pk=shop.pk).update(judge=None)
    with cojudge.Client(live_server.url, secret_of(shop, Role.LEAD, Role.TRAINER), project=shop.slug) as client:
        rows = [{"id": f"i{n}", "context": "likes tents", "output": f"tent {n}"} for n in range(3)]
        pushed = client.push_items([*rows[:2], {"id": "bad"}, rows[2]], frame="one")
        answer_all(shop, ("ann", "ben"))
        labels = list(client.labels())
        job = client.export(str(tmp_path / "labels.zip"), even_so=True, every=0.1)
        waited = [case["item_id"] for case in client.wait_for_labels(["i1"], every=0.1, timeout=1)]
        health, nothing = client.health(), client.certificates()

    assert (pushed.read, pushed.taken, pushed.rejected) == (4, 3, 1)
    assert pushed.errors[0]["line"] == 3
    assert len(labels) == 6
    assert waited == ["i1", "i1"]
    assert health["criteria"][0]["labels"] == {"consensus": 3}
    assert nothing == []
    assert job["n_rows"] == 6
    with zipfile.ZipFile(tmp_path / "labels.zip") as packed:
        lines = packed.read(next(name for name in packed.namelist() if name.endswith("labels.jsonl")))
    assert len(lines.splitlines()) == 6


def test_a_refusal_is_a_problem_in_words(shop: Project, live_server: Any) -> None:
    with cojudge.Client(live_server.url, "cojudge_00000000_x", project=shop.slug, tries=1) as client:
        with pytest.raises(cojudge.Problem, match="401: this token is not known here") as caught:
            client.health()
        assert caught.value.where == "Authorization"
    client = cojudge.Client("http://127.0.0.1:1", "x", project="x", tries=2, timeout=1)
    with pytest.raises(cojudge.Problem, match="no answer from 127"):
        client.health()


def test_the_client_waits_where_the_server_says_so(shop: Project, live_server: Any, settings: Any) -> None:
    settings.API_REQUESTS_A_MINUTE = 60
    client = cojudge.Client(live_server.url, secret_of(shop, Role.LEAD), project=shop.slug)
    from datetime import timedelta

    from django.utils import timezone

    from judge.models import ApiUse

    ApiUse.objects.update(full_at=timezone.now() + timedelta(seconds=60))

    begun = time.monotonic()
    assert client.health()["project"] == shop.slug
    assert 0.5 < time.monotonic() - begun < 10
    client.close()


def sign(body: bytes, at: int) -> str:
    seen = hmac.new(b"s", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={seen}"


def test_webhooks_are_verified_and_forgeries_are_not() -> None:
    body, now = json.dumps({"id": "1"}).encode(), int(time.time())

    assert cojudge.verify_webhook(body, sign(body, now), "s") == {"id": "1"}
    for forged, signature in (
        (body + b" ", sign(body, now)), (body, sign(body, now).replace("v1=", "v1=0")), (body, ""), (body, "t=x,v1=é"),
        (body, f"v1={sign(body, now).split('v1=')[1]}"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="does not fit"):
            cojudge.verify_webhook(forged, signature, "s")
    with pytest.raises(ValueError, match="too old"):
        cojudge.verify_webhook(body, sign(body, now - 301), "s")
