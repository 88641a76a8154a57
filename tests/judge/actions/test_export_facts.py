"""What an export says of itself, and when it says nothing and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from judge.actions import exports, judgments, projects, withdrawals
from judge.actions.exports import ExportReport, Order
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Item, Project, Role, Snapshot, User
from judge.rules.exporting import parse_split
from tests import factories
from tests.judge import accepted

pytestmark = pytest.mark.django_db(transaction=True)

PASSING = {"relevance": "fits", "specificity": "concrete"}
FAILING = {"relevance": "weak", "specificity": "too_generic"}


def say(case: Case, label: str, *people: User) -> None:
    for person in people:
        judgments.record([NewJudgment(case.pk, label)], rater=projects.rater_of(person), by=person)


def make(project: Project, folder: Path, **order: object) -> ExportReport:
    return exports.make(project, Order(**order), folder, by=None)  # type: ignore[arg-type]


@pytest.fixture
def labelled(project: Project, ann: User, ben: User) -> list[Item]:
    """Six items of three contexts: in each context one qualifies and one does not."""
    made = factories.import_items(project, n=6, per_context=2)
    for number, item in enumerate(made):
        for key, case in factories.cases_of(item).items():
            say(case, (FAILING if number % 2 else PASSING)[key], ann, ben)
    return made


@pytest.fixture
def noise(project: Project, ann: User, ben: User) -> Project:
    """40 cases on which two people toss coins: half of their answers agree, as chance gives."""
    for number, item in enumerate(factories.import_items(project, n=40, per_context=1)):
        case = factories.cases_of(item)["relevance"]
        say(case, "weak" if number % 2 else "fits", ann)
        say(case, "weak" if number % 4 < 2 else "fits", ben)
    return project


def test_where_people_agree_no_more_than_chance_the_export_is_refused_unless_even_so(
    noise: Project, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"relevance: people agree hardly more than chance would.*--even-so"):
        make(noise, tmp_path)
    assert not list(tmp_path.iterdir())
    assert not Snapshot.objects.exists()

    manifest = json.loads(make(noise, tmp_path, even_so=True).manifest_path.read_text())
    assert "people agree hardly more than chance" in manifest["exports"][0]["limits"][0]


def test_a_judges_labels_that_nobody_audited_are_refused_unless_even_so(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    accepted_by_hand(project)
    with pytest.raises(InputError, match=r"judge · relevance: 1 labels, but only 0 answered audits"):
        make(project, tmp_path)
    assert make(project, tmp_path, even_so=True).n_rows == 13


def accepted_by_hand(project: Project) -> None:
    item = factories.import_items(project, lines=[{"id": "z", "context": "z", "output": "z"}])[-1]
    case = factories.cases_of(item)["relevance"]
    AgreedLabel.objects.create(
        case=case, criterion=case.criterion, label="fits", basis="judge", n_people=0, probs={}, p_wrong=0.1
    )


def test_the_manifest_and_the_card_say_what_the_labels_are_worth(
    project: Project, labelled: list[Item], tmp_path: Path
) -> None:
    report = make(project, tmp_path, split=parse_split(".5/.5"))
    (told,) = json.loads(report.manifest_path.read_text())["exports"]
    assert told["labels"] == 12
    assert told["labels_by"]["criterion"] == {"relevance": 6, "specificity": 6}
    assert told["labels_by"]["basis"] == {"consensus": 12}
    assert sum(told["labels_by"]["split"].values()) == 12
    assert [each["name"] for each in told["quality"]["strata"]] == ["consensus · relevance", "consensus · specificity"]
    assert (told["quality"]["wrong"], told["quality"]["labels"]) == (0, 12)
    assert {each["criterion"]: each["agree"] for each in told["agreement"]} == {"relevance": 6, "specificity": 6}

    _, head, body = (tmp_path / "README.md").read_text().split("---\n", 2)
    card = yaml.safe_load(head)
    assert card["pretty_name"] == "shop-tags"
    assert {each["split"] for each in card["configs"][0]["data_files"]} <= {"train", "test"}
    assert report.snapshot.files[0]["sha256"] in body
    assert "Agreement between people" in body


def test_a_judges_labels_are_estimated_from_the_audits_under_its_certificate(tmp_path: Path) -> None:
    """30 accepted, all audited, 24 of them answered: 3 found wrong, and 6 labels that nobody has checked.

    Of M = 6 + 24 labels n = 24 were checked, k = 3 wrong; value of the rest: (30 · 3/24 − 3) / 6 = .125.
    """
    certificate = accepted.make_cell()
    people = [factories.make_member(certificate.project, name, Role.ANNOTATOR) for name in ("amy", "bob", "cat")]
    cases = accepted.bring(certificate.project, 30)
    accepted.answer(cases[:3], "weak", people)
    accepted.answer(cases[3:24], "fits", people)

    report = make(certificate.project, tmp_path)
    (told,) = json.loads(report.manifest_path.read_text())["exports"]
    judge, audited = sorted(told["quality"]["strata"], key=lambda each: each["name"], reverse=True)
    assert (judge["name"], judge["labels"], judge["checked"] + judge["seen"]) == ("judge · relevance", 6, 24)
    assert (judge["checked_wrong"] + judge["seen_wrong"], judge["wrong"]) == (3, 0.125)
    assert 0 <= judge["low"] < 0.125 < judge["high"] <= 1
    assert (audited["name"], audited["labels"]) == ("audited · relevance", 24)
    assert told["quality"]["wrong"] == pytest.approx(0.125 * 6 / 30)


def test_a_certificate_in_force_carries_its_labels_before_an_audit_is_answered_and_a_withdrawn_one_does_not(
    tmp_path: Path, lea: User
) -> None:
    certificate = accepted.make_cell()
    accepted.bring(certificate.project, 5)
    report = make(certificate.project, tmp_path / "in force")
    (told,) = json.loads(report.manifest_path.read_text())["exports"]
    assert "judge · relevance: nobody has checked any of these 5 labels" in told["limits"]

    withdrawals.withdraw(certificate, "another team answers now", by=lea)
    with pytest.raises(InputError, match=r"judge · relevance: 5 labels, but only 0 answered audits"):
        make(certificate.project, tmp_path / "withdrawn")
