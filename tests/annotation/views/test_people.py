"""The page People: invitations by a link that works once, terms, pauses; for leads alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from annotation.actions import terms
from annotation.models import Annotator, Assignment
from judge.models import Membership, Project, Role, User
from tests import factories
from tests.annotation.answering import answer

Browse = Callable[[User], Client]
GOOD_PASSWORD = "seven green tents"


def url(name: str, project: Project, **kwargs: object) -> str:
    return reverse(name, kwargs={"slug": project.slug, **kwargs})


def invite(client: Client, project: Project, username: str = "nora", **more: object) -> str:
    """The page after an invitation."""
    sent = {"username": username, "roles": [Role.ANNOTATOR], **more}
    return client.post(url("invite_person", project), sent).content.decode()


def link_on(page: str) -> str:
    return re.findall(r'value="http://testserver(/welcome/[^"]+)"', page)[0]


def log_in(password: str) -> HttpResponse:
    return Client().post("/login/", {"username": "nora", "password": password})  # type: ignore[return-value]


def set_password(client: Client, link: str, password: str = GOOD_PASSWORD) -> int:
    """Follow the link and send the form; the status of the answer."""
    at = client.get(link, follow=True).request["PATH_INFO"]
    return client.post(at, {"new_password1": password, "new_password2": password}).status_code


def test_an_invited_person_sets_a_password_and_works(project: Project, lea: User, browse: Browse) -> None:
    factories.import_items(project)
    link, newcomer = link_on(invite(browse(lea), project)), Client()
    assert set_password(newcomer, link) == 302
    assert newcomer.get(url("workbench", project)).status_code == 200
    assert log_in(GOOD_PASSWORD).status_code == 302


def test_the_link_works_once_and_is_shown_once(project: Project, lea: User, browse: Browse) -> None:
    client = browse(lea)
    link = link_on(invite(client, project))
    set_password(Client(), link)
    assert "used already" in Client().get(link, follow=True).content.decode()
    assert "/welcome/" not in client.get(url("people", project)).content.decode()


def test_nobody_logs_in_before_a_password_was_set(project: Project, lea: User, browse: Browse) -> None:
    invite(browse(lea), project)
    assert log_in("").status_code == 200, "the form again"
    assert not User.objects.get(username="nora").has_usable_password()


def test_the_same_name_again_makes_a_new_link_until_a_password_was_set(
    project: Project, lea: User, browse: Browse
) -> None:
    client = browse(lea)
    invite(client, project)
    assert "has not set a password yet" in client.get(url("people", project)).content.decode()
    set_password(Client(), link_on(invite(client, project)))
    assert "/welcome/" not in invite(client, project)
    assert User.objects.filter(username="nora").count() == 1


def test_a_lead_gets_no_link_for_an_account_of_another_project(
    project: Project, lea: User, stranger: User, browse: Browse
) -> None:
    invite(browse(stranger), Project.objects.get(name="Elsewhere"))
    assert "/welcome/" not in invite(browse(lea), project)
    assert Membership.objects.filter(project=project, user__username="nora").exists()


def test_a_lead_gets_no_link_for_somebody_who_has_a_password(
    project: Project, lea: User, ann: User, browse: Browse
) -> None:
    assert "/welcome/" not in invite(browse(lea), project, ann.username)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"username": "two words"}, "valid username"),
        ({"email": "no address"}, "valid email"),
        ({"roles": []}, "at least one role"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    project: Project, lea: User, browse: Browse, sent: dict[str, object], words: str
) -> None:
    n = User.objects.count()
    assert words in invite(browse(lea), project, **{"username": "nora", **sent})
    assert User.objects.count() == n


def test_the_link_is_mailed_where_mail_is_set_up(project: Project, lea: User, browse: Browse, settings: object) -> None:
    invite(browse(lea), project, email="nora@example.com")
    assert mail.outbox == []
    settings.MAIL_URL = "smtp://mail.example.com"  # type: ignore[attr-defined]
    link = link_on(invite(browse(lea), project))
    assert [message.to for message in mail.outbox] == [["nora@example.com"]]
    assert f"http://testserver{link}" in mail.outbox[0].body


def test_the_page_tells_terms_day_and_pause(project: Project, lea: User, ann: User, browse: Browse) -> None:
    factories.import_items(project)
    answer(project, ann)
    terms.set_terms(project, ann, languages=["zh"], criteria=["relevance"], daily_cap=40, by=lea)
    terms.pause(project, ann, "come and talk", by=lea)
    page = browse(lea).get(url("people", project)).content.decode()
    assert re.search(r">\s*zh\s*<", page)
    assert "1 / 40" in page
    assert "come and talk" in page


def test_terms_are_set_and_shown_again(project: Project, lea: User, ann: User, browse: Browse) -> None:
    client, address = browse(lea), url("annotator_terms", project, person_id=ann.pk)
    sent = {"languages": "zh-Hans, EN", "criteria": ["specificity"], "daily_cap": "5"}
    assert client.post(address, sent).status_code == 302
    own = Annotator.objects.get(person=ann)
    assert (own.languages, own.criteria, own.daily_cap) == (["en", "zh"], ["specificity"], 5)
    page = client.get(address).content.decode()
    assert 'value="en, zh"' in page
    assert re.search(r'value="specificity"[^>]* checked', page)


def test_impossible_terms_are_refused_in_words(project: Project, lea: User, ann: User, browse: Browse) -> None:
    address = url("annotator_terms", project, person_id=ann.pk)
    assert browse(lea).post(address, {"daily_cap": "0"}).status_code == 400
    assert browse(lea).post(address, {"criteria": ["beauty"]}).status_code == 400
    assert not Annotator.objects.exists()


def test_a_pause_needs_a_reason_and_ends_again(project: Project, lea: User, ann: User, browse: Browse) -> None:
    client, address = browse(lea), url("pause_person", project, person_id=ann.pk)
    assert "no reason is given" in client.post(address, {"reason": " "}, follow=True).content.decode()
    client.post(address, {"reason": "holidays"})
    assert Annotator.objects.get(person=ann).pause_reason == "holidays"
    client.post(address)
    assert not Annotator.objects.get(person=ann).is_paused


def test_a_paused_person_reads_why(project: Project, lea: User, ann: User, browse: Browse) -> None:
    factories.import_items(project)
    terms.pause(project, ann, "holidays <b>now</b>", by=lea)
    page = browse(ann).get(url("workbench", project)).content.decode()
    assert "A lead has paused your work" in page
    assert "holidays &lt;b&gt;now&lt;/b&gt;" in page


def test_assigned_items_are_taken_back(project: Project, lea: User, ann: User, browse: Browse) -> None:
    items = factories.import_items(project, n=3)
    Assignment.objects.bulk_create([Assignment(project=project, item=item, person=ann) for item in items])
    address = url("take_back_items", project, person_id=ann.pk)
    assert "3 assigned items" in browse(lea).post(address, follow=True).content.decode()
    assert not Assignment.objects.filter(closed_at=None).exists()


def test_terms_are_of_people_who_answer_here(
    project: Project, lea: User, tim: User, stranger: User, browse: Browse
) -> None:
    for person in (tim, stranger):
        assert browse(lea).get(url("annotator_terms", project, person_id=person.pk)).status_code == 404


def test_only_leads_open_it(project: Project, ann: User, ada: User, tim: User, browse: Browse) -> None:
    for person in (ann, ada, tim):
        assert browse(person).get(url("people", project)).status_code == 403
        assert browse(person).post(url("pause_person", project, person_id=ann.pk)).status_code == 403


def test_wrong_methods_are_refused(project: Project, lea: User, ann: User, browse: Browse) -> None:
    client = browse(lea)
    assert client.post(url("people", project)).status_code == 405
    for name in ("pause_person", "take_back_items"):
        assert client.get(url(name, project, person_id=ann.pk)).status_code == 405
