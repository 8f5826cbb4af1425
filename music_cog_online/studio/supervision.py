"""A running ffmpeg under supervision: its own process group, a watch on its progress, a bounded memory of its log."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from music_cog_online.studio.errors import Cancelled, DiskFull, FfmpegFailed, FfmpegStalled, MediaRefused

__all__ = ["Job", "cannot_start", "supervised", "watch"]

_TAIL_LINES = 40
_SIGNS_OF_LIFE = frozenset({"out_time_us", "total_size", "frame"})
_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ of fcntl(2), which Python names from 3.10 on only where it was built so
_BLAMES_THE_FILE = re.compile(
    r"invalid data found|error while decoding|moov atom not found|could not find codec parameters|no decoder"
    r"|does not contain any stream|matches no streams|picture size|error opening input|end of file"
    r"|invalid argument.*opening input",
    re.IGNORECASE,
)


class Job:
    """A running ffmpeg, the end of its log and the time of its last sign of life."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self.ended = threading.Event()
        self.last_progress = time.monotonic()
        self.failure: type[Cancelled] | type[FfmpegStalled] | None = None
        self._told: dict[str, str] = {}
        self._log = threading.Thread(target=self._read_log, daemon=True)
        self._log.start()

    def _read_log(self) -> None:
        assert self.process.stderr is not None  # noqa: S101 (a pipe was asked for)
        for line in self.process.stderr:
            self.tail.append(line.decode("utf-8", "replace").rstrip()[:500])

    def lines(self) -> Iterator[str]:
        """Lines of standard output; those that tell of new progress keep the watch quiet."""
        assert self.process.stdout is not None  # noqa: S101 (a pipe was asked for)
        for raw in self.process.stdout:
            line = raw.decode("ascii", "replace").strip()
            key, _, value = line.partition("=")
            if key in _SIGNS_OF_LIFE and self._told.get(key) != value:
                self._told[key] = value
                self.last_progress = time.monotonic()
            yield line

    def feed(self, block: bytes | memoryview) -> None:
        """Write to standard input."""
        assert self.process.stdin is not None  # noqa: S101 (a pipe was asked for)
        self.process.stdin.write(block)
        self.last_progress = time.monotonic()

    def end_of_input(self) -> None:
        """Close standard input."""
        assert self.process.stdin is not None  # noqa: S101 (a pipe was asked for)
        self.process.stdin.close()

    def kill(self) -> None:
        """Kill the process and whatever it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            self.process.kill()

    def tail_text(self) -> str:
        """The last lines of the log."""
        self._log.join(timeout=5.0)
        return "\n".join(self.tail)

    def raise_for(self, code: int, subject: str) -> None:
        """Raises what `code` and the log mean for work on `subject`; 0 means that all is well.

        Raises:
            StudioError: As `Ffmpeg.run` says.
        """
        if self.failure is Cancelled:
            raise Cancelled("The work was stopped.")
        if self.failure is FfmpegStalled:
            name = subject or "the video"
            raise FfmpegStalled(f"Work on {name} made no progress and was stopped.", hint="Try again.")
        if code == 0:
            return
        said = self.tail_text()
        last = next((line for line in reversed(self.tail) if line.strip()), f"exit code {code}")
        if "No space left on device" in said:
            raise DiskFull("The disk is full.", hint="Free some room and run the same command again.")
        if _BLAMES_THE_FILE.search(said):
            name = subject or "A source file"
            raise MediaRefused(f"{name} could not be decoded.", hint=f"Is the file whole? ffmpeg says: {last}")
        raise FfmpegFailed(f"ffmpeg failed: {last}", hint="Try again; if it stays, see references/troubleshooting.md.")


@contextmanager
def supervised(command: Sequence[str], binary: str, *, feed: bool = False, cwd: Path | None = None) -> Iterator[Job]:
    """Starts `command`; when the block ends the process is gone, killed if need be.

    Raises:
        FfmpegFailed: The binary cannot be started.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as exc:
        raise cannot_start(binary, exc) from exc
    for pipe in (process.stdin, process.stdout):
        _widen(pipe)
    job = Job(process)
    try:
        yield job
    finally:
        if process.poll() is None:
            job.kill()
        process.wait()
        job.ended.set()
        job.tail_text()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def _widen(pipe: IO[bytes] | None) -> None:
    """Lets a pipe hold more, where the system can: fewer switches between processes when pictures pass through."""
    if pipe is None or sys.platform != "linux":
        return
    import fcntl  # not on every system

    with suppress(OSError):  # the user may have used up what is allowed
        fcntl.fcntl(pipe.fileno(), _SET_PIPE_SIZE, 1 << 20)


def watch(job: Job, cancel: threading.Event | None, stall_s: float) -> None:
    """Kills `job` once `cancel` is set or `stall_s` seconds have passed without progress; returns when it has ended."""
    while not job.ended.wait(0.1):
        if cancel is not None and cancel.is_set():
            job.failure = Cancelled
        elif time.monotonic() - job.last_progress > stall_s:
            job.failure = FfmpegStalled
        else:
            continue
        job.kill()
        return


def cannot_start(binary: str, exc: OSError) -> FfmpegFailed:
    """The error for a binary that the system does not run."""
    return FfmpegFailed(
        f"ffmpeg cannot be started ({exc.strerror}): {binary}",
        hint="Unset MUSIC_COG_FFMPEG to use the one that is installed with the studio.",
    )
