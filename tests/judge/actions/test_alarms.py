"""What an alarm withdraws, whom it tells, and what comes after it."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from judge import tasks
from judge.actions import alarms, audits, certificates, items, waiting, watches
from judge.formats.reading import Row
from judge.models import AgreedLabel, Alarm, AuditWatch, Case, Certificate, Decision, Event, Frame, Role, User
from judge.rules.routing import CellState
from judge.settings import mailer
from tests import factories
from tests.judge import accepted, proofs
from tests.judge.accepted import acceptances, answer, bring

pytestmark = pytest.mark.django_db(transaction=True)

Browse = Callable[[User], Client]


@pytest.fixture
def certificate(transactional_db: None) -> Certificate:
    """Everything that it accepts is audited; each of its labels is "fits"."""
    return accepted.make_cell()


def stages(cases: list[Case]) -> set[tuple[str, int]]:
    return set(Case.objects.filter(pk__in=[case.pk for case in cases]).values_list("stage", "people_wanted"))


def unaudited(certificate: Certificate, n: int) -> list[Case]:
    """``n`` cases that were accepted as if no audit had been drawn of them."""
    cases = bring(certificate.project, n)
    accepted.as_accepted(cases)
    return cases


def ring(certificate: Certificate, *, since: Decision) -> Alarm:
    """An alarm about what was accepted since; how one comes about is tested elsewhere."""
    return alarms.ring(
        certificate, AuditWatch.objects.get(certificate=certificate), since=since, changed_at=since.created_at
    )


def test_wrong_audits_suspend_the_certificate_and_send_what_is_in_doubt_back(
    certificate: Certificate, ann: User, ben: User
) -> None:
    good, bad = bring(certificate.project, 30), bring(certificate.project, 10)
    later = bring(certificate.project, 5)
    answer(good, "fits", (ann, ben))
    answer(bad, "weak", (ann, ben))
    alarm = audits.read(certificate)
    certificate.refresh_from_db()
    assert alarm is not None
    assert (certificate.state, certificate.state_reason) == ("suspended", alarms.TOO_MANY)
    labels = dict(AgreedLabel.objects.exclude(status="withdrawn").values_list("case", "status"))
    assert {labels[case.pk] for case in later} == {"in_doubt"}, "accepted since, and nobody has decided them"
    assert {labels[case.pk] for case in [*good, *bad]} == {"live"}, "people's labels stand"
    assert alarm.n_in_doubt == 5
    event = Event.objects.get(verb="alarm")
    assert event.data == {"criterion": "relevance", "audits": alarm.n_audited, "errors": alarm.n_errors, "in_doubt": 5}


def test_cases_that_stood_as_accepted_are_asked_about_anew_and_others_are_not(certificate: Certificate) -> None:
    before, since = unaudited(certificate, 2), unaudited(certificate, 3)
    alarm = ring(certificate, since=acceptances(certificate)[2])
    assert alarms.recheck(alarm) == 3
    assert stages(since) == {("people", 2)}
    assert stages(before) == {("accepted", 0)}
    latest = [Decision.objects.filter(case=case).latest("pk") for case in since]
    assert {(each.route, each.reason, each.people_wanted) for each in latest} == {("people", "recheck", 2)}
    assert alarms.recheck(alarm) == 0, "asked once"


def test_a_recheck_that_was_interrupted_is_finished_by_the_next_watch(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = unaudited(certificate, 5)
    alarm = ring(certificate, since=acceptances(certificate)[0])
    monkeypatch.setattr(alarms, "BATCH", 2)
    asked: list[int] = []

    def ask_once(project: Any, ids: Any) -> int:
        if asked:
            raise KeyboardInterrupt
        asked.extend(ids)
        return real(project, ids)

    real = alarms._ask
    monkeypatch.setattr(alarms, "_ask", ask_once)
    with pytest.raises(KeyboardInterrupt):
        alarms.recheck(alarm)
    assert stages(cases) == {("people", 2), ("accepted", 0)}
    monkeypatch.setattr(alarms, "_ask", real)
    assert watches.tend()
    assert stages(cases) == {("people", 2)}


def test_what_was_being_accepted_when_the_alarm_rang_is_found_by_the_next_watch(certificate: Certificate) -> None:
    first = unaudited(certificate, 1)
    alarm = ring(certificate, since=acceptances(certificate)[0])
    alarms.recheck(alarm)
    with accepted.as_if_certified(certificate):
        late = unaudited(certificate, 1)
    assert watches.tend()
    assert stages([*first, *late]) == {("people", 2)}
    assert set(AgreedLabel.objects.values_list("status", flat=True)) == {"in_doubt"}


def test_people_who_agree_give_the_case_a_new_label(certificate: Certificate, ann: User, ben: User) -> None:
    (right, wrong) = unaudited(certificate, 2)
    alarms.recheck(ring(certificate, since=acceptances(certificate)[0]))
    answer([right], "fits", (ann, ben))
    answer([wrong], "weak", (ann, ben))
    rows = AgreedLabel.objects.filter(case__in=[right, wrong]).order_by("pk")
    assert [(row.label, row.basis, row.status) for row in rows] == [
        ("fits", "judge", "withdrawn"), ("fits", "judge", "withdrawn"),
        ("fits", "consensus", "live"), ("weak", "consensus", "live"),
    ]  # fmt: skip
    assert stages([right, wrong]) == {("agreed", 2)}


def test_what_comes_later_goes_to_people_because_the_certificate_is_suspended(certificate: Certificate) -> None:
    bring(certificate.project, 1)
    ring(certificate, since=acceptances(certificate)[0])
    (case,) = bring(certificate.project, 1)
    assert Decision.objects.get(case=case).reason == "suspended"


def test_a_case_in_doubt_is_not_accepted_by_the_next_certificate(certificate: Certificate) -> None:
    cases = unaudited(certificate, 3)
    alarms.recheck(ring(certificate, since=acceptances(certificate)[0]))
    again = proofs.certify(certificate.project, "relevance", threshold=0.8)
    assert watches.tend()
    assert not acceptances(again)
    assert stages(cases) == {("people", 2)}


def test_leads_are_mailed_in_their_language_and_told_on_the_page(
    certificate: Certificate, settings: Any, browse: Browse
) -> None:
    settings.MAIL_URL = "smtp://post.example"
    project = certificate.project
    lead, other = (factories.make_member(project, name, Role.LEAD) for name in ("lin", "lou"))
    User.objects.filter(pk=lead.pk).update(language="zh-hans")
    viewer = factories.make_member(project, "vic", Role.VIEWER)
    bring(project, 2)
    ring(certificate, since=acceptances(certificate)[0])
    assert sorted(each.to for each in mail.outbox) == [["lin@example.com"], ["lou@example.com"]]
    words = {each.to[0]: each.subject for each in mail.outbox}
    assert words == {"lin@example.com": "Watched 的警报：relevance", "lou@example.com": "Alarm in Watched: relevance"}
    page = browse(other).get(reverse("project", args=[project.slug])).content.decode()
    assert 'role="alert"' in page
    assert "relevance" in page.split('role="alert"')[1].split("</p>")[0]
    assert 'role="alert"' not in browse(viewer).get(reverse("project", args=[project.slug])).content.decode()
    alarms.resolve(certificate.criterion)
    assert 'role="alert"' not in browse(other).get(reverse("project", args=[project.slug])).content.decode()


def test_a_mail_that_cannot_be_sent_is_an_error_in_the_log_and_undoes_nothing(
    certificate: Certificate, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MAIL_URL = "smtp://127.0.0.1:9"
    settings.MAILERS = {"default": {"OPTIONS": {"host": "127.0.0.1", "port": 9, "timeout": 2}}}
    factories.make_member(certificate.project, "lou", Role.LEAD)
    bring(certificate.project, 1)
    with caplog.at_level(logging.ERROR):
        ring(certificate, since=acceptances(certificate)[0])
    certificate.refresh_from_db()
    assert certificate.state == "suspended"
    assert "the mail to lou@example.com was not sent" in caplog.text
    assert issubclass(smtplib.SMTPException, OSError), "what tell_leads catches"


def test_without_a_mail_server_the_log_says_that_nobody_was_told(
    certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    factories.make_member(certificate.project, "lou", Role.LEAD)
    bring(certificate.project, 1)
    ring(certificate, since=acceptances(certificate)[0])
    assert "COJUDGE_MAIL_URL is not set" in caplog.text
    assert mail.outbox == []


def test_a_frame_that_comes_while_an_alarm_stands_draws_twice_as_many_certify_items(
    certificate: Certificate, ann: User
) -> None:
    project = factories.make_project("Drawn", train_rate=0.2, certify_rate=0.1, gold_rate=0.0)
    other = proofs.certify(project, "relevance", threshold=0.8, state="suspended")
    AuditWatch.objects.create(certificate=other)

    def frame(name: str, identity: str) -> Frame:
        row = Row(1, {"id": identity, "context": "likes tents", "output": identity})
        items.import_rows(project, [row], by=None, reject=lambda _: None, frame=name)
        return Frame.objects.get(project=project, name=name)

    assert frame("before", "one").certify_rate == 0.1
    Alarm.objects.create(
        project=project, certificate=other, level=2000, n_audited=9, n_errors=5, since_decision=1,
        changed_at=timezone.now(), n_in_doubt=0,
    )  # fmt: skip
    assert frame("after", "two").certify_rate == pytest.approx(0.2)
    assert frame("before", "three").certify_rate == 0.1, "a frame keeps the rate that it began with"
    event = Event.objects.get(verb="certify rate raised")
    assert (event.subject, event.data) == ("frame:after", {"certify_rate": 0.2})
    alarms.resolve(other.criterion)
    assert frame("resolved", "four").certify_rate == 0.1


def test_only_items_imported_after_the_change_can_certify_anew(certificate: Certificate) -> None:
    bring(certificate.project, 1)
    alarm = ring(certificate, since=acceptances(certificate)[0])
    assert certificate.project.judge is not None
    outcomes = {
        each.criterion.key: each for each in certificates.certify(certificate.project, certificate.project.judge)
    }
    assert outcomes["relevance"].certificate is None
    assert "since the change that an alarm found" in outcomes["relevance"].words
    assert alarms.changed_at(certificate.criterion) == alarm.changed_at


def test_the_watch_leaves_where_another_worker_is_at_it(certificate: Certificate) -> None:
    with accepted.held_elsewhere(
        f"SELECT pg_try_advisory_lock({watches.LOCK})", f"SELECT pg_advisory_unlock({watches.LOCK})"
    ):
        assert not watches.tend()
    assert watches.tend()


def test_the_watch_draws_a_sample_of_what_waited_when_a_certificate_came(certificate: Certificate, ann: User) -> None:
    """People took some cases first; what is left may differ, so a random sample of it is answered before."""
    project = factories.make_project("Waited")
    proofs.certify(project, "relevance", threshold=0.8, state="uncertified")
    cases = bring(project, 203)
    answer(cases[:3], "fits", (ann,))
    found = proofs.certify(project, "relevance", threshold=0.8, alpha=0.4)
    assert watches.tend()
    batch = found.batches.get()
    assert (len(batch.cases), 50 < len(batch.sample) < 150) == (200, True)
    assert watches.tend()
    assert found.batches.count() == 1, "drawn once"
    assert waiting.settle_all() == 0
    assert found.state == CellState.CERTIFIED


@pytest.mark.parametrize(("url", "host", "port", "ssl", "tls"), [
    ("smtp://post.example", "post.example", 25, False, False),
    ("smtps://post.example", "post.example", 465, True, False),
    ("smtp+tls://post.example:2525", "post.example", 2525, False, True),
])  # fmt: skip
def test_one_variable_names_the_mail_server(url: str, host: str, port: int, ssl: bool, tls: bool) -> None:
    options = mailer(url)["OPTIONS"]
    assert (options["host"], options["port"], options["use_ssl"], options["use_tls"]) == (host, port, ssl, tls)
    named = mailer(url.replace("post.example", "ann%40post:se%3Acret@post.example"))["OPTIONS"]
    assert (named["username"], named["password"], named["host"]) == ("ann@post", "se:cret", "post.example")


def test_the_task_of_the_beat_reads_the_audits(certificate: Certificate, ann: User, ben: User) -> None:
    answer(bring(certificate.project, 3), "fits", (ann, ben))
    tasks.watch_audits()
    assert AuditWatch.objects.get(certificate=certificate).n_audited == 3
    assert settings.CELERY_BEAT_SCHEDULE["watch audits"]["task"] == tasks.watch_audits.name
