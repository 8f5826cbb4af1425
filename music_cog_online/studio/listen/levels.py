"""Which of the possible pulses is the beat: the right octave of the tempo and the right phase.

The bar-pointer model finds a pulse; that may be twice or half the beat, or the off-beat. Here all such readings of it
are compared by what a listener goes by: how onsets, low and middle ones above all, are spread within the beat (a beat
stands out from its half, its thirds and its quarters, and is prepared rather than followed by short notes), whether
kick and snare take turns, how well the beats can be counted in bars, and how common the tempo is.

A reading's score is a weighted sum of a dozen such figures. The weights are those of a multinomial logistic regression
over the readings of annotated pieces, strongly regularised; `benchmarks/fit_levels.py` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.bar_pointer import PULSE_SIGMA, TempoPrior, track
from music_cog_online.studio.listen.downbeats import BarCurves, explained, prepare
from music_cog_online.studio.listen.filters import gaussian, local_mean
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra, normalised_flux

__all__ = ["FIGURES", "Scene", "choose", "figures", "readings", "set_scene"]

Floats = NDArray[np.float64]

_STIFFNESSES = (100.0, 400.0)  # one pulse follows changes of tempo, one bridges unclear passages
_SHORTEST_S, _LONGEST_S = 0.23, 1.5
_PHASES = 12
_COMMON_S = 0.52

FIGURES: dict[str, float] = {
    "slower": -0.35,
    "uncommon": -1.6,
    "evidence": 0.091,
    "backbeat": 0.78,
    "low_over_half": 0.45,
    "middle_over_half": 0.34,
    "chords_over_half": 0.95,
    "over_thirds": 0.7,
    "over_quarters": 0.39,
    "prepared_by_quarter": 0.95,
    "prepared_by_sixth": 0.54,
    "bars": 1.5,
}
"""Weight of each figure."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the readings of one piece are judged by.

    Attributes:
        activation: (n,) onset strength, mean about zero.
        pulse: (n,) the same, smoothed.
        total: (n + 1,) its running sum.
        bands: (n, 4) smoothed onset strength of low, middle and high bands and of the harmony.
        bars: Curves for counting bars.
    """

    activation: NDArray[np.float32]
    pulse: NDArray[np.float32]
    total: Floats
    bands: NDArray[np.float32]
    bars: BarCurves


def set_scene(spectra: Spectra) -> Scene:
    """Prepares the curves of a piece."""
    flux = normalised_flux(spectra.flux)
    mean = local_mean(spectra.harmony, 4 * FRAME_RATE) + 0.1 * spectra.harmony.mean() + 1e-6
    harmony = np.minimum(spectra.harmony / mean, 6.0)
    smooth = gaussian(np.column_stack([flux, harmony]).astype(np.float32), 2.0)
    activation = flux.mean(axis=1) - 1.0
    total = np.concatenate([[0.0], np.cumsum(activation, dtype=np.float64)])
    return Scene(activation, gaussian(activation, PULSE_SIGMA), total, smooth, prepare(spectra))


def choose(scene: Scene) -> tuple[Floats, Floats]:
    """Finds the (b,) beats, in seconds on the grid of frames, and the plain pulse that they are a reading of.

    Both are empty where the sound is too short for a pulse.
    """
    found = readings(scene)
    if not found:
        return np.zeros(0), np.zeros(0)
    weights = np.array(list(FIGURES.values()))
    scores = [float(figures(scene, beats_s) @ weights) for beats_s in found]
    return found[int(np.argmax(scores))], found[0]


def readings(scene: Scene) -> list[Floats]:
    """Every reading of every pulse found: other octaves, other phases, triplets; at least four beats each."""
    found = []
    for stiffness in _STIFFNESSES:
        pulse_s = track(scene.activation, TempoPrior(stiffness=stiffness)).frames / FRAME_RATE
        if len(pulse_s) > 3:
            found += _variants(pulse_s)
    return [b for b in found if len(b) > 3 and _SHORTEST_S < float(np.median(np.diff(b))) < _LONGEST_S]


def _variants(beats_s: Floats) -> list[Floats]:
    step = np.diff(beats_s)
    start = beats_s[:-1]
    half, triple = start + step / 2, np.sort(np.concatenate([beats_s, start + step / 3, start + step * 2 / 3]))
    double = np.sort(np.concatenate([beats_s, half]))
    out = [beats_s, half, double, beats_s[::2], beats_s[1::2], half[::2], half[1::2]]
    out += [start + step / 4, start + step * 3 / 4]
    out += [triple[::2], triple[1::2], beats_s[::3], beats_s[1::3], beats_s[2::3]]
    return out


def figures(scene: Scene, beats_s: Floats) -> Floats:
    """(12,) figures of a reading of at least four beats, in the order of `FIGURES`."""
    step = np.diff(beats_s)
    phases = beats_s[:-1, None] + step[:, None] * np.arange(_PHASES) / _PHASES
    at = np.clip(np.rint(phases * FRAME_RATE).astype(np.int64), 0, len(scene.bands) - 1)
    profile = scene.bands[at]  # beats, phases, bands
    mean = _grouped(np.log(0.2 + profile.mean(axis=0)))
    low, middle, _, chords = mean.T
    onsets = mean[:, :3].mean(axis=1)
    tempo = float(np.log(np.median(step) / _COMMON_S))
    return np.array(
        [
            tempo,
            tempo**2,
            _evidence(scene, beats_s),
            _backbeat(_grouped(np.log(0.2 + profile[:, 0]))),
            low[0] - low[6],
            middle[0] - middle[6],
            chords[0] - chords[6],
            onsets[0] - (onsets[4] + onsets[8]) / 2,
            onsets[0] - (onsets[3] + onsets[9]) / 2,
            onsets[9] - onsets[3],
            onsets[10] - onsets[2],
            explained(scene.bars, beats_s),
        ],
        np.float64,
    )


def _evidence(scene: Scene, beats_s: Floats) -> float:
    """What the bar-pointer model's scores add up to for these beats, a second."""
    at = np.clip(np.rint(beats_s * FRAME_RATE).astype(np.int64), 0, len(scene.pulse) - 1)
    length = np.maximum(np.diff(at), 1)
    mean = (scene.total[at[1:]] - scene.total[at[:-1]]) / length
    scores = (scene.pulse[at[1:]] - mean) * np.sqrt(length)
    return float(scores.sum()) / len(scene.pulse) * FRAME_RATE


def _grouped(bands: NDArray[np.floating]) -> Floats:
    """(…, 8) seven onset bands and the harmony → (…, 4) low, middle, high, harmony."""
    groups = [bands[..., :2], bands[..., 2:5], bands[..., 5:7], bands[..., 7:]]
    return np.stack([group.mean(axis=-1) for group in groups], axis=-1)


def _backbeat(on_beat: Floats) -> float:
    """How far low and higher onsets take turns from beat to beat, as kick and snare do."""
    turn = on_beat[::2].mean(axis=0) - on_beat[1::2].mean(axis=0)
    return -float(turn[0] * turn[1:3].mean())
