from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from judge.actions import deliveries, judgments, projects, webhooks
from judge.actions.judgments import NewJudgment
from judge.actions.webhooks import MadeHook
from judge.errors import InputError
from judge.models import Case, Delivery, Event, ExportJob, Project, User, Webhook
from judge.services import posting
from tests import factories

LABELS = ["label.agreed"]


class Receiver:
    """A real server that keeps what it is sent and answers with ``status``."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.location = 200, ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.end_headers()

            do_GET = do_POST  # noqa: N815 (the name is the library's)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?x=1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    beside = threading.Thread(target=made.server.serve_forever)
    beside.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    beside.join()


@pytest.fixture
def hook(project: Project, receiver: Receiver) -> MadeHook:
    return webhooks.make(project, receiver.url, kinds=Webhook.Kind.values, by=None)


def agree(project: Project, n: int = 1) -> None:
    factories.import_items(project, n=n)
    for name in ("ann", "ben"):
        rater = projects.rater_of(User.objects.filter(username=name).first() or factories.make_user(name))
        cases = Case.objects.filter(project=project, criterion__key="relevance").order_by("pk")
        judgments.record([NewJudgment(case.pk, "fits") for case in cases], rater=rater, by=rater.user)


def test_an_agreed_label_is_told_with_a_signature_that_holds(
    project: Project, hook: MadeHook, receiver: Receiver
) -> None:
    agree(project)

    assert deliveries.send_all() == 1

    [(headers, body)] = receiver.got
    told = json.loads(body)
    at, seen = (part.split("=")[1] for part in headers["Cojudge-Signature"].split(","))
    assert seen == hmac.new(hook.secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert abs(int(at) - time.time()) < 60
    assert (told["kind"], told["project"], told["id"]) == ("label.agreed", "shop-tags", headers["Cojudge-Delivery"])
    assert [(each["item_id"], each["label"], each["basis"]) for each in told["data"]["labels"]] == [
        ("item-0", "fits", "consensus")
    ]
    assert Delivery.objects.get().delivered_at is not None
    assert deliveries.send_all() == 0, "once"


def test_the_secret_is_not_readable_in_the_database(hook: MadeHook) -> None:
    assert hook.secret not in Webhook.objects.get().secret


def test_what_is_rolled_back_is_not_told(project: Project, hook: MadeHook) -> None:
    with transaction.atomic():
        agree(project)
        assert Delivery.objects.count() == 1
        transaction.set_rollback(True)
    assert Delivery.objects.count() == 0


def test_many_labels_of_one_transaction_are_told_two_hundred_at_a_time(project: Project, hook: MadeHook) -> None:
    agree(project, n=450)

    assert [len(each.data["labels"]) for each in Delivery.objects.order_by("pk")] == [200, 200, 50]


def test_labels_of_certify_cases_are_not_told(receiver: Receiver, db: None) -> None:
    project = factories.make_project("Proof", certify_rate=1.0)
    webhooks.make(project, receiver.url, kinds=LABELS, by=None)
    factories.import_items(project)
    for name in ("ann", "ben", "cyd"):
        rater = projects.rater_of(factories.make_user(name))
        case = Case.objects.filter(project=project).earliest("pk")
        judgments.record([NewJudgment(case.pk, "fits")], rater=rater, by=rater.user)

    assert case.agreed_labels.count() == 1
    assert Delivery.objects.count() == 0


def test_other_projects_and_other_kinds_are_not_told(project: Project, receiver: Receiver) -> None:
    webhooks.make(factories.make_project("Other"), receiver.url, kinds=LABELS, by=None)
    webhooks.make(project, receiver.url, kinds=["alarm"], by=None)

    agree(project)

    assert Delivery.objects.count() == 0


def test_an_export_that_is_ready_is_told(project: Project, hook: MadeHook, lea: User) -> None:
    job = ExportJob.objects.create(key="12345678-1234-5678-1234-567812345678", project=project, order={}, by=lea)
    ExportJob.objects.update(state=ExportJob.State.DONE, n_rows=7)
    ExportJob.objects.update(n_rows=8)

    told = Delivery.objects.get()
    assert (told.kind, told.data) == (
        "export.ready", {"export": str(job.key), "format": "labels", "rows": 7, "snapshot": None}
    )  # fmt: skip


def test_what_is_not_taken_comes_again_later_under_the_same_id(
    project: Project, hook: MadeHook, receiver: Receiver
) -> None:
    agree(project)
    receiver.status = 500

    deliveries.send_all()

    waits = Delivery.objects.get()
    assert (waits.n_tries, waits.status, waits.trouble) == (1, 500, "answered with 500")
    assert timedelta(seconds=5) < waits.next_try_at - timezone.now() <= timedelta(seconds=10)
    assert deliveries.send_all() == 0, "not before its time"
    receiver.status = 204
    Delivery.objects.update(next_try_at=timezone.now())
    deliveries.send_all()
    assert len({body for _, body in receiver.got}) == 1
    assert Delivery.objects.get().delivered_at is not None


def test_it_is_given_up_after_a_day_and_the_log_says_so(project: Project, hook: MadeHook, receiver: Receiver) -> None:
    agree(project)
    receiver.status = 410
    Delivery.objects.update(n_tries=deliveries.MOST_TRIES - 1)

    deliveries.send_all()

    assert Delivery.objects.get().next_try_at is None
    assert Event.objects.get(verb="webhook not told").data["trouble"] == "answered with 410"
    waits = sum(deliveries.wait(n) for n in range(1, deliveries.MOST_TRIES))
    assert 22 * 3600 < waits < 26 * 3600


def test_redirects_are_not_followed(project: Project, hook: MadeHook, receiver: Receiver) -> None:
    agree(project)
    receiver.status, receiver.location = 302, receiver.url.replace("/hook", "/inside")

    deliveries.send_all()

    assert len(receiver.got) == 1
    assert Delivery.objects.get().trouble == "redirects are not followed"


@pytest.mark.parametrize("url", [
    "http://127.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::1]:8000/", "http://localhost/x",
    "http://10.0.0.1:5432", "https://db.internal/", "http://0x7f.1/", "ftp://example.com/", "https://u:p@example.com/",
    "https://example.com/#part", "https://", "javascript:alert(1)", "https://exa mple.com/", "http://example.com:99999/",
    "https://example.com/\r\nX: y", "https://éxample.com/",
])  # fmt: skip
def test_leads_name_public_addresses_alone(project: Project, lea: User, url: str) -> None:
    with pytest.raises(InputError):
        webhooks.make(project, url, kinds=LABELS, by=lea)


def test_a_name_that_leads_inside_later_is_not_called(
    project: Project, lea: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.server.server_address[1]
    webhooks.make(project, f"http://hooks.example.org:{port}/", kinds=LABELS, by=lea)
    agree(project)
    looks = []

    def resolve(host: str, *args: Any, **kwargs: Any) -> Any:
        looks.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    deliveries.send_all()

    assert looks == ["hooks.example.org"]
    assert receiver.got == []
    assert "not public" in Delivery.objects.get().trouble


def test_the_address_that_was_looked_at_is_the_one_called(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    port, looks = receiver.server.server_address[1], []

    def resolve(host: str, *args: Any, **kwargs: Any) -> Any:
        looks.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(posting.socket, "getaddrinfo", resolve)
    answer = posting.post(f"http://hooks.example.org:{port}/", b"{}", {}, only_public=False)

    assert answer.is_taken
    assert "hooks.example.org" in looks[0]
    assert receiver.got[0][0]["Host"] == f"hooks.example.org:{port}"
    assert [host for host in looks if host == "hooks.example.org"] == ["hooks.example.org"], "one look"


@contextmanager
def odd_server(answer: bytes, *, pause: float = 0.0) -> Iterator[str]:
    """Says ``answer`` byte by byte with pauses, or nothing at all."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            line.recv(65536)
            for each in answer:
                try:
                    line.sendall(bytes([each]))
                except OSError:
                    return
                time.sleep(pause)

    beside = threading.Thread(target=serve)
    beside.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    beside.join()
    listener.close()


@pytest.mark.parametrize(("said", "pause", "trouble"), [
    (b"", 0.0, "the answer is no HTTP"), (b"SSH-2.0-x\r\n", 0.0, "the answer is no HTTP"),
    (b"x" * 300, 0.0, "the answer is no HTTP"), (b"HTTP/1.1 200 OK\r\n" * 9, 0.2, ""),
    (b"HTTP/1.1 2" + b"0" * 40, 0.1, "no answer within 1 seconds"),
])  # fmt: skip
def test_odd_servers_hold_nobody_up(said: bytes, pause: float, trouble: str) -> None:
    begun = time.monotonic()
    with odd_server(said, pause=pause if trouble else 0.01) as url:
        answer = posting.post(url, b"{}", {}, only_public=False, patience=1.0)
        taken = time.monotonic() - begun

    assert answer.trouble == trouble
    assert taken < 2.5


def test_nobody_there_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    answer = posting.post(f"http://127.0.0.1:{port}/", b"{}", {}, only_public=False)

    assert answer.trouble == "no connection (ConnectionRefusedError)"


def test_a_project_has_few_webhooks(project: Project) -> None:
    for _ in range(webhooks.MOST):
        webhooks.make(project, "https://example.com/", kinds=LABELS, by=None)
    with pytest.raises(InputError, match="has 10 webhooks"):
        webhooks.make(project, "https://example.com/", kinds=LABELS, by=None)


def test_old_messages_are_forgotten(project: Project, hook: MadeHook) -> None:
    agree(project)
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert deliveries.forget_old() == 0, "it still waits"
    Delivery.objects.update(next_try_at=None)
    assert deliveries.forget_old() == 1
