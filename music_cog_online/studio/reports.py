"""The sync report of a file on this machine, with the song that the studio put into it when it still has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from music_cog_online.studio.database import Database
from music_cog_online.studio.engine import Engine
from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.projects import Projects
from music_cog_online.studio.renders import digest_of, made_of

if TYPE_CHECKING:
    from music_cog_online.studio.verify import SyncReport

__all__ = ["measure"]


def measure(file: Path, folder: Path, ffmpeg: Ffmpeg) -> tuple[SyncReport, SyncReport | None]:
    """Measures a finished video.

    Args:
        file: The video, under whatever name.
        folder: The studio's folder, where the render that made it may be noted.
        ffmpeg: Decodes it.

    Returns:
        The report, and what it would say of the untouched clips with the song laid from its start; None where the song
        or the clips are not known.

    Raises:
        MediaRefused: It is no video, or cannot be read.
    """
    if not file.is_file():
        raise MediaRefused(f"{file} is not there.", hint="Name the finished video.")
    made = None
    if (folder / "studio.db").exists():
        database = Database(folder / "studio.db")
        made = made_of(database, Projects(database, folder / "media"), digest_of(file))
        database.close()
    engine, cache = Engine(ffmpeg), folder / "cache" if folder.exists() else None
    if made is None:
        return engine.verify(file, song=None, cache=cache), None
    reference = engine.reference(made.song, made.draft, made.media, cache=cache)
    report = engine.verify(file, song=reference, cache=cache)
    sources = engine.sources(made.draft, made.media, cache=cache)
    if sources is None:
        return report, None
    from music_cog_online.studio.verify import laid_from_zero  # late: it loads numpy

    return report, laid_from_zero(report, reference, sources)
