from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llm_judge.backends.throttle import LEAST_ROUND, START, Throttle

#: What may happen to a call: an answer after so many seconds, or trouble.
ANSWERS = st.floats(0.001, 60.0).map(lambda seconds: ("answer", seconds))
HAPPENINGS = st.lists(st.one_of(ANSWERS, st.sampled_from([("refused", 0.1), ("failed", 0.1)])), max_size=400)


def full_round(throttle: Throttle, seconds: float = 0.05) -> None:
    """As many answers as there are calls under way at one time."""
    for _ in range(int(throttle.limit)):
        throttle.note_answer(seconds, is_used=True)


@given(most=st.integers(1, 1000), happenings=HAPPENINGS, is_used=st.booleans())
def test_the_limit_never_leaves_its_bounds(most: int, happenings: list[tuple[str, float]], is_used: bool) -> None:
    throttle, now = Throttle(most), 0.0
    for what, seconds in happenings:
        now += seconds
        before = throttle.limit
        if what == "answer":
            throttle.note_answer(seconds, is_used=is_used)
            assert before <= throttle.limit <= before + 1
        else:
            throttle.note_trouble(now - seconds, now, is_refused=what == "refused")
            assert throttle.limit in (before, max(1.0, before / 2))
        assert 1 <= throttle.limit <= most


def test_a_server_that_keeps_its_pace_gets_all_it_may_have_within_a_few_round_trips() -> None:
    throttle = Throttle(512)
    limits = [throttle.limit]
    while throttle.limit < 512:
        full_round(throttle)
        limits.append(throttle.limit)
    assert limits == [START, 16, 32, 64, 128, 256, 512]


def test_an_idle_server_earns_no_growth() -> None:
    throttle = Throttle(512)
    for _ in range(1000):
        throttle.note_answer(0.05, is_used=False)
    assert throttle.limit == START


def test_growth_slows_where_answers_take_longer_and_ends_where_they_take_much_longer() -> None:
    throttle = Throttle(512)
    full_round(throttle)
    for _ in range(200):
        throttle.note_answer(0.1, is_used=True)  # twice as long: one more for each round trip
    assert 16 < throttle.limit < 32
    for _ in range(40):
        throttle.note_answer(1.0, is_used=True)
    before = throttle.limit
    for _ in range(1000):
        throttle.note_answer(1.0, is_used=True)
    assert throttle.limit == before


def test_a_pace_that_lasts_becomes_the_usual_one() -> None:
    throttle = Throttle(64)
    full_round(throttle)
    for _ in range(100_000):
        throttle.note_answer(1.0, is_used=True)
    assert throttle.limit == 64


@given(limit_rounds=st.integers(0, 6), n_failed=st.integers(LEAST_ROUND, 600), is_refused=st.booleans())
def test_one_burst_halves_once_however_many_calls_it_takes_down(
    limit_rounds: int, n_failed: int, is_refused: bool
) -> None:
    throttle = Throttle(512)
    for _ in range(limit_rounds):
        full_round(throttle)
    before = throttle.limit
    for number in range(max(n_failed, int(before))):  # all of them began before the first of them failed
        throttle.note_trouble(9.9, 10.0 + number / 1000, is_refused=is_refused)
    assert throttle.limit == before / 2


def test_the_next_round_trip_may_halve_it_again_but_never_below_one() -> None:
    throttle = Throttle(64)
    for second in range(1, 12):
        for _ in range(64):
            throttle.note_trouble(second, second + 0.5, is_refused=False)
    assert throttle.limit == 1


def test_too_many_requests_weighs_twice_as_much_as_other_trouble() -> None:
    def needed(is_refused: bool) -> int:
        throttle = Throttle(8)
        for number in range(1, 100):
            throttle.note_trouble(1.0, 2.0, is_refused=is_refused)
            if throttle.limit < 8:
                return number
        return 0

    assert (needed(False), needed(True)) == (5, 3)  # more than a quarter of 16


def test_a_lone_failure_among_many_answers_halves_nothing() -> None:
    throttle = Throttle(64)
    for number in range(2000):
        throttle.note_answer(0.05, is_used=True)
        if number % 20 == 0:
            throttle.note_trouble(number, number + 0.1, is_refused=False)
    assert throttle.limit == 64


@given(st.integers(1, 8))
def test_it_recovers_after_every_depth_of_trouble(n_bursts: int) -> None:
    throttle = Throttle(256)
    for _ in range(5):
        full_round(throttle)
    for second in range(1, n_bursts + 1):
        for _ in range(300):
            throttle.note_trouble(second, second + 0.5, is_refused=False)
    rounds = 0
    while throttle.limit < 256:
        full_round(throttle)
        rounds += 1
    assert rounds <= 60  # by an eighth each: 2^8 takes ln 256 / ln 1.125 = 47, and by one each at the start


def test_after_an_outage_it_begins_small() -> None:
    throttle = Throttle(256)
    for _ in range(5):
        full_round(throttle)
    throttle.restart()
    assert throttle.limit == START
