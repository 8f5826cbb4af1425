"""Sound along a time map, without a change of pitch, with its onsets where the map puts them.

Over small changes of speed, music need not be resynthesised: the samples are played as they are, and every so often a
few milliseconds are left out or played again (synchronous overlap-add; Verhelst and Roelands 1993). Here the places
are chosen so that every onset lies within a millisecond of its place on the map: the splices fall between onsets,
where the sound on both sides matches best, and attacks are never touched. Speed 1 copies the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["along_map", "onsets_of"]

Sound = NDArray[np.float32]
Curve = NDArray[np.float64]

_ONSET_TOLERANCE_S = 0.0007
_LOOSE_TOLERANCE_S = 0.0025
_LONGEST_GAP_S = 0.25
_FADE_S = 0.016
_SHORTEST_FADE_S = 0.004
_AFTER_ONSET_S = 0.012
_BEFORE_ONSET_S = 0.004
_HOP_S = 0.0025
_SAME_SPEED = 2e-6
_FREE_ERROR_S = 0.0015
_THIN = 4
_PLACES = 24


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A time of the output at which the sound has to be in its place, in samples, and how exactly."""

    at: int
    tolerance: float
    onset: bool


def along_map(samples: Sound, rate: int, knots: Sequence[tuple[float, float]], start_s: float, end_s: float) -> Sound:
    """Plays a sound along a time map.

    Args:
        samples: Shape (n, channels), time 0 first; beyond its ends there is silence.
        rate: Samples per second.
        knots: Pairs (output time, time in the sound) in seconds, both strictly increasing; linear between and beyond.
        start_s: Output time of the first sample of the result.
        end_s: Output time of its end.

    Returns:
        Shape (round(end) - round(start), channels).
    """
    first, end = round(start_s * rate), round(end_s * rate)
    length = max(0, end - first)
    if length == 0:
        return np.zeros((0, samples.shape[1]), np.float32)
    place = _Map(knots, rate)
    lag = place.lag(np.array([first, end - 1], np.float64))
    straight = len(place.outs) == 2 or bool(np.ptp(place.slopes) < _SAME_SPEED)
    if straight and abs(lag[1] - lag[0]) <= max(1.0, _SAME_SPEED * length):
        return _slice(samples, first + round(float(lag.mean())), length)
    lowest = int(first + lag[0]) - rate // 10
    body = _slice(samples, lowest, int(end + lag[1]) + rate // 10 - lowest)
    anchors = _anchors(body, rate, place, lowest, first, end)
    return _spliced(body, rate, place, anchors, lowest, first, end)


def onsets_of(samples: Sound, rate: int) -> NDArray[np.float64]:
    """Times in seconds at which something is struck: peaks of the rise in level over five bands."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    hop = round(_HOP_S * rate)
    size = hop * 4
    mono = samples[:, 0] + samples[:, -1]
    count = (len(mono) - size) // hop + 1
    if count < 8:
        return np.zeros(0)
    window = np.hanning(size).astype(np.float32)
    edges = [int(hertz * size / rate) for hertz in (0, 200, 600, 1800, 5400, 16_000)]
    level = np.empty((count, len(edges) - 1), np.float32)
    rows = np.lib.stride_tricks.sliding_window_view(mono, size)[::hop]
    for begin in range(0, count, 4096):
        power = np.abs(np.fft.rfft(rows[begin : begin + 4096] * window, axis=1)) ** 2
        level[begin : begin + 4096] = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)
    mean = level.mean(axis=0)
    floor = np.maximum(mean * 1e-2, mean.sum() * 1e-5) + 1e-9
    level = np.log10(level + floor)
    rise = np.zeros(count)
    rise[4:] = np.maximum(level[4:] - level[:-4], 0).sum(axis=1)
    local = uniform_filter1d(rise, 81, mode="nearest")
    peak = (rise == maximum_filter1d(rise, 17, mode="nearest")) & (rise > 0.35) & (rise > 1.8 * local)
    return np.asarray((np.flatnonzero(peak) * hop + size / 2 - hop) / rate, np.float64)


class _Map:
    """Output samples to samples of the sound, piecewise linear."""

    def __init__(self, knots: Sequence[tuple[float, float]], rate: int) -> None:
        table = np.array(knots, np.float64) * rate
        self.outs, self.ins = table[:, 0], table[:, 1]
        self.slopes = np.diff(self.ins) / np.diff(self.outs)

    def lag(self, out: Curve) -> Curve:
        """How many samples later than the output the sound is read."""
        return self.read_at(out) - out

    def read_at(self, out: Curve) -> Curve:
        part = np.clip(np.searchsorted(self.outs, out, side="right") - 1, 0, len(self.slopes) - 1)
        return np.asarray(self.ins[part] + (out - self.outs[part]) * self.slopes[part])

    def shown_at(self, read: Curve) -> Curve:
        part = np.clip(np.searchsorted(self.ins, read, side="right") - 1, 0, len(self.slopes) - 1)
        return np.asarray(self.outs[part] + (read - self.ins[part]) / self.slopes[part])


def _anchors(body: Sound, rate: int, place: _Map, lowest: int, first: int, end: int) -> list[_Anchor]:
    onsets = place.shown_at(onsets_of(body, rate) * rate + lowest)
    found = [int(at) for at in onsets if first < at < end]
    anchors: list[_Anchor] = []
    last = first
    for at in [*found, end]:
        pieces = max(1, round((at - last) / (_LONGEST_GAP_S * rate)))
        for number in range(1, pieces):
            anchors.append(_Anchor(last + (at - last) * number // pieces, _LOOSE_TOLERANCE_S * rate, onset=False))
        anchors.append(_Anchor(at, _ONSET_TOLERANCE_S * rate, onset=at != end))
        last = at
    return anchors


def _spliced(body: Sound, rate: int, place: _Map, anchors: list[_Anchor], lowest: int, first: int, end: int) -> Sound:
    """Plays `body`, whose first sample is number `lowest` of the sound, with splices that meet every anchor."""
    lags = place.lag(np.array([anchor.at for anchor in anchors], np.float64))
    match = _Match(body, rate)
    out = np.empty((end - first, body.shape[1]), np.float32)
    lag = round(float(place.lag(np.array([first], np.float64))[0]))
    written = first
    previous = _Anchor(first, 0.0, onset=True)
    for number, anchor in enumerate(anchors):
        need = float(lags[number])
        if abs(lag - need) > anchor.tolerance:
            begin, stop, fade = _room_between(previous, anchor, written, rate)
            places = np.unique(np.linspace(begin, max(begin, stop), _PLACES).astype(np.int64))
            ahead = float(lags[min(number + 1, len(lags) - 1)]) - need
            drift = float(np.sign(ahead)) if abs(ahead) < 2 * anchor.tolerance else 0.0
            choice = _Choice(lag, need, anchor.tolerance, drift, fade)
            which, new_lag = match.best(choice, places - lowest, place.lag(places.astype(np.float64)))
            at = int(places[which])
            _copy(out, body, written - first, at - first, written + lag - lowest)
            _cross(out, body, at - first, at + lag - lowest, at + new_lag - lowest, fade)
            written, lag = at + fade, new_lag
        previous = anchor
    _copy(out, body, written - first, end - first, written + lag - lowest)
    return out


def _room_between(previous: _Anchor, anchor: _Anchor, written: int, rate: int) -> tuple[int, int, int]:
    """Earliest and latest start of a splice between two anchors that spares their attacks, and its length."""
    begin = max(written, previous.at + (round(_AFTER_ONSET_S * rate) if previous.onset else 0))
    stop = anchor.at - (round(_BEFORE_ONSET_S * rate) if anchor.onset else 0)
    fade = min(round(_FADE_S * rate), stop - begin)
    shortest = round(_SHORTEST_FADE_S * rate)
    if fade < shortest:
        begin = max(written, min(begin, stop - shortest))
        fade = max(0, min(stop - begin, shortest))
    return begin, stop - fade, fade


@dataclass(frozen=True, slots=True)
class _Choice:
    """What a splice is to do, in samples.

    Attributes:
        lag: The lag before.
        need: The lag that is wanted after.
        tolerance: How far off it may be.
        drift: Sign of where the wanted lag is moving, if a lag on that side will last longer, else 0.
        fade: Length of the crossfade.
    """

    lag: int
    need: float
    tolerance: float
    drift: float
    fade: int


class _Match:
    """Where a change of lag is heard least: on a mono, thinned and brightened copy of the sound."""

    def __init__(self, body: Sound, rate: int) -> None:
        mono = body[:, 0] + body[:, -1]
        thin = mono[: len(mono) // _THIN * _THIN].reshape(-1, _THIN).sum(axis=1)
        self._sound = np.append(thin[:1], thin[1:] - 0.7 * thin[:-1]).astype(np.float32)
        self._free = _FREE_ERROR_S * rate

    def best(self, choice: _Choice, places: NDArray[np.int64], wanted: Curve) -> tuple[int, int]:
        """Number of the place to splice at, and the lag after it.

        Args:
            choice: What the splice is to do.
            places: Starts to choose from, in samples of the body.
            wanted: The lag that the map has at each of them.
        """
        lows, highs = np.ceil(choice.need - choice.tolerance), np.floor(choice.need + choice.tolerance)
        lags = np.unique(np.arange(lows, highs + 1, _THIN).round().astype(np.int64))
        if len(lags) == 0:
            lags = np.array([round(choice.need)], np.int64)
        inside = np.arange(max(4, choice.fade // _THIN))
        old = self._at((places + choice.lag)[:, None] // _THIN + inside)
        new = self._at((places[:, None] + lags[None, :])[:, :, None] // _THIN + inside)
        heard = ((new - old[:, None, :]) ** 2).sum(axis=2) / (float((old**2).sum(axis=1).mean()) + 1e-9)
        off = (lags[None, :] - choice.need) / max(choice.tolerance, 1.0)
        error = np.maximum(np.abs(choice.lag - wanted)[:, None], np.abs(lags[None, :] - wanted[:, None]))
        astray = np.maximum(0.0, error / self._free - 1.0) ** 2
        cost = heard - 0.05 * choice.drift * off + 0.03 * off**2 + 0.05 * astray
        at, which = np.unravel_index(int(np.argmin(cost)), cost.shape)
        return int(at), int(lags[which])

    def _at(self, index: NDArray[np.int64]) -> Sound:
        return self._sound[np.clip(index, 0, len(self._sound) - 1)]


def _copy(out: Sound, body: Sound, begin: int, end: int, read: int) -> None:
    if end > begin:
        out[begin:end] = _slice(body, read, end - begin)


def _cross(out: Sound, body: Sound, begin: int, old: int, new: int, fade: int) -> None:
    """Crossfades with the level kept, however alike the two sides are."""
    fade = min(fade, len(out) - begin)
    if fade <= 0:
        return
    one, other = _slice(body, old, fade), _slice(body, new, fade)
    weight = (0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade))[:, None]
    energy = float(np.sqrt((one**2).sum() * (other**2).sum()))
    alike = float(np.clip((one * other).sum() / energy, 0.0, 1.0)) if energy > 0 else 1.0
    level = np.sqrt(weight**2 + (1 - weight) ** 2 + 2 * alike * weight * (1 - weight))
    out[begin : begin + fade] = ((1 - weight) * one + weight * other) / level


def _slice(samples: Sound, begin: int, length: int) -> Sound:
    """`length` samples from `begin` on, with silence where there are none."""
    if begin >= 0 and begin + length <= len(samples):
        return samples[begin : begin + length]
    out = np.zeros((length, samples.shape[1]), np.float32)
    low, high = max(0, begin), min(len(samples), begin + length)
    if high > low:
        out[low - begin : high - begin] = samples[low:high]
    return out
