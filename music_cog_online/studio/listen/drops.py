"""Drops: downbeats on which bass and loudness jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.listening import Drop
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra

__all__ = ["find_drops", "rises_db"]

Floats = NDArray[np.float64]

_BEFORE_S, _AFTER_S = 2.0, 4.0
_ROOM_S = 8.0  # a song's first entry is no drop, and neither is its last chord
_APART_S = 4.0
_QUIETEST_DB = -60.0  # against the piece's loud parts: what is softer counts as silence
_LEAST_DB = 3.0
_SURE_DB = 5.0
_MOST = 8


def find_drops(spectra: Spectra, beats_s: Floats, beat_in_bar: NDArray[np.int64]) -> tuple[Drop, ...]:
    """Finds up to eight drops, the strongest first; none in a piece whose level does not jump.

    A downbeat counts where the rise is the strongest for four seconds around and the loudness rises, too: a bass that
    merely returns is no drop.
    """
    bars_s = beats_s[beat_in_bar == 1]
    room_s = min(_ROOM_S, spectra.duration_s / 6)
    bars_s = bars_s[(bars_s >= room_s) & (bars_s <= spectra.duration_s - room_s)]
    if len(bars_s) == 0:
        return ()
    rise, loud = rises_db(spectra, bars_s)
    found = []
    for bar in np.argsort(-rise):
        strength = float(rise[bar])
        near = np.abs(bars_s - bars_s[bar]) < _APART_S
        if strength < _LEAST_DB or loud[bar] < 1.0 or strength < rise[near].max():
            continue
        sure = 1.0 / (1.0 + np.exp(-(strength - _SURE_DB) / 1.5))
        found.append(Drop(float(bars_s[bar]), strength, float(sure)))
    return tuple(found[:_MOST])


def rises_db(spectra: Spectra, times_s: Floats) -> tuple[Floats, Floats]:
    """(b,) rise of the level from two seconds before to four after each time: bass and whole averaged; whole alone."""
    loud = _steps(spectra.loudness_db, times_s)
    bass = _steps(spectra.bass_db, times_s)
    return (loud + bass) / 2, loud


def _steps(level_db: NDArray[np.float32], times_s: Floats) -> Floats:
    power = 10 ** (np.asarray(level_db, np.float64) / 10)
    floor = float(np.percentile(power, 95)) * 10 ** (_QUIETEST_DB / 10) + 1e-10
    total = np.concatenate([[0.0], np.cumsum(power)])
    n = len(power)

    def mean(start: Floats, end: Floats) -> Floats:
        a = np.clip(np.rint(start * FRAME_RATE).astype(np.int64), 0, n)
        b = np.clip(np.rint(end * FRAME_RATE).astype(np.int64), 0, n)
        return np.asarray((total[b] - total[a]) / np.maximum(b - a, 1))

    onset = times_s - 0.02  # the window that measures the level sees the onset a little early
    after, before = mean(onset, onset + _AFTER_S), mean(onset - _BEFORE_S, onset)
    return np.asarray(10 * np.log10((after + floor) / (before + floor)))
