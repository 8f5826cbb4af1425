"""The music's time map: the smoothest one that puts the beats on their cuts.

Once the cuts' frames and their beats are chosen, the map is a linear programme: distances between beats and cuts
against changes of the music's speed (the L1 trend filter of Kim, Koh, Boyd and Gorinevsky, SIAM Review 51, 2009),
which leaves few points at which the speed changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.planning.problem import Answer, Problem

__all__ = ["anchors", "smoothed"]

Floats = NDArray[np.float64]

_LATE_FRAMES = 0.5
_STRAIGHT_S = 2e-4
_END_SLACK_S = 0.05


@dataclass(frozen=True, slots=True)
class _Programme:
    """Variables: places, then |distance| and lateness of each hit, |bend| of each cut, |stretch| of each unit."""

    times_s: Floats
    hits: NDArray[np.int64]
    targets_s: Floats

    def sizes(self) -> list[int]:
        count = len(self.times_s)
        return [count, len(self.hits), len(self.hits), max(0, count - 2), count - 1]

    def matrix(self, cap: float, end_s: float) -> tuple[Any, Floats]:
        """Left and right side of the inequalities."""
        from scipy import sparse

        count, hits = len(self.times_s), len(self.hits)
        inverse: Any = 1 / np.diff(self.times_s)
        speed = sparse.diags_array([-inverse, inverse], offsets=[0, 1], shape=(count - 1, count))
        bend = sparse.csr_array(speed)[1:] - sparse.csr_array(speed)[:-1]
        pick = sparse.csr_array((np.ones(hits), (np.arange(hits), self.hits)), shape=(hits, count))
        last = sparse.csr_array(([1.0], ([0], [count - 1])), shape=(1, count))
        one, bends, ones = sparse.eye_array(hits), sparse.eye_array(max(0, count - 2)), sparse.eye_array(count - 1)
        rows: list[tuple[list[Any], Floats]] = [
            ([pick, -one, None, None, None], self.targets_s),
            ([-pick, -one, None, None, None], -self.targets_s),
            ([None, one, -one, None, None], np.full(hits, _LATE_FRAMES)),
            ([bend, None, None, -bends, None], np.zeros(max(0, count - 2))),
            ([-bend, None, None, -bends, None], np.zeros(max(0, count - 2))),
            ([speed, None, None, None, -ones], np.ones(count - 1)),
            ([-speed, None, None, None, -ones], -np.ones(count - 1)),
            ([speed, None, None, None, None], np.full(count - 1, 1 + cap)),
            ([-speed, None, None, None, None], np.full(count - 1, cap - 1)),
            ([last, None, None, None, None], np.array([end_s])),
        ]
        sizes = self.sizes()
        full = [
            [sparse.csr_array((len(limit), size)) if b is None else b for b, size in zip(blocks, sizes, strict=True)]
            for blocks, limit in rows
            if len(limit)
        ]
        return sparse.block_array(full, format="csr"), np.concatenate([limit for _, limit in rows])


def smoothed(problem: Problem, answer: Answer) -> Answer:
    """The answer with its places moved off the grid; lengths and beats stay.

    Args:
        problem: The question.
        answer: What the search found; its places may break the caps by the grid's rounding.

    Returns:
        An answer inside the caps, unless the music may start at one place only and this one breaks them.
    """
    frames = answer.cut_frames(problem.units).astype(np.float64)
    targets = _targets(problem, answer)
    hits = np.flatnonzero(~np.isnan(targets))
    # Times in frames keep the programme well scaled.
    programme = _Programme(frames, hits, targets[hits] / problem.frame_s)
    return replace(answer, places_s=_solve(problem, programme) * problem.frame_s)


def anchors(times_s: Sequence[float] | Floats, places_s: Floats) -> tuple[tuple[float, float], ...]:
    """The points of a time map that cannot be left out without moving the others by more than 0.2 ms."""
    times = np.asarray(times_s, np.float64)
    keep = [0, len(times) - 1]

    def split(left: int, right: int) -> None:
        inner = np.arange(left + 1, right)
        if not len(inner):
            return
        share = (times[inner] - times[left]) / (times[right] - times[left])
        off = np.abs(places_s[left] + share * (places_s[right] - places_s[left]) - places_s[inner])
        if off.max() > _STRAIGHT_S:
            worst = int(inner[int(np.argmax(off))])
            keep.append(worst)
            split(left, worst)
            split(worst, right)

    split(0, len(times) - 1)
    return tuple((float(times[index]), float(places_s[index])) for index in sorted(keep))


def _targets(problem: Problem, answer: Answer) -> Floats:
    """Course time of the beat that each cut is to meet, NaN for none; shape (units + 1,)."""
    targets = np.full(len(answer.places_s), np.nan)
    beats = problem.course.beats_s
    if len(beats):
        for index in range(1, len(problem.units)):
            nearest = beats[int(np.argmin(np.abs(beats - answer.places_s[index])))]
            if abs(nearest - answer.places_s[index]) <= problem.prices.hit_frames * problem.frame_s:
                targets[index] = nearest
    return targets


def _solve(problem: Problem, programme: _Programme) -> Floats:
    """Places in frames with the least sum of distances, bends and stretch, shape (units + 1,)."""
    from scipy.optimize import linprog

    prices, caps = problem.prices, problem.caps
    costs = [0.0, prices.offset, prices.offset_late, 100.0 * prices.bend_percent, 100.0 * prices.stretch]
    sizes = programme.sizes()
    matrix, limits = programme.matrix(caps.music, (problem.course.duration_s + _END_SLACK_S) / problem.frame_s)
    low = np.repeat([-np.inf, 0.0, 0.0, 0.0, 0.0], sizes)
    high = np.repeat([np.inf, np.inf, np.inf, caps.music_step, np.inf], sizes)
    low[0], high[0] = (limit / problem.frame_s for limit in problem.start_s)
    bounds: Any = np.column_stack([low, high])
    found = linprog(np.repeat(np.array(costs), sizes), A_ub=matrix, b_ub=limits, bounds=bounds, method="highs")
    if found.x is None:
        raise AssertionError(f"the time map's programme has no solution: {found.message}")
    places: Floats = np.asarray(found.x, np.float64)[: sizes[0]]
    return places
