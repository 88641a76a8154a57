"""What holds for every dashboard page: queries that are counted, a light page, and words for every bad day."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from judge import registry
from judge.actions import judgments, summaries
from judge.actions.judgments import NewJudgment
from judge.models import Case, Item, Project, Role, User
from judge.navigation import DASHBOARDS
from tests import factories
from tests.judge import proofs
from tests.judge.views import stories
from tests.snapshots import held

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]

PAGES = [name for name, _ in DASHBOARDS.pages]
PANELS = list(registry.panels.values())
MOST_BYTES = 120_000


def address(name: str, project: Project) -> str:
    return reverse(name, kwargs={"slug": project.slug})


def ask(client: Client, name: str, project: Project) -> str:
    headers = {"HX-Request": "true"} if name in PANELS else {}
    response = client.get(address(name, project), headers=headers)
    assert response.status_code in (200, 286), f"{name}: {response.status_code}"
    text: str = response.content.decode()
    assert len(response.content) <= MOST_BYTES, f"{name} weighs {len(response.content)} bytes"
    return text


def fill(project: Project, *people: User, n: int = 6) -> list[Item]:
    """People agree on some cases and split on others; a certified judge has spoken on later ones."""
    items = factories.import_items(project, n=n)
    for place, item in enumerate(items):
        for person in people:
            stories.person_says(person, stories.first_case(item), "fits" if place % 3 else "weak")
    return items


def queries(client: Client, project: Project) -> str:
    lines = []
    for name in [*PAGES, *PANELS]:
        with CaptureQueriesContext(connection) as seen:
            ask(client, name, project)
        lines.append(f"{name} {len(seen)}")
    return "\n".join(lines)


def test_queries_of_each_page_are_those_reviewed_however_many_cases_there_are(
    browse: Browse, project: Project, lea: User, ann: User, ben: User
) -> None:
    fill(project, ann, ben)
    proofs.certify(project, "relevance")
    summaries.refresh_due()
    client = browse(lea)
    ask(client, "project", project)  # what a first request reads once
    few = queries(client, project)
    held("dashboard_queries.txt", few)
    lines = [
        {"id": f"more-{n}", "context": f"more {n}", "output": f"tent {n}", "generator": f"g{n}"} for n in range(40)
    ]
    factories.import_items(project, lines=lines)
    for name in registry.summaries:
        summaries.rebuild(project, name)
    assert queries(client, project) == few


@pytest.mark.parametrize("name", [*PAGES, *PANELS])
def test_annotator_and_stranger_stay_out(
    browse: Browse, project: Project, ann: User, stranger: User, name: str
) -> None:
    assert browse(ann).get(address(name, project)).status_code == 403
    assert browse(stranger).get(address(name, project)).status_code == 404


def everything(browse: Browse, project: Project) -> dict[str, str]:
    """All pages as a lead sees them, after every number was counted."""
    kim = factories.make_member(project, "kim", Role.LEAD)
    summaries.refresh_due()
    client = browse(kim)
    return {name: ask(client, name, project) for name in [*PAGES, *PANELS]}


def assert_in_words(found: dict[str, str]) -> None:
    for name, page in found.items():
        read = re.sub(r"<(script|style)[^>]*>.*?</\1>|<[^>]+>", " ", page, flags=re.S)
        assert not re.search(r"\b(nan|NaN|inf|Infinity|None)\b", read), f"{name} shows a number that is none"
        assert not re.search(r"[=\"' ,]nan\b", page), f"{name} draws nowhere"


def test_empty_project(browse: Browse, project: Project) -> None:
    found = everything(browse, project)
    assert_in_words(found)
    assert "There is no case to tell a rate of" in found["pass_rates"]
    assert "nothing waits" in found["project"]
    assert "Nothing was judged yet" in found["run_progress"]


def test_one_case(browse: Browse, db: None) -> None:
    rubric = factories.make_rubric()
    project = factories.make_project("One case", rubric=replace(rubric, questions=rubric.questions[:1]))
    people = [factories.make_member(project, name, Role.ANNOTATOR) for name in ("ann", "ben")]
    fill(project, *people, n=1)
    assert Case.objects.filter(project=project).count() == 1
    assert_in_words(everything(browse, project))


def test_one_class(browse: Browse, project: Project, ann: User, ben: User) -> None:
    for item in factories.import_items(project, n=5):
        for person in (ann, ben):
            stories.person_says(person, stories.first_case(item), "fits")
    found = everything(browse, project)
    assert_in_words(found)
    assert "100.0 % (47.8 % to 100.0 %, n = 5)" in found["pass_rates"], "(.025)^(1/5) = .478"


def test_all_unscored_by_a_judge_that_fails(browse: Browse, project: Project) -> None:
    rater = stories.make_judge(project)
    for item in factories.import_items(project, n=4):
        new = [NewJudgment(case.pk, unscored_reason="off_menu") for case in factories.cases_of(item).values()]
        judgments.record(new, rater=rater)
    found = everything(browse, project)
    assert_in_words(found)
    assert "No case is settled and none is judged yet" in found["pass_rates"]


def test_criterion_that_was_retired_is_named_as_one(browse: Browse, project: Project, ann: User, ben: User) -> None:
    fill(project, ann, ben)
    rubric = project.rubric
    assert rubric is not None
    later = type(rubric).objects.create(project=project, version=rubric.version + 1, name=rubric.name)
    kept = rubric.links.select_related("criterion").exclude(criterion__key="relevance").get()
    later.links.create(criterion=kept.criterion, position=0)
    Project.objects.filter(pk=project.pk).update(rubric=later)
    found = everything(browse, project)
    assert_in_words(found)
    assert "earlier version" in found["project"]
    assert "earlier version" in found["pass_rates"]


def test_ten_thousand_generators_are_cut_with_words(browse: Browse, project: Project) -> None:
    (item,) = factories.import_items(project, n=1)
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH many AS (
                   INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, prompt, meta, generator,
                                           language, category, stream, stream_probability, stream_reason)
                   SELECT project_id, context_id, frame_id, 'many-' || n, kind, '', '{}', 'gen ' || n, 'l' || n %% 900,
                          'cat ' || n, 'train', 1, 'drawn' FROM judge_item, generate_series(1, 10000) n WHERE id = %s
                   RETURNING id, project_id)
               INSERT INTO judge_case (project_id, item_id, criterion_id, stage, queue_order, people_wanted,
                                       seats_taken, priority)
               SELECT m.project_id, m.id, k.id, 'people', 0, 2, 0, 0
               FROM many m JOIN judge_criterion k ON k.project_id = m.project_id""",
            [item.pk],
        )
    found = everything(browse, project)
    assert_in_words(found)
    assert "The 10 generators with most items are shown; 9,991 others are not." in found["pass_rates"]


def test_viewer_sees_no_link_that_they_may_not_follow(browse: Browse, project: Project, ann: User, ben: User) -> None:
    fill(project, ann, ben)
    ada = factories.make_member(project, "ada", Role.ADJUDICATOR)
    found = ask(browse(ada), "project", project)
    assert address("items", project) not in found
    assert address("certificates", project) not in found
