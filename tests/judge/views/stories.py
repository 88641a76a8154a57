"""What happens to cases in the tests of pages, told through the one door."""

from __future__ import annotations

from judge.actions import judges, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import Case, Item, Project, Purpose, Rater, User
from tests import factories

MARKER = "PLANTED-RATIONALE-7b1d"
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"


def make_judge(project: Project) -> Rater:
    """A machine in force; what is imported from now on waits for it."""
    rater = Rater.objects.create(
        kind=Rater.Kind.MACHINE,
        name="Small model",
        configuration={"model": "small"},
        configuration_hash=f"h{project.pk}",
    )
    judges.put_in_force(project, [rater], name="House judge", by=None)
    return rater


def machine_says(rater: Rater, case: Case, share: float = 0.75) -> None:
    """The machine gives the first label of the scale ``share`` of the probability, with a marked rationale."""
    first, second = case.criterion.question.label_keys
    probs = {first: share, second: 1 - share}
    judgments.record([NewJudgment(case.pk, first, probs=probs, rationale=MARKER)], rater=rater)


def person_says(person: User, case: Case, label: str, *, note: str = "") -> None:
    judgments.record([NewJudgment(case.pk, label, note=note)], rater=projects.rater_of(person), by=person)


def person_skips(person: User, case: Case) -> None:
    skip = NewJudgment(case.pk, unscored_reason="skipped")
    judgments.record([skip], rater=projects.rater_of(person), by=person)


def decide(person: User, case: Case, label: str) -> None:
    """An adjudicator's word."""
    new = NewJudgment(case.pk, label, purpose=Purpose.ADJUDICATION)
    judgments.record([new], rater=projects.rater_of(person), by=person)


def split(case: Case, ann: User, ben: User) -> None:
    """One answers, the other flags the case: it goes to an adjudicator."""
    person_says(ann, case, case.criterion.question.label_keys[0])
    flag = NewJudgment(case.pk, unscored_reason="flagged", note="what is this?")
    judgments.record([flag], rater=projects.rater_of(ben), by=ben)


def first_case(item: Item, key: str = "relevance") -> Case:
    return factories.cases_of(item)[key]
