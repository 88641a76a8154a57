from __future__ import annotations

import gzip
import json

import pytest
from django.conf import LazySettings

from judge.models import AgreedLabel, ApiReply, Case, Event, Frame, Item, Judgment, Project, Role, User
from tests import factories
from tests.judge.api.calling import Caller, item


@pytest.fixture
def program(project: Project, lea: User) -> Caller:
    return Caller(project, lea)


def test_one_item_is_pushed_and_known_the_second_time(program: Caller) -> None:
    first, again = program.post("items", item(1)), program.post("items", item(1))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {
        "frame": "api", "read": 1, "taken": 1, "known": 0, "rejected": 0, "contexts": 1, "cases": 2, "errors": [],
        "errors_left_out": 0,
    }  # fmt: skip
    assert again.json()["known"] == 1
    assert Item.objects.count() == 1
    assert {event.by for event in Event.objects.filter(verb="items imported")} == {program.made.token.person}


def test_lines_are_pushed_in_bulk_and_bad_ones_are_named(program: Caller) -> None:
    lines = [item(1), b"{broken\n", item(2, context=""), item(1, output="another tent"), item(3)]

    told = program.push("items/bulk", lines).json()

    assert (told["read"], told["taken"], told["rejected"]) == (5, 2, 3)
    assert [(each["line"], each["problem"][:30]) for each in told["errors"]] == [
        (2, "not JSON: Expecting property n"),
        (3, "line 3: context is empty (expe"),
        (4, 'line 4: id "item-1" already st'),
    ]
    assert Item.objects.count() == 2


def test_a_single_item_that_cannot_be_taken_is_a_problem(program: Caller) -> None:
    response = program.post("items", {"context": "likes tents", "output": 7})

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["where"] == "body"
    assert "output" in response.json()["detail"]
    assert Item.objects.count() == 0


@pytest.mark.parametrize(("body", "status"), [
    (b"", 422), (b"[]", 422), (b"{", 422), (b"\xff\xfe", 422), (b'{"a": 1, "a": 2}', 422), (b'{"a": NaN}', 422),
    (b'{"context": "\\u0000", "output": "x"}', 422), (b'{"context": "\\ud800", "output": "x"}', 422),
    (b"[" * 100_000, 422), (b'{"n": ' + b"9" * 5_000 + b"}", 422), (b" " * 1_100_000, 413),
])  # fmt: skip
def test_bodies_that_are_no_item_are_refused_in_words(program: Caller, body: bytes, status: int) -> None:
    response = program.post("items", body)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"]


def test_packed_bodies_are_unpacked(program: Caller) -> None:
    raw = gzip.compress(b"".join(json.dumps(item(n)).encode() + b"\n" for n in range(5)))

    response = program.post("items/bulk", raw, "application/x-ndjson", Content_Encoding="gzip")

    assert response.json()["taken"] == 5


def test_a_body_that_grows_beyond_all_measure_is_refused(program: Caller, settings: LazySettings) -> None:
    settings.API_BODY_MB = 1
    bomb = gzip.compress((b" " * 999 + b"\n") * 30_000)

    response = program.post("items/bulk", bomb, "application/x-ndjson")

    assert len(bomb) < 1_000_000, "it comes through the door"
    assert response.status_code == 422
    assert "too large" in response.json()["detail"]


def test_other_encodings_are_refused(program: Caller) -> None:
    response = program.post("items/bulk", b"x", "application/x-ndjson", Content_Encoding="br")

    assert response.status_code == 415
    assert response.json()["expected"] == "gzip, identity"


def test_a_body_that_is_too_long_is_refused_by_its_length_alone(program: Caller) -> None:
    response = program.client.generic(
        "POST", program.address("items/bulk"), b"{}", "application/x-ndjson",
        headers=program.headers({}), CONTENT_LENGTH=str(10 * 1024**3),
    )  # fmt: skip

    assert response.status_code == 413
    assert response.json()["expected"] == "at most 200 MB"


def test_many_bad_lines_are_counted_and_the_first_thousand_named(program: Caller) -> None:
    told = program.push("items/bulk", [b"no\n"] * 1_500).json()

    assert (told["rejected"], len(told["errors"]), told["errors_left_out"]) == (1_500, 1_000, 500)


def test_the_frame_of_a_pipeline_is_drawn_for_its_whole_size(lea: User, db: None) -> None:
    project = factories.make_project("Piped", train_rate=None, certify_rate=None, gold_rate=None)
    program = Caller(project, factories.make_member(project, "pia", Role.LEAD))

    program.post("items?frame=round%203&frame_size=20000", item(1))

    frame = Frame.objects.get(project=project)
    assert (frame.name, frame.train_rate, frame.certify_rate) == ("round 3", 0.02, 0.03)


def test_judgments_are_pushed(program: Caller, project: Project) -> None:
    program.push("items/bulk", [item(1), item(2)])
    lines = [
        {"item_id": "item-1", "criterion": "relevance", "rater": f"r{n}", "kind": "person", "label": "fits"}
        for n in range(2)
    ] + [{"item_id": "item-2", "criterion": "relevance", "rater": "gpt", "kind": "judge", "label": "perhaps"}]

    told = program.push("judgments/bulk", lines).json()

    assert (told["taken"], told["rejected"], told["people"], told["agreed"]) == (2, 1, 2, 1)
    assert 'label "perhaps" is not in relevance (expected: fits, weak)' in told["errors"][0]["problem"]
    assert Judgment.objects.filter(rater__origin="api").count() == 2
    assert AgreedLabel.objects.get().case == Case.objects.get(item__identity="item-1", criterion__key="relevance")
    single = program.post("judgments", lines[0] | {"rater": "r9"})
    assert (single.status_code, single.json()["taken"]) == (201, 1)


def test_the_same_key_is_answered_as_before_and_nothing_is_done_again(program: Caller) -> None:
    lines = [item(1), b"broken\n"]

    first = program.push("items/bulk", lines, Idempotency_Key="batch 1")
    again = program.push("items/bulk", lines, Idempotency_Key="batch 1")

    assert first.json() == again.json()
    assert again.json()["taken"] == 1, "not known: it is the answer of before"
    assert Event.objects.filter(verb="items imported").count() == 1


def test_the_same_key_for_another_request_is_refused(program: Caller) -> None:
    program.post("items", item(1), Idempotency_Key="k")

    other_body = program.post("items", item(2), Idempotency_Key="k")
    other_frame = program.post("items?frame=b", item(1), Idempotency_Key="k")

    assert (other_body.status_code, other_frame.status_code) == (422, 422)
    assert other_body.json()["where"] == "Idempotency-Key"
    assert Item.objects.count() == 1


def test_a_key_whose_request_failed_may_be_used_again(program: Caller) -> None:
    assert program.post("items", {"output": "no context"}, Idempotency_Key="k").status_code == 422
    assert program.post("items", item(1), Idempotency_Key="k").status_code == 201


def test_a_key_that_is_at_work_tells_to_wait(program: Caller) -> None:
    program.post("items", item(1), Idempotency_Key="k")
    ApiReply.objects.update(status=None)

    response = program.post("items", item(1), Idempotency_Key="k")

    assert (response.status_code, response["Retry-After"]) == (409, "2")


def test_keys_of_two_tokens_do_not_meet(program: Caller, project: Project, lea: User) -> None:
    program.post("items", item(1), Idempotency_Key="k")

    assert Caller(project, lea).post("items", item(2), Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize("key", ["x" * 201, "ключ"])
def test_odd_keys_are_refused(program: Caller, key: str) -> None:
    assert program.post("items", item(1), Idempotency_Key=key).status_code == 422


def test_names_that_look_like_paths_stay_names(program: Caller, project: Project) -> None:
    line = item(1) | {"id": "../../etc/passwd", "generator": "..\\..\\x", "context_id": "/etc/shadow"}

    response = program.post("items?frame=..%2F..%2Fetc", line)

    assert response.status_code == 201
    assert Item.objects.get().identity == "../../etc/passwd"
    assert Frame.objects.get(project=project).name == "../../etc"
