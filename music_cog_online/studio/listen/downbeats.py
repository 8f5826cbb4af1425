"""Beats → bars: which beat is the first of its bar, and whether bars have three beats or four.

Each place in the bar has an expected pattern: chords change and the bass enters on the downbeat, the snare answers on
the back-beats. A Viterbi search over places finds the likeliest counting for each metre; it may, at a cost, begin a
bar early, as songs do. The metre is the one whose counting explains more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.beatwise import rhythm_shapes
from music_cog_online.studio.listen.filters import local_mean
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra, normalised_flux

__all__ = ["FEWEST_BEATS", "BarCurves", "Bars", "beat_cues", "count_bars", "explained", "prepare"]

Floats = NDArray[np.float64]
_RESET_COST, _LATER_RESET_COST = 10.0, 30.0  # before and after the beats are known
THREE_COST = 0.45  # 3/4 is rarer: it must explain this much more, per beat
FEWEST_BEATS = 8
_CUT_S = 0.05  # a beat so near the end of the sound is cut off and tells nothing
_NEAR = (3, 5)  # frames before and after a beat in which its onsets lie

# What each place in the bar is expected to have more or less of than the others.
_PATTERNS: dict[int, dict[str, tuple[float, ...]]] = {
    4: {
        "chord": (0.6, -0.4, 0.1, -0.3),
        "chords_of_two": (0.8, -0.2, -0.4, -0.2),
        "chords_of_bar": (0.4, -0.2, 0.0, -0.2),
        "note_change": (0.8, -0.4, -0.2, -0.2),
        "kick": (0.3, -0.3, 0.2, -0.3),
        "low": (0.4, -0.3, 0.0, -0.1),
        "snare": (-0.3, 0.3, -0.3, 0.3),
        "low_before": (0.0, -0.4, 0.1, 0.3),
        "bass_level": (0.2, -0.2, 0.2, -0.2),
    },
    3: {
        "chord": (0.6, -0.3, -0.3),
        "chords_of_two": (0.8, -0.4, -0.4),
        "chords_of_bar": (0.4, -0.2, -0.2),
        "note_change": (0.8, -0.4, -0.4),
        "kick": (0.4, -0.2, -0.2),
        "low": (0.4, -0.2, -0.2),
        "snare": (-0.3, 0.15, 0.15),
        "low_before": (0.0, -0.3, 0.3),
        "bass_level": (0.2, -0.1, -0.1),
    },
}

# The same for what is asked only once the beats are known, since it costs more.
_LATER_PATTERNS: dict[int, dict[str, tuple[float, ...]]] = {
    4: {
        "snare": (-0.3, 0.3, -0.3, 0.3),
        "rhythm_change": (0.8, -0.3, -0.25, -0.25),
        "held": (0.8, -0.3, -0.25, -0.25),
    },
    3: {
        "snare": (-0.3, 0.15, 0.15),
        "rhythm_change": (0.8, -0.4, -0.4),
        "held": (0.8, -0.4, -0.4),
    },
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


@dataclass(frozen=True, slots=True)
class BarCurves:
    """Curves of one piece, made once, from which the cues of any beats are read.

    Attributes:
        onsets: (n, 7) strongest normalised onset near each frame, by band.
        note_change: (n,) strongest normalised harmonic change near each frame.
        chroma_total: (n + 1, 12) running sum of the chroma.
        bass_total: (n + 1,) running sum of the bass level.
    """

    onsets: NDArray[np.float32]
    note_change: NDArray[np.float32]
    chroma_total: Floats
    bass_total: Floats


def prepare(spectra: Spectra) -> BarCurves:
    """Makes the curves that `beat_cues` reads."""
    change = spectra.harmony / (local_mean(spectra.harmony, 4 * FRAME_RATE) + 0.1 * spectra.harmony.mean() + 1e-6)
    return BarCurves(
        onsets=_near_maximum(normalised_flux(spectra.flux)),
        note_change=_near_maximum(np.minimum(change, 6.0)),
        chroma_total=_running(spectra.chroma),
        bass_total=_running(np.maximum(spectra.bass_db, -60.0)),
    )


def count_bars(spectra: Spectra, beats_s: Floats) -> Bars:
    """Counts (b,) beats; fewer than eight are counted in four from the first."""
    heard = beats_s[: int(np.searchsorted(beats_s, spectra.duration_s - _CUT_S))]
    if len(heard) < FEWEST_BEATS:
        return Bars(np.arange(len(beats_s), dtype=np.int64) % 4 + 1, 4, 0.0)
    bars = _count_heard(spectra, heard)
    rest = bars.beat_in_bar[-1] + np.arange(len(beats_s) - len(heard))
    return replace(bars, beat_in_bar=np.concatenate([bars.beat_in_bar, rest % bars.meter + 1]))


def _count_heard(spectra: Spectra, beats_s: Floats) -> Bars:
    shapes = rhythm_shapes(spectra, beats_s)
    rhythm = _likeness(shapes)
    curves = prepare(spectra)
    cues = beat_cues(curves, beats_s)
    first = place_evidence(cues, _PATTERNS)
    later = place_evidence(cues | _later_cues(curves, shapes, beats_s), _LATER_PATTERNS)
    best: tuple[float, int, NDArray[np.int64], Floats] | None = None
    for meter in first:
        evidence = first[meter] + later[meter]
        places, score = _count(evidence, _LATER_RESET_COST)
        total = score / len(beats_s) + rhythm[meter] - (THREE_COST if meter == 3 else 0.0)
        if best is None or total > best[0]:
            best = (total, meter, places, evidence)
    assert best is not None  # noqa: S101 - the table of patterns is not empty
    _, meter, places, evidence = best
    return Bars(places + 1, meter, _margin(evidence, places))


def explained(curves: BarCurves, beats_s: Floats) -> float:
    """How well (b,) beats can be counted in bars: evidence a beat of the best counting; 0 for fewer than eight."""
    if len(beats_s) < FEWEST_BEATS:
        return 0.0
    evidence = place_evidence(beat_cues(curves, beats_s), _PATTERNS)
    return max(
        _count(e, _RESET_COST)[1] / len(beats_s) - (THREE_COST if meter == 3 else 0.0) for meter, e in evidence.items()
    )


def place_evidence(cues: dict[str, Floats], patterns: dict[int, dict[str, tuple[float, ...]]]) -> dict[int, Floats]:
    """(b, meter) evidence that a beat has a place in its bar, for each metre."""
    evidence = {}
    for meter, pattern in patterns.items():
        curves = np.stack([cues[_of_bar(name, meter)] for name in pattern], axis=1)
        evidence[meter] = np.asarray(curves @ np.array(list(pattern.values())), np.float64)
    return evidence


def beat_cues(curves: BarCurves, beats_s: Floats) -> dict[str, Floats]:
    """(b,) values of what tells places in the bar apart, each robustly standardised over the piece."""
    last = len(curves.onsets) - 1
    at, ends = _spans(beats_s, last)
    middles_s = beats_s - np.diff(beats_s, prepend=2 * beats_s[0] - beats_s[1]) / 2
    before = np.clip(np.rint(middles_s * FRAME_RATE).astype(np.int64), 0, last)
    onsets = curves.onsets[at]
    chroma = curves.chroma_total[ends] - curves.chroma_total[at]
    cues = {
        "chord": _chord_change(chroma, 1),
        "chords_of_two": _chord_change(chroma, 2),
        "chords_of_3": _chord_change(chroma, 3),
        "chords_of_4": _chord_change(chroma, 4),
        "note_change": curves.note_change[at],
        "kick": onsets[:, 0],
        "low": onsets[:, 1],
        "snare": onsets[:, 5:].mean(axis=1),
        "low_before": curves.onsets[before, :2].mean(axis=1),
        "bass_level": (curves.bass_total[ends] - curves.bass_total[at]) / np.maximum(ends - at, 1),
    }
    return {name: _standardised(np.asarray(curve, np.float64)) for name, curve in cues.items()}


def _near_maximum(curve: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(curve, [(_NEAR[0], _NEAR[1]), *[(0, 0)] * (curve.ndim - 1)], mode="edge")
    out = padded[: len(curve)].copy()
    for shift in range(1, sum(_NEAR) + 1):
        np.maximum(out, padded[shift : shift + len(curve)], out=out)
    return np.asarray(out, np.float32)


def _running(curve: NDArray[np.float32]) -> Floats:
    return np.concatenate([np.zeros((1, *curve.shape[1:])), np.cumsum(curve, axis=0, dtype=np.float64)])


def _of_bar(name: str, meter: int) -> str:
    return f"chords_of_{meter}" if name == "chords_of_bar" else name


def _standardised(curve: Floats) -> Floats:
    offset = curve - np.median(curve)
    return np.asarray(np.clip(offset / (np.abs(offset).mean() + 1e-6), -2.5, 2.5))


def _chord_change(chroma: Floats, span: int) -> Floats:
    """Cosine distance of the chroma of `span` beats from that of the `span` beats before; 0 near the ends."""
    b = len(chroma)
    change = np.zeros(b)
    if b <= 2 * span:
        return change
    unit = chroma / (np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-6)
    total = np.concatenate([np.zeros((1, chroma.shape[1])), np.cumsum(unit, axis=0)])
    sums = total[span:] - total[:-span]
    sums /= np.linalg.norm(sums, axis=1, keepdims=True) + 1e-6
    change[span : b - span + 1] = 1.0 - (sums[span:] * sums[:-span]).sum(axis=1)
    return change


def _later_cues(curves: BarCurves, shapes: Floats, beats_s: Floats) -> dict[str, Floats]:
    """(b,) values of two more cues: the rhythm of four beats differs from that of the four before; a chord is held."""
    at, ends = _spans(beats_s, len(curves.onsets) - 1)
    chroma = curves.chroma_total[ends] - curves.chroma_total[at]
    chroma /= np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-6
    held = np.append((chroma[:-1] * chroma[1:]).sum(axis=1), 0.0)
    shapes = (shapes - shapes.mean(axis=0)) / (shapes.std(axis=0) + 0.1)
    total = np.concatenate([np.zeros((1, shapes.shape[1])), np.cumsum(shapes, axis=0)])
    sums = total[4:] - total[:-4]
    change = np.zeros(len(beats_s))
    change[4 : len(change) - 3] = np.linalg.norm(sums[4:] - sums[:-4], axis=1)
    return {"rhythm_change": _standardised(change), "held": _standardised(held)}


def _spans(beats_s: Floats, last: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(b,) frames from which and up to which each beat lasts."""
    at = np.clip(np.rint(beats_s * FRAME_RATE).astype(np.int64), 0, last)
    return at, np.append(at[1:], min(last + 1, 2 * int(at[-1]) - int(at[-2])))


def _likeness(shapes: Floats) -> dict[int, float]:
    """How much more alike beats are that lie a bar (and two) apart than beats that do not, for each metre."""
    shape = shapes - shapes.mean(axis=0)
    shape /= np.linalg.norm(shape, axis=1, keepdims=True) + 1e-6

    def alike(lag: int) -> float:
        return float((shape[:-lag] * shape[lag:]).sum(axis=1).mean()) if len(shape) > lag else 0.0

    four, three = (alike(4) + alike(8)) / 2, (alike(3) + alike(6)) / 2
    return {4: four, 3: three}


def _count(evidence: Floats, reset_cost: float) -> tuple[NDArray[np.int64], float]:
    """Best path of places (b,) from 0, each one more than the last, going back to the first at a cost.

    The bars of a path start at beats that are k modulo the metre; the search is over k, plain numbers, beat by beat.
    """
    b, meter = evidence.shape
    rows = evidence.tolist()
    score = [0.0] * meter
    came: list[tuple[int, int]] = []  # (k that was joined, k it came from) of each beat
    for beat, row in enumerate(rows):
        fresh = beat % meter
        best = max(range(meter), key=score.__getitem__)
        joined = score[best] - reset_cost > score[fresh]
        if joined:
            score[fresh] = score[best] - reset_cost
        came.append((fresh, best if joined else fresh))
        for k in range(meter):
            score[k] += row[(beat - k) % meter]
    k = max(range(meter), key=score.__getitem__)
    total = score[k]
    places = np.empty(b, np.int64)
    for beat in range(b - 1, -1, -1):
        places[beat] = (beat - k) % meter
        fresh, source = came[beat]
        if k == fresh:
            k = source
    return places, total


def _margin(evidence: Floats, places: NDArray[np.int64]) -> float:
    b, meter = evidence.shape
    rows = np.arange(b)
    totals = [float(evidence[rows, (places + shift) % meter].mean()) for shift in range(meter)]
    return float(np.clip((totals[0] - max(totals[1:])) / 0.5, 0.0, 1.0))
