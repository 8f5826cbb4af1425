"""The picture, frame by frame, from the sources through the draft's picks to encoded chunks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.errors import Cancelled, CannotDo, MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.render.draft import Draft, Shot
from music_cog_online.studio.render.encoders import COLOR_TAGS, VideoSettings, encoder_args
from music_cog_online.studio.render.picks import Picks, Times, pick_frames, steady_times
from music_cog_online.studio.render.sources import Frame, FrameSource

__all__ = ["Chunk", "Picture", "chunks_of", "mixed", "source_times"]

CHUNK_S = 30.0
_CUT_LEVEL = 20.0
_CUT_RATIO = 2.5
_BLACK_LUMA, _BLACK_CHROMA = 16, 128


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of the output that is encoded by itself: frames from `first` up to, not including, `end`."""

    first: int
    end: int


def chunks_of(draft: Draft) -> tuple[Chunk, ...]:
    """Cuts the output into chunks of about half a minute, at the ends of shots where there are some."""
    usual = max(1, round(CHUNK_S * draft.rate))
    ends = [shot.at + shot.frames for shot in draft.shots]
    chunks: list[Chunk] = []
    first = 0
    while first < draft.frames:
        late = [end for end in ends if first + usual // 2 <= end <= first + usual]
        end = draft.frames if draft.frames - first <= usual * 5 // 4 else late[-1] if late else first + usual
        chunks.append(Chunk(first, end))
        first = end
    return tuple(chunks)


def mixed(one: Frame, other: Frame) -> Frame:
    """The mean of two frames, rounded up; in eight bits, since frames are large."""
    mean: Frame = (one >> 1) + (other >> 1) + ((one | other) & 1)
    return mean


class Picture:
    """Draws and encodes stretches of a draft's picture."""

    def __init__(
        self,
        draft: Draft,
        settings: VideoSettings,
        times: Mapping[str, Times],
        *,
        ffmpeg: Ffmpeg,
        encoder: str,
        cancel: threading.Event | None = None,
    ) -> None:
        """Takes the draft, how to encode it, and the start of every frame of each source by media id."""
        self._draft = draft
        self._settings = settings
        self._times = times
        self._ffmpeg = ffmpeg
        self._encoder = encoder
        self._cancel = cancel
        self._source: tuple[tuple[str, str], FrameSource] | None = None

    def encode(self, chunk: Chunk, out: Path, *, overlay: str, on_frame: Callable[[int], None] | None = None) -> None:
        """Encodes a chunk into the MP4 `out`.

        Args:
            chunk: Which frames.
            out: The file; names in `overlay` are looked up beside it.
            overlay: A filter that draws on the picture, or an empty string.
            on_frame: Called with the number of frames that were handed to the encoder.

        Raises:
            StudioError: A source is broken, the disk is full, the work was stopped…
        """
        settings = self._settings
        args = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{settings.width}x{settings.height}"]
        args += ["-framerate", str(settings.rate), *COLOR_TAGS, "-i", "pipe:0"]
        if overlay:
            args += ["-vf", f"{overlay},format=yuv420p"]
        args += [*encoder_args(settings, self._encoder), "-an", "-f", "mp4", str(out)]
        try:
            with self._ffmpeg.writing(args, cwd=out.parent, cancel=self._cancel) as feed:
                for number, frame in enumerate(self.frames(chunk), 1):
                    feed(frame.data)
                    if on_frame is not None:
                        on_frame(number)
        finally:
            self.close()

    def frames(self, chunk: Chunk) -> Iterator[Frame]:
        """Draws a chunk; a frame is valid until the next one is asked for.

        Yields:
            Planes Y, U and V of yuv420p in a row, shape (width * height * 3 / 2,).

        Raises:
            Cancelled: Somebody asked the work to stop.
        """
        for shot in self._draft.shots:
            first, end = max(chunk.first, shot.at) - shot.at, min(chunk.end, shot.at + shot.frames) - shot.at
            if first >= end:
                continue
            fade = self._fade(shot)
            for number, frame in enumerate(self._shot(shot, first, end), first):
                if self._cancel is not None and self._cancel.is_set():
                    raise Cancelled("The work was stopped.")
                yield frame if fade is None or fade[number] >= 1 else self._faded(frame, float(fade[number]))

    def close(self) -> None:
        """Ends the reading of sources."""
        if self._source is not None:
            self._source[1].close()
            self._source = None

    def _shot(self, shot: Shot, first: int, end: int) -> Iterator[Frame]:
        times = self._times[shot.media.id]
        source = self._source_of(shot, times)
        picks = (
            Picks(np.zeros(shot.frames, np.int64), np.zeros(shot.frames, np.bool_))
            if shot.media.info.kind == "image"
            else pick_frames(times, from_s=shot.from_s, take_s=shot.take_s, frames=shot.frames)
        )
        lowest, highest = int(picks.source[0]), int(picks.source[-1])
        for number in range(first, end):
            index = int(picks.source[number])
            before, after = max(lowest, index - 1), min(highest, index + 1)
            if number + 1 < len(picks.slip) and picks.slip[number + 1]:  # shown here and once more
                yield self._between(source, before, index, after, second=False)
            elif picks.slip[number]:
                yield self._between(source, before, index, after, second=True)
            else:
                yield source.frame(index)

    def _between(self, source: FrameSource, before: int, index: int, after: int, *, second: bool) -> Frame:
        """One of the two output frames that show `index`: one is the frame itself, the other leans to a neighbour.

        The second leans to the frame that follows, unless that belongs to another shot; then the first leans back.
        """
        earlier = source.frame(before) if before < index else None
        current = source.frame(index)
        later = source.frame(after) if after > index else None
        luma = self._settings.width * self._settings.height
        back = _difference(earlier, current, luma)
        on = _difference(current, later, luma)
        if later is not None and not (on > _CUT_LEVEL and on > _CUT_RATIO * back):
            return mixed(current, later) if second else current
        if earlier is not None and not (back > _CUT_LEVEL and back > _CUT_RATIO * on):
            return current if second else mixed(earlier, current)
        return current

    def _source_of(self, shot: Shot, times: Times) -> FrameSource:
        key = (shot.media.id, shot.fit)
        if self._source is None or self._source[0] != key:
            self.close()
            canvas = (self._settings.width, self._settings.height)
            self._source = (key, FrameSource(self._ffmpeg, shot.media, times, canvas, shot.fit))
        return self._source[1]

    def _fade(self, shot: Shot) -> NDArray[np.float64] | None:
        if shot.fade_in_s <= 0 and shot.fade_out_s <= 0:
            return None
        rate = float(self._draft.rate)
        place = np.arange(shot.frames)
        level = np.ones(shot.frames)
        if shot.fade_in_s > 0:
            level = np.minimum(level, place / (shot.fade_in_s * rate))
        if shot.fade_out_s > 0:
            level = np.minimum(level, (shot.frames - 1 - place) / (shot.fade_out_s * rate))
        return level

    def _faded(self, frame: Frame, level: float) -> Frame:
        luma = self._settings.width * self._settings.height
        values = np.arange(256)
        out = np.empty_like(frame)
        for part, black in ((slice(0, luma), _BLACK_LUMA), (slice(luma, None), _BLACK_CHROMA)):
            table = np.round(black + (values - black) * level).clip(0, 255).astype(np.uint8)
            np.take(table, frame[part], out=out[part])
        return out


def _difference(one: Frame | None, other: Frame | None, luma: int) -> float:
    """Mean difference of two frames' brightness, 0..255, from a sample; 0 when one is missing."""
    if one is None or other is None:
        return 0.0
    step = max(1, luma // 20_000) | 1
    return float(np.abs(one[:luma:step].astype(np.int16) - other[:luma:step]).mean())


def source_times(ffmpeg: Ffmpeg, shots: Sequence[Shot]) -> dict[str, Times]:
    """Start of every frame of each source, by media id, with the rounding of containers taken off.

    Raises:
        MediaRefused: A source ends earlier than it announces.
        CannotDo: A shot goes on beyond the end of its source.
    """
    found: dict[str, Times] = {}
    for shot in shots:
        still = shot.media.info.kind == "image"
        if shot.media.id not in found:
            found[shot.media.id] = np.zeros(1) if still else steady_times(ffmpeg.frame_times(shot.media.path))
        if not still:
            _check_reach(shot, found[shot.media.id])
    return found


def _check_reach(shot: Shot, times: Times) -> None:
    name, end_s, announced_s = shot.media.name, shot.from_s + shot.take_s, shot.media.info.duration_s
    if len(times) == 0:
        raise MediaRefused(f"{name} has no picture that can be decoded.", hint="Is the file whole?")
    gap = float(np.median(np.diff(times))) if len(times) > 1 else max(announced_s, end_s)
    real_s = float(times[-1]) + gap
    slack = 2.5 * gap + 0.05
    if end_s <= real_s + slack:
        return
    if announced_s > real_s + max(slack, 0.5) and len(times) > 1 and not _holds(times, announced_s):
        raise MediaRefused(f"{name} is damaged: its picture ends at {real_s:.1f} s.", hint="Is the file whole?")
    if end_s > max(real_s, announced_s) + slack:
        raise CannotDo(f"A clip goes on to {end_s:.2f} s of {name}, which ends at {real_s:.2f} s.")


def _holds(times: Times, announced_s: float) -> bool:
    """Whether the last frame may well be meant to stay, since others do so as long."""
    return bool(np.diff(times).max() >= 0.5 * (announced_s - times[-1]))
