"""Curves → one value, or one row, a beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra, normalised_flux

__all__ = ["beat_energy", "beat_features", "rhythm_shapes", "span_means"]

Floats = NDArray[np.float64]

_ENERGY_RANGE_DB = 30.0
_CHROMA_WEIGHT, _TIMBRE_WEIGHT, _RHYTHM_WEIGHT = 1.0, 0.6, 0.5


def span_means(curve: NDArray[np.floating], beats_s: Floats) -> Floats:
    """Means of an (n,) or (n, k) curve over the span from each of (b,) beats to the next.

    The last span is as long as the one before it.
    """
    if len(beats_s) == 0:
        return np.zeros((0, *curve.shape[1:]))
    last = beats_s[-1] + (beats_s[-1] - beats_s[-2] if len(beats_s) > 1 else 0.5)
    edges = np.clip(np.rint(np.append(beats_s, last) * FRAME_RATE).astype(np.int64), 0, len(curve))
    total = np.concatenate([np.zeros((1, *curve.shape[1:])), np.cumsum(curve, axis=0, dtype=np.float64)])
    lengths = np.maximum(np.diff(edges), 1).reshape(-1, *[1] * (curve.ndim - 1))
    return np.asarray((total[edges[1:]] - total[edges[:-1]]) / lengths)


def beat_energy(spectra: Spectra, beats_s: Floats) -> NDArray[np.float32]:
    """(b,) level of each beat's span: 1 at the level that a twentieth of the beats exceeds, 0 at 30 dB below."""
    if len(beats_s) == 0:
        return np.zeros(0, np.float32)
    level = 10 * np.log10(span_means(10 ** (spectra.loudness_db / 10), beats_s) + 1e-10)
    top = float(np.percentile(level, 95))
    return np.clip(1.0 + (level - top) / _ENERGY_RANGE_DB, 0.0, 1.0).astype(np.float32)


def beat_features(spectra: Spectra, beats_s: Floats) -> NDArray[np.float32]:
    """(b, 52) chords (12), timbre (12) and rhythm (28) of each beat, each of about unit length before weighting."""
    chroma = span_means(spectra.chroma, beats_s)
    chroma /= np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-6
    timbre = span_means(spectra.timbre, beats_s)
    timbre = (timbre - timbre.mean(axis=0)) / (timbre.std(axis=0) + 0.1) / np.sqrt(12) if len(beats_s) else timbre
    rhythm = rhythm_shapes(spectra, beats_s)
    rhythm = rhythm / (np.linalg.norm(rhythm, axis=1, keepdims=True) + 1e-6)
    parts = [_CHROMA_WEIGHT * chroma, _TIMBRE_WEIGHT * timbre, _RHYTHM_WEIGHT * rhythm]
    return np.concatenate(parts, axis=1).astype(np.float32)


def rhythm_shapes(spectra: Spectra, beats_s: Floats) -> Floats:
    """(b, 28) strongest onsets in the four quarters of each beat, by band."""
    if len(beats_s) == 0:
        return np.zeros((0, 28))
    flux = normalised_flux(spectra.flux)
    spans = np.diff(beats_s, append=2 * beats_s[-1] - beats_s[-2] if len(beats_s) > 1 else beats_s[-1] + 0.5)
    quarters = (beats_s[:, None] + spans[:, None] * np.arange(4)[None, :] / 4) * FRAME_RATE
    near = np.clip(np.rint(quarters).astype(np.int64)[:, :, None] + np.arange(-1, 4), 0, len(flux) - 1)
    return np.asarray(flux[near].max(axis=2).reshape(len(beats_s), -1), np.float64)
