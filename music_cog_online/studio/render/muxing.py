"""Picture and sound into one MP4 that starts at zero for every player, and whether a source's picture can be copied."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from music_cog_online.studio.errors import FfmpegFailed
from music_cog_online.studio.ffmpeg import Ffmpeg, input_args
from music_cog_online.studio.media import MediaFile, VideoStream
from music_cog_online.studio.render.draft import Draft
from music_cog_online.studio.render.encoders import timescale_of
from music_cog_online.studio.render.picks import Times, pick_frames, steady_rate

__all__ = ["copyable", "join_chunks", "mux"]

_MOVIE_TIMESCALE = 90_000
_GRID_S = 0.0002


def copyable(draft: Draft, size: tuple[int, int], times: Mapping[str, Times]) -> MediaFile | None:
    """The source whose picture the output shows untouched and that is already fit for posting, if there is one.

    Fit is H.264 in yuv420p, progressive, of the wanted size, upright, with square pixels and a constant rate.
    """
    first = draft.shots[0]
    video = first.media.info.video
    if draft.titles or video is None or first.media.info.kind != "video" or not _fit(video, size):
        return None
    if any(shot.media.id != first.media.id or shot.fade_in_s or shot.fade_out_s for shot in draft.shots):
        return None
    source = times[first.media.id]
    if len(source) != draft.frames or steady_rate(source) != draft.rate:
        return None
    picks = [
        pick_frames(source, from_s=shot.from_s, take_s=shot.take_s, frames=shot.frames).source for shot in draft.shots
    ]
    return first.media if np.array_equal(np.concatenate(picks), np.arange(draft.frames)) else None


def _fit(video: VideoStream, size: tuple[int, int]) -> bool:
    return (
        video.codec == "h264"
        and video.profile in ("High", "Main", "Constrained Baseline", "Baseline")
        and video.pix_fmt == "yuv420p"
        and (video.coded_width, video.coded_height) == size == (video.width, video.height)
        and video.rotation == 0
        and video.sar == 1
        and not any(word in video.color for word in ("first", "bt2020", "smpte2084", "arib", "bt470bg", "smpte170m"))
        and not video.color.startswith("pc")
    )


def join_chunks(chunks: Sequence[tuple[Path, int]], rate: Fraction, out: Path) -> Path:
    """Writes the list from which ffmpeg reads chunks as one stream.

    Args:
        chunks: Files of our own making, with their lengths in frames.
        rate: Frames per second.
        out: Where to write the list; the files lie beside it.
    """
    lines = ["ffconcat version 1.0"]
    for path, frames in chunks:
        lines += [f"file {path.name}", f"duration {float(frames / rate):.6f}"]
    out.write_text("\n".join(lines) + "\n")
    return out


def mux(
    picture: Path,
    sound: Path,
    out: Path,
    *,
    frames: int,
    rate: Fraction,
    ffmpeg: Ffmpeg,
    copied: bool,
    on_progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> bool:
    """Puts picture and sound together without re-encoding; `out` appears only when whole.

    B-frames get negative composition offsets and the sound has no priming, so that both begin at 0 even for a player
    that ignores edit lists.

    Args:
        picture: A source, or the list of chunks.
        sound: AAC in ADTS.
        out: The MP4.
        frames: How many frames it has to have.
        rate: Their rate.
        ffmpeg: The muxer.
        copied: Whether `picture` is a source.
        on_progress: Called with the share that is done.
        cancel: Set it to stop the work.

    Returns:
        Whether every frame is where it belongs; otherwise nothing was written.
    """
    source = (
        input_args(picture)
        if copied
        else ["-protocol_whitelist", "file", "-f", "concat", "-safe", "0", "-i", f"file:{picture}"]
    )
    part = out.with_name(f".{out.name}.{os.getpid()}.{threading.get_ident()}.part")
    exact = part.with_suffix(".exact")
    args = [
        *("-protocol_whitelist", "file", "-f", "aac", "-i", f"file:{sound}", "-map", "0:v:0", "-map", "1:a:0"),
        *("-bsf:v", _bits(rate, tagged=not copied), "-movflags", "+faststart+negative_cts_offsets"),
        *_copy_args(rate, part),
    ]
    try:
        ffmpeg.run(
            [*source, *args], duration_s=float(frames / rate), on_progress=on_progress, cancel=cancel, subject=out.name
        )
        if copied and not _on_grid(part, frames, rate, ffmpeg):
            # The source's clock is too coarse for the rate: once through a finer one, then onto the grid.
            ffmpeg.run([*source, "-map", "0:v:0", *_copy_args(rate, exact)], cancel=cancel, subject=out.name)
            ffmpeg.run([*input_args(exact), *args], cancel=cancel, subject=out.name)
        if not _on_grid(part, frames, rate, ffmpeg):
            if copied:
                return False
            raise FfmpegFailed("The finished video does not have the frames it should have.", hint="Try again.")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
        exact.unlink(missing_ok=True)
    return True


def _bits(rate: Fraction, *, tagged: bool) -> str:
    """Filters on the coded picture: every stamp onto the grid of frames, and the colours' tags."""
    stamps = (f"{stamp}=round(({stamp.upper()}-STARTPTS)*TB*{rate})/(({rate})*TB)" for stamp in ("pts", "dts"))
    grid = f"setts={':'.join(stamps)}"
    colors = "h264_metadata=colour_primaries=1:transfer_characteristics=1:matrix_coefficients=1"
    return grid if tagged else f"{grid},{colors}"


def _copy_args(rate: Fraction, out: Path) -> list[str]:
    return [
        *("-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", "-tag:v", "avc1"),
        *("-video_track_timescale", str(timescale_of(rate)), "-movie_timescale", str(_MOVIE_TIMESCALE)),
        *("-f", "mp4", str(out)),
    ]


def _on_grid(path: Path, frames: int, rate: Fraction, ffmpeg: Ffmpeg) -> bool:
    """Whether a file has just the frames it should have, each in its place, for a player that ignores edit lists."""
    args = ["-map", "0:v:0", "-c", "copy", "-copyts", "-f", "framecrc", "pipe:1"]
    tick = Fraction(0)
    stamps: list[int] = []
    with ffmpeg.reading(path, args, before=["-ignore_editlist", "1"]) as stream:
        for line in stream:
            if line.startswith(b"#tb 0:"):
                tick = Fraction(line.split(b":")[1].strip().decode("ascii"))
            elif not line.startswith(b"#"):
                stamps.append(int(line.split(b",")[2]))
    times = np.sort(np.array(stamps, np.float64)) * float(tick)
    return len(times) == frames and bool(np.abs(times - np.arange(frames) / float(rate)).max(initial=0.0) < _GRID_S)
