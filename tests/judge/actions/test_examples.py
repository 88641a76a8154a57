"""An adjudicated case becomes an anchored example, unless it or its context measures judges."""

from __future__ import annotations

import pytest

from annotation.actions import adjudication
from judge.actions import examples
from judge.errors import InputError
from judge.models import Case, Event, Item, Project, User
from tests import factories
from tests.annotation.actions.test_known import FLAGS, decide_all
from tests.annotation.answering import answer


@pytest.fixture
def case(project: Project, ann: User, ada: User) -> Case:
    line = {"id": "a", "context": {"profile": "tall", "history": ["tent"]}, "output": "tall tent"}
    factories.import_items(project, lines=[line, {"id": "b", "context": "other", "output": "kettle"}])
    for _ in range(2):
        answer(project, ann, FLAGS)
    decide_all(project, ada, {"relevance": "fits", "specificity": "concrete"}, "They are tall.")
    return fresh(Case.objects.get(item__identity="a", criterion__key="relevance"))


def fresh(case: Case) -> Case:
    return Case.objects.select_related("project", "criterion", "item__context").get(pk=case.pk)


def test_the_next_version_has_one_example_more_in_this_question_alone(case: Case, lea: User) -> None:
    proposed = examples.propose(case)
    assert (proposed.label, proposed.why) == ("fits", "They are tall.")
    assert proposed.context == "profile: tall\nhistory: tent"
    before = [link.criterion for link in case.project.rubric.links.order_by("position")]  # type: ignore[union-attr]
    rubric = examples.add(case, context="somebody tall", output=proposed.output, why=proposed.why, by=lea)
    after = [link.criterion for link in rubric.links.order_by("position")]
    assert rubric.version == 2
    assert after[1] == before[1], "the other question is the same one"
    assert after[0] != before[0]
    assert after[0].question.examples[:-1] == before[0].question.examples
    last = after[0].question.examples[-1]
    assert (last.label, last.context, last.output) == ("fits", "somebody tall", "tall tent")
    assert Event.objects.get(verb="example added").data == {"rubric": 2}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("certify", "certify and gold"),
        ("gold", "certify and gold"),
        ("reference", "audited"),
        ("neighbour", "context"),
        ("erased", "erased"),
        ("undecided", "No adjudicator"),
    ],
)
def test_what_measures_judges_never_becomes_an_example(case: Case, lea: User, spoil: str, words: str) -> None:
    assert examples.why_not(case) == ""
    other = Item.objects.get(identity="b")
    if spoil in ("certify", "gold"):
        Item.objects.filter(pk=case.item_id).update(stream=spoil)
    elif spoil == "reference":
        Case.objects.filter(pk=case.pk).update(is_reference=True)
    elif spoil == "neighbour":
        Item.objects.filter(pk=other.pk).update(context=case.item.context_id, stream="certify")
    elif spoil == "erased":
        Item.objects.filter(pk=case.item_id).update(erased_at=case.stage_since)
    else:
        factories.import_items(case.project, lines=[{"id": "c", "context": "x", "output": "y"}])
        case = Case.objects.get(item__identity="c", criterion__key="relevance")
    assert words in examples.why_not(fresh(case))
    with pytest.raises(InputError):
        examples.add(fresh(case), context="x", output="y", why="", by=lea)
    case.project.refresh_from_db()
    assert case.project.rubric is not None
    assert case.project.rubric.version == 1


def test_a_question_of_an_earlier_rubric_takes_no_example_and_none_twice(case: Case, lea: User) -> None:
    examples.add(case, context="somebody tall", output="tall tent", why="", by=lea)
    assert "another question" in examples.why_not(fresh(case))
    assert adjudication.waiting(case.project) == []
