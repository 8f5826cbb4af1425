"""Samples → Listening: the steps of listening, one after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.beatwise import beat_energy, beat_features
from music_cog_online.studio.listen.downbeats import count_bars
from music_cog_online.studio.listen.drops import find_drops
from music_cog_online.studio.listen.extent import fit_to_sound, sounding_span
from music_cog_online.studio.listen.levels import certainty, choose, set_scene
from music_cog_online.studio.listen.listening import Listening, Section
from music_cog_online.studio.listen.presence import judge
from music_cog_online.studio.listen.refine import refine
from music_cog_online.studio.listen.sections import find_sections
from music_cog_online.studio.listen.spectra import FRAME_RATE, Spectra, analyse

__all__ = ["LONGEST_S", "listen"]

LONGEST_S = 900.0
"""What lies after so many seconds is not listened to, so that memory stays bounded."""


def listen(samples: NDArray[np.float32], rate: int, *, duration_s: float | None = None) -> Listening:
    """Finds beats, bars, drops and sections in (n,) mono samples, `rate` a second.

    Whoever hands over only the beginning of a long piece says in `duration_s` how long the piece is.

    Values that are not finite count as silence. A sound without a steady beat, an empty one too, gives a `Listening`
    whose `has_beat` is false and whose `why` says what was heard.

    Raises:
        ValueError: `samples` has more than one dimension, or `rate` is below 8000.
    """
    if samples.ndim != 1 or rate < 8000:
        raise ValueError("listen needs mono samples, at least 8000 a second")
    duration_s = len(samples) / rate if duration_s is None else duration_s
    cut = samples[: int(LONGEST_S * rate)]
    clean = cut if np.isfinite(cut).all() else np.nan_to_num(cut, nan=0.0, posinf=0.0, neginf=0.0)
    clean = clean.astype(np.float32, copy=False)
    spectra = analyse(clean, rate)
    scene = set_scene(spectra)
    choice = choose(scene)
    presence = judge(spectra, scene.pulse, np.rint(choice.pulse_s * FRAME_RATE).astype(np.int64))
    if not presence.has_beat:
        return _without_beat(duration_s, presence.why, presence.confidence)
    beats_s = refine(clean, rate, choice.beats_s)
    beats_s = fit_to_sound(beats_s, sounding_span(spectra))
    return _describe(spectra, duration_s, beats_s, certainty(choice, beats_s), presence.confidence)


def _describe(
    spectra: Spectra,
    duration_s: float,
    beats_s: NDArray[np.float64],
    beat_certainty: NDArray[np.float32],
    confidence: float,
) -> Listening:
    bars = count_bars(spectra, beats_s)
    energy = beat_energy(spectra, beats_s)
    features = beat_features(spectra, beats_s)
    drops = find_drops(spectra, beats_s, bars.beat_in_bar, beat_certainty)
    tempo = 60.0 / float(np.median(np.diff(beats_s)))
    why = f"{tempo:.1f} beats a minute, {bars.meter} to the bar"
    if duration_s > LONGEST_S:
        why += f"; only the first {LONGEST_S / 60:.0f} minutes were listened to"
    return Listening(
        duration_s=duration_s,
        has_beat=True,
        confidence=confidence,
        tempo_bpm=tempo,
        meter=bars.meter,
        beats_s=beats_s,
        beat_in_bar=bars.beat_in_bar,
        beat_certainty=beat_certainty,
        beat_energy=energy,
        beat_features=features,
        drops=drops,
        sections=find_sections(duration_s, beats_s, bars.beat_in_bar, features, energy, drops),
        why=why,
    )


def _without_beat(duration_s: float, why: str, confidence: float) -> Listening:
    return Listening(
        duration_s=duration_s,
        has_beat=False,
        confidence=confidence,
        tempo_bpm=0.0,
        meter=4,
        beats_s=np.zeros(0),
        beat_in_bar=np.zeros(0, np.int64),
        beat_certainty=np.zeros(0, np.float32),
        beat_energy=np.zeros(0, np.float32),
        beat_features=np.zeros((0, 0), np.float32),
        drops=(),
        sections=(Section(0.0, duration_s, "main", 1.0),) if duration_s > 0 else (),
        why=why,
    )
