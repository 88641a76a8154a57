"""A project whose judge is asked in files, and somebody who answers the files as `vllm run-batch` does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from judge.actions import judges
from judge.models import Project, Rater
from llm_judge.actions import endpoints, raters
from llm_judge.backends.scripted import Fault, draw_probabilities, write_reply
from llm_judge.models import Endpoint
from llm_judge.rules.configuration import BackendKind, Decoding, RaterConfiguration, ScoringRule
from llm_judge.rules.templates import SHIPPED
from tests import factories
from tests.contracts.servers import read_request

IDS = {"Yes": 7, "No": 8, "A": 9, "B": 10, "E": 11}
WORDS = {number: word for word, number in IDS.items()}

PAIRS = """
name: pairs
task: pairwise
criteria:
  - key: better
    question: Which tag fits better?
    kind: preference
    scale: [{key: a}, {key: equal}, {key: b}]
"""


def make_configuration(rule: ScoringRule = ScoringRule.CHOICE, **changes: Any) -> RaterConfiguration:
    decoding = Decoding(temperature=1.0, samples=5) if rule is ScoringRule.SAMPLED else Decoding()
    said = {"server_version": "vllm 0.32.0", "decoding": decoding, "template": SHIPPED[rule.value]} | changes
    return RaterConfiguration(BackendKind.OPENAI_HTTP, "org/tiny", scoring_rule=rule, **said)


def make_project(name: str = "File tags", *rules: ScoringRule, n: int = 0, rubric: str = "", **changes: Any) -> Project:
    """Judged by one rater for each of the rules, on a vLLM that is nowhere to be reached."""
    from judge.formats.rubrics import read_rubric

    parsed = read_rubric(rubric, filename="rubric.yaml") if rubric else None
    project = factories.make_project(name, rubric=parsed)
    found = [make_rater(make_configuration(rule, **changes)) for rule in rules or (ScoringRule.CHOICE,)]
    judges.put_in_force(project, found, name="Files", by=None)
    if n:
        factories.import_items(project, n=n)
    return project


def make_rater(configuration: RaterConfiguration) -> Rater:
    endpoint = Endpoint.objects.filter(name="gpu").first()
    endpoint = endpoint or endpoints.add("gpu", "http://127.0.0.1:9/v1", by=None)
    return raters.find_or_make(configuration, name=configuration.scoring_rule.value, endpoint=endpoint)


def answer_lines(folder: Path, requests: str = "requests", fault: Fault | None = None) -> list[str]:
    """The results of every request in the folder's files, in order."""
    lines = [line for path in sorted((folder / requests).glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [answer_line(json.loads(line), fault) for line in lines]


def answer_line(line: dict[str, Any], fault: Fault | None = None) -> str:
    request = read_request(line["body"], WORDS)
    status, _, body = write_reply(request, fault, lambda each: draw_probabilities(each, 0))
    said = json.loads(body)
    response = {"status_code": status, "request_id": "vllm-batch-1", "body": said if status == 200 else None}
    error = None if status == 200 else said
    return json.dumps({"id": "vllm-1", "custom_id": line["custom_id"], "response": response, "error": error})


def bring_back(folder: Path, lines: list[str], name: str = "a.jsonl") -> None:
    (folder / "results" / name).write_text("".join(f"{line}\n" for line in lines))
