"""A video file in, its shots out."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.caching import remembered
from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.timebase import nearest_rate
from music_cog_online.studio.watch.cuts import Cut, change, find_cuts
from music_cog_online.studio.watch.likeness import Floats
from music_cog_online.studio.watch.pictures import decode_small, small_size, stretches
from music_cog_online.studio.watch.shots import Shot, Watching

__all__ = ["watch"]

_VERSION = "watch-1"
_JITTER = 0.2  # frames by which a time may be off the even grid of a constant rate


def watch(path: Path, *, ffmpeg: Ffmpeg, cache: Path | None = None) -> Watching:
    """Finds the shots of a video.

    Args:
        path: A video, or a still image, which is one shot of one frame and lasts 0 s.
        ffmpeg: What decodes it.
        cache: Folder that keeps results by content; None keeps none.

    Raises:
        MediaRefused: The file has no picture, or none that can be decoded.
    """
    return remembered(
        path,
        lambda: _watch(path, ffmpeg),
        cache=cache,
        name=_VERSION,
        to_json=Watching.to_json,
        from_json=Watching.from_json,
    )


def _watch(path: Path, ffmpeg: Ffmpeg) -> Watching:
    info = ffmpeg.probe(path)
    if info.video is None:
        raise MediaRefused(f"{path.name} has no picture.", hint="Use a video or an image.")
    width, height = small_size(info.video.width, info.video.height)
    stamps: list[float] = []
    cuts: list[Cut] = []
    moved: list[Floats] = []
    rate = float(info.video.fps)
    blocks = decode_small(path, ffmpeg=ffmpeg, width=width, height=height, times_s=stamps)
    for part in stretches(blocks):
        steps = change(part.pictures)
        moved.append(steps[part.begin - part.first : part.end - part.first])
        found = (cut._replace(frame=cut.frame + part.first) for cut in find_cuts(part.pictures, steps, rate=rate))
        cuts += [cut for cut in found if part.begin <= cut.frame < part.end]
    if not moved:
        raise MediaRefused(f"{path.name} holds no picture that can be decoded.", hint="Is the file whole?")
    change_ = np.concatenate(moved)
    times = _times(stamps, len(change_), rate)
    fps, variable = _rate(times, info.video.fps)
    ends = (
        0.0 if info.kind == "image" else float(times[-1] + (np.median(np.diff(times)) if len(times) > 1 else 1 / fps))
    )
    return Watching(
        fps=fps,
        variable=variable,
        width=info.video.width,
        height=info.video.height,
        times_s=times,
        duration_s=ends,
        shots=_shots(cuts, change_, times, ends),
        activity=_activity(change_, [cut.frame for cut in cuts], float(fps)),
    )


def _times(stamps: list[float], count: int, rate: float) -> NDArray[np.float64]:
    if len(stamps) != count:
        return np.arange(count) / rate
    times: NDArray[np.float64] = np.array(stamps, np.float64) - stamps[0]
    return times


def _rate(times: NDArray[np.float64], told: Fraction) -> tuple[Fraction, bool]:
    if len(times) < 2 or times[-1] <= 0:
        return told, False
    mean = (len(times) - 1) / times[-1]
    fps = nearest_rate(mean)
    off = np.abs(times * mean - np.arange(len(times)))
    return fps, bool(off.max() > _JITTER)


def _activity(moved: Floats, cuts: list[int], rate: float) -> Floats:
    steps = moved.copy()
    for frame in cuts:
        steps[frame] = steps[min(frame + 1, len(steps) - 1)]
    steps *= rate / 30.0
    activity: Floats = steps / (steps + 12.0)
    return activity


def _shots(cuts: list[Cut], moved: Floats, times: NDArray[np.float64], end_s: float) -> tuple[Shot, ...]:
    count = len(times)
    starts = [0, *(cut.frame for cut in cuts), count]
    bounds = [*times.tolist(), end_s]
    shots = []
    for number, (first, end) in enumerate(pairwise(starts)):
        cut = cuts[number - 1] if number else None
        strength = 0.0 if cut is None else min(1.0, 0.8 * cut.unlike + 0.4 * float(moved[first]) / 150)
        shots.append(
            Shot(
                first_frame=first,
                end_frame=end,
                start_s=bounds[first],
                end_s=bounds[end],
                transition_in="start" if cut is None else "cut",
                strength=strength,
                span_s=None,
                confidence=1.0 if cut is None else min(1.0, 0.5 + 2 * cut.margin),
            )
        )
    return tuple(shots)
