"""The page Audit: what it says of a watched certificate, and that it is defined whatever there is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from judge.actions import audit_slices, audits, judgments, rubrics, summaries
from judge.actions.judgments import NewJudgment
from judge.formats.rubrics import read_rubric
from judge.models import AgreedLabel, Case, Certificate, Item, Project, Role, User
from judge.registry import summaries as kinds
from tests import factories
from tests.judge import accepted

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]


@pytest.fixture
def cell(db: None) -> Certificate:
    return accepted.make_cell("Watched")


@pytest.fixture
def lead(cell: Certificate) -> User:
    return factories.make_member(cell.project, "lea", Role.LEAD)


def look(browse: Browse, person: User, project: Project, query: str = "") -> str:
    response = browse(person).get(reverse("audit", args=[project.slug]) + query)
    assert response.status_code == 200
    assert len(response.content) < 120_000
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def people(n: int = 2) -> list[User]:
    return [factories.make_user(name) for name in ("ann", "ben", "cleo")[:n]]


def story(certificate: Certificate, *, right: int, wrong: int) -> list[Case]:
    """So many audits, wrong ones in Chinese, and the summaries that workers make of them."""
    cases, crew = accepted.bring(certificate.project, right + wrong), people()
    Item.objects.filter(cases__in=cases[right:]).update(language="zh")
    Item.objects.filter(cases__in=cases[:right]).update(language="en")
    accepted.answer(cases[:right], "fits", crew)
    accepted.answer(cases[right:], "weak", crew)
    audits.read(certificate, until=accepted.acceptances(certificate)[-1].pk)
    count(certificate.project)
    return cases


def count(project: Project) -> None:
    for name in kinds:
        if name in ("audit histories", "audit slices", "mixes"):
            summaries.refresh(project, name)


def test_bound_and_audits_are_told_with_their_numbers(browse: Browse, cell: Certificate, lead: User) -> None:
    story(cell, right=9, wrong=1)
    page = look(browse, lead, cell.project)
    assert "of the 10 cases accepted so far disagree with people; promised is at most 10 %" in page
    assert "people disagree in 1 of 10 audits" in page
    assert "10 1 10.0 %" in page, "the table behind the chart"


def test_slice_that_stands_out_is_flagged_and_opens_its_audits(browse: Browse, cell: Certificate, lead: User) -> None:
    story(cell, right=6, wrong=4)
    client = browse(lead)
    html = client.get(reverse("audit", args=[cell.project.slug])).text
    # 4 of 4, alpha .1: mean of 1.45⁴, 1.9⁴, 2.8⁴, 3.7⁴, 4.6⁴, 6.4⁴ = 2391.8 / 6; m = 2, so it needs 2 / (1 · .1) = 20
    assert "398.63" in html
    link = next(each for each in re.findall(r'href="([^"]+reason=audit[^"]*language=zh)"', html))
    found = client.get(link.replace("&amp;", "&"))
    assert found.status_code == 200
    assert "1 stands out" in look(browse, lead, cell.project)


def test_ten_thousand_slices_are_told_and_twenty_listed(browse: Browse, cell: Certificate, lead: User) -> None:
    story(cell, right=3, wrong=0)
    row = {"by": "category", "n": 3, "errors": 1, "low": 0.1, "high": 0.9, "evidence": 1.2, "is_flagged": False}
    kept = summaries.read(cell.project, audit_slices.NAME)
    assert kept is not None
    kept.data["slices"][str(cell.pk)] |= {"n": 10_000, "rows": [row | {"value": f"<c{i}>"} for i in range(20)]}
    kept.save()
    page = look(browse, lead, cell.project)
    assert "10,000 slices of the audits were looked at" in page
    assert "The 20 with most evidence are listed." in page
    assert "None stands out, so many slices allowed for." in page


def test_alarm_is_told_with_what_became_of_its_labels(browse: Browse, cell: Certificate, lead: User) -> None:
    cases, crew = accepted.bring(cell.project, 4), people()
    accepted.recheck_all(cell)
    accepted.answer(cases[:2], "fits", crew)
    accepted.answer(cases[2:3], "weak", crew)
    count(cell.project)
    page = look(browse, lead, cell.project)
    assert "looked at again: 2 kept, 1 changed, 1 still in doubt" in page
    assert "suspended: people answer everything until a new test" in page


def test_project_without_anything_says_what_is_missing(browse: Browse, project: Project, lea: User) -> None:
    page = look(browse, lea, project)
    assert "No certificate of this criterion has accepted anything yet" in page
    assert "Not counted yet" in page
    for kind in ("week", "language", "category", "generator", "nonsense"):
        assert "has said nothing of these cases" in look(browse, lea, project, f"?by={kind}")


def test_one_case_and_one_label_draw_what_there_is(browse: Browse, cell: Certificate, lead: User) -> None:
    story(cell, right=1, wrong=0)
    page = look(browse, lead, cell.project, "?by=language")
    assert "people disagree in 0 of 1 audits" in page
    assert "en 1 100.0 %" in page


def test_all_unscored_is_shown_as_unscored(browse: Browse, cell: Certificate, lead: User) -> None:
    factories.import_items(cell.project, n=3)
    cases = list(Case.objects.filter(criterion__key="relevance"))
    assert cell.project.judge is not None
    rater = cell.project.judge.seats.get().rater
    judgments.record([NewJudgment(case.pk, None, unscored_reason="off_menu") for case in cases], rater=rater)
    count(cell.project)
    assert "unscored" in look(browse, lead, cell.project)


def test_criterion_that_is_retired_stays_readable(browse: Browse, cell: Certificate, lead: User) -> None:
    story(cell, right=3, wrong=0)
    other = factories.RUBRIC.replace("Does the tag fit the interest?", "Does the tag fit?")
    rubrics.put_in_force(cell.project, read_rubric(other, filename="small.yaml"), by=None)
    page = look(browse, lead, cell.project, f"?criterion={cell.criterion_id}")
    assert "The rubric in force does not ask this any more" in page
    assert "0 of 3 audits" in page


@pytest.mark.parametrize(
    "query", ["?criterion=999999", "?criterion=x", "?certificate=999999", f"?criterion={'9' * 40}"]
)
def test_what_is_not_there_is_refused_in_words(browse: Browse, cell: Certificate, lead: User, query: str) -> None:
    assert browse(lead).get(reverse("audit", args=[cell.project.slug]) + query).status_code == 400


def test_certify_cases_leave_no_trace_on_the_page(browse: Browse, cell: Certificate, lead: User) -> None:
    cases, crew = story(cell, right=4, wrong=0), [User.objects.get(username=name) for name in ("ann", "ben")]
    marked = accepted.bring(cell.project, 6, frame="marked")
    Item.objects.filter(cases__in=marked).update(
        stream="certify", generator="planted", language="pl", category="planted"
    )
    accepted.answer(marked, "weak", crew)
    before = AgreedLabel.objects.filter(case__in=cases).count()
    count(cell.project)
    for kind in ("week", "language", "category", "generator"):
        html = browse(lead).get(reverse("audit", args=[cell.project.slug]) + f"?by={kind}").text
        assert "planted" not in html
        if kind == "week":
            assert re.search(r"<td class=\"number\">4</td>", html)
            assert not re.search(r"<td class=\"number\">10</td>", html)
    assert before


def test_only_members_who_may_look_do(browse: Browse, cell: Certificate, stranger: User) -> None:
    url = reverse("audit", args=[cell.project.slug])
    annotator = factories.make_member(cell.project, "ann", Role.ANNOTATOR)
    viewer = factories.make_member(cell.project, "vic", Role.VIEWER)
    assert browse(annotator).get(url).status_code == 403
    assert browse(stranger).get(url).status_code == 404
    assert browse(viewer).get(url).status_code == 200
    assert browse(viewer).post(url).status_code == 405


def test_page_takes_as_many_queries_for_many_audits_as_for_one(
    browse: Browse, cell: Certificate, lead: User, django_assert_num_queries: Callable[..., object]
) -> None:
    story(cell, right=20, wrong=3)
    client, url = browse(lead), reverse("audit", args=[cell.project.slug])
    with django_assert_num_queries(7):  # session, person, project and roles, criteria, certificates, summaries, alarms
        assert client.get(url).status_code == 200


def test_page_is_in_chinese_too(browse: Browse, cell: Certificate, lead: User) -> None:
    story(cell, right=3, wrong=1)
    client = browse(lead)
    client.cookies["django_language"] = "zh-hans"
    html = client.get(reverse("audit", args=[cell.project.slug])).text
    with translation.override("zh-hans"):
        assert "抽查与漂移" in html
