"""The one place that runs ffmpeg.

Every input is opened with its demuxer forced from the file's own first bytes and with the ``file`` protocol alone, so
that a media file can neither name another file nor reach the network. `supervision.py` watches over the processes.
"""

from __future__ import annotations

import math
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from music_cog_online.studio.errors import MediaRefused, MediaTooLarge
from music_cog_online.studio.media import MediaInfo
from music_cog_online.studio.probing import demuxer_of, is_cut_short, parse_probe
from music_cog_online.studio.supervision import cannot_start, supervised, watch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MAX_PIXELS", "Ffmpeg", "default_binary", "input_args"]

MAX_PIXELS = 50_000_000
"""Largest picture that is decoded: 8K with a margin."""

_SAMPLES_A_FRAME = 32768
_PROBE_TIMEOUT_S = 60.0
_HIDDEN = re.compile(rb", F=0x[4-7]\b")
"""Packets flagged as to be discarded: they are decoded for others' sake, and an edit list hides them."""


def default_binary() -> str:
    """Path of the ffmpeg that comes with imageio-ffmpeg: static, the same on every machine."""
    import imageio_ffmpeg  # late: only the studio's processes need it

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def input_args(path: Path) -> list[str]:
    """Arguments that open `path` as what its first bytes say it is, and nothing else.

    Raises:
        MediaRefused: The bytes are none of the known formats, or the file cannot be read.
    """
    demuxer = demuxer_of(path)
    still = ["-max_pixels", str(MAX_PIXELS)]
    return ["-protocol_whitelist", "file", "-f", demuxer, *still, "-i", f"file:{path.absolute()}"]


class Ffmpeg:
    """An ffmpeg binary and the ways in which the studio uses it."""

    def __init__(self, binary: str | None = None) -> None:
        """Takes the binary at `binary`, or the one that imageio-ffmpeg ships."""
        self.binary = binary or default_binary()

    def version(self) -> str:
        """Version of the binary, e.g. ``7.0.2-static``.

        Raises:
            FfmpegFailed: It cannot be started.
        """
        try:
            done = subprocess.run([self.binary, "-version"], capture_output=True, timeout=_PROBE_TIMEOUT_S, check=False)
        except OSError as exc:
            raise cannot_start(self.binary, exc) from exc
        words = done.stdout.decode("utf-8", "replace").split()
        return words[2] if len(words) > 2 else "unknown"

    def probe(self, path: Path) -> MediaInfo:
        """Reads what the file's header says.

        Raises:
            MediaRefused: Not a media file, one that is cut short, or one with neither picture nor sound.
            MediaTooLarge: The picture has more than `MAX_PIXELS` pixels.
        """
        command = [self.binary, "-hide_banner", "-nostdin", *input_args(path)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_PROBE_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as exc:
            raise MediaRefused(f"{path.name} could not be read in time.", hint="Is the file whole?") from exc
        except OSError as exc:
            raise cannot_start(self.binary, exc) from exc
        info = parse_probe(done.stderr.decode("utf-8", "replace"), path)
        if info.video is not None and info.video.coded_width * info.video.coded_height > MAX_PIXELS:
            raise MediaTooLarge(f"{path.name} has too many pixels.", hint="Scale it down to 8K or less.")
        if info.container == "mov" and is_cut_short(path):
            raise MediaRefused(f"{path.name} is cut short: its end is missing.", hint="Copy or export it again.")
        return info

    def decode_audio(
        self,
        path: Path,
        *,
        rate: int = 44100,
        channels: int = 1,
        start_s: float = 0.0,
        duration_s: float | None = None,
    ) -> NDArray[np.float32]:
        """Decodes the first sound stream.

        Time 0 is the first sample of a sound file once the encoder's delay is taken off, and the first frame of the
        picture in a video.

        Args:
            path: The file.
            rate: Samples per second of the result.
            channels: 1 for a mono mix, 2 for stereo.
            start_s: Where to begin.
            duration_s: How much to decode; None for all.

        Returns:
            Samples in -1..1, shape (n,) for one channel and (n, channels) otherwise. No sound gives n = 0.

        Raises:
            MediaRefused: The sound cannot be decoded.
        """
        import numpy as np

        info = self.probe(path)
        shape = (0,) if channels == 1 else (0, channels)
        if info.audio is None:
            return np.zeros(shape, np.float32)
        first_s = start_s + (self.picture_start_s(path) if info.kind == "video" else 0.0)
        align = "aresample=async=1:first_pts=0," if info.kind == "video" else ""
        end = "" if duration_s is None else f":end={first_s + duration_s:.9f}"
        trim = f"atrim=start={first_s:.9f}{end},asetpts=N/SR/TB," if first_s > 0 or end else ""
        gather = f"asetnsamples=n={_SAMPLES_A_FRAME}:p=0"  # a third of the time went into passing on small frames
        graph = f"{align}{trim}{gather},aresample={rate}:resampler=soxr"
        form = ["-ac", str(channels), "-ar", str(rate), "-flush_packets", "0", "-f", "f32le"]
        command = ["-map", "0:a:0", "-af", graph, *form, "pipe:1"]
        raw = bytearray()
        with self.reading(path, command) as stream:
            while block := stream.read(1 << 20):
                raw += block
        samples = np.frombuffer(raw, np.float32)
        np.nan_to_num(samples, copy=False)
        return samples if channels == 1 else samples[: len(samples) // channels * channels].reshape(-1, channels)

    def frames(
        self, path: Path, *, width: int, height: int, pix_fmt: str = "gray", scaler: str = "area"
    ) -> Iterator[NDArray[np.uint8]]:
        """Decodes every frame in order, none repeated and none dropped.

        Args:
            path: The file.
            width: Width of the frames in pixels.
            height: Height of the frames in pixels.
            pix_fmt: ``gray`` or ``rgb24``.
            scaler: ffmpeg's scaling method.

        Yields:
            Frames of shape (height, width) for ``gray`` and (height, width, 3) for ``rgb24``.

        Raises:
            MediaRefused: The picture cannot be decoded.
        """
        import numpy as np

        shape = (height, width) if pix_fmt == "gray" else (height, width, 3)
        size = int(np.prod(shape))
        graph = f"scale={width}:{height}:flags={scaler},format={pix_fmt}"
        command = ["-map", "0:v:0", "-vf", graph, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]
        with self.reading(path, command) as stream:
            while len(block := _read_exactly(stream, size)) == size:
                yield np.frombuffer(block, np.uint8).reshape(shape)

    def frame_times(self, path: Path) -> NDArray[np.float64]:
        """Presentation time of each frame in seconds, the first one's being 0; read without decoding.

        Raises:
            MediaRefused: The file has no picture stream that can be read.
        """
        import numpy as np

        times = np.array(sorted(self._packet_times(path)), np.float64)
        return times - times[0] if len(times) else times

    def run(
        self,
        args: Sequence[str],
        *,
        duration_s: float | None = None,
        on_progress: Callable[[float], None] | None = None,
        cancel: threading.Event | None = None,
        stall_s: float = 60.0,
        subject: str = "",
    ) -> str:
        """Runs ffmpeg to its end under supervision.

        Args:
            args: Everything after the binary's name. Inputs come from `input_args`.
            duration_s: Length of the output, to tell progress from.
            on_progress: Called with the share that is done, 0..1.
            cancel: Set it to stop the work.
            stall_s: Seconds without progress after which the process group is killed.
            subject: Name of the file that the work is about, for messages.

        Returns:
            The last lines that ffmpeg wrote to its log.

        Raises:
            MediaRefused: ffmpeg says that an input is broken.
            FfmpegStalled: No progress for `stall_s`.
            DiskFull: No room left.
            Cancelled: `cancel` was set.
            FfmpegFailed: Anything else.
        """
        command = [self.binary, "-hide_banner", "-nostdin", "-y", "-progress", "pipe:1", "-nostats", *args]
        with supervised(command, self.binary) as job:
            watcher = threading.Thread(target=watch, args=(job, cancel, stall_s), daemon=True)
            watcher.start()
            for line in job.lines():
                done_s = _progress_s(line)
                if done_s is not None and on_progress and duration_s:
                    on_progress(min(1.0, done_s / duration_s))
            code = job.process.wait()
            job.ended.set()
            watcher.join()
            job.raise_for(code, subject)
            return job.tail_text()

    def picture_start_s(self, path: Path) -> float:
        """Time of the first frame on the file's own clock, in seconds; 0 without a picture."""
        return min(self._packet_times(path, first_only=True), default=0.0)

    def _packet_times(self, path: Path, *, first_only: bool = False) -> list[float]:
        limit = ["-frames:v", "16"] if first_only else []
        command = ["-map", "0:v:0", "-c", "copy", *limit, "-f", "framecrc", "pipe:1"]
        scale = 0.0
        times: list[float] = []
        with self.reading(path, command) as stream:
            for line in stream:
                if line.startswith(b"#tb 0:"):
                    numerator, denominator = line.split(b":")[1].split(b"/")
                    scale = int(numerator) / int(denominator)
                elif not line.startswith(b"#") and not _HIDDEN.search(line):
                    times.append(int(line.split(b",")[2]) * scale)
        return times

    @contextmanager
    def writing(
        self,
        args: Sequence[str],
        *,
        cwd: Path | None = None,
        cancel: threading.Event | None = None,
        stall_s: float = 60.0,
        subject: str = "",
    ) -> Iterator[Callable[[bytes | memoryview], None]]:
        """Runs ffmpeg and gives the function that feeds its standard input.

        Args:
            args: Everything after the binary's name; the input is ``pipe:0``.
            cwd: The folder that file names in filters are looked up in.
            cancel: Set it to stop the work.
            stall_s: Seconds without a write or progress after which the process group is killed.
            subject: Name of the file that the work is about, for messages.

        Raises:
            StudioError: As `run` does, when the block ends or a write fails.
        """
        command = [self.binary, "-hide_banner", "-loglevel", "error", "-y", *args]
        with supervised(command, self.binary, feed=True, cwd=cwd) as job:
            watcher = threading.Thread(target=watch, args=(job, cancel, stall_s), daemon=True)
            watcher.start()
            try:
                yield job.feed
                job.end_of_input()
            except BrokenPipeError:
                pass  # ffmpeg has ended, and its log says why
            job.raise_for(job.process.wait(), subject)

    @contextmanager
    def reading(
        self,
        path: Path,
        args: Sequence[str],
        *,
        before: Sequence[str] = (),
        stop: threading.Event | None = None,
    ) -> Iterator[IO[bytes]]:
        """Runs ffmpeg on `path` and gives its standard output; what is not read is dropped.

        Args:
            path: The file.
            args: What follows the input; the output is ``pipe:1``.
            before: Options of the input, such as where to begin.
            stop: Set it from another thread to end the process, and with it the output.

        Raises:
            StudioError: As `run` does, when all has been read; `Cancelled` after `stop`.
        """
        command = [self.binary, "-hide_banner", "-nostdin", "-loglevel", "error", *before, *input_args(path), *args]
        with supervised(command, self.binary) as job:
            stdout = job.process.stdout
            assert stdout is not None  # noqa: S101 (a pipe was asked for)
            if stop is not None:
                threading.Thread(target=watch, args=(job, stop, math.inf), daemon=True).start()
            yield stdout
            if stdout.read(1):
                return  # the reader has what it wants
            job.raise_for(job.process.wait(), path.name)


def _progress_s(line: str) -> float | None:
    key, _, value = line.partition("=")
    if key == "out_time_us" and value.lstrip("-").isdigit():
        return max(0.0, int(value) / 1e6)
    return None


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    blocks: list[Any] = []
    left = size
    while left and (block := stream.read(left)):
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)
