"""What a soft label says of itself, by simulation: people of many skills, a boastful judge, errors that go together."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from judge.rules.settling import FINAL, Settlement
from judge.rules.skills import Skills, soft_label
from judge.rules.streams import Stream
from tests.guarantees.crowds import Crowd, calibration_error, settled

N_GOLD, N_BEFORE, N_AFTER = 300, 600, 1500

type Told = tuple[NDArray[np.float64], NDArray[np.bool_]]


class Story:
    """A project before and after its q is calibrated on gold."""

    def __init__(self, n_labels: int, seed: int) -> None:
        accuracy = np.random.default_rng(seed + 1000).uniform(0.6, 0.95, 12)
        self.crowd = Crowd(tuple("abc"[:n_labels]), list(accuracy), boast=3.0, signal=1.5, hard=0.2, seed=seed)
        gold, before, after = (self.crowd.draw(n) for n in (N_GOLD, N_BEFORE, N_AFTER))
        for case in gold:
            self.crowd.ask(case, stream=Stream.GOLD)
        self.before = list(settled(self.crowd, before))
        self.skills = self.crowd.learn(gold)
        self.after = list(settled(self.crowd, after, self.skills))

    def read(self, labels: Iterable[tuple[int, Settlement]]) -> Told:
        found = list(labels)
        is_right = [each.label == self.crowd.truth[case] for case, each in found]
        return np.array([each.soft[str(each.label)] for _, each in found]), np.array(is_right)

    def read_uncalibrated(self) -> Told:
        """The same labels as after calibration, with the q that they would have without it."""
        crowd, known = self.crowd, Skills(self.skills.confusions)
        q = [
            soft_label(crowd.answers[case], crowd.labels, prior=crowd.priors[case], skills=known)[str(each.label)]
            for case, each in self.after
        ]
        return np.array(q), self.read(self.after)[1]


def pool(told: Iterable[Told]) -> Told:
    shares, right = zip(*told, strict=True)
    return np.concatenate(shares), np.concatenate(right)


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return [Story(n_labels, seed) for n_labels in (2, 3) for seed in (1, 2)]


def test_gold_makes_soft_labels_mean_what_they_say(stories: list[Story]) -> None:
    raw = calibration_error(*pool(story.read_uncalibrated() for story in stories))
    told = calibration_error(*pool(story.read(story.after) for story in stories))
    assert raw > 0.08, "a boastful judge and shared errors make q too sure, else this test would prove nothing"
    assert told < 0.05
    assert told < raw / 2


def test_labels_that_q_makes_final_are_wrong_in_five_of_a_hundred_at_most(stories: list[Story]) -> None:
    """Labels below the limit of people asked are final by q alone; two agreeing people before it are the contrast."""
    final = [(s, pair) for s in stories for pair in s.after if pair[1].n_people == 2]
    shares, right = pool(s.read([pair]) for s, pair in final)
    assert shares.min() >= FINAL
    assert len(right) > 800
    assert 1 - right.mean() <= 0.05
    two = pool(s.read(pair for pair in s.before if pair[1].n_people == 2) for s in stories)[1]
    assert 1 - two.mean() > 0.1


def test_a_sure_label_is_wrong_in_five_of_a_hundred_at_most_however_many_people_made_it(stories: list[Story]) -> None:
    shares, right = pool(story.read(story.after) for story in stories)
    sure = shares >= FINAL
    assert sure.sum() > 1000
    assert 1 - right[sure].mean() <= 0.05
