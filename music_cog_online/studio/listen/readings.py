"""Onset strength → every reading of the pulses in it: which octave of the tempo, which phase, twos or threes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.bar_pointer import TempoPrior, track
from music_cog_online.studio.listen.metronome import metronome
from music_cog_online.studio.listen.spectra import FRAME_RATE

__all__ = ["FEWEST_BEATS", "readings"]

Floats = NDArray[np.float64]

FEWEST_BEATS = 4
"""A reading has so many beats at least."""

_STIFFNESSES = (100.0, 400.0)  # one pulse follows changes of tempo, one bridges unclear passages
_SHORTEST_S, _LONGEST_S = 0.23, 1.5


def readings(activation: NDArray[np.float32], pulse: NDArray[np.float32]) -> list[Floats]:
    """Finds pulses and reads each in every way.

    Args:
        activation: (n,) onset strength, mean about zero.
        pulse: (n,) the same, smoothed.

    Returns:
        Beats in seconds, on the grid of frames, of each reading; the first is the plain pulse. Nothing where the sound
        is too short for a pulse.
    """
    pulses = [track(activation, TempoPrior(stiffness=s)).frames / FRAME_RATE for s in _STIFFNESSES]
    pulses = [pulse_s for pulse_s in pulses if len(pulse_s) >= FEWEST_BEATS]
    pulses += [metronome(pulse, pulse_s) for pulse_s in pulses[-1:]]
    found = [reading_s for pulse_s in pulses for reading_s in _variants(pulse_s)]
    return [b for b in found if len(b) >= FEWEST_BEATS and _SHORTEST_S < float(np.median(np.diff(b))) < _LONGEST_S]


def _variants(beats_s: Floats) -> list[Floats]:
    step = np.diff(beats_s)
    start = beats_s[:-1]
    half, triple = start + step / 2, np.sort(np.concatenate([beats_s, start + step / 3, start + step * 2 / 3]))
    double = np.sort(np.concatenate([beats_s, half]))
    out = [beats_s, half, double, beats_s[::2], beats_s[1::2], half[::2], half[1::2]]
    out += [start + step / 4, start + step * 3 / 4]
    out += [triple[::2], triple[1::2], beats_s[::3], beats_s[1::3], beats_s[2::3]]
    return out
