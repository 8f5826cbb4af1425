"""Which of the possible pulses is the beat: the right octave of the tempo and the right phase.

All readings of the pulses are compared by what a listener goes by. How onsets of low, middle and high bands and changes
of the harmony are spread within a beat is compared with a template (a beat stands out from its half, its thirds and its
quarters, and is prepared rather than followed by short notes); so is how they take turns from one beat to the next, as
kick and snare do. A few single figures join in: how common the tempo is and how steady, how well the beats can be
counted in bars, how alike the music is a beat later, how many notes a beat has and whether the long ones start on it.

A reading's score is a weighted sum of all that. The weights are those of a multinomial logistic regression over the
readings of annotated pieces; `benchmarks/fit_levels.py` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.bar_pointer import PULSE_SIGMA
from music_cog_online.studio.listen.downbeats import BarCurves, explained, prepare
from music_cog_online.studio.listen.filters import gaussian, local_mean
from music_cog_online.studio.listen.level_weights import FIGURES, RHYTHM, TURN
from music_cog_online.studio.listen.readings import readings
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra, normalised_flux

__all__ = ["PHASES", "Choice", "Scene", "certainty", "choose", "figures", "set_scene", "weights"]

Floats = NDArray[np.float64]

PHASES = 12
"""Places within a beat at which templates look."""

_COMMON_S = 0.52
_SAME_S = 0.05
_FLOOR = 0.5
_BEND_MOST = 0.1
_ONSET_SIGMA, _ONSET_LEAST = 1.5, 0.3
_NEAR = 0.09  # of a beat
_LONGEST_NOTE = 1.5  # beats
_FEWEST_NOTES = 0.05
_LIKE_EVERY = 4  # frames
_LIKE_LAG_S = 2.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What the readings of one piece are judged by.

    Attributes:
        activation: (n,) onset strength, mean about zero.
        pulse: (n,) the same, smoothed.
        total: (n + 1,) its running sum.
        bands: (n, 8) smoothed onset strength of seven bands and of the harmony.
        onsets_s: (o,) times of the single onsets.
        likeness: (l,) autocorrelation of the bands; a lag is `_LIKE_EVERY` frames.
        bars: Curves for counting bars.
    """

    activation: NDArray[np.float32]
    pulse: NDArray[np.float32]
    total: Floats
    bands: NDArray[np.float32]
    onsets_s: Floats
    likeness: Floats
    bars: BarCurves


@dataclass(frozen=True, slots=True)
class Choice:
    """Which reading is the beat.

    Attributes:
        beats_s: (b,) beats of the likeliest reading, in seconds on the grid of frames.
        pulse_s: (p,) the plain pulse.
        readings: The beats of every reading.
        chances: (r,) how likely each of them is; sums to 1.
    """

    beats_s: Floats
    pulse_s: Floats
    readings: tuple[Floats, ...]
    chances: Floats


def set_scene(spectra: Spectra) -> Scene:
    """Prepares the curves of a piece."""
    flux = normalised_flux(spectra.flux)
    mean = local_mean(spectra.harmony, 4 * FRAME_RATE) + 0.1 * spectra.harmony.mean() + 1e-6
    harmony = np.minimum(spectra.harmony / mean, 6.0)
    bands = gaussian(np.column_stack([flux, harmony]).astype(np.float32), 2.0)
    activation = flux.mean(axis=1) - 1.0
    return Scene(
        activation=activation,
        pulse=gaussian(activation, PULSE_SIGMA),
        total=np.concatenate([[0.0], np.cumsum(activation, dtype=np.float64)]),
        bands=bands,
        onsets_s=_onsets_s(activation),
        likeness=_autocorrelation(bands),
        bars=prepare(spectra),
    )


def choose(scene: Scene) -> Choice:
    """Finds the beat; everything is empty where the sound is too short for a pulse."""
    found = readings(scene.activation, scene.pulse)
    if not found:
        return Choice(np.zeros(0), np.zeros(0), (), np.zeros(0))
    weight = weights()
    scores = np.array([float(figures(scene, beats_s) @ weight) for beats_s in found])
    chances = np.exp(scores - scores.max())
    return Choice(found[int(np.argmax(scores))], found[0], tuple(found), chances / chances.sum())


def certainty(choice: Choice, beats_s: Floats) -> NDArray[np.float32]:
    """(b,) chance that a listener would count a beat at each of `beats_s`: that of all readings that have one there.

    Beats before the first and after the last that was heard are as likely as most.
    """
    chance = np.zeros(len(beats_s))
    for reading_s, share in zip(choice.readings, choice.chances, strict=True):
        right = np.clip(np.searchsorted(reading_s, beats_s), 1, len(reading_s) - 1)
        off = np.minimum(np.abs(reading_s[right] - beats_s), np.abs(reading_s[right - 1] - beats_s))
        chance += share * (off <= _SAME_S)
    heard = (beats_s >= choice.beats_s[0] - _SAME_S) & (beats_s <= choice.beats_s[-1] + _SAME_S)
    if heard.any():
        chance[~heard] = np.median(chance[heard])
    return chance.astype(np.float32)


def weights() -> Floats:
    """(f,) weights of the figures, in their order."""
    return np.concatenate([list(FIGURES.values()), np.ravel(RHYTHM), np.ravel(TURN)])


def figures(scene: Scene, beats_s: Floats) -> Floats:
    """(f,) what speaks for a reading of at least four beats: `FIGURES`, then `RHYTHM` and `TURN`, row by row."""
    step = np.diff(beats_s)
    phases = beats_s[:-1, None] + step[:, None] * np.arange(PHASES) / PHASES
    at = np.clip(np.rint(phases * FRAME_RATE).astype(np.int64), 0, len(scene.bands) - 1)
    profile = scene.bands[at]  # beats, phases, bands
    even, odd = _logarithms(profile[::2]), _logarithms(profile[1::2])
    turn = even - odd
    turn *= -1.0 if turn[0, 0] < turn[0, 1] else 1.0
    rhythm = _logarithms(profile)
    period_s = float(np.median(step))
    tempo = float(np.log(period_s / _COMMON_S))
    notes, held = _notes(scene, beats_s)
    single = {
        "slower": tempo,
        "uncommon": tempo**2,
        "bending": min(float(np.abs(np.diff(np.log(step))).mean()), _BEND_MOST),
        "evidence": _evidence(scene, beats_s),
        "bars": explained(scene.bars, beats_s),
        "alike": _alike(scene, period_s),
        "notes": notes,
        "held": held,
    }
    ordered = [single[name] for name in FIGURES]
    return np.concatenate([ordered, (rhythm - rhythm.mean(axis=0)).ravel(), turn.ravel()])


def _logarithms(profile: NDArray[np.float32]) -> Floats:
    """(beats, phases, 8) onset strength → (phases, 4) logarithm of its mean in low, middle, high bands and harmony."""
    mean = profile.mean(axis=0)
    groups = [mean[:, :2], mean[:, 2:5], mean[:, 5:7], mean[:, 7:]]
    return np.log(_FLOOR + np.stack([group.mean(axis=1) for group in groups], axis=1)).astype(np.float64)


def _evidence(scene: Scene, beats_s: Floats) -> float:
    """What the bar-pointer model's scores add up to for these beats, a second."""
    at = np.clip(np.rint(beats_s * FRAME_RATE).astype(np.int64), 0, len(scene.pulse) - 1)
    length = np.maximum(np.diff(at), 1)
    mean = (scene.total[at[1:]] - scene.total[at[:-1]]) / length
    scores = (scene.pulse[at[1:]] - mean) * np.sqrt(length)
    return float(scores.sum()) / len(scene.pulse) * FRAME_RATE


def _onsets_s(activation: NDArray[np.float32]) -> Floats:
    curve = gaussian(activation, _ONSET_SIGMA)
    peak = (curve[1:-1] > curve[:-2]) & (curve[1:-1] >= curve[2:]) & (curve[1:-1] > _ONSET_LEAST)
    return np.asarray((np.flatnonzero(peak) + 1) / FRAME_RATE, np.float64)


def _notes(scene: Scene, beats_s: Floats) -> tuple[float, float]:
    """Logarithm of the number of onsets a beat, and by how many beats those on the beat last longer than all."""
    step = np.diff(beats_s)
    onsets_s = scene.onsets_s
    beat = np.searchsorted(beats_s, onsets_s, "right") - 1
    inside = (beat >= 0) & (beat < len(step))
    if not inside.any():
        return float(np.log(_FEWEST_NOTES)), 0.0
    lasting = np.append(np.diff(onsets_s), np.median(step)) / float(np.median(step))
    lasting = np.minimum(lasting, _LONGEST_NOTE)[inside]
    phase = (onsets_s[inside] - beats_s[beat[inside]]) / step[beat[inside]]
    on_beat = np.minimum(phase, 1 - phase) < _NEAR
    held = float(lasting[on_beat].mean() - lasting.mean()) if on_beat.any() else -float(lasting.mean())
    return float(np.log(max(_FEWEST_NOTES, len(phase) / len(step)))), held


def _autocorrelation(bands: NDArray[np.float32]) -> Floats:
    """Likeness of the bands to themselves so much later, 1 at no lag; up to two seconds."""
    rows = len(bands) // _LIKE_EVERY
    lags = min(rows, int(_LIKE_LAG_S * FRAME_RATE / _LIKE_EVERY))
    if lags < 1:
        return np.ones(1)
    coarse = (bands - bands.mean(axis=0))[: rows * _LIKE_EVERY].reshape(rows, _LIKE_EVERY, -1).mean(axis=1)
    power = np.square(np.abs(np.fft.rfft(coarse, 1 << (2 * rows).bit_length(), axis=0))).sum(axis=1)
    sums = np.fft.irfft(power)[:lags] / (rows - np.arange(lags))
    return np.asarray(sums / max(float(sums[0]), 1e-9))


def _alike(scene: Scene, period_s: float) -> float:
    """Likeness a beat later."""
    lag = period_s * FRAME_RATE / _LIKE_EVERY
    near = scene.likeness[max(0, int(0.98 * lag) - 1) : int(1.02 * lag) + 2]
    return float(near.max()) if len(near) else 0.0
