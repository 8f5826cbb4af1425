"""Gradual transitions: dissolves, and fades through a plain picture such as black.

In a dissolve each frame is a mixture of the two shots, and the share of the new one grows evenly: the frames of the
ramp lie near the straight line between the frame before it and the frame after it. Nothing that moves or flashes does
that while the two ends show different things. In a fade the picture loses its contrast step by step, or gains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.watch.likeness import Floats, Pictures, unlikeness

__all__ = ["Gradual", "find_gradual", "tiny"]

_TINY = 4
_HALF_SPANS_S = (0.1, 0.2, 0.4, 0.8)
_LONGEST_S = 4.0
_APART = 14.0  # grey levels between the ends of a dissolve, root mean square
_OFF_LINE = 0.45  # distance from the line, as a share of its length
_UNLIKE = 0.45
_DIFFERENT = 0.2  # one minus the correlation of the ends, at a quarter of the size
_RESTLESS = 0.3  # unlikeness of frames two apart beside the transition
_OFF_LINE_IN_DETAIL = 0.42
_DETAIL_KEPT = (0.4, 0.87)
_PLAIN = 2.5  # contrast in grey levels below which a picture shows nothing
_SUNK = 0.15  # share of the contrast nearby that a picture has sunk to when it shows as good as nothing
_STEPS = 3  # frames that at least make a fade
_EVEN = 0.93  # correlation of the new shot's share with time
_STEADY = 0.35  # share by which frames beside the ramp may seem to go on with it


class Gradual(NamedTuple):
    """A transition that takes several frames.

    Attributes:
        kind: ``dissolve`` or ``fade``.
        begin: First frame that is neither the old shot nor plain.
        end: First frame that is the new shot alone.
        unlike: How little the shots have in common, 0..1.
        confidence: 0..1.
    """

    kind: str
    begin: int
    end: int
    unlike: float
    confidence: float


def tiny(pictures: Pictures) -> NDArray[np.uint8]:
    """The pictures at a quarter of their size, planes one after the other, shape (n, values)."""
    planes = []
    for plane in pictures:
        count, height, width = plane.shape
        part = plane[:, : height // _TINY * _TINY, : width // _TINY * _TINY]
        blocks = part.reshape(count, height // _TINY, _TINY, -1, _TINY)
        planes.append(np.rint(blocks.mean((2, 4), dtype=np.float32)).astype(np.uint8).reshape(count, -1))
    return np.concatenate(planes, axis=1)


def find_gradual(pictures: Pictures, cuts: Sequence[int], *, rate: float) -> list[Gradual]:
    """The gradual transitions among the pictures.

    Args:
        pictures: Frames in order.
        cuts: The frames that open a shot, in order; a dissolve is sought between them, and a fade may prove one wrong.
        rate: Frames per second; above 45 every other frame will do.
    """
    stride = max(1, round(rate / 30))
    if stride > 1:
        thinned = find_gradual(
            pictures.pick(slice(None, None, stride)), [-(-cut // stride) for cut in cuts], rate=rate / stride
        )
        return [ramp._replace(begin=ramp.begin * stride, end=ramp.end * stride) for ramp in thinned]
    small = tiny(pictures)
    fades = _unlike_ends(_fades(small[:, : pictures.y[0].size // _TINY**2].std(1)), pictures)
    bounds = {0, len(small), *(cut for cut in cuts if not any(fade.begin <= cut <= fade.end for fade in fades))}
    bounds.update(frame for fade in fades for frame in (fade.begin, fade.end))
    ramps: list[Gradual] = []
    for begin, end in pairwise(sorted(bounds)):
        inside = _ramps(small[begin:end].astype(np.float32), rate)
        ramps += [ramp._replace(begin=ramp.begin + begin, end=ramp.end + begin) for ramp in inside]
    ramps = _unlike_ends([ramp for ramp in ramps if _mixed(ramp, pictures)], pictures)
    best: list[Gradual] = fades
    for ramp in sorted(ramps, key=lambda ramp: -ramp.confidence * ramp.unlike):
        if all(ramp.end <= other.begin or other.end <= ramp.begin for other in best):
            best.append(ramp)
    return sorted(best, key=lambda ramp: ramp.begin)


def _unlike_ends(found: list[Gradual], pictures: Pictures) -> list[Gradual]:
    """Those that lead from one thing to quite another, and not on within restless frames."""
    if not found:
        return []
    last = len(pictures.y) - 1
    before = np.array([max(0, one.begin - 1) for one in found])
    after = np.array([min(one.end, last) for one in found])
    unlike = unlikeness(pictures.pick(before), pictures.pick(after))
    calm = np.maximum(
        unlikeness(pictures.pick((before - 2).clip(0)), pictures.pick(before)),
        unlikeness(pictures.pick(after), pictures.pick((after + 2).clip(0, last))),
    )
    sure = (unlike > _UNLIKE) & (calm < _RESTLESS)
    return [one._replace(unlike=float(much)) for one, much, ok in zip(found, unlike, sure, strict=True) if ok]


def _mixed(ramp: Gradual, pictures: Pictures) -> bool:
    """Whether the frames in the middle are mixtures in every detail, and lose the detail that mixtures lose.

    What two unrelated pictures have of fine structure shrinks where they are mixed (Alattar 1993); where things move
    it stays.
    """
    length = ramp.end - ramp.begin
    middle = np.arange(ramp.begin + length // 4, ramp.end - length // 4)
    frames = pictures.y[np.concatenate([[ramp.begin - 1, min(ramp.end, len(pictures.y) - 1)], middle])]
    frames = frames.astype(np.float32)
    flat = frames.reshape(len(frames), -1)
    _, share, off = _on_line(flat[:1], flat[2:], flat[1:2])
    detail = sum((np.diff(frames, axis=axis) ** 2).mean((1, 2)) for axis in (1, 2))
    expected = (1 - share) * detail[0] + share * detail[1] + 1e-3
    kept = float(np.median(detail[2:] / expected))
    return float(off.mean()) < _OFF_LINE_IN_DETAIL and _DETAIL_KEPT[0] < kept < _DETAIL_KEPT[1]


def _fades(contrast: Floats) -> list[Gradual]:
    """Runs of plain frames that the picture sinks into or rises from step by step."""
    near = np.lib.stride_tricks.sliding_window_view(np.pad(contrast, 15, mode="edge"), 31)
    plain = np.concatenate([[False], contrast < np.maximum(_PLAIN, _SUNK * near.max(1)), [False]])
    edges = np.flatnonzero(plain[1:] != plain[:-1])
    found = []
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        sinks, rises = _slope(contrast[:begin][::-1]), _slope(contrast[end:])
        steps = sorted((sinks, rises))
        gradual = steps[1] >= _STEPS and (steps[0] >= _STEPS or (contrast[begin:end].min() < _PLAIN and rises > 1))
        if begin > 0 and end < len(contrast) and gradual:
            found.append(Gradual("fade", begin - sinks, end + rises, 0.0, 0.9))
    return found


def _slope(contrast: Floats) -> int:
    """How many frames in a row, from the first one on, gain contrast towards the level that they reach."""
    gains = np.diff(contrast) > np.maximum(_PLAIN / 4, 0.02 * contrast[:-1])
    return int(np.argmin(np.concatenate([gains, [False]]))) + 1 if len(contrast) else 0


def _ramps(frames: Floats, rate: float) -> list[Gradual]:
    """All that may be a dissolve among frames without a hard cut, looked for at several lengths."""
    found = set()
    for span_s in _HALF_SPANS_S:
        reach = max(3, round(span_s * rate))
        if len(frames) <= 2 * reach:
            break
        apart, share, off = _on_line(frames[: -2 * reach], frames[reach:-reach], frames[2 * reach :])
        fits = (apart > _APART) & (off < _OFF_LINE) & (np.abs(share - 0.5) < 0.3)
        fits[fits] = _difference(frames[: -2 * reach][fits], frames[2 * reach :][fits]) > _DIFFERENT
        value = np.where(fits, apart * (1 - off), 0.0)
        while value.max() > 0:
            middle = int(value.argmax())
            value[max(0, middle - reach) : middle + reach + 1] = 0
            ramp = _ramp(frames, middle + reach, reach, rate)
            if ramp is not None:
                found.add(ramp)
    return sorted(found)


def _difference(a: Floats, b: Floats) -> Floats:
    """One minus the correlation of each two frames."""
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    spread = (np.einsum("ij,ij->i", a, a) + 1.0) * (np.einsum("ij,ij->i", b, b) + 1.0)
    difference: Floats = 1.0 - np.einsum("ij,ij->i", a, b) / np.sqrt(spread)
    return difference


def _on_line(a: Floats, middle: Floats, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Length of the line from a to b, where on it the middle comes nearest, and how far off it is by that length."""
    line = b - a
    square = np.einsum("...i,...i->...", line, line) + 1e-6
    share = np.einsum("...i,...i->...", middle - a, line) / square
    off = middle - a - share[..., None] * line
    distance = np.sqrt(np.einsum("...i,...i->...", off, off) / square)
    return np.sqrt(square / a.shape[-1]), share, distance


def _ramp(frames: Floats, middle: int, reach: int, rate: float) -> Gradual | None:
    """The dissolve around `middle`, if it is one: its ends sought by carrying the even ramp on to 0 and 1."""
    begin, end = float(middle - reach), float(middle + reach)
    last = len(frames) - 1
    for _ in range(4):
        first, final = max(0, int(np.floor(begin)) - 1), min(last, int(np.ceil(end)) + 1)
        around = np.arange(max(0, first - reach), min(last, final + reach) + 1)
        _, share, off = _on_line(frames[first][None], frames[around], frames[final][None])
        inside = (share > 0.12) & (share < 0.88) & (np.abs(around - middle) <= (end - begin) / 2 + reach)
        if inside.sum() < 3:
            return None
        times, shares = around[inside] - middle, share[inside]
        slope = np.cov(times, shares)[0, 1] / times.var(ddof=1)
        if slope <= 0:
            return None
        offset = shares.mean() - slope * (times.mean() + middle)
        begin, end = -offset / slope, (1 - offset) / slope
    if not 3 <= end - begin <= _LONGEST_S * rate:
        return None
    even = float(np.corrcoef(around[inside], share[inside])[0, 1])
    away = float(off[inside].mean())
    before = share[(around < begin) & (around >= begin - 4)]
    after = share[(around > end) & (around <= end + 4)]
    steady = np.abs(np.concatenate([before, after - 1.0])).max(initial=0.0)
    if even < _EVEN or away > _OFF_LINE or steady > _STEADY:
        return None
    first, final = max(0, int(np.floor(begin))), min(last, int(np.ceil(end)))
    return Gradual("dissolve", first + 1, final, 0.0, min(1.0, even * (1.2 - away)))
