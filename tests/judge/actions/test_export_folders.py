"""What stands beside the rows for the trainer that loads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judge.actions import exports
from judge.actions.exports import Order
from judge.models import AgreedLabel, GeneratorTemplate, Project
from judge.rules.exporting import parse_split
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def decided(project: Project) -> Project:
    for item in factories.import_items(project, n=3, per_context=1):
        for key, case in factories.cases_of(item).items():
            label = {"relevance": "fits", "specificity": "concrete"}[key]
            AgreedLabel.objects.create(
                case=case, criterion=case.criterion, label=label, basis="consensus", n_people=2, probs={}, p_wrong=0.1
            )
    return project


def test_llama_factory_finds_its_data_sets_in_the_folder(decided: Project, tmp_path: Path) -> None:
    template = GeneratorTemplate.objects.create(project=decided, version=2, system="Be brief.", user="Tag: {context}")
    decided.generator_template = template
    decided.save(update_fields=["generator_template"])
    order = Order(format="kto", dialect="llama-factory", split=parse_split(".5/.5"), even_so=True)
    exports.make(decided, order, tmp_path, by=None)
    exports.make(decided, Order(format="sft", even_so=True), tmp_path, by=None)
    told = json.loads((tmp_path / "dataset_info.json").read_text())
    assert set(told) == {"kto-train", "kto-test"}, "sft is there for TRL"
    assert told["kto-test"]["columns"]["system"] == "system"
    for each in told.values():
        for line in (tmp_path / each["file_name"]).read_text().splitlines():
            assert set(json.loads(line)) == set(each["columns"].values())


def test_the_manifest_names_the_fields_of_the_rows(decided: Project, tmp_path: Path) -> None:
    exports.make(decided, Order(format="kto", even_so=True), tmp_path, by=None)
    (told,) = json.loads((tmp_path / "manifest.json").read_text())["exports"]
    assert told["fields"] == ["prompt", "completion", "label"]
    assert not (tmp_path / "dataset_info.json").exists()


def test_a_folder_loads_by_the_names_of_its_formats(decided: Project, tmp_path: Path) -> None:
    """As the page for trainers has it: the card tells ``datasets`` which file is what."""
    reason = "the library is no part of the product: requirements-dev.txt has it"
    datasets = pytest.importorskip("datasets", reason=reason)
    datasets.disable_progress_bars()
    folder = tmp_path / "out"
    exports.make(decided, Order(format="kto", split=parse_split(".5/.5"), even_so=True), folder, by=None)
    exports.make(decided, Order(format="sft", even_so=True), folder, by=None)
    sft, kto = (datasets.load_dataset(str(folder), name, cache_dir=str(tmp_path / "cache")) for name in ("sft", "kto"))
    assert sft["train"].num_rows == 3
    assert sft["train"].column_names == ["messages"]
    assert sum(part.num_rows for part in kto.values()) == 3
