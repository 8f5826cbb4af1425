"""Is there a beat at all? Speech, noise and held sounds have a best pulse too, but a poor one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.metronome import metronome
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra

__all__ = ["Presence", "judge"]

_FEWEST_BEATS = 6
_SILENT_DB = -65.0
_PAUSE_DB = -45.0  # against the loud parts
_CLEAR_NOTES = 2.2
_BY_CHANCE = 4.0  # speech reaches 3.8 against a steady grid, a dense recording of a band 6
_LEAST_ONSET = 0.03  # a soft string quartet has 0.13, a drone 0.002


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a pulse is a beat.

    Attributes:
        has_beat: It is.
        confidence: 0..1; above 0.5 it is.
        why: What was heard instead, or an empty string.
    """

    has_beat: bool
    confidence: float
    why: str = ""


def judge(spectra: Spectra, curve: NDArray[np.float32], frames: NDArray[np.int64]) -> Presence:
    """Judges a pulse of (b,) `frames` against the (n,) smoothed onset strength that it was found in.

    Five things tell: how far the onsets on the beat stand out, how much of all onset strength falls on the beat or an
    even division of it, how steady the tempo is, whether the sound has clear notes, and whether it pauses as speech
    does. Where these deny a beat, one tempo that fits the whole piece better than chance would can still prove it.
    """
    if len(curve) == 0 or float(np.percentile(spectra.loudness_db, 95)) < _SILENT_DB:
        return Presence(False, 0.0, "no steady beat: silence")
    if float(np.percentile(spectra.flux.mean(axis=1), 99)) < _LEAST_ONSET:
        return Presence(False, 0.0, "no steady beat: a held sound")
    if len(frames) < _FEWEST_BEATS:
        return Presence(False, 0.0, "no steady beat: too short to tell")
    stands_out = float((curve[frames].mean() - curve.mean()) / (curve.std() + 1e-6))
    together = _concentration(curve, frames)
    unsteady = float(np.abs(np.diff(np.log(np.diff(frames)))).mean())
    margin = (stands_out - 0.95) / 0.3 + (together - 0.40) / 0.12 - (unsteady - 0.006) / 0.01
    margin += float(np.clip((_CLEAR_NOTES - _note_entropy(spectra)) / 0.1, -1.0, 1.0)) - 4.0 * _pauses(spectra) - 0.5
    if margin <= 0:
        margin += max(0.0, _keeps_time(curve, frames) - _BY_CHANCE)
    confidence = float(1.0 / (1.0 + np.exp(-np.clip(margin, -20.0, 20.0))))
    if margin > 0:
        return Presence(True, confidence)
    return Presence(False, confidence, f"no steady beat: {_instead(spectra, curve)}")


def _concentration(curve: NDArray[np.float32], frames: NDArray[np.int64]) -> float:
    """Length of the mean resultant of onset strength over the phase of the beat, its half or its quarter; 0..1."""
    phase = np.interp(np.arange(len(curve)), frames, np.arange(len(frames)))
    inside = slice(int(frames[0]), int(frames[-1]))
    weight, phase = np.maximum(curve, 0.0)[inside].astype(np.float64), phase[inside]
    total = float(weight.sum()) or 1.0
    return max(float(np.abs((weight * np.exp(2j * np.pi * k * phase)).sum())) / total for k in (1, 2, 4))


def _keeps_time(curve: NDArray[np.float32], frames: NDArray[np.int64]) -> float:
    """How much better one steady grid fits than chance: Rayleigh's statistic of the onset strength's phases."""
    grid = np.rint(metronome(curve, frames / FRAME_RATE) * FRAME_RATE).astype(np.int64)
    return _concentration(curve, grid) * float(np.sqrt(2 * len(grid)))


def _note_entropy(spectra: Spectra) -> float:
    """Mean entropy of the pitch classes that sound together: 0 for one note, 2.5 for all alike, as in noise."""
    level = spectra.loudness_db
    chroma = spectra.chroma[level > float(np.percentile(level, 95)) + _PAUSE_DB]
    return float(-(chroma * np.log(chroma + 1e-6)).sum(axis=1).mean())


def _pauses(spectra: Spectra) -> float:
    """Share of silence between the first and the last sound."""
    level = spectra.loudness_db
    heard = np.flatnonzero(level > float(np.percentile(level, 95)) + _PAUSE_DB)
    return 1.0 - len(heard) / float(heard[-1] - heard[0] + 1)


def _instead(spectra: Spectra, curve: NDArray[np.float32]) -> str:
    """Names what sounds: the spread of onset strength tells noise from speech."""
    lively = float(np.percentile(spectra.loudness_db, 90) - np.percentile(spectra.loudness_db, 10))
    if lively < 3.0 and float(curve.std()) < 0.5:
        return "noise"
    return "speech or sounds at no steady pace"
