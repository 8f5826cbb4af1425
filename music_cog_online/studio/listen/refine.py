"""Beats on a 10 ms grid → beats at the true start of their onsets, on a smooth tempo curve.

Around each beat the sound is looked at again with a short window: the onset is where the spectrum rises fastest.
Single onsets are early, late or missing, so the beats are then drawn towards a locally steady tempo by a robust
least-squares fit; a jump of the tempo costs little more than a small change, so that it stays a jump.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.filters import solve_pentadiagonal

__all__ = ["refine"]

Times = NDArray[np.float64]

_REACH_S = 0.045
_STEP_S = 0.002
_WINDOW_S = 0.0116
_RISE_S = 0.004  # half the distance over which the rise is taken
_TRUST_S = 0.022  # how far from the grid an onset is believed
_ONSET_SIGMA_S = 0.008
_TEMPO_SIGMA_S = 0.002
_TEMPO_KNEE_S = 0.005
_ANCHOR_SIGMA_S = 0.03  # the grid has heard more than one onset: it counts as a vague one
_FARTHEST_S = 0.02
_DRIFT_S = 0.01  # many beats on end lie no farther from the grid than that: soft attacks would pull them early
_GRID_LATE_S = 0.005  # median distance of the grid from the onsets, over many songs
_BIAS_S = -0.002  # the rise of a struck note is seen that much before its start
_BLOCK = 64


def refine(samples: NDArray[np.float32], rate: int, beats_s: Times) -> Times:
    """Moves (b,) beats by at most 25 ms to where their onsets start; fewer than three beats stay as they are."""
    if len(beats_s) < 3:
        return beats_s
    onsets, weights = _onsets(samples, rate, beats_s)
    return _steady(onsets - _BIAS_S, weights, beats_s)


def _onsets(samples: NDArray[np.float32], rate: int, beats_s: Times) -> tuple[Times, Times]:
    """(b,) time of the fastest rise near each beat, and how clear it is, 0..1."""
    size = 1 << round(float(np.log2(max(_WINDOW_S * rate, 16.0))))
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) or 1.0
    gain = np.float32(100.0 / (level * size))
    lag = round(_RISE_S / _STEP_S)
    half = round(_REACH_S / _STEP_S)
    grid = np.arange(-half - lag, half + lag + 1) * _STEP_S
    near = np.exp(-0.5 * (grid[lag:-lag] / _TRUST_S) ** 2)
    edge = round((grid[-1] + 0.2) * rate) + size
    padded = np.pad(samples, edge)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)
    times, weights = np.empty(len(beats_s)), np.empty(len(beats_s))
    last = len(frames) - 1
    for start in range(0, len(beats_s), _BLOCK):
        block = beats_s[start : start + _BLOCK]
        at = np.rint((block[:, None] + grid[None, :]) * rate).astype(np.int64) + edge - size // 2
        at = np.clip(at, 0, last)
        spectrum = np.log1p(gain * np.abs(np.fft.rfft(frames[at] * window, axis=2)))
        rise = np.maximum(0.0, spectrum[:, 2 * lag :] - spectrum[:, : -2 * lag]).sum(axis=2)
        peak = (rise * near).argmax(axis=1)
        rows = np.arange(len(block))
        times[start : start + len(block)] = block + grid[lag + peak] + _vertex(rise, peak) * _STEP_S
        height = rise[rows, peak]
        weights[start : start + len(block)] = np.maximum(0.0, 1.0 - 1.5 * rise.mean(axis=1) / np.maximum(height, 1e-6))
    return times, weights + 0.01


def _vertex(curve: NDArray[np.floating], peak: NDArray[np.intp]) -> Times:
    """Offset, in steps, of the parabola's vertex through each row's peak and its neighbours."""
    rows = np.arange(len(peak))
    inner = np.clip(peak, 1, curve.shape[1] - 2)
    a, b, c = curve[rows, inner - 1], curve[rows, inner], curve[rows, inner + 1]
    bend = a - 2 * b + c
    offset = np.where(np.abs(bend) > 1e-9, 0.5 * (a - c) / np.where(np.abs(bend) > 1e-9, bend, 1.0), 0.0)
    return np.asarray(np.where(inner == peak, np.clip(offset, -0.5, 0.5), 0.0), np.float64)


def _steady(onsets: Times, weights: Times, grid: Times) -> Times:
    """Robust fit: near the onsets, with second differences near zero (iteratively re-weighted least squares)."""
    n = len(onsets)
    beats = onsets.copy()
    grid = grid - _GRID_LATE_S
    anchor = 1.0 / _ANCHOR_SIGMA_S**2
    for turn in range(12):
        distance = onsets - beats if turn else onsets - grid
        believe = weights / (1.0 + (distance / (1.5 * _ONSET_SIGMA_S)) ** 2) / _ONSET_SIGMA_S**2
        bend = np.diff(beats if turn else grid, n=2)
        stiff = 1.0 / (1.0 + (bend / _TEMPO_KNEE_S) ** 2) / _TEMPO_SIGMA_S**2
        main = believe + anchor
        main[:-2] += stiff
        main[1:-1] += 4 * stiff
        main[2:] += stiff
        first, second = np.zeros(n), np.zeros(n)
        first[: n - 2] -= 2 * stiff
        first[1 : n - 1] -= 2 * stiff
        second[: n - 2] += stiff
        beats = solve_pentadiagonal(main, first, second, believe * onsets + anchor * grid)
    moved = beats - grid
    drift = _running_median(moved)
    return grid + np.clip(moved - drift + np.clip(drift, -_DRIFT_S, _DRIFT_S), -_FARTHEST_S, _FARTHEST_S)


def _running_median(values: Times) -> Times:
    """Median of nine neighbours; edges repeat."""
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(np.pad(values, 4, mode="edge"), 9), axis=1))
