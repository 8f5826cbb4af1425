"""Looking at files before anything is opened or uploaded for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from music_cog_online.actions.context import Context
from music_cog_online.actions.words import is_link, listed
from music_cog_online.errors import MediaRefused, MusicCogError, UsageError

__all__ = ["check_files", "named"]

_EXAMPLE = "For example: music-cog sync clip.mp4 song.mp3 -o out.mp4"


def check_files(context: Context, files: Sequence[str], words: str) -> None:
    """Make sure that these files can be uploaded, and that together they can become a video.

    What is behind a link shows only later, so a link may be anything. Without words of the user's own a sync is meant,
    and the studio has no songs to choose from.

    Raises:
        MediaRefused: one of them cannot be uploaded.
        UsageError: the picture is missing, or the song.
    """
    kinds = {one: "" if is_link(one) else _kind(context, Path(one).expanduser()) for one in files}
    if not set(kinds.values()) - {"audio"}:
        names = listed([Path(one).name for one in files])
        raise UsageError(
            f"There is sound ({names}) but no picture: name a video, clips or images as well.", hint=_EXAMPLE
        )
    if context.backend.kind == "studio" and not words and not set(kinds.values()) - {"video", "image"}:
        names = listed([Path(one).name for one in files])
        raise UsageError(f"There is no song to sync {names} to: name one as well.", hint=_EXAMPLE)


def _kind(context: Context, path: Path) -> str:
    # Imported here: only what uploads needs it.
    from music_cog_online.media_types import sniff_file
    from music_cog_online.wire.upload import open_media

    try:
        with open_media(path, context.manifest) as file:
            return context.manifest.formats.kind_of(sniff_file(file) or "") or ""
    except MediaRefused as error:
        raise named(error, path.name) from error


def named(error: MusicCogError, name: str) -> MusicCogError:
    """The error with the file's name in front of its words, unless they hold it."""
    if name not in error.message:
        error.message = f"{name}: {error.message}"
        error.args = (error.message,)
    return error
