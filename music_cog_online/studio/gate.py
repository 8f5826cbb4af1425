"""What every call passes first: whose name it uses for this server, who sent it, when."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from music_cog_online.studio.log import logger

if TYPE_CHECKING:
    from music_cog_online.studio.server import Activity

__all__ = ["Gate"]

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


class Gate:
    """ASGI middleware: no calls from web pages, on loopback only under this machine's names; a line in the log."""

    def __init__(self, app: ASGIApp, *, loopback_only: bool, activity: Activity) -> None:
        """Guards `app`."""
        self._app = app
        self._loopback_only = loopback_only
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a call through, or answers 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        activity = self._activity
        activity.last = started = time.monotonic()
        activity.running += 1
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            why = self._refuses(Headers(scope=scope))
            if why:
                answer = JSONResponse({"code": 403, "message": why, "detail": why}, status_code=403)
                await answer(scope, receive, watch)
            else:
                await self._app(scope, receive, watch)
        finally:
            activity.running -= 1
            activity.last = time.monotonic()
            level = logging.DEBUG if scope["method"] == "GET" and status < 400 else logging.INFO  # polling is no news
            took_ms = (activity.last - started) * 1000
            logger.log(level, "%s %s %d %.0f ms", scope["method"], _shown(scope), status, took_ms)

    def _refuses(self, headers: Headers) -> str:
        host = headers.get("host", "")
        if self._loopback_only and _name(host) not in _THIS_MACHINE:
            return "This studio answers under the names of this machine only."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return "Calls from web pages are not accepted."
        return ""


def _name(host: str) -> str:
    return host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host


def _shown(scope: Scope) -> str:
    """The route rather than the path, whose last part may be a key."""
    path = str(scope["path"])
    return "/files/…" if path.startswith("/files/") else ascii(path[:100])
