"""The page Milestones: everybody who may look sees what was found, leads draw."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from judge.actions import milestones
from judge.models import Case, Certificate, ExportJob, Milestone, Role, User
from tests import factories
from tests.judge import accepted

type Browse = Callable[[User], Client]


@pytest.fixture
def certificate(db: None) -> Certificate:
    return accepted.make_cell(pi_min=0.05)


@pytest.fixture
def lead(certificate: Certificate) -> User:
    return factories.make_member(certificate.project, "lee", Role.LEAD)


def url(certificate: Certificate, more: str = "") -> str:
    return f"/projects/{certificate.project.slug}/milestones/{more}"


def close(certificate: Certificate, *, wrong: int) -> Milestone:
    cases = accepted.bring(certificate.project, 20)
    made = milestones.draw(certificate.project, name="generator 3", generator="", by=None)
    people = [factories.make_user(name) for name in ("una", "vic")]
    accepted.answer(cases[:wrong], "weak", people)
    accepted.answer(cases[wrong:], "fits", people)
    return milestones.report(made)


def run(*words: str) -> str:
    said = StringIO()
    call_command("audit_milestone", *words, stdout=said)
    return said.getvalue()


def test_lead_draws_and_sees_how_far_people_are(certificate: Certificate, lead: User, browse: Browse) -> None:
    accepted.bring(certificate.project, 12)
    sent = {"name": "generator 3", "size": "10", "judge": "", "generator": "", "round": "", "since": "2020-01-01"}
    page = browse(lead).post(url(certificate, "draw/"), sent, follow=True)
    assert "10 cases were drawn" in page.text
    assert "0 of 10 cases are answered" in page.text
    made = Milestone.objects.get()
    assert (made.by, made.judge, made.drawn_from["since"][:10]) == (lead, certificate.judge, "2020-01-01")
    assert Case.objects.filter(is_reference=True, stage="people").count() >= 10


def test_the_same_name_twice_is_refused_on_the_page(certificate: Certificate, lead: User, browse: Browse) -> None:
    accepted.bring(certificate.project, 3)
    client, sent = browse(lead), {"name": "three", "size": "2"}
    assert client.post(url(certificate, "draw/"), sent).status_code == 302
    again = client.post(url(certificate, "draw/"), sent)
    assert again.status_code == 400
    assert "there is a milestone" in again.text
    assert Milestone.objects.count() == 1


@pytest.mark.parametrize("sent", [{}, {"name": "x", "size": "0"}, {"name": "x", "size": "9", "judge": "999999"}])
def test_what_cannot_be_read_is_refused(
    certificate: Certificate, lead: User, browse: Browse, sent: dict[str, str]
) -> None:
    assert browse(lead).post(url(certificate, "draw/"), sent).status_code == 400
    assert not Milestone.objects.exists()


def test_viewer_reads_the_verdict_and_cannot_draw(certificate: Certificate, browse: Browse) -> None:
    done = close(certificate, wrong=9)
    assert done.state == "degraded"
    client = browse(factories.make_member(certificate.project, "vera", Role.VIEWER))
    page = client.get(url(certificate)).text
    assert "degraded" in page
    assert "9 of 20 (95 %: 23 % to 68 %)" in page
    assert "Draw and ask people" not in page
    assert "Download judge-sft" not in page
    assert client.post(url(certificate, "draw/"), {"name": "x", "size": "2"}).status_code == 403


def test_annotators_never_learn_which_cases_are_of_a_milestone(certificate: Certificate, browse: Browse) -> None:
    client = browse(factories.make_member(certificate.project, "una", Role.ANNOTATOR))
    assert client.get(url(certificate)).status_code == 403
    assert client.get(url(certificate, "draw/")).status_code == 405 or client.get(url(certificate)).status_code == 403


def test_page_costs_few_queries(
    certificate: Certificate, lead: User, browse: Browse, django_assert_max_num_queries: Callable[..., object]
) -> None:
    close(certificate, wrong=1)
    client = browse(lead)
    with django_assert_max_num_queries(16):
        assert "passes" in client.get(url(certificate)).text


def test_command_draws_waits_and_reports(certificate: Certificate) -> None:
    cases = accepted.bring(certificate.project, 20)
    people = [factories.make_user(name) for name in ("una", "vic")]
    slug = certificate.project.slug
    assert "20 cases drawn, 0 answered before" in run(slug, "generator 3", "--size", "50", "--since", "2020-01-01")
    assert "0 of 20 cases are answered" in run(slug, "generator 3")
    accepted.answer(cases[:1], "weak", people)
    accepted.answer(cases[1:], "fits", people)
    said = run(slug, "generator 3")
    assert "relevance: passes; people disagree in 1 of 20 (95 % from 0.1% to 24.9%)" in said
    assert "1 of 20 (95 % from 0.1% to 24.9%) that its certificate would accept, where at most 10% is promised" in said


def test_command_refuses_an_unknown_judge(certificate: Certificate) -> None:
    with pytest.raises(CommandError, match="there is no judge 9"):
        run(certificate.project.slug, "x", "--judge", "9")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("export_state", "exports_made_here")
def test_one_click_brings_what_a_judge_is_fine_tuned_on(certificate: Certificate, lead: User, browse: Browse) -> None:
    cases = accepted.bring(certificate.project, 2, confidence=0.6)
    accepted.answer(cases, "fits", [factories.make_user(name) for name in ("una", "vic")])
    client = browse(lead)
    assert "Make a judge-sft export" in client.get(url(certificate)).text
    page = client.post(f"/projects/{certificate.project.slug}/export/", {"format": "judge-sft"}, follow=True).text
    link = f"/projects/{certificate.project.slug}/export/{ExportJob.objects.get().key}/file/"
    assert link in page
    with zipfile.ZipFile(io.BytesIO(client.get(link).getvalue())) as archive:  # type: ignore[attr-defined]
        (name,) = [each for each in archive.namelist() if each.endswith("judge-sft.jsonl")]
        lines = [json.loads(line) for line in archive.read(name).decode().splitlines()]
    assert [line["messages"][-1]["content"] for line in lines] == ["Yes", "Yes"]
