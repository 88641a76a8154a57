"""What a watch said over time: kept as a summary, read on, and the same again from the start."""

from __future__ import annotations

import pytest

from judge.actions import audit_histories, audit_slices, audits, summaries
from judge.models import AuditWatch, Certificate, Item, User
from tests.judge import accepted
from tests.summaries import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> list[User]:
    from tests import factories

    return [factories.make_user(name) for name in ("ann", "ben")]


def audit(certificate: Certificate, people: list[User], *, right: int, wrong: int = 0) -> None:
    """Accept and audit so many cases more, and let the watch read them."""
    cases = accepted.bring(certificate.project, right + wrong)
    accepted.answer(cases[:right], "fits", people)
    accepted.answer(cases[right:], "weak", people)
    audits.read(certificate, until=accepted.acceptances(certificate)[-1].pk)


def watched(certificate: Certificate) -> Certificate:
    (found,) = audit_histories.shown(certificate.project)
    return found


def test_history_ends_where_the_watch_stands(people: list[User]) -> None:
    certificate = accepted.make_cell()
    audit(certificate, people, right=7, wrong=1)
    data = counted(certificate.project, audit_histories.NAME)[str(certificate.pk)]
    watch = AuditWatch.objects.get()
    n_audited, n_accepted, n_errors, level, bound, _ = data["audits"]["points"]["last"]
    assert (n_audited, n_accepted, n_errors) == (watch.n_audited, watch.n_accepted, watch.n_errors) == (8, 8, 1)
    assert level == pytest.approx(watch.level, abs=1e-4)
    assert bound == pytest.approx(watch.bound, abs=1e-6)
    n, log_wealth, _ = data["input"]["points"]["last"]
    assert n == 8
    assert log_wealth == pytest.approx(watch.state["input"]["log_wealth"], abs=1e-6)


def test_history_from_the_start_is_the_history_that_was_read_on(people: list[User]) -> None:
    certificate = accepted.make_cell()
    for right, wrong in ((5, 1), (9, 0), (2, 2)):
        audit(certificate, people, right=right, wrong=wrong)
        assert summaries.refresh(certificate.project, audit_histories.NAME)
    kept = summaries.read(certificate.project, audit_histories.NAME)
    rebuilt = summaries.rebuild(certificate.project, audit_histories.NAME)
    assert kept is not None
    assert rebuilt is not None
    assert kept.data[str(certificate.pk)]["audits"]["points"]["last"][0] == 19
    assert rebuilt.data == kept.data


def test_correction_after_the_watch_has_read_changes_no_history(people: list[User]) -> None:
    certificate = accepted.make_cell()
    audit(certificate, people, right=4, wrong=1)
    before = audit_histories.trace(watched(certificate))
    for person in people:
        accepted.correct(accepted.acceptances(certificate)[0].case, "weak", person)
    assert audit_histories.trace(watched(certificate)) == before


def test_nothing_is_read_twice(people: list[User]) -> None:
    certificate = accepted.make_cell()
    audit(certificate, people, right=3)
    for name in (audit_histories.NAME, audit_slices.NAME):
        assert summaries.refresh(certificate.project, name)
        assert not summaries.refresh(certificate.project, name)


def test_errors_that_the_watch_forgot_are_read_from_peoples_answers(
    people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = accepted.make_cell()
    audit(certificate, people, right=2, wrong=1)
    audit(certificate, people, right=3, wrong=1)
    whole = audit_histories.trace(watched(certificate))
    monkeypatch.setattr(audits, "KEPT_ERRORS", 1)
    watch = AuditWatch.objects.get()
    watch.state["errors"] = watch.state["errors"][-1:]
    watch.save()
    assert audit_histories.trace(watched(certificate)) == whole


def test_slices_are_counted_from_the_audits_that_were_read(people: list[User]) -> None:
    certificate = accepted.make_cell()
    audit(certificate, people, right=6, wrong=4)
    wrong = {each.case.item_id for each in accepted.acceptances(certificate)[6:]}
    Item.objects.filter(pk__in=wrong).update(language="zh", category="tents")
    Item.objects.exclude(pk__in=wrong).update(language="en")
    found = audit_slices.rank(watched(certificate))
    assert (found["n"], found["n_flagged"]) == (3, 2)
    told = {(each["by"], each["value"]): (each["n"], each["errors"], each["is_flagged"]) for each in found["rows"]}
    # 4 of 4: E = mean of (1 + 9f)⁴ ≈ 399 and twice, so of m = 3 both pass 3/(2·.1) = 15
    assert told == {
        ("language", "zh"): (4, 4, True), ("category", "tents"): (4, 4, True), ("language", "en"): (6, 0, False),
    }  # fmt: skip


def test_what_became_of_doubted_labels_is_told(people: list[User]) -> None:
    certificate = accepted.make_cell()
    cases = accepted.bring(certificate.project, 4)
    accepted.recheck_all(certificate)
    accepted.answer(cases[:2], "fits", people)
    accepted.answer(cases[2:3], "weak", people)
    (told,) = audit_slices.measure(certificate.project)["alarms"].values()
    assert told == {"in_doubt": 1, "kept": 2, "changed": 1}
