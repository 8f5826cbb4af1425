"""The texts of one chat answer, each once. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from music_cog_online.wire.models import ChatEvent

__all__ = ["Transcript"]


class Transcript:
    """Merges chat events into texts for the user.

    A turn comes as partial texts and then once more as a whole. The whole replaces the pieces; pieces whose whole never
    came (the next thing was something else, or the stream ended) count as the text.

    Args:
        noise: patterns of apologies that count for nothing when there was good text.
        max_chars: texts beyond this many characters in all are dropped.
    """

    def __init__(self, *, noise: Sequence[str] = (), max_chars: int = 1_000_000) -> None:
        self.texts: list[str] = []
        self.error: ChatEvent | None = None
        self.draft: dict[str, Any] | None = None
        self._noise = [re.compile(pattern, re.IGNORECASE) for pattern in noise]
        self._room = max_chars
        self._pieces: list[str] = []
        self._apology = ""

    def feed(self, event: ChatEvent) -> tuple[str, ...]:
        """Take one event; give the texts that are final with it."""
        if event.kind == "text" and event.partial:
            self._hold(event.text)
            return ()
        if event.kind == "text":
            self._take_pieces()
            return self._settle(event.text)
        if event.kind == "tool_result":
            return self._flush()
        if event.kind == "error":
            self.error = event
        if event.kind == "state_delta" and isinstance(event.data.get("draft"), dict):
            self.draft = event.data["draft"]
        return ()

    def finish(self) -> tuple[str, ...]:
        """The stream has ended: what was still held back, as final texts.

        An apology that came alone is a text too: then it is all that the backend had to say.
        """
        late = self._flush()
        if not self.texts and self._apology:
            late = (self._apology,)
            self.texts.append(self._apology)
        self._apology = ""
        return late

    @property
    def apologised(self) -> bool:
        """The only text was an apology for a temporary issue."""
        return len(self.texts) == 1 and self._is_noise(self.texts[0])

    def _hold(self, piece: str) -> None:
        kept = piece[: max(self._room, 0)]
        self._room -= len(kept)
        if kept:
            self._pieces.append(kept)

    def _flush(self) -> tuple[str, ...]:
        return self._settle(self._take_pieces())

    def _take_pieces(self) -> str:
        pieces, self._pieces = "".join(self._pieces), []
        self._room += len(pieces)
        return pieces

    def _settle(self, text: str) -> tuple[str, ...]:
        text = text[: max(self._room, 0)].strip()
        if not text:
            return ()
        if self._is_noise(text):
            self._apology = text
            return ()
        self._room -= len(text)
        self.texts.append(text)
        return (text,)

    def _is_noise(self, text: str) -> bool:
        return any(not pattern.sub("", text).strip() for pattern in self._noise if pattern.match(text))
