"""Beats and shots to a plan of where every frame and every bar goes."""

from __future__ import annotations

from collections.abc import Sequence

from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.planning.match import music_to_picture
from music_cog_online.studio.planning.montage import picture_to_music
from music_cog_online.studio.planning.types import (
    Caps,
    MusicSpan,
    PictureSource,
    PlannedDrop,
    PlannedHit,
    PlannedShot,
    SongSource,
    SyncPlan,
    Wish,
)

__all__ = [
    "Caps",
    "MusicSpan",
    "PictureSource",
    "PlannedDrop",
    "PlannedHit",
    "PlannedShot",
    "SongSource",
    "SyncPlan",
    "Wish",
    "plan",
]


def plan(pictures: Sequence[PictureSource], song: SongSource, wish: Wish, *, caps: Caps | None = None) -> SyncPlan:
    """Lays out pictures and song so that cuts fall on beats.

    Args:
        pictures: Videos and still images in the order in which they are shown.
        song: The song.
        wish: What the user asks for.
        caps: The limits; None for the product's own.

    Returns:
        A plan inside the caps that explains itself.

    Raises:
        CannotDo: There is no picture.
    """
    if not pictures:
        raise CannotDo("There is no video to put the song under.", hint="Upload a video first.")
    make = picture_to_music if _cuts_to_the_song(pictures, wish) else music_to_picture
    return make(pictures, song, wish, caps or Caps())


def _cuts_to_the_song(pictures: Sequence[PictureSource], wish: Wish) -> bool:
    """Several clips, or a wish that only a montage can fulfil, make a montage; one video keeps its own cut."""
    if wish.mode != "auto":
        return wish.mode == "picture_to_music"
    return len(pictures) > 1 or pictures[0].watching is None
