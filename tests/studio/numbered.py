"""Videos whose frames carry their number, and the reading of it: frame-exactness without guessing."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.ffmpeg import Ffmpeg, default_binary
from music_cog_online.studio.media import MediaFile

BITS = 10
_FIT = ["-preset", "ultrafast", "-profile:v", "high", "-crf", "16", "-pix_fmt", "yuv420p"]


def make_numbered(
    path: Path,
    *,
    frames: int = 90,
    rate: Fraction | int = 30,
    size: tuple[int, int] = (320, 180),
    first: int = 0,
    sound: NDArray[np.float32] | None = None,
    times_s: Sequence[float] | None = None,
    extra: Sequence[str] = (),
) -> Path:
    """Writes a video of moving bars over a strip that tells each frame's number in black and white.

    Args:
        path: Where to write it.
        frames: How many frames.
        rate: Frames per second.
        size: Width and height.
        first: Number of the first frame.
        sound: Samples at 48 kHz, shape (n,) or (n, 2).
        times_s: Start of each frame, for a variable rate.
        extra: Further arguments for the output.
    """
    width, height = size
    command = [default_binary(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{width}x{height}"]
    command += ["-r", str(rate), "-i", "pipe:0"]
    raw = path.with_suffix(".raw")
    if sound is not None:
        np.ascontiguousarray(sound, np.float32).tofile(raw)
        command += [
            "-f",
            "f32le",
            "-ar",
            "48000",
            "-ac",
            str(sound.ndim),
            "-i",
            str(raw),
            "-c:a",
            "aac",
            "-b:a",
            "192k",
        ]
    if times_s is not None:
        stamps = "+".join(f"eq(N,{number})*{at:.6f}" for number, at in enumerate(times_s))
        command += [
            "-vf",
            f"settb=1/90000,setpts='({stamps})/TB'",
            "-fps_mode",
            "passthrough",
            "-enc_time_base",
            "1:90000",
        ]
    codec = [] if "-c:v" in extra else ["-c:v", "libx264", *_FIT]
    command += [*codec, *extra, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert process.stdin is not None
    for number in range(first, first + frames):
        process.stdin.write(picture_of(number, size).tobytes())
    process.stdin.close()
    assert process.wait() == 0
    raw.unlink(missing_ok=True)
    return path


def picture_of(number: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """One frame: a strip of bits above bars that move by a pixel or two a frame."""
    width, height = size
    frame = np.empty((height, width), np.uint8)
    wave = 110 + 70 * np.sin((np.arange(width) + 2.0 * number) / 9.0)
    frame[:] = wave.astype(np.uint8)
    bits = [(number >> bit) & 1 for bit in range(BITS)]
    row = np.repeat(np.array(bits, np.uint8) * 205 + 25, width // BITS)
    frame[: height // 4, : len(row)] = row
    return frame


def numbers_in(ffmpeg: Ffmpeg, path: Path, *, size: tuple[int, int] = (320, 180)) -> list[int]:
    """The number that every decoded frame carries; -1 for a mixture of frames."""
    return [_number(frame) for frame in ffmpeg.frames(path, width=size[0], height=size[1])]


def _number(frame: NDArray[np.uint8]) -> int:
    height, width = frame.shape
    cell = width // BITS
    strip = frame[height // 16 : height // 5]
    levels = [float(strip[:, bit * cell + cell // 4 : bit * cell + cell * 3 // 4].mean()) for bit in range(BITS)]
    if any(75 < level < 180 for level in levels):
        return -1
    return sum(1 << bit for bit, level in enumerate(levels) if level >= 180)


def media_file(ffmpeg: Ffmpeg, path: Path, key: str = "md_a") -> MediaFile:
    """A file as the project knows it."""
    return MediaFile(key, path, path.name, ffmpeg.probe(path))
