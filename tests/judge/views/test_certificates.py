"""The page Certificates: what is promised, never more than may be shown; leads test, choose and withdraw."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from judge.actions import certifications, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import Alarm, AuditWatch, Certificate, Event, Item, Policy, Project, Role, User, WaitingBatch
from judge.rules.streams import Stream
from tests import factories
from tests.judge import proofs
from tests.judge.views import stories

Browse = Callable[[User], Client]


def url(project: Project, *more: object) -> str:
    return "/".join([f"/projects/{project.slug}/certificates", *map(str, more), ""])


def text_of(page: str) -> str:
    """What a reader reads: tags away, blanks single."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def look(browse: Browse, person: User, project: Project) -> str:
    return text_of(browse(person).get(url(project)).text)


def test_without_a_certificate_nothing_is_accepted_without_people(browse: Browse, lea: User, project: Project) -> None:
    page = look(browse, lea, project)
    assert page.count("Nothing is accepted without people.") == 2
    assert "No certify case was drawn yet" in page
    assert "no judge is in force" in page
    assert "Certify now" not in page


def test_progress_toward_a_test_is_shown(browse: Browse, lea: User, project: Project, ann: User, ben: User) -> None:
    items = factories.import_items(project, n=3)
    Item.objects.update(stream=Stream.CERTIFY)
    for person in (ann, ben):
        stories.person_says(person, stories.first_case(items[0]), "fits")
    page = look(browse, lea, project)
    assert "2 of 3 certify cases wait for people." in page
    assert "3 of 3 certify cases wait for people." in page


def test_of_a_test_that_certified_nothing_only_that_and_when_is_shown(
    browse: Browse, lea: User, project: Project
) -> None:
    found = proofs.fail(project, "relevance", n_accepted=1234, n_errors=567, figures=proofs.FIGURES)
    page = browse(lea).get(url(project)).text
    assert f"Tested at {found.created_at:%Y-%m-%d %H:%M}: not certified." in text_of(page)
    for planted in ("4321", "4,321", "1234", "1,234", "567", "0.0608", "6.1 %", "62.0 %"):
        assert planted not in page


def test_a_certificate_is_told_with_all_that_stands_beside_alpha(browse: Browse, lea: User, project: Project) -> None:
    proofs.certify(project, "relevance")
    page = look(browse, lea, project)
    assert "With probability 90 %, at most 10 % of what the judge accepts by itself disagrees with people." in page
    assert "disagreement allowed (alpha) 10 %" in page
    assert "found where it accepts: 10 of 250 4.0 %" in page  # 10/250
    assert "found where it accepts a pass: 8 of 200 4.0 %" in page  # fits passes
    assert "is what “always fits” would get right 62.0 %" in page
    assert "from confidence 0.8125: 62.5 % of 400 certify cases" in page
    assert "new contexts of these frames: spring . On later frames it is a prediction that the audit watches." in page
    assert "the strict majority of three people who answered blind" in page
    assert "10 % over all tests on this sample; this one, number 1, spent 6.1 %" in page
    assert "no audit is answered yet" in page


def test_what_it_does_not_speak_of_is_said(browse: Browse, lea: User, project: Project) -> None:
    proofs.certify(project, "relevance", scope="items", reference="single", looks=[250, 500], look=2)
    page = look(browse, lea, project)
    assert "the imported items of these frames only: spring" in page
    assert "one person's answer to each case" in page
    assert "look 2 of 2" in page


def test_the_audit_is_told_in_words(browse: Browse, lea: User, project: Project) -> None:
    proofs.certify(project, "relevance")
    AuditWatch.objects.update(n_accepted=5000, n_audited=260, n_errors=9, bound=0.0712, level=12.4, rate=0.05)
    page = look(browse, lea, project)
    assert "5,000; people looked at 260 of them, drawn at random, and disagree with 9" in page
    assert "with 95 % confidence, at most 7.1 % of what was accepted disagrees with people" in page
    assert "level 12; it rings at 2,000" in page
    assert "5.0 % of what is accepted" in page


@pytest.mark.parametrize(("state", "reason", "says"), [
    ("suspended", "audits disagree with the judge too often", "audits disagree with the judge too often."),
    ("stale", "the server changed: vllm 0.32.0 → vllm 0.33.0", "the server changed: vllm 0.32.0 → vllm 0.33.0."),
])  # fmt: skip
def test_a_certificate_that_ended_says_why(
    browse: Browse, lea: User, project: Project, state: str, reason: str, says: str
) -> None:
    proofs.certify(project, "relevance", state=state, state_reason=reason)
    page = look(browse, lea, project)
    assert says in page
    assert page.count("Nothing is accepted without people.") == 2
    assert "With probability" not in page


def test_alarms_and_waiting_batches_say_what_was_done(browse: Browse, lea: User, project: Project) -> None:
    found = proofs.certify(project, "relevance", state="suspended")
    Alarm.objects.create(
        project=project, certificate=found, level=2100, n_audited=80, n_errors=31, since_decision=1,
        changed_at=timezone.now(), n_in_doubt=1234,
    )  # fmt: skip
    WaitingBatch.objects.create(certificate=found, cases=list(range(90)), sample=list(range(40)), level=0.01)
    page = look(browse, lea, project)
    assert "people disagreed in 31 of 80 audits." in page
    assert "1,234 labels accepted since" in page
    assert "It stands: a new test counts only certify items imported later." in page
    assert "some of the 90 cases that waited; 40 of them were drawn at random" in page
    assert "its sample waits for people" in page


def test_all_tests_of_all_judges_stand_in_one_table(browse: Browse, lea: User, project: Project) -> None:
    proofs.certify(project, "relevance")
    proofs.fail(project, "relevance", judge=proofs.make_judge(project, "challenger"))
    page = look(browse, lea, project)
    assert re.search(r"challenger v2 relevance \S+ \S+ not certified – – –", page)
    assert re.search(r"house v1 relevance \S+ \S+ certified 10 % 0\.8125 62\.5 %", page)
    assert "Candidates" in page


def test_before_labels_the_page_says_what_is_attainable_and_what_it_takes(
    browse: Browse, lea: User, project: Project
) -> None:
    page = browse(lea).get(url(project)).text
    assert '<polyline class="curve__line curve__line--even" points="38.0,14.0 69.2,14.0 350.0,196.0">' in page
    read = text_of(page)
    assert "50 % 55.6 %" in read  # 1 − (.5 − .1)/.9
    # .9^n ≤ .1·6/π²/4 = .0152 from n = 40 on
    assert re.search(r"10 % in force 40 ", read)
    assert "How long an answer takes is not known yet." in read
    assert "Nothing yet: people have settled no train item" in read


def test_train_items_place_the_judge_on_the_curve_and_certify_items_do_not(
    browse: Browse, lea: User, project: Project, ann: User, ben: User
) -> None:
    rater = stories.make_judge(project)
    items = factories.import_items(project, n=6, per_context=1)
    for place, item in enumerate(items):
        Item.objects.filter(pk=item.pk).update(stream=Stream.TRAIN if place < 4 else Stream.CERTIFY)
        case = stories.first_case(item)
        stories.machine_says(rater, case)  # says fits
        for person in (ann, ben):
            stories.person_says(person, case, "weak" if place == 0 or place >= 4 else "fits")
    page = look(browse, lea, project)
    assert "25.0 % 4.6 % to 69.9 % · n = 4" in page  # Wilson of 1 in 4
    assert "83 %" in page  # 1 − (.25 − .1)/.9


def test_hours_follow_from_the_median_of_timed_answers(browse: Browse, lea: User, project: Project, ann: User) -> None:
    items = factories.import_items(project, n=3)
    Item.objects.update(stream=Stream.CERTIFY)
    for item, seconds in zip(items, (10, 20, 90), strict=True):
        new = NewJudgment(stories.first_case(item).pk, "fits", duration_ms=1000 * seconds)
        judgments.record([new], rater=projects.rater_of(ann), by=ann)
    page = look(browse, lea, project)
    assert "6 certify cases have been drawn so far" in page
    assert "At 20.0 seconds an answer, the median of 3, and at most 3 people each, that is 0.1 hours" in page  # 360 s


@pytest.mark.parametrize("role", [Role.LEAD, Role.VIEWER, Role.TRAINER])
def test_roles_of_the_page_may_read_it_and_leads_alone_act(browse: Browse, project: Project, role: Role) -> None:
    found = proofs.certify(project, "relevance")
    client = browse(factories.make_member(project, "kim", role))
    page = client.get(url(project))
    assert page.status_code == 200
    for words in ("Certify now", "Withdraw the certificate", "How much disagreement is allowed"):
        assert (words in page.text) is (role == Role.LEAD)
    if role != Role.LEAD:
        for address in (url(project, "test"), url(project, "risks"), url(project, found.pk, "withdraw")):
            assert client.post(address).status_code == 403
    assert Certificate.objects.get().state == "certified"


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.ADJUDICATOR])
def test_people_who_answer_may_not_open_it(browse: Browse, project: Project, role: Role) -> None:
    assert browse(factories.make_member(project, "kim", role)).get(url(project)).status_code == 403


def test_wrong_methods_change_nothing(browse: Browse, lea: User, project: Project) -> None:
    found = proofs.certify(project, "relevance")
    client = browse(lea)
    assert client.post(url(project)).status_code == 405
    for address in (url(project, "test"), url(project, "risks"), url(project, found.pk, "withdraw")):
        assert client.get(address).status_code == 405


def test_certify_now_asks_a_worker(browse: Browse, lea: User, project: Project, queue: None) -> None:
    proofs.certify(project, "relevance")
    page = text_of(browse(lea).post(url(project, "test"), follow=True).text)
    assert "A worker tests the judge now." in page
    assert "a worker takes it up" in page
    assert Event.objects.get(verb="certificates asked for").by == lea


def test_without_a_queue_certify_now_says_what_to_do(browse: Browse, lea: User, project: Project) -> None:
    proofs.certify(project, "relevance")
    assert "No queue is set up here" in browse(lea).post(url(project, "test"), follow=True).text
    assert not Event.objects.filter(verb="certificates asked for").exists()


@pytest.mark.parametrize("version", ["7", "x", "-1", "9" * 30])
def test_a_judge_that_there_is_not_is_refused(
    browse: Browse, lea: User, project: Project, queue: None, version: str
) -> None:
    response = browse(lea).post(url(project, "test"), {"judge": version})
    assert response.status_code == 400
    assert not Event.objects.filter(verb="certificates asked for").exists()


def test_what_came_of_it_is_told_by_criterion(browse: Browse, lea: User, project: Project) -> None:
    proofs.make_judge(project)
    factories.import_items(project)
    certifications.work(project.pk, lea.pk, 1)
    page = look(browse, lea, project)
    assert "Judge v1 was put to the test at" in page
    assert "relevance: no item is in the certify stream of these frames" in page


def test_risks_are_chosen_in_hundredths_and_stricter_ones_end_certificates(
    browse: Browse, lea: User, project: Project
) -> None:
    proofs.certify(project, "relevance")
    typed = {"alpha_relevance": "5", "delta_relevance": "10", "alpha_specificity": "12.5", "delta_specificity": "10"}
    client = browse(lea)
    page = text_of(client.post(url(project, "risks"), typed, follow=True).text)
    assert "Policy version 2 is in force." in page
    assert "less disagreement is allowed now: 10 % → 5 %" in page
    project.refresh_from_db()
    assert project.policy.risk_of("specificity") == (0.125, 0.10)
    assert "Nothing was changed." in client.post(url(project, "risks"), typed, follow=True).text
    assert Policy.objects.filter(project=project).count() == 2


@pytest.mark.parametrize("typed", ["", "0", "51", "x", "-5", "NaN"])
def test_a_risk_that_is_none_is_refused_beside_its_field(
    browse: Browse, lea: User, project: Project, typed: str
) -> None:
    sent = {"alpha_relevance": typed, "delta_relevance": "10", "alpha_specificity": "10", "delta_specificity": "10"}
    response = browse(lea).post(url(project, "risks"), sent)
    assert response.status_code == 400
    assert response.text.count("field__errors") == 1
    assert Policy.objects.filter(project=project).count() == 1


def test_a_lead_withdraws_with_a_reason(browse: Browse, lea: User, project: Project) -> None:
    found = proofs.certify(project, "relevance")
    client, address = browse(lea), url(project, found.pk, "withdraw")
    assert "Say why the certificate is withdrawn" in client.post(address, {"reason": " "}, follow=True).text
    page = text_of(client.post(address, {"reason": stories.HOSTILE}, follow=True).text)
    assert "The certificate is withdrawn." in page
    assert "a lead withdrew it: &lt;script&gt;" in page
    assert "This certificate held no longer." in client.post(address, {"reason": "again"}, follow=True).text
    assert Event.objects.filter(verb="certificate stale", by=lea).count() == 1


def test_a_certificate_of_another_project_is_not_there(browse: Browse, lea: User, project: Project) -> None:
    other = proofs.certify(factories.make_project("Other"), "relevance")
    assert browse(lea).post(url(project, other.pk, "withdraw"), {"reason": "x"}).status_code == 404


def test_queries_do_not_grow_with_tests_and_cases(
    browse: Browse, lea: User, project: Project, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for place in range(5):
        proofs.fail(project, "relevance", judge=proofs.make_judge(project, f"judge {place}"))
    proofs.certify(project, "relevance")
    factories.import_items(project, n=10)
    client = browse(lea)
    with django_assert_max_num_queries(24):  # type: ignore[attr-defined]
        client.get(url(project))
