"""The page Quality over HTTP, and what silent questions show of themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from annotation.actions import known, quality
from annotation.actions.known import Kind
from annotation.models import Submission
from judge.actions import policies
from judge.models import Case, Item, Judgment, Project, Role, User
from tests import factories
from tests.annotation.actions.test_known import add_work, make_known, offered
from tests.annotation.answering import BAD, GOOD, answer
from tests.annotation.views.forms import GOOD_FORM, HTMX, filled

Browse = Callable[[User], Client]


def url(name: str, project: Project, **more: object) -> str:
    return reverse(name, kwargs={"slug": project.slug, **more})


def test_leads_read_names_in_order_with_n_and_range(
    project: Project, ann: User, ben: User, cleo: User, ada: User, lea: User, browse: Browse
) -> None:
    make_known(project, ann, ada)
    add_work(project)
    answer(project, ben)
    answer(project, cleo)
    lease = offered(project, Kind.GOLD_QUESTION, cleo)
    assert lease is not None
    answer(project, cleo, BAD, lease=lease)
    quality.refresh(project)
    page = browse(lea).get(url("quality", project)).content.decode()
    assert page.index("Ben") < page.index("Cleo")
    assert re.search(r"Gold questions right.*?0 of 2; 0 % to 66 %", page, re.S)
    assert "1 label" in page or "2 labels are known" in page


def test_the_page_is_for_leads_and_flat_in_people(
    project: Project, ann: User, tim: User, stranger: User, lea: User, browse: Browse,
    django_assert_max_num_queries: Callable[[int], object],
) -> None:  # fmt: skip
    add_work(project)
    for name in ("ann", "bob", "cay", "dan"):
        person = factories.make_member(project, name, Role.ANNOTATOR)
        if (lease := known.claim(project, by=person)) is not None:
            answer(project, person, lease=lease)
    quality.refresh(project)
    assert browse(ann).get(url("quality", project)).status_code == 403
    assert browse(tim).get(url("quality", project)).status_code == 403
    assert browse(stranger).get(url("quality", project)).status_code == 404
    assert browse(lea).post(url("quality", project)).status_code == 405
    assert browse(lea).get(url("set_measuring", project)).status_code == 405
    client = browse(lea)
    with django_assert_max_num_queries(16):
        assert client.get(url("quality", project)).status_code == 200


def test_leads_set_what_measures_people(project: Project, lea: User, browse: Browse) -> None:
    form = {
        "gold_question_rate": "5", "repeat_rate": "2", "shown_first_rate": "0", "training_items": "10",
        "gold_limit": "70", "reveals": "on",
    }  # fmt: skip
    client = browse(lea)
    assert client.post(url("set_measuring", project), form)["Location"] == url("quality", project)
    project.refresh_from_db()
    policy = project.policy
    assert policy is not None
    assert (policy.gold_question_rate, policy.repeat_rate, policy.training_items) == (0.05, 0.02, 10)
    assert (policy.gold_limit, policy.is_blind, policy.teaches_gold) == (0.7, False, False)
    too_much = client.post(url("set_measuring", project), form | {"gold_question_rate": "30", "repeat_rate": "30"})
    assert too_much.status_code == 400
    assert "at most half of what people answer may measure them" in too_much.content.decode()


def sight(page: str) -> str:
    """A page without what differs from item to item: ids, keys, clock and the item's own words."""
    page = re.sub(r'(name="(?:key|lease|csrfmiddlewaretoken)" value=)"[^"]+"', r"\1", page)
    page = re.sub(r'"csrftoken": "[^"]+"|"X-CSRFToken": "[^"]+"', "", page)
    page = re.sub(r"(case|answer|note|guidance|lease|seconds-left)(-|=\"|\" value=\")\d+", r"\1\2", page)
    page = re.sub(r"</?mark>", "", page)
    return re.sub(r"kettle \d|somebody \d|tent number \d|person \d likes tents", "words", page)


@pytest.mark.parametrize("kind", [Kind.GOLD_QUESTION, Kind.REPEAT])
def test_a_silent_question_looks_like_work(
    project: Project, ann: User, cleo: User, ada: User, browse: Browse, kind: Kind
) -> None:
    make_known(project, ann, ada)
    add_work(project, n=4)
    answer(project, cleo)
    client = browse(cleo)
    work = client.get(url("workbench", project)).content.decode()
    shown = client.post(url("submit_answers", project), filled(work, **GOOD_FORM), headers=HTMX).content.decode()
    client.post(url("submit_answers", project), filled(shown, **GOOD_FORM))
    Submission.objects.update(created_at=F("created_at") - timedelta(days=4))
    leases = [offered(project, kind, cleo)]
    if leases == [None]:  # the last submit brought the next item: give it back first
        client.post(url("release_item", project), {"lease": str(known.claim(project, by=cleo).pk)})  # type: ignore[union-attr]
        leases = [offered(project, kind, cleo)]
    assert leases[0] is not None
    assert leases[0].kind == kind
    silent = client.get(url("workbench", project)).content.decode()
    assert sight(silent) == sight(work).replace("<strong data-count>1<", "<strong data-count>0<")
    after = client.post(url("submit_answers", project), filled(silent, **GOOD_FORM), headers=HTMX).content.decode()
    assert sight(after) == sight(shown)
    assert Judgment.objects.filter(rater__user=cleo, purpose=kind.value).count() == 2


def test_a_taught_item_tells_the_right_label_with_and_without_scripts(
    project: Project, ann: User, cleo: User, ada: User, lea: User, browse: Browse
) -> None:
    make_known(project, ann, ada, n=2, note="They look for tents.")
    add_work(project)
    policies.revise(project, by=lea, training_items=2)
    client = browse(cleo)
    page = client.get(url("workbench", project)).content.decode()
    form = filled(page, relevance="label:weak", specificity="label:concrete")
    told = client.post(url("submit_answers", project), form, headers=HTMX).content.decode()
    assert "<strong>fits</strong> is right" in told
    assert "<strong>concrete</strong>, as you said" in told
    assert "They look for tents." in told
    page = client.get(url("workbench", project)).content.decode()
    plain = client.post(url("submit_answers", project), filled(page, **GOOD_FORM), follow=True)
    assert "<strong>fits</strong>, as you said" in plain.content.decode()
    assert "What was decided here" not in client.get(url("recent", project)).content.decode()
    assert browse(ann).get(plain.redirect_chain[-1][0]).status_code == 302, "another person's feedback is not told"


def test_the_judge_is_revealed_after_the_submit_and_never_where_it_is_measured(
    judged: Project, ann: User, ben: User, lea: User, browse: Browse
) -> None:
    client = browse(ann)

    def after_next() -> str:
        page = client.get(url("workbench", judged)).content.decode()
        assert "judge said" not in page
        return client.post(url("submit_answers", judged), filled(page, **GOOD_FORM), headers=HTMX).content.decode()

    assert "The judge said" not in after_next(), "blind by default"
    policies.revise(judged, by=lea, is_blind=False)
    assert re.search(r"The judge said.*<strong>fits</strong>", after_next(), re.S)
    Item.objects.update(stream="certify")
    assert "The judge said" not in after_next()


def test_a_case_shown_first_shows_the_judges_label(judged: Project, ann: User, browse: Browse) -> None:
    answer(judged, ann, GOOD)
    assert known.offer(judged, Kind.SHOWN_FIRST, ann)
    page = browse(ann).get(url("workbench", judged)).content.decode()
    assert re.search(r"The judge says.*<strong>fits</strong>", page, re.S)
    assert "planted reasons" not in page
    assert Case.objects.exists()
