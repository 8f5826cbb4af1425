"""Drops: downbeats on which bass and loudness jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.listening import Drop
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra

__all__ = ["find_drops", "rises_db"]

Floats = NDArray[np.float64]

_SPAN_BEATS = 8
_BASS_SHARE = 0.6
_QUIETEST_DB = -60.0  # against the piece's loud parts: what is softer counts as silence
_LEAST_DB = 4.0
_MOST = 8


def find_drops(spectra: Spectra, beats_s: Floats, beat_in_bar: NDArray[np.int64]) -> tuple[Drop, ...]:
    """Finds up to eight drops, the strongest first; none in a piece whose level does not jump.

    A rise counts where it is the strongest for two bars around, where loudness rises too (a bass that merely returns
    is no drop), and where enough music was heard before it: a song's first entry is none.
    """
    if len(beats_s) < 2 * _SPAN_BEATS:
        return ()
    rise, loud = rises_db(spectra, beats_s)
    score = rise + 1.0 * (beat_in_bar == 1)  # between neighbours the downbeat is meant
    found = []
    for beat in np.argsort(-score):
        near = slice(max(0, beat - _SPAN_BEATS), beat + _SPAN_BEATS + 1)
        strength = float(rise[beat])
        if strength < _LEAST_DB or loud[beat] < 1.0 or score[beat] < score[near].max():
            continue
        place = 1.0 if beat_in_bar[beat] == 1 else 0.7
        sure = place / (1.0 + np.exp(-(strength - 9.0) / 2.5))
        found.append(Drop(float(beats_s[beat]), strength, float(round(sure, 4))))
    return tuple(found[:_MOST])


def rises_db(spectra: Spectra, beats_s: Floats) -> tuple[Floats, Floats]:
    """(b,) rise of the level over eight beats before and after each beat: bass and loudness weighted, loudness alone.

    Zero where fewer than four beats of sound lie on either side.
    """
    spans = _SPAN_BEATS * float(np.median(np.diff(beats_s)))
    loud = _steps(spectra.loudness_db, beats_s, spans)
    bass = _steps(spectra.bass_db, beats_s, spans)
    room = (beats_s > spans / 2) & (beats_s < spectra.duration_s - spans / 2)
    mixed = np.where(room, _BASS_SHARE * bass + (1 - _BASS_SHARE) * loud, 0.0)
    return mixed, np.where(room, loud, 0.0)


def _steps(level_db: NDArray[np.float32], beats_s: Floats, span_s: float) -> Floats:
    power = 10 ** (np.asarray(level_db, np.float64) / 10)
    floor = float(np.percentile(power, 95)) * 10 ** (_QUIETEST_DB / 10) + 1e-10
    total = np.concatenate([[0.0], np.cumsum(power)])
    n = len(power)

    def mean(start: Floats, end: Floats) -> Floats:
        a = np.clip(np.rint(start * FRAME_RATE).astype(np.int64), 0, n)
        b = np.clip(np.rint(end * FRAME_RATE).astype(np.int64), 0, n)
        return np.asarray((total[b] - total[a]) / np.maximum(b - a, 1))

    onset = beats_s - 0.02  # the window that measures the level sees the onset a little early
    after, before = mean(onset, onset + span_s), mean(onset - span_s, onset)
    return np.asarray(10 * np.log10((after + floor) / (before + floor)))
