"""Drops: beats on which bass and loudness jump, and stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.downbeats import FEWEST_BEATS, beat_cues, prepare
from music_cog_online.studio.listen.listening import Drop
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra

__all__ = ["find_drops"]

Floats = NDArray[np.float64]

_BEFORE_S = 2.0
_AFTER_S = (0.5, 1.0, 2.0, 4.0)  # the short ones tell the beat, the long ones that the level stays
_ROOM_S = 8.0  # a song's first entry is no drop, and neither is its last chord
_APART_S = 4.0
_QUIETEST_DB = -60.0  # against the piece's loud parts: what is softer counts as silence
_DOWNBEAT_DB = 1.5  # how much more the first beat of a bar is worth: its count may be wrong
_ENTRY_DB = 1.5  # and a beat on which these enter, per mean deviation
_ENTRY = ("kick", "low", "chord", "note_change")
_LEAST_DB, _LEAST_LOUD_DB = 3.0, 1.0
_SURE_DB, _UNSURE_DB = 7.0, 1.2  # as clear as a drop that is right half the time; how much more makes it sure
_MOST = 8


def find_drops(spectra: Spectra, beats_s: Floats, beat_in_bar: NDArray[np.int64]) -> tuple[Drop, ...]:
    """Finds up to eight drops, the strongest and surest first; none in a piece whose level does not jump.

    A beat counts where the rise is the clearest for four seconds around and the loudness rises, too: a bass that
    merely returns is no drop. Downbeats are preferred, and beats on which kick, bass and chord enter.
    """
    room_s = min(_ROOM_S, spectra.duration_s / 6)
    inside = (beats_s >= room_s) & (beats_s <= spectra.duration_s - room_s)
    if len(beats_s) < FEWEST_BEATS or not inside.any():
        return ()
    loud = _rises_db(spectra.loudness_db, beats_s)
    both = (loud + _rises_db(spectra.bass_db, beats_s)) / 2
    cues = beat_cues(prepare(spectra), beats_s)
    entry = np.mean([cues[name] for name in _ENTRY], axis=0)
    clear = both.min(axis=0) + _DOWNBEAT_DB * (beat_in_bar == 1) + _ENTRY_DB * entry
    found = []
    for beat in np.flatnonzero(inside & (both[-1] >= _LEAST_DB) & (loud[-1] >= _LEAST_LOUD_DB)):
        near = inside & (np.abs(beats_s - beats_s[beat]) < _APART_S)
        if clear[beat] >= clear[near].max():
            sure = 1.0 / (1.0 + np.exp(-np.clip((clear[beat] - _SURE_DB) / _UNSURE_DB, -20.0, 20.0)))
            found.append(Drop(float(beats_s[beat]), float(both[-1, beat]), float(sure)))
    return tuple(sorted(found, key=lambda drop: -drop.strength_db * drop.confidence)[:_MOST])


def _rises_db(level_db: NDArray[np.float32], times_s: Floats) -> Floats:
    """(4, b) rises of the level from two seconds before each time to half a second, one, two and four after it."""
    power = 10 ** (np.asarray(level_db, np.float64) / 10)
    floor = float(np.percentile(power, 95)) * 10 ** (_QUIETEST_DB / 10) + 1e-10
    total = np.concatenate([[0.0], np.cumsum(power)])
    n = len(power)

    def mean(start: Floats, end: Floats) -> Floats:
        a = np.clip(np.rint(start * FRAME_RATE).astype(np.int64), 0, n)
        b = np.clip(np.rint(end * FRAME_RATE).astype(np.int64), 0, n)
        return np.asarray((total[b] - total[a]) / np.maximum(b - a, 1))

    onset = times_s - 0.02  # the window that measures the level sees the onset a little early
    after = np.stack([mean(onset, onset + span) for span in _AFTER_S])
    return np.asarray(10 * np.log10((after + floor) / (mean(onset - _BEFORE_S, onset) + floor)))
