"""Beats and shots to a plan of where every frame and every bar goes."""

from __future__ import annotations

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
]
