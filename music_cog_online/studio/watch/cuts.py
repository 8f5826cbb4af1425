"""Hard cuts: where, from one frame to the next, everything becomes something else and stays so.

A frame that differs more from the one before than its neighbours do is only a candidate. It opens a shot when the
frames on both sides of the break show different things (`unlikeness`), whichever of the nearest frames are compared:
after a flash, a strobe's beat or a passing body the earlier picture is back, after a cut it is not. How much must
differ follows from how much frames beside the break differ among themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.watch.likeness import Floats, Pictures, block_means, unlikeness

__all__ = ["Cut", "change", "find_cuts"]

_LEAST_CHANGE = 4.0  # grey levels, summed over the three planes
_TYPICAL = 60  # percentile of the neighbours' change that counts as usual
_STAND_OUT = 1.3
_GREAT_CHANGE = 25.0
_COARSE_SPIKE = 0.02
_COARSE = 0.2
_WORTH_A_LOOK = 0.1
_THRESHOLD = 0.3
_UNREST = 0.8
_JUMP = 0.1  # least unlikeness of a cut within one scene
_CALM = 0.03  # most unrest beside one
_SPIKE = 4.5  # how many times the change around it a jump is
_WIDE = 0.65  # share of the blocks in which it shows
_SEEN = 3.0  # grey levels by which a block must change to show it
_BARELY = 0.01  # margin of a cut that only that tells
_REPEATED = 0.05  # share of the usual change, and
_OFF_LINE = 0.2  # distance of a mixture from the line between its parts, by the line's length
_SHORTEST_S = 0.07  # of a shot
_STILL = 1.0  # grey levels, below which a frame repeats the one before


class Cut(NamedTuple):
    """A frame that opens a shot.

    Attributes:
        frame: Its number in the pictures given.
        unlike: How little it shares with what was before, 0..1.
        margin: By how much that is more than it takes.
    """

    frame: int
    unlike: float
    margin: float


def change(pictures: Pictures) -> Floats:
    """Mean absolute difference of each picture from the one before, in grey levels; 0 for the first one.

    Returns:
        The sum over the three planes, shape (n,).
    """
    total = np.zeros(len(pictures.y), np.float32)
    for plane in pictures:
        step = np.abs(np.diff(plane.astype(np.int16), axis=0))
        total[1:] += step.mean((1, 2), dtype=np.float32)
    return total


def find_cuts(pictures: Pictures, moved: Floats, *, rate: float) -> list[Cut]:
    """The hard cuts among the pictures.

    Args:
        pictures: Frames in order.
        moved: Their `change`.
        rate: Frames per second.
    """
    kept = _not_repeated(moved)
    if len(kept) < 2:
        return []
    step = max(1, round(rate / 30 * len(kept) / len(moved)))
    pictures, moved = pictures.pick(kept), moved[kept]
    frames = _candidates(pictures, moved)
    if not len(frames):
        return []
    first = unlikeness(pictures.pick(frames - 1), pictures.pick(frames))
    frames, first = frames[first > _WORTH_A_LOOK], first[first > _WORTH_A_LOOK]
    jumping = _jumping(pictures, moved, frames)
    least = np.where(jumping, _JUMP, _THRESHOLD).astype(np.float32)
    apart = _least_likeness(pictures, frames - 1, frames, first, least, step)
    blended = np.flatnonzero((apart < 2 * _THRESHOLD) & _blended(pictures, frames - 1))
    skipped = unlikeness(pictures.pick((frames[blended] - 2).clip(0)), pictures.pick(frames[blended]))
    apart[blended] = _least_likeness(pictures, frames[blended] - 2, frames[blended], skipped, least[blended], step)
    hopeful = np.flatnonzero(apart > least)
    unrest = _unrest(pictures, frames[hopeful])
    margin = np.full(len(frames), -1.0, np.float32)
    margin[hopeful] = apart[hopeful] - _THRESHOLD - _UNREST * unrest
    jumps = jumping[hopeful] & (unrest < _CALM)
    margin[hopeful] = np.where(jumps, np.maximum(margin[hopeful], _BARELY), margin[hopeful])
    found = [Cut(int(kept[f]), float(a), float(m)) for f, a, m in zip(frames, apart, margin, strict=True) if m > 0]
    return _apart(found, max(1, round(_SHORTEST_S * rate)))


def _jumping(pictures: Pictures, moved: Floats, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether nearly all of the picture changes at once and much more than it does around: a cut within one scene."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(moved, 5, mode="edge"), 11)[frames]
    usual = np.delete(around, 5, axis=1).max(1)
    step = np.abs(pictures.y[frames].astype(np.int16) - pictures.y[frames - 1]).astype(np.float32)
    wide = (block_means(step) > _SEEN).mean((1, 2))
    jumping: NDArray[np.bool_] = (moved[frames] > _SPIKE * (usual + 0.5)) & (wide > _WIDE)
    return jumping


def _apart(found: list[Cut], shortest: int) -> list[Cut]:
    """Of cuts so close that a blended frame must lie between them, the surest."""
    taken: list[Cut] = []
    for cut in sorted(found, key=lambda cut: -cut.margin):
        if all(abs(cut.frame - other.frame) > shortest for other in taken):
            taken.append(cut)
    return sorted(taken)


def _not_repeated(moved: Floats) -> NDArray[np.int64]:
    """The frames without those that only repeat the one before, as a change of the frame rate leaves them.

    In a still scene, where hardly anything moves anyway, all frames stay.
    """
    around = np.lib.stride_tricks.sliding_window_view(np.pad(moved, 3), 7)
    usual = np.sort(around, axis=1)[:, -2]
    kept = moved >= np.minimum(_REPEATED * usual, _STILL)
    kept[:1] = True
    return np.flatnonzero(kept)


def _candidates(pictures: Pictures, moved: Floats) -> NDArray[np.int64]:
    """Frames that change more than their neighbours do, or into something that looks quite different."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(moved, 5, mode="edge"), 11)
    usual = np.percentile(around[:, [0, 1, 2, 3, 7, 8, 9, 10]], _TYPICAL, axis=1)
    other = _coarse_unlikeness(pictures)
    spike = (moved > _STAND_OUT * usual) & ((other > _COARSE_SPIKE) | (moved > _GREAT_CHANGE))
    found = np.flatnonzero((moved > _LEAST_CHANGE) & (spike | (other > _COARSE)))
    return found[found > 0]


def _coarse_unlikeness(pictures: Pictures) -> Floats:
    """One minus the correlation of each picture, made tiny, with the one before, at the best of a few motions."""
    count, height, width = pictures.y.shape
    tiny = pictures.y.reshape(count, height // 4, 4, width // 4, 4).mean((2, 4), dtype=np.float32)
    best = np.full(count, -1.0, np.float32)
    for down in (-1, 0, 1):
        for right in (-2, -1, 0, 1, 2):
            best[1:] = np.maximum(best[1:], _correlation(_part(tiny[:-1], -down, -right), _part(tiny[1:], down, right)))
    best[:1] = 1.0
    return 1.0 - best


def _part(tiny: Floats, down: int, right: int) -> Floats:
    """What is left of each picture without the rows and columns that a motion brings in, one row for a picture."""
    height, width = tiny.shape[1:]
    part = tiny[:, max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)]
    part = part.reshape(len(tiny), (height - abs(down)) * (width - abs(right)))
    centred: Floats = part - part.mean(1, keepdims=True)
    return centred


def _correlation(one: Floats, other: Floats) -> Floats:
    product = np.einsum("ij,ij->i", one, other)
    spread = (np.einsum("ij,ij->i", one, one) + 1.0) * (np.einsum("ij,ij->i", other, other) + 1.0)
    correlation: Floats = product / np.sqrt(spread)
    return correlation


def _least_likeness(
    pictures: Pictures, ends: NDArray[np.int64], begins: NDArray[np.int64], first: Floats, least: Floats, step: int
) -> Floats:
    """How unlike the most similar two frames on both sides of each break are.

    Args:
        pictures: The frames.
        ends: Last frame before each break.
        begins: First frame after it.
        first: How unlike these two are.
        least: How unlike they must be for a cut; below it nobody asks how far.
        step: How many frames count as one.
    """
    last = len(pictures.y) - 1
    apart = first.copy()
    for back, on in ((0, 2), (2, 0), (0, 1), (1, 0), (0, 4), (4, 0)):
        before, after = ends - back * step, begins + on * step
        open_ = np.flatnonzero((before >= 0) & (after <= last) & (apart > least))
        pairs = unlikeness(pictures.pick(before[open_]), pictures.pick(after[open_]))
        apart[open_] = np.minimum(apart[open_], pairs)
    return apart


def _blended(pictures: Pictures, frames: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each frame is a mixture of its neighbours, as a change of the frame rate makes them at a cut."""
    last = len(pictures.y) - 1
    shape = len(frames), pictures.y[0].size
    planes = [pictures.y[(frames + by).clip(0, last)].reshape(shape).astype(np.float32) for by in (-1, 0, 1)]
    line, way = planes[2] - planes[0], planes[1] - planes[0]
    square = np.einsum("ij,ij->i", line, line) + 1.0
    share = np.einsum("ij,ij->i", way, line) / square
    off = way - share[:, None] * line
    near = np.einsum("ij,ij->i", off, off) < _OFF_LINE**2 * square
    mixture: NDArray[np.bool_] = near & (share > 0.15) & (share < 0.85)
    return mixture


def _unrest(pictures: Pictures, frames: NDArray[np.int64]) -> Floats:
    """How unlike the frames on either side of the break are among themselves."""
    last = len(pictures.y) - 1
    sides = []
    for pairs in ((-3, -2), (0, 1)):
        steps = [(frames + begin).clip(0, last) for begin in pairs]
        sides.append([unlikeness(pictures.pick(at), pictures.pick((at + 1).clip(0, last))) for at in steps])
    unrest: Floats = np.array(sides).min(1).mean(0)
    return unrest
