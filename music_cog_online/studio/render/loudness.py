"""Loudness and true peak as ITU-R BS.1770-5 measures them, and the gain that brings a mix to a target.

The filters are the standard's own at 48 kHz. The limiter looks ahead and works on the true peak.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE", "Loudness", "limited", "loudness_of", "true_peak_db"]

RATE = 48_000
"""Samples per second that everything here is at."""

_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_OFFSET_DB = -0.691
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE_DB = -10.0
_BLOCK, _STEP = RATE * 4 // 10, RATE // 10
_OVERSAMPLING = 4
_PEAK_BLOCK = RATE // 10
_LOOKAHEAD = RATE * 15 // 10_000
_RELEASE = RATE // 20

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Loudness:
    """What was measured.

    Attributes:
        lufs: Integrated loudness; minus infinity for silence.
        true_peak_db: True peak in dBTP; minus infinity for silence.
    """

    lufs: float
    true_peak_db: float


def loudness_of(samples: Sound) -> float:
    """Integrated, gated loudness in LUFS.

    Args:
        samples: Shape (n, channels) at 48 kHz. Shorter than 0.4 s, all of it is one block; n = 0 is silent.
    """
    from scipy.signal import sosfilt

    if len(samples) == 0:
        return -math.inf
    sections = np.array([[*b, *a] for b, a in (_SHELF, _HIGH_PASS)], np.float32)
    length = max(len(samples), _BLOCK)
    steps = length // _STEP
    power = np.zeros(steps)
    for channel in range(samples.shape[1]):
        weighted = np.asarray(sosfilt(sections, samples[:, channel]), np.float32)
        whole = np.zeros(steps * _STEP, np.float32)
        whole[: min(len(weighted), len(whole))] = weighted[: len(whole)]
        rows = whole.reshape(steps, _STEP)
        power += np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    per_block = _BLOCK // _STEP
    sums = np.convolve(power, np.ones(per_block), "valid")
    blocks = sums / min(len(samples), _BLOCK)
    loud = blocks[blocks > _power(_ABSOLUTE_GATE)]
    if len(loud) == 0:
        return -math.inf
    gate = _decibel(float(loud.mean())) + _RELATIVE_GATE_DB
    return _decibel(float(loud[loud > _power(gate)].mean()))


def true_peak_db(samples: Sound) -> float:
    """Highest value between the samples too, in dBTP, by fourfold oversampling where a peak can be."""
    peak = float(_envelope(samples, quick=True).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def limited(samples: Sound, *, gain: float, ceiling_db: float) -> Sound:
    """The sound times `gain`, with its true peaks held below the ceiling.

    The gain falls within 1.5 ms ahead of a peak and recovers over 50 ms, the same for all channels.

    Args:
        samples: Shape (n, channels).
        gain: Factor.
        ceiling_db: Highest true peak in dBTP.
    """
    out = samples * np.float32(gain)
    ceiling = 10 ** (ceiling_db / 20)
    envelope = _envelope(out, quick=False, floor=ceiling)
    if float(envelope.max(initial=0.0)) <= ceiling:
        return out
    reduction = np.asarray(ceiling / np.maximum(envelope, np.float32(ceiling)), np.float32)
    out *= _smoothed(reduction)[:, None]
    return out


def _smoothed(reduction: Sound) -> Sound:
    """A gain curve without corners that is nowhere above `reduction`."""
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    span = 2 * _LOOKAHEAD + 1
    held = minimum_filter1d(reduction, span + _RELEASE, origin=-(_RELEASE // 2) + 0, mode="nearest")
    held = np.minimum(held, minimum_filter1d(reduction, span, mode="nearest"))
    smooth = uniform_filter1d(held, _LOOKAHEAD | 1, mode="nearest")
    return np.asarray(uniform_filter1d(smooth, _LOOKAHEAD | 1, mode="nearest"), np.float32)


def _envelope(samples: Sound, *, quick: bool, floor: float = 0.0) -> Sound:
    """Largest true magnitude around each sample over all channels.

    Args:
        samples: Shape (n, channels).
        quick: Only the global maximum has to be right, so that stretches far below it are left out.
        floor: Magnitudes well below this need not be right.
    """
    if len(samples) == 0:
        return np.zeros(0, np.float32)
    channels = [np.ascontiguousarray(samples[:, number]) for number in range(samples.shape[1])]
    envelope = np.abs(channels[0])
    for channel in channels[1:]:
        np.maximum(envelope, np.abs(channel), out=envelope)
    limit = float(envelope.max()) * 0.5 if quick else floor * 0.5
    kernels = _between_kernels()
    margin = len(kernels[0]) // 2
    for first in range(0, len(samples), _PEAK_BLOCK):
        end = min(first + _PEAK_BLOCK, len(samples))
        part = envelope[first:end]
        if part.max() <= limit:
            continue
        for channel in channels:
            left, right = max(0, first - margin), min(len(samples), end + margin)
            near = channel[left:right]
            if first < margin or right < end + margin:
                near = np.pad(near, (margin - (first - left), margin - (right - end)))
            for kernel in kernels:
                np.maximum(part, np.abs(np.convolve(near, kernel, "valid")[: end - first]), out=part)
    return envelope


@lru_cache(maxsize=1)
def _between_kernels() -> tuple[Sound, ...]:
    """Filters that give the values a quarter, half and three quarters of the way to the next sample."""
    reach = 12
    place = np.arange(-reach, reach + 1)
    kernels = []
    for step in range(1, _OVERSAMPLING):
        at = place + step / _OVERSAMPLING
        window = np.cos(np.pi * np.clip(at / (reach + 1), -1, 1) / 2) ** 2
        kernel = np.sinc(at) * window
        kernels.append((kernel / kernel.sum()).astype(np.float32))
    return tuple(kernels)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_DB) / 10))


def _decibel(power: float) -> float:
    return _OFFSET_DB + 10 * math.log10(power) if power > 0 else -math.inf
