"""Where cases are, as a worker counts it; pass rates of generators, corrected by audits."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from judge.actions import judgments, pass_rates, projects, whereabouts
from judge.actions.judgments import NewJudgment
from judge.models import Case, Criterion, Item, Judge, Project, User
from tests import factories
from tests.judge import accepted
from tests.judge.views import stories
from tests.summaries import counted

pytestmark = pytest.mark.django_db


def key_of(project: Project, name: str = "relevance") -> str:
    return str(Criterion.objects.get(project=project, key=name).pk)


def test_stages_bases_and_reasons_are_counted_by_criterion(project: Project, ann: User, ben: User) -> None:
    items = factories.import_items(project, n=3)
    for person in (ann, ben):
        stories.person_says(person, stories.first_case(items[0]), "fits")
    told = counted(project, whereabouts.NAME)
    assert told["items"] == 3
    assert told["stages"] == {
        key_of(project): {"agreed": 1, "people": 2}, key_of(project, "specificity"): {"people": 3},
    }  # fmt: skip
    assert told["bases"] == {key_of(project): {"consensus": 1}}
    assert told["reasons"] == [["no_certificate", 5]]
    assert told["queue"]["n"] == 5
    assert told["queue"]["oldest"] <= told["queue"]["middle"]
    assert told["accepted"] == {"n": 0, "audited": 0}


def test_median_time_comes_with_the_range_of_its_ranks(project: Project, ann: User) -> None:
    items = factories.import_items(project, n=20)
    cases = [case for item in items for case in factories.cases_of(item).values()]
    said = {"relevance": "fits", "specificity": "concrete"}
    new = [
        NewJudgment(case.pk, said[case.criterion.key], duration_ms=1000 * place) for place, case in enumerate(cases, 1)
    ]
    judgments.record(new, rater=projects.rater_of(ann), by=ann)
    # 1 to 40 s: the median is 20.5; ranks 40·(.5 ± .98/√40) = 13.8 and 26.2, so the 14th and the 27th
    assert counted(project, whereabouts.NAME)["seconds"] == {"n": 40, "median": 20.5, "low": 14.0, "high": 27.0}


def test_empty_project_counts_nothing(project: Project) -> None:
    told = counted(project, whereabouts.NAME)
    assert told["items"] == 0
    assert told["queue"] == {"n": 0, "oldest": None, "middle": None}
    assert told["seconds"] == {"n": 0, "median": None, "low": None, "high": None}
    assert counted(project, pass_rates.NAME) == {"n_generators": 0, "generators": [], "criteria": {}}


def test_large_project_is_read_as_last_counted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.import_items(project, n=3)
    live = whereabouts.read(project)
    assert live is not None
    assert live.data["items"] == 3
    monkeypatch.setattr(whereabouts, "FEW", 5)  # there are six cases
    assert whereabouts.read(project) is None
    counted(project, whereabouts.NAME)
    factories.import_items(project, lines=[{"id": "late", "context": "late", "output": "tent"}])
    stored = whereabouts.read(project)
    assert stored is not None
    assert stored.data["items"] == 3


def rates(project: Project, name: str = "relevance") -> dict[str, Any]:
    return dict(counted(project, pass_rates.NAME)["criteria"][key_of(project, name)])


def test_what_people_settled_is_a_plain_share(project: Project, ann: User, ben: User) -> None:
    items = factories.import_items(project, n=4)
    Item.objects.filter(project=project).update(generator="gen-a")
    for place, item in enumerate(items[:3]):
        for person in (ann, ben):
            stories.person_says(person, stories.first_case(item), "fits" if place else "weak")
    told = rates(project)["gen-a"]
    assert (told["cases"], told["people"], told["accepted"]) == (4, 3, 0)
    assert (told["rate"]["value"], told["rate"]["n"]) == (round(2 / 3, 6), 3)
    assert rates(project, "specificity")["gen-a"]["rate"] is None, "nobody answered"


def test_certify_cases_are_never_read(project: Project, ann: User, ben: User) -> None:
    for item in factories.import_items(project, n=2):
        for person in (ann, ben):
            stories.person_says(person, stories.first_case(item), "fits")
    Item.objects.filter(project=project).update(stream="certify")
    assert counted(project, pass_rates.NAME) == {"n_generators": 0, "generators": [], "criteria": {}}


def test_audits_correct_what_the_judge_accepted(db: None) -> None:
    certificate = accepted.make_cell(pi_min=1.0)
    project = certificate.project
    people = [factories.make_user(name) for name in ("ann", "ben", "cleo")]
    cases = accepted.bring(project, 4)
    said = judge_says(certificate.judge, cases[0])
    other = next(row.key for row in certificate.criterion.scale.all() if row.key != said)
    accepted.answer(cases[:1], other, people)
    accepted.answer(cases[1:2], said, people)
    told = rates(project, certificate.criterion.key)[cases[0].item.generator]
    assert told["accepted"] == 4
    assert told["audited"] == 2
    assert told["judged"] == 4
    assert told["judged_pass"] in (0, 4), "the judge says one thing of all"
    assert told["rate"]["value"] == 0.5, "one of the two that people read passes"


def judge_says(judge: Judge, case: Case) -> str:
    label = judge.verdicts.get(case=case).label
    assert label is not None
    return label


def test_ten_thousand_generators_are_cut_to_ten(project: Project) -> None:
    (item,) = factories.import_items(project, n=1)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, prompt, meta, generator,
                                       language, category, stream, stream_probability, stream_reason)
               SELECT project_id, context_id, frame_id, 'many-' || n, kind, '', '{}', 'g' || n,
                      '', '', 'open', 1, 'drawn'
               FROM judge_item, generate_series(1, 10000) n WHERE id = %s""",
            [item.pk],
        )
    told = counted(project, pass_rates.NAME)
    assert told["n_generators"] == 10_001
    assert len(told["generators"]) == 10
