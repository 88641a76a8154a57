from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from judge.actions import horizons, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import AgreedLabel, Case, Decision, Project, Role, User
from llm_judge.actions import setups
from llm_judge.models import Run
from tests import factories
from tests.judge.api.calling import Caller


def agree(project: Project, *names: str, label: str = "fits") -> None:
    """These people answer every case of relevance alike."""
    cases = list(Case.objects.filter(project=project, criterion__key="relevance").order_by("pk"))
    for name in names:
        rater = projects.rater_of(User.objects.filter(username=name).first() or factories.make_user(name))
        judgments.record([NewJudgment(case.pk, label) for case in cases], rater=rater, by=rater.user)


def test_cases_come_by_cursor_and_none_is_missed(project: Project, lea: User) -> None:
    factories.import_items(project, n=5)
    program, seen, after = Caller(project, lea), [], 0

    for _ in range(4):
        page = program.get("cases", {"after": after, "limit": 3}).json()
        seen += [each["id"] for each in page["cases"]]
        after = page["next"]

    assert seen == list(Case.objects.order_by("pk").values_list("pk", flat=True))
    assert page == {"cases": page["cases"], "next": seen[-1], "has_more": False}
    assert program.get("cases", {"after": after}).json() == {"cases": [], "next": after, "has_more": False}


def test_cases_are_found_by_item_stage_and_criterion(project: Project, lea: User) -> None:
    factories.import_items(project, n=3)
    agree(project, "ann", "ben")
    program = Caller(project, lea)

    def found(**query: object) -> list[tuple[str, str]]:
        told = program.get("cases", query).json()["cases"]
        return sorted((each["item_id"], each["criterion"]) for each in told)

    assert found(item=["item-0", "item-2"], criterion="relevance") == [("item-0", "relevance"), ("item-2", "relevance")]
    assert len(found(stage="people")) == 3
    assert found(stage="agreed", item=["item-1"]) == [("item-1", "relevance")]
    assert found(item=["nothing"]) == []


def test_one_case_is_read_with_its_label_and_an_etag(project: Project, lea: User) -> None:
    factories.import_items(project)
    agree(project, "ann", "ben")
    program, case = Caller(project, lea), Case.objects.get(criterion__key="relevance")

    first = program.get(f"cases/{case.pk}")
    again = program.get(f"cases/{case.pk}", If_None_Match=first["ETag"])

    assert first.json()["label"] == "fits"
    assert first.json()["passes"] is True
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert "RateLimit-Remaining" in again
    assert "Authorization" in first["Vary"]
    assert program.get(f"cases/{case.pk + 1000}").status_code == 404


def test_labels_come_in_the_order_of_their_making(project: Project, lea: User) -> None:
    factories.import_items(project, n=2)
    agree(project, "ann", "ben")
    program = Caller(project, lea)

    told = program.get("labels").json()

    found = [(each["item_id"], each["label"], each["basis"], each["n_people"]) for each in told["labels"]]
    ids = [each["id"] for each in told["labels"]]
    assert ids == sorted(ids)
    assert sorted(found) == [("item-0", "fits", "consensus", 2), ("item-1", "fits", "consensus", 2)]  # fmt: skip
    assert program.get("labels", {"after": told["next"]}).json()["labels"] == []
    assert program.get("labels", {"status": "withdrawn"}).json()["labels"] == []
    assert program.get("labels", {"item": "item-1"}).json()["labels"][0]["item_id"] == "item-1"


def test_labels_of_certify_cases_are_for_trainers_alone(db: None) -> None:
    project = factories.make_project("Proof", certify_rate=1.0)
    factories.import_items(project)
    agree(project, "ann", "ben", "cyd")
    people = {role: factories.make_member(project, f"only-{role}", role) for role in (Role.LEAD, Role.TRAINER)}
    both = factories.make_member(project, "both", Role.LEAD, Role.TRAINER)

    def sees(person: User) -> tuple[int, str | None, bool]:
        program = Caller(project, person)
        case = program.get("cases", {"criterion": "relevance"}).json()["cases"][0]
        return len(program.get("labels").json()["labels"]), case["label"], case["is_hidden"]

    assert AgreedLabel.objects.count() == 1
    assert sees(people[Role.TRAINER]) == (1, "fits", False)
    for person in (people[Role.LEAD], both):
        assert sees(person) == (0, None, True)


def test_viewers_take_no_labels_out(project: Project) -> None:
    program = Caller(project, factories.make_member(project, "vic", Role.VIEWER))

    assert [program.get(path).status_code for path in ("labels", "cases", "health", "certificates")] == [
        403,
        403,
        200,
        200,
    ]


def test_decisions_say_why_and_hide_from_those_who_may_still_answer(project: Project, lea: User) -> None:
    factories.import_items(project)
    answering = factories.make_member(project, "annalea", Role.LEAD, Role.ANNOTATOR)

    open_one = Caller(project, lea).get("decisions").json()["decisions"][0]
    hidden = Caller(project, answering).get("decisions").json()["decisions"][0]

    assert (open_one["route"], open_one["reason"], open_one["is_hidden"]) == ("people", "no_certificate", False)
    assert (hidden["reason"], hidden["confidence"], hidden["is_hidden"]) == (None, None, True)
    decision = Decision.objects.first()
    told = Caller(project, lea).get("decisions", {"case": decision.case_id}).json()
    assert [each["id"] for each in told["decisions"]] == [decision.pk]


def test_health_tells_stages_labels_and_cells(project: Project, lea: User) -> None:
    factories.import_items(project)
    agree(project, "ann", "ben")

    told = Caller(project, lea).get("health").json()

    assert (told["project"], told["rubric_version"], told["judge_version"], told["is_well"]) == (
        "shop-tags", 1, None, True
    )  # fmt: skip
    assert told["criteria"][0] == {
        "criterion": "relevance", "is_in_force": True, "stages": {"agreed": 1}, "labels": {"consensus": 1},
        "cell": "uncertified", "audit_rate": None,
    }  # fmt: skip
    assert Caller(project, lea).get("certificates").json() == {"certificates": []}


@pytest.mark.usefixtures("queue")
def test_a_run_is_started_and_looked_at(project: Project, lea: User) -> None:
    setups.use_scripted(project)
    factories.import_items(project, n=2)
    program = Caller(project, lea)

    started = program.post("runs", {"limit": 3, "max_minutes": 5}, Idempotency_Key="night")
    again = program.post("runs", {"limit": 3, "max_minutes": 5}, Idempotency_Key="night")

    assert (started.status_code, started.json()["n_planned"]) == (202, 3)
    assert again.json() == started.json()
    assert Run.objects.get().by == lea
    assert program.get(f"runs/{started.json()['id']}").json()["status"] == "queued"
    assert program.get("runs/999999").status_code == 404
    assert program.post("runs", {"limits": 3}).status_code == 422


def test_without_workers_no_run_is_half_started(project: Project, lea: User) -> None:
    setups.use_scripted(project)
    factories.import_items(project)

    response = Caller(project, lea).post("runs", {})

    assert response.status_code == 503
    assert "BROKER_URL" in response.json()["detail"]
    assert Run.objects.count() == 0


@pytest.mark.usefixtures("queue")
def test_an_export_is_ordered_made_and_fetched(project: Project, tim: User, lea: User) -> None:
    from judge.actions import export_jobs
    from judge.models import ExportJob

    factories.import_items(project)
    agree(project, "ann", "ben")
    program = Caller(project, tim)

    ordered = program.post("exports", {"format": "labels", "where": ["basis=consensus"]})
    key = ordered.json()["key"]
    assert (ordered.status_code, ordered.json()["is_ready"]) == (202, False)
    assert program.get(f"exports/{key}/file").status_code == 404
    ExportJob.objects.update(state=ExportJob.State.ASKED)
    assert Caller(project, lea).get(f"exports/{key}").status_code == 404, "another person's"
    assert program.post("exports", {"format": "parquet"}).status_code == 422
    assert program.post("exports", {"where": ["nonsense"]}).status_code == 422
    assert export_jobs.archive(ExportJob.objects.get(), by=tim) is None


@pytest.mark.django_db(transaction=True)
def test_a_page_does_not_pass_over_a_slower_writer(browse: Callable[..., object]) -> None:
    """Ann's label takes its id first and is committed last."""
    project = factories.make_project("Race")
    factories.import_items(project, n=2)
    agree(project, "ann")
    program = Caller(project, factories.make_member(project, "rea", Role.LEAD))
    first, second = Case.objects.filter(criterion__key="relevance").order_by("pk")
    written, go_on = threading.Event(), threading.Event()
    rater = projects.rater_of(factories.make_user("ben"))

    def slowly() -> None:
        with transaction.atomic():
            judgments.record([NewJudgment(first.pk, "fits")], rater=rater, by=rater.user)
            written.set()
            go_on.wait(20)
        connection.close()

    beside = threading.Thread(target=slowly)
    beside.start()
    assert written.wait(20)
    judgments.record([NewJudgment(second.pk, "fits")], rater=rater, by=rater.user)

    page = program.get("labels").json()
    assert page["labels"] == [], "the label of the second case has the higher id"
    go_on.set()
    beside.join()
    assert [each["case_id"] for each in program.get("labels", {"after": page["next"]}).json()["labels"]] == [
        first.pk, second.pk
    ]  # fmt: skip
    assert horizons.settled(AgreedLabel) >= AgreedLabel.objects.latest("pk").pk
