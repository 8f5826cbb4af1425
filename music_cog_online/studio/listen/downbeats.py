"""Beats → bars: which beat is the first of its bar, and whether bars have three beats or four.

Each place in the bar has an expected pattern: chords change and the bass enters on the downbeat, the snare answers on
the back-beats. A Viterbi search over places finds the likeliest counting for each metre; it may, at a cost, begin a
bar early, as songs do. The metre is the one whose counting explains more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.beatwise import rhythm_shapes, span_means
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra, normalised_flux

__all__ = ["Bars", "count_bars"]

Floats = NDArray[np.float64]
_RESET_COST = 6.0
_THREE_COST = 0.15  # 3/4 is rarer: it must explain this much more, per beat
_WINDOW = 5  # frames around a beat in which its onsets lie
# rows: harmonic change, bass (below 250 Hz), snare (1-10 kHz), all onsets; columns: places in the bar
_PATTERNS = {
    4: np.array([[1.5, -0.6, -0.2, -0.7], [0.6, -0.35, 0.1, -0.35], [-0.3, 0.3, -0.3, 0.3], [0.3, -0.1, -0.1, -0.1]]),
    3: np.array([[1.6, -0.8, -0.8], [0.7, -0.35, -0.35], [-0.3, 0.15, 0.15], [0.3, -0.15, -0.15]]),
}


@dataclass(frozen=True, slots=True)
class Bars:
    """How the beats are counted.

    Attributes:
        beat_in_bar: (b,) 1 is the downbeat.
        meter: Beats a bar, 3 or 4.
        confidence: How much better the counting is than the next best start of the bars, 0..1.
    """

    beat_in_bar: NDArray[np.int64]
    meter: int
    confidence: float


def count_bars(spectra: Spectra, beats_s: Floats) -> Bars:
    """Counts (b,) beats; fewer than eight are counted in four from the first."""
    if len(beats_s) < 8:
        return Bars(np.arange(len(beats_s), dtype=np.int64) % 4 + 1, 4, 0.0)
    cues = beat_cues(spectra, beats_s)
    rhythm = _likeness(spectra, beats_s)
    best: tuple[float, int, NDArray[np.int64], Floats] | None = None
    for meter, pattern in _PATTERNS.items():
        evidence = cues @ (pattern - pattern.mean(axis=1, keepdims=True))
        places, score = _count(evidence)
        total = score / len(beats_s) + rhythm[meter] - (_THREE_COST if meter == 3 else 0.0)
        if best is None or total > best[0]:
            best = (total, meter, places, evidence)
    assert best is not None  # noqa: S101 - the table of patterns is not empty
    _, meter, places, evidence = best
    return Bars(places + 1, meter, _margin(evidence, places))


def beat_cues(spectra: Spectra, beats_s: Floats) -> Floats:
    """(b, 4) robustly standardised harmonic change, bass, snare and total onset strength at each beat."""
    flux = normalised_flux(spectra.flux)
    at = np.clip(np.rint(beats_s * FRAME_RATE).astype(np.int64), 0, len(flux) - 1)
    near = np.clip(at[:, None] + np.arange(-_WINDOW + 2, _WINDOW + 1)[None, :], 0, len(flux) - 1)
    peaks = flux[near].max(axis=1)
    change = _harmonic_step(spectra, beats_s)
    raw = np.stack([change, peaks[:, :2].mean(axis=1), peaks[:, 4:].mean(axis=1), peaks.mean(axis=1)], axis=1)
    middle = np.median(raw, axis=0)
    spread = np.mean(np.abs(raw - middle), axis=0) + 1e-6
    return np.asarray(np.clip((raw - middle) / spread, -2.5, 2.5), np.float64)


def _harmonic_step(spectra: Spectra, beats_s: Floats) -> Floats:
    """Distance of the mean chroma of the beat that starts from that of the beat that ends."""
    chroma = span_means(spectra.chroma, beats_s)
    chroma /= np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-6
    step = np.zeros(len(beats_s))
    step[1:] = 1.0 - (chroma[1:] * chroma[:-1]).sum(axis=1)
    return step


def _likeness(spectra: Spectra, beats_s: Floats) -> dict[int, float]:
    """How much more alike beats are that lie a bar (and two) apart than beats that do not, for each metre."""
    shape = rhythm_shapes(spectra, beats_s)
    shape = shape - shape.mean(axis=0)
    shape /= np.linalg.norm(shape, axis=1, keepdims=True) + 1e-6

    def alike(lag: int) -> float:
        return float((shape[:-lag] * shape[lag:]).sum(axis=1).mean()) if len(shape) > lag else 0.0

    four, three = (alike(4) + alike(8)) / 2, (alike(3) + alike(6)) / 2
    return {4: four, 3: three}


def _count(evidence: Floats) -> tuple[NDArray[np.int64], float]:
    """Best path of places (b,), each one more than the last, going back to the first at a cost."""
    b, meter = evidence.shape
    score = evidence[0].copy()
    came = np.zeros((b, meter), np.int64)
    for beat in range(1, b):
        step = np.roll(score, 1)
        came[beat] = np.roll(np.arange(meter), 1)
        other = int(score.argmax())
        if score[other] - _RESET_COST > step[0]:
            step[0] = score[other] - _RESET_COST
            came[beat, 0] = other
        score = step + evidence[beat]
    place = int(score.argmax())
    best = float(score[place])
    places = np.empty(b, np.int64)
    for beat in range(b - 1, -1, -1):
        places[beat] = place
        place = int(came[beat, place])
    return places, best


def _margin(evidence: Floats, places: NDArray[np.int64]) -> float:
    b, meter = evidence.shape
    rows = np.arange(b)
    totals = [float(evidence[rows, (places + shift) % meter].mean()) for shift in range(meter)]
    return float(np.clip((totals[0] - max(totals[1:])) / 0.5, 0.0, 1.0))
