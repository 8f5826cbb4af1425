"""Work in the background: one executor-shaped seam, lanes that bound and order it, and channels that report it.

Everything long runs on a `concurrent.futures.Executor`: threads that supervise ffmpeg on one machine, anything else of
that shape on many.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, Generic, TypeVar

__all__ = ["Channel", "Jobs"]

T = TypeVar("T")


class Jobs:
    """Runs work in lanes: a lane runs so many pieces at once and the rest in the order in which they came."""

    def __init__(self, executor: Executor) -> None:
        """Takes the executor that does the work."""
        self._executor = executor
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Callable[[], None]]] = {}
        self._running: dict[str, int] = {}

    def submit(self, lane: str, work: Callable[[], T], *, at_once: int = 1) -> Future[T]:
        """Queues `work` in `lane`, of which `at_once` pieces may run together."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.setdefault(lane, deque()).append(lambda: _carry_out(future, work))
        self._start(lane, at_once)
        return future

    def length(self, lane: str) -> int:
        """How many pieces of work a lane holds, running ones included."""
        with self._lock:
            return len(self._waiting.get(lane, ())) + self._running.get(lane, 0)

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits."""
        with self._lock:
            return any(self._running.values()) or any(self._waiting.values())

    def close(self) -> None:
        """Drops what waits and takes no more; what runs is not waited for."""
        with self._lock:
            self._waiting.clear()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _start(self, lane: str, at_once: int) -> None:
        with self._lock:
            queue = self._waiting.get(lane)
            if not queue or self._running.get(lane, 0) >= at_once:
                return
            piece = queue.popleft()
            self._running[lane] = self._running.get(lane, 0) + 1
        with suppress(RuntimeError):  # the executor was shut down
            self._executor.submit(self._run, lane, at_once, piece)

    def _run(self, lane: str, at_once: int, piece: Callable[[], None]) -> None:
        try:
            piece()
        finally:
            with self._lock:
                self._running[lane] -= 1
                if not self._running[lane] and not self._waiting.get(lane):
                    self._running.pop(lane)
                    self._waiting.pop(lane, None)
            self._start(lane, at_once)


def _carry_out(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as exc:  # noqa: BLE001 (whoever waits for the future gets it)
        future.set_exception(exc)
    else:
        future.set_result(result)


class Channel(Generic[T]):
    """Carries items from the thread that works to the coroutine that sends them, and forgets them if nobody reads."""

    def __init__(self) -> None:
        """Starts open and empty."""
        self._lock = threading.Lock()
        self._items: deque[T] = deque()
        self._closed = False
        self._reader: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._abandoned = False

    def put(self, item: T, *, replaces: Callable[[T], bool] | None = None) -> None:
        """Adds an item; one that waits at the end and that `replaces` says yes to makes room for it."""
        with self._lock:
            if self._abandoned:
                return
            if replaces is not None and self._items and replaces(self._items[-1]):
                self._items.pop()
            self._items.append(item)
        self._wake()

    def close(self) -> None:
        """Says that nothing more will come."""
        with self._lock:
            self._closed = True
        self._wake()

    async def read(self, *, silence_s: float) -> AsyncIterator[T | None]:
        """Gives the items as they come, and None after each `silence_s` seconds without one."""
        bell = asyncio.Event()
        with self._lock:
            self._reader = (asyncio.get_running_loop(), bell)
        try:
            while True:
                with self._lock:
                    items, closed = list(self._items), self._closed
                    self._items.clear()
                    bell.clear()
                for item in items:
                    yield item
                if closed:
                    return
                try:
                    await asyncio.wait_for(bell.wait(), silence_s)
                except asyncio.TimeoutError:
                    yield None
        finally:
            with self._lock:
                self._reader = None
                self._abandoned = True
                self._items.clear()

    def _wake(self) -> None:
        reader: Any = self._reader
        if reader is not None:
            loop, bell = reader
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(bell.set)
