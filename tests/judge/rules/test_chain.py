"""The audit log's chain: every way to tamper with it that leaves a trace, and the one that leaves none in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.rules.chain import START, Fault, Link, check, compare, digest


def make_chain(n: int) -> list[Link]:
    links, previous = list[Link](), START
    for position in range(1, n + 1):
        data = {"n": position, "why": "名", "share": 0.1}
        link = Link(position, 100 + position, 5, None, "judged", f"case:{position}", data, "2026-01-01T00:00:00+00:00")
        links.append(replace(link, hash=(previous := digest(previous, link))))
    return links


def told(links: list[Link]) -> list[tuple[Fault, int]]:
    return [(each.fault, each.position) for each in check(links)]


@pytest.mark.parametrize("n", [0, 1, 8, 9, 40])
def test_an_untouched_chain_holds(n: int) -> None:
    assert told(make_chain(n)) == []


def test_the_hash_is_that_of_the_documented_text() -> None:
    """Anybody can compute it with sha256sum: 64 zeros, a line end, the row's JSON with sorted keys and no spaces."""
    import hashlib

    link = Link(1, 7, None, 2, "paused", "user:3", {"b": 1, "a": "é"}, "2026-01-01T00:00:00.000000+00:00")
    row = (
        '{"by":2,"created_at":"2026-01-01T00:00:00.000000+00:00","data":{"a":"\\u00e9","b":1},"id":7,"position":1,'
        '"project":null,"subject":"user:3","verb":"paused"}'
    )
    assert digest(START, link) == hashlib.sha256(f"{'0' * 64}\n{row}".encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "resumed"}, {"subject": "case:99"}, {"by": 1}, {"project": 6}, {"data": {"n": 4}}, {"id": 1},
        {"created_at": "2026-01-01T00:00:01+00:00"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_changed_row_is_the_one_break(change: dict[str, object]) -> None:
    chain = make_chain(20)
    chain[9] = replace(chain[9], **change)  # type: ignore[arg-type]
    assert told(chain) == [(Fault.CHANGED, 10)]


def test_a_row_changed_with_its_own_hash_breaks_the_next() -> None:
    chain = make_chain(20)
    changed = replace(chain[9], verb="resumed")
    chain[9] = replace(changed, hash=digest(chain[8].hash, changed))
    assert told(chain) == [(Fault.CHANGED, 11)]


def test_removed_rows_are_named() -> None:
    chain = make_chain(20)
    del chain[4:6]
    (found,) = check(chain)
    assert (found.fault, found.position, found.detail) == (Fault.REMOVED, 5, "no row stands at 5 to 6")


def test_the_first_row_is_missed_too() -> None:
    assert told(make_chain(5)[1:]) == [(Fault.REMOVED, 1)]


def test_two_rows_that_changed_places_are_both_told_to_have_moved() -> None:
    chain = make_chain(20)
    chain[6], chain[7] = replace(chain[7], position=7), replace(chain[6], position=8)
    found = list(check(chain))
    assert [(each.fault, each.position, each.id) for each in found] == [
        (Fault.MOVED, 7, 108), (Fault.MOVED, 8, 107), (Fault.MOVED, 9, 109),
    ]  # fmt: skip
    assert [found[0].detail, found[2].detail] == ["it was sealed at position 8", "another row stood before it"]


def test_a_removed_row_whose_followers_were_renumbered_shows() -> None:
    chain = make_chain(12)
    chain = chain[:5] + [replace(each, position=each.position - 1) for each in chain[6:]]
    faults = told(chain)
    assert faults[0] == (Fault.CHANGED, 6)
    assert faults[1:] == [(Fault.MOVED, position) for position in range(7, 12)]


def test_an_inserted_row_shows() -> None:
    chain = make_chain(10)
    false = replace(chain[4], position=6, id=999)
    chain = [*chain[:5], false, *(replace(each, position=each.position + 1) for each in chain[5:])]
    assert (Fault.CHANGED, 6) in told(chain)


def test_a_chain_rewritten_from_some_row_on_holds_but_not_against_a_hash_noted_before() -> None:
    noted = {link.position: link.hash for link in make_chain(20)}
    chain = make_chain(9)
    for link in make_chain(20)[9:]:
        forged = replace(link, verb="forged")
        chain.append(replace(forged, hash=digest(chain[-1].hash, forged)))
    assert told(chain) == []
    assert [each.position for each in compare(chain, noted)] == list(range(10, 21))
    assert {each.fault for each in compare(chain, noted)} == {Fault.UNKNOWN}


def test_a_cut_end_shows_against_a_hash_noted_before() -> None:
    noted = {link.position: link.hash for link in make_chain(20)}
    assert told(make_chain(15)) == []
    assert [(each.fault, each.position) for each in compare(make_chain(15), noted)] == [(Fault.REMOVED, 16)]
    assert list(compare(make_chain(25), noted)) == []


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_single_edit_of_rows_goes_unseen(data: st.DataObject) -> None:
    chain = make_chain(data.draw(st.integers(2, 25)))
    at = data.draw(st.integers(0, len(chain) - 2))
    kind = data.draw(st.sampled_from(["drop", "swap", "edit", "double"]))
    if kind == "drop":
        del chain[at]
    elif kind == "swap":
        chain[at], chain[at + 1] = chain[at + 1], chain[at]
        chain = [replace(link, position=place) for place, link in enumerate(chain, 1)]
    elif kind == "edit":
        chain[at] = replace(chain[at], data={"n": -1})
    else:
        chain = [replace(link, position=place) for place, link in enumerate([*chain[: at + 1], *chain[at:]], 1)]
    assert told(chain)
