"""How well a finished video hits the beat, measured on the file by the studio."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from music_cog_online.actions.context import Context
from music_cog_online.actions.figures import describe
from music_cog_online.actions.rendering import delivered
from music_cog_online.actions.result import ActionResult
from music_cog_online.backend import missing_studio_parts, studio_command, studio_environ
from music_cog_online.errors import BackendRefused, UsageError

__all__ = ["run"]


def run(context: Context, *, file: str | None = None, plot: str | None = None) -> ActionResult:
    """Measure a video; no backend is asked.

    Args:
        context: where the last export is noted.
        file: the video, or None for the last one exported.
        plot: where a picture of cuts against beats goes.

    Raises:
        UsageError: no such file, or nothing was exported yet.
        BackendRefused: the studio's packages are missing, or the file cannot be measured.
    """
    path = Path(file).expanduser().absolute() if file else _last_export(context)
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", hint="Name the video to measure.")
    missing = missing_studio_parts()
    if missing:
        raise BackendRefused(
            f"Measuring needs the studio's packages, and {', '.join(missing)} is missing here.",
            hint="pip install 'music-cog-online[studio]'",
        )
    options = ["--plot", str(Path(plot).expanduser().absolute())] if plot else []
    context.teller.progress(f"Measuring {path.name}", None)
    report = _measured(context, ["report", str(path), "--json", *options])
    lines = [f"{path.name}:", *describe(report)] + ([f"The picture: {plot}"] if plot else [])
    return ActionResult("report", tuple(lines), data={"path": str(path), "report": report, "plot": plot})


def _last_export(context: Context) -> Path:
    finished = [Path(one.out) for one in context.store.renders() if delivered(one)]
    if not finished:
        raise UsageError("Nothing was exported yet.", hint="Export first, or name the video to measure.")
    return finished[-1]


def _measured(context: Context, args: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        studio_command(*args), env=studio_environ(context.environ), capture_output=True, text=True, check=False
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = None
    if done.returncode or not isinstance(report, dict):
        words = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise BackendRefused(
            f"The file cannot be measured: {words[-1] if words else 'the studio gave no answer'}",
            hint="`music-cog doctor` shows what is missing.",
        )
    return report
