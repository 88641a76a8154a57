"""`manage.py certify` on whatever a team may bring: an answer that is defined, or a refusal that says what to do.

Every project here was judged and labelled elsewhere and never called a model.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from judge.models import AgreedLabel, Certificate, Decision, Item, Judge, Project

pytestmark = pytest.mark.django_db(transaction=True)

TWO = ("fits", "weak")
THREE = ("fits", "weak", "off")
#: item number → label → probability, or what stands in a line instead.
type Says = Callable[[int], dict[str, float] | float | str]


def run(*words: str) -> str:
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


def sure(label: str, p: float, scale: Sequence[str] = TWO) -> dict[str, float]:
    return {each: p if each == label else (1 - p) / (len(scale) - 1) for each in scale}


def truth(i: int) -> str:
    return TWO[i * 7919 % 3 % 2]


def bring(
    folder: Path,
    judge: Says | None,
    *,
    people: Sequence[Callable[[int], str]] = (truth, truth, truth),
    n: int = 300,
    n_labelled: int = 200,
    scale: Sequence[str] = TWO,
    sample: bool = True,
    reference: str = "three",
) -> Project:
    """``n`` items, judged all; of ``n_labelled``, drawn at random, people say what ``people`` say."""
    rubric = {
        "name": "small", "criteria": [{"key": "relevance", "question": "Does it fit?", "scale": [
            {"key": key, "passes": key == "fits"} for key in scale]}],
    }  # fmt: skip
    (folder / "rubric.yaml").write_text(json.dumps(rubric))
    items = [{"id": f"i{i}", "context": f"person {i}", "output": f"tag {i}"} for i in range(n)]
    run("create_project", "Elsewhere", "--rubric", str(folder / "rubric.yaml"), "--judge", "none")
    run("import_items", "elsewhere", str(write(folder / "items.jsonl", items)), "--frame", "spring")
    lines = [line(i, "model", "judge") | {"probs": judge(i)} for i in range(n)] if judge else []
    chosen = random.Random(5).sample(range(n), n_labelled)
    lines += [
        line(i, f"person {k}", "person") | {"label": says(i)} for k, says in enumerate(people) for i in chosen
    ]  # fmt: skip
    declared = ["--sample", "random", "--reference", reference] if sample else []
    if lines:
        run("import_judgments", "elsewhere", str(write(folder / "said.jsonl", lines)), *declared)
    return Project.objects.get(slug="elsewhere")


def line(i: int, rater: str, kind: str) -> dict[str, object]:
    return {"item_id": f"i{i}", "criterion": "relevance", "rater": rater, "kind": kind}


def write(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def right(i: int) -> dict[str, float]:
    """Always right, never equally sure of two cases."""
    return sure(truth(i), 0.9 + i / 10_000)


def wrong(i: int) -> dict[str, float]:
    return sure(TWO[1 - TWO.index(truth(i))], 0.9 + i / 10_000)


def accepted() -> int:
    return Decision.objects.filter(route="accept").count()


def test_with_too_few_labels_nothing_is_accepted(tmp_path: Path) -> None:
    """About 12 certify cases, all of them right: at level .0152 it takes 40 at least."""
    bring(tmp_path, right, n_labelled=24)
    assert "not certified: nothing is accepted" in run("certify", "elsewhere")
    assert accepted() == 0


def test_where_all_agree_everything_that_may_be_is_accepted(tmp_path: Path) -> None:
    bring(tmp_path, lambda i: sure("fits", 0.9 + i / 10_000), people=[lambda i: "fits"] * 3)
    assert "certified: accepts from confidence" in run("certify", "elsewhere")
    n_open = Item.objects.filter(stream="open").count()
    assert n_open == 100
    assert 0.8 * n_open <= accepted() <= n_open


def test_where_all_disagree_nothing_is_accepted(tmp_path: Path) -> None:
    bring(tmp_path, wrong)
    assert "not certified: nothing is accepted" in run("certify", "elsewhere")
    assert accepted() == 0


@pytest.mark.parametrize(("says", "n"), [(lambda i: sure(truth(i), 0.8), 100), (lambda i: sure("fits", 0.8), 0)])
def test_constant_confidence_accepts_all_or_nothing(tmp_path: Path, says: Says, n: int) -> None:
    bring(tmp_path, says)
    run("certify", "elsewhere")
    assert accepted() == n


def test_ties_at_the_top_are_never_cut(tmp_path: Path) -> None:
    """58 in 100 cases have the very same confidence, and there the judge is right."""
    easy = {i for i in range(300) if i % 50 < 29}
    bring(tmp_path, lambda i: sure(truth(i), 0.999) if i in easy else sure(TWO[i % 2], 0.55 + i / 10_000))
    run("certify", "elsewhere")
    taken = set(Item.objects.filter(cases__decisions__route="accept").values_list("identity", flat=True))
    tied = {f"i{i}" for i in easy} & set(Item.objects.filter(stream="open").values_list("identity", flat=True))
    assert tied <= taken, "all of them or none"


@pytest.mark.parametrize(
    ("probs", "told"),
    [
        ('{"fits": NaN, "weak": 0.1}', "NaN"),
        ('{"fits": 1.3, "weak": -0.3}', "1.3"),
        ('{"fits": 0.9, "weak": 0.9}', "1.8"),
        ('"sure"', "probs"),
        ('{"gud": 1.0}', '"gud"'),
    ],
)
def test_probabilities_that_are_none_are_refused_with_their_line(tmp_path: Path, probs: str, told: str) -> None:
    bring(tmp_path, None, n=3, n_labelled=0)
    first = json.dumps(line(0, "model", "judge") | {"probs": {"fits": 0.9, "weak": 0.1}})
    second = json.dumps(line(1, "model", "judge"))[:-1] + f', "probs": {probs}}}'
    (tmp_path / "said.jsonl").write_text(f"{first}\n{second}\n")
    assert "1 rejected" in run("import_judgments", "elsewhere", str(tmp_path / "said.jsonl"))
    (rejected,) = (json.loads(each) for each in (tmp_path / "said.jsonl.rejected.jsonl").read_text().splitlines())
    assert rejected["line"] == 2
    assert told in rejected["problem"], rejected["problem"]


def test_one_rater_measures_nothing_unless_declared_to_be_the_reference(tmp_path: Path) -> None:
    bring(tmp_path, right, people=[truth])
    said = run("certify", "elsewhere")
    assert "no test yet" in said
    assert "wait for people" in said
    assert not Certificate.objects.exists()


def test_one_rater_declared_to_be_the_reference_certifies_and_the_words_say_so(tmp_path: Path) -> None:
    bring(tmp_path, right, people=[truth], reference="single")
    assert "reference: one answer" in run("certify", "elsewhere")
    assert accepted() > 0


def test_label_that_nobody_used_is_no_trouble(tmp_path: Path) -> None:
    bring(tmp_path, lambda i: sure(truth(i), 0.9 + i / 10_000, THREE), scale=THREE)
    assert "certified: accepts from confidence" in run("certify", "elsewhere")
    assert not AgreedLabel.objects.filter(label="off").exists()


def test_where_people_have_no_majority_the_judge_is_wrong_whatever_it_says(tmp_path: Path) -> None:
    people = [lambda i, k=k: THREE[(i + k) % 3] for k in range(3)]
    bring(tmp_path, lambda i: sure(truth(i), 0.9 + i / 10_000, THREE), people=people, scale=THREE)
    assert "not certified" in run("certify", "elsewhere")
    assert accepted() == 0


def test_people_who_split_on_a_fifth_of_the_cases_cost_that_much(tmp_path: Path) -> None:
    """Three people split three ways on 1 case in 5, and each of these is an error: .2 is above .1 and below .45."""
    people = [lambda i, k=k: THREE[(i + k) % 3] if i % 5 == 0 else truth(i) for k in range(3)]
    bring(tmp_path, lambda i: sure(truth(i), 0.9 + i / 10_000, THREE), people=people, scale=THREE)
    assert "not certified" in run("certify", "elsewhere", "--alpha", "0.1")
    assert "certified: accepts" in run("certify", "elsewhere", "--alpha", "0.45")


@pytest.mark.parametrize("words", [["--alpha", each] for each in ("0", "1", "-0.1", "1.5", "nan")] + [["--delta", "0"]])
def test_alpha_and_delta_are_shares(tmp_path: Path, words: list[str]) -> None:
    bring(tmp_path, right, n=5, n_labelled=5)
    with pytest.raises(CommandError, match=r"expected: a number above 0 and below 1"):
        run("certify", "elsewhere", *words)
    assert not Certificate.objects.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--frame", "autumn"], r'there is no frame "autumn" \(expected: spring\)'),
        (["--judge", "9"], "there is no judge 9"),
        (["--looks", "20", "10"], "the looks are 20 10"),
        (["--looks", "0", "10"], "the looks are 0 10"),
        (["--looks", "10", "10"], "the looks are 10 10"),
    ],
)
def test_what_is_not_there_or_does_not_rise_is_refused(tmp_path: Path, words: list[str], told: str) -> None:
    bring(tmp_path, right, n=5, n_labelled=5)
    with pytest.raises(CommandError, match=told):
        run("certify", "elsewhere", *words)


def test_project_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    bring(tmp_path, None, n=2, n_labelled=0)
    with pytest.raises(CommandError, match=r'there is no project "nowhere" \(expected: elsewhere\)'):
        run("certify", "nowhere")


def test_look_waits_until_there_are_as_many_cases_and_all_are_answered(tmp_path: Path) -> None:
    bring(tmp_path, right)
    n = Item.objects.filter(stream="certify").count()
    said = run("certify", "elsewhere", "--looks", str(n - 10), str(n + 50))
    assert "relevance: certified" in said
    again = run("certify", "elsewhere", "--looks", str(n - 10), str(n + 50))
    assert f"the look is at {n + 50} certify cases, and there are {n}" in again
    assert Certificate.objects.count() == 1


def test_project_without_a_judge_is_told_what_to_do(tmp_path: Path) -> None:
    bring(tmp_path, None, n=3, n_labelled=3)
    with pytest.raises(CommandError, match=r"no judge has spoken in Elsewhere\. Run: manage\.py judge_items elsewhere"):
        run("certify", "elsewhere")
    assert not Judge.objects.exists()


def test_project_without_items_is_told_what_to_do(tmp_path: Path) -> None:
    bring(tmp_path, None, n=1, n_labelled=0)
    run("create_project", "Bare", "--rubric", str(tmp_path / "rubric.yaml"), "--judge", "scripted")
    with pytest.raises(CommandError, match=r"Bare has no items yet\. Import some first"):
        run("certify", "bare")


def test_people_who_chose_what_to_label_prove_nothing(tmp_path: Path) -> None:
    """Without ``--sample random`` imported answers teach and never measure: certify cases wait for people here."""
    bring(tmp_path, right, sample=False)
    assert "wait for people" in run("certify", "elsewhere")
    assert accepted() == 0
