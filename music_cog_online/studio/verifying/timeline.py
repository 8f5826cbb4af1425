"""What a draft says of a file made from it: where the song should play, and which clips it was made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.render.draft import Draft
from music_cog_online.studio.timebase import frame_start_s
from music_cog_online.studio.verifying.search import TimeMap
from music_cog_online.studio.watch import Watching

__all__ = ["Source", "expected_maps", "sources_of"]


@dataclass(frozen=True, slots=True)
class Source:
    """A clip as it was handed over.

    Attributes:
        duration_s: Its length; for a still, how long it is shown.
        cuts_s: Its own hard cuts.
    """

    duration_s: float
    cuts_s: tuple[float, ...]


def expected_maps(draft: Draft, song: Path) -> tuple[TimeMap, ...]:
    """Where the song should play, a map for each piece of it."""
    return tuple(piece.map for piece in draft.music if piece.media.path == song)


def sources_of(draft: Draft, watch: Callable[[Path], Watching]) -> tuple[Source, ...] | None:
    """The clips in the order in which they first come.

    Args:
        draft: The draft.
        watch: Finds the cuts of a video.

    Returns:
        Each clip once; None when one of them is no longer there.
    """
    shown: dict[str, tuple[MediaFile, float]] = {}
    for shot in draft.shots:
        shown.setdefault(shot.media.id, (shot.media, frame_start_s(shot.frames, draft.rate)))
    if not all(media.path.exists() for media, _ in shown.values()):
        return None
    return tuple(_source(media, shown_s, watch) for media, shown_s in shown.values())


def _source(media: MediaFile, shown_s: float, watch: Callable[[Path], Watching]) -> Source:
    if media.info.kind != "video":
        return Source(shown_s, ())
    watching = watch(media.path)
    return Source(watching.duration_s, tuple(float(cut_s) for cut_s in watching.cuts_s))
