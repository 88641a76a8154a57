"""The numbers of the worked example are those that the product would count."""

from __future__ import annotations

import re

import numpy as np
import pytest

from judge.stats import selective
from tests.docs import pages

PAGE = pages.text(pages.ROOT / "docs" / "guarantee.md")
ROWS = re.findall(r"^\| (\.\d\d) \| (\d+) \| (\d+) \| ([\d.]+) % \| ([\d.]+) % \|$", PAGE, re.MULTILINE)


def luck(n_wrong: int, n: int) -> float:
    """In per cent: how often a judge that is wrong 10 % of the time has at most so many wrong."""
    return round(100 * float(selective.binomial_tail(np.array([n_wrong]), np.array([n]), 0.10)[0]), 2)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_chances_of_luck_in_the_table_are_right(row: tuple[str, ...]) -> None:
    _, n, n_wrong, share, told = row
    assert f"{100 * int(n_wrong) / int(n):.1f}" == share
    assert luck(int(n_wrong), int(n)) == float(told)


def test_rows_that_pass_are_those_below_the_first_judges_part_of_delta() -> None:
    part = round(100 * selective.share_of_delta(0.10) / 4, 2)
    assert part == 1.52
    assert f"{part} %" in PAGE
    assert [row[0] for row in ROWS if float(row[4]) <= part] == [".95", ".90"]


@pytest.mark.parametrize("n", [10, 20])
def test_small_tests_prove_nothing(n: int) -> None:
    assert f"({luck(0, n):.2f} %)" in PAGE


def test_forty_without_a_mistake_are_the_least() -> None:
    part = 100 * selective.share_of_delta(0.10) / 4
    assert luck(0, 39) > part > luck(0, 40)
