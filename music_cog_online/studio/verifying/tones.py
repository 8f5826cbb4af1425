"""Whether two sounds hold the same notes: what tells a song from another with the same tempo and the same drums.

The steady part of the spectrum (median over time, which leaves out what is struck: FitzGerald, DAFx 2010) is compared
on a scale of pitch. How like two different songs would be by chance is measured on the spot: the song, moved up and
down by less than an octave, is another song with the same rhythm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.verifying.features import SOUND_RATE

__all__ = ["Likeness", "agreements", "likeness"]

Floats = NDArray[np.float64]
Sound = NDArray[np.float32]

_FRAME, _HOP = 4096, 1024
_AROUND = np.array([-2, -1, 0, 1, 2]) * _HOP
_LOWEST_HZ, _HIGHEST_HZ = 80.0, 2800.0
_OCTAVE = 48
_MOVES = np.concatenate([np.arange(-36, -3), np.arange(4, 37)])
_BLOCK = 128


class Likeness(NamedTuple):
    """How like the notes of two sounds are.

    Attributes:
        notes: Correlation of the two, -1..1.
        chance: The highest correlation with the song in another key.
    """

    notes: float
    chance: float


def likeness(sound: Sound, song: Sound, out_s: Floats, song_s: Floats) -> Likeness:
    """Compares the notes at moments of a sound with those of the song at the moments said to be heard there.

    Args:
        sound: The file's sound, mono at `SOUND_RATE`.
        song: The song, mono at `SOUND_RATE`.
        out_s: Moments of the file, shape (m,).
        song_s: Moments of the song, shape (m,).

    Returns:
        Zeros when nothing is heard.
    """
    if not len(out_s):
        return Likeness(0.0, 0.0)
    ours, theirs = _notes(sound, out_s), _notes(song, song_s)
    ours -= ours.mean(axis=1, keepdims=True)
    chance = max(_correlation(ours, theirs, int(move)) for move in _MOVES)
    return Likeness(_correlation(ours, theirs, 0), chance)


def agreements(sound: Sound, song: Sound, out_s: Floats, places_s: Sequence[Floats]) -> list[float]:
    """Correlation of the notes at moments of a sound with those at each of several places of the song.

    Args:
        sound: The file's sound, mono at `SOUND_RATE`.
        song: The song, mono at `SOUND_RATE`.
        out_s: Moments of the file, shape (m,).
        places_s: For each place the moments of the song, shape (m,).
    """
    ours = _notes(sound, out_s)
    ours -= ours.mean(axis=1, keepdims=True)
    return [_correlation(ours, _notes(song, song_s), 0) for song_s in places_s]


def _correlation(ours: Floats, theirs: Floats, move: int) -> float:
    moved = np.zeros_like(theirs)
    width = theirs.shape[1]
    moved[:, max(0, move) : width + min(0, move)] = theirs[:, max(0, -move) : width - max(0, move)]
    moved -= moved.mean(axis=1, keepdims=True)
    return float((ours * moved).sum() / (np.sqrt((ours**2).sum() * (moved**2).sum()) + 1e-12))


def _notes(samples: Sound, at_s: Floats) -> Floats:
    """How far each pitch stands out, shape (m, bins)."""
    from scipy.ndimage import uniform_filter1d

    hertz = _LOWEST_HZ * 2 ** (np.arange(int(np.log2(_HIGHEST_HZ / _LOWEST_HZ) * _OCTAVE)) / _OCTAVE)
    place = hertz / SOUND_RATE * _FRAME
    left = place.astype(np.int64)
    share = place - left
    padded = np.concatenate([np.zeros(_FRAME, np.float32), samples, np.zeros(_FRAME, np.float32)])
    first = np.rint(at_s * SOUND_RATE).astype(np.int64) + _FRAME // 2
    window = np.hanning(_FRAME)
    rows = np.empty((len(at_s), len(hertz)))
    for begin in range(0, len(rows), _BLOCK):
        starts = np.clip(first[begin : begin + _BLOCK, None] + _AROUND, 0, len(padded) - _FRAME)
        levels = np.abs(np.fft.rfft(padded[starts[:, :, None] + np.arange(_FRAME)] * window, axis=2))
        steady = np.median(levels[:, :, : int(place[-1]) + 2], axis=1)
        steady = np.log(steady + 1e-4 * steady.max(axis=1, keepdims=True) + 1e-7)
        rows[begin : begin + _BLOCK] = steady[:, left] * (1 - share) + steady[:, left + 1] * share
    around = uniform_filter1d(rows, _OCTAVE // 2, axis=1)
    return np.asarray(np.maximum(0.0, rows - around))
