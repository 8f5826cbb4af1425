"""Which source frames an output shows: the frame-exact heart of the renderer, without any pictures in it.

A frame of the output shows the source frame that is on screen a little before the middle of its own time, seen from
the start of the shot. That keeps the first frame of a shot first at every speed up to twice the source's, is steady
when the rates are whole multiples of each other, and forgives times that were rounded to milliseconds.

Where a shot is slowed down, or lands on a slightly higher rate, one source frame in so many would be shown twice and
the motion would stutter. There the second showing is a mixture with the frame that follows.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.timebase import nearest_rate

__all__ = ["Picks", "pick_frames", "steady_rate", "steady_times"]

_SAMPLE_AT = 0.45
_JITTER_S = 0.0012
_HOLD = 1.5

Times = NDArray[np.float64]


class Picks(NamedTuple):
    """Source frames of one shot, in order of showing.

    Attributes:
        source: Number of the source frame that each output frame shows; never decreasing.
        slip: Whether it shows the same source frame as the output frame before it, and the motion asks for something
            in between instead.
    """

    source: NDArray[np.int64]
    slip: NDArray[np.bool_]


def steady_rate(times_s: Times) -> Fraction | None:
    """The frame rate, if all frames keep to one but for the rounding of a container's clock; None otherwise."""
    if len(times_s) < 2:
        return None
    mean = (len(times_s) - 1) / (times_s[-1] - times_s[0]) if times_s[-1] > times_s[0] else 0.0
    if mean <= 0:
        return None
    rate = nearest_rate(mean, tolerance=0.004)
    grid = np.arange(len(times_s)) / float(rate)
    return rate if float(np.abs(times_s - times_s[0] - grid).max()) <= _JITTER_S else None


def steady_times(times_s: Times) -> Times:
    """The times with the rounding of a container's clock taken off, where the rate is constant."""
    rate = steady_rate(times_s)
    return times_s if rate is None else np.arange(len(times_s)) / float(rate)


def pick_frames(times_s: Times, *, from_s: float, take_s: float, frames: int) -> Picks:
    """Chooses the source frames of one shot.

    Args:
        times_s: Start of each frame of the source, shape (n,), increasing from 0.
        from_s: Start of the shot in the source.
        take_s: Its length in the source.
        frames: Its length in frames of the output; 0 gives empty picks.

    Returns:
        Picks of length `frames`; indices stay within the shot and within the source.
    """
    if len(times_s) == 0 or frames <= 0:
        return Picks(np.zeros(0, np.int64), np.zeros(0, np.bool_))
    at = from_s + (np.arange(frames) + _SAMPLE_AT) * (take_s / frames)
    index = np.clip(np.searchsorted(times_s, at, side="right") - 1, 0, len(times_s) - 1).astype(np.int64)
    again = np.zeros(frames, np.bool_)
    again[1:] = index[1:] == index[:-1]
    later = np.minimum(index + 1, len(times_s) - 1)
    earlier = np.maximum(index - 1, 0)
    gap = np.where(later > index, times_s[later] - times_s[index], times_s[index] - times_s[earlier])
    shown = gap * frames / take_s  # how many output frames this source frame lasts
    single = again.copy()
    single[:-1] &= ~again[1:]
    single[1:] &= ~again[:-1]
    return Picks(index, single & (shown > 0) & (shown < _HOLD))
