"""The client of embeddings servers: a well one, ill ones, and what becomes of the student's cases then."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError, ServiceError
from llm_judge.backends import embeddings
from llm_judge.backends.base import Patience
from llm_judge.backends.embeddings import EmbeddingBackend, EmbeddingResult, embed, read_vectors
from llm_judge.backends.judging import CaseAnswer, judge_many
from llm_judge.backends.student import Heads, StudentBackend
from llm_judge.rules import configuration, student
from llm_judge.rules.records import CompletionFailure, Scored, Unscored
from tests.llm_judge.examples import FIT, REASON, make_case

Answer = Callable[[list[str]], tuple[int, object]]
PATIENCE = Patience(timeout=2.0, attempts=2, first_wait=0.01, deadline=4.0)


def vector(text: str) -> list[float]:
    """Lengths other than one: clients must not trust them."""
    return [1.0 + len(text), 2.0 * text.count("red"), 3.0]


def well(texts: list[str]) -> tuple[int, object]:
    rows = [{"index": i, "embedding": vector(text)} for i, text in enumerate(texts)]
    return 200, {"data": rows[::-1], "usage": {"prompt_tokens": 5 * len(texts)}}


class Server:
    """A small embeddings server whose answers a test chooses; ``seen`` are the texts of each call."""

    def __init__(self) -> None:
        self.answer: Answer = well
        self.seen: list[list[str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                known = self.path == "/v1/models"
                self.reply(200 if known else 404, {"data": [{"id": "tiny"}]} if known else {})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.seen.append(body["input"])
                self.reply(*outer.answer(body["input"]))

            def reply(self, status: int, body: object) -> None:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                return None

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


def read(server: Server, *texts: str, prefix: str = "") -> embeddings.Embedded:
    async def go() -> embeddings.Embedded:
        async with EmbeddingBackend(server.url, model="tiny", patience=PATIENCE) as backend:
            return await embed(backend, texts, prefix=prefix)

    return asyncio.run(go())


def test_vectors_come_back_in_order_and_of_unit_length_whatever_order_the_server_chose(server: Server) -> None:
    found = read(server, "red", "blue sky")
    assert {text: vec.tolist() for text, vec in found.vectors.items()} == {
        text: pytest.approx(np.array(vector(text)) / np.linalg.norm(vector(text))) for text in ("red", "blue sky")
    }
    assert found.tokens == 10


def test_equal_texts_are_sent_once_many_in_a_call_and_with_the_prefix(server: Server) -> None:
    read(server, *["same"] * 50, *(f"text {i}" for i in range(40)), prefix="query: ")
    assert sorted(map(len, server.seen)) == [9, 32]
    assert all(text.startswith("query: ") for call in server.seen for text in call)


def test_long_text_is_sent_in_pieces_and_averaged(server: Server) -> None:
    long = "red words and more of them " * 100
    vec = read(server, long).vectors[long]
    sent = [text for call in server.seen for text in call]
    assert sent == list(dict.fromkeys(student.pieces(long)))
    assert np.linalg.norm(vec) == pytest.approx(1.0)


def test_refused_text_harms_no_other(server: Server) -> None:
    def picky(texts: list[str]) -> tuple[int, object]:
        return (400, {"error": {"message": "maximum context length"}}) if "bad" in texts else well(texts)

    server.answer = picky
    found = read(server, "good", "bad", "fine")
    assert found.vectors.keys() == {"good", "fine"}
    assert found.failures["bad"].kind == "context_too_long"


def test_failing_server_is_asked_again_and_then_named(server: Server) -> None:
    server.answer = lambda texts: (500, {})
    found = read(server, "a")
    assert found.failures["a"].kind == "http_error"
    assert len(server.seen) == PATIENCE.attempts
    assert found.failures["a"].retried, "no retry is silent"


@pytest.mark.parametrize(
    "body",
    [b"<html>", {}, {"data": []}, {"data": [{"embedding": []}]}, {"data": [{"embedding": [0, 0]}]},
     {"data": [{"embedding": ["a"]}]}, {"data": [{"embedding": [1, None]}]}, {"data": [1]}, {"data": None}],
)  # fmt: skip
def test_garbled_answer_is_a_failure_and_never_a_guess(server: Server, body: object) -> None:
    server.answer = lambda texts: (200, body)
    assert read(server, "a").failures["a"].kind == "garbage"


JSON = st.recursive(
    st.none() | st.floats() | st.text(max_size=3), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(st.dictionaries(st.sampled_from(["data", "usage", "model"]), JSON), st.integers(1, 3))
def test_any_answer_is_read_or_refused(answer: dict[str, object], n: int) -> None:
    assert isinstance(read_vectors(answer, n), EmbeddingResult | CompletionFailure)


def test_server_that_does_not_answer_is_named() -> None:
    async def go() -> None:
        async with EmbeddingBackend("http://127.0.0.1:9/v1", patience=PATIENCE) as backend:
            await backend.inspect()

    with pytest.raises(ServiceError, match=r"embeddings server at http://127\.0\.0\.1:9/ did not answer"):
        asyncio.run(go())


def heads(dimension: int = 3) -> Heads:
    """Says *fits* where the output is about red things; knows the criterion FIT alone."""
    from judge.formats.questions import content_hash

    zero = np.zeros(dimension, "f4")
    weights = np.zeros((2, 3 * dimension + 13), "f4")
    weights[0, 1] = 200.0
    head = student.Head(("fits", "weak"), weights, np.array([-5.0, 5.0], "f4"))
    return Heads({content_hash(FIT): head}, student.Centres(zero, zero, zero))


def judge(server: Server, *cases: object, known: Heads | None = None) -> list[CaseAnswer]:
    rater = configuration.student("tiny", "", "", "h")

    async def go() -> list[CaseAnswer]:
        async with EmbeddingBackend(server.url, model="tiny", patience=PATIENCE) as backend:
            return [each async for each in judge_many(StudentBackend(backend, known or heads()), cases, rater)]  # type: ignore[arg-type]

    return asyncio.run(go())


def test_student_answers_each_case_once_and_reads_a_shared_context_once(server: Server) -> None:
    cases = [make_case(str(i), output=f"red hat {i}" if i % 2 else f"blue hat {i}") for i in range(200)]
    found = judge(server, *cases)
    assert [(each.case_id, each.answer.label) for each in found] == [
        (str(i), "fits" if i % 2 else "weak") for i in range(200)
    ]
    sent = [text for call in server.seen for text in call]
    assert len(sent) == len(set(sent))
    assert sum(each.prompt_tokens for each in found) == 5 * len(sent), "what it cost is shared out, none of it lost"


def test_criterion_that_was_not_learned_is_unscored_beside_one_that_was(server: Server) -> None:
    learned, other = judge(server, make_case("1"), make_case("2", question=REASON))
    assert isinstance(learned.answer, Scored)
    assert isinstance(other.answer, Unscored)
    assert other.answer.reason == "not_learned"


def test_failing_server_leaves_cases_unscored_for_its_own_fault(server: Server) -> None:
    server.answer = lambda texts: (503, {})
    (found,) = judge(server, make_case("1"))
    assert isinstance(found.answer, Unscored)
    assert found.answer.reason == "http_error"
    assert found.was_sent


def test_embeddings_of_another_model_stop_the_run_instead_of_spoiling_cases(server: Server) -> None:
    with pytest.raises(InputError, match=r"3 dimensions.*expected: the 5 that were learned on"):
        judge(server, make_case("1"), known=heads(dimension=5))
