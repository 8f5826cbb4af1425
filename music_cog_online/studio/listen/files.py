"""Listening to a file, with the result kept by the file's content."""

from __future__ import annotations

from pathlib import Path

from music_cog_online.studio.caching import remembered
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.listen.listener import LONGEST_S, listen
from music_cog_online.studio.listen.listening import ALGORITHM, Listening

__all__ = ["LISTENING_RATE", "listen_file"]

LISTENING_RATE = 22050
"""Samples a second at which files are heard: no onset that matters lies above 11 kHz."""


def listen_file(path: Path, *, ffmpeg: Ffmpeg, cache: Path | None = None) -> Listening:
    """Listens to the sound of `path`, or reads from the folder `cache` what was heard in the same content before.

    Raises:
        MediaRefused: The file has no sound that can be decoded.
    """

    def hear() -> Listening:
        samples = ffmpeg.decode_audio(path, rate=LISTENING_RATE, channels=1, duration_s=LONGEST_S + 1)
        longer = len(samples) > LONGEST_S * LISTENING_RATE
        return listen(samples, LISTENING_RATE, duration_s=ffmpeg.probe(path).duration_s if longer else None)

    name = f"listen-{ALGORITHM}"
    return remembered(path, hear, cache=cache, name=name, to_json=Listening.to_json, from_json=Listening.from_json)
