"""Training formats: which items make rows, which pairs and lists they make, and what is left out, with its reason."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction

from judge.actions import export_scope
from judge.actions.export_rows import FORMATS
from judge.actions.export_scope import RESERVED, Scope, Tally
from judge.formats.rubrics import read_rubric
from judge.models import AgreedLabel, Case, Item, Project
from judge.rules.exporting import parse_split
from tests import factories

pytestmark = pytest.mark.django_db

RUBRIC = """
name: graded
criteria:
  - key: clear
    question: Is it clear?
    kind: graded
    scale: [{key: excellent, passes: true}, {key: good, passes: true}, {key: bad, passes: false}]
  - key: safe
    question: Is it safe?
    scale: [{key: safe, passes: true}, {key: unsafe, passes: false}]
"""
#: Labels of the three tiers where three quarters of the marks must be the top one.
TIERS = {"S": ("excellent", "safe"), "A": ("good", "safe"), "B": ("bad", "safe"), "?": ("good", "")}
TRAINING = [name for name in FORMATS if name != "labels"]


@pytest.fixture
def graded(db: None) -> Project:
    return factories.make_project("Graded", rubric=read_rubric(RUBRIC, filename="graded.yaml"), tier_share=0.75)


def label(item: Item, tier: str) -> None:
    given = dict(zip(("clear", "safe"), TIERS[tier], strict=True))
    AgreedLabel.objects.bulk_create(
        AgreedLabel(
            case=case, criterion=case.criterion, label=given[key], basis="consensus", n_people=2, probs={}, p_wrong=0.1
        )
        for key, case in factories.cases_of(item).items()
        if given[key]
    )


def bring(project: Project, *outputs: tuple[str, str], context: Any = "likes tents", **more: Any) -> list[Item]:
    """Items of one context with these (text, tier)."""
    known = Item.objects.filter(project=project).count()
    lines = [{"id": f"i{known + n}", "context": context, "output": text} | more for n, (text, _) in enumerate(outputs)]
    new = factories.import_items(project, lines=lines)[known:]
    for item, (_, tier) in zip(new, outputs, strict=True):
        label(item, tier)
    return new


def export(project: Project, format: str, **scope: Any) -> tuple[list[dict[str, Any]], Tally]:
    rows, tally = export_with_splits(project, format, **scope)
    return [row for _, row in rows], tally


def export_with_splits(
    project: Project, format: str, **scope: Any
) -> tuple[list[tuple[str | None, dict[str, Any]]], Tally]:
    tally = Tally()
    asked = Scope(Project.objects.get(pk=project.pk), **scope)
    with transaction.atomic():
        export_scope.select(asked, tally)
        rows = list(FORMATS[format](asked, tally))
        transaction.set_rollback(True)  # the table of the chosen labels goes with it
    return rows, tally


def test_qualified_items_become_conversations_and_others_are_counted(graded: Project) -> None:
    bring(graded, ("tarp", "S"), ("rope", "A"), ("gnome", "B"), ("peg", "?"))
    rows, tally = export(graded, "sft")
    assert [row["messages"][-1]["content"] for row in rows] == ["tarp", "rope"]
    assert tally.excluded == {"item lacks a label on a criterion": 1}
    rows, _ = export(graded, "sft", variant="prompt-completion")
    assert rows[0] == {"prompt": "likes tents", "completion": "tarp"}


def test_every_decided_item_is_a_row_for_kto(graded: Project) -> None:
    bring(graded, ("tarp", "S"), ("gnome", "B"), ("peg", "?"))
    rows, tally = export(graded, "kto")
    assert rows == [
        {"prompt": "likes tents", "completion": "tarp", "label": True},
        {"prompt": "likes tents", "completion": "gnome", "label": False},
    ]
    assert tally.counts == {"qualified": 1, "not qualified": 1}


def test_one_failed_criterion_decides_before_the_others_are_known(graded: Project) -> None:
    (item,) = bring(graded, ("gnome", "?"))
    case = factories.cases_of(item)["safe"]
    AgreedLabel.objects.create(
        case=case, criterion=case.criterion, label="unsafe", basis="consensus", n_people=2, probs={}
    )
    assert [row["label"] for row in export(graded, "kto")[0]] == [False]


def test_pairs_stay_within_a_context_and_follow_the_tiers(graded: Project) -> None:
    bring(graded, ("tarp", "S"), ("rope", "A"), ("gnome", "B"))
    bring(graded, ("kayak", "A"), ("fork", "B"), context="likes water")
    rows, tally = export(graded, "dpo")
    assert {(row["prompt"], row["chosen"], row["rejected"]) for row in rows} == {
        ("likes tents", "tarp", "gnome"), ("likes tents", "rope", "gnome"), ("likes tents", "tarp", "rope"),
        ("likes water", "kayak", "fork"),
    }  # fmt: skip
    assert tally.counts == {"S > B": 1, "A > B": 2, "S > A": 1}


@pytest.mark.parametrize("tier", ["S", "A", "B"])
def test_one_tier_only_gives_no_pair_and_no_list(graded: Project, tier: str) -> None:
    bring(graded, ("tarp", tier), ("rope", tier))
    assert export(graded, "dpo")[0] == []
    rows, tally = export(graded, "listwise")
    assert (rows, tally.excluded) == ([], {"prompt has no outputs of two tiers": 1})


def test_a_context_with_five_hundred_outputs_gives_ten_pairs_one_list_and_one_prompt(graded: Project) -> None:
    bring(graded, *((f"tag {n}", "A" if n % 2 else "B") for n in range(500)))
    rows, tally = export(graded, "dpo")
    assert len(rows) == 10
    assert tally.excluded == {"pair above the most that one context gives": 250 * 250 - 10}
    ((ranked,), _), ((prompt,), _) = export(graded, "listwise"), export(graded, "grpo")
    assert Counter(each["tier"] for each in ranked["candidates"]) == {"A": 250, "B": 250}
    assert prompt["extra_info"]["n_outputs"] == 500


def test_an_output_that_two_items_hold_in_two_tiers_teaches_no_preference(graded: Project) -> None:
    bring(graded, ("torn", "S"), ("torn", "B"), ("rope", "A"))
    rows, tally = export(graded, "dpo")
    assert rows == []
    assert tally.excluded == {"output is in two tiers within one context": 1}


def test_lists_name_tiers_and_nectar_ranks(graded: Project) -> None:
    bring(graded, ("gnome", "B"), ("tarp", "S"), ("rope", "A"))
    ((row,), _), ((nectar,), _) = export(graded, "listwise"), export(graded, "listwise", variant="nectar")
    assert row == {
        "context": "likes tents",
        "candidates": [{"text": "tarp", "tier": "S"}, {"text": "rope", "tier": "A"}, {"text": "gnome", "tier": "B"}],
    }
    assert [each["rank"] for each in nectar["answers"]] == [1, 2, 3]


def test_an_item_with_a_prompt_of_its_own_is_held_against_items_with_the_same_one(graded: Project) -> None:
    bring(graded, ("tarp", "S"), ("gnome", "B"))
    bring(graded, ("rope", "A"), ("fork", "B"), prompt="One tag, please.")
    rows, _ = export(graded, "dpo")
    assert {(row["prompt"], row["chosen"], row["rejected"]) for row in rows} == {
        ("likes tents", "tarp", "gnome"), ("One tag, please.", "rope", "fork"),
    }  # fmt: skip


def test_compared_pairs_are_pairs_whichever_side_was_better_and_equal_ones_are_none(db: None) -> None:
    rubric = """
name: pairs
criteria:
  - {key: better, question: "Which?", kind: preference, scale: [{key: a}, {key: equal}, {key: b}]}
"""
    project = factories.make_project("Pairs", rubric=read_rubric(rubric, filename="pairs.yaml"))
    lines = [
        {"id": str(n), "context": "likes tents", "output": {"a": f"left {n}", "b": f"right {n}"}} for n in range(3)
    ]
    for item, said in zip(factories.import_items(project, lines=lines), ("a", "b", "equal"), strict=True):
        case = factories.cases_of(item)["better"]
        AgreedLabel.objects.create(
            case=case, criterion=case.criterion, label=said, basis="consensus", n_people=2, probs={}
        )
    rows, tally = export(project, "dpo", dialect="ms-swift")
    assert [(row["messages"][-1]["content"], row["rejected_response"]) for row in rows] == [
        ("left 0", "right 0"), ("right 1", "left 1"),
    ]  # fmt: skip
    assert tally.counts == {"compared": 2}
    assert [export(project, name)[0] for name in ("sft", "kto", "listwise", "grpo")] == [[], [], [], []]


@pytest.mark.parametrize("reason", ["certify", "gold", "reference"])
@pytest.mark.parametrize("format", TRAINING)
def test_nothing_that_measures_judges_trains_anybody(graded: Project, format: str, reason: str) -> None:
    measuring, *_ = bring(graded, ("planted tarp", "S"), ("planted gnome", "B"))
    bring(graded, ("kayak", "S"), ("fork", "B"), context="likes water")
    if reason == "reference":
        Case.objects.filter(item=measuring).update(is_reference=True)
    else:
        Item.objects.filter(pk=measuring.pk).update(stream=reason)
    rows, tally = export(graded, format)
    assert rows, "the other context is there"
    assert "planted" not in str(rows)
    assert "likes tents" not in str(rows)
    assert tally.excluded[RESERVED] == (4 if format == "judge-sft" else 2), "cases of two criteria, or items"


@pytest.mark.parametrize("format", TRAINING)
def test_erased_texts_are_in_no_row(graded: Project, format: str) -> None:
    item, _ = bring(graded, ("erased tarp", "S"), ("rope", "B"))
    Item.objects.filter(pk=item.pk).update(erased_at="2026-11-01T00:00:00Z", output=None)
    rows, _ = export(graded, format)
    assert "erased" not in str(rows)


@pytest.mark.parametrize("format", TRAINING)
def test_the_same_labels_give_the_same_rows_in_whatever_order_they_were_agreed(graded: Project, format: str) -> None:
    other = factories.make_project("Other", rubric=read_rubric(RUBRIC, filename="graded.yaml"), tier_share=0.75)
    outputs = [(f"tag {n}", "SAB"[n % 3]) for n in range(12)]
    lines = [{"id": text, "context": f"person {n % 2}", "output": text} for n, (text, _) in enumerate(outputs)]
    for project, turn in ((graded, 1), (other, -1)):
        made = factories.import_items(project, lines=lines)
        for item, (_, tier) in list(zip(made, outputs, strict=True))[::turn]:
            label(item, tier)
    (one, _), (again, _), (two, _) = export(graded, format), export(graded, format), export(other, format)
    assert one == again
    assert str(one).replace("graded", "other") == str(two)


def test_what_stands_in_a_context_is_never_read_as_a_template(graded: Project) -> None:
    hostile = 'a {context} {0} %s "quoted"\nand 🏕️ \u2028 =1+1'
    bring(graded, (hostile, "S"), context={"who": hostile, "帐篷": [1, None]})
    ((row,), _) = export(graded, "kto")
    assert row["completion"] == hostile
    assert row["prompt"].count("{context}") == 1
    assert "帐篷" in row["prompt"]


def test_rows_of_a_context_go_into_one_part_of_a_split(graded: Project) -> None:
    for n in range(40):
        bring(graded, ("tarp", "S"), ("rope", "A"), ("gnome", "B"), context=f"person {n}", user=f"user {n // 2}")
    rows, _ = export_with_splits(graded, "listwise", split=parse_split(".5/.5"))
    parts = [(row["context"], split) for split, row in rows]
    assert len(parts) == 40
    assert {split for _, split in parts} == {"train", "test"}
    found = dict(parts)
    assert all(found[f"person {n}"] == found[f"person {n + 1}"] for n in range(0, 40, 2)), "no user straddles them"


def test_prompts_for_reinforcement_learning_hold_what_qualified(graded: Project) -> None:
    bring(graded, ("tarp", "S"), ("rope", "A"), ("gnome", "B"))
    bring(graded, ("fork", "B"), context="likes water")
    bring(graded, ("peg", "?"), context="likes nothing")
    rows, tally = export(graded, "grpo", dialect="verl")
    assert rows[0] == {
        "data_source": "graded", "prompt": [{"role": "user", "content": "likes tents"}], "ability": graded.task,
        "reward_model": {"style": "model", "ground_truth": '["tarp", "rope"]'},
        "extra_info": {
            "index": 0, "split": "", "context_id": rows[0]["extra_info"]["context_id"], "n_outputs": 3,
            "n_qualified": 2,
        },
    }  # fmt: skip
    assert [row["extra_info"]["index"] for row in rows] == [0, 1], "nothing is decided in the third"
    assert tally.counts == {"with a qualified output": 1, "without one": 1}


def test_rare_labels_reach_into_older_rounds_and_common_ones_keep_the_newest(graded: Project) -> None:
    """clear: 9 good and 3 bad; equal shares are 6. The 3 bad of round 1 stay; of good only rounds 3 and 2 do."""
    for number, tiers in ((1, "AAABBB"), (2, "AAA"), (3, "AAA")):
        bring(graded, *((f"round {number} {tier} {n}", tier) for n, tier in enumerate(tiers)), round=number)
    rows, tally = export(graded, "judge-sft", variant="label")
    clear = [row for row in rows if row["label"] in ("good", "bad")]
    assert Counter(row["label"] for row in clear) == {"good": 6, "bad": 3}
    assert not any("round 1 A" in str(row) for row in clear)
    assert sum("round 1 B" in str(row) for row in clear) == 3
    assert tally.counts == {
        "clear · good": 6, "clear · good, before rebalancing": 9,
        "clear · bad": 3, "clear · bad, before rebalancing": 3,
        "safe · safe": 12, "safe · safe, before rebalancing": 12,
    }  # fmt: skip
    assert tally.excluded == {"lesson of a common label above its equal share": 3}


def test_lessons_for_a_classifier_do_not_hold_the_answer(graded: Project) -> None:
    bring(graded, ("tarp", "A"))
    rows, _ = export(graded, "judge-sft", variant="label")
    assert [row["label"] for row in rows] == ["good", "safe"]
    assert all(each["role"] != "assistant" for row in rows for each in row["messages"])


def test_contexts_come_one_after_the_other(graded: Project) -> None:
    """Imported in turns, read by context: what makes groups small."""
    for turn in range(2):
        for n in range(3):
            bring(graded, (f"tag {turn}", "S"), context=f"person {n}")
    prompts = [row["prompt"] for row in export(graded, "kto")[0]]
    assert sum(one != other for one, other in pairwise(prompts)) == 2
