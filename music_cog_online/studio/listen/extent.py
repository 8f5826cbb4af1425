"""Beats where music sounds: carried on to its first and last sound, and not into silence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra

__all__ = ["fit_to_sound", "sounding_span"]

Floats = NDArray[np.float64]

_SILENCE_DB = -45.0  # against the loud parts of the piece
_BEFORE_ZERO_S = 0.03
_EARLY_S = 0.06  # a beat may lie that little before the first or after the last sound


def sounding_span(spectra: Spectra) -> tuple[float, float]:
    """First and last moment that is not silent; (0, 0) where all is."""
    level = spectra.loudness_db
    top = float(np.percentile(level, 95))
    heard = np.flatnonzero(level > max(top + _SILENCE_DB, -75.0))
    if len(heard) == 0:
        return 0.0, 0.0
    return float(heard[0]) / FRAME_RATE, min(spectra.duration_s, float(heard[-1] + 1) / FRAME_RATE)


def fit_to_sound(beats_s: Floats, span: tuple[float, float]) -> Floats:
    """Continues (b,) beats at the tempo of their first and last four, and drops those that lie in silence.

    Fewer than two beats cannot be continued.
    """
    first_s, last_s = span[0] - _EARLY_S, span[1] + _EARLY_S
    if len(beats_s) < 2:
        return np.asarray(beats_s[(beats_s >= first_s) & (beats_s <= last_s)])
    head = float(np.median(np.diff(beats_s[:5])))
    tail = float(np.median(np.diff(beats_s[-5:])))
    before = beats_s[0] - head * np.arange(int(max(0.0, beats_s[0] + _BEFORE_ZERO_S - first_s) / head) + 1, 0, -1)
    after = beats_s[-1] + tail * np.arange(1, int(max(0.0, last_s - beats_s[-1]) / tail) + 2)
    beats = np.concatenate([before, beats_s, after])
    beats = beats[(beats >= max(first_s, -_BEFORE_ZERO_S)) & (beats <= last_s)]
    return np.asarray(np.maximum(beats, 0.0))
