"""Songs made up from drums, bass and chords, whose beats are known to the sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
_CHORDS = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62))  # Am F C G, a chord a bar


class Song(NamedTuple):
    """A generated song and the truth about it; unpacks as a tuple.

    Attributes:
        samples: Mono, float32, within ±0.95.
        beats_s: Time of every beat's first sample, in seconds.
        beat_in_bar: 1 is the downbeat.
        drop_s: Time of the drop, if there is one.
    """

    samples: Samples
    beats_s: NDArray[np.float64]
    beat_in_bar: NDArray[np.int64]
    drop_s: float | None


def make_song(
    tempo_bpm: float | Sequence[float] = 120.0,
    *,
    meter: int = 4,
    bars: int = 16,
    drop_bar: int | None = None,
    rate: int = 44100,
    start_s: float = 0.0,
    tail_s: float = 0.5,
    drums: bool = True,
    chords: bool = True,
    swing: float = 0.5,
    seed: int = 0,
) -> Song:
    """Plays a song of `bars` bars.

    Args:
        tempo_bpm: One tempo, or a tempo for each bar in turn (the last one stays).
        meter: Beats a bar.
        bars: How many bars.
        drop_bar: The bar (from 0) on which kick, bass and full loudness come in, after a thin, rising build-up.
        rate: Samples a second.
        start_s: Silence before the first beat.
        tail_s: Time after the last bar, in which the last notes end.
        drums: Kick, snare and hat; without them bass and chords carry the beat alone.
        chords: A struck chord on the bar's first beat and softer ones on the others.
        swing: Where the off-beat falls between two beats; 0.5 is straight, 2/3 is full swing.
        seed: For the noise in the drums.
    """
    tempos = [tempo_bpm] if isinstance(tempo_bpm, (int, float)) else list(tempo_bpm)
    spans = np.repeat([60.0 / tempos[min(bar, len(tempos) - 1)] for bar in range(bars)], meter)
    ends = start_s + np.cumsum(spans)
    beats = np.concatenate([[start_s], ends[:-1]]) if bars else np.zeros(0)
    places = np.tile(np.arange(1, meter + 1), bars)
    total = start_s + float(spans.sum()) + tail_s
    out = np.zeros(round(total * rate))
    random = np.random.default_rng(seed)
    for number, (beat, span, place) in enumerate(zip(beats, spans, places, strict=True)):
        bar = number // meter
        thin = drop_bar is not None and bar < drop_bar
        chord = _CHORDS[bar % len(_CHORDS)]
        off = beat + span * swing
        if drums and not thin:
            first = place == 1
            if first or (meter == 4 and place == 3):
                _add(out, beat, rate, kick(rate), 0.9)
            else:
                _add(out, beat, rate, snare(rate, random), 0.45)
        if drums:
            _add(out, beat, rate, hat(rate, random), 0.12)
            _add(out, off, rate, hat(rate, random), 0.10)
        if not thin:
            _add(out, beat, rate, pluck(chord[0] - 24, span * 0.9, rate), 0.35 if place == 1 else 0.2)
        if chords:
            loud = (0.16 if place == 1 else 0.07) * (0.3 if thin else 1.0)
            for note in chord:
                _add(out, beat, rate, pluck(note, span * 0.95, rate), loud)
        if thin and drums and drop_bar is not None and bar >= drop_bar - 2:
            _add(out, off, rate, snare(rate, random), 0.05 + 0.05 * (bar - drop_bar + 2))
    peak = float(np.abs(out).max(initial=0.0))
    samples = (out * (0.9 / peak if peak > 0 else 1.0)).astype(np.float32)
    drop = float(beats[drop_bar * meter]) if drop_bar is not None else None
    return Song(samples, beats, places, drop)


def kick(rate: int) -> NDArray[np.float64]:
    """A falling low sine, 0.2 s."""
    t = np.arange(round(0.2 * rate)) / rate
    return np.asarray(np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-t * 40)))) * np.exp(-t * 18))


def snare(rate: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Noise with a tone, 0.15 s."""
    t = np.arange(round(0.15 * rate)) / rate
    return np.asarray((random.standard_normal(t.size) * 0.6 + np.sin(2 * np.pi * 190 * t)) * np.exp(-t * 28))


def hat(rate: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Bright noise, 0.04 s."""
    t = np.arange(round(0.04 * rate)) / rate
    return np.asarray(np.diff(random.standard_normal(t.size + 1)) * np.exp(-t * 110))


def pluck(midi: int, span_s: float, rate: int) -> NDArray[np.float64]:
    """A plucked note of four partials that decays."""
    t = np.arange(round(span_s * rate)) / rate
    hertz = 440.0 * 2 ** ((midi - 69) / 12)
    tone = sum(np.sin(2 * np.pi * hertz * k * t) / k for k in range(1, 5) if hertz * k < rate / 2)
    fade = np.minimum(1.0, np.minimum(t / 0.003, (span_s - t) / 0.01))
    return np.asarray(tone * np.exp(-t * 3) * fade)


def speech_like(seconds_s: float, *, rate: int = 44100, seed: int = 1) -> Samples:
    """Syllables of uneven length: a buzzing voice through changing formants, with pauses."""
    random = np.random.default_rng(seed)
    out = np.zeros(round(seconds_s * rate))
    at = 0.0
    while at < seconds_s:
        span = float(random.uniform(0.07, 0.32))
        t = np.arange(round(span * rate)) / rate
        pitch = 110 + 40 * random.random() + 30 * (random.random() - 0.5) * t / span
        phase = 2 * np.pi * np.cumsum(pitch) / rate
        formants = random.uniform((300, 900, 2200), (800, 2000, 3200))
        voice = sum(
            np.sin(k * phase) * float(np.exp(-(((k * 125 - formants) / 180) ** 2)).sum() + 0.02) for k in range(1, 28)
        )
        _add(out, at, rate, voice * np.sin(np.pi * t / span) ** 0.7, float(random.uniform(0.1, 0.3)))
        if random.random() < 0.4:
            hiss = np.diff(random.standard_normal(round(0.07 * rate) + 1))
            _add(out, at + span * 0.9, rate, hiss * np.hanning(hiss.size), 0.05)
        at += span * float(random.uniform(0.75, 1.1)) + (
            float(random.exponential(0.25)) if random.random() < 0.25 else 0
        )
    return np.asarray(out / max(1e-9, np.abs(out).max()) * 0.6, np.float32)


def drone(seconds_s: float, *, rate: int = 44100) -> Samples:
    """A held chord, slowly swelling."""
    t = np.arange(round(seconds_s * rate)) / rate
    tone = sum(np.sin(2 * np.pi * hertz * t) for hertz in (110.0, 165.0, 220.4))
    return np.asarray(0.2 * tone * (1 + 0.3 * np.sin(2 * np.pi * 0.07 * t)), np.float32)


def write_wav(path: Path, samples: Samples, *, rate: int = 44100) -> Path:
    """Writes 16-bit PCM; (n,) is mono, (n, channels) is interleaved."""
    import wave

    with wave.open(str(path), "wb") as out:
        out.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def _add(out: NDArray[np.float64], at_s: float, rate: int, sound: NDArray[np.float64], gain: float) -> None:
    start = round(at_s * rate)
    end = min(out.size, start + sound.size)
    if 0 <= start < end:
        out[start:end] += gain * sound[: end - start]
