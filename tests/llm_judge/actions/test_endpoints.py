"""Endpoints: who may name which address and which key, and a rater that is asked at several."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import override_settings
from pytest_httpserver import HTTPServer

from judge.errors import CojudgeError, InputError, NotAllowed, ServiceError
from judge.models import Case, Event, Judgment, Project, Rater, User
from llm_judge.actions import drafts, endpoints, placements, raters, setups
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.models import Completion, Endpoint, Run
from llm_judge.rules.prompting import PromptTemplate
from llm_judge.rules.templates import CHOICE
from tests import factories
from tests.contracts.servers import LoopbackServer
from tests.llm_judge.actions.test_runs import judge
from tests.llm_judge.pools import Start

PUBLIC = "http://93.184.215.14:8000/v1"
KEY = "COJUDGE_KEY_TEAM"


@pytest.fixture
def lead(db: None) -> User:
    return factories.make_user("lea")


# Addresses


@pytest.mark.parametrize("url", [
    "http://10.1.2.3:8000/v1", "http://192.168.0.4/v1", "http://127.0.0.1:8000/v1", "http://169.254.169.254/latest",
    "http://[::1]:8000/v1", "http://2130706433/v1", "http://0x7f.1/v1", "http://localhost:8000/v1", "http://db:5432/",
    "http://vllm.internal/v1", "file:///etc/passwd", "gopher://93.184.215.14/", "ftp://93.184.215.14/", "93.184.215.14",
    "http://user:secret@93.184.215.14/v1", "http://93.184.215.14/v1?next=http://10.0.0.1/",
])  # fmt: skip
def test_who_is_no_admin_can_name_public_servers_only(lead: User, url: str) -> None:
    with pytest.raises(InputError):
        endpoints.add("team", url, by=lead)
    assert not Endpoint.objects.exists()
    assert not Event.objects.exists()


def test_an_address_is_trusted_where_an_admin_named_it(lead: User, root: User) -> None:
    assert not endpoints.add("public", PUBLIC, by=lead).is_trusted
    assert endpoints.add("inside", "http://10.1.2.3:8000/v1", by=root).is_trusted
    assert endpoints.add("by a command", "http://10.1.2.3:8000/v1", by=None).is_trusted
    assert list(Event.objects.order_by("pk").values_list("by__username", flat=True)) == ["lea", "root", None]


def test_a_name_that_leads_inside_is_refused_and_does_not_say_where_it_leads(lead: User, names: dict[str, str]) -> None:
    names["models.example.org"] = "10.20.30.40"
    with pytest.raises(InputError, match=r"models\.example\.org.* leads to an address that is not public") as caught:
        endpoints.add("team", "https://models.example.org/v1", by=lead)
    assert "10.20.30.40" not in str(caught.value)


def test_a_name_that_leads_nowhere_yet_is_taken(lead: User, names: dict[str, str]) -> None:
    names["soon.example.org"] = "no such host at all"
    assert endpoints.add("team", "https://soon.example.org/v1", by=lead).pk


def test_a_name_that_turns_inside_later_is_refused_when_it_is_asked(
    lead: User, names: dict[str, str], httpserver: HTTPServer
) -> None:
    names["turning.example.org"] = "93.184.215.14"
    endpoint = endpoints.add("team", f"http://turning.example.org:{httpserver.port}/v1", by=lead)
    names["turning.example.org"] = "127.0.0.1"
    with pytest.raises(ServiceError, match="not public; only an admin"):
        drafts.inspect(endpoint)
    assert httpserver.log == []


def test_an_address_that_was_changed_behind_our_back_is_refused_when_it_is_asked(lead: User) -> None:
    endpoint = endpoints.add("team", PUBLIC, by=lead)
    endpoint.base_url = "http://127.0.0.1:9/v1"
    with pytest.raises(InputError, match="no public address"):
        endpoints.connect(endpoint)


def test_a_server_that_sends_us_elsewhere_is_not_followed(root: User, httpserver: HTTPServer) -> None:
    for path in ("/props", "/version", "/v1/models"):
        to = {"Location": httpserver.url_for("/secret")}
        httpserver.expect_request(path).respond_with_data("", status=302, headers=to)
    with pytest.raises(ServiceError, match="did not answer"):
        drafts.inspect(endpoints.add("team", httpserver.url_for("/v1"), by=root))
    assert "/secret" not in {request.path for request, _ in httpserver.log}


def test_two_who_take_one_name_at_the_same_time(transactional_db: None) -> None:
    def add(_: int) -> str:
        try:
            return endpoints.add("team", PUBLIC, by=None).name
        except CojudgeError as error:
            return str(error)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as people:
        said = list(people.map(add, range(6)))
    assert said.count("team") == 1
    assert sum('there is an endpoint "team" already' in each for each in said) == 5


# Keys


@pytest.mark.parametrize("name", ["DATABASE_URL", "COJUDGE_SECRET_KEY", "COJUDGE_KEY_", "cojudge_key_team", "HOME",
                                  "XCOJUDGE_KEY_A", "JUDGE_API_KEY_2", "COJUDGE_KEY_A\n", "sk-1234"])  # fmt: skip
def test_only_variables_for_keys_can_be_named(root: User, name: str) -> None:
    with pytest.raises(InputError, match="is no variable for a key"):
        endpoints.add("team", PUBLIC, api_key_variable=name, by=root)


def test_a_variable_that_was_named_behind_our_back_is_never_read(root: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "PLANTED-93")
    endpoint = endpoints.add("team", PUBLIC, by=root)
    endpoint.api_key_variable = "SOME_SECRET"
    with pytest.raises(InputError, match="is no variable for a key") as caught:
        endpoints.connect(endpoint)
    assert "PLANTED-93" not in str(caught.value)


@pytest.mark.parametrize("hosts", ["", "api.example.org", "93.184.215.14.evil.example", "93.184.215.1"])
def test_a_key_goes_to_no_server_that_somebody_else_named(
    lead: User, monkeypatch: pytest.MonkeyPatch, hosts: str
) -> None:
    monkeypatch.setenv(KEY, "PLANTED-94")
    monkeypatch.setenv(f"{KEY}_HOST", hosts)
    endpoint = endpoints.add("team", PUBLIC, api_key_variable=KEY, by=lead)
    with pytest.raises(ServiceError, match=r"its key is not meant for 93\.184\.215\.14.*let an admin trust") as caught:
        endpoints.connect(endpoint)
    assert "PLANTED-94" not in str(caught.value)


def test_a_key_goes_to_the_hosts_that_it_is_meant_for(lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "PLANTED-95")
    monkeypatch.setenv(f"{KEY}_HOST", "api.example.org, 93.184.215.14")
    endpoint = endpoints.add("team", PUBLIC, api_key_variable=KEY, by=lead)
    backend = endpoints.connect(endpoint)
    assert isinstance(backend, OpenAIBackend)
    assert "PLANTED-95" not in f"{backend!r}{vars(backend)}"


def test_the_key_of_a_trusted_server_is_sent(
    root: User, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    monkeypatch.setenv(KEY, "PLANTED-96")
    httpserver.expect_request("/version").respond_with_json({"version": "1"})
    backend = endpoints.connect(endpoints.add("t", httpserver.url_for("/v1"), api_key_variable=KEY, by=root))

    async def look() -> None:
        async with backend:
            await backend.inspect()

    with pytest.raises(ServiceError):
        asyncio.run(look())
    assert {request.headers["Authorization"] for request, _ in httpserver.log} == {"Bearer PLANTED-96"}


# Several endpoints for one rater


@pytest.fixture
def first(start: Start, db: None) -> LoopbackServer:
    return start()


@pytest.fixture
def shared(first: LoopbackServer) -> Project:
    """A project whose judge is a model on the server ``first``."""
    project = factories.make_project("By two servers")
    with override_settings(JUDGE_URL=f"{first.url}/v1", JUDGE_MODEL=""):
        setups.use_server(project)
    return project


def rater_of(project: Project) -> Rater:
    assert project.judge is not None
    (rater,) = raters.seated(project.judge)
    return rater


def test_a_rater_with_two_endpoints_is_asked_at_both_and_once_about_each_case(
    shared: Project, first: LoopbackServer, start: Start, root: User
) -> None:
    second = start()
    placements.attach(rater_of(shared), endpoints.add("second", second.url, by=root), by=root)
    factories.import_items(shared, n=60)
    run = judge(shared)
    assert (run.status, run.n_done, run.n_unscored) == (Run.Status.DONE, 120, 0)
    assert Judgment.objects.values("case", "rater").distinct().count() == Judgment.objects.count() == 120
    assert Completion.objects.filter(attempts=1).count() == 120
    assert len(first.seen) + len(second.seen) == 120
    assert min(len(first.seen), len(second.seen)) > 20


def test_a_rater_is_judged_by_one_endpoint_where_the_other_is_ill(shared: Project, start: Start, root: User) -> None:
    second = start()
    placements.attach(rater_of(shared), endpoints.add("second", second.url, by=root), by=root)
    Endpoint.objects.filter(name="second").update(base_url="http://127.0.0.1:9/v1")
    factories.import_items(shared, n=10)
    assert judge(shared).n_done == 20
    assert second.seen == []


def test_an_endpoint_whose_key_is_not_set_on_this_host_is_left_out(
    shared: Project, first: LoopbackServer, start: Start, root: User, caplog: pytest.LogCaptureFixture
) -> None:
    placements.attach(rater_of(shared), endpoints.add("second", start().url, by=root), by=root)
    Endpoint.objects.filter(name="second").update(api_key_variable=KEY)
    factories.import_items(shared, n=5)
    assert judge(shared).n_done == len(first.seen) == 10
    assert f'The endpoint second is left out: The endpoint "second" takes its key from {KEY}' in caplog.text


def test_where_no_endpoint_can_be_asked_the_run_says_why(shared: Project, start: Start, root: User) -> None:
    placements.attach(rater_of(shared), endpoints.add("second", start().url, by=root), by=root)
    Endpoint.objects.update(api_key_variable=KEY)
    factories.import_items(shared, n=5)
    run = judge(shared)
    assert (run.status, Judgment.objects.count()) == (Run.Status.FAILED, 0)
    assert f"{KEY}, which is not set here" in run.trouble


def test_a_rater_goes_to_no_server_that_is_not_the_same(shared: Project, start: Start, root: User) -> None:
    other = endpoints.add("other", start(model="org/other").url, by=root)
    with pytest.raises(InputError, match=r"the server serves org/other \(expected: tiny\)"):
        placements.attach(rater_of(shared), other, by=root)
    older = {**(rater_of(shared).configuration or {}), "server_version": "x 1"}
    Rater.objects.filter(pk=rater_of(shared).pk).update(configuration=older)
    newer = endpoints.add("newer", start().url, by=root)
    with pytest.raises(InputError, match=r"the server is vllm 0\.32\.0 \(expected: x 1\)\. Another server"):
        placements.attach(rater_of(shared), newer, by=root)
    with pytest.raises(InputError, match="cannot be asked at an endpoint of this kind"):
        placements.attach(rater_of(shared), endpoints.ensure("scripted"), by=root)
    with pytest.raises(ServiceError, match="did not answer"):
        placements.attach(rater_of(shared), endpoints.add("down", "http://127.0.0.1:9", by=root), by=root)
    assert rater_of(shared).endpoints.count() == 1


def test_a_server_that_nobody_trusts_is_given_to_no_rater(shared: Project, root: User, lead: User) -> None:
    theirs = endpoints.add("theirs", PUBLIC, by=lead)
    with pytest.raises(InputError, match="is not trusted"):
        placements.attach(rater_of(shared), theirs, by=root)


def test_only_admins_say_where_a_rater_is_asked(shared: Project, start: Start, root: User, lead: User) -> None:
    second = endpoints.add("second", start().url, by=root)
    with pytest.raises(NotAllowed):
        placements.attach(rater_of(shared), second, by=lead)
    placements.attach(rater_of(shared), second, by=root)
    with pytest.raises(NotAllowed):
        placements.detach(rater_of(shared), second, by=lead)
    placements.detach(rater_of(shared), second, by=root)
    with pytest.raises(InputError, match="is asked nowhere else"):
        placements.detach(rater_of(shared), rater_of(shared).endpoints.get(), by=root)
    verbs = Event.objects.filter(verb__endswith="rater").order_by("pk").values_list("verb", "by__username")
    assert list(verbs) == [("endpoint given to rater", "root"), ("endpoint taken from rater", "root")]


def test_the_same_prompt_written_for_another_endpoint_is_the_same_rater_there_too(
    start: Start, root: User, shared: Project
) -> None:
    """Two trusted servers of one model and version: one rater with two endpoints, by the page Write a prompt."""
    template = PromptTemplate("mine", CHOICE.texts)
    made = []
    for name in ("north", "south"):
        endpoint = endpoints.add(name, start().url, by=root)
        draft = drafts.Draft(endpoint, template, drafts.ScoringRule.CHOICE)
        made.append(drafts.make_candidate(shared, drafts.configure(draft), endpoint=endpoint, by=root))
    assert made[0].pk == made[1].pk
    rater = made[0].seats.get().rater
    assert [each.name for each in raters.endpoints_of(rater)] == ["north", "south"]
    assert Case.objects.count() == 0
