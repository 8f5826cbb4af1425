"""What two recordings of the same music have in common: onsets, band by band."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEATURE_RATE", "SOUND_RATE", "onsets"]

Floats = NDArray[np.float64]

SOUND_RATE = 11025
"""Samples a second at which sounds are compared."""

_HOP = 110
_WINDOW = 1024
_BANDS = 30
_LOWEST_HZ = 60.0
_BLOCK = 4096

FEATURE_RATE = SOUND_RATE / _HOP
"""Rows of features a second."""


def onsets(samples: NDArray[np.float32]) -> Floats:
    """Rise of the level in each of thirty bands, each band made equally loud.

    Args:
        samples: Mono at `SOUND_RATE`, shape (n,).

    Returns:
        Shape (n / 110, 30); row i is about the time i / `FEATURE_RATE`.
    """
    padded = np.concatenate([np.zeros(_WINDOW // 2, np.float32), samples, np.zeros(_WINDOW, np.float32)])
    count = len(samples) // _HOP
    if count == 0:
        return np.zeros((0, _BANDS))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:count]
    shape = np.hanning(_WINDOW).astype(np.float32)
    edges = _edges()
    levels = np.empty((count, _BANDS))
    for first in range(0, count, _BLOCK):
        power = np.abs(np.fft.rfft(windows[first : first + _BLOCK] * shape, axis=1)) ** 2
        levels[first : first + _BLOCK] = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)
    levels = np.log10(1.0 + 1e4 * levels / (levels.mean(0) + 1e-12) / 1e2)
    rise = np.maximum(0.0, np.diff(levels, axis=0, prepend=levels[:1]))
    rise -= rise.mean(0)
    normed: Floats = rise / (rise.std(0) + 1e-9)
    return normed


def _edges() -> NDArray[np.int64]:
    hertz = np.geomspace(_LOWEST_HZ, SOUND_RATE / 2, _BANDS + 1)
    bins = np.rint(hertz / SOUND_RATE * _WINDOW).astype(np.int64)
    for index in range(1, len(bins)):
        bins[index] = max(bins[index], bins[index - 1] + 1)
    return bins
