"""The studio's log: bounded, without tokens and without query strings."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

__all__ = ["log_to", "logger"]

logger = logging.getLogger("music_cog_online.studio")
"""Everything that the studio logs goes here; callers never hand it a token, a header or a query."""

_SIZE = 1 << 20


def log_to(path: Path) -> None:
    """Writes the log to `path`, at most two megabytes in all, readable by its owner alone."""
    path.touch(mode=0o600)
    handler = RotatingFileHandler(path, maxBytes=_SIZE, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in (logger.name, "uvicorn.error"):
        target = logging.getLogger(name)
        target.handlers = [handler]
        target.setLevel(logging.INFO)
        target.propagate = False
