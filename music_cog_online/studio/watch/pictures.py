"""A video as small pictures, decoded once, with the time of each.

A few thousand pixels hold all that tells one shot from another, and scaling inside ffmpeg costs next to nothing
beside decoding. Only a stretch of the video is held at a time, however long it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, NamedTuple

import numpy as np

from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.watch.likeness import BLOCK, Pictures

if sys.platform == "linux":
    import fcntl

__all__ = ["Stretch", "decode_small", "small_size", "stretches"]

_AREA = 2560
_MOST = 24 * BLOCK
_READ = 64
_F_SETPIPE_SZ = 1031  # fcntl.F_SETPIPE_SZ, which Python 3.10 does not always name


def small_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the small pictures for a video of this shape: whole blocks, about 2,560 pixels."""
    wide = (_AREA * width / height) ** 0.5
    columns = min(max(2, round(wide / BLOCK)), _MOST // BLOCK)
    rows = min(max(2, round(_AREA / (columns * BLOCK) / BLOCK)), _MOST // BLOCK)
    return columns * BLOCK, rows * BLOCK


class Stretch(NamedTuple):
    """Part of a video with some frames before and after it for comparison.

    Attributes:
        pictures: The frames, neighbours included.
        first: Number of the first of them in the video.
        begin: Number in the video of the first frame that this stretch decides on.
        end: The frame after the last one that it decides on.
    """

    pictures: Pictures
    first: int
    begin: int
    end: int


def decode_small(path: Path, *, ffmpeg: Ffmpeg, width: int, height: int, times_s: list[float]) -> Iterator[Pictures]:
    """Decodes every frame in order, none repeated and none dropped.

    The deblocking filter is left out on bidirectional frames, on which at most their neighbours build: at this size
    that shows nowhere and saves a sixth of the time.

    Args:
        path: The file.
        ffmpeg: What decodes it.
        width: Width of the pictures, in pixels.
        height: Height of the pictures, in pixels.
        times_s: Gets the presentation time of each frame, on the file's own clock, after the last pictures are out.

    Yields:
        Some pictures at a time.

    Raises:
        MediaRefused: The picture cannot be decoded.
    """
    luma, chroma = width * height, width * height // 4
    size = luma + 2 * chroma
    graph = f"scale={width}:{height}:flags=area,format=yuv420p"
    with TemporaryDirectory(prefix="music-cog-") as folder:
        stamps = Path(folder) / "stamps"
        args = ["-map", "0:v:0", "-vf", graph, "-fps_mode", "passthrough", "-enc_time_base", "demux"]
        args += ["-stats_enc_pre", str(stamps), "-stats_enc_pre_fmt", "{pts} {tb}", "-f", "rawvideo", "pipe:1"]
        with ffmpeg.reading(path, args, before=["-skip_loop_filter", "bidir"]) as stream:
            _widen(stream)
            while data := stream.read(size * _READ):
                count = len(data) // size
                planes = np.frombuffer(data, np.uint8, count * size).reshape(count, size)
                yield Pictures(
                    planes[:, :luma].reshape(count, height, width),
                    planes[:, luma : luma + chroma].reshape(count, height // 2, width // 2),
                    planes[:, luma + chroma :].reshape(count, height // 2, width // 2),
                )
        for line in stamps.read_text("ascii").splitlines():
            pts, base = line.split()
            times_s.append(float(int(pts) * Fraction(base)))


def stretches(blocks: Iterable[Pictures], *, core: int = 512, margin: int) -> Iterator[Stretch]:
    """Puts blocks together into stretches of `core` frames with `margin` frames of the video on either side."""
    held: Pictures | None = None
    first = begin = 0
    for block in blocks:
        held = block if held is None else Pictures(*(np.concatenate(pair) for pair in zip(held, block, strict=True)))
        while first + len(held.y) >= begin + core + margin:
            yield Stretch(held.pick(slice(0, begin + core + margin - first)), first, begin, begin + core)
            begin += core
            kept = max(first, begin - margin)
            held, first = held.pick(slice(kept - first, None)), kept
    if held is not None and begin < first + len(held.y):
        yield Stretch(held, first, begin, first + len(held.y))


def _widen(pipe: IO[bytes]) -> None:
    """Lets ffmpeg run ahead while the last pictures are looked at, where the system can do that."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), _F_SETPIPE_SZ, 1 << 20)
