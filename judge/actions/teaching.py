"""What machines may learn from: people's labels of the train stream, and of nothing else.

Items of the certify and gold streams, audited items and samples are what judges are tested on. An item that shares its
context with one of them is left out too: it would teach the answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Exists, OuterRef, Q, QuerySet

from judge.actions import rubrics
from judge.models import AgreedLabel, Case, Item, Judgment, Project, Purpose, Rater
from judge.rules.settling import Basis
from judge.rules.streams import Stream

#: Answers of people that count: given here, or brought along.
COUNTED = (Purpose.VOTE, Purpose.IMPORTED)


def train_cases(project: Project) -> QuerySet[Case]:
    """Cases of the train stream under the rubric in force, with text that was not erased."""
    return Case.objects.filter(
        project=project,
        criterion__in=rubrics.criteria_in_force(project),
        item__stream=Stream.TRAIN,
        item__erased_at=None,
        item__context__erased_at=None,
    )


def teachable(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Those of ``cases`` that people have answered and whose context holds nothing that judges are tested on."""
    return answered(cases).exclude(Exists(tested_items()))


def tested_items() -> QuerySet[Item]:
    """Items in the context of an outer case (``item__context``) that judges are tested on."""
    is_reference = Exists(Case.objects.filter(item=OuterRef("pk"), is_reference=True))
    return Item.objects.filter(
        Q(stream__in=(Stream.CERTIFY, Stream.GOLD)) | is_reference, context=OuterRef("item__context")
    )


def answered(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Whoever adjudicates or corrects has voted, or others have: each agreed label of people rests on answers."""
    return cases.filter(Exists(answers().filter(case=OuterRef("pk"))))


def answers() -> QuerySet[Judgment]:
    """Labels that people gave, and did not take back."""
    return Judgment.objects.filter(
        purpose__in=COUNTED, rater__kind=Rater.Kind.PERSON, label__isnull=False, retracted_at=None
    )


def labels_of(case_ids: Iterable[int]) -> dict[int, str]:
    """People's agreed label, where there is one; else what most of them said. A case on which people are evenly divided
    teaches nothing and is not among them."""
    ids = list(case_ids)
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    for case_id, label in answers().filter(case__in=ids).values_list("case_id", "label"):
        votes[case_id][str(label)] += 1
    agreed = AgreedLabel.objects.filter(case__in=ids, status=AgreedLabel.Status.LIVE).exclude(basis=Basis.JUDGE)
    return _majorities(votes) | dict(agreed.values_list("case_id", "label"))


def _majorities(votes: Mapping[int, Counter[str]]) -> dict[int, str]:
    found = {}
    for case_id, given in votes.items():
        label, n = given.most_common(1)[0]
        if 2 * n > given.total():
            found[case_id] = label
    return found
