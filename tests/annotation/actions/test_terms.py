"""Terms of work: what a person is given, what a pause and a cap do, and what the empty queue says of it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from annotation.actions import corrections, leases, terms
from annotation.actions.emptiness import Empty, explain, why_nothing_left
from annotation.models import Annotator, Submission
from judge.errors import InputError
from judge.models import Case, Event, Item, Project, User
from tests import factories
from tests.annotation.answering import GOOD, answer, seats, take

RELEVANCE = {"relevance": GOOD["relevance"]}


def speak(*languages: str) -> None:
    """Give the items these languages, in the order of their import."""
    for item, language in zip(Item.objects.order_by("pk"), languages, strict=True):
        Item.objects.filter(pk=item.pk).update(language=language)


def came(project: Project, person: User) -> list[str]:
    """The items that come to the person until nothing is left, by identity."""
    found = []
    while lease := leases.claim(project, by=person):
        found.append(lease.item.identity)
        answer(project, person, lease=lease)
    return sorted(found)


def test_items_come_in_the_persons_languages_and_those_that_say_none(project: Project, ann: User, lea: User) -> None:
    factories.import_items(project, n=5)
    speak("zh", "en", "", "zh-Hans", "ZH_TW")
    terms.set_terms(project, ann, languages=["zh"], by=lea)
    assert came(project, ann) == ["item-0", "item-2", "item-3", "item-4"]
    assert why_nothing_left(project, by=ann) is Empty.OUTSIDE_TERMS


def test_only_the_persons_criteria_are_asked_and_seats_of_others_stay_free(
    project: Project, ann: User, ben: User, lea: User
) -> None:
    factories.import_items(project)
    terms.set_terms(project, ann, criteria=["relevance"], by=lea)
    lease = take(project, ann)
    assert [case.criterion.key for case in Case.objects.filter(pk__in=lease.case_ids)] == ["relevance"]
    assert seats(project) == {"item-0 relevance": (1, 2), "item-0 specificity": (0, 2)}
    answer(project, ann, RELEVANCE, lease=lease)
    assert leases.claim(project, by=ann) is None
    assert why_nothing_left(project, by=ann) is Empty.OUTSIDE_TERMS
    assert len(take(project, ben).case_ids) == 2


def test_an_item_comes_again_for_what_wider_terms_add(project: Project, ann: User, lea: User) -> None:
    factories.import_items(project)
    terms.set_terms(project, ann, criteria=["relevance"], by=lea)
    answer(project, ann, RELEVANCE)
    terms.set_terms(project, ann, by=lea)
    lease = take(project, ann)
    assert [case.criterion.key for case in Case.objects.filter(pk__in=lease.case_ids)] == ["specificity"]


def test_terms_hold_in_their_project_alone(project: Project, ann: User, lea: User) -> None:
    elsewhere = factories.make_project("Elsewhere")
    factories.make_member(elsewhere, ann.username, factories.Role.ANNOTATOR)
    factories.import_items(elsewhere)
    terms.pause(project, ann, "here only", by=lea)
    assert leases.claim(elsewhere, by=ann) is not None


def test_a_paused_person_gets_nothing_new_but_finishes_what_lies_there(project: Project, ann: User, lea: User) -> None:
    factories.import_items(project, n=2)
    lease = take(project, ann)
    terms.pause(project, ann, "come and talk", by=lea)
    assert take(project, ann).pk == lease.pk
    assert answer(project, ann, lease=lease).extra == ()
    assert leases.claim(project, by=ann) is None
    nothing = explain(project, by=ann)
    assert (nothing.why, nothing.reason) == (Empty.PAUSED, "come and talk")
    terms.resume(project, ann, by=lea)
    assert take(project, ann).item_id != lease.item_id


def test_a_cap_ends_the_day_and_the_page_says_when_it_opens(project: Project, ann: User, lea: User) -> None:
    factories.import_items(project, n=3)
    terms.set_terms(project, ann, daily_cap=2, by=lea)
    answer(project, ann)
    answer(project, ann)
    assert leases.claim(project, by=ann) is None
    nothing = explain(project, by=ann)
    assert nothing.why is Empty.CAPPED
    assert nothing.opens_at == terms.last_midnight() + timedelta(days=1)
    yesterday = terms.last_midnight() - timedelta(seconds=1)
    Submission.objects.filter(person=ann).update(created_at=yesterday)
    assert leases.claim(project, by=ann) is not None, "the day began anew"


def test_a_correction_does_not_count_towards_the_cap(project: Project, ann: User, lea: User) -> None:
    factories.import_items(project, n=2)
    terms.set_terms(project, ann, daily_cap=2, by=lea)
    result = answer(project, ann)
    past = corrections.find(project, result.key, by=ann)
    assert past is not None
    corrections.correct(past, by=ann, key=uuid.uuid4(), answers={case.pk: said for case, said in past.cases.items()})
    assert leases.claim(project, by=ann) is not None


def test_terms_are_checked_and_told(project: Project, ann: User, lea: User) -> None:
    with pytest.raises(InputError, match=r"does not ask “beauty”.*expected: relevance, specificity"):
        terms.set_terms(project, ann, criteria=["beauty"], by=lea)
    with pytest.raises(InputError, match="a cap of 0 items"):
        terms.set_terms(project, ann, daily_cap=0, by=lea)
    with pytest.raises(InputError, match="no reason is given"):
        terms.pause(project, ann, "  ", by=lea)
    assert not Annotator.objects.exists()
    terms.set_terms(project, ann, languages=["zh-Hans", "zh"], daily_cap=3, by=lea)
    assert Event.objects.get(verb="terms set").data == {"languages": ["zh"], "criteria": [], "daily_cap": 3}


def test_the_web_servers_clock_moves_no_lease(
    project: Project, ann: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postgres alone tells the time of leases: a web server three hours ahead, or behind, takes nothing away."""
    factories.import_items(project)
    lease, real = take(project, ann), timezone.now

    for hours in (3, -3):

        def skewed(hours: int = hours) -> datetime:
            return real() + timedelta(hours=hours)

        monkeypatch.setattr(timezone, "now", skewed)
        assert leases.sweep_expired() == 0
        assert take(project, ann).pk == lease.pk
    monkeypatch.undo()
    assert answer(project, ann, lease=lease).extra == ()


def test_what_others_hold_within_ones_terms_is_told_apart_from_what_lies_outside(
    project: Project, ann: User, ben: User, cleo: User, lea: User
) -> None:
    factories.import_items(project, n=2)
    speak("zh", "en")
    terms.set_terms(project, ann, languages=["zh"], by=lea)
    for person in (ben, cleo):
        terms.set_terms(project, person, languages=["zh"], by=lea)
        take(project, person)
    assert leases.claim(project, by=ann) is None
    assert why_nothing_left(project, by=ann) is Empty.HELD_BY_OTHERS
    for person in (ben, cleo):
        answer(project, person)
    assert why_nothing_left(project, by=ann) is Empty.OUTSIDE_TERMS
