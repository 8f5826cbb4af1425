"""The optimisation's question, and the price of an answer.

An answer gives every unit a length in frames and every cut a place in the song. The places are the time map of the
music: its speed between two cuts is the song time between them over the output time between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.planning.costs import PRICES, Prices, hit_cost, slope_change_cost
from music_cog_online.studio.planning.course import Course
from music_cog_online.studio.planning.types import Caps
from music_cog_online.studio.planning.units import Length, Unit
from music_cog_online.studio.timebase import frame_start_s

__all__ = ["Answer", "Problem", "cut_cost", "price", "strongest_cut"]

Floats = NDArray[np.float64]

_AT_BAR_FRAMES = 1.0
_HALF_BAR = 0.4


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be laid out.

    Attributes:
        units: What is shown, in order; unit k opens with cut k.
        lengths: The lengths that each unit may be given.
        course: The song as it may run.
        rate: Output frames per second.
        caps: The limits.
        start_s: Course times between which the music may start.
        drop_cut: Index of the unit that opens with the cut that the user named; None if no cut was named.
        prices: The costs.
    """

    units: tuple[Unit, ...]
    lengths: tuple[tuple[Length, ...], ...]
    course: Course
    rate: Fraction
    caps: Caps
    start_s: tuple[float, float]
    drop_cut: int | None = None
    prices: Prices = PRICES

    @property
    def frame_s(self) -> float:
        """Length of an output frame."""
        return frame_start_s(1, self.rate)


@dataclass(frozen=True, slots=True)
class Answer:
    """A way to lay it out.

    Attributes:
        lengths: The length of each unit.
        places_s: Course time at the start of each unit and at the end of the last, shape (units + 1,).
    """

    lengths: tuple[Length, ...]
    places_s: Floats

    def cut_frames(self, units: Sequence[Unit]) -> NDArray[np.int64]:
        """Output frame at the start of each unit and at the end of the last, shape (units + 1,)."""
        frames = [unit.frames + length.by_frames for unit, length in zip(units, self.lengths, strict=True)]
        return np.concatenate([[0], np.cumsum(frames)]).astype(np.int64)

    def slopes(self, problem: Problem) -> Floats:
        """Speed of the music during each unit, 1 for the song's own."""
        spans: Floats = np.diff(self.places_s) / (np.diff(self.cut_frames(problem.units)) * problem.frame_s)
        return spans


def strongest_cut(units: Sequence[Unit]) -> int | None:
    """Index of the unit with the strongest opening cut, the rise of activity deciding between equals."""
    if len(units) < 2:
        return None
    rises = [units[k].strength + 0.2 * (units[k].activity - units[k - 1].activity) for k in range(1, len(units))]
    return 1 + int(np.argmax(rises))


def cut_cost(problem: Problem, index: int, places_s: Floats) -> Floats:
    """Cost of opening unit `index` at each of the places.

    Args:
        problem: The question.
        index: Index of the unit; that of no unit (their number) means the end, 0 the start.
        places_s: Course times, any shape.

    Returns:
        Points, of the same shape.
    """
    prices = problem.prices
    if index == 0:
        return _ragged(problem, places_s, prices.ragged_start) + _quiet_cost(problem, places_s)
    if index == len(problem.units):
        return _ragged(problem, places_s, prices.ragged_end)
    places_s = np.asarray(places_s, np.float64)
    met = _sync_cost(problem, index, places_s) + _drop_cost(problem, index, places_s)
    return met + _mood_cost(problem, index, places_s)


def price(problem: Problem, answer: Answer) -> float:
    """The whole cost of an answer, with hits up to a frame; infinite if it breaks a cap."""
    problem = replace(problem, prices=replace(problem.prices, hit_frames=1.0))
    slopes = answer.slopes(problem)
    caps, prices = problem.caps, problem.prices
    steps = np.diff(slopes)
    if np.any(np.abs(slopes - 1) > caps.music + 1e-9) or np.any(np.abs(steps) > caps.music_step + 1e-9):
        return float("inf")
    touched = any(length.by_frames for length in answer.lengths)
    total = sum(length.cost for length in answer.lengths) + (prices.touch if touched else 0.0)
    total += sum(float(cut_cost(problem, index, place)) for index, place in enumerate(answer.places_s))
    total += prices.stretch * 100.0 * float(np.abs(slopes - 1).sum())
    total += sum(slope_change_cost(float(step), prices) for step in steps if abs(step) > 1e-7)
    return float(total)


def _ragged(problem: Problem, places_s: Floats, points: float) -> Floats:
    """Nothing where a section starts or ends, half on a bar line, all elsewhere."""
    course, near_s = problem.course, _AT_BAR_FRAMES * problem.frame_s
    off_bar = _distance(places_s, course.beats_s[course.bar == 1]) > near_s
    off_phrase = _distance(places_s, course.phrases_s) > near_s
    return points * np.where(off_phrase, np.where(off_bar, 1.0, 0.5), 0.0)


def _quiet_cost(problem: Problem, places_s: Floats) -> Floats:
    """More for a start after which the song is calm, on average over the length of the picture."""
    course = problem.course
    if not len(course.beats_s):
        return np.zeros_like(places_s)
    ends = np.append(course.beats_s[1:], max(course.music_end_s, course.beats_s[-1]))
    total = np.concatenate([[0.0], np.cumsum(course.energy * (ends - course.beats_s))])
    marks = np.append(course.beats_s, ends[-1])
    length_s = sum(unit.frames for unit in problem.units) * problem.frame_s
    heard = np.interp(places_s + length_s, marks, total) - np.interp(places_s, marks, total)
    cost: Floats = problem.prices.quiet * (1.0 - heard / length_s)
    return cost


def _sync_cost(problem: Problem, index: int, places_s: Floats) -> Floats:
    prices, beats = problem.prices, problem.course.beats_s
    strength = problem.units[index].strength
    if not len(beats):
        return np.zeros_like(places_s)
    nearest = _nearest(places_s, beats)
    distance = np.abs(places_s - beats[nearest])
    frames = distance / problem.frame_s
    gaps = np.diff(beats, append=beats[-1] + 1.0)
    half = np.maximum(gaps[nearest] / 2, problem.frame_s)
    missed = (0.7 + 0.3 * strength) * (prices.miss + prices.miss_far * np.minimum(1.0, distance / half))
    weak = prices.weak_beat * strength * _weakness(problem.course.bar)[nearest]
    met = hit_cost(frames, prices) + weak
    sure = problem.course.certainty[nearest]
    return np.where(frames <= prices.hit_frames, sure * met + (1 - sure) * missed, missed)


def _weakness(bar: NDArray[np.int64]) -> Floats:
    """0 for a beat that opens a bar, less than 1 for the third of four, 1 for the others."""
    half = (bar == 3) & (int(bar.max(initial=1)) == 4)
    return np.where(bar == 1, 0.0, np.where(half, _HALF_BAR, 1.0))


def _drop_cost(problem: Problem, index: int, places_s: Floats) -> Floats:
    prices, course = problem.prices, problem.course
    cost = np.zeros_like(places_s)
    if not len(course.drops_s) or problem.drop_cut not in (None, index):
        return cost
    reward = prices.drop * _standing(problem.units, index) if problem.drop_cut is None else prices.drop_named
    for drop_s, weight in zip(course.drops_s, course.drop_weights, strict=True):
        share = weight if problem.drop_cut is None else 0.9 + 0.1 * weight
        met = np.abs(places_s - drop_s) <= prices.hit_frames * problem.frame_s
        cost = np.minimum(cost, np.where(met, -reward * share, 0.0))
    return cost


def _standing(units: Sequence[Unit], index: int) -> float:
    """1 for the strongest cut, much less for the others."""
    if index == strongest_cut(units):
        return 1.0
    strongest = max(unit.strength for unit in units[1:]) or 1.0
    return 0.5 * (units[index].strength / strongest) ** 2


def _mood_cost(problem: Problem, index: int, places_s: Floats) -> Floats:
    course, units = problem.course, problem.units
    if len(units) < 3 or len(course.beats_s) < 2:
        return np.zeros_like(places_s)
    ranks = np.argsort(np.argsort(course.energy, kind="stable"), kind="stable") / (len(course.energy) - 1)
    playing = np.clip(np.searchsorted(course.beats_s, places_s + problem.frame_s, "right") - 1, 0, len(ranks) - 1)
    livelier = sum(unit.activity < units[index].activity for unit in units) / (len(units) - 1)
    cost: Floats = problem.prices.mood * np.abs(ranks[playing] - livelier)
    return cost


def _nearest(places_s: Floats, marks_s: Floats) -> NDArray[np.int64]:
    right = np.clip(np.searchsorted(marks_s, places_s), 0, len(marks_s) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(np.abs(places_s - marks_s[left]) <= np.abs(places_s - marks_s[right]), left, right)


def _distance(places_s: Floats, marks_s: Floats) -> Floats:
    if not len(marks_s):
        return np.full_like(places_s, np.inf)
    return np.abs(places_s - marks_s[_nearest(places_s, marks_s)])
