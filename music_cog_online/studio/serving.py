"""The studio as a process: a socket, one instance a home, ``server.json`` while it listens, an end when idle."""

from __future__ import annotations

import errno
import ipaddress
import json
import logging
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from music_cog_online.studio.errors import StudioError
from music_cog_online.studio.log import log_to, logger
from music_cog_online.studio.server import Activity, create_app
from music_cog_online.studio.service import Studio

__all__ = ["Listening", "is_loopback", "serve"]

_STOP_S = 4.0
_CLEANING_S = 3600.0
_CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how long a server listens.

    Attributes:
        host: Address to bind to.
        port: Port; 0 takes a free one.
        idle_s: Seconds without a call or work after which the process ends; None for never.
        quiet: Whether standard output and error are dropped once the log is open.
    """

    host: str = "127.0.0.1"
    port: int = 0
    idle_s: float | None = None
    quiet: bool = False


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine alone."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def serve(open_studio: Callable[[], Studio], folder: Path, listening: Listening, *, version: str) -> None:
    """Serves until told to stop, or until idle.

    Args:
        open_studio: Called without arguments, gives the `Studio`, once this process is the only one in `folder`.
        folder: The studio's folder; keeps the lock, the log and ``server.json``.
        listening: Where to listen.
        version: Written to ``server.json``.

    Raises:
        StudioError: Another process serves this folder, or the address cannot be had.
    """
    # What people upload is theirs alone, on a machine with other users, too.
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / "studio.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout as exc:
        raise StudioError("A studio is already running here.", hint=f"Its folder is {folder}.") from exc
    try:
        log_to(folder / "studio.log")
        with _bound(listening) as sock:
            _run(open_studio(), sock, folder, listening, version)
    finally:
        lock.release()


def _run(studio: Studio, sock: socket.socket, folder: Path, listening: Listening, version: str) -> None:
    activity = Activity()
    loopback = is_loopback(listening.host)
    url = _url(sock)
    facts = folder / "server.json"
    app = create_app(studio, loopback_only=loopback, activity=activity)
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=2,
        ),
        studio,
        activity,
        facts=facts,
        idle_s=listening.idle_s,
        on_listening=lambda: _listening(facts, url, version, quiet=listening.quiet),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises the signal again after its own clean end
    try:
        server.run(sockets=[sock])
    finally:
        facts.unlink(missing_ok=True)
        _stop(studio)


class _Server(uvicorn.Server):
    """Tells when it listens, cleans now and then, and ends when nothing has happened for a while."""

    def __init__(
        self,
        config: uvicorn.Config,
        studio: Studio,
        activity: Activity,
        *,
        facts: Path,
        idle_s: float | None,
        on_listening: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._studio = studio
        self._activity = activity
        self._facts = facts
        self._idle_s = idle_s
        self._on_listening = on_listening
        self._cleaned = time.monotonic()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_listening()

    async def on_tick(self, counter: int) -> bool:
        now = time.monotonic()
        if now - self._cleaned > _CLEANING_S:
            self._cleaned = now
            self._studio.jobs.submit("cleaning", self._studio.cleaner.run)
        if self._studio.jobs.busy or self._activity.running:
            self._activity.last = now
        idle = self._idle_s is not None and now - self._activity.last > self._idle_s
        removed = not self._facts.exists()  # the folder was taken away: nobody can find this process any more
        return await super().on_tick(counter) or idle or removed


def _bound(listening: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    try:
        return socket.create_server((listening.host, listening.port), family=family, backlog=128)
    except OSError as exc:
        taken = exc.errno == errno.EADDRINUSE
        raise StudioError(
            f"{listening.host}:{listening.port} cannot be listened on ({exc.strerror}).",
            hint="Another program uses this port: choose another one." if taken else "Check --host and --port.",
        ) from exc


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listening(facts: Path, url: str, version: str, *, quiet: bool) -> None:
    """Writes ``server.json``, readable by its owner alone, in one step."""
    logger.info("listening on %s", url)
    handle, name = tempfile.mkstemp(dir=facts.parent, prefix=".server-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"url": url, "pid": os.getpid(), "version": version}, file)
    Path(name).replace(facts)
    if quiet:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)


def _stop(studio: Studio) -> None:
    """Gives running work a moment to stop; what does not is cut off, and taken up again at the next start."""
    studio.close()
    end = time.monotonic() + _STOP_S
    while studio.jobs.busy and time.monotonic() < end:
        time.sleep(0.05)
    logger.info("stopped")
    if studio.jobs.busy:
        logging.shutdown()
        os._exit(0)
