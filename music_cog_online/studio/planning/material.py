"""What a montage is made of: stretches of clips without a cut, each shown once, the lively parts first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.planning.types import PictureSource, PlannedShot
from music_cog_online.studio.planning.units import STILL_S
from music_cog_online.studio.timebase import frame_start_s

if TYPE_CHECKING:
    from music_cog_online.studio.watch import Watching

__all__ = ["Reel", "fill", "reels_of"]

Floats = NDArray[np.float64]

_STEP_S = 0.1
_JUMP_S = 0.6
_SLACK_S = 0.05
_STILL_LONGEST_S = 6.0


@dataclass(frozen=True, slots=True)
class Reel:
    """A stretch of a clip without a cut.

    Attributes:
        media: Id of the file.
        from_s: Source time of its first frame.
        to_s: Source time of its end.
        frame_times_s: Source time of its frames, shape (n,); none for a still image.
        activity: How lively each frame is, 0..1, shape (n,).
        speech: Where somebody talks, in source time.
        still: Whether it is a still image.
    """

    media: str
    from_s: float
    to_s: float
    frame_times_s: Floats
    activity: Floats
    speech: tuple[tuple[float, float], ...] = ()
    still: bool = False

    @property
    def length_s(self) -> float:
        """What it can give at most."""
        return self.to_s - self.from_s

    def peak(self, length_s: float) -> float:
        """Mean activity of its liveliest stretch of that length; -1 if it is too short."""
        _, score = self.best(length_s, [(self.from_s, self.to_s)])
        return score

    def best(self, length_s: float, free: Sequence[tuple[float, float]]) -> tuple[float, float]:
        """Start and mean activity of the liveliest stretch within `free`; the start is that of a frame.

        Returns:
            (start in seconds, mean activity); (from_s, -1) if nothing is long enough.
        """
        if self.still:
            return self.from_s, 0.0 if free and length_s <= _STILL_LONGEST_S else -1.0
        best = (self.from_s, -1.0)
        total = np.concatenate([[0.0], np.cumsum(self.activity)])
        for low_s, high_s in free:
            latest_s = high_s - length_s
            inside = np.flatnonzero((self.frame_times_s >= low_s - 1e-6) & (self.frame_times_s <= latest_s + 1e-6))
            if not len(inside):
                continue
            ends = np.searchsorted(self.frame_times_s, self.frame_times_s[inside] + length_s - 1e-6)
            means = (total[ends] - total[inside]) / np.maximum(1, ends - inside)
            winner = int(np.argmax(means))
            if means[winner] > best[1]:
                best = (float(self.frame_times_s[inside[winner]]), float(means[winner]))
        return best


def reels_of(pictures: Sequence[PictureSource]) -> tuple[Reel, ...]:
    """Every stretch without a cut, in the order of the clips; the inside of dissolves and fades is left out."""
    reels: list[Reel] = []
    for picture in pictures:
        if picture.watching is None:
            nothing = np.zeros(0)
            reels.append(Reel(picture.media, 0.0, STILL_S, nothing, nothing, still=True))
        else:
            reels += _reels_of_video(picture, picture.watching)
    return tuple(reels)


def fill(
    frames: Sequence[int], reels: Sequence[Reel], rate: Fraction, *, strongest: int | None = None
) -> tuple[PlannedShot, ...]:
    """Fills slots with stretches of the reels, round after round in the order of the clips.

    Every clip gets a slot before any gets a second stretch, as far as there are slots.

    Args:
        frames: Output frames of each slot.
        reels: The material.
        rate: Output frames per second.
        strongest: Index of the slot that is to show the liveliest moment of its reel.

    Returns:
        Shots for the slots; fewer than slots if the material is used up.
    """
    longest_s = frame_start_s(max(frames, default=0), rate)
    chosen, rest = _chosen(reels, len(frames), longest_s)
    shots = _filled(frames, chosen, rest, rate, strongest)
    if len(shots) == len(frames) or not rest:
        return shots
    return max(shots, _filled(frames, reels, (), rate, strongest), key=len)  # some of the chosen were too short


def _filled(
    frames: Sequence[int], reels: Sequence[Reel], rest: Sequence[Reel], rate: Fraction, strongest: int | None
) -> tuple[PlannedShot, ...]:
    """The slots filled from `reels` by turns, and from `rest` where all of these are used up or too short."""
    shelf = _Shelf([*reels, *rest], rounds=-(-len(frames) // max(1, len(reels))))
    order = _turns(frames, reels, rate)
    if strongest is not None and strongest < len(order):
        shelf.keep(order[strongest], frame_start_s(frames[strongest], rate))
    shots: list[PlannedShot] = []
    at, turn = 0, 0
    for index, count in enumerate(frames):
        length_s = frame_start_s(count, rate)
        taken = shelf.take_kept(turn, length_s) if index == strongest else None
        for _ in range(len(reels)):
            taken = taken or shelf.take(turn, length_s)
            turn = (turn + 1) % len(reels)
            if taken is not None:
                break
        for number in range(len(reels), len(shelf.reels)):
            taken = taken or shelf.take(number, length_s)
        if taken is None:
            break
        reel, from_s = taken
        talking = any(start < from_s + length_s and end > from_s for start, end in reel.speech)
        shots.append(PlannedShot(reel.media, from_s, length_s, at, count, talking=talking))
        at += count
    return tuple(shots)


class _Shelf:
    """The reels and what of them is still unused."""

    def __init__(self, reels: Sequence[Reel], *, rounds: int) -> None:
        self.reels = reels
        self.rounds = max(1, rounds)
        self.free = [[(reel.from_s, reel.to_s)] for reel in reels]
        self.taken = [0] * len(reels)
        self.kept: dict[int, tuple[float, float]] = {}
        self.last: tuple[int, float] = (-1, 0.0)

    def keep(self, number: int, length_s: float) -> None:
        """Sets the liveliest stretch of a reel aside."""
        reel = self.reels[number]
        from_s, score = reel.best(length_s, self.free[number])
        if score >= 0:
            self.kept[number] = (from_s, length_s)
            self._use(number, from_s, length_s)

    def take_kept(self, number: int, length_s: float) -> tuple[Reel, float] | None:
        """The stretch that was set aside, if that is this reel's and as long."""
        from_s, kept_s = self.kept.pop(number, (0.0, -1.0))
        if abs(kept_s - length_s) > 1e-6:
            return None
        self.taken[number] += 1
        self.last = (number, from_s + length_s)
        return self.reels[number], from_s

    def take(self, number: int, length_s: float) -> tuple[Reel, float] | None:
        """The liveliest unused stretch of this round's part of a reel, else of the whole reel."""
        reel = self.reels[number]
        part_s = reel.length_s / self.rounds
        low_s = reel.from_s + part_s * min(self.taken[number], self.rounds - 1)
        part = [(max(a, low_s), min(b, low_s + part_s)) for a, b in self.free[number]]
        for free in (part, self.free[number]):
            from_s, score = reel.best(length_s, self._apart(number, free))
            if score >= 0:
                self._use(number, from_s, length_s)
                self.taken[number] += 1
                self.last = (number, from_s + length_s)
                return reel, from_s
        return None

    def _apart(self, number: int, free: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """What is free, without what would go on where the shot before ends: that would be no cut to the eye."""
        last, end_s = self.last
        if last != number:
            return [(a, b) for a, b in free if b > a]
        return [
            (a, b)
            for low, high in free
            for a, b in ((low, min(high, end_s)), (max(low, end_s + _JUMP_S), high))
            if b > a
        ]

    def _use(self, number: int, from_s: float, length_s: float) -> None:
        if self.reels[number].still:
            self.free[number] = []
            return
        end_s = from_s + length_s
        halves = [part for a, b in self.free[number] for part in ((a, min(b, from_s)), (max(a, end_s), b))]
        self.free[number] = [(a, b) for a, b in halves if b - a > _STEP_S]


def _turns(frames: Sequence[int], reels: Sequence[Reel], rate: Fraction) -> list[int]:
    """Which reel each slot falls to when nothing is set aside."""
    shelf = _Shelf(reels, rounds=-(-len(frames) // max(1, len(reels))))
    order: list[int] = []
    turn = 0
    for count in frames:
        for _ in range(len(reels)):
            number, turn = turn, (turn + 1) % len(reels)
            if shelf.take(number, frame_start_s(count, rate)) is not None:
                order.append(number)
                break
        else:
            break
    return order


def _chosen(reels: Sequence[Reel], count: int, longest_s: float) -> tuple[list[Reel], list[Reel]]:
    """As many reels as there are slots, in their order, and the rest, the best first.

    One of each clip comes before a second one of any; those that can fill every slot come before the others, the lively
    ones first.
    """
    if len(reels) <= count:
        return list(reels), []
    fits = [reel.still or reel.length_s >= longest_s + _SLACK_S for reel in reels]
    best = sorted(
        range(len(reels)),
        key=lambda number: (not fits[number], -_mean(reels[number]) if fits[number] else -reels[number].length_s),
    )
    rank: dict[int, int] = {}
    for number in best:
        rank[number] = sum(reels[other].media == reels[number].media for other in rank)
    best.sort(key=lambda number: (rank[number] > 0, not fits[number], rank[number]))
    return [reels[number] for number in sorted(best[:count])], [reels[number] for number in best[count:]]


def _mean(reel: Reel) -> float:
    return float(np.mean(reel.activity)) if len(reel.activity) else 0.0


def _reels_of_video(picture: PictureSource, watching: Watching) -> list[Reel]:
    reels: list[Reel] = []
    for number, shot in enumerate(watching.shots):
        after = watching.shots[number + 1] if number + 1 < len(watching.shots) else None
        from_s = shot.span_s[1] if shot.span_s is not None else shot.start_s
        to_s = after.span_s[0] if after is not None and after.span_s is not None else shot.end_s
        inside = slice(shot.first_frame, shot.end_frame)
        times, activity = np.asarray(watching.times_s[inside], np.float64), watching.activity[inside]
        if to_s - from_s > _STEP_S:
            reels.append(Reel(picture.media, from_s, to_s, times, np.asarray(activity, np.float64), picture.speech))
    return reels
