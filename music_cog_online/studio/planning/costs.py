"""What the planner pays: every cost of the optimisation, in points, in one table.

A cut that stays off the beat costs about seventy points; everything else is told in relation to that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PRICES", "Prices", "hit_cost", "slope_change_cost"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prices:
    """Costs in points.

    Attributes:
        miss: A cut that is on no beat.
        miss_far: Added to it half a beat away from the next beat, less when nearer.
        offset: Distance of one frame between a cut and its beat.
        offset_late: Added per frame beyond half a frame.
        hit_frames: Largest distance of a hit that is looked for, in frames; below one, for beats are known to some
            milliseconds only.
        weak_beat: A cut of full strength on a beat that opens no bar; less in the middle of a bar of four.
        drop: The strongest cut without the strongest drop on it.
        drop_named: The cut that the user named without a drop on it.
        trim: A shot that is cut short, whatever the amount.
        trim_full: Added when all that the caps allow is cut off.
        faster: A shot that plays faster, whatever the amount.
        slower: A shot that plays slower, which repeats frames.
        speed_full: Added when the speed changes by all that the caps allow.
        touch: Not being able to pass the picture through as it is.
        stretch: One per cent of change in the music's speed, a cut.
        bend: A change of that speed on the way, whatever the amount.
        bend_percent: Added per per cent of change.
        ragged_start: The music begins between two bars.
        ragged_end: The picture ends between two bars.
        mood: A shot as lively as any over the calmest music, or the other way round.
        quiet: The calmest stretch of a song, where it might be a loud one.
        jump: A place where the song goes on elsewhere.
    """

    miss: float = 70.0
    miss_far: float = 10.0
    offset: float = 8.0
    offset_late: float = 20.0
    hit_frames: float = 0.8
    weak_beat: float = 5.0
    drop: float = 150.0
    drop_named: float = 1000.0
    trim: float = 1.0
    trim_full: float = 3.0
    faster: float = 2.0
    slower: float = 5.0
    speed_full: float = 5.0
    touch: float = 40.0
    stretch: float = 0.25
    bend: float = 1.5
    bend_percent: float = 2.0
    ragged_start: float = 1.5
    ragged_end: float = 3.0
    mood: float = 2.0
    quiet: float = 6.0
    jump: float = 6.0


PRICES = Prices()


def hit_cost(frames: Floats, prices: Prices = PRICES) -> Floats:
    """Cost of hits whose cut and beat are `frames` apart.

    Args:
        frames: Distances in frames, not negative, any shape.
        prices: The table.

    Returns:
        Points, of the same shape.
    """
    cost: Floats = prices.offset * frames + prices.offset_late * np.maximum(0.0, frames - 0.5)
    return cost


def slope_change_cost(change: float, prices: Prices = PRICES) -> float:
    """Cost of a change of the music's speed by `change` (a share, e.g. 0.005) from one shot to the next."""
    return 0.0 if abs(change) < 1e-9 else prices.bend + prices.bend_percent * 100.0 * abs(change)
