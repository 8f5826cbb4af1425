"""Samples → what the beat tracker looks at: band-wise onset strength, harmonic change, loudness.

Onset strength is the half-wave rectified difference of a log-frequency, log-magnitude spectrogram whose earlier frame
is widened by one band, so that vibrato does not pass for onsets (Böck and Widmer, "Maximum filter vibrato suppression
for onset detection", DAFx 2013), pooled into seven bands from kick to hat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.filters import halved, local_mean, low_pass

__all__ = ["BANDS_HZ", "FRAME_RATE", "Spectra", "analyse", "normalised_flux"]

Floats = NDArray[np.float32]

FRAME_RATE = 100
"""Frames a second of every curve."""
BANDS_HZ = (30.0, 120.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 10000.0)
"""Edges of the seven onset bands."""

_WINDOW_S = 0.0464
_CHORD_WINDOW_S = 0.1858
_CHORD_RATE = 5000.0  # samples a second that chords need at least
_CHORD_EVERY = 4  # frames between two chord spectra
_BASS_HZ = 150.0
_BASS_RATE = 1000.0  # samples a second that the bass needs at least
_LOG_GAIN = 1000.0
_LEVEL = 0.1
_LAG = 2
_BLOCK = 64  # frames; blocks that fit the processor's cache also spare the system giving memory anew


@dataclass(frozen=True, slots=True)
class Spectra:
    """Curves of one piece, all of n frames, `FRAME_RATE` a second; frame i is centred on i / FRAME_RATE seconds.

    Attributes:
        duration_s: Length of the sound.
        flux: (n, 7) onset strength by band; not negative.
        harmony: (n,) how much the notes after a moment differ from those before it; 0..2.
        timbre: (n, 12) log-magnitude by band, for likeness.
        chroma: (n, 12) share of each pitch class; rows sum to 1, or to 0 in silence.
        loudness_db: (n,) level re full scale, -100 in silence.
        bass_db: (n,) level below 200 Hz, same scale.
        energy: (m, 2) energy until i / FRAME_RATE seconds, of the whole and of what is below 150 Hz.
    """

    duration_s: float
    flux: Floats
    harmony: Floats
    timbre: Floats
    chroma: Floats
    loudness_db: Floats
    bass_db: Floats
    energy: NDArray[np.float64]


def analyse(samples: Floats, rate: int) -> Spectra:
    """Computes every curve of (n,) mono samples; an empty sound has one silent frame."""
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
    gain = _LEVEL / level if level > 1e-6 else 0.0
    log_spectrum, hertz, loud, bass = _fine_spectra(samples, rate, gain)
    n = len(log_spectrum)
    low, low_rate = _decimated(samples, rate, _CHORD_RATE)
    chords, pitches = _chord_spectra(low, low_rate, (n - 1) // _CHORD_EVERY + 1, gain)
    groups = np.array_split(np.arange(log_spectrum.shape[1]), 12)
    timbre = np.stack([log_spectrum[:, group].mean(axis=1) for group in groups], axis=1)
    return Spectra(
        duration_s=len(samples) / rate,
        flux=_band_flux(log_spectrum, hertz),
        harmony=_spread(_harmonic_change(chords)[:, None], n)[:, 0],
        timbre=timbre,
        chroma=_spread(_chroma(chords, pitches), n),
        loudness_db=loud,
        bass_db=bass,
        energy=_running_energy(samples, rate, low, low_rate),
    )


def normalised_flux(flux: Floats, *, window_s: float = 4.0, clip: float = 6.0) -> Floats:
    """Divides each band by its local mean, so that a quiet passage counts as much as a loud one; (n, k), 0..clip."""
    mean = local_mean(flux, int(window_s * FRAME_RATE))
    floor = 0.1 * flux.mean(axis=0, keepdims=True) if len(flux) else 0.0
    return np.minimum(flux / (mean + floor + 1e-6), clip).astype(np.float32)


def _fine_spectra(samples: Floats, rate: int, gain: float) -> tuple[Floats, NDArray[np.float64], Floats, Floats]:
    size = _power_of_two(_WINDOW_S * rate)
    bank, hertz = _filterbank(rate, size, lowest=30.0, highest=10000.0, per_octave=12)
    n = int(len(samples) / rate * FRAME_RATE) + 1
    out = np.empty((n, bank.shape[1]), np.float32)
    loud, bass = np.empty(n, np.float32), np.empty(n, np.float32)
    low = max(2, int(200.0 * size / rate) + 1)
    for start, magnitude in _magnitudes(samples, rate, size, step=1, count=n):
        block = slice(start, start + len(magnitude))
        out[block] = np.log1p(_LOG_GAIN * gain * (magnitude @ bank))
        power = np.square(magnitude)
        loud[block] = 10 * np.log10(power.sum(axis=1) + 1e-10)
        bass[block] = 10 * np.log10(power[:, :low].sum(axis=1) + 1e-10)
    return out, hertz, loud, bass


def _decimated(samples: Floats, rate: float, least_rate: float) -> tuple[Floats, float]:
    while rate >= 2 * least_rate:
        samples, rate = halved(samples), rate / 2
    return samples, rate


def _running_energy(samples: Floats, rate: int, low: Floats, low_rate: float) -> NDArray[np.float64]:
    """Sums to the sample, for a window would let a loud passage shine into the quiet one before it."""
    bass, bass_rate = _decimated(low, low_rate, _BASS_RATE)
    both = ((samples, float(rate)), (low_pass(bass, bass_rate, _BASS_HZ), bass_rate))
    times_s = np.arange(int(len(samples) / rate * FRAME_RATE) + 1) / FRAME_RATE
    curves = np.zeros((len(times_s), 2))
    if len(times_s) > 1:
        for column, (sound, sound_rate) in enumerate(both):
            starts = np.minimum(np.rint(times_s[:-1] * sound_rate).astype(np.int64), len(sound) - 1)
            curves[1:, column] = np.cumsum(np.add.reduceat(np.square(sound), starts), dtype=np.float64) / sound_rate
    return curves


def _chord_spectra(low: Floats, low_rate: float, count: int, gain: float) -> tuple[Floats, NDArray[np.float64]]:
    size = _power_of_two(_CHORD_WINDOW_S * low_rate)
    bank, hertz = _filterbank(low_rate, size, lowest=60.0, highest=2400.0, per_octave=24)
    out = np.empty((count, bank.shape[1]), np.float32)
    for start, magnitude in _magnitudes(low, low_rate, size, step=_CHORD_EVERY, count=count):
        out[start : start + len(magnitude)] = np.log1p(_LOG_GAIN * gain * (magnitude @ bank))
    return out, hertz


def _magnitudes(samples: Floats, rate: float, size: int, *, step: int, count: int) -> Iterator[tuple[int, Floats]]:
    """Yields (first frame, magnitudes of a block of frames), so that memory does not grow with the sound's length."""
    pad = np.zeros(size // 2 + 1, np.float32)
    padded = np.concatenate([pad[:-1], samples.astype(np.float32, copy=False), pad, pad])
    starts = np.rint(np.arange(count) * (step * rate / FRAME_RATE)).astype(np.int64)
    window = np.hanning(size + 1)[:-1]
    window = (window / window.sum() * 2).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)
    for start in range(0, count, _BLOCK):
        block = frames[starts[start : start + _BLOCK]]
        block *= window
        yield start, np.abs(np.fft.rfft(block, axis=1)).astype(np.float32, copy=False)


def _filterbank(
    rate: float, size: int, *, lowest: float, highest: float, per_octave: int
) -> tuple[Floats, NDArray[np.float64]]:
    """Triangles between neighbouring bins of a logarithmic scale: (bins, bands) and the bands' centres in Hz."""
    highest = min(highest, rate / 2)
    steps = int(np.ceil(np.log2(highest / lowest) * per_octave)) + 1
    scale = lowest * 2.0 ** (np.arange(steps) / per_octave)
    corners = np.unique(np.rint(scale * size / rate).astype(np.int64))
    corners = corners[corners <= size // 2]
    bank = np.zeros((size // 2 + 1, len(corners) - 2), np.float32)
    for band, (left, centre, right) in enumerate(zip(corners, corners[1:], corners[2:], strict=False)):
        bank[left : centre + 1, band] = np.linspace(0, 1, centre - left + 1)
        bank[centre : right + 1, band] = np.linspace(1, 0, right - centre + 1)
    return bank, corners[1:-1] * rate / size


def _band_flux(log_spectrum: Floats, hertz: NDArray[np.float64]) -> Floats:
    widened = log_spectrum.copy()
    np.maximum(widened[:, 1:], log_spectrum[:, :-1], out=widened[:, 1:])
    np.maximum(widened[:, :-1], log_spectrum[:, 1:], out=widened[:, :-1])
    rise = np.zeros_like(log_spectrum)
    rise[_LAG:] = np.maximum(0.0, log_spectrum[_LAG:] - widened[:-_LAG])
    pools = [(hertz >= low) & (hertz < high) for low, high in pairwise(BANDS_HZ)]
    flux = [rise[:, pool].mean(axis=1) if pool.any() else np.zeros(len(rise), np.float32) for pool in pools]
    return np.stack(flux, axis=1).astype(np.float32)


def _harmonic_change(chords: Floats) -> Floats:
    """Cosine distance of the mean chord spectrum of 0.3 s before and after each chord frame."""
    gap, reach = 1, 8  # chord frames: 40 ms and 320 ms
    centred = chords - chords.mean(axis=1, keepdims=True)
    n = len(centred)
    total = np.concatenate([np.zeros((1, centred.shape[1])), np.cumsum(centred, axis=0, dtype=np.float64)])
    here = np.arange(n)
    before = total[np.maximum(here - gap, 0)] - total[np.maximum(here - reach, 0)]
    after = total[np.minimum(here + reach, n)] - total[np.minimum(here + gap, n)]
    norms = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosine = (before * after).sum(axis=1) / np.maximum(norms, 1e-3)
    return np.where(norms > 1e-3, 1.0 - cosine, 0.0).astype(np.float32)


def _chroma(chords: Floats, hertz: NDArray[np.float64]) -> Floats:
    classes = np.rint(12 * np.log2(hertz / 440.0)).astype(np.int64) % 12
    peaks = np.maximum(0.0, chords - local_mean(chords.T, 12).T)  # tonal peaks stand out from their octave's half
    out = np.stack([peaks[:, classes == k].sum(axis=1) for k in range(12)], axis=1)
    total = out.sum(axis=1, keepdims=True)
    return np.where(total > 1e-3, out / np.maximum(total, 1e-3), 0.0).astype(np.float32)


def _spread(curve: Floats, n: int) -> Floats:
    """Interpolates chord frames to n fine frames."""
    at = np.arange(n) / _CHORD_EVERY
    left = np.minimum(at.astype(np.int64), len(curve) - 1)
    right = np.minimum(left + 1, len(curve) - 1)
    part = (at - left)[:, None].astype(np.float32)
    return np.asarray(curve[left] * (1 - part) + curve[right] * part, np.float32)


def _power_of_two(samples: float) -> int:
    return max(64, 1 << round(float(np.log2(max(samples, 1.0)))))
