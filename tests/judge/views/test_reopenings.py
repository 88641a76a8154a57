"""Opening a case again and overturning its label, from the item's page; for leads alone, and never on certify cases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from judge.models import AgreedLabel, Case, Item, Project, User
from tests import factories
from tests.annotation.answering import answer

Browse = Callable[[User], Client]


@pytest.fixture
def case(project: Project, ann: User, ben: User) -> Case:
    """Agreed: it fits. Its item's other case is agreed too."""
    factories.import_items(project)
    answer(project, ann)
    answer(project, ben)
    return Case.objects.get(criterion__key="relevance")


def url(name: str, case: Case) -> str:
    return reverse(name, kwargs={"slug": case.project.slug, "case_id": case.pk})


def page(client: Client, case: Case) -> str:
    return client.get(reverse("item", args=[case.project.slug, case.item_id])).content.decode()


def test_a_lead_overturns_a_label_from_the_items_page(case: Case, lea: User, browse: Browse) -> None:
    client = browse(lea)
    assert url("overturn_label", case) in page(client, case)
    sent = {"label": "weak", "reason": "a gnome is <b>no</b> tent"}
    answered = client.post(url("overturn_label", case), sent, follow=True).content.decode()
    assert "The label was overturned" in answered
    assert "a gnome is &lt;b&gt;no&lt;/b&gt; tent" in answered
    assert AgreedLabel.objects.get(case=case, status="live").label == "weak"


def test_a_lead_opens_a_case_again_from_the_items_page(case: Case, lea: User, browse: Browse) -> None:
    client = browse(lea)
    answered = client.post(url("reopen_case", case), {"reason": "look again"}, follow=True).content.decode()
    assert "The case is open again" in answered
    assert url("reopen_case", case) not in answered, "what is open is not offered again"
    assert AgreedLabel.objects.get(case=case).status == "withdrawn"


@pytest.mark.parametrize("name", ["reopen_case", "overturn_label"])
def test_without_a_reason_nothing_happens_and_the_page_says_why(
    case: Case, lea: User, browse: Browse, name: str
) -> None:
    answered = browse(lea).post(url(name, case), {"label": "weak"}, follow=True).content.decode()
    assert "no reason is given" in answered
    assert AgreedLabel.objects.get(case=case).status == "live"


@pytest.mark.parametrize("name", ["reopen_case", "overturn_label"])
def test_a_certify_case_offers_nothing_and_refuses_in_words(case: Case, lea: User, browse: Browse, name: str) -> None:
    Item.objects.filter(pk=case.item_id).update(stream="certify")
    client = browse(lea)
    shown = page(client, case)
    assert "neither opened again nor overturned" in shown
    assert url(name, case) not in shown
    answered = client.post(url(name, case), {"label": "weak", "reason": "why"}, follow=True).content.decode()
    assert "prove the judge" in answered
    assert AgreedLabel.objects.get(case=case).status == "live"


def test_a_case_that_measures_a_judge_is_not_offered_to_be_opened_again(case: Case, lea: User, browse: Browse) -> None:
    Case.objects.filter(pk=case.pk).update(is_reference=True)
    shown = page(browse(lea), case)
    assert url("reopen_case", case) not in shown
    assert url("overturn_label", case) in shown


def test_only_leads_may(case: Case, ann: User, ada: User, tim: User, browse: Browse) -> None:
    for person in (ann, ada, tim):
        for name in ("reopen_case", "overturn_label"):
            assert browse(person).post(url(name, case), {"label": "weak", "reason": "why"}).status_code == 403
    assert url("overturn_label", case) not in page(browse(tim), case)


def test_a_case_of_another_project_is_not_found(case: Case, stranger: User, browse: Browse) -> None:
    address = reverse("overturn_label", kwargs={"slug": "elsewhere", "case_id": case.pk})
    assert browse(stranger).post(address, {"label": "weak", "reason": "why"}).status_code == 404


def test_reading_is_no_way_to_do_it(case: Case, lea: User, browse: Browse) -> None:
    for name in ("reopen_case", "overturn_label"):
        assert browse(lea).get(url(name, case)).status_code == 405
