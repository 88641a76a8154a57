"""The student learns from people's labels of the train stream alone; each fit is a judge of its own."""

from __future__ import annotations

import pytest

from judge.actions import judges
from judge.errors import InputError
from judge.models import Case, Decision, Item, Judgment, Project, Role, User, Verdict
from llm_judge.actions import lessons, setups, sittings, students
from llm_judge.models import StudentHead
from tests import factories
from tests.llm_judge import teaching

pytestmark = pytest.mark.django_db


@pytest.fixture
def camping() -> Project:
    return teaching.camp()


@pytest.fixture
def una(camping: Project) -> User:
    return factories.make_member(camping, "una", Role.ANNOTATOR)


def items_of(project: Project) -> list[Item]:
    return list(Item.objects.filter(project=project).order_by("pk"))


@pytest.mark.services
def test_student_learns_what_people_say_and_judges_what_they_have_not_seen(camping: Project, una: User) -> None:
    seen, unseen = items_of(camping)[:52], items_of(camping)[52:]
    teaching.label(camping, una, seen)
    judge = students.fit(camping, by=una)
    assert camping.judge is None, "a fit puts nothing in force"
    for _ in sittings.judge_here(camping, by=una, judge=judge):
        pass
    verdicts = Verdict.objects.filter(judge=judge, case__item__in=unseen, case__criterion__key="relevance")
    assert [row.label for row in verdicts.order_by("case__item")] == [teaching.fits(item) for item in unseen]
    unlearned = Judgment.objects.filter(rater=judge.student_head.rater, case__criterion__key="specificity")
    assert set(unlearned.values_list("label", "unscored_reason")) == {(None, "not_learned")}
    assert Decision.objects.filter(route="accept").count() == 0


@pytest.mark.services
def test_lead_sees_labels_quality_and_the_next_size(camping: Project, una: User) -> None:
    teaching.label(camping, una, items_of(camping)[:52])
    assert students.summary(camping).latest is None
    students.fit(camping, by=una)
    seen = students.summary(camping)
    assert (seen.labels, seen.next_size, seen.n_set_aside) == ({"relevance": 52, "specificity": 0}, 100, 0)
    told = seen.latest.figures["relevance"]
    assert (told["n_labels"], told["n_contexts"], told["n_passing"]) == (52, 26, 26)
    assert told["auroc_low"] <= told["auroc"] <= told["auroc_high"]
    assert told["auroc"] > 0.9


@pytest.mark.services
def test_more_labels_make_another_judge_and_the_same_labels_the_same(camping: Project, una: User) -> None:
    teaching.label(camping, una, items_of(camping)[:52])
    first = students.fit(camping, by=una)
    assert students.fit(camping, by=una) == first
    judges.promote(first, by=una)
    teaching.label(camping, una, items_of(camping)[52:])
    second = students.fit(camping, by=una)
    assert (first.version, second.version) == (1, 2)
    assert first.content_hash != second.content_hash
    camping.refresh_from_db()
    assert camping.judge == first, "the new one must earn its place"


@pytest.mark.services
def test_student_is_fitted_anew_at_declared_sizes_only(camping: Project, una: User) -> None:
    teaching.label(camping, una, items_of(camping)[:48])
    assert students.refit_due() == []
    teaching.label(camping, una, items_of(camping)[48:52])
    (made,) = students.refit_due()
    assert made.student_head.size == 50
    teaching.label(camping, una, items_of(camping)[52:])
    assert students.refit_due() == []


def test_too_few_labels_are_refused_with_how_many_are_missing(camping: Project, una: User) -> None:
    teaching.label(camping, una, items_of(camping)[:20])
    with pytest.raises(InputError, match="relevance: 20 of 50 labels: 30 more are needed"):
        students.fit(camping, by=una)
    assert not StudentHead.objects.exists()


def test_labels_of_one_kind_teach_nothing(camping: Project, una: User) -> None:
    teaching.label(camping, una, items_of(camping), lambda item: "fits")
    with pytest.raises(InputError, match="64 labels, 0 of them another than the commonest"):
        students.fit(camping, by=una)


def test_certify_gold_and_audited_items_and_their_contexts_are_never_learned_from(una: User) -> None:
    project = teaching.camp("Streams", n=12)
    items = items_of(project)
    Item.objects.filter(pk=items[0].pk).update(stream="certify")  # shares its context with items[1], and so on
    Item.objects.filter(pk=items[2].pk).update(stream="gold")
    Item.objects.filter(pk=items[5].pk).update(stream="open")
    teaching.label(project, una, items)
    audited = Case.objects.get(item=items[6], criterion__key="relevance")
    Case.objects.filter(pk=audited.pk).update(is_reference=True)
    learned = {each.output for each in lessons.gather(project)}
    assert learned == {items[4].output, *(item.output for item in items[8:])}
    assert lessons.count(project) == {audited.criterion_id: len(learned)}
    assert lessons.count_set_aside(project) == 4  # items 1, 3, 6 and 7; the others are of no train stream


def test_case_on_which_people_are_divided_teaches_nothing(camping: Project, una: User) -> None:
    ben = factories.make_member(camping, "ben", Role.ANNOTATOR)
    items = items_of(camping)[:4]
    teaching.label(camping, una, items)
    teaching.label(camping, ben, items[:2], lambda item: "fits")
    assert {each.output for each in lessons.gather(camping)} == {each.output for each in (items[0], *items[2:])}


def test_erased_items_are_not_learned_from(camping: Project, una: User) -> None:
    items = items_of(camping)[:4]
    teaching.label(camping, una, items)
    Item.objects.filter(pk=items[0].pk).update(erased_at=camping.created_at)
    assert items[0].output not in {each.output for each in lessons.gather(camping)}


@pytest.mark.services
def test_setup_by_name_puts_a_student_in_force(camping: Project, una: User) -> None:
    teaching.label(camping, una, items_of(camping)[:52])
    judge = setups.SETUPS["student"](camping, by=una)
    assert camping.judge == judge
    assert judge.kind == "student"
