"""Drops: downbeats on which the whole and, above all, the bass grow louder than they were, and stay so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.downbeats import FEWEST_BEATS
from music_cog_online.studio.listen.listening import Drop
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra

__all__ = ["find_drops"]

Floats = NDArray[np.float64]

_BARS_BEFORE, _BARS_AFTER, _BARS_AT_ONCE = 2, 4, 2
_LATER_DB = 2.0  # how much of the rise may come later than at once: it is the beat's own that counts
_BASS_SHARE = 2 / 3  # the bass counts twice
_SILENCE = 1e-5  # power: what is softer than -50 dBFS counts as silence
_ROOM_S = 8.0  # a song's first entry is no drop, and neither is its last chord
_PLAIN_DB, _MORE = 12.0, 0.3  # what rises so far is plain; worth of each decibel more
_JUMP = 0.02  # worth of a decibel from the beat before: it decides between equals
_DOWNBEAT_DB = 2.0  # worth of the first beat of a bar: its count may be wrong
_LEAST_DB = 2.0
_SURE, _SURE_RANGE = 0.6, (0.3, 0.9)  # of a drop on a certain beat that is just as clear as the next best
_SURE_PER_DB = 0.1
_MOST = 8


def find_drops(
    spectra: Spectra, beats_s: Floats, beat_in_bar: NDArray[np.int64], certainty: NDArray[np.float32]
) -> tuple[Drop, ...]:
    """Finds up to eight drops, the clearest first; none in a piece whose level does not jump.

    The rise at a beat is that of the level from the two bars before it to the four bars after it, as far as it is there
    within two. One counts where it is the clearest of the four bars around, which its rise looks at; downbeats are
    preferred. It is as sure as its beat is, less where another is as clear.

    Args:
        spectra: The piece.
        beats_s: (b,) beats.
        beat_in_bar: (b,) their places, 1 for the downbeat.
        certainty: (b,) chance that each of them is a beat, 0..1.
    """
    if len(beats_s) < FEWEST_BEATS:
        return ()
    room_s = min(_ROOM_S, spectra.duration_s / 6)
    inside = (beats_s >= beats_s[0] + room_s) & (beats_s <= spectra.duration_s - room_s)
    if not inside.any():
        return ()
    meter = int(beat_in_bar.max())
    in_all = _rises_db(spectra, beats_s, (_BARS_BEFORE * meter, _BARS_AFTER * meter))
    at_once = _rises_db(spectra, beats_s, (_BARS_BEFORE * meter, _BARS_AT_ONCE * meter))
    rise = np.minimum(in_all, at_once + _LATER_DB)
    jump = _rises_db(spectra, beats_s, (1, 1))
    clear = np.minimum(rise, _PLAIN_DB) + _MORE * np.maximum(rise - _PLAIN_DB, 0.0)
    clear += _JUMP * jump + _DOWNBEAT_DB * (beat_in_bar == 1)
    index = np.arange(len(beats_s))
    found: list[tuple[float, Drop]] = []
    for beat in np.flatnonzero(inside & (rise >= _LEAST_DB)):
        near = np.abs(index - beat) < _BARS_AFTER * meter
        if clear[beat] >= clear[near & inside].max():
            ahead = clear[beat] - clear[inside & ~near].max(initial=0.0)
            sure = certainty[beat] * np.clip(_SURE + _SURE_PER_DB * ahead, *_SURE_RANGE)
            found.append((float(clear[beat]), Drop(float(beats_s[beat]), float(rise[beat]), float(sure))))
    return tuple(drop for _, drop in sorted(found, key=lambda pair: -pair[0])[:_MOST])


def _rises_db(spectra: Spectra, beats_s: Floats, reach: tuple[int, int]) -> Floats:
    """(b,) rise of the level from so many beats before each beat to so many after it.

    Beats beyond the first and the last are as long as these.
    """
    count = max(reach)
    beyond = np.arange(1, count + 1)
    first, last = beats_s[1] - beats_s[0], beats_s[-1] - beats_s[-2]
    longer = np.concatenate([beats_s[0] - first * beyond[::-1], beats_s, beats_s[-1] + last * beyond])
    here = np.arange(len(beats_s)) + count
    before = _mean_power(spectra, longer[here - reach[0]], beats_s)
    after = _mean_power(spectra, beats_s, longer[here + reach[1]])
    rise = 10 * np.log10((after + _SILENCE) / (before + _SILENCE))
    return np.asarray(rise @ (1 - _BASS_SHARE, _BASS_SHARE))


def _mean_power(spectra: Spectra, starts_s: Floats, ends_s: Floats) -> Floats:
    """(b, 2) mean power of the whole and of the bass between two times, as far as there is sound."""
    grid_s = np.arange(len(spectra.energy)) / FRAME_RATE
    sums = [np.interp(ends_s, grid_s, e) - np.interp(starts_s, grid_s, e) for e in spectra.energy.T]
    lengths = np.minimum(ends_s, grid_s[-1]) - np.maximum(starts_s, 0.0)
    return np.asarray(np.stack(sums, axis=1) / np.maximum(lengths, 1.0 / FRAME_RATE)[:, None])
