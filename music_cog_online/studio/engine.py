"""The craft behind the studio, in a few calls: listen, watch, plan, render, verify.

The server, the editor and the jobs reach listening, watching, planning, rendering and verifying through an `Engine`
alone; numpy is loaded by the first call and not by the server's start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.media import MediaFile

if TYPE_CHECKING:
    from music_cog_online.studio.listen.listening import Listening
    from music_cog_online.studio.planning.types import PictureSource, SongSource, SyncPlan, Wish
    from music_cog_online.studio.render import RenderResult
    from music_cog_online.studio.verify import SongReference, SyncReport
    from music_cog_online.studio.verifying.timeline import Source
    from music_cog_online.studio.watch.shots import Watching

__all__ = ["Engine"]

_SPEECH_RATE = 16000
_SONG_RATE = 44100


class Engine:
    """Listening, watching, planning, rendering and verifying with one ffmpeg."""

    def __init__(self, ffmpeg: Ffmpeg, *, presets: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Takes the ffmpeg that does the decoding and encoding, and the shapes that a render may name."""
        self.ffmpeg = ffmpeg
        self._presets = presets

    def listen_file(self, path: Path, *, cache: Path | None) -> Listening:
        """Beats, bars, drops and sections of a sound file."""
        from music_cog_online.studio.listen import listen_file

        return listen_file(path, ffmpeg=self.ffmpeg, cache=cache)

    def watch(self, path: Path, *, cache: Path | None) -> Watching:
        """Shots of a video."""
        from music_cog_online.studio.watch import watch

        return watch(path, ffmpeg=self.ffmpeg, cache=cache)

    def speech_spans(self, path: Path) -> tuple[tuple[float, float], ...]:
        """Where somebody talks in a file: start and end in seconds."""
        from music_cog_online.studio.listen.speech import speech_spans

        samples = self.ffmpeg.decode_audio(path, rate=_SPEECH_RATE)
        return tuple((float(start), float(end)) for start, end in speech_spans(samples, _SPEECH_RATE))

    def plan(self, pictures: Sequence[PictureSource], song: SongSource, wish: Wish) -> SyncPlan:
        """Where every shot and every bar goes."""
        from music_cog_online.studio.plan import plan

        return plan(pictures, song, wish)

    def check(self, draft: Mapping[str, Any], media: Mapping[str, MediaFile]) -> None:
        """Refuses a draft that cannot be rendered.

        Raises:
            CannotDo: The draft makes no sense, or is beyond the bounds.
        """
        from music_cog_online.studio.render import parse_draft

        parse_draft(draft, media)

    def render(
        self,
        draft: Mapping[str, Any],
        media: Mapping[str, MediaFile],
        out: Path,
        *,
        work: Path,
        output: Mapping[str, Any],
        on_progress: Callable[[float], None],
        cancel: threading.Event,
    ) -> RenderResult:
        """Makes the file at `out`; it appears there only when it is whole."""
        from music_cog_online.studio.render import render

        return render(
            dict(draft),
            media,
            out,
            ffmpeg=self.ffmpeg,
            work=work,
            on_progress=on_progress,
            cancel=cancel,
            output=output,
        )

    def reference(
        self, song: Path, draft: Mapping[str, Any], media: Mapping[str, MediaFile], *, cache: Path | None
    ) -> SongReference:
        """A song to look for in a file made from a draft, with the places at which the draft has it."""
        from music_cog_online.studio.render import parse_draft
        from music_cog_online.studio.verify import SongReference
        from music_cog_online.studio.verifying.timeline import expected_maps

        samples = self.ffmpeg.decode_audio(song, rate=_SONG_RATE)
        expected = expected_maps(parse_draft(draft, media), song)
        return SongReference(samples, _SONG_RATE, self.listen_file(song, cache=cache), expected)

    def sources(
        self, draft: Mapping[str, Any], media: Mapping[str, MediaFile], *, cache: Path | None
    ) -> tuple[Source, ...] | None:
        """The clips of a draft as they were handed over; None when they are no longer there."""
        from music_cog_online.studio.render import parse_draft
        from music_cog_online.studio.verifying.timeline import sources_of

        return sources_of(parse_draft(draft, media), lambda path: self.watch(path, cache=cache))

    def verify(self, path: Path, *, song: SongReference | None, cache: Path | None) -> SyncReport:
        """Measures how well a finished file is in sync, with its song at hand or without."""
        from music_cog_online.studio.verify import verify

        return verify(path, ffmpeg=self.ffmpeg, song=song, cache=cache)
