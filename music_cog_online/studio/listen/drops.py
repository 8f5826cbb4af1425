"""Drops: downbeats on which the whole and, above all, the bass grow louder than they were, and stay so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.downbeats import FEWEST_BEATS
from music_cog_online.studio.listen.listening import Drop
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra

__all__ = ["find_drops"]

Floats = NDArray[np.float64]

_BARS_BEFORE, _BARS_AFTER = 2, 4
_BASS_SHARE = 2 / 3  # the bass counts twice
_SILENCE, _QUIET = 1e-10, 1e-7
_ROOM_S = 8.0  # a song's first entry is no drop, and neither is its last chord
_PLAIN_DB, _PLAIN_JUMP_DB = 12.0, 8.0  # more than that tells nothing more
_JUMP, _MORE_JUMP = 0.25, 0.02  # worth of a decibel from the beat before to the beat itself; and beyond the plain ones
_DOWNBEAT_DB = 1.5  # worth of the first beat of a bar: its count may be wrong
_LEAST_DB = 2.0
_SURE_DB, _UNSURE_DB = 7.0, 1.2  # as clear as a drop that is right half the time; how much more makes it sure
_MOST = 8


def find_drops(spectra: Spectra, beats_s: Floats, beat_in_bar: NDArray[np.int64]) -> tuple[Drop, ...]:
    """Finds up to eight drops, the strongest and surest first; none in a piece whose level does not jump.

    The rise at a beat is that of the level from the two bars before it to the four bars after it. Where the rise is
    slow, as after a build-up, the jump from the beat before tells the beat. One counts where it is the clearest of the
    four bars around, which its rise looks at; downbeats are preferred.
    """
    if len(beats_s) < FEWEST_BEATS:
        return ()
    room_s = min(_ROOM_S, spectra.duration_s / 6)
    inside = (beats_s >= beats_s[0] + room_s) & (beats_s <= spectra.duration_s - room_s)
    if not inside.any():
        return ()
    meter = int(beat_in_bar.max())
    rise = _rises_db(spectra, beats_s, (_BARS_BEFORE * meter, _BARS_AFTER * meter), floor=_SILENCE)
    jump = _rises_db(spectra, beats_s, (1, 1), floor=_QUIET)
    jumps = _JUMP * np.minimum(jump, _PLAIN_JUMP_DB) + _MORE_JUMP * jump
    clear = np.minimum(rise, _PLAIN_DB) + jumps + _DOWNBEAT_DB * (beat_in_bar == 1)
    index = np.arange(len(beats_s))
    found: list[tuple[float, Drop]] = []
    for beat in np.flatnonzero(inside & (rise >= _LEAST_DB)):
        near = inside & (np.abs(index - beat) < _BARS_AFTER * meter)
        if clear[beat] >= clear[near].max():
            sure = 1.0 / (1.0 + np.exp(-np.clip((clear[beat] - _SURE_DB) / _UNSURE_DB, -20.0, 20.0)))
            found.append((float(rise[beat] + clear[beat]), Drop(float(beats_s[beat]), float(rise[beat]), float(sure))))
    return tuple(drop for _, drop in sorted(found, key=lambda pair: -pair[0])[:_MOST])


def _rises_db(spectra: Spectra, beats_s: Floats, reach: tuple[int, int], *, floor: float) -> Floats:
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
    rise = 10 * np.log10((after + floor) / (before + floor))
    return np.asarray(rise @ (1 - _BASS_SHARE, _BASS_SHARE))


def _mean_power(spectra: Spectra, starts_s: Floats, ends_s: Floats) -> Floats:
    """(b, 2) mean power of the whole and of the bass between two times, as far as there is sound."""
    grid_s = np.arange(len(spectra.energy)) / FRAME_RATE
    sums = [np.interp(ends_s, grid_s, e) - np.interp(starts_s, grid_s, e) for e in spectra.energy.T]
    lengths = np.minimum(ends_s, grid_s[-1]) - np.maximum(starts_s, 0.0)
    return np.asarray(np.stack(sums, axis=1) / np.maximum(lengths, 1.0 / FRAME_RATE)[:, None])
