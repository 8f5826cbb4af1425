"""The steady grid nearest to a pulse: one tempo and one phase for the whole piece, as produced music has it.

A tracker that may bend its tempo slips by a part of a beat where a break or an off-beat passage misleads it; a grid
that is fitted to all onsets at once does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.spectra import FRAME_RATE

__all__ = ["metronome"]

Floats = NDArray[np.float64]

_TEMPO_RANGE = 0.015  # how far from the pulse's median tempo is looked
_DRIFT_S = 0.04  # two tempi that are that much apart at the end are tried one after the other
_PHASES = 24


def metronome(pulse: NDArray[np.float32], beats_s: Floats) -> Floats:
    """The grid on which (n,) smoothed onset strength adds up to most, near the tempo of (b,) beats, at least two.

    Returns:
        Its beats in seconds, from the first in the piece to the last.
    """
    median_s = float(np.median(np.diff(beats_s)))
    duration_s = len(pulse) / FRAME_RATE
    steps = int(np.ceil(_TEMPO_RANGE * duration_s / _DRIFT_S))
    best, found = -np.inf, beats_s
    for period_s in median_s * (1 + np.linspace(-_TEMPO_RANGE, _TEMPO_RANGE, 2 * steps + 1)):
        grid_s = np.arange(int(duration_s / period_s)) * period_s
        starts_s = np.arange(_PHASES) / _PHASES * period_s
        at = ((starts_s[:, None] + grid_s[None, :]) * FRAME_RATE + 0.5).astype(np.int64)
        sums = pulse[np.minimum(at, len(pulse) - 1)].sum(axis=1) * np.sqrt(period_s)
        phase = int(sums.argmax())
        if sums[phase] > best:
            best, found = float(sums[phase]), starts_s[phase] + grid_s
    return found
