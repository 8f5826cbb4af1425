"""How much two small pictures differ when motion and light are set aside.

Two frames of one shot show the same things, somewhat moved and perhaps in another light; two shots do not. Each block
of one picture is sought in the other, around where it was and around where the whole picture seems to have moved to,
and compared by structure as in SSIM (Wang et al. 2004) without its luminance term. The motion of the whole picture
comes from phase correlation (Kuglin and Hines 1975).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "Pictures", "unlikeness"]

BLOCK = 8
"""Side of a block in pixels; pictures are whole blocks wide and high."""

_REACH = 2  # pixels that a block is sought in each direction
_FLOOR = 4.0  # variance below which structure is noise
_OVERLAP = 0.6  # share of a block that must lie in the other picture

Floats = NDArray[np.float32]


class Pictures(NamedTuple):
    """Small pictures in a row.

    Attributes:
        y: Luma, uint8, shape (n, height, width).
        u: Blue difference, uint8, shape (n, height / 2, width / 2).
        v: Red difference, uint8, shape (n, height / 2, width / 2).
    """

    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]

    def pick(self, frames: NDArray[np.int64] | slice) -> Pictures:
        """Some of them."""
        return Pictures(self.y[frames], self.u[frames], self.v[frames])


def unlikeness(before: Pictures, after: Pictures) -> Floats:
    """How little each picture of `before` shares with its fellow in `after`.

    Returns:
        0 (the same) to 1 (nothing in common), shape (n,). Frames of one shot give less than 0.2, unrelated pictures 0.5
        and more.
    """
    if not len(before.y):
        return np.zeros(0, np.float32)
    first, second = before.y.astype(np.float32), after.y.astype(np.float32)
    mean, variance = _moments(first)
    best = np.full(mean.shape, -1.0, np.float32)
    for shifted, seen in _moved(first, second):
        mean2, variance2 = _moments(shifted)
        covariance = _pool(first * shifted) - mean * mean2
        alike = (2 * covariance + _FLOOR) / (variance + variance2 + _FLOOR)
        np.maximum(best, np.where(seen, alike, -1.0), out=best)
    flat = np.maximum(variance, _moments(second)[1]) < 2 * _FLOOR
    best = np.where(flat, np.minimum(best, _same_colour(before, after)), best)
    weight = np.sqrt(np.maximum(variance, 0.0)) + 1.0
    shared = (best * weight).sum((1, 2)) / weight.sum((1, 2))
    unlike: Floats = np.clip(1.0 - shared, 0.0, 1.0).astype(np.float32)
    return unlike


def _moved(first: Floats, second: Floats) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
    """The second pictures under each motion worth a try, and which blocks they then still cover."""
    count, height, width = first.shape
    down, right = _global_motion(first, second)
    still = np.zeros_like(down)
    for dy, dx in ((still, still), (down, right)):
        rows = np.arange(-_REACH, height + _REACH) + dy[:, None]
        columns = np.arange(-_REACH, width + _REACH) + dx[:, None]
        pick = np.arange(count)[:, None, None]
        wide = second[pick, rows.clip(0, height - 1)[:, :, None], columns.clip(0, width - 1)[:, None, :]]
        inside_rows = ((rows >= 0) & (rows < height)).astype(np.float32)
        inside_columns = ((columns >= 0) & (columns < width)).astype(np.float32)
        for y in range(2 * _REACH + 1):
            high = inside_rows[:, y : y + height].reshape(count, -1, BLOCK).mean(2)
            for x in range(2 * _REACH + 1):
                broad = inside_columns[:, x : x + width].reshape(count, -1, BLOCK).mean(2)
                seen = high[:, :, None] * broad[:, None, :] > _OVERLAP
                yield wide[:, y : y + height, x : x + width], seen


def _global_motion(first: Floats, second: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pixels down and right by which each picture as a whole has moved."""
    height, width = first.shape[1:]
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[None, 1:-1]
    spectra = [np.fft.rfft2((p - p.mean((1, 2), keepdims=True)) * window) for p in (first, second)]
    cross = spectra[0].conj() * spectra[1]
    cross /= np.sqrt(np.abs(cross)) + 1e-3  # half-whitened: full whitening would follow noise in dark pictures
    peak = np.fft.irfft2(cross, (height, width)).reshape(len(first), -1).argmax(1)
    down, right = peak // width, peak % width
    return np.where(down > height // 2, down - height, down), np.where(right > width // 2, right - width, right)


def _same_colour(before: Pictures, after: Pictures) -> Floats:
    """How much blocks without structure look the same by colour and, half as much, by light: 0..1."""
    apart = np.abs(_pool(before.y.astype(np.float32)) - _pool(after.y.astype(np.float32))) / 2
    for one, other in ((before.u, after.u), (before.v, after.v)):
        apart += np.abs(_pool(one.astype(np.float32), BLOCK // 2) - _pool(other.astype(np.float32), BLOCK // 2))
    same: Floats = np.clip(1.0 - (apart - 4.0) / 40.0, 0.0, 1.0).astype(np.float32)
    return same


def _moments(pictures: Floats) -> tuple[Floats, Floats]:
    mean = _pool(pictures)
    return mean, _pool(pictures * pictures) - mean * mean


def _pool(pictures: Floats, side: int = BLOCK) -> Floats:
    """Mean of each block, shape (n, rows, columns)."""
    count, height, width = pictures.shape
    columns = width // side
    across = np.repeat(np.eye(columns, dtype=np.float32), side, axis=0) / (side * side)
    sums = (pictures.reshape(-1, width) @ across).reshape(count, height // side, side, columns)
    pooled: Floats = sums.sum(2)
    return pooled
