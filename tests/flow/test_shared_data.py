"""Real generated tags and explanations through the whole loop: import, judge, route, people, export."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError

from judge.models import Case, Judgment
from tests.flow.steps import answer_all, check_export, import_set, judge_and_check

pytestmark = [pytest.mark.shared_data, pytest.mark.django_db(transaction=True)]


def test_whole_oamine_tags_with_the_scripted_judge(tmp_path: Path) -> None:
    project = import_set("oamine_tags", tmp_path, judge="scripted", one_person_labels=True, overlap=1)
    judge_and_check(project)
    answer_all(project, "oamine_tags")
    assert check_export(project, tmp_path) == 2086, "one expert answered each tag"


@pytest.mark.proof
def test_whole_explanations_with_the_scripted_judge(tmp_path: Path) -> None:
    project = import_set("explanations", tmp_path, judge="scripted")
    judge_and_check(project)
    answer_all(project, "explanations")
    stages = Counter(Case.objects.filter(project=project).values_list("stage", flat=True))
    assert stages == {"agreed": 6205}, "three people on a binary scale always have a majority"
    with pytest.raises(CommandError, match="people agree hardly more than chance would"):
        check_export(project, tmp_path)
    assert check_export(project, tmp_path, "--even-so") == 6205


@pytest.mark.proof
@pytest.mark.llm
def test_two_dozen_tags_with_the_embedded_model(tmp_path: Path) -> None:
    project = import_set("oamine_tags", tmp_path, judge="embedded", sample=24, one_person_labels=True, overlap=1)
    judge_and_check(project)
    scored = Judgment.objects.filter(case__project=project, label__isnull=False)
    assert scored.count() >= 22, "a real model answers nearly always with one of the two words"
    assert all(abs(sum(row.probs.values()) - 1) < 1e-6 for row in scored)
    answer_all(project, "oamine_tags")
    assert check_export(project, tmp_path) == 24
