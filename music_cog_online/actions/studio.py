"""The engine on this machine, as a server for several people or as a question."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.backend import missing_studio_parts, studio_command, studio_environ
from music_cog_online.errors import BackendRefused

__all__ = ["ask", "run"]


def run(
    context: Context,
    *,
    what: str,
    host: str | None = None,
    port: int | None = None,
    allow_remote: bool = False,
    credits: int | None = None,
) -> ActionResult:
    """Run `studio serve` until it ends, or tell what `studio info` says.

    Raises:
        BackendRefused: packages are missing, or the studio ended with an error.
    """
    if what == "info":
        facts = ask(context, "info", "--json")
        lines = tuple(f"{name.replace('_', ' ')}: {value}" for name, value in facts.items() if name != "packages")
        return ActionResult("studio", lines, data=facts)
    _demand_parts()
    options = {"--host": host, "--port": port, "--credits": credits}
    flags = [part for name, value in options.items() if value is not None for part in (name, str(value))]
    flags += ["--allow-remote"] if allow_remote else []
    done = subprocess.run(studio_command("serve", *flags), env=studio_environ(context.environ), check=False)
    if done.returncode:
        raise BackendRefused("The studio ended with an error.", hint="`music-cog doctor` shows what is missing.")
    return ActionResult("studio", ("The studio has ended.",))


def ask(context: Context, *args: str) -> dict[str, Any]:
    """Run a command of the studio that answers with a JSON object.

    Raises:
        BackendRefused: packages are missing, or it failed; the message ends with its own last words.
    """
    _demand_parts()
    done = subprocess.run(
        studio_command(*args), env=studio_environ(context.environ), capture_output=True, text=True, check=False
    )
    try:
        facts = json.loads(done.stdout)
    except ValueError:
        facts = None
    if done.returncode or not isinstance(facts, dict):
        words = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise BackendRefused(
            words[-1] if words else "The studio gave no answer.", hint="`music-cog doctor` shows more."
        )
    return facts


def _demand_parts() -> None:
    missing = missing_studio_parts()
    if missing:
        raise BackendRefused(
            f"The studio's packages are not all here: {', '.join(missing)} is missing.",
            hint="pip install 'music-cog-online[studio]'",
        )
