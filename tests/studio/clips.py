"""Small videos made up for tests: moving, textured pictures whose every cut is known to the frame."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.ffmpeg import default_binary

Picture = NDArray[np.uint8]
Span = tuple[float, float]

_VIDEO_ARGS = {
    "libx264": ["-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p"],
    "mpeg4": ["-q:v", "3", "-pix_fmt", "yuv420p"],
    "mjpeg": ["-q:v", "3", "-pix_fmt", "yuvj420p"],
    "libvpx-vp9": ["-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-pix_fmt", "yuv420p"],
}
_SOUND_CODECS = {".avi": "pcm_s16le", ".mkv": "aac", ".webm": "libopus"}


class Clip(NamedTuple):
    """A generated video and the truth about it.

    Attributes:
        path: The file.
        rate: Frames per second (the average one when the rate varies).
        times_s: Time at which each frame starts to show, the first one's being 0.
        cut_frames: Number of the first frame of the shot after each hard cut.
        cuts_s: The times of those frames.
        dissolves_s: Start and end of each dissolve.
        fades_s: Start and end of each fade through black.
    """

    path: Path
    rate: Fraction
    times_s: NDArray[np.float64]
    cut_frames: tuple[int, ...]
    cuts_s: tuple[float, ...]
    dissolves_s: tuple[Span, ...]
    fades_s: tuple[Span, ...]


def make_clip(
    path: Path,
    *,
    duration_s: float = 6.0,
    cuts_s: Sequence[float] = (),
    rate: Fraction | int = Fraction(30),
    size: tuple[int, int] = (320, 180),
    sound: NDArray[np.float32] | None = None,
    sound_rate: int = 44100,
    vfr: bool = False,
    flashes: Sequence[float] = (),
    dissolves: Sequence[Span] = (),
    fades: Sequence[Span] = (),
    rotation: int = 0,
    portrait: bool = False,
    shake: float = 0.0,
    motion: float = 2.0,
    looks: Sequence[int] = (),
    codec: str = "libx264",
    extra: Sequence[str] = (),
) -> Clip:
    """Makes a video with ffmpeg; its format follows from the path's suffix.

    Args:
        path: Where to write it (``.mp4``, ``.mov``, ``.mkv``, ``.avi``, ``.webm``).
        duration_s: Its length.
        cuts_s: Hard cuts; each falls on the nearest frame.
        rate: Frames per second.
        size: Width and height as shown, before `portrait` swaps them.
        sound: Samples, shape (n,) or (n, 2).
        sound_rate: Samples per second of `sound`.
        vfr: Frames last by turns 0.6 and 1.4 times as long, as a telephone's do.
        flashes: Times at which two frames go white.
        dissolves: Start and end of each dissolve from one shot into the next.
        fades: Start and end of each fade through black from one shot into the next.
        rotation: Degrees clockwise that a player turns the stored picture by; it is shown upright all the same.
        portrait: Swaps width and height.
        shake: Pixels by which the camera trembles from frame to frame.
        motion: Pixels a frame by which the camera pans.
        looks: Which picture each shot shows; 0, 1, 2… when left out.
        codec: ffmpeg's name of a video encoder.
        extra: Further arguments for the output.
    """
    rate = Fraction(rate)
    width, height = (size[1], size[0]) if portrait else size
    count = max(1, round(duration_s * rate))
    times = np.arange(count) / float(rate)
    if vfr:
        times[1::2] -= 0.4 / float(rate)
    shots = _Shots(count, rate, (width, height), cuts_s, dissolves, fades, looks)
    frames = _filmed(shots, shake=shake, motion=motion, flashes={round(at * rate) for at in flashes})
    with TemporaryDirectory(dir=path.parent) as scratch:
        command = _command(path, Path(scratch), rate, (width, height), rotation, vfr, codec, sound, sound_rate, extra)
        turned = (np.rot90(frame, rotation // 90) for frame in frames)
        _pipe(command, turned)
    cuts = tuple(sorted({round(at * rate) for at in cuts_s}))
    return Clip(path, rate, times, cuts, tuple(float(times[at]) for at in cuts), tuple(dissolves), tuple(fades))


def picture(look: int, width: int, height: int) -> Picture:
    """A textured colour picture of shape (height, width, 3); each `look` is another one."""
    random = np.random.default_rng(1000 + look)
    total = np.zeros((height, width, 3))
    for octave in (3, 8, 24):
        grid = random.normal(size=(octave, octave * 2, 3)) * 60 / np.sqrt(octave)
        rows = np.arange(height) * octave // height
        columns = np.arange(width) * (octave * 2) // width
        total += grid[rows][:, columns] * (1.0 if octave > 3 else 0.8)
    grey = total.mean(axis=2, keepdims=True)
    tint = random.uniform(50, 190, size=3)
    shown: Picture = np.clip(tint + 0.5 * grey + 0.5 * total, 0, 255).astype(np.uint8)
    return shown


def make_still(path: Path, *, size: tuple[int, int] = (320, 180), look: int = 0) -> Path:
    """Writes a picture as PNG or JPEG and gives its path."""
    width, height = size
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i", "pipe:0"]
    _pipe([*_head(), *raw, "-frames:v", "1", "-update", "1", str(path)], iter([picture(look, width, height)]))
    return path


class _Shots:
    """Which picture, or mixture of two, each frame shows."""

    def __init__(
        self,
        count: int,
        rate: Fraction,
        size: tuple[int, int],
        cuts_s: Sequence[float],
        dissolves: Sequence[Span],
        fades: Sequence[Span],
        looks: Sequence[int],
    ) -> None:
        self.count = count
        self.size = size
        bounds = [(round(at * rate), round(at * rate), False) for at in cuts_s]
        bounds += [(round(a * rate), round(b * rate), False) for a, b in dissolves]
        bounds += [(round(a * rate), round(b * rate), True) for a, b in fades]
        self.bounds = sorted(bounds)
        self.looks = list(looks) or list(range(len(bounds) + 1))
        self._pictures: dict[int, Picture] = {}

    def at(self, frame: int, offset: tuple[int, int]) -> Picture:
        """The picture of `frame` with the camera moved by `offset`."""
        number = sum(end <= frame for _, end, _ in self.bounds)
        here = self._view(number, offset)
        if number == len(self.bounds) or frame < self.bounds[number][0]:
            return here
        start, end, black = self.bounds[number]
        share = (frame - start + 1) / (end - start + 1)
        after = self._view(number + 1, offset)
        if not black:
            return np.rint(here * (1 - share) + after * share).astype(np.uint8)
        return np.rint(here * (1 - 2 * share) if share < 0.5 else after * (2 * share - 1)).astype(np.uint8)

    def _view(self, number: int, offset: tuple[int, int]) -> Picture:
        width, height = self.size
        look = self.looks[number % len(self.looks)]
        if look not in self._pictures:
            self._pictures[look] = picture(look, width * 2, height * 2)
        x, y = offset[0] % width, offset[1] % height
        view: Picture = self._pictures[look][y : y + height, x : x + width]
        return view


def _filmed(shots: _Shots, *, shake: float, motion: float, flashes: set[int]) -> Iterator[Picture]:
    random = np.random.default_rng(7)
    width, height = shots.size
    for frame in range(shots.count):
        pan = abs((motion * frame) % (2 * width - 2) - (width - 1))  # there and back
        tremble = random.normal(size=2) * shake
        shown = shots.at(frame, (round(pan + tremble[0]), round(height / 2 + tremble[1]))).copy()
        side = height // 4
        left = int(motion * 1.7 * frame) % max(1, width - side)
        shown[height // 3 : height // 3 + side, left : left + side] //= 2  # something that moves by itself
        if frame in flashes or frame - 1 in flashes:
            shown = np.clip(shown.astype(np.int16) // 3 + 170, 0, 255).astype(np.uint8)
        yield shown


def _command(
    path: Path,
    scratch: Path,
    rate: Fraction,
    size: tuple[int, int],
    rotation: int,
    vfr: bool,
    codec: str,
    sound: NDArray[np.float32] | None,
    sound_rate: int,
    extra: Sequence[str],
) -> list[str]:
    width, height = size if rotation % 180 == 0 else size[::-1]
    command = _head()
    if rotation:
        command += ["-display_rotation", str(-rotation), "-noautorotate"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "pipe:0"]
    if sound is not None:
        (scratch / "sound.f32").write_bytes(np.ascontiguousarray(sound, np.float32).tobytes())
        channels = "1" if sound.ndim == 1 else str(sound.shape[1])
        command += ["-f", "f32le", "-ar", str(sound_rate), "-ac", channels, "-i", str(scratch / "sound.f32")]
        command += ["-map", "0:v", "-map", "1:a", "-c:a", _SOUND_CODECS.get(path.suffix.lower(), "aac")]
    if vfr:
        command += ["-vf", f"settb=1/90000,setpts='(N-0.4*mod(N,2))*{90000 / rate}'", "-fps_mode", "passthrough"]
        command += ["-enc_time_base", "1:90000"]
    return [*command, "-c:v", codec, *_VIDEO_ARGS[codec], "-threads", "1", *extra, str(path)]


def _head() -> list[str]:
    return [default_binary(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y"]


def _pipe(command: Sequence[str], frames: Iterator[Picture]) -> None:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        for frame in frames:
            process.stdin.write(np.ascontiguousarray(frame).tobytes())
        process.stdin.close()
        said = process.stderr.read().decode()
    if process.returncode:
        raise RuntimeError(f"{command}: {said}")
