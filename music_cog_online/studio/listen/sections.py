"""Sections: where the music changes, and what each part is for.

Bars are compared with each other (chords, timbre, rhythm, level); a boundary is where a checkerboard kernel slid along
the self-similarity matrix peaks (Foote, "Automatic audio segmentation using a measure of audio novelty", 2000).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.listening import Drop, Section

__all__ = ["find_sections"]

Floats = NDArray[np.float64]

_KERNEL_BARS = 4
_LEAST_BARS = 4
_LOUD = 0.75  # of the loud sections energy: what is below is a break


def find_sections(
    duration_s: float,
    beats_s: Floats,
    beat_in_bar: NDArray[np.int64],
    features: NDArray[np.float32],
    energy: NDArray[np.float32],
    drops: Sequence[Drop],
) -> tuple[Section, ...]:
    """Cuts a piece into labelled sections that cover it from 0 to its end; one section where there are few bars."""
    if duration_s <= 0:
        return ()
    bars = np.flatnonzero(beat_in_bar == 1)
    if len(bars) < 2 * _LEAST_BARS:
        level = float(energy.mean()) if len(energy) else 1.0
        return (Section(0.0, duration_s, "main", level),)
    rows = np.stack([features[a:b].mean(axis=0) for a, b in zip(bars, [*bars[1:], len(beats_s)], strict=True)])
    levels = np.array([energy[a:b].mean() for a, b in zip(bars, [*bars[1:], len(beats_s)], strict=True)])
    sure = [int(np.abs(beats_s[bars] - drop.time_s).argmin()) for drop in drops if drop.confidence >= 0.5]
    edges = _boundaries(np.concatenate([rows, 1.5 * levels[:, None]], axis=1), sure)
    spans = list(zip(edges, [*edges[1:], len(bars)], strict=True))
    means = np.array([levels[a:b].mean() for a, b in spans])
    labels = _labels(levels, spans, means, sure)
    starts = [0.0, *[float(beats_s[bars[a]]) for a, _ in spans[1:]]]
    ends = [*starts[1:], duration_s]
    scale = float(means.max()) or 1.0
    return tuple(
        Section(start, end, label, float(mean / scale))
        for start, end, label, mean in zip(starts, ends, labels, means, strict=True)
    )


def _boundaries(rows: NDArray[np.floating], sure: Sequence[int]) -> list[int]:
    """First bars of the sections; 0 is always one, and so is every sure drop."""
    novelty = _novelty(rows)
    n = len(novelty)
    edges = sorted({0, *[bar for bar in sure if 0 < bar < n]})
    least = novelty.mean() + 0.5 * novelty.std()
    for bar in np.argsort(-novelty):
        near = novelty[max(0, bar - 2) : bar + 3]
        roomy = all(abs(bar - edge) >= _LEAST_BARS for edge in edges) and n - bar >= 2
        if roomy and novelty[bar] >= near.max() and novelty[bar] > least:
            edges.append(int(bar))
    return sorted(edges)


def _novelty(rows: NDArray[np.floating]) -> Floats:
    gaps = np.linalg.norm(rows[:, None, :] - rows[None, :, :], axis=2) if len(rows) <= 600 else None
    n, k = len(rows), _KERNEL_BARS
    out = np.zeros(n)
    for bar in range(1, n):
        a, b = max(0, bar - k), min(n, bar + k)
        if gaps is not None:
            within = gaps[a:bar, a:bar].mean() + gaps[bar:b, bar:b].mean()
            across = gaps[a:bar, bar:b].mean()
        else:
            before, after = rows[a:bar], rows[bar:b]
            within = before.std(axis=0).sum() + after.std(axis=0).sum()
            across = float(np.linalg.norm(before.mean(axis=0) - after.mean(axis=0))) + within
        out[bar] = (across - within / 2) * np.sqrt(min(bar - a, b - bar) / k)
    return out


def _labels(levels: Floats, spans: Sequence[tuple[int, int]], means: Floats, sure: Sequence[int]) -> list[str]:
    top = float(np.percentile(means, 90)) or 1.0
    labels = []
    for number, (a, b) in enumerate(spans):
        relative = means[number] / top
        follows = b in sure
        rising = b - a >= 2 and levels[(a + b) // 2 : b].mean() > levels[a : (a + b) // 2].mean() + 0.02
        if a in sure:
            label = "drop"
        elif number == 0 and relative < 0.9:
            label = "intro"
        elif number == len(spans) - 1 and relative < 0.9:
            label = "outro"
        elif follows and (rising or relative < _LOUD):
            label = "build-up"
        elif relative < _LOUD:
            label = "break"
        else:
            label = "main"
        labels.append(label)
    return labels
