"""All breaks of a video, hard and gradual, and the shots between them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.watch.cuts import Cut, change, find_cuts
from music_cog_online.studio.watch.gradual import Gradual, find_gradual
from music_cog_online.studio.watch.likeness import Floats, Pictures
from music_cog_online.studio.watch.pictures import stretches
from music_cog_online.studio.watch.shots import Shot

__all__ = ["Breaks", "find_breaks", "make_shots"]

_MARGIN_S = 2.5
_CONTEXT = 24  # frames that a hard cut is judged by, on either side
_CLEAR = 0.2  # margin of a cut beyond doubt


class Breaks(NamedTuple):
    """What lies between shots.

    Attributes:
        moved: How much each frame differs from the one before, in grey levels, shape (frames,).
        cuts: The hard cuts, in order.
        gradual: The gradual transitions, in order; none contains a hard cut.
    """

    moved: Floats
    cuts: list[Cut]
    gradual: list[Gradual]


def find_breaks(blocks: Iterable[Pictures], *, rate: float) -> Breaks:
    """Finds the breaks in a video that comes a block of pictures at a time.

    Args:
        blocks: The frames in order; none at all gives empty results.
        rate: Frames per second.
    """
    moved: list[Floats] = []
    cuts: list[Cut] = []
    gradual: list[Gradual] = []
    margin = int(np.clip(_MARGIN_S * rate, 2 * _CONTEXT, 200))
    decided = 0
    for part in stretches(blocks, margin=margin):
        steps = change(part.pictures)
        moved.append(steps[part.begin - part.first : part.end - part.first])
        stop = part.first + len(steps)
        until = stop if stop == part.end else stop - _CONTEXT
        skip = max(0, decided - _CONTEXT - part.first)
        found = find_cuts(part.pictures.pick(slice(skip, None)), steps[skip:], rate=rate)
        placed = (cut._replace(frame=cut.frame + part.first + skip) for cut in found)
        cuts += [cut for cut in placed if decided <= cut.frame < until]
        decided = until
        bounds = [cut.frame - part.first for cut in cuts if cut.frame > part.first]
        for ramp in find_gradual(part.pictures, bounds, rate=rate):
            ramp = ramp._replace(begin=ramp.begin + part.first, end=ramp.end + part.first)
            if part.begin <= (ramp.begin + ramp.end) // 2 < part.end:
                gradual.append(ramp)
    outside = [cut for cut in cuts if not any(ramp.begin <= cut.frame <= ramp.end for ramp in gradual)]
    return Breaks(np.concatenate(moved) if moved else np.zeros(0, np.float32), outside, gradual)


def make_shots(seen: Breaks, times: NDArray[np.float64], end_s: float, activity: Floats) -> tuple[Shot, ...]:
    """The shots between the breaks.

    Args:
        seen: The breaks.
        times: Time of each frame in seconds, shape (frames,).
        end_s: When the last frame has been shown.
        activity: How much moves in each frame, 0..1, shape (frames,).
    """
    bounds = [*times.tolist(), end_s]
    breaks: dict[int, Cut | Gradual] = {cut.frame: cut for cut in seen.cuts}
    breaks.update({(ramp.begin + ramp.end) // 2: ramp for ramp in seen.gradual})
    shots = []
    for first, end in pairwise([0, *sorted(breaks), len(times)]):
        kind, span, strength, sure = "start", None, 0.0, 1.0
        opened = breaks.get(first)
        if isinstance(opened, Cut):
            kind, sure = "cut", min(1.0, 0.5 + opened.margin / _CLEAR / 2)
            strength = _strength(opened.unlike, float(seen.moved[first]), first, activity)
        elif opened is not None:
            kind, sure, span = opened.kind, opened.confidence, (bounds[opened.begin], bounds[opened.end])
            change_ = float(seen.moved[opened.begin : opened.end].sum())
            strength = 0.5 * _strength(opened.unlike, change_, first, activity)
        shots.append(Shot(first, end, bounds[first], bounds[end], kind, strength, span, sure))
    return tuple(shots)


def _strength(unlike: float, moved: float, frame: int, activity: Floats) -> float:
    """How hard a break is: other things are seen, the picture changes much, and it comes alive."""
    rise = float(activity[frame : frame + 30].mean()) - float(activity[max(0, frame - 30) : frame].mean())
    strength = 0.6 * min(1.0, unlike / 0.75) + 0.25 * min(1.0, moved / 130.0) + 0.15 * (0.5 + 0.5 * rise)
    return round(float(np.clip(strength, 0.0, 1.0)), 4)
