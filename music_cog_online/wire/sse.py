"""Bytes of a server-sent event stream → frames. No I/O.

Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream". Two things go beyond it: what carries no data
(comments, empty events) comes out as a heartbeat, because it shows that the server is alive; and a last frame without
its empty line comes out at the end, because a server that closes early still said it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from music_cog_online.errors import BrokenAnswer

__all__ = ["Frame", "SseDecoder"]

# Only these end a line: str.splitlines() would also cut at U+2028, U+2029 and U+0085, which JSON may hold raw.
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of the stream.

    Attributes:
        data: the data lines joined by line feeds; None for a heartbeat, which carries none.
        event: the event's name, `message` if none was given.
    """

    data: str | None
    event: str = "message"


class SseDecoder:
    """Collects bytes, cut anywhere, and gives the frames that are complete.

    Args:
        max_event_bytes: an event larger than this is refused.
    """

    def __init__(self, max_event_bytes: int) -> None:
        self._max = max_event_bytes
        self._buffer = bytearray()
        self._scanned = 0
        self._skip_lf = False
        self._at_start = True
        self._data: list[bytes] = []
        self._size = 0
        self._event = b""
        self._open = False

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Frames that `chunk` completes; none for an empty chunk.

        Raises:
            BrokenAnswer: an event is larger than allowed.
        """
        if self._skip_lf and chunk:
            self._skip_lf = False
            if chunk[:1] == b"\n":
                chunk = chunk[1:]
        self._buffer += chunk
        start = 0
        for end in _LINE_END.finditer(self._buffer, self._scanned):
            line = bytes(self._buffer[start : end.start()])
            start = end.end()
            # A CR at the end of the chunk ends the line at once; the LF of a cut CRLF is then skipped.
            self._skip_lf = start == len(self._buffer) and end.group() == b"\r"
            yield from self._line(line)
        del self._buffer[:start]
        self._scanned = len(self._buffer)
        self._check(self._size + len(self._buffer))

    def finish(self) -> Iterator[Frame]:
        """The frame that the end of the stream left open, if any."""
        if self._buffer:
            line, self._buffer, self._scanned = bytes(self._buffer), bytearray(), 0
            yield from self._line(line)
        if self._data:
            yield from self._line(b"")

    def _check(self, size: int) -> None:
        if size > self._max:
            raise BrokenAnswer(f"The backend sent an event of more than {self._max // 1_000_000} MB.")

    def _line(self, line: bytes) -> Iterator[Frame]:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._open:
                yield self._dispatch()
            return
        if line.startswith(b":"):
            yield Frame(None, "comment")
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        self._open = True
        if name == b"data":
            self._size += len(value) + 1
            self._check(self._size)
            self._data.append(value)
        elif name == b"event":
            self._event = value

    def _dispatch(self) -> Frame:
        data = b"\n".join(self._data).decode("utf-8", "replace") if self._data else None
        event = self._event.decode("utf-8", "replace") or "message"
        self._data, self._size, self._event, self._open = [], 0, b"", False
        return Frame(data, event)
