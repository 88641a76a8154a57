from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_httpserver import HTTPServer

from judge.errors import InputError, ServiceError
from llm_judge.backends.base import Patience, ServerFacts, check_offer
from llm_judge.backends.connection import check_address
from llm_judge.backends.dialects import Dialect
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.records import CompletionFailure, CompletionRequest, CompletionResult, Message, Reply
from tests.contracts.servers import LoopbackServer, serve
from tests.llm_judge.examples import make_rater

KEY = "sk-planted-marker"
ASKED = CompletionRequest(messages=(Message("user", "red?"),), answers=("Yes", "No"))
ONCE = Patience(timeout=5, attempts=1)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with serve(LoopbackServer()) as running:
        yield running


def complete(backend: OpenAIBackend, request: CompletionRequest = ASKED) -> Reply:
    async def ask() -> Reply:
        async with backend:
            return await backend.complete(request)

    return asyncio.run(ask())


def inspect(backend: OpenAIBackend) -> ServerFacts:
    async def ask() -> ServerFacts:
        async with backend:
            return await backend.inspect()

    return asyncio.run(ask())


def test_vllm_is_recognised_and_held_to_the_words(server: LoopbackServer) -> None:
    complete(OpenAIBackend(server.url, model="tiny"))
    (body,) = server.seen
    ids = [sum(map(ord, word)) for word in ("Yes", "No")]
    assert (body["allowed_token_ids"], body["logprob_token_ids"]) == (ids, ids)
    assert (body["model"], body["logprobs"]) == ("tiny", True)
    assert not {"grammar", "guided_choice", "structured_outputs"} & body.keys()


def test_vllm_is_held_to_longer_words_by_a_choice(server: LoopbackServer) -> None:
    """Only a word that is one token has an id of its own."""
    complete(OpenAIBackend(server.url), replace(ASKED, answers=("well founded", "weak")))
    (body,) = server.seen
    assert body["structured_outputs"] == {"choice": ["well founded", "weak"]}
    assert not {"allowed_token_ids", "logprob_token_ids"} & body.keys()


def test_words_are_split_once_however_many_ask_at_the_same_time(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/tokenize").respond_with_json({"tokens": [7]})
    httpserver.expect_request("/v1/chat/completions").respond_with_json({})
    backend = OpenAIBackend(httpserver.url_for("/"), dialect=Dialect.VLLM, patience=ONCE)

    async def ask() -> None:
        async with backend:
            await asyncio.gather(*(backend.complete(ASKED) for _ in range(5)))

    asyncio.run(ask())
    assert sum(each.path == "/tokenize" for each, _ in httpserver.log) == len(ASKED.answers)


def test_lost_alternatives_are_asked_for_again(httpserver: HTTPServer) -> None:
    """vLLM loses them in a mixed batch; the answer alone would look certain."""
    beside = [{"token": "Yes", "logprob": -0.4}, {"token": "<|endoftext|>", "logprob": -9999.0}]
    token = {"token": "Yes", "logprob": -0.4, "top_logprobs": beside}
    answer = {"choices": [{"message": {"content": "Yes"}, "logprobs": {"content": [token]}}]}
    httpserver.expect_request("/tokenize").respond_with_data("no such page", status=404)
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answer)
    patience = Patience(attempts=2, first_wait=0.001)
    reply = complete(OpenAIBackend(httpserver.url_for("/"), dialect=Dialect.VLLM, patience=patience))
    assert isinstance(reply, CompletionFailure)
    assert (reply.kind, reply.attempts) == ("no_logprobs", 2)


def pretend(server: HTTPServer, **pages: object) -> None:
    """A server with these pages, and 404 where a backend looks for others."""
    for path in ("props", "version"):
        if path in pages:
            server.expect_request(f"/{path}").respond_with_json(pages[path])
        else:
            server.expect_request(f"/{path}").respond_with_data("no such page", status=404)


def test_llama_cpp_is_recognised_and_held_by_a_grammar(httpserver: HTTPServer) -> None:
    pretend(httpserver, props={"build_info": "b1"})
    httpserver.expect_request("/v1/chat/completions").respond_with_json({})
    complete(OpenAIBackend(httpserver.url_for("/v1"), patience=ONCE))
    body = json.loads(httpserver.log[-1][0].get_data())
    assert body["grammar"] == 'root ::= "Yes" | "No"'
    assert "structured_outputs" not in body


def test_plain_server_says_that_it_cannot_weigh_a_text(httpserver: HTTPServer) -> None:
    pretend(httpserver)
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "m"}]})
    httpserver.expect_request("/v1/chat/completions").respond_with_data("busy", status=503)
    facts = inspect(OpenAIBackend(httpserver.url_for("/")))
    assert (facts.server, facts.model) == ("openai", "m")
    with pytest.raises(InputError, match=r"openai cannot serve the scoring rule pmi.*choice, few_shot"):
        check_offer(facts, make_rater(ScoringRule.PMI))


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, {"choices": [{"message": {"content": "Yes"}, "logprobs": None}]}),
        (200, {"choices": [{"message": {"content": "Yes"}}]}),
        (400, {"error": {"message": "logprobs is not supported by this model"}}),
        (403, {"error": {"message": "You are not allowed to request logprobs from this model"}}),
    ],
)
def test_server_without_log_probabilities_says_so_before_the_run(
    httpserver: HTTPServer, status: int, answer: dict[str, object]
) -> None:
    pretend(httpserver)
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "m"}]})
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answer, status=status)
    model = f"{status} {answer}"
    facts = inspect(OpenAIBackend(httpserver.url_for("/"), model=model))
    with pytest.raises(InputError, match=r"cannot serve the scoring rule choice.*Use sampled"):
        check_offer(facts, make_rater())
    check_offer(facts, make_rater(ScoringRule.SAMPLED))
    assert inspect(OpenAIBackend(httpserver.url_for("/"), model=model)) == facts
    asked = [json.loads(each.get_data()) for each, _ in httpserver.log if each.path == "/v1/chat/completions"]
    assert [each["max_tokens"] for each in asked] == [1]  # one call of one token, once for all that look


def test_servers_that_are_known_to_give_log_probabilities_are_not_asked(server: LoopbackServer) -> None:
    inspect(OpenAIBackend(server.url))
    assert server.seen == []


def test_facts_name_server_version_model_and_window(server: LoopbackServer) -> None:
    facts = inspect(OpenAIBackend(server.url))
    assert (facts.server, facts.server_version, facts.window) == ("vllm", "0.32.0", 2048)


def test_split_characters_of_llama_cpp_are_unscored_rather_than_half_weighed(httpserver: HTTPServer) -> None:
    pretend(httpserver, props={"build_info": "b1"})
    pieces = [{"id": 1, "piece": " tea"}, {"id": 2, "piece": [233]}, {"id": 3, "piece": [162, 156]}]
    httpserver.expect_request("/tokenize").respond_with_json({"tokens": pieces})
    reply = complete(OpenAIBackend(httpserver.url_for("/")), CompletionRequest(prompt="Title", forced=" tea 颜"))
    assert isinstance(reply, CompletionFailure)
    assert reply.kind == "no_logprobs"
    assert len([each for each, _ in httpserver.log if each.path == "/v1/completions"]) == 0


def test_only_the_forced_tokens_are_weighed(server: LoopbackServer) -> None:
    reply = complete(OpenAIBackend(server.url), CompletionRequest(prompt="Title: red scarf =>", forced=" Colour: red"))
    assert isinstance(reply, CompletionResult)
    assert (reply.text, len(reply.tokens)) == ("Colour: red", 2)
    assert len(server.seen[0]["prompt"]) == 6  # four words of the prompt, two of the text


def test_key_is_sent_and_never_shown(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_data(f"wrong key {KEY}", status=401)
    backend = OpenAIBackend(httpserver.url_for("/"), api_key=KEY, dialect=Dialect.PLAIN)
    reply = complete(backend)
    assert isinstance(reply, CompletionFailure)
    assert httpserver.log[-1][0].headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in f"{reply} {backend!r} {vars(backend)}"
    assert "wrong key ***" in reply.detail


def test_redirect_never_carries_the_key_away(httpserver: HTTPServer) -> None:
    elsewhere = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request("/v1/chat/completions").respond_with_data("", status=307, headers=elsewhere)
    reply = complete(OpenAIBackend(httpserver.url_for("/"), api_key=KEY, dialect=Dialect.PLAIN))
    assert isinstance(reply, CompletionFailure)
    assert len(httpserver.log) == 1


def test_endless_body_is_cut_off(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_data("x" * 20_000_000)
    reply = complete(OpenAIBackend(httpserver.url_for("/"), dialect=Dialect.PLAIN))
    assert isinstance(reply, CompletionFailure)
    assert reply.kind == "garbage"


def test_server_that_is_down_is_unreachable_and_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    reply = complete(OpenAIBackend(address, patience=Patience(attempts=2, first_wait=0.001)))
    assert isinstance(reply, CompletionFailure)
    assert (reply.kind, reply.attempts) == ("unreachable", 2)
    with pytest.raises(ServiceError, match=r"did not answer.*Is it running"):
        inspect(OpenAIBackend(address))


def test_server_that_starts_late_is_recognised_then(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/props").respond_with_json({"error": "loading"}, status=503)
    pretend(httpserver, props={"build_info": "b1"})
    httpserver.expect_request("/v1/chat/completions").respond_with_json({"choices": [{"text": "Yes"}]})
    backend = OpenAIBackend(httpserver.url_for("/"), patience=Patience(first_wait=0.001))
    reply = complete(backend)
    assert isinstance(reply, CompletionResult)
    assert (backend.dialect, reply.attempts) == (Dialect.LLAMA_CPP, 2)


@pytest.mark.parametrize(
    "address",
    ["", "ftp://host", "file:///etc/passwd", "localhost:80", "http://", "http://h?x=1", "http://[::", "http://h:x"],
)
def test_odd_addresses_are_refused(address: str) -> None:
    with pytest.raises(InputError, match="model server"):
        check_address(address)


def test_password_in_an_address_is_refused_unread() -> None:
    with pytest.raises(InputError) as caught:
        check_address(f"http://user:{KEY}@host")
    assert KEY not in str(caught.value)


def test_use_outside_of_the_block_is_a_programming_mistake() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        asyncio.run(OpenAIBackend("http://127.0.0.1:1").complete(ASKED))
