"""The optimisation over whole frames: a Viterbi search over cuts, places in the song and speeds of the music.

The state at a cut is the place in the song (on a grid of a fraction of a frame) and the speed of the music. A shot of
n frames leads from place x to x + n · speed; all places move by the same amount, so that a step is a few shifted
minima of whole rows. Every start of the song is weighed at once. What the grid rounds off, `timemap` puts right.
Where the fine grid would be too large, a coarse one finds the way and the fine one is laid around that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.planning.costs import slope_change_cost
from music_cog_online.studio.planning.problem import Answer, Problem, cut_cost
from music_cog_online.studio.planning.units import Length, Unit

__all__ = ["search"]

Row = NDArray[np.float32]

_FINE, _COARSE = (240, 0.0025), (60, 0.005)
_MOST_STATES = 12_000_000
_CORRIDOR_S = 2.0
_FAR = np.float32(1e9)


@dataclass(slots=True)
class _Lattice:
    """The grid, and the cost of reaching each of its states.

    Attributes:
        problem: The question.
        per_frame: Grid points a frame.
        speeds: The speeds of the music that are tried, ascending, shape (s,).
        size: Number of places in the song.
        bends: Allowed changes of speed: (index after, index before, cost).
        shortest: Least number of frames before each unit, and in all, shape (units + 1,).
        longest: Most frames before each unit, and in all, shape (units + 1,).
        rows: Cost of reaching (cut, speed, place), the place counted from `first` of that cut.
        first: First place of each cut's rows.
        corridor: A known way in seconds, shape (units + 1,), around which to stay; None for everywhere.
    """

    problem: Problem
    per_frame: int
    speeds: NDArray[np.float64]
    size: int
    bends: list[tuple[int, int, np.float32]]
    shortest: NDArray[np.int64]
    longest: NDArray[np.int64]
    rows: list[Row] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    corridor: NDArray[np.float64] | None = None

    def place_s(self, place: int) -> float:
        return place / self.per_frame * self.problem.frame_s

    def bounds(self, index: int) -> tuple[int, int]:
        """First and one past the last place at which unit `index` can open."""
        slowest, fastest = (self.per_frame * (1 + sign * self.problem.caps.music) for sign in (-1, 1))
        low_s, high_s = self.problem.start_s
        unit, slack = self.per_frame / self.problem.frame_s, len(self.shortest) + 1
        low = int(low_s * unit + self.shortest[index] * slowest) - slack
        high = int(high_s * unit + self.longest[index] * fastest) + slack
        high = min(high, self.size - int((self.shortest[-1] - self.shortest[index]) * slowest) + slack)
        if self.corridor is not None:
            low = max(low, int((self.corridor[index] - _CORRIDOR_S) * unit))
            high = min(high, int((self.corridor[index] + _CORRIDOR_S) * unit))
        low = max(0, low)
        return low, max(low + 1, min(self.size, high))

    def shifts(self, index: int) -> NDArray[np.int64]:
        """How far the place moves during unit `index`, shape (speeds, lengths).

        The untouched lengths are rounded as sums from the first cut on, so that an untouched picture does not drift.
        """
        before = sum(unit.frames for unit in self.problem.units[:index])
        after = before + self.problem.units[index].frames
        plain = np.rint(after * self.per_frame * self.speeds) - np.rint(before * self.per_frame * self.speeds)
        extra = np.array([length.by_frames for length in self.problem.lengths[index]]) * self.per_frame
        return (plain[:, None] + np.rint(extra[None, :] * self.speeds[:, None])).astype(np.int64)


def search(problem: Problem) -> Answer | None:
    """Finds the lengths of the units and, on the grid, their places in the song.

    Returns:
        The cheapest answer; None when no start lets the picture end within the song.
    """
    lattice = _lattice(problem, *_FINE)
    places = sum(high - low for low, high in map(lattice.bounds, range(len(problem.units) + 1)))
    if places * len(lattice.speeds) > _MOST_STATES:
        coarse = _searched(_lattice(problem, *_COARSE))
        if coarse is None:
            return None
        lattice.corridor = coarse.places_s
        return _searched(lattice) or coarse
    return _searched(lattice)


def _searched(lattice: _Lattice) -> Answer | None:
    _forward(lattice)
    return _backward(lattice)


def _lattice(problem: Problem, grid_per_s: int, step: float) -> _Lattice:
    per_frame = max(1, round(grid_per_s * problem.frame_s))
    size = int(problem.course.duration_s / problem.frame_s * per_frame + 1e-6) + 1
    speeds = _speeds(problem, step)
    changes = [[unit.frames + length.by_frames for length in lengths] for unit, lengths in _choices(problem)]
    shortest, longest = (np.concatenate([[0], np.cumsum([pick(one) for one in changes])]) for pick in (min, max))
    bends = _bends(problem, speeds)
    return _Lattice(problem, per_frame, speeds, size, bends, shortest.astype(np.int64), longest.astype(np.int64))


def _choices(problem: Problem) -> list[tuple[Unit, tuple[Length, ...]]]:
    return list(zip(problem.units, problem.lengths, strict=True))


def _speeds(problem: Problem, step: float) -> NDArray[np.float64]:
    """A regular choice of speeds, and those at which a beat lasts a whole number of frames."""
    cap = problem.caps.music
    count = int(cap / step + 1e-9)
    speeds = set(np.round(np.arange(-count, count + 1) * step, 6))
    if len(problem.course.beats_s) > 2:
        period = float(np.median(np.diff(problem.course.beats_s))) / problem.frame_s
        speeds |= {period / round(period) - 1} if round(period) and abs(period / round(period) - 1) <= cap else set()
    return 1.0 + np.array(sorted(speeds))


def _forward(lattice: _Lattice) -> None:
    problem = lattice.problem
    low, high = lattice.bounds(0)
    row = np.full((len(lattice.speeds), high - low), _FAR, np.float32)
    first, last = (round(limit / problem.frame_s * lattice.per_frame) for limit in problem.start_s)
    row[:, max(0, first - low) : last - low + 1] = 0.0
    _add_cut_cost(lattice, 0, row, low)
    for index in range(len(problem.units)):
        lattice.rows.append(row)
        lattice.first.append(low)
        leaving = row if index == 0 else _bend(lattice, row)
        low, row = _step(lattice, index, leaving, low)
        _add_cut_cost(lattice, index + 1, row, low)
    lattice.rows.append(row)
    lattice.first.append(low)


def _add_cut_cost(lattice: _Lattice, index: int, row: Row, low: int) -> None:
    problem = lattice.problem
    places_s = (low + np.arange(row.shape[1])) / lattice.per_frame * problem.frame_s
    row += cut_cost(problem, index, places_s).astype(np.float32)


def _bend(lattice: _Lattice, row: Row) -> Row:
    """Cheapest cost of leaving each place with each speed, whatever speed it was reached with."""
    best = row.copy()
    other = np.empty(row.shape[1], np.float32)
    for into, out_of, cost in lattice.bends:
        np.add(row[out_of], cost, out=other)
        np.minimum(best[into], other, out=best[into])
    return best


def _bends(problem: Problem, speeds: NDArray[np.float64]) -> list[tuple[int, int, np.float32]]:
    cap, prices = problem.caps.music_step, problem.prices
    pairs = ((a, b) for a in range(len(speeds)) for b in range(len(speeds)) if a != b)
    changes = ((a, b, float(speeds[a] - speeds[b])) for a, b in pairs)
    return [(a, b, np.float32(slope_change_cost(c, prices))) for a, b, c in changes if abs(c) <= cap + 1e-9]


def _step(lattice: _Lattice, index: int, leaving: Row, low: int) -> tuple[int, Row]:
    """Cost of reaching the next cut."""
    problem = lattice.problem
    next_low, next_high = lattice.bounds(index + 1)
    width = max(1, next_high - next_low)
    row = np.full((len(lattice.speeds), width), _FAR, np.float32)
    stretch = problem.prices.stretch * 100.0 * np.abs(lattice.speeds - 1)
    shifts = lattice.shifts(index) + low - next_low
    scratch = np.empty(leaving.shape[1], np.float32)
    for speed in range(len(lattice.speeds)):
        for choice, length in enumerate(problem.lengths[index]):
            shift = int(shifts[speed, choice])
            start, end = max(0, -shift), min(leaving.shape[1], width - shift)
            if start < end:
                cost = np.float32(length.cost + stretch[speed])
                moved = np.add(leaving[speed, start:end], cost, out=scratch[: end - start])
                target = row[speed, start + shift : end + shift]
                np.minimum(target, moved, out=target)
    return next_low, row


def _backward(lattice: _Lattice) -> Answer | None:
    problem = lattice.problem
    last = lattice.rows[-1]
    speed, column = (int(i) for i in np.unravel_index(int(np.argmin(last)), last.shape))
    if last[speed, column] >= _FAR / 2:
        return None
    place = column + lattice.first[-1]
    places, lengths = [place], []
    for index in range(len(problem.units) - 1, -1, -1):
        sources = [(speed, 0.0)] + ([(b, float(c)) for a, b, c in lattice.bends if a == speed] if index else [])
        row, shifts = lattice.rows[index], lattice.shifts(index)[speed]
        columns = place - lattice.first[index] - shifts
        options = [
            (float(row[source, column]) + cost + length.cost, source, int(shift), length)
            for length, shift, column in zip(problem.lengths[index], shifts, columns, strict=True)
            if 0 <= column < row.shape[1]
            for source, cost in sources
        ]
        _, speed, shift, length = min(options, key=lambda option: option[0])
        place -= shift
        places.append(place)
        lengths.append(length)
    places_s = np.array([lattice.place_s(place) for place in reversed(places)])
    return Answer(tuple(reversed(lengths)), places_s)
