"""What may happen while a page lies open: a second tab, another rubric, a removal, a pause, a clock that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.actions import leases, terms
from annotation.models import Draft, Lease, Submission
from judge.actions import members, rubrics
from judge.models import Judgment, Membership, Project, User
from tests import factories
from tests.annotation.answering import run_out, seats, take
from tests.annotation.views.forms import GOOD_FORM, HTMX, filled

Browse = Callable[[User], Client]
BAD_FORM = {"relevance": "label:weak", "specificity": "label:too_generic"}


def url(name: str, project: Project, **more: Any) -> str:
    return reverse(name, kwargs={"slug": project.slug, **more})


def opened(client: Client, project: Project) -> str:
    return client.get(url("workbench", project)).content.decode()


def submit(client: Client, project: Project, page: str, **labels: str) -> Any:
    return client.post(url("submit_answers", project), filled(page, **labels), headers=HTMX)


@pytest.fixture
def page(project: Project, ann: User, browse: Browse) -> str:
    """The page that lies open in front of ann."""
    factories.import_items(project, n=3)
    return opened(browse(ann), project)


def test_two_tabs_hold_one_item_and_the_second_submit_is_kept_as_extra(
    project: Project, ann: User, page: str, browse: Browse
) -> None:
    client = browse(ann)
    second = opened(client, project)
    assert Lease.objects.count() == 1
    assert filled(second)["lease"] == filled(page)["lease"]
    assert submit(client, project, page, **GOOD_FORM).status_code == 200
    told = submit(client, project, second, **BAD_FORM).content.decode()
    assert "kept as extra" in told
    purposes = dict(Judgment.objects.values_list("label", "purpose"))
    assert purposes == {"fits": "vote", "concrete": "vote", "weak": "extra", "too_generic": "extra"}
    assert sorted(seats(project).values()) == [(0, 2)] * 2 + [(1, 2)] * 4, "the next item is held, once"


def test_answers_to_a_rubric_that_was_changed_meanwhile_count_for_the_question_that_was_asked(
    project: Project, ann: User, page: str, browse: Browse
) -> None:
    old, record = rubrics.criteria_in_force(project), factories.make_rubric()
    changed = replace(record.questions[0], guidance="Ask what they would buy.")
    rubrics.put_in_force(project, replace(record, questions=(changed, record.questions[1])), by=None)
    assert submit(browse(ann), project, page, **GOOD_FORM).status_code == 200
    assert set(Judgment.objects.values_list("criterion_id", "label")) == {
        (old[0].pk, "fits"),
        (old[1].pk, "concrete"),
    }
    assert "Ask what they would buy." not in page


def test_the_page_that_comes_next_asks_in_the_order_of_the_new_rubric(
    project: Project, ann: User, page: str, browse: Browse
) -> None:
    record = factories.make_rubric()
    rubrics.put_in_force(project, replace(record, questions=record.questions[::-1]), by=None)
    following = submit(browse(ann), project, page, **GOOD_FORM).content.decode()
    assert following.index("Is the tag concrete?") < following.index("Does the tag fit the interest?")
    assert page.index("Is the tag concrete?") > page.index("Does the tag fit the interest?")


def test_a_person_removed_in_mid_lease_is_told_and_the_item_comes_back(
    project: Project, ann: User, ben: User, cleo: User, page: str, browse: Browse
) -> None:
    lease = Lease.objects.get(person=ann)
    client = browse(ann)
    client.post(url("save_draft", project), filled(page, **GOOD_FORM))
    members.remove_role(project, Membership.objects.get(user=ann).pk, by=None)
    refused = submit(client, project, page, **GOOD_FORM)
    assert refused.status_code == 404
    assert "you are not a member" in refused.content.decode()
    assert not Judgment.objects.exists()
    assert Draft.objects.get().lease == lease, "what was chosen stands in the draft: should they come back"
    take(project, ben)
    run_out(lease)
    leases.sweep_expired(project)
    assert take(project, cleo).item_id == lease.item_id


def test_a_person_paused_in_mid_item_may_submit_it_and_is_told_then(
    project: Project, ann: User, lea: User, page: str, browse: Browse
) -> None:
    terms.pause(project, ann, "come and talk", by=lea)
    told = submit(browse(ann), project, page, **GOOD_FORM).content.decode()
    assert Submission.objects.count() == 1
    assert 'data-empty="paused"' in told
    assert "come and talk" in told


def test_the_page_tells_when_a_capped_day_opens_again(project: Project, ann: User, page: str, browse: Browse) -> None:
    terms.set_terms(project, ann, daily_cap=1, by=None)
    told = submit(browse(ann), project, page, **GOOD_FORM).content.decode()
    assert 'data-empty="capped"' in told
    assert f"{terms.last_midnight() + timedelta(days=1):%Y-%m-%d 00:00}" in told


@pytest.mark.parametrize("hours", [3, -3])
@pytest.mark.usefixtures("page")
def test_the_clock_on_the_page_is_right_where_the_web_servers_is_wrong(
    project: Project, ann: User, browse: Browse, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    client, real = browse(ann), timezone.now
    monkeypatch.setattr("annotation.views.desks.timezone.now", lambda: real() + timedelta(hours=hours))
    shown = opened(client, project)
    assert re.findall(r'data-seconds-left="(\d+)"', shown) == ["1200"]
    beat = client.post(url("save_draft", project), filled(shown, **GOOD_FORM))
    assert beat.json() == {"seconds_left": 1200}
