"""How many people the queue asks: more on a split, up to the policy's overlap; alike on all that measures a judge."""

from __future__ import annotations

import pytest

from annotation.actions import leases
from judge.actions import policies, second_labels
from judge.models import Case, Item, Project, Role, User
from judge.rules.routing import FIRST_PEOPLE, REFERENCE_PEOPLE
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer


@pytest.fixture
def crowd(project: Project) -> list[User]:
    return [factories.make_member(project, f"person{number}", Role.ANNOTATOR) for number in range(8)]


def ask(project: Project, crowd: list[User], answers: list[dict[str, object]]) -> int:
    """Let people answer one after another, each in their way, as long as the queue asks; how many it asked."""
    for n, (person, said) in enumerate(zip(crowd, answers, strict=False)):
        if leases.claim(project, by=person) is None:
            return n
        answer(project, person, said)  # type: ignore[arg-type]
    return len(answers)


def bring(project: Project, stream: str = "open", *, is_reference: bool = False, people: int = FIRST_PEOPLE) -> None:
    """One item that waits for ``people``, as routing would leave it."""
    (item,) = factories.import_items(project)
    Item.objects.filter(pk=item.pk).update(stream=stream)
    Case.objects.filter(item=item).update(is_reference=is_reference, people_wanted=people)


@pytest.mark.parametrize(
    ("overlap", "answers", "asked"),
    [
        (3, [GOOD, GOOD, GOOD], 2),  # they agree: nobody else is asked
        (3, [GOOD, BAD, GOOD, GOOD], 3),  # a split asks one more
        (5, [GOOD, BAD, GOOD, GOOD], 3),  # two of three are a majority, though five might be asked
        (2, [GOOD, BAD, GOOD], 2),  # nobody is left to ask: an adjudicator decides
    ],
)
def test_a_split_asks_one_more_up_to_the_overlap(
    project: Project, crowd: list[User], overlap: int, answers: list[dict[str, object]], asked: int
) -> None:
    policies.revise(project, by=None, overlap=overlap)
    bring(project)
    assert ask(project, crowd, answers) == asked


@pytest.mark.parametrize(
    ("stream", "is_reference"), [("certify", False), ("gold", False), ("open", True)], ids=["certify", "gold", "audit"]
)
@pytest.mark.parametrize(("overlap", "one"), [(1, True), (5, False)], ids=["one-person labels", "overlap 5"])
@pytest.mark.parametrize(
    ("answers", "asked"), [([GOOD] * 4, FIRST_PEOPLE), ([GOOD, BAD, GOOD, GOOD], REFERENCE_PEOPLE)]
)
def test_what_measures_a_judge_is_asked_alike_whatever_the_policy(
    project: Project,
    crowd: list[User],
    stream: str,
    is_reference: bool,
    overlap: int,
    one: bool,
    answers: list[dict[str, object]],
    asked: int,
) -> None:
    """Two who agree settle it, and a split asks a third: never one alone, never a fourth (ADR 4)."""
    policies.revise(project, by=None, overlap=overlap, one_person_labels=one)
    bring(project, stream, is_reference=is_reference)
    assert ask(project, crowd, answers) == asked


def test_one_person_suffices_on_open_cases_where_the_policy_says_so(
    project: Project, crowd: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_labels, "SECOND_LABEL_RATE", 0.0)  # the draw for a check is another matter
    policies.revise(project, by=None, overlap=1, one_person_labels=True)
    bring(project, people=1)
    assert ask(project, crowd, [GOOD, GOOD]) == 1
