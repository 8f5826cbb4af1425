"""Frames of a source by number, decoded once in order and brought onto the canvas."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.errors import Cancelled, FfmpegStalled, MediaRefused, StudioError
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.render.geometry import canvas_filter
from music_cog_online.studio.render.picks import Times

__all__ = ["Frame", "FrameSource"]

Frame = NDArray[np.uint8]

_POOL = 8
_KEEP = 3
_SKIP_S = 4.0
_SEEKABLE = ("mov", "matroska")
_STALL_S = 60.0
_MAY_LACK = 3


class FrameSource:
    """Reads one source's frames in mostly rising order.

    A thread reads ahead by a few frames, so that decoding and encoding overlap. The three frames read last stay
    available; going back further, or far ahead, opens the file anew at that place.
    """

    def __init__(self, ffmpeg: Ffmpeg, media: MediaFile, times_s: Times, canvas: tuple[int, int], fit: str) -> None:
        """Takes a source and the start of each of its frames in seconds from the first one."""
        assert media.info.video is not None  # noqa: S101 (drafts are checked for it)
        self._ffmpeg = ffmpeg
        self._media = media
        self._times = times_s
        self._size = canvas[0] * canvas[1] * 3 // 2
        still = media.info.kind == "image"
        self._filter = canvas_filter(media.info.video, canvas, fit=fit, still=still)
        self._reader: _Reader | None = None
        self._kept: deque[tuple[int, Frame]] = deque()
        self._start_s = 0.0 if still else ffmpeg.picture_start_s(media.path)

    def frame(self, index: int) -> Frame:
        """Frame `index`; it stays valid until three later ones have been asked for.

        Raises:
            MediaRefused: The file holds far fewer frames than it announces.
        """
        for number, frame in self._kept:
            if number == index:
                return frame
        if self._reader is None or not self._reader.next_index <= index or self._far(index):
            self._open(index)
        assert self._reader is not None  # noqa: S101 (opened above)
        while self._reader.next_index <= index:
            number = self._reader.next_index
            frame_read = self._reader.next_frame()
            if frame_read is None:
                return self._short(index)
            self._keep(number, frame_read)
        return self._kept[-1][1]

    def close(self) -> None:
        """Ends the reading."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._kept.clear()

    def _keep(self, number: int, frame: Frame) -> None:
        assert self._reader is not None  # noqa: S101 (a frame came from it)
        self._kept.append((number, frame))
        if len(self._kept) > _KEEP:
            self._reader.give_back(self._kept.popleft()[1])

    def _far(self, index: int) -> bool:
        assert self._reader is not None  # noqa: S101 (asked only while reading)
        ahead_s = self._times[min(index, len(self._times) - 1)] - self._times[self._reader.next_index]
        return bool(ahead_s > _SKIP_S and self._media.info.container in _SEEKABLE)

    def _short(self, index: int) -> Frame:
        """The last frame in place of one that the file announces and lacks."""
        last = self._kept[-1] if self._kept else None
        if last is None or index - last[0] > _MAY_LACK:
            at = self._times[min(index, len(self._times) - 1)]
            raise MediaRefused(
                f"{self._media.name} is damaged: its picture cannot be decoded at {at:.1f} s.",
                hint="Is the file whole?",
            )
        return last[1]

    def _open(self, index: int) -> None:
        self.close()
        first = 0
        before: list[str] = []
        if index > 0 and self._media.info.container in _SEEKABLE:
            first = index
            half_gap = (self._times[index] - self._times[index - 1]) / 2
            before = ["-ss", f"{self._start_s + self._times[index] - half_gap:.6f}"]
        self._reader = _Reader(self._ffmpeg, self._media, before, self._filter, self._size, first)


class _Reader:
    """A thread that fills buffers from one run of ffmpeg."""

    def __init__(self, ffmpeg: Ffmpeg, media: MediaFile, before: list[str], graph: str, size: int, first: int) -> None:
        self.next_index = first
        self._stop = threading.Event()
        self._empty: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._full: queue.SimpleQueue[Frame | BaseException | None] = queue.SimpleQueue()
        for _ in range(_POOL):
            self._empty.put(np.empty(size, np.uint8))
        self._ended = False
        self._name = media.name
        self._thread = threading.Thread(target=self._read, args=(ffmpeg, media, before, graph), daemon=True)
        self._thread.start()

    def next_frame(self) -> Frame | None:
        """The next frame, or None at the end and from then on."""
        if self._ended:
            return None
        try:
            item = self._full.get(timeout=_STALL_S)
        except queue.Empty:
            raise FfmpegStalled(f"Reading {self._name} made no progress and was stopped.", hint="Try again.") from None
        if isinstance(item, BaseException):
            raise item
        self._ended = item is None
        self.next_index += item is not None
        return item

    def give_back(self, frame: Frame) -> None:
        self._empty.put(frame)

    def close(self) -> None:
        self._stop.set()
        for _ in range(_POOL):
            self._empty.put(np.empty(0, np.uint8))  # wakes the thread, which sees the stop
        self._thread.join(timeout=10.0)

    def _read(self, ffmpeg: Ffmpeg, media: MediaFile, before: list[str], graph: str) -> None:
        args = ["-map", "0:v:0", "-filter_complex_threads", "2", "-vf", graph]
        args += ["-fps_mode", "passthrough", "-c:v", "rawvideo", "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"]
        end: BaseException | None = None
        with suppress(Cancelled):
            try:
                with ffmpeg.reading(media.path, args, before=before, stop=self._stop) as stream:
                    for frame in self._buffers():
                        if stream.readinto(frame.data) < len(frame):  # type: ignore[attr-defined]
                            break
                        self._full.put(frame)
            except MediaRefused as exc:
                end = MediaRefused(f"{media.name} could not be decoded.", hint=exc.hint)
            except (StudioError, OSError) as exc:
                end = exc
        self._full.put(end)

    def _buffers(self) -> Iterator[Frame]:
        while not self._stop.is_set():
            frame = self._empty.get()
            if self._stop.is_set():
                return
            yield frame
