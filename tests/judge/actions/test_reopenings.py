"""A lead opens a settled case again, or overturns its label; certify cases they leave alone."""

from __future__ import annotations

import pytest

from judge.actions import reopenings
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Decision, Event, Item, Project, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer, seats, take


@pytest.fixture
def case(project: Project, ann: User, ben: User) -> Case:
    """A case on which two people agreed that the tag fits."""
    factories.import_items(project)
    answer(project, ann, GOOD)
    answer(project, ben, GOOD)
    return Case.objects.get(criterion__key="relevance")


def test_a_reopened_case_asks_one_more_person_and_its_label_leaves(case: Case, lea: User, cleo: User) -> None:
    reopenings.reopen(case, "the guidance changed", by=lea)
    case.refresh_from_db()
    assert (case.stage, case.people_wanted, case.seats_taken) == (Stage.PEOPLE, 3, 2)
    assert AgreedLabel.objects.get(case=case).status == "withdrawn"
    decision = Decision.objects.filter(case=case).latest("pk")
    assert (decision.reason, decision.by, decision.people_wanted) == ("reopened", lea, 3)
    assert Event.objects.get(verb="case reopened").data == {"reason": "the guidance changed"}
    assert take(case.project, cleo).case_ids == [case.pk], "the item's other case stays settled"


def test_what_people_said_before_counts_when_the_case_settles_again(case: Case, lea: User, cleo: User) -> None:
    reopenings.reopen(case, "look again", by=lea)
    answer(case.project, cleo, {"relevance": BAD["relevance"]})
    case.refresh_from_db()
    live = AgreedLabel.objects.get(case=case, status="live")
    assert (case.stage, live.label, live.n_people) == (Stage.AGREED, "fits", 3)


def test_whoever_answered_is_not_asked_again(case: Case, lea: User, ann: User) -> None:
    from annotation.actions import leases

    reopenings.reopen(case, "look again", by=lea)
    assert leases.claim(case.project, by=ann) is None


def test_an_overturned_label_supersedes_and_never_overwrites(case: Case, lea: User) -> None:
    old = AgreedLabel.objects.get(case=case)
    new = reopenings.overturn(case, "weak", "a gnome is no tent", by=lea)
    old.refresh_from_db()
    case.refresh_from_db()
    assert (old.label, old.status) == ("fits", "withdrawn")
    assert (new.label, new.basis, new.by, new.reason) == ("weak", "adjudicated", lea, "a gnome is no tent")
    assert (new.supersedes, new.n_people, new.p_wrong) == (old, 2, 0.0)
    assert case.stage == Stage.AGREED
    assert Event.objects.get(verb="label overturned").data == {"was": "fits", "now": "weak"}
    assert seats(case.project)["item-0 relevance"] == (2, 2)


def test_a_label_that_the_judge_gave_can_be_overturned_and_opened_again(case: Case, lea: User) -> None:
    """As after an acceptance: nobody has answered and nobody is wanted."""
    untouched = factories.import_items(case.project, n=2)[-1].cases.get(criterion__key="relevance")
    Case.objects.filter(pk=untouched.pk).update(stage=Stage.ACCEPTED, people_wanted=0)
    assert reopenings.overturn(untouched, "weak", "no", by=lea).n_people == 0
    Case.objects.filter(pk=untouched.pk).update(stage=Stage.ACCEPTED)
    assert reopenings.reopen(untouched, "two shall look", by=lea).people_wanted == 2


@pytest.mark.parametrize("act", ["reopen", "overturn"])
def test_a_lead_keeps_out_of_certify_cases(case: Case, lea: User, act: str) -> None:
    Item.objects.filter(pk=case.item_id).update(stream="certify")
    with pytest.raises(InputError, match="prove the judge"):
        _do(act, case, lea)
    assert AgreedLabel.objects.get(case=case).status == "live"


@pytest.mark.parametrize("act", ["reopen", "overturn"])
def test_a_case_that_is_open_is_left_to_people(case: Case, lea: User, act: str) -> None:
    Case.objects.filter(pk=case.pk).update(stage=Stage.PEOPLE)
    with pytest.raises(InputError, match="not settled yet"):
        _do(act, case, lea)


@pytest.mark.parametrize("act", ["reopen", "overturn"])
def test_a_reason_is_asked_for(case: Case, lea: User, act: str) -> None:
    with pytest.raises(InputError, match="no reason is given"):
        _do(act, case, lea, reason=" ")


def test_a_case_that_measures_a_judge_is_not_opened_again(case: Case, lea: User) -> None:
    Case.objects.filter(pk=case.pk).update(is_reference=True)
    with pytest.raises(InputError, match="measure a judge"):
        reopenings.reopen(case, "look again", by=lea)
    assert reopenings.overturn(case, "weak", "its label is another matter", by=lea).label == "weak"


@pytest.mark.parametrize(("label", "words"), [("fits", "its label already"), ("gud", "no label of the scale")])
def test_overturning_takes_another_label_of_the_scale(case: Case, lea: User, label: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        reopenings.overturn(case, label, "why not", by=lea)


def test_the_same_overturn_twice_is_refused(case: Case, lea: User) -> None:
    reopenings.overturn(case, "weak", "once", by=lea)
    with pytest.raises(InputError, match="its label already"):
        reopenings.overturn(case, "weak", "twice", by=lea)
    assert AgreedLabel.objects.filter(case=case).count() == 2


def _do(act: str, case: Case, by: User, *, reason: str = "why not") -> None:
    if act == "reopen":
        reopenings.reopen(case, reason, by=by)
    else:
        reopenings.overturn(case, "weak", reason, by=by)
