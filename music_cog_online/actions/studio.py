"""The engine on this machine, as a server for several people or as a question."""

from __future__ import annotations

import subprocess

from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.backend import studio_command, studio_environ
from music_cog_online.errors import BackendRefused

__all__ = ["run"]


def run(
    context: Context, *, what: str, host: str | None = None, port: int | None = None, credits: int | None = None
) -> ActionResult:
    """Run `studio serve` until it ends, or `studio info`; both speak for themselves.

    Raises:
        BackendRefused: the studio ended with an error.
    """
    options = {"--host": host, "--port": port, "--credits": credits} if what == "serve" else {}
    flags = [part for name, value in options.items() if value is not None for part in (name, str(value))]
    done = subprocess.run(studio_command(what, *flags), env=studio_environ(context.environ), check=False)
    if done.returncode:
        raise BackendRefused("The studio ended with an error.", hint="`music-cog doctor` shows what is missing.")
    return ActionResult("studio", ())
