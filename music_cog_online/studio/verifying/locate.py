"""Where in a song each moment of a file's sound comes from, measured on the sound alone.

What is expected, where it is known, is only where to look first: the place is measured there on the waveforms, and
nothing is taken for the song that does not hold its notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.verifying.align import REACH_S, correlations, lag_s, track
from music_cog_online.studio.verifying.features import SOUND_RATE
from music_cog_online.studio.verifying.search import TimeMap, search
from music_cog_online.studio.verifying.tones import agreements, likeness

__all__ = ["Stretch", "TimeMap", "locate"]

Floats = NDArray[np.float64]
Sound = NDArray[np.float32]

_FRAME_STEP_S, _POINT_STEP_S = 0.05, 0.25
_SPREAD_S = 0.5
_LEAST_CLEAR = 4.5
_LEAST_POINTS, _LEAST_SHARE = 4, 0.35
_USUAL, _LEAST_USUAL = 0.6, 7.0
_GUESS_S, _BLIND_GUESS_S = 3.0, 1.0
_BY_CHANCE, _LEAST_NOTES = 1.2, 0.08
_RIVAL_BEATS = (*range(1, 9), 16)
_RIVAL_FRAMES = 24
_ALIKE, _BETTER = 0.5, 1.2
_STRAY_S = 0.008
_HELD_S, _LEAST_HELD = 0.008, 0.8
_BENT_S, _LINE_S, _ROUNDS = 0.008, 2.0, 3


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
class _Run:
    """What was measured along a map: moments of the file, how far the song lies from the map, how clearly; (n,)."""

    map: TimeMap
    from_s: float
    to_s: float
    out_s: Floats
    lag_s: Floats
    clear: Floats

    def song_of(self, out_s: Floats) -> Floats:
        """Times in the song; between and beyond what was measured, the song keeps its distance from the map."""
        out, song = np.array(self.map).T
        return np.asarray(np.interp(out_s, out, song) + np.interp(out_s, self.out_s, self.lag_s))


def locate(
    sound: Sound, song: Sound, *, expected: Sequence[TimeMap] = (), beat_s: float | None = None
) -> tuple[Stretch, ...]:
    """Finds the song in a sound.

    Args:
        sound: The file's sound, mono at `SOUND_RATE`, shape (n,).
        song: The song, mono at `SOUND_RATE`, shape (m,).
        expected: Where the song is said to play; where it does not, it is looked for everywhere.
        beat_s: Length of a beat of the song, to make sure that it does not play some beats from the expected place.

    Returns:
        Stretches in the order of the file; none when the song is not heard.
    """
    end_s = len(sound) / SOUND_RATE
    inside = [_until(one, end_s) for one in expected]
    maps = [_moved(sound, song, one, beat_s) for one in inside if one]
    found = _measured(sound, song, maps, _GUESS_S)
    if found and _length(found) >= 0.5 * sum(one[-1][0] - one[0][0] for one in maps):
        return found
    anywhere = _measured(sound, song, search(sound, song), _BLIND_GUESS_S)
    return max(found, anywhere, key=_length)


def _length(stretches: Sequence[Stretch]) -> float:
    return sum(stretch.to_s - stretch.from_s for stretch in stretches)


def _until(one: TimeMap, end_s: float) -> TimeMap:
    """The part of a map from 0 to the end of the file; empty when there is next to none."""
    out, song = np.array(one).T
    inner = out[(out > 0.0) & (out < end_s)]
    first, last = max(0.0, float(out[0])), min(end_s, float(out[-1]))
    if last - first < _POINT_STEP_S:
        return ()
    return tuple((float(at), float(np.interp(at, out, song))) for at in np.unique([first, *inner, last]))


def _moved(sound: Sound, song: Sound, one: TimeMap, beat_s: float | None) -> TimeMap:
    """The map, or the same some beats away where the sound says so plainly: bars that are alike leave it in place."""
    if not beat_s:
        return one
    out, places = np.array(one).T
    frames = np.linspace(out[0], out[-1], _RIVAL_FRAMES)
    at = np.interp(frames, out, places)
    moves = [0.0, *(sign * beats * beat_s for beats in _RIVAL_BEATS for sign in (-1, 1))]
    curves = [correlations(sound, song, frames, at + move).sum(axis=0) for move in moves]
    high = max(float(curve.max()) for curve in curves)
    likely = [(move, lag_s(curve)) for move, curve in zip(moves, curves, strict=True) if curve.max() >= _ALIKE * high]
    best, most = 0.0, _LEAST_NOTES
    if len(likely) > 1:
        notes = agreements(sound, song, frames, [at + move + lag for move, lag in likely])
        for (move, _), one_notes in zip(likely, notes, strict=True):
            if one_notes > _BETTER * most:
                best, most = move, one_notes
    elif likely:
        best = likely[0][0]
    return tuple((out_s, song_s + best) for out_s, song_s in one)


def _measured(sound: Sound, song: Sound, maps: Sequence[TimeMap], guess_s: float) -> tuple[Stretch, ...]:
    runs = _apart([run for run in (_followed(sound, song, one) for one in maps) if run is not None])
    if not runs:
        return ()
    song_s = np.concatenate([run.song_of(run.out_s) for run in runs])
    like = likeness(sound, song, np.concatenate([run.out_s for run in runs]), song_s)
    if like.notes < max(_LEAST_NOTES, _BY_CHANCE * like.chance):
        return ()
    return tuple(stretch for run in runs for stretch in _stretches(run, guess_s))


def _followed(sound: Sound, song: Sound, one: TimeMap) -> _Run | None:
    """What is measured along a map; None where the song is not heard along it."""
    run = _once(sound, song, one)
    for _ in range(_ROUNDS):
        if run is None or (np.ptp(run.lag_s) <= _BENT_S and np.abs(run.lag_s).max() <= REACH_S / 2):
            break
        again = _once(sound, song, _bent(run))
        if again is None or len(again.out_s) < len(run.out_s):
            break
        run = again
    held = run is not None and float(np.mean(np.abs(run.lag_s - np.median(run.lag_s)) <= _HELD_S)) >= _LEAST_HELD
    return run if held else None


def _once(sound: Sound, song: Sound, one: TimeMap) -> _Run | None:
    from scipy.ndimage import median_filter

    out, places = np.array(one).T
    frames = np.arange(out[0] + _FRAME_STEP_S, out[-1], _FRAME_STEP_S)
    moments = np.arange(out[0] + _POINT_STEP_S / 2, out[-1], _POINT_STEP_S)
    if len(moments) < _LEAST_POINTS:
        return None
    curves = correlations(sound, song, frames, np.interp(frames, out, places))
    weights = np.exp(-0.5 * ((moments[:, None] - frames[None, :]) / _SPREAD_S) ** 2)
    lags, clear = track(weights @ curves, _POINT_STEP_S)
    kept = clear >= _LEAST_CLEAR
    if kept.sum() < max(_LEAST_POINTS, _LEAST_SHARE * len(moments)) or np.quantile(clear, _USUAL) < _LEAST_USUAL:
        return None
    lags = lags[kept]
    steady = np.abs(lags - median_filter(lags, min(7, len(lags)), mode="nearest")) <= _STRAY_S
    return _Run(one, float(out[0]), float(out[-1]), moments[kept][steady], lags[steady], clear[kept][steady])


def _bent(run: _Run) -> TimeMap:
    """The map as it was measured, with a line through every two seconds or so."""
    count = max(1, round((run.to_s - run.from_s) / _LINE_S))
    knots = np.linspace(run.from_s, run.to_s, count + 1)
    hats = np.maximum(0.0, 1.0 - np.abs(run.out_s[:, None] - knots[None, :]) * count / (run.to_s - run.from_s))
    stiff = 0.1 * np.diff(np.eye(count + 1), n=2, axis=0)
    rows = np.concatenate([hats, stiff])
    lag = np.linalg.lstsq(rows, np.concatenate([run.lag_s, np.zeros(len(stiff))]), rcond=None)[0]
    out, song = np.array(run.map).T
    grid = np.unique(np.concatenate([knots, out]))
    song_s = np.interp(grid, out, song) + np.interp(grid, knots, lag)
    return tuple((float(at), float(place)) for at, place in zip(grid, song_s, strict=True))


def _apart(runs: list[_Run]) -> list[_Run]:
    """Where two runs tell of the same time, the clearer one holds."""
    ordered = sorted(runs, key=lambda run: run.from_s)
    for index in range(1, len(ordered)):
        before, after = ordered[index - 1], ordered[index]
        if after.from_s >= before.to_s:
            continue
        grid = np.arange(after.from_s, before.to_s, _POINT_STEP_S)
        gains = np.cumsum(_clear_at(before, grid) - _clear_at(after, grid))
        border = float(grid[int(np.argmax(gains))]) + _POINT_STEP_S / 2 if gains.max() > 0 else after.from_s
        ordered[index - 1] = _clipped(before, before.from_s, border)
        ordered[index] = _clipped(after, border, after.to_s)
    return [run for run in ordered if len(run.out_s) >= _LEAST_POINTS]


def _clear_at(run: _Run, at_s: Floats) -> Floats:
    """How clearly the song was heard about a time; 0 where it was not."""
    near = np.abs(at_s[:, None] - run.out_s[None, :]) <= _POINT_STEP_S
    return np.asarray((near * run.clear[None, :]).max(axis=1, initial=0.0))


def _clipped(run: _Run, from_s: float, to_s: float) -> _Run:
    kept = (run.out_s >= from_s) & (run.out_s <= to_s)
    return _Run(run.map, from_s, to_s, run.out_s[kept], run.lag_s[kept], run.clear[kept])


def _stretches(run: _Run, guess_s: float) -> list[Stretch]:
    """A stretch for each part of the run in which no gap is longer than what may be guessed across."""
    breaks = np.flatnonzero(np.diff(run.out_s) > 2 * guess_s) + 1
    found: list[Stretch] = []
    for part in np.split(run.out_s, breaks):
        if len(part) < _LEAST_POINTS:
            continue
        begin, end = max(run.from_s, float(part[0]) - guess_s), min(run.to_s, float(part[-1]) + guess_s)
        knots = [out for out, _ in run.map if begin < out < end]
        grid = np.unique(np.concatenate([[begin, end], part, knots]))
        found.append(Stretch(begin, end, grid, run.song_of(grid)))
    return found


def _along(from_s: Floats, to_s: Floats, at_s: Floats) -> Floats:
    """On the lines through the points, the outer ones going on."""
    part = np.clip(np.searchsorted(from_s, at_s) - 1, 0, len(from_s) - 2)
    slope = (to_s[part + 1] - to_s[part]) / (from_s[part + 1] - from_s[part])
    return np.asarray(to_s[part] + slope * (at_s - from_s[part]))
