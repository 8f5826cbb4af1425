"""Where in a song each moment of a file's sound comes from, measured on the sound alone.

First whole windows of onsets are looked for in the song at several speeds, and a path through the best places is
chosen; then the waveforms are laid on one another by the phase of their cross-spectrum (GCC-PHAT: Knapp and Carter,
IEEE Transactions on Acoustics, Speech and Signal Processing 24, 1976), which speech over the music hardly disturbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.verifying.features import FEATURE_RATE, SOUND_RATE, onsets

__all__ = ["Stretch", "locate"]

Floats = NDArray[np.float64]
Sound = NDArray[np.float32]

_POOL = 2
_COARSE_RATE = FEATURE_RATE / _POOL
_WINDOW_S, _STEP_S = 8.0, 2.0
_SPEEDS = np.arange(0.97, 1.0301, 0.01)
_PEAKS = 3
_JUMP_COST = 0.35
_TOLERANCE_S = 0.12
_LEAST_SCORE = 0.2
_FINE_WINDOW_S, _FINE_STEP_S = 1.5, 0.5
_FINE_REACH_S = 0.06
_LIKELY_PEAK, _LEAST_PEAK = 4.5, 5.0
_CLEAR_PEAK = 12.0
_SPEED_CHANGES = (-0.004, 0.004)
_SPEED_REACH_S = 6.0
_BAND_HZ = (60.0, 3000.0)
_SMOOTH_S = 0.004
_BREAK_S = 0.02
_GUESS_S = 3.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the file in which the song plays on without a jump.

    Attributes:
        from_s: Its start in the file.
        to_s: Its end in the file.
        out_s: Times in the file that were measured, ascending, shape (n,), n at least 2.
        song_s: The times in the song that are heard there, shape (n,).
    """

    from_s: float
    to_s: float
    out_s: Floats
    song_s: Floats

    def out_of(self, song_s: Floats) -> Floats:
        """Times in the file at which moments of the song are heard; the outer slopes go on beyond the measured."""
        return _along(self.song_s, self.out_s, song_s)

    def song_of(self, out_s: Floats) -> Floats:
        """Times in the song that are heard at moments of the file."""
        return _along(self.out_s, self.song_s, out_s)


@dataclass(frozen=True, slots=True)
class _Guess:
    """The song heard around `out_s` is that around `song_s`, at `speed`."""

    out_s: float
    song_s: float
    speed: float
    score: float


def locate(sound: Sound, song: Sound) -> tuple[Stretch, ...]:
    """Finds the song in a sound.

    Args:
        sound: The file's sound, mono at `SOUND_RATE`, shape (n,).
        song: The song, mono at `SOUND_RATE`, shape (m,).

    Returns:
        Stretches in the order of the file; none when the song is not heard.
    """
    path = _coarse(onsets(sound), onsets(song))
    points = _fine(sound, song, path)
    return _stretches(points, len(sound) / SOUND_RATE)


def _coarse(heard: Floats, known: Floats) -> list[_Guess]:
    heard, known = _pooled(heard), _pooled(known)
    width = min(int(_WINDOW_S * _COARSE_RATE), len(heard), int(len(known) / 1.04))
    if width < int(2.0 * _COARSE_RATE):
        return []
    size = 1 << int(np.ceil(np.log2(len(known) + width * 1.05)))
    spectrum = np.fft.rfft(known, size, axis=0)
    energy = np.concatenate([[0.0], np.cumsum((known**2).sum(1))])
    starts = range(0, len(heard) - width + 1, max(1, int(_STEP_S * _COARSE_RATE)))
    rows = [_candidates(heard[start : start + width], start, spectrum, energy, size) for start in starts]
    return [guess for guess in _path(rows) if guess.score >= _LEAST_SCORE]


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


def _fine(sound: Sound, song: Sound, path: list[_Guess]) -> list[tuple[float, float]]:
    """Measured (file time, song time) pairs, in two rounds: the second one knows the speed better."""
    if not path:
        return []
    points: list[tuple[float, float]] = []
    for out_s in np.arange(0.0, len(sound) / SOUND_RATE, _FINE_STEP_S).tolist():
        expected = _expected(path, out_s)
        peak, song_s = max(_aligned(sound, song, out_s, place_s, speed) for place_s, speed in expected)
        if peak < _CLEAR_PEAK:
            others = [(place_s, speed + change) for place_s, speed in expected for change in _SPEED_CHANGES]
            peak, song_s = max((peak, song_s), *(_aligned(sound, song, out_s, *other) for other in others))
        if peak >= _LIKELY_PEAK:
            points.append((out_s, song_s))
    again: list[tuple[float, float]] = []
    for index, (out_s, song_s) in enumerate(points):
        peak, better_s = _aligned(sound, song, out_s, song_s, _speed_around(points, index))
        if peak >= _LEAST_PEAK:
            again.append((out_s, better_s))
    return again


def _expected(path: list[_Guess], out_s: float) -> list[tuple[float, float]]:
    """Song times, with speeds, that the path leads to expect at a moment: one, or two around a jump."""
    expected: list[tuple[float, float]] = []
    for guess in sorted(path, key=lambda guess: abs(guess.out_s - out_s))[:2]:
        speed = _speed_of(path, guess)
        song_s = guess.song_s + (out_s - guess.out_s) * speed
        if all(abs(song_s - other) > _FINE_REACH_S / 2 for other, _ in expected):
            expected.append((song_s, speed))
    return expected


def _speed_of(path: list[_Guess], guess: _Guess) -> float:
    """Speed around a guess, from the guesses on the same stretch."""
    near: list[_Guess] = []
    for other in path:
        gap = other.out_s - guess.out_s
        if abs(gap) <= _SPEED_REACH_S and abs(other.song_s - guess.song_s - gap) <= 0.05 * abs(gap) + 0.03:
            near.append(other)
    if len(near) < 3:
        return guess.speed
    fitted = np.polyfit([other.out_s for other in near], [other.song_s for other in near], 1)
    return float(np.clip(fitted[0], _SPEEDS[0] - 0.005, _SPEEDS[-1] + 0.005))


def _speed_around(points: list[tuple[float, float]], index: int) -> float:
    nearby = points[max(0, index - 3) : index + 4]
    slopes = [(d - b) / (c - a) for (a, b), (c, d) in pairwise(nearby)]
    speed = float(np.median(slopes)) if slopes else 1.0
    return speed if 0.95 <= speed <= 1.05 else 1.0


def _aligned(sound: Sound, song: Sound, out_s: float, song_s: float, speed: float) -> tuple[float, float]:
    """Height of the correlation's peak over its spread, and the song time that is heard at `out_s`."""
    from scipy.fft import next_fast_len

    half, reach = int(_FINE_WINDOW_S / 2 * SOUND_RATE), int(_FINE_REACH_S * SOUND_RATE)
    middle = round(out_s * SOUND_RATE)
    first, last = max(0, middle - half), min(len(sound), middle + half)
    if last - first < half:
        return 0.0, song_s
    here = sound[first:last].astype(np.float64)
    places = (song_s + ((np.arange(first - reach, last + reach) / SOUND_RATE) - out_s) * speed) * SOUND_RATE
    there = _between(song, places)
    if not here.any() or not there.any():
        return 0.0, song_s
    size = int(next_fast_len(len(there), real=True))
    shape = np.hanning(len(here))
    product = np.fft.rfft(there, size) * np.conj(np.fft.rfft(here * shape, size))
    product /= np.abs(product) + 1e-3 * np.abs(product).max()
    hertz = np.fft.rfftfreq(size, 1 / SOUND_RATE)
    product[(hertz < _BAND_HZ[0]) | (hertz > _BAND_HZ[1])] = 0.0
    curve = np.fft.irfft(product, size)[: 2 * reach + 1]
    peak = int(np.argmax(curve))
    spread = float(np.median(np.abs(curve))) * 1.4826 + 1e-12
    lag = peak + _parabola(curve, peak) - reach
    return float(curve[peak] / spread), song_s + lag / SOUND_RATE * speed


def _between(samples: Sound, places: Floats) -> Floats:
    """Values between samples, on straight lines; silence outside."""
    left = np.floor(places).astype(np.int64)
    share = places - left
    inside = (left >= 0) & (left < len(samples) - 1)
    left = np.clip(left, 0, len(samples) - 2)
    values: Floats = np.where(inside, samples[left] * (1 - share) + samples[left + 1] * share, 0.0)
    return values


def _parabola(curve: Floats, peak: int) -> float:
    if not 0 < peak < len(curve) - 1:
        return 0.0
    left, middle, right = curve[peak - 1 : peak + 2]
    bend = left - 2 * middle + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0


def _stretches(points: list[tuple[float, float]], duration_s: float) -> tuple[Stretch, ...]:
    groups: list[list[tuple[float, float]]] = []
    for point in points:
        if groups and _goes_on(groups[-1], point):
            groups[-1].append(point)
        else:
            groups.append([point])
    groups = [_without_strays(group) for group in groups if len(group) >= 3]
    groups = [group for group in groups if len(group) >= 3]
    found: list[Stretch] = []
    for number, group in enumerate(groups):
        out, song = np.array(group).T
        first = (groups[number - 1][-1][0] + out[0]) / 2 if number else 0.0
        last = (out[-1] + groups[number + 1][0][0]) / 2 if number + 1 < len(groups) else duration_s
        first, last = max(first, out[0] - _GUESS_S), min(last, out[-1] + _GUESS_S)
        found.append(Stretch(float(first), float(last), out, song))
    return tuple(found)


def _goes_on(group: list[tuple[float, float]], point: tuple[float, float]) -> bool:
    gap = point[0] - group[-1][0]
    return abs(point[1] - group[-1][1] - gap) <= 0.04 * gap + _BREAK_S


def _without_strays(group: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Drops points that lie off the line through their neighbours."""
    out, song = np.array(group).T
    kept: list[tuple[float, float]] = []
    for index in range(len(group)):
        near = [k for k in range(max(0, index - 2), min(len(group), index + 3)) if k != index]
        slope, base = np.polyfit(out[near] - out[index], song[near], 1)
        del slope
        if abs(base - song[index]) <= _SMOOTH_S:
            kept.append(group[index])
    return kept if len(kept) >= 3 else group


def _along(from_s: Floats, to_s: Floats, at_s: Floats) -> Floats:
    reach = min(6, len(from_s))
    left = np.polyfit(from_s[:reach], to_s[:reach], 1)
    right = np.polyfit(from_s[-reach:], to_s[-reach:], 1)
    inside: Floats = np.interp(at_s, from_s, to_s)
    before, after = at_s < from_s[0], at_s > from_s[-1]
    inside[before] = to_s[0] + left[0] * (at_s[before] - from_s[0])
    inside[after] = to_s[-1] + right[0] * (at_s[after] - from_s[-1])
    return inside
