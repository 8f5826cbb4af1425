"""A video file in, its shots out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.caching import remembered
from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.timebase import nearest_rate
from music_cog_online.studio.watch.breaks import Breaks, find_breaks, make_shots
from music_cog_online.studio.watch.likeness import Floats
from music_cog_online.studio.watch.pictures import decode_small, small_size
from music_cog_online.studio.watch.shots import Watching

__all__ = ["watch"]

_VERSION = "watch-2"
_JITTER = 0.2  # frames by which a time may be off the even grid of a constant rate
_LIVELY = 12.0  # grey levels of change that count as half of what can be


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
    blocks = decode_small(path, ffmpeg=ffmpeg, width=width, height=height, times_s=stamps)
    seen = find_breaks(blocks, rate=float(info.video.fps))
    if not len(seen.moved):
        raise MediaRefused(f"{path.name} holds no picture that can be decoded.", hint="Is the file whole?")
    times = _times(stamps, len(seen.moved), float(info.video.fps))
    fps, variable = _rate(times, info.video.fps)
    last_s = float(np.median(np.diff(times))) if len(times) > 1 else 1 / float(fps)
    end_s = 0.0 if info.kind == "image" else float(times[-1]) + last_s
    activity = _activity(seen, float(fps))
    return Watching(
        fps=fps,
        variable=variable,
        width=info.video.width,
        height=info.video.height,
        times_s=times,
        duration_s=end_s,
        shots=make_shots(seen, times, end_s, activity),
        activity=activity,
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


def _activity(seen: Breaks, rate: float) -> Floats:
    """Change a thirtieth of a second, bent so that lively footage lies about the middle of 0..1."""
    steps = seen.moved.copy()
    for cut in seen.cuts:
        steps[cut.frame] = steps[min(cut.frame + 1, len(steps) - 1)]
    steps *= rate / 30.0
    activity: Floats = steps / (steps + _LIVELY)
    return activity
