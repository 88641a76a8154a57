"""Requests in files, results from files: every case judged once, whatever comes back, in whatever order."""

from __future__ import annotations

import asyncio
import json
import random
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from judge.errors import InputError
from judge.models import Judgment, Project
from llm_judge.actions import batch_files, batch_results, cases, raters, runs
from llm_judge.backends.judging import judge_one
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.scripted import Fault
from llm_judge.models import Completion, Endpoint, Run
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.templates import shipped_for
from tests import factories
from tests.contracts.servers import LoopbackServer, serve
from tests.llm_judge.batches import IDS, PAIRS, answer_lines, bring_back, make_configuration, make_project, make_rater

pytestmark = pytest.mark.django_db


def write(project: Project, folder: Path, **options: object) -> list[batch_files.Share]:
    return batch_files.write(project, folder, token_ids=IDS, **options)  # type: ignore[arg-type]


def votes() -> dict[int, tuple[str | None, object]]:
    return {each.case_id: (each.label, each.probs) for each in Judgment.objects.all()}


def test_every_case_is_asked_once_and_its_answers_are_judgments(tmp_path: Path) -> None:
    project = make_project(n=6)
    (share,) = write(project, tmp_path / "out", lines=5)
    assert (share.n_cases, share.n_calls, len(share.chunks)) == (12, 12, 3)
    bring_back(tmp_path / "out", answer_lines(tmp_path / "out"))
    reading = batch_results.read(project, tmp_path / "out")
    assert (reading.n_new, reading.n_known, reading.n_refused) == (12, 0, 0)
    run = Run.objects.get()
    assert (run.place, run.status, run.n_done, run.n_planned) == (Run.Place.FILES, Run.Status.DONE, 12, 12)
    assert run.prompt_tokens > 0
    assert all(probs for _, probs in votes().values())


def test_the_bodies_are_those_that_a_server_is_sent(tmp_path: Path) -> None:
    project = make_project(n=1)
    write(project, tmp_path / "out")
    lines = [json.loads(line) for line in next((tmp_path / "out/requests").iterdir()).read_text().splitlines()]
    rater = raters.seated(project.judge)[0]  # type: ignore[arg-type]
    asked = cases.load(project, [int(line["custom_id"].split("-")[3]) for line in lines], rater)

    async def ask(server: LoopbackServer) -> None:
        async with OpenAIBackend(server.url, model="org/tiny") as backend:
            for case in asked:
                await judge_one(backend, case, raters.configuration_of(rater))

    with serve(LoopbackServer()) as server:
        asyncio.run(ask(server))
        tokens = {word: number for number, word in server.words.items()}
    expected = [
        body | {key: [IDS[word] for word in tokens] for key in ("allowed_token_ids", "logprob_token_ids")}
        for body in server.seen
    ]
    assert set(tokens) == {"Yes", "No"}
    assert [line["body"] for line in lines] == expected


def test_half_a_file_then_the_whole_then_again_adds_each_answer_once(tmp_path: Path) -> None:
    project = make_project(n=10)
    write(project, tmp_path / "out")
    lines = answer_lines(tmp_path / "out")
    text = "".join(f"{line}\n" for line in lines)
    (tmp_path / "out/results/a.jsonl").write_text(text[: len(text) // 2])
    first = batch_results.read(project, tmp_path / "out")
    assert first.n_new in (9, 10)
    assert first.n_refused == 1
    assert "a.jsonl line" in first.troubles[0]
    assert "cut off" in first.troubles[0]
    before = votes()
    bring_back(tmp_path / "out", lines)
    second = batch_results.read(project, tmp_path / "out")
    assert (first.n_new + second.n_new, second.n_known, second.n_refused) == (20, first.n_new, 0)
    assert before.items() <= votes().items()
    spent = Run.objects.get().prompt_tokens
    third = batch_results.read(project, tmp_path / "out")
    assert (third.n_new, third.n_known) == (0, 20)
    assert (Judgment.objects.count(), Completion.objects.count()) == (20, 20)
    assert Run.objects.get().prompt_tokens == spent


def test_order_repeats_and_many_files_change_nothing(tmp_path: Path) -> None:
    project = make_project(n=6)
    write(project, tmp_path / "out")
    lines = answer_lines(tmp_path / "out")
    shuffled = random.Random(1).sample(lines * 2, len(lines) * 2)
    for number in range(4):
        bring_back(tmp_path / "out", shuffled[number::4], f"part-{number}.jsonl")
    reading = batch_results.read(project, tmp_path / "out")
    assert (reading.n_new, reading.n_refused) == (12, 0)


def test_what_is_broken_or_strange_is_told_with_file_and_line_and_the_rest_is_read(tmp_path: Path) -> None:
    project, other = make_project(n=2), make_project("Other tags", ScoringRule.SAMPLED, n=2)
    write(project, tmp_path / "out")
    write(other, tmp_path / "other")
    lines = answer_lines(tmp_path / "out")
    (again,) = [json.loads(lines[0])]
    foreign = lines[0].replace(again["custom_id"].split("-")[1], "0" * 12)
    unknown = lines[0].replace(again["custom_id"], "row-1")
    gone = lines[0].replace(f"-{again['custom_id'].split('-')[3]}-0", "-99999999-0")
    strange = ["<html>", "", foreign, unknown, gone, answer_lines(tmp_path / "other")[0]]
    bring_back(tmp_path / "out", strange + lines)
    reading = batch_results.read(project, tmp_path / "out")
    assert (reading.n_new, reading.n_refused) == (4, 5)
    said = "\n".join(reading.troubles)
    assert "a.jsonl line 1: the line is no JSON" in said
    assert "a.jsonl line 3: the result is of another export" in said
    assert "a.jsonl line 4: the custom_id 'row-1' is not one of ours" in said
    assert "a.jsonl line 6: the result is of another rater" in said
    assert "case 99999999 is not in project file-tags" in said


def test_files_of_another_project_or_installation_are_refused(tmp_path: Path) -> None:
    project, other = make_project(n=1), make_project("Other tags")
    write(project, tmp_path / "out")
    bring_back(tmp_path / "out", answer_lines(tmp_path / "out"))
    with pytest.raises(InputError, match=r'of project "file-tags" \(expected: other-tags\)'):
        batch_results.read(other, tmp_path / "out")
    manifest = (tmp_path / "out/manifest.json").read_text()
    batch = json.loads(manifest)["batch"]
    (tmp_path / "out/manifest.json").write_text(manifest.replace(batch, "0" * 12))
    with pytest.raises(InputError, match="another installation"):
        batch_results.read(project, tmp_path / "out")
    rater = json.loads(manifest)["raters"][0]["hash"]
    (tmp_path / "out/manifest.json").write_text(manifest.replace(rater, "0" * 64))
    with pytest.raises(InputError, match="rater 0000000000000000 of the manifest is not known"):
        batch_results.read(project, tmp_path / "out")
    other_rater = make_rater(make_configuration(ScoringRule.SAMPLED)).configuration_hash
    (tmp_path / "out/manifest.json").write_text(manifest.replace(rater, str(other_rater)))
    with pytest.raises(InputError, match="another configuration"):
        batch_results.read(project, tmp_path / "out")
    assert votes() == {}


def test_a_case_that_was_judged_meanwhile_is_known(tmp_path: Path) -> None:
    project = make_project(n=3)
    write(project, tmp_path / "first")
    write(project, tmp_path / "second")
    for folder in ("first", "second"):
        bring_back(tmp_path / folder, answer_lines(tmp_path / folder))
    assert batch_results.read(project, tmp_path / "first").n_new == 6
    reading = batch_results.read(project, tmp_path / "second")
    assert (reading.n_new, reading.n_known) == (0, 6)


def test_failures_are_kept_as_tries_once_and_set_aside_after_three_batches(tmp_path: Path) -> None:
    project = make_project(n=1)
    for number in range(1, 4):
        folder = tmp_path / str(number)
        write(project, folder)
        bring_back(folder, answer_lines(folder, fault=Fault.SERVER_ERROR))
        readings = [batch_results.read(project, folder) for _ in range(2)]
        assert [each.n_failed for each in readings] == ([2, 0] if number < 3 else [0, 0])
        assert readings[0].n_unscored == (0 if number < 3 else 2)
    assert {each.unscored_reason for each in Judgment.objects.all()} == {"http_error"}
    assert Completion.objects.filter(judgment=None).count() == 4


def test_an_answer_goes_before_a_failure_of_the_same_call(tmp_path: Path) -> None:
    project = make_project(n=1)
    write(project, tmp_path / "out")
    bring_back(tmp_path / "out", answer_lines(tmp_path / "out", fault=Fault.SERVER_ERROR), "z.jsonl")
    bring_back(tmp_path / "out", answer_lines(tmp_path / "out", fault=Fault.SERVER_ERROR), "a.jsonl")
    bring_back(tmp_path / "out", answer_lines(tmp_path / "out"), "m.jsonl")
    reading = batch_results.read(project, tmp_path / "out")
    assert (reading.n_new, reading.n_unscored, reading.n_failed) == (2, 0, 0)


def test_votes_and_both_orders_of_a_pair_wait_for_one_another(tmp_path: Path) -> None:
    template = shipped_for(ScoringRule.SAMPLED, compares=True)
    project = make_project("Pairs", ScoringRule.SAMPLED, rubric=PAIRS, template=template)
    pair = {"a": "red tent", "b": "gnome"}
    factories.import_items(project, lines=[{"id": "p", "context": "likes tents", "output": pair}])
    (share,) = write(project, tmp_path / "out")
    assert (share.n_cases, share.n_calls) == (1, 10)
    lines = answer_lines(tmp_path / "out")
    bring_back(tmp_path / "out", lines[1:])
    assert batch_results.read(project, tmp_path / "out").n_waiting == 1
    bring_back(tmp_path / "out", lines[:1], "late.jsonl")
    assert batch_results.read(project, tmp_path / "out").n_new == 1
    assert Judgment.objects.get().by_order.keys() == {"ab", "ba"}  # type: ignore[union-attr]


def test_reasons_come_first_and_the_labels_in_a_second_pass(tmp_path: Path) -> None:
    project = make_project("Reasons", ScoringRule.REASONED, n=2)
    write(project, tmp_path / "out")
    bring_back(tmp_path / "out", answer_lines(tmp_path / "out"), "first.jsonl")
    for _ in range(2):  # what is written for the second pass is written anew, not added
        reading = batch_results.read(project, tmp_path / "out")
        assert (reading.n_new, reading.n_followed) == (0, 4)
        assert len(answer_lines(tmp_path / "out", batch_results.FOLLOW_UP)) == 4
    bring_back(tmp_path / "out", answer_lines(tmp_path / "out", batch_results.FOLLOW_UP), "second.jsonl")
    reading = batch_results.read(project, tmp_path / "out")
    assert (reading.n_new, reading.n_waiting, reading.n_unscored) == (4, 0, 0)
    assert not (tmp_path / "out" / batch_results.FOLLOW_UP).exists()
    assert all("No model gave these reasons" in each.text.rationale for each in Judgment.objects.all())  # type: ignore[union-attr]


def test_a_panel_gets_files_of_its_own_for_each_rater(tmp_path: Path) -> None:
    project = make_project("Panel", ScoringRule.CHOICE, ScoringRule.SAMPLED, n=2)
    shares = write(project, tmp_path / "out")
    assert [each.n_calls for each in shares] == [4, 20]
    bring_back(tmp_path / "out", answer_lines(tmp_path / "out"))
    assert batch_results.read(project, tmp_path / "out").n_new == 8
    assert Run.objects.get().status == Run.Status.DONE


@pytest.mark.parametrize(
    ("rule", "server", "said"),
    [
        (ScoringRule.PMI, "vllm 0.32.0", "pmi needs the server's token ids"),
        (ScoringRule.FEW_SHOT, "vllm 0.32.0", "takes chats only"),
        (ScoringRule.CHOICE, "llama.cpp b1", "llama.cpp reads no batch files"),
    ],
)
def test_what_no_file_can_ask_is_refused_before_anything_is_written(
    tmp_path: Path, rule: ScoringRule, server: str, said: str
) -> None:
    project = make_project("Refused", rule, n=1, server_version=server)
    with pytest.raises(InputError, match=said):
        write(project, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not Run.objects.exists()


def test_without_the_tokens_of_the_words_nothing_is_written(tmp_path: Path) -> None:
    project = make_project(n=1)
    with pytest.raises(InputError, match=r"tokens of Yes, No are unknown.*--token-ids Yes=ID,No=ID"):
        batch_files.write(project, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert Run.objects.get().status == Run.Status.CANCELLED


def test_an_endpoint_that_answers_tells_the_tokens(tmp_path: Path) -> None:
    project = make_project(n=1)
    with serve(LoopbackServer()) as server:
        Endpoint.objects.filter(name="gpu").update(base_url=server.url, is_trusted=True)
        (share,) = batch_files.write(project, tmp_path / "out")
    assert share.desk.ids.keys() == {"Yes", "No"}


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    project = make_project(n=1)
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="there already"):
        write(project, tmp_path)
    assert (tmp_path / "note.txt").read_text() == "mine"


def test_the_command_writes_reads_and_says_what_to_do_next(tmp_path: Path) -> None:
    project, folder, out = make_project(n=2), tmp_path / "out", StringIO()
    tokens = ",".join(f"{word}={number}" for word, number in IDS.items())
    call_command("judge_items", project.slug, "--to-batch", str(folder), "--token-ids", tokens, stdout=out)
    assert "4 cases, 4 calls in 1 files" in out.getvalue()
    bring_back(folder, [*answer_lines(folder), "{"])
    call_command("judge_items", project.slug, "--from-batch", str(folder), stdout=out)
    assert "4 new judgments (0 unscored), 0 known, 1 refused\na.jsonl line 5: the line is no JSON" in out.getvalue()
    assert runs.count_left(project) == 0
