"""A blind search for a song in a sound: whole windows of onsets are looked for in the song at several speeds.

The best places of each window are judged once more by their waveforms, and a path through them is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.verifying.align import clearness, correlations, lag_s
from music_cog_online.studio.verifying.features import FEATURE_RATE, SOUND_RATE, onsets

__all__ = ["TimeMap", "search"]

Floats = NDArray[np.float64]
Sound = NDArray[np.float32]
TimeMap = tuple[tuple[float, float], ...]
"""Pairs (time in the file, time in the song) in seconds, both ascending, linear between."""

_POOL = 2
_COARSE_RATE = FEATURE_RATE / _POOL
_WINDOW_S, _STEP_S = 8.0, 2.0
_SPEEDS = np.arange(0.97, 1.0301, 0.01)
_PEAKS = 3
_JUMP_COST = 0.35
_TOLERANCE_S = 0.12
_JUDGED_S, _JUDGED_STEP_S = 3.0, 0.1
_BLUR_S = 0.003
_TUNED_S, _FINER_SPEEDS = 2.0, np.arange(-0.015, 0.0151, 0.003)
_CLEAR, _LEAST_CLEAR = 30.0, 5.0


@dataclass(frozen=True, slots=True)
class _Guess:
    """The song heard around `out_s` is that around `song_s`, at `speed`."""

    out_s: float
    song_s: float
    speed: float
    score: float


def search(sound: Sound, song: Sound) -> tuple[TimeMap, ...]:
    """Finds where the song may be heard in a sound.

    Args:
        sound: The file's sound, mono at `SOUND_RATE`, shape (n,).
        song: The song, mono at `SOUND_RATE`, shape (m,).

    Returns:
        Maps that may overlap around a jump, in the order of the file; none when nothing like the song is heard.
    """
    path = _coarse(sound, song)
    runs: list[list[_Guess]] = []
    for guess in path:
        if runs and _goes_on(runs[-1][-1], guess):
            runs[-1].append(guess)
        else:
            runs.append([guess])
    end_s = len(sound) / SOUND_RATE
    maps: list[TimeMap] = []
    for number, run in enumerate(runs):
        start_s = runs[number - 1][-1].out_s if number else 0.0
        stop_s = runs[number + 1][0].out_s if number + 1 < len(runs) else end_s
        maps.append(_map_of(run, max(start_s, run[0].out_s - _WINDOW_S), min(stop_s, run[-1].out_s + _WINDOW_S)))
    return tuple(maps)


def _goes_on(before: _Guess, after: _Guess) -> bool:
    gap = after.out_s - before.out_s
    return abs(after.song_s - before.song_s - gap * (before.speed + after.speed) / 2) <= _TOLERANCE_S


def _map_of(run: list[_Guess], start_s: float, stop_s: float) -> TimeMap:
    first, last = run[0], run[-1]
    inner = [(guess.out_s, guess.song_s) for guess in run]
    before = (start_s, first.song_s - (first.out_s - start_s) * first.speed)
    after = (stop_s, last.song_s + (stop_s - last.out_s) * last.speed)
    return tuple([before] * (start_s < first.out_s) + inner + [after] * (stop_s > last.out_s))


def _coarse(sound: Sound, song: Sound) -> list[_Guess]:
    heard, known = _pooled(onsets(sound)), _pooled(onsets(song))
    width = min(int(_WINDOW_S * _COARSE_RATE), len(heard), int(len(known) / 1.04))
    if width < int(2.0 * _COARSE_RATE):
        return []
    size = 1 << int(np.ceil(np.log2(len(known) + width * 1.05)))
    spectrum = np.fft.rfft(known, size, axis=0)
    energy = np.concatenate([[0.0], np.cumsum((known**2).sum(1))])
    starts = range(0, len(heard) - width + 1, max(1, int(_STEP_S * _COARSE_RATE)))
    rows = [_candidates(heard[start : start + width], start, spectrum, energy, size) for start in starts]
    judged = [[_judged(sound, song, guess) for guess in row] for row in rows]
    path = [guess for guess in _path(judged) if guess.score * _CLEAR >= _LEAST_CLEAR]
    return [_tuned(sound, song, guess) for guess in path]


def _judged(sound: Sound, song: Sound, guess: _Guess) -> _Guess:
    """The guess with a score, up to about 1, for how clearly the waveforms meet there."""
    from scipy.ndimage import gaussian_filter1d

    around = np.arange(-_JUDGED_S / 2, _JUDGED_S / 2, _JUDGED_STEP_S)
    curves = correlations(sound, song, guess.out_s + around, guess.song_s + around * guess.speed)
    curve = gaussian_filter1d(curves.sum(axis=0), _BLUR_S * SOUND_RATE)
    return replace(guess, score=min(1.0, clearness(curve) / _CLEAR) + 0.1 * guess.score)


def _tuned(sound: Sound, song: Sound, guess: _Guess) -> _Guess:
    """The guess at the speed, and with the distance, at which the waveforms meet most clearly."""
    around = np.arange(-_TUNED_S / 2, _TUNED_S / 2, _JUDGED_STEP_S / 2)
    best = (-1.0, guess)
    for speed in (guess.speed + _FINER_SPEEDS).tolist():
        curve = correlations(sound, song, guess.out_s + around, guess.song_s + around * speed).sum(axis=0)
        moved = replace(guess, speed=speed, song_s=guess.song_s + lag_s(curve))
        best = max(best, (clearness(curve), moved), key=lambda pair: pair[0])
    return best[1]


def _pooled(rows: Floats) -> Floats:
    whole = len(rows) // _POOL * _POOL
    pooled: Floats = rows[:whole].reshape(-1, _POOL, rows.shape[1]).mean(1)
    return pooled


def _candidates(
    window: Floats, start: int, spectrum: NDArray[np.complex128], energy: Floats, size: int
) -> list[_Guess]:
    """The best places of one window at each speed."""
    found: list[_Guess] = []
    count = len(energy) - 1
    middle_s = (start + len(window) / 2) / _COARSE_RATE
    for speed in _SPEEDS:
        length = int(len(window) * speed)
        grid = np.arange(length) / speed
        left = np.minimum(grid.astype(np.int64), len(window) - 2)
        share = (grid - left)[:, None]
        pattern = window[left] * (1 - share) + window[left + 1] * share
        product = (spectrum * np.conj(np.fft.rfft(pattern, size, axis=0))).sum(1)
        likeness = np.fft.irfft(product, size)[: max(1, count - length)]
        norm = np.sqrt((energy[length : length + len(likeness)] - energy[: len(likeness)]) * (pattern**2).sum() + 1e-9)
        likeness = likeness / norm
        for _ in range(_PEAKS):
            peak = int(np.argmax(likeness))
            song_s = (peak + length / 2) / _COARSE_RATE
            found.append(_Guess(middle_s, song_s, float(speed), float(likeness[peak])))
            likeness[max(0, peak - 8) : peak + 9] = -1.0
    return found


def _path(rows: list[list[_Guess]]) -> list[_Guess]:
    """The best guess for each window, where going on is free and a jump costs (Viterbi)."""
    if not rows:
        return []
    totals = [np.array([guess.score for guess in rows[0]])]
    origins: list[NDArray[np.int64]] = []
    for before, after in pairwise(rows):
        gap = after[0].out_s - before[0].out_s
        place, speed = (np.array([getattr(guess, name) for guess in before]) for name in ("song_s", "speed"))
        here = np.array([guess.song_s for guess in after])
        mean = (speed[None, :] + np.array([guess.speed for guess in after])[:, None]) / 2
        goes_on = np.abs(here[:, None] - place[None, :] - gap * mean) <= _TOLERANCE_S
        reach = totals[-1][None, :] - np.where(goes_on, 0.0, _JUMP_COST)
        origins.append(np.argmax(reach, axis=1))
        totals.append(reach.max(axis=1) + np.array([guess.score for guess in after]))
    index = int(np.argmax(totals[-1]))
    path = [rows[-1][index]]
    for row, origin in zip(reversed(rows[:-1]), reversed(origins), strict=True):
        index = int(origin[index])
        path.append(row[index])
    return path[::-1]
