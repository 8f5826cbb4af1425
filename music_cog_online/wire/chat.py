"""One chat exchange: a thread reads the socket, the caller gets events, notices and time-outs by the clock."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import requests

from music_cog_online.clock import Clock
from music_cog_online.errors import BrokenAnswer, MusicCogError, StreamLost, Unreachable
from music_cog_online.manifest import Manifest
from music_cog_online.text import hide
from music_cog_online.wire.models import ChatEvent
from music_cog_online.wire.sse import Frame, SseDecoder
from music_cog_online.wire.stream import events_of
from music_cog_online.wire.transport import translated

__all__ = ["follow"]

_CHUNK = 65536
_QUEUED_CHUNKS = 32
_SHOWN = {"text", "progress"}


@dataclass(frozen=True, slots=True)
class _End:
    """The stream is over: cleanly, or with an error."""

    error: MusicCogError | None = None


class _Pump:
    """Reads a stream in a thread of its own, so that the caller can wait with a limit.

    A socket whose read timed out cannot be read again, so time-outs of the socket cannot give the notices.
    """

    def __init__(self, open_stream: Callable[[], requests.Response]) -> None:
        self._open = open_stream
        self._chunks: queue.Queue[bytes | _End] = queue.Queue(_QUEUED_CHUNKS)
        self._stop = threading.Event()
        self._response: requests.Response | None = None
        self._thread = threading.Thread(target=self._run, name="chat stream", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def get(self, timeout_s: float) -> bytes | _End | None:
        """The next bytes or the end; None when nothing came in `timeout_s` real seconds."""
        try:
            return self._chunks.get(timeout=max(timeout_s, 0.001))
        except queue.Empty:
            return None

    def close(self) -> None:
        """Hang up, wherever the thread is."""
        self._stop.set()
        if self._response is not None:
            # Closing alone would not wake a thread that waits in recv().
            with suppress(OSError, ValueError, RuntimeError):
                self._response.raw.shutdown()

    def _run(self) -> None:
        try:
            with self._open() as response:
                self._response = response
                with translated():
                    while not self._stop.is_set() and (chunk := response.raw.read1(_CHUNK, decode_content=True)):
                        self._put(chunk)
        except MusicCogError as error:
            self._put(_End(error))
        except Exception as exc:  # noqa: BLE001 - whatever it is, the caller must not wait for ever
            self._put(_End(Unreachable(f"The connection broke off ({type(exc).__name__}).", sent=True)))
        else:
            self._put(_End())

    def _put(self, item: bytes | _End) -> None:
        while not self._stop.is_set():
            with suppress(queue.Full):
                self._chunks.put(item, timeout=0.5)
                return


class _Watch:
    """When the next notice is due and when patience ends, in seconds of the clock."""

    def __init__(self, clock: Clock, manifest: Manifest) -> None:
        self._clock = clock
        self._intervals = manifest.intervals
        now = clock.monotonic()
        self._notice_at = now + self._intervals.heartbeat_notice_s
        self._silent_at = now + self._intervals.heartbeat_only_timeout_s
        self._end_at = now + self._intervals.chat_timeout_s

    def left_s(self) -> float:
        """Real seconds until something is due."""
        due = min(self._notice_at, self._silent_at, self._end_at)
        return self._clock.real_s(max(0.0, due - self._clock.monotonic()))

    def heard(self, event: ChatEvent) -> None:
        now = self._clock.monotonic()
        if event.kind != "heartbeat":
            self._silent_at = now + self._intervals.heartbeat_only_timeout_s
        if event.kind in _SHOWN:
            self._notice_at = now + self._intervals.heartbeat_notice_s

    def notice_due(self) -> bool:
        """A notice is due now; asking sets the next one.

        Raises:
            StreamLost: patience has ended.
        """
        now = self._clock.monotonic()
        if now >= self._end_at:
            minutes = self._intervals.chat_timeout_s / 60
            raise StreamLost(f"The backend has been at it for {minutes:g} minutes.", reason="too_long")
        if now >= self._silent_at:
            minutes = self._intervals.heartbeat_only_timeout_s / 60
            raise StreamLost(f"The backend has said nothing for {minutes:g} minutes.", reason="silent")
        if now < self._notice_at:
            return False
        self._notice_at = now + self._intervals.heartbeat_notice_s
        return True


def follow(
    open_stream: Callable[[], requests.Response], *, clock: Clock, manifest: Manifest, token: str = ""
) -> Iterator[ChatEvent]:
    """Events of one exchange, with a `notice` whenever the user has seen nothing for two minutes.

    Args:
        open_stream: sends the message and returns the open answer; runs in another thread.
        clock: measures the limits.
        manifest: the limits and the notice's words.
        token: goes out of everything that is said.

    Raises:
        StreamLost: the connection broke off, or patience ended, after the message may have left.
        MusicCogError: what `open_stream` raised.
    """
    decoder = SseDecoder(manifest.limits.max_event_bytes)
    watch = _Watch(clock, manifest)
    pump = _Pump(open_stream)
    pump.start()
    try:
        while True:
            item = pump.get(watch.left_s())
            if watch.notice_due():
                yield ChatEvent("notice", manifest.messages["still_working"])
            if item is None:
                continue
            for frame in _frames(decoder, item):
                for event in events_of(replace(frame, data=frame.data and hide(frame.data, token))):
                    watch.heard(event)
                    yield event
            if isinstance(item, _End):
                if item.error is not None:
                    raise _lost(item.error)
                return
    finally:
        pump.close()


def _frames(decoder: SseDecoder, item: bytes | _End) -> Iterator[Frame]:
    """What the item completes; an answer that cannot be read any further is lost like one that broke off."""
    try:
        yield from decoder.finish() if isinstance(item, _End) else decoder.feed(item)
    except BrokenAnswer as error:
        raise StreamLost(error.message) from error


def _lost(error: MusicCogError) -> MusicCogError:
    if isinstance(error, Unreachable) and error.sent:
        lost = StreamLost(error.message, hint=error.hint, status=error.status, data=error.data)
        lost.__cause__ = error
        return lost
    return error


def expect_stream(response: requests.Response) -> bool:
    """The answer is an event stream, as far as its headers tell."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    # The page of a gateway that failed is no login page: the message may have got through to the backend.
    if kind == "text/html" and response.status_code < 400:
        raise BrokenAnswer(
            "A web page came where the backend's answer should be.",
            hint="A login page of a network or a proxy may be in between.",
        )
    return response.status_code == 200 and kind != "application/json"
