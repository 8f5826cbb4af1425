"""The sync report of a file on this machine, with the song that the studio put into it when it still has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from music_cog_online.studio.database import Database
from music_cog_online.studio.engine import Engine
from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.projects import Projects
from music_cog_online.studio.renders import digest_of, song_of

if TYPE_CHECKING:
    from music_cog_online.studio.verify import SyncReport

__all__ = ["measure"]


def measure(file: Path, folder: Path, ffmpeg: Ffmpeg) -> SyncReport:
    """Measures a finished video.

    Args:
        file: The video, under whatever name.
        folder: The studio's folder, where the render that made it may be noted.
        ffmpeg: Decodes it.

    Raises:
        MediaRefused: It is no video, or cannot be read.
    """
    if not file.is_file():
        raise MediaRefused(f"{file} is not there.", hint="Name the finished video.")
    song = None
    if (folder / "studio.db").exists():
        database = Database(folder / "studio.db")
        song = song_of(database, Projects(database, folder / "media"), digest_of(file))
        database.close()
    cache = folder / "cache" if folder.exists() else None
    return Engine(ffmpeg).verify(file, song=song, cache=cache)
