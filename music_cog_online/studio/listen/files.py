"""Listening to a file, with the result kept by the file's content."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.listen.listener import LONGEST_S, listen
from music_cog_online.studio.listen.listening import ALGORITHM, Listening

__all__ = ["LISTENING_RATE", "listen_file"]

LISTENING_RATE = 22050
"""Samples a second at which files are heard: no onset that matters lies above 11 kHz."""


def listen_file(path: Path, *, ffmpeg: Ffmpeg, cache: Path | None = None) -> Listening:
    """Listens to the sound of `path`, or reads what was heard before from the folder `cache`.

    The key is the file's content and the version of the analysis, so a renamed copy is known and a changed file is
    not. A stored result that cannot be read is made anew.

    Raises:
        MediaRefused: The file has no sound that can be decoded.
    """
    kept = cache / f"{_digest(path)}-listen{ALGORITHM}.json" if cache is not None else None
    if kept is not None:
        with suppress(OSError, ValueError):
            return Listening.from_json(json.loads(kept.read_text("utf-8")))
    samples = ffmpeg.decode_audio(path, rate=LISTENING_RATE, channels=1, duration_s=LONGEST_S + 1)
    longer = len(samples) > LONGEST_S * LISTENING_RATE
    heard = listen(samples, LISTENING_RATE, duration_s=ffmpeg.probe(path).duration_s if longer else None)
    if kept is not None:
        _write_whole(kept, json.dumps(heard.to_json(), separators=(",", ":")))
    return heard


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:32]


def _write_whole(path: Path, text: str) -> None:
    """Writes beside and renames, so that nobody reads half a file; a full disk costs the cache, not the result."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".listen-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
