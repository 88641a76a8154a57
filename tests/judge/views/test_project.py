from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from judge import registry
from judge.actions import decisions
from judge.models import Project, Role, User
from judge.rules.routing import Reason
from tests import factories
from tests.judge import proofs
from tests.judge.views import stories

Browse = Callable[[User], Client]


def url(project: Project) -> str:
    return f"/projects/{project.slug}/"


def text_of(page: str) -> str:
    """What a reader reads: tags away, blanks single."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_counts_on_the_page_are_the_counts_in_the_database(
    browse: Browse, lea: User, project: Project, ann: User, ben: User
) -> None:
    items = factories.import_items(project, n=3)
    case = stories.first_case(items[0])
    stories.person_says(ann, case, "fits")
    stories.person_says(ben, case, "fits")
    stories.split(stories.first_case(items[1]), ann, ben)

    page = text_of(browse(lea).get(url(project)).text)

    assert "6 cases in all Imported 6" in page
    assert "4 waiting for people With people 4" in page
    assert "1 people split, or flagged it Adjudication 1" in page
    assert "1 by people or an adjudicator Agreed 1" in page
    assert "1 people agree" in page
    assert "2 to people" not in page, "six were sent, whatever became of them"
    assert "6 to people" in page


def test_page_says_honestly_that_nothing_is_accepted_by_itself(browse: Browse, lea: User, project: Project) -> None:
    assert "nothing is accepted automatically; every case goes to people" in browse(lea).get(url(project)).text


def test_judge_in_force_is_named_with_version_and_calibration(browse: Browse, lea: User, project: Project) -> None:
    stories.make_judge(project)

    page = text_of(browse(lea).get(url(project)).text)

    assert "House judge v1 · one model · Small model" in page
    assert "probabilities are the model" in page


def test_reasons_count_the_latest_decision_of_waiting_cases_only(
    browse: Browse, lea: User, project: Project, ann: User, ben: User
) -> None:
    items = factories.import_items(project, n=2)
    case = stories.first_case(items[0])
    stories.person_says(ann, case, "fits")
    stories.person_says(ben, case, "weak")  # asks a third person: the latest decision is another one

    page = text_of(browse(lea).get(url(project)).text)

    assert "no certificate 3" in page
    assert "people disagree 1" in page


@pytest.mark.parametrize("role", [Role.LEAD, Role.VIEWER, Role.TRAINER, Role.ADJUDICATOR])
def test_roles_of_the_overview_may_open_it(browse: Browse, project: Project, role: Role) -> None:
    assert browse(factories.make_member(project, "kim", role)).get(url(project)).status_code == 200


def test_annotator_may_not_open_the_overview(browse: Browse, project: Project, ann: User) -> None:
    response = browse(ann).get(url(project))

    assert response.status_code == 403
    assert "Ask a lead" in response.text


def test_stranger_is_told_that_there_is_no_such_project(browse: Browse, project: Project, stranger: User) -> None:
    assert browse(stranger).get(url(project)).status_code == 404


def test_overview_cannot_be_posted_to(browse: Browse, project: Project, lea: User) -> None:
    assert browse(lea).post(url(project)).status_code == 405


def test_page_asks_again_while_something_moves_and_stops_afterwards(
    browse: Browse, project: Project, lea: User
) -> None:
    client = browse(lea)
    assert "hx-trigger" in client.get(url(project)).text
    assert client.get(url(project), headers={"HX-Request": "true"}).status_code == 200

    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        still = client.get(url(project), headers={"HX-Request": "true"})

    assert still.status_code == 286
    assert "hx-trigger" not in still.text
    assert "<html" not in still.text


def test_names_are_for_leads(browse: Browse, project: Project, lea: User, ann: User) -> None:
    stories.person_says(ann, stories.first_case(factories.import_items(project)[0]), "fits")
    viewer = factories.make_member(project, "vic", Role.VIEWER)

    assert "· Ann<" in browse(lea).get(url(project)).text
    assert "· Ann<" not in browse(viewer).get(url(project)).text


def test_queries_do_not_grow_with_items_and_events(
    browse: Browse, project: Project, lea: User, ann: User, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for item in factories.import_items(project, n=12):
        stories.person_says(ann, stories.first_case(item), "fits")
    stories.make_judge(project)
    client = browse(lea)
    with django_assert_max_num_queries(18):  # type: ignore[attr-defined]
        client.get(url(project))


def test_siblings_show_panels_to_whoever_may_open_them(
    browse: Browse, project: Project, lea: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.panels, "test", "members")
    viewer = factories.make_member(project, "vic", Role.VIEWER)
    panel = f'hx-get="{url(project)}members/"'

    assert panel in browse(lea).get(url(project)).text
    assert panel not in browse(viewer).get(url(project)).text
    assert f'hx-get="{url(project)}runs/progress/"' in browse(viewer).get(url(project)).text


STRANDED = "somebody who has not answered"


def test_lead_is_told_of_cases_that_nobody_is_left_to_answer(
    browse: Browse, project: Project, lea: User, ann: User, ben: User
) -> None:
    case = stories.first_case(factories.import_items(project, n=2)[0])
    stories.person_says(ann, case, "fits")
    assert STRANDED not in browse(lea).get(url(project)).text

    stories.person_says(ben, case, "weak")  # asks for a third person; there are two
    stories.person_skips(ann, stories.first_case(case.item, "specificity"))
    stories.person_skips(ben, stories.first_case(case.item, "specificity"))
    page = text_of(browse(lea).get(url(project)).text)
    assert "At the front of the queue 2 cases wait for somebody who has not answered them yet." in page

    factories.make_member(project, "cleo", Role.ANNOTATOR)
    assert STRANDED not in browse(lea).get(url(project)).text


def test_cases_sent_back_by_the_only_person_left_are_stranded_too(
    browse: Browse, project: Project, lea: User, ann: User
) -> None:
    ada = factories.make_member(project, "ada", Role.ADJUDICATOR, Role.ANNOTATOR)
    case = stories.first_case(factories.import_items(project)[0])
    stories.person_says(ann, case, "fits")
    decisions.ask_people(project, [case], reason=Reason.REQUESTED, people=1, by=ada)

    assert STRANDED in browse(lea).get(url(project)).text


def test_an_annotator_who_cannot_sign_in_is_nobody_left_to_answer(
    browse: Browse, project: Project, lea: User, ann: User
) -> None:
    factories.import_items(project)
    assert STRANDED not in browse(lea).get(url(project)).text
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert STRANDED in browse(lea).get(url(project)).text


def test_only_leads_are_told_of_stranded_cases(browse: Browse, project: Project) -> None:
    factories.import_items(project)
    viewer = factories.make_member(project, "vic", Role.VIEWER)
    assert STRANDED not in browse(viewer).get(url(project)).text


def test_the_state_of_each_criterion_stands_on_a_line_of_its_own(browse: Browse, lea: User, project: Project) -> None:
    proofs.certify(project, "relevance")
    page = text_of(browse(lea).get(url(project)).text)
    assert "relevance: certified accepts from confidence 0.8125 specificity: not certified" in page
    assert "every case goes to people" not in page


def test_a_judge_that_was_tested_in_vain_is_told_so_and_no_figure_with_it(
    browse: Browse, lea: User, project: Project
) -> None:
    proofs.fail(project, "relevance")
    page = text_of(browse(lea).get(url(project)).text)
    assert "relevance: not certified specificity: not certified" in page
    assert "4321" not in page
