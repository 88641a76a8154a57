"""The tutorial does what it says: its files are saved, its commands typed and its answers given, in its order."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from judge.models import Case, Project
from judge.rules.stages import Stage
from tests.annotation.views.forms import filled
from tests.docs import pages

pytestmark = pytest.mark.django_db(transaction=True)

TUTORIALS = [pages.ROOT / "docs" / "tutorial.md", pages.ROOT / "docs" / "tutorial.zh-CN.md"]
#: | i-1, houseplants | spontaneous | strongly_related |
ANSWER = re.compile(r"^\| (i-\d)\W.*?\| [^|]*?([a-z_]+) \| [^|]*?([a-z_]+) \|$", re.MULTILINE)
SLUG = "first-interests"


class Reader:
    """Somebody who does what a page says, in a folder of their own."""

    def __init__(self, page: Path) -> None:
        self.lines = [pages.words(line) for line in pages.command_lines(page)]
        self.answers = {item: labels for item, *labels in ANSWER.findall(pages.text(page))}
        self.passwords: dict[str, str] = {}
        self.done: list[list[str]] = []

    def type_until(self, command: str) -> str:
        """Type every command up to and with the last ``command`` that follows; what that one said."""
        last = max(place for place, line in enumerate(self.lines) if line[1] == command) + 1
        said = ""
        for line in self.lines[len(self.done) : last]:
            said = self._type(line)
            self.done.append(line)
        return said

    def _type(self, line: list[str]) -> str:
        program, name, *words = line
        if program == "make":
            return ""  # they start and stop the product: test_commands looks at what they would run
        if name == "create_project":
            words += ["--judge", "scripted"]  # the embedded model would take a minute here
        out = StringIO()
        call_command(name, *words, stdout=out, stderr=out)
        if shown := re.search(r"shown only now: (\S+)", out.getvalue()):
            self.passwords[words[1]] = shown[1]
        return out.getvalue()

    def come(self, name: str) -> Client:
        client = Client()
        response = client.post("/login/", {"username": name, "password": self.passwords[name]})
        assert response.status_code == 302, f"{name} was not let in"
        return client

    def answer_all(self, name: str) -> int:
        """Answer what the workbench brings until it brings nothing; how many items that were."""
        client, bench, n_items = self.come(name), f"/projects/{SLUG}/annotate/", 0
        while 'name="lease"' in (page := client.get(bench).content.decode()):
            client.post(f"{bench}submit/", filled(page, **self._chosen(page)))
            n_items += 1
            assert n_items <= len(self.answers), "an item came back"
        return n_items

    def adjudicate(self, name: str) -> None:
        client = self.come(name)
        for case in Case.objects.filter(stage=Stage.ADJUDICATION).select_related("item", "criterion"):
            label = self.labels(case.item.identity)[case.criterion.key]
            address = f"/projects/{SLUG}/adjudicate/{case.pk}/"
            assert client.get(address).status_code == 200
            assert client.post(f"{address}decide/", {f"answer-{case.pk}": f"label:{label}"}).status_code == 302

    def _chosen(self, page: str) -> dict[str, Any]:
        case = Case.objects.select_related("item").get(pk=re.findall(r'name="case" value="(\d+)"', page)[0])
        return {key: f"label:{label}" for key, label in self.labels(case.item.identity).items()}

    def labels(self, item: str) -> dict[str, str]:
        return dict(zip(("willingness", "reasonableness"), self.answers[item], strict=True))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", TUTORIALS, ids=["en", "zh"])
def test_a_reader_gets_what_the_tutorial_promises(page: Path, folder: Path) -> None:
    reader = Reader(page)
    for name, content in pages.saved_files(page).items():
        (folder / name).write_text(content, encoding="utf-8")

    assert f"next: manage.py import_items {SLUG}" in reader.type_until("create_project")
    assert "8 rows read · 8 new items, 16 cases · 0 known already · 0 rejected" in reader.type_until("import_items")
    assert "done: 16 of 16 cases judged" in reader.type_until("judge_items")
    assert set(Case.objects.values_list("stage", flat=True)) == {Stage.PEOPLE}

    reader.type_until("add_annotator")
    assert (reader.answer_all("ann"), reader.answer_all("ben")) == (8, 8)
    reader.adjudicate("ada")
    assert set(Case.objects.values_list("stage", flat=True)) == {Stage.AGREED}

    assert "Nothing is accepted without people." in reader.type_until("certify")
    assert "labels.jsonl: 16 rows" in reader.type_until("export_labels")
    rows = [json.loads(line) for line in (folder / "out" / "labels.jsonl").read_text().splitlines()]
    assert {(row["item_id"], row["criterion"]): row["label"] for row in rows} == {
        (item, key): label for item in reader.answers for key, label in reader.labels(item).items()
    }
    assert {row["basis"] for row in rows} <= {"consensus", "adjudicated"}
    assert (folder / "out" / "README.md").exists()
    reader.type_until("stop")
    assert reader.done == reader.lines, "every command of the page was typed"
    assert Project.objects.get().slug == SLUG


def test_both_tutorials_type_the_same() -> None:
    english, chinese = (
        [line[:2] + sorted(line[3:]) for line in map(pages.words, pages.command_lines(page))] for page in TUTORIALS
    )
    assert english == chinese
