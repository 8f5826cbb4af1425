"""From a composition to a plan: which stretches the planner gets, and what it made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from music_cog_online.studio.analyses import Analyses
from music_cog_online.studio.drafts import with_sources
from music_cog_online.studio.editing.compositions import Composition, Piece
from music_cog_online.studio.editing.slices import cut_to, spans_in, still_picture
from music_cog_online.studio.engine import Engine
from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.planning.types import PictureSource, SongSource, SyncPlan, Wish
from music_cog_online.studio.projects import Upload

if TYPE_CHECKING:
    from music_cog_online.studio.listen.listening import Listening

__all__ = ["Planner", "is_montage"]


def is_montage(composition: Composition) -> bool:
    """Whether the picture is cut to the music: as wished, else when it comes from several files."""
    mode = composition.wish.mode if composition.wish is not None else "auto"
    if mode != "auto":
        return mode == "picture_to_music"
    return len({piece.media for piece in composition.pieces}) > 1


class Planner:
    """Gathers what is known of the material and has the engine plan."""

    def __init__(self, analyses: Analyses, engine: Engine) -> None:
        """Takes the analyses and the engine."""
        self._analyses = analyses
        self._engine = engine

    def plan(
        self, composition: Composition, uploads: Sequence[Upload], *, progress: Callable[[float, str, str], None]
    ) -> SyncPlan:
        """The plan of a composition that has a picture and a song; its shots name files.

        `progress` is told the share that is done, the stage by its name in `replies`, and the file it is about.

        Raises:
            CannotDo: A file is not there any more.
        """
        song_upload = _find(uploads, composition.song or "")
        progress(0.2, "stage_listen", song_upload.file.name)
        song = SongSource(song_upload.file.id, self._analyses.listening(song_upload))
        pictures = []
        montage = is_montage(composition)
        for number, piece in enumerate(composition.pieces):
            upload = _find(uploads, piece.media)
            progress(0.3 + 0.5 * number / len(composition.pieces), "stage_watch", upload.file.name)
            pictures.append(self._picture(str(number), piece, upload, montage=montage))
        progress(0.85, "stage_plan", "")
        wish = composition.wish or Wish()
        mode: Literal["picture_to_music", "music_to_picture"] = "picture_to_music" if montage else "music_to_picture"
        return with_sources(self._engine.plan(pictures, song, replace(wish, mode=mode)), composition.pieces)

    def song(self, composition: Composition, uploads: Sequence[Upload]) -> Listening:
        """What was heard in the composition's song."""
        return self._analyses.listening(_find(uploads, composition.song or ""))

    def shots(self, composition: Composition, uploads: Sequence[Upload]) -> tuple[Piece, ...]:
        """The picture of a composition shot by shot, as it lies on the timeline."""
        if composition.song is not None and is_montage(composition):
            planned = self.plan(composition, uploads, progress=lambda _share, _stage, _name: None)
            stills = {piece.media for piece in composition.pieces if piece.still}
            return tuple(Piece(shot.media, shot.from_s, shot.take_s, shot.media in stills) for shot in planned.shots)
        shots: list[Piece] = []
        for piece in composition.pieces:
            shots += [piece] if piece.still else self._shots_of(piece, _find(uploads, piece.media))
        return tuple(shots)

    def _shots_of(self, piece: Piece, upload: Upload) -> list[Piece]:
        seen = cut_to(self._analyses.watching(upload), piece)
        starts = [0.0] + [shot.start_s for shot in seen.shots[1:] if shot.transition_in == "cut"]
        ends = [*starts[1:], piece.take_s]
        return [replace(piece, from_s=piece.from_s + a, take_s=b - a) for a, b in zip(starts, ends, strict=True)]

    def _picture(self, name: str, piece: Piece, upload: Upload, *, montage: bool) -> PictureSource:
        if piece.still:
            video = upload.file.info.video
            width, height = (video.width, video.height) if video is not None else (2, 2)
            return PictureSource(name, None if montage else still_picture(piece, width=width, height=height))
        speech = self._analyses.speech(upload)
        return PictureSource(
            media=name,
            watching=cut_to(self._analyses.watching(upload), piece),
            speech=spans_in(speech, piece),
            has_sound=upload.file.info.audio is not None,
        )


def _find(uploads: Sequence[Upload], media: str) -> Upload:
    upload = next((upload for upload in uploads if upload.file.id == media), None)
    if upload is None or upload.gone:
        name = upload.file.name if upload is not None else "A file"
        raise CannotDo(f"“{name}” was cleaned away after a long rest.", hint="Upload it again.")
    return upload
