"""From a draft to a finished MP4, in stages that are kept, so that a render that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from music_cog_online.studio.errors import DiskFull
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.render.canvas import OutputSettings, Presets, output_settings
from music_cog_online.studio.render.draft import Draft, parse_draft
from music_cog_online.studio.render.encoders import working_encoder
from music_cog_online.studio.render.loudness import Loudness
from music_cog_online.studio.render.mix import mix_of
from music_cog_online.studio.render.muxing import copyable, join_chunks, mux
from music_cog_online.studio.render.picks import Times
from music_cog_online.studio.render.picture import Chunk, Picture, chunks_of, source_times
from music_cog_online.studio.render.sound import encode_sound, load_loudness, save_loudness
from music_cog_online.studio.render.titles import TitleMaker
from music_cog_online.studio.timebase import frame_start_s

__all__ = ["RenderResult", "render"]

_VERSION = 1
"""Raised when the same draft would give another file, so that stages of an older studio are not used."""
_SOUND_SHARE = 0.12
_MUX_SHARE = 0.03
_ROOM = 1.3

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class RenderResult:
    """A finished file.

    Attributes:
        path: Where it lies.
        frames: Its length in frames.
        duration_s: Its length in seconds.
        copied_picture: Whether the picture was copied without re-encoding.
        loudness_lufs: Integrated loudness of the decoded sound; minus infinity for silence.
        true_peak_db: True peak of the decoded sound in dBTP.
        width: Width in pixels.
        height: Height in pixels.
        notes: What the user may want to know, in sentences.
    """

    path: Path
    frames: int
    duration_s: float
    copied_picture: bool
    loudness_lufs: float
    true_peak_db: float
    width: int
    height: int
    notes: tuple[str, ...] = ()


def render(
    draft: Mapping[str, Any],
    media: Mapping[str, MediaFile],
    out: Path,
    *,
    ffmpeg: Ffmpeg,
    work: Path,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
    output: Mapping[str, Any] | None = None,
    presets: Presets | None = None,
) -> RenderResult:
    """Renders a draft.

    Args:
        draft: The draft's JSON.
        media: Files of the project by id.
        out: The MP4 to write; it appears only when whole.
        ffmpeg: Decodes and encodes.
        work: A folder for finished stages. Calling again with the same draft and folder goes on where it was stopped;
            the stages are removed when the file is finished.
        on_progress: Called with the share that is done, 0..1, never falling.
        cancel: Set it to stop the work.
        output: Details of the request, such as ``preset``.
        presets: Table of presets; None takes the skill's.

    Raises:
        CannotDo: The draft makes no sense.
        MediaRefused: A source is broken.
        DiskFull: There is no room for the work.
        Cancelled: `cancel` was set.
        StudioError: ffmpeg failed or stalled.
    """
    parsed = parse_draft(draft, media)
    settings = output_settings(parsed, presets if presets is not None else _skill_presets(), output)
    return _Render(parsed, settings, out.absolute(), ffmpeg, work.absolute(), on_progress, cancel).run()


class _Render:
    """One render and its stages."""

    def __init__(
        self,
        draft: Draft,
        settings: OutputSettings,
        out: Path,
        ffmpeg: Ffmpeg,
        work: Path,
        on_progress: Progress | None,
        cancel: threading.Event | None,
    ) -> None:
        self._draft = draft
        self._settings = settings
        self._out = out
        self._ffmpeg = ffmpeg
        self._cancel = cancel
        self._on_progress = on_progress
        self._told = 0.0
        self._folder = work / f"stages-{_key(draft, settings)}"

    def run(self) -> RenderResult:
        self._check_room()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return self._stages()
        except OSError as exc:
            if exc.errno in (28, 122):  # no space, no quota
                raise DiskFull("The disk is full.", hint="Free some room and run the same command again.") from exc
            raise

    def _stages(self) -> RenderResult:
        draft, video = self._draft, self._settings.video
        times = source_times(self._ffmpeg, draft.shots)
        original = copyable(draft, (video.width, video.height), times)
        # What can be refused is refused before the long work.
        notes = self._check_titles()
        loudness = self._sound()
        finished = original is not None and self._mux(original.path, copied=True)
        if not finished:
            self._mux(self._picture(times), copied=False)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._tell(1.0)
        return RenderResult(
            path=self._out,
            frames=draft.frames,
            duration_s=draft.duration_s,
            copied_picture=finished,
            loudness_lufs=loudness.lufs,
            true_peak_db=loudness.true_peak_db,
            width=video.width,
            height=video.height,
            notes=notes,
        )

    def _check_titles(self) -> tuple[str, ...]:
        video = self._settings.video
        maker = TitleMaker((video.width, video.height), self._folder)
        sheet = maker.sheet(self._draft.titles, 0.0, self._draft.duration_s, "titles")
        return (f"No font here has {sheet.left_out}; it is left out of the title.",) if sheet.left_out else ()

    def _sound(self) -> Loudness:
        path, facts = self._folder / "sound.aac", self._folder / "sound.json"
        kept = load_loudness(facts)
        if kept is not None and path.exists():
            return kept
        mix = mix_of(self._draft, ffmpeg=self._ffmpeg, on_progress=self._span(0.0, _SOUND_SHARE * 0.5))
        loudness = encode_sound(
            mix,
            path,
            self._settings.sound,
            ffmpeg=self._ffmpeg,
            on_progress=self._span(_SOUND_SHARE * 0.5, _SOUND_SHARE),
            cancel=self._cancel,
        )
        save_loudness(facts, loudness)
        self._tell(_SOUND_SHARE)
        return loudness

    def _picture(self, times: Mapping[str, Times]) -> Path:
        draft, video = self._draft, self._settings.video
        encoder = working_encoder(self._ffmpeg)
        picture = Picture(draft, video, times, ffmpeg=self._ffmpeg, encoder=encoder, cancel=self._cancel)
        done: list[tuple[Path, int]] = []
        for number, chunk in enumerate(chunks_of(draft)):
            path = self._folder / f"picture-{number:04d}.mp4"
            if not path.exists():
                self._chunk(picture, chunk, path)
            done.append((path, chunk.end - chunk.first))
            self._frames_done(chunk.end)
        return join_chunks(done, draft.rate, self._folder / "picture.ffconcat")

    def _chunk(self, picture: Picture, chunk: Chunk, path: Path) -> None:
        video = self._settings.video
        maker = TitleMaker((video.width, video.height), self._folder)
        first_s, end_s = (frame_start_s(frame, self._draft.rate) for frame in (chunk.first, chunk.end))
        sheet = maker.sheet(self._draft.titles, first_s, end_s, path.stem)
        part = path.with_suffix(".part")
        picture.encode(
            chunk, part, overlay=sheet.overlay, on_frame=lambda frames: self._frames_done(chunk.first + frames)
        )
        part.replace(path)

    def _mux(self, picture: Path, *, copied: bool) -> bool:
        return mux(
            picture,
            self._folder / "sound.aac",
            self._out,
            frames=self._draft.frames,
            rate=self._draft.rate,
            ffmpeg=self._ffmpeg,
            copied=copied,
            on_progress=None if copied else self._span(1 - _MUX_SHARE, 1.0),
            cancel=self._cancel,
        )

    def _frames_done(self, frames: int) -> None:
        share = frames / self._draft.frames
        self._tell(_SOUND_SHARE + (1 - _SOUND_SHARE - _MUX_SHARE) * share)

    def _span(self, low: float, high: float) -> Progress:
        return lambda share: self._tell(low + (high - low) * share)

    def _tell(self, share: float) -> None:
        if self._on_progress is not None and share > self._told:
            self._told = min(1.0, share)
            self._on_progress(self._told)

    def _check_room(self) -> None:
        """Refuses work for which there is no room, before it fills the disk."""
        needed = (self._settings.video.bit_rate + 600_000) / 8 * self._draft.duration_s * _ROOM
        needed += self._draft.duration_s * 48_000 * 8
        for folder in (self._folder, self._out):
            while not folder.exists() and folder != folder.parent:
                folder = folder.parent
            free = shutil.disk_usage(folder).free
            if free < needed:
                raise DiskFull(
                    f"There is not enough room on the disk: {math.ceil(needed / 1e6)} MB are needed, "
                    f"{free // 1_000_000} MB are free.",
                    hint="Free some room and run the same command again.",
                )


def _skill_presets() -> Presets:
    from music_cog_online.manifest import load_manifest

    return load_manifest().presets


def _key(draft: Draft, settings: OutputSettings) -> str:
    """What the stages depend on: the draft, the settings, and the files as they are now."""
    files = {shot.media.path for shot in draft.shots} | {piece.media.path for piece in draft.music}
    state = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(files)]
    whole = [_VERSION, asdict(draft), asdict(settings), state]
    return hashlib.sha256(json.dumps(whole, default=str).encode()).hexdigest()[:24]
