"""Where somebody talks.

Talk comes in syllables, three to six a second, in all bands at once (Scheirer and Slaney 1997); between them and
between words it falls quiet; most of it is voiced, but not all; and the pitch of a voice glides all the time, where
notes hold. Music, noise and ambience each lack some of this, so the evidence is added up over a window of a second
and a half. A song's voice over its instruments is no talk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["speech_spans"]

_RATE = 16000
_HOP = 320  # samples: 20 ms
_FRAME = 1024
_WINDOW = 75  # frames
_STRIDE = 10
_QUIET = 1e-5  # mean square of a frame that counts as silence: -50 dB
_BANDS = np.geomspace(200.0, 6000.0, 9)
_PITCH_HZ = (70.0, 400.0)
_BASS_HZ = 140.0
_SHORTEST_S = 0.8
_BRIDGE_S = 0.9  # a pause for breath within a talk
_EDGE = 0.06  # share of the loudness of a talk below which it has not begun
_BLOCK = 1500  # frames looked at together, which bounds memory

Floats = NDArray[np.float64]

# What a window's figure is for neither talk nor the rest, and how much more makes it clear.
_EVIDENCE = {
    "glide": (0.45, 0.15),
    "depth": (1.8, 0.4),
    "pauses": (0.2, 0.1),
    "syllables": (0.4, 0.1),
    "voice": (0.55, 0.1),
    "thin": (0.7, 0.1),
}
_MAYBE, _SURELY = -0.2, 0.55  # scores; clear talk comes to 0.7 to 1
_LACK = 1.4  # how clearly one figure may speak against talk before it alone decides
_AGAINST = 4.0  # what one figure can say against talk, when it can say 1 for it


class _Frames(NamedTuple):
    """What each frame sounds like; every field has shape (frames,) or (frames, bands)."""

    power: Floats
    levels: Floats
    harmonic: Floats
    pitch: Floats
    bass: Floats


def speech_spans(samples: NDArray[np.float32], rate: int) -> tuple[tuple[float, float], ...]:
    """Finds the stretches in which somebody talks.

    Args:
        samples: Mono, shape (n,).
        rate: Samples per second, 8,000 or more.

    Returns:
        Start and end of each stretch in seconds, in order, apart from each other; none for silence, for music and for
        less than a second and a half of sound.
    """
    frames = _frames(_resampled(samples, rate))
    starts = np.arange(0, len(frames.power) - _WINDOW + 1, _STRIDE)
    if not len(starts):
        return ()
    votes = np.zeros(len(frames.power))
    cast = np.zeros(len(frames.power))
    for start in starts:
        window = slice(start, start + _WINDOW)
        votes[window] += _score(_Frames(*(field[window] for field in frames)))
        cast[window] += 1
    talk = _sure(np.where(cast > 0, votes / np.maximum(cast, 1), -1.0))
    return tuple(_stretches(talk, frames.power))


def _sure(votes: Floats) -> NDArray[np.bool_]:
    """Runs of frames that may be talk and somewhere surely are."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (votes > _MAYBE).astype(np.int8), [0]])))
    talk = np.zeros(len(votes), np.bool_)
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        talk[begin:end] = votes[begin:end].max() > _SURELY
    return talk


def _resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """The sound at 16 kHz; band limits matter less here than speed, so linear interpolation after a short mean."""
    if rate == _RATE or not len(samples):
        return samples
    width = max(1, round(rate / _RATE))
    smooth = np.convolve(samples, np.full(width, 1 / width, np.float32), "same") if width > 1 else samples
    times = np.arange(int(len(samples) * _RATE / rate)) * (rate / _RATE)
    resampled: NDArray[np.float32] = np.interp(times, np.arange(len(samples)), smooth).astype(np.float32)
    return resampled


def _frames(samples: NDArray[np.float32]) -> _Frames:
    count = len(samples) // _HOP
    parts = [_look(samples, begin, min(begin + _BLOCK, count)) for begin in range(0, count, _BLOCK)]
    if not parts:
        return _Frames(np.zeros(0), np.zeros((0, len(_BANDS) - 1)), np.zeros(0), np.zeros(0), np.zeros(0))
    return _Frames(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def _look(samples: NDArray[np.float32], begin: int, end: int) -> _Frames:
    """The frames from `begin` to `end`, each centred on its time."""
    first = begin * _HOP - _FRAME // 2
    last = (end - 1) * _HOP + _FRAME // 2
    part = np.pad(samples[max(0, first) : last], (max(0, -first), max(0, last - len(samples))))
    view = np.lib.stride_tricks.sliding_window_view(part, _FRAME)[::_HOP]
    spectrum = np.abs(np.fft.rfft(view * np.hanning(_FRAME).astype(np.float32), axis=1)) ** 2
    hertz = np.fft.rfftfreq(_FRAME, 1 / _RATE)
    edges = np.searchsorted(hertz, _BANDS)
    bands = np.add.reduceat(spectrum, edges, axis=1)[:, :-1]
    scale = 1 / (_FRAME * _FRAME * 0.19)  # of a spectrum's sum to mean square, for this window
    ratio = np.fft.irfft(np.where(hertz < 3000, spectrum, 0.0), axis=1)
    low, high = int(_RATE / _PITCH_HZ[1]), int(_RATE / _PITCH_HZ[0])
    lags = ratio[:, low:high]
    return _Frames(
        power=bands.sum(1) * scale,
        levels=np.log(bands * scale + 1e-9),
        harmonic=lags.max(1) / (ratio[:, 0] + 1e-9),
        pitch=np.log2(_RATE / (lags.argmax(1) + low)),
        bass=spectrum[:, (hertz > 30) & (hertz < _BASS_HZ)].sum(1) * scale,
    )


def _score(part: _Frames) -> float:
    """How much a window sounds like talk: above 0 it does."""
    amplitude = np.sqrt(part.power)
    mean = amplitude.mean()
    if part.power.max() < _QUIET:
        return -1.0
    loud = amplitude > 0.5 * mean
    voiced = (part.harmonic > 0.5) & (amplitude > 0.3 * mean)
    steps = np.abs(np.diff(part.pitch))[voiced[1:] & voiced[:-1]]
    figures = {
        "glide": float(((steps > 0.003) & (steps < 0.1)).mean()) if len(steps) > 5 else 0.0,
        "depth": float(part.levels.std(0).mean()),
        "pauses": float(1.0 - loud.mean()),
        "syllables": _syllabic(part.levels),
        "voice": float(np.median(part.harmonic[loud])),
        "thin": float(1.0 - part.bass.sum() / (part.bass.sum() + part.power.sum())),
    }
    evidence = [(figures[name] - middle) / clear for name, (middle, clear) in _EVIDENCE.items()]
    held = 0.5 if voiced.mean() > 0.92 else 0.0
    return min(float(np.clip(evidence, -_AGAINST, 1.0).mean()) - held, min(evidence) + _LACK)


def _syllabic(levels: Floats) -> float:
    """Share of the modulation of all bands that goes at 2 to 8 Hz."""
    centred = (levels - levels.mean(0)) * np.hanning(len(levels))[:, None]
    power = np.abs(np.fft.rfft(centred, axis=0)) ** 2
    hertz = np.fft.rfftfreq(len(levels), _HOP / _RATE)
    return float(power[(hertz >= 2) & (hertz <= 8)].sum() / (power[hertz > 0.5].sum() + 1e-12))


def _stretches(talk: NDArray[np.bool_], power: Floats) -> Iterator[tuple[float, float]]:
    """Spans of talk from first to last sound, over pauses for breath."""
    if not talk.any():
        return
    amplitude = np.sqrt(power)
    sounding = talk & (amplitude > max(_EDGE * float(np.percentile(amplitude[talk], 95)), _QUIET**0.5 / 3))
    frames = np.flatnonzero(sounding)
    breaks = np.flatnonzero(np.diff(frames) * _HOP / _RATE > _BRIDGE_S)
    for group in np.split(frames, breaks + 1):
        start_s, end_s = group[:1].sum() * _HOP / _RATE, (group[-1:].sum() + 1) * _HOP / _RATE
        if end_s - start_s >= _SHORTEST_S:
            yield float(start_s), float(end_s)
