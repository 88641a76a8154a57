"""What measures a judge reaches neither what is learned from, nor whoever may edit rubric, prompt or model.

Words are planted in contexts, outputs, answers and labels of certify, gold and audited items, and in train items that
share a context with one of them. Then everything that learns is asked, and everything that a lead can open is opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern

from judge.actions import calibrations, exports, judgments, labels, milestones, projects, teaching
from judge.actions.judgments import NewJudgment
from judge.models import AgreedLabel, Case, Item, Judge, Project, Purpose, Rater, Role, User
from llm_judge.actions import lessons, trials
from llm_judge.rules.asking import ask, find_desk
from llm_judge.rules.templates import SHIPPED
from tests import factories
from tests.architecture.test_access import ADMIN, routes
from tests.judge.views import stories
from tests.llm_judge.examples import make_rater

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]
#: Streams and marks that measure judges; "audited" stands for every case whose people's answers are a reference.
MEASURING = ("certify", "gold", "audited", "milestone")
NOTE, REASON = "PLANTED-NOTE", "PLANTED-REASON"


def text(kind: str, what: str) -> str:
    return f"planted-{kind}-{what}"


@pytest.fixture
def world(ann: User, ben: User, ada: User) -> Project:
    """Of each kind two contexts: one item that measures, and one of the train stream beside it. And plain train items,
    so that there is something to learn."""
    project = factories.make_project("Streams apart", train_rate=1.0)
    stories.make_judge(project)
    lines = [
        {"id": f"{kind}-{place}-{role}", "context": f"{text(kind, 'context')} {place}", "output": text(kind, role)}
        for kind in MEASURING for place in range(2) for role in ("measures", "beside")
    ]  # fmt: skip
    lines += [{"id": f"plain-{i}", "context": f"person {i} likes tents", "output": f"tent {i}"} for i in range(54)]
    factories.import_items(project, lines=lines)
    for kind in MEASURING:
        found = Item.objects.filter(project=project, identity__regex=f"^{kind}-.-measures$")
        found.update(stream=kind if kind in ("certify", "gold") else "open")
    _judge_and_answer(project, ann, ben, ada)
    return project


def _judge_and_answer(project: Project, ann: User, ben: User, ada: User) -> None:
    """The judge says the first label of all; people differ among themselves on the first item of certify and gold."""
    cases = list(Case.objects.filter(project=project).select_related("criterion", "item").order_by("pk"))
    scales = {case.pk: case.criterion.question.label_keys for case in cases}
    spoken = [NewJudgment(pk, keys[0], probs={keys[0]: 0.75, keys[1]: 0.25}) for pk, keys in scales.items()]
    judgments.record(spoken, rater=project.judge.seats.get().rater)  # type: ignore[union-attr]
    audited = Item.objects.filter(project=project, identity__regex="^audited-.-measures$")
    Case.objects.filter(item__in=audited).update(is_reference=True)
    milestones.draw(project, name="three", by=None)
    for person in (ann, ben):
        said = []
        for place, case in enumerate(cases):
            turns = person == ben and case.item.identity in ("certify-0-measures", "gold-0-measures")
            label = scales[case.pk][(place % 3 == 0) ^ turns]
            said.append(NewJudgment(case.pk, label, note=f"{NOTE}-{case.item.stream}"))
        judgments.record(said, rater=projects.rater_of(person), by=person)
    disputed = Case.objects.filter(project=project, stage="adjudication", item__stream="gold")
    chosen = [NewJudgment(case.pk, scales[case.pk][0], purpose=Purpose.ADJUDICATION) for case in disputed]
    judgments.record(chosen, rater=projects.rater_of(ada), by=ada)


def learned(project: Project) -> str:
    """Everything that machines learn from, as one text."""
    calibrated = [
        Case.objects.get(pk=pk) for pk in teaching.teachable(teaching.train_cases(project)).values_list("pk", flat=True)
    ]
    told = [f"{case.item.context.content} {case.item.output}" for case in calibrated]
    return json.dumps([told, [f"{each.context} {each.output}" for each in lessons.gather(project)]])


def test_calibrators_and_students_never_read_a_context_that_measures(world: Project) -> None:
    found = learned(world)
    assert "tent 7" in found, "something is learned"
    assert "planted" not in found
    judge = Judge.objects.get(project=world)
    assert calibrations.fit(judge, by=None) is not None
    for criterion in world.criteria.all():
        contexts = {each.context for each in calibrations._lessons(judge, criterion)}
        names = Item.objects.filter(context__in=contexts).values_list("identity", flat=True)
        assert names
        assert all(name.startswith("plain") for name in names)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("format", [each for each in exports.FORMATS if each != "labels"])
def test_no_training_export_holds_a_context_that_measures(world: Project, tmp_path: Path, format: str) -> None:
    report = exports.export(world, format, tmp_path, by=None)
    written = report.path.read_text()
    assert "likes tents" in written or format in ("dpo", "listwise")  # its contexts hold one output: none to compare
    assert "planted" not in written
    assert sum(report.excluded.values()) > 0


def test_prompts_hold_the_rubrics_examples_and_the_case_that_is_asked_about(world: Project) -> None:
    case = Case.objects.filter(item__identity="plain-5", criterion__key="relevance").get()
    for name, template in SHIPPED.items():
        rules = [rule for rule in ("choice", "few_shot", "pmi", "reasoned", "sampled") if rule == name]
        for rule in rules:
            rater = make_rater(type(make_rater().scoring_rule)(rule), template=template)
            put = trials.put(case)
            requests = ask(put, find_desk(put.question, "en", rater), "", [])
            sent = json.dumps([trials.show(request) for request in requests])
            assert "tent 5" in sent
            assert "planted" not in sent
            assert NOTE not in sent


@pytest.mark.django_db(transaction=True)
def test_lead_takes_no_certify_label_home(world: Project, lea: User, tmp_path: Path) -> None:
    factories.make_member(world, "lea", Role.LEAD)
    for format in exports.FORMATS:
        assert text("certify", "measures") not in exports.export(world, format, tmp_path, by=lea).path.read_text()
    assert text("certify", "measures") in exports.export(world, "labels", tmp_path, by=None).path.read_text()


def test_nothing_that_a_lead_can_open_tells_what_people_said_of_certify_items(
    world: Project, browse: Browse, ada: User
) -> None:
    """The lead holds every other role as well, except that of those who gave the answers."""
    _plant_reason(world, ada)
    lead = factories.make_member(world, "lou", *Role)
    client, opened = browse(lead), 0
    for address in addresses(world):
        response = client.get(address)
        page = b"".join(response.streaming_content).decode() if response.streaming else response.text  # type: ignore[attr-defined]
        assert f"{NOTE}-certify" not in page, address
        assert REASON not in page, address
        opened += response.status_code == 200
    assert opened > 20, "most pages open"
    assert f"{NOTE}-gold" in client.get(f"/projects/{world.slug}/items/{_item(world, 'gold-1-measures').pk}/").text


def test_item_of_the_certify_stream_does_not_say_whether_people_agree(world: Project, browse: Browse) -> None:
    lead = browse(factories.make_member(world, "lou", Role.LEAD))
    shown = {
        name: lead.get(f"/projects/{world.slug}/items/{_item(world, name).pk}/").text
        for name in ("certify-0-measures", "gold-0-measures")
    }
    assert "do not agree, so one more was asked" not in shown["certify-0-measures"]
    assert "hidden: certify stream" in shown["certify-0-measures"]


def test_lead_reads_and_decides_no_dispute_of_the_certify_stream(world: Project, browse: Browse, ada: User) -> None:
    case = Case.objects.filter(item__identity="certify-0-measures").order_by("pk").first()
    assert case is not None
    person = factories.make_user("third")
    flag = NewJudgment(case.pk, unscored_reason="flagged", note=f"{NOTE}-certify")
    judgments.record([flag], rater=projects.rater_of(person), by=person)
    case.refresh_from_db()
    assert case.stage == "adjudication"
    factories.make_member(world, "ada", Role.ADJUDICATOR)
    both = factories.make_member(world, "lou", Role.LEAD, Role.ADJUDICATOR)
    page = f"/projects/{world.slug}/adjudicate/"
    assert f"{NOTE}-certify" in browse(ada).get(f"{page}{case.pk}/").text
    lead = browse(both)
    assert "certify stream waits for an adjudicator who is not a lead" in lead.get(page).text
    assert NOTE not in lead.get(f"{page}{case.pk}/", follow=True).text
    for what in ("decide", "send-back"):
        assert lead.post(f"{page}{case.pk}/{what}/", {f"answer-{case.pk}": "fits"}).status_code == 404
    case.refresh_from_db()
    assert case.stage == "adjudication"


def test_site_admin_sees_no_certify_answer_either(world: Project, browse: Browse) -> None:
    root = browse(User.objects.create_superuser("root", password=factories.PASSWORD))
    certify = Case.objects.filter(item__stream="certify")
    for model, name in ((Rater, "judgment"), (AgreedLabel, "agreedlabel"), (Rater, "judgmenttext")):
        listed = root.get(f"/admin/judge/{name}/?all=").text
        assert f"{NOTE}-certify" not in listed, model
    said = certify.first().judgments.filter(rater__kind="person").first()  # type: ignore[union-attr]
    for name, pk in (("judgment", said.pk), ("judgmenttext", said.text_id)):
        assert root.get(f"/admin/judge/{name}/{pk}/change/").status_code == 302
    label = AgreedLabel.objects.filter(case__in=certify).first()
    assert root.get(f"/admin/judge/agreedlabel/{label.pk}/change/").status_code == 302


def addresses(project: Project) -> Iterator[str]:
    """Every page of the project with every value that its address can have here."""
    measuring = project.items.filter(identity__contains="measures")
    values = {
        "item_id": [str(pk) for pk in measuring.values_list("pk", flat=True)],
        "case_id": [str(pk) for pk in project.cases.filter(item__in=measuring).values_list("pk", flat=True)],
        "judge_id": [str(pk) for pk in project.judges.values_list("pk", flat=True)],
    }
    for route, entry in routes():
        if not route.startswith(ADMIN) and isinstance(entry, URLPattern) and "<str:slug>" in route:
            yield from _fill("/" + route.replace("<str:slug>", project.slug), values)
    for query in ("stream=certify", "stage=adjudication", "reason=people_disagree", "reason=certify_stream"):
        yield f"/projects/{project.slug}/items/?{query}"


def _fill(route: str, values: dict[str, list[str]]) -> Iterator[str]:
    found = re.search(r"<\w+:(\w+)>", route)
    if found is None:
        yield route
        return
    others = ["00000000-0000-0000-0000-000000000000"] if found[1] == "key" else ["1"]
    for value in values.get(found[1], others):
        yield from _fill(route.replace(found[0], value), values)


def _plant_reason(project: Project, ada: User) -> None:
    """An adjudicator overturned a certify label, and says why."""
    case = Case.objects.filter(project=project, item__identity="certify-1-measures").first()
    assert case is not None
    old = AgreedLabel.objects.get(case=case)
    labels.withdraw([old])
    AgreedLabel.objects.create(
        case=case, criterion_id=case.criterion_id, label=old.label, basis="adjudicated", n_people=2, probs={},
        supersedes=old, by=ada, reason=REASON,
    )  # fmt: skip


def _item(project: Project, identity: str) -> Item:
    return Item.objects.get(project=project, identity=identity)
