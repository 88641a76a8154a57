"""Reading what people said of accepted cases: in order, once, as far as they have answered; and how many are drawn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from judge.actions import audits, cells, rates
from judge.models import Alarm, AuditWatch, Certificate, Decision, User, moving
from judge.rules.routing import CellState
from judge.stats import drift, running_bound
from judge.stats.dating import date_change
from tests.judge import accepted
from tests.judge.accepted import acceptances, answer, bring

pytestmark = pytest.mark.django_db

EXACT = 1e-9


@pytest.fixture
def certificate(db: None) -> Certificate:
    """Everything that it accepts is audited."""
    return accepted.make_cell()


def watch_of(certificate: Certificate) -> AuditWatch:
    return AuditWatch.objects.get(certificate=certificate)


def age(certificate: Certificate, **by: int) -> None:
    """Let all acceptances so far be as much older; the wall that keeps decisions as they are stands aside for this."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE judge_decision DISABLE TRIGGER judge_decision_append_only")
        cursor.execute(
            "UPDATE judge_decision SET created_at = created_at - %s WHERE certificate_id = %s",
            [timedelta(**by), certificate.pk],
        )
        cursor.execute("ALTER TABLE judge_decision ENABLE TRIGGER judge_decision_append_only")


def test_audits_are_read_in_order_up_to_the_first_that_nobody_answered(
    certificate: Certificate, ann: User, ben: User
) -> None:
    cases = bring(certificate.project, 6)
    answer([cases[0], cases[1], cases[4]], "fits", (ann, ben))
    assert audits.read(certificate) is None
    watch = watch_of(certificate)
    assert (watch.n_accepted, watch.n_audited, watch.n_errors) == (2, 2, 0)
    assert watch.last_decision == acceptances(certificate)[1].pk
    answer([cases[2], cases[3]], "fits", (ann, ben))
    audits.read(certificate)
    assert watch_of(certificate).n_accepted == 5, "the fifth had been answered before the third and fourth"


def test_levels_and_bounds_are_those_of_the_statistics(certificate: Certificate, ann: User, ben: User) -> None:
    confidences = [0.81, 0.9, 0.95, 0.99]
    cases = bring(certificate.project, 4, confidence=confidences)
    answer(cases[:3], "fits", (ann, ben))
    answer(cases[3:], "weak", (ann, ben))
    audits.read(certificate)
    watch, said = watch_of(certificate), [0, 0, 0, 1]
    levels = drift.replay_alarm(said, [1.0] * 4, alpha=0.10, least=1.0)
    bounds = running_bound.replay_bound([1 - p for p in confidences], said, [1.0] * 4, least=1.0)
    assert watch.level == pytest.approx(levels[-1], rel=EXACT)
    assert watch.bound == pytest.approx(bounds[-1], rel=1e-6)
    assert (watch.n_audited, watch.n_errors) == (4, 1)


def test_reading_in_pieces_and_at_once_come_to_the_same(
    certificate: Certificate, ann: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = accepted.make_cell("Elsewhere")
    for each in (certificate, other):
        cases = bring(each.project, 7)
        answer(cases[:5], "fits", (ann, ben))
        answer(cases[5:], "weak", (ann, ben))
    audits.read(certificate)
    monkeypatch.setattr(audits, "BATCH", 2)
    audits.read(other)
    whole, pieces = watch_of(certificate), watch_of(other)
    assert (whole.n_accepted, whole.n_errors) == (pieces.n_accepted, pieces.n_errors) == (7, 2)
    assert pieces.level == pytest.approx(whole.level, rel=EXACT)
    assert pieces.bound == pytest.approx(whole.bound, rel=EXACT)


def test_no_majority_is_an_error_whatever_an_adjudicator_says(certificate: Certificate, ann: User, ben: User) -> None:
    (case,) = bring(certificate.project, 1)
    answer([case], "fits", (ann,))
    accepted.flag(case, ben)
    audits.read(certificate)
    assert watch_of(certificate).n_errors == 1, "one vote is no majority of two"


def test_an_audit_that_nobody_answers_for_a_week_counts_as_an_error(
    certificate: Certificate, ann: User, ben: User
) -> None:
    cases = bring(certificate.project, 3)
    answer(cases[1:], "fits", (ann, ben))
    audits.read(certificate)
    assert watch_of(certificate).n_accepted == 0
    age(certificate, days=7, minutes=1)
    audits.read(certificate)
    assert (watch_of(certificate).n_audited, watch_of(certificate).n_errors) == (3, 1)
    answer(cases[:1], "fits", (ann, ben))
    audits.read(certificate)
    assert watch_of(certificate).n_errors == 1, "what was read stands"


def test_a_correction_that_comes_later_is_not_read_again(certificate: Certificate, ann: User, ben: User) -> None:
    cases = bring(certificate.project, 2)
    answer(cases, "weak", (ann, ben))
    audits.read(certificate)
    before = watch_of(certificate)
    for person in (ann, ben):
        accepted.correct(cases[0], "fits", person)
    audits.read(certificate)
    after = watch_of(certificate)
    assert (after.level, after.n_errors) == (before.level, before.n_errors) == (before.level, 2)


def test_what_is_not_audited_counts_by_what_was_expected_of_it(ann: User, ben: User) -> None:
    certificate = accepted.make_cell(pi_min=0.05)
    bring(certificate.project, 1)
    (first,) = acceptances(certificate)
    assert (first.is_audited, first.audit_probability) == (True, 1.0), "20 a day would be more than there are"
    bring(certificate.project, 600)
    drawn = [each for each in acceptances(certificate)[1:] if each.is_audited]
    assert {each.audit_probability for each in acceptances(certificate)[1:]} == {0.05}
    assert 8 <= len(drawn) <= 60, "30 expected"
    answer([each.case for each in [first, *drawn]], "fits", (ann, ben))
    audits.read(certificate)
    watch = watch_of(certificate)
    assert (watch.n_accepted, watch.n_audited) == (601, 1 + len(drawn))
    assert watch.bound is not None
    assert 0.05 < watch.bound < 0.35, "no error in some thirty audits of 601"


def test_nothing_moves_once_the_certificate_is_not_in_force(certificate: Certificate, ann: User, ben: User) -> None:
    cases = bring(certificate.project, 1)
    answer(cases, "fits", (ann, ben))
    with moving(Certificate):
        Certificate.objects.filter(pk=certificate.pk).update(state=CellState.STALE)
    assert audits.read(certificate) is None
    assert watch_of(certificate).n_accepted == 0


def test_all_certificates_in_force_are_read_and_a_watch_without_news_costs_few_queries(
    certificate: Certificate, ann: User, ben: User
) -> None:
    other = accepted.make_cell("Elsewhere")
    for each in (certificate, other):
        answer(bring(each.project, 2), "fits", (ann, ben))
    assert audits.read_all() == []
    assert set(AuditWatch.objects.values_list("n_accepted", flat=True)) == {2}
    with CaptureQueriesContext(
        connection,
    ) as queries:
        audits.read_all(certificate.project)
    assert len(queries) <= 14


def test_days_set_the_rate_and_the_batch_its_own(ann: User) -> None:
    certificate = accepted.make_cell(pi_min=0.05)
    assert rates.of_batch(certificate, 100) == pytest.approx(0.2)
    bring(certificate.project, 40)
    assert {each.audit_probability for each in acceptances(certificate)} == {0.5}
    assert rates.of_batch(certificate, 60) == pytest.approx(0.2), "40 today and 60 now"
    age(certificate, days=1)
    assert rates.of_batch(certificate, 1) == pytest.approx(0.5), "40 yesterday"
    assert rates.of_batch(certificate, 80) == pytest.approx(0.25)
    age(certificate, days=1)
    assert rates.of_batch(certificate, 1) == 1.0, "nothing yesterday and one today"


def test_confidences_that_drift_double_the_rate_of_later_cases_before_anybody_answers(ann: User) -> None:
    certificate = accepted.make_cell(pi_min=0.05)
    bring(certificate.project, 500, confidence=0.99)
    audits.read(certificate)
    assert watch_of(certificate).rate == pytest.approx(0.05), "constant confidences are no drift"
    bring(certificate.project, 300, confidence=[0.81 + place % 7 / 100 for place in range(300)])
    audits.read(certificate)
    watch = watch_of(certificate)
    assert watch.input_drift >= 4.6
    assert watch.rate == pytest.approx(0.10)
    assert rates.of_batch(certificate, 100) == pytest.approx(0.10)
    assert set(Decision.objects.filter(certificate=certificate).values_list("audit_probability", flat=True)) == {0.05}


def test_routing_takes_the_rate_of_its_call_and_one_query_for_it(certificate: Certificate) -> None:
    known = cells.of_project(certificate.project)
    with CaptureQueriesContext(connection) as queries:
        found = rates.of_cells(known, {certificate.criterion_id: 400})
    assert len(queries) == 1
    assert found[certificate.criterion_id].rate == 1.0, "pi_min of this policy is 1"


def test_an_alarm_rings_once_and_dates_the_change(certificate: Certificate, ann: User, ben: User) -> None:
    cases = bring(certificate.project, 60)
    answer(cases[:45], "fits", (ann, ben))
    answer(cases[45:], "weak", (ann, ben))
    alarm = audits.read(certificate)
    assert alarm is not None
    decided = acceptances(certificate)
    change = date_change(
        [row.pk in {each.pk for each in decided[45:]} for row in decided[: alarm.n_audited]], alpha=0.10
    )
    assert change.likeliest == 45
    assert alarm.since_decision == decided[change.earliest].pk <= decided[45].pk
    assert alarm.changed_at == decided[change.latest].created_at
    watch = watch_of(certificate)
    assert watch.level >= drift.ALARM
    assert 45 < watch.n_audited < 60, "reading ends where it rings"
    assert audits.read(certificate) is None
    assert audits.read_all() == []
    assert Alarm.objects.get() == alarm


def test_the_first_reading_sees_the_newest_acceptance(certificate: Certificate) -> None:
    bring(certificate.project, 1)
    assert audits.settled_until() == Decision.objects.latest("pk").pk
    AuditWatch.objects.filter(certificate=certificate).update(rated_at=Now() - timedelta(days=3), rate=F("rate") / 2)
    audits.read(certificate)
    assert watch_of(certificate).rate == 1.0
