"""The optimisation against trying everything."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from music_cog_online.studio.planning.costs import slope_change_cost
from music_cog_online.studio.planning.course import plain
from music_cog_online.studio.planning.match import solve
from music_cog_online.studio.planning.problem import Answer, Problem, cut_cost, price
from music_cog_online.studio.planning.types import Caps
from music_cog_online.studio.planning.units import Unit, lengths_of
from tests.studio.plan_data import song, steady

RATE = Fraction(30)
SPEEDS = (0.98, 0.99, 1.0, 1.01, 1.02)
GRID_PER_S = 240
CLOSE = 6.0  # points: what a quarter of a frame costs on three cuts


def problem_of(frames: list[int], beats_s: list[float], *, drop: int | None = None) -> Problem:
    units = tuple(
        Unit("v", sum(frames[:k]) / 30, n / 30, n, strength=0.5 + 0.1 * k, activity=0.1 * k)
        for k, n in enumerate(frames)
    )
    heard = song(beats_s, drops_s=[beats_s[drop]] if drop is not None else []).listening
    caps = Caps(shot_trim_s=0.0, shot_trim_frames=2, shot_speed=0.03)
    lengths = tuple(lengths_of(unit, caps, RATE, touch=True) for unit in units)
    course = plain(heard)
    return Problem(units, lengths, course, RATE, caps, (0.0, course.duration_s))


def cheapest_of_all(problem: Problem) -> float:
    """The least price over every length, every speed of a coarse choice and every start, by trying them all."""
    places = np.arange(0.0, problem.course.duration_s, 1 / GRID_PER_S)
    costs = [cut_cost(problem, index, places) for index in range(len(problem.units) + 1)]
    runs = [speeds for speeds in product(SPEEDS, repeat=len(problem.units)) if smooth(problem, speeds)]
    best = np.inf
    for lengths in product(*problem.lengths):
        spans_s = np.diff(Answer(lengths, places).cut_frames(problem.units)) * problem.frame_s
        fixed = sum(one.cost for one in lengths)
        fixed += problem.prices.touch if any(one.by_frames for one in lengths) else 0.0
        for speeds in runs:
            moves = np.rint(np.concatenate([[0.0], np.cumsum(spans_s * np.array(speeds))]) * GRID_PER_S).astype(int)
            room = len(places) - moves[-1]
            if room > 0:
                met = sum((cost[move : move + room] for cost, move in zip(costs, moves, strict=True)), np.zeros(room))
                best = min(best, float(met.min()) + fixed + speed_cost(problem, speeds))
    return best


def smooth(problem: Problem, speeds: tuple[float, ...]) -> bool:
    return bool(np.all(np.abs(np.diff(speeds)) <= problem.caps.music_step + 1e-9))


def speed_cost(problem: Problem, speeds: tuple[float, ...]) -> float:
    stretch = problem.prices.stretch * 100 * sum(abs(speed - 1) for speed in speeds)
    return stretch + sum(slope_change_cost(float(step)) for step in np.diff(speeds))


def touched_or_not(problem: Problem) -> float:
    """Price of the planner's own choice between an untouched and a touched picture."""
    kept = replace(problem, lengths=tuple(lengths[:1] for lengths in problem.lengths))
    answers = [(one, solve(one)) for one in (kept, problem)]
    return min(price(one, answer) for one, answer in answers if answer is not None)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    frames=st.lists(st.integers(20, 48), min_size=3, max_size=3),
    bpm=st.floats(90, 170),
    jitter=st.lists(st.floats(-0.03, 0.03), min_size=12, max_size=12),
    drop=st.none() | st.integers(2, 6),
)
def test_no_better_plan_inside_the_caps_is_missed(
    frames: list[int], bpm: float, jitter: list[float], drop: int | None
) -> None:
    beats = [beat + off for beat, off in zip(steady(bpm, 12, start_s=0.2), jitter, strict=True)]
    problem = problem_of(frames, beats, drop=drop)
    assert touched_or_not(problem) <= cheapest_of_all(problem) + CLOSE


def test_an_answer_outside_the_caps_has_no_price() -> None:
    problem = problem_of([30, 30], steady(120, 12))
    lengths = tuple(lengths[0] for lengths in problem.lengths)
    assert price(problem, Answer(lengths, np.array([0.0, 1.0, 2.0]))) < 1000
    assert price(problem, Answer(lengths, np.array([0.0, 1.0, 2.05]))) == float("inf")
    assert price(problem, Answer(lengths, np.array([0.0, 0.975, 2.0]))) == float("inf")


def test_a_song_that_is_too_short_has_no_answer() -> None:
    assert solve(problem_of([60, 60], steady(120, 4))) is None
