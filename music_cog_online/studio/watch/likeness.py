"""How much two small pictures differ when motion and light are set aside.

Two frames of one shot show the same things, somewhat moved and perhaps in another light; two shots do not. Each block
of one picture is sought in the other, around where it was and around where the whole picture seems to have moved to,
and compared by structure as in SSIM (Wang et al. 2004) without its luminance term. The motion of the whole picture
comes from phase correlation (Kuglin and Hines 1975).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "Floats", "Pictures", "block_means", "unlikeness"]

BLOCK = 8
"""Side of a block in pixels; pictures are whole blocks wide and high."""

_REACH = 2  # pixels that a block is sought in each direction
_FLOOR = 2.0  # variance below which structure is noise
_GAIN = 4.0  # contrast that light alone adds or takes
_ALIKE = 0.1  # unlikeness below which motion of the whole picture need not be tried
_OUTWEIGH = 2.0  # times the usual contrast beyond which a block counts no more
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
    first, second = _in_one_light(before.y.astype(np.float32), after.y.astype(np.float32))
    (mean, variance), (_, variance2) = _moments(first), _moments(second)
    still = np.zeros((2, len(first)), np.int64)
    best = _best_match(first, second, mean, variance, still)
    flat = np.maximum(variance, variance2) < 2 * _FLOOR
    best = np.where(flat, np.minimum(best, _same_colour(before, after)), best)
    weight = _weight(variance, variance2)
    unlike = 1.0 - (best * weight).sum((1, 2))
    unsure = np.flatnonzero(unlike > _ALIKE)
    if len(unsure):
        some = first[unsure], second[unsure]
        moved = _best_match(*some, mean[unsure], variance[unsure], _global_motion(*some))
        moved = np.where(flat[unsure], best[unsure], np.maximum(best[unsure], moved))
        unlike[unsure] = 1.0 - (moved * weight[unsure]).sum((1, 2))
    clipped: Floats = np.clip(unlike, 0.0, 1.0).astype(np.float32)
    return clipped


def _weight(variance: Floats, variance2: Floats) -> Floats:
    """How much each block counts: by its contrast, but none so much that a few decide alone."""
    contrast = np.sqrt(np.maximum(variance, 0.0)) + np.sqrt(np.maximum(variance2, 0.0)) + 2.0
    contrast = np.minimum(contrast, _OUTWEIGH * np.median(contrast, axis=(1, 2), keepdims=True))
    weight: Floats = contrast / contrast.sum((1, 2), keepdims=True)
    return weight


def _in_one_light(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Lowers the contrast of the harsher picture to that of the softer one, within reason."""
    spread = [p.std((1, 2), keepdims=True) + 1.0 for p in (first, second)]
    gain = np.clip(spread[1] / spread[0], 1 / _GAIN, _GAIN)
    return first * np.minimum(gain, 1.0), second / np.maximum(gain, 1.0)


def _best_match(first: Floats, second: Floats, mean: Floats, variance: Floats, motion: NDArray[np.int64]) -> Floats:
    """How alike each block of the first pictures is to the best place near where `motion` puts it, -1..1."""
    height, width = second.shape[1:]
    wide, rows_seen, columns_seen = _around(second, motion)
    means = _boxes(wide)
    variances = _boxes(wide * wide) - means * means
    best = np.full(mean.shape, -1.0, np.float32)
    for y in range(2 * _REACH + 1):
        for x in range(2 * _REACH + 1):
            place = slice(None), slice(y, y + height, BLOCK), slice(x, x + width, BLOCK)
            covariance = block_means(first * wide[:, y : y + height, x : x + width]) - mean * means[place]
            alike = (2 * covariance + _FLOOR) / (variance + variances[place] + _FLOOR)
            seen = rows_seen[:, y, :, None] * columns_seen[:, x, None, :] > _OVERLAP
            np.maximum(best, np.where(seen, alike, -1.0), out=best)
    return best


def _around(second: Floats, motion: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """The second pictures, moved back and widened by the reach, and how much of each block row and column they cover.

    The two covers have shape (n, shifts, rows) and (n, shifts, columns).
    """
    count, height, width = second.shape
    rows = np.arange(-_REACH, height + _REACH) + motion[0][:, None]
    columns = np.arange(-_REACH, width + _REACH) + motion[1][:, None]
    pick = np.arange(count)[:, None, None]
    wide = second[pick, rows.clip(0, height - 1)[:, :, None], columns.clip(0, width - 1)[:, None, :]]
    covers = []
    for line, length in ((rows, height), (columns, width)):
        inside = ((line >= 0) & (line < length)).astype(np.float32)
        shifts = np.lib.stride_tricks.sliding_window_view(inside, length, axis=1)
        covers.append(shifts.reshape(count, shifts.shape[1], length // BLOCK, BLOCK).mean(3))
    return wide, covers[0], covers[1]


def _boxes(wide: Floats) -> Floats:
    """Mean of the block that starts at each pixel."""
    height, width = wide.shape[1] - BLOCK + 1, wide.shape[2] - BLOCK + 1
    rows = wide[:, :height].copy()
    for at in range(1, BLOCK):
        rows += wide[:, at : at + height]
    boxes = rows[:, :, :width].copy()
    for at in range(1, BLOCK):
        boxes += rows[:, :, at : at + width]
    boxes /= BLOCK * BLOCK
    return boxes


def _global_motion(first: Floats, second: Floats) -> NDArray[np.int64]:
    """Pixels down and right by which each picture as a whole has moved."""
    height, width = first.shape[1:]
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[None, 1:-1]
    spectra = [np.fft.rfft2((p - p.mean((1, 2), keepdims=True)) * window) for p in (first, second)]
    cross = spectra[0].conj() * spectra[1]
    cross /= np.sqrt(np.abs(cross)) + 1e-3  # half-whitened: full whitening would follow noise in dark pictures
    peak = np.fft.irfft2(cross, (height, width)).reshape(len(first), -1).argmax(1)
    down, right = peak // width, peak % width
    down = np.where(down > height // 2, down - height, down)
    return np.stack([down, np.where(right > width // 2, right - width, right)])


def _same_colour(before: Pictures, after: Pictures) -> Floats:
    """How much blocks without structure look the same by colour and, half as much, by light: 0..1."""
    apart = np.abs(block_means(before.y.astype(np.float32)) - block_means(after.y.astype(np.float32))) / 2
    for one, other in ((before.u, after.u), (before.v, after.v)):
        apart += np.abs(
            block_means(one.astype(np.float32), BLOCK // 2) - block_means(other.astype(np.float32), BLOCK // 2)
        )
    same: Floats = np.clip(1.0 - (apart - 4.0) / 40.0, 0.0, 1.0).astype(np.float32)
    return same


def _moments(pictures: Floats) -> tuple[Floats, Floats]:
    mean = block_means(pictures)
    return mean, block_means(pictures * pictures) - mean * mean


def block_means(pictures: Floats, side: int = BLOCK) -> Floats:
    """Mean of each block, shape (n, rows, columns)."""
    rows = pictures[:, ::side].copy()  # plain sums: a matrix product this small would only keep threads spinning
    for at in range(1, side):
        rows += pictures[:, at::side]
    pooled = rows[:, :, ::side].copy()
    for at in range(1, side):
        pooled += rows[:, :, at::side]
    pooled /= side * side
    return pooled
