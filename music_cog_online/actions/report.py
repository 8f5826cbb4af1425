"""How well a finished video hits the beat, measured on the file by the studio."""

from __future__ import annotations

from pathlib import Path

from music_cog_online.actions.context import Context
from music_cog_online.actions.figures import describe, slim
from music_cog_online.actions.rendering import last_export
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.studio import ask
from music_cog_online.errors import UsageError

__all__ = ["run"]


def run(context: Context, *, file: str | None = None, plot: str | None = None) -> ActionResult:
    """Measure a video; no backend is asked.

    Args:
        context: where the last export is noted.
        file: the video, or None for the last one exported from the current project.
        plot: where a picture of cuts against beats goes.

    Raises:
        UsageError: no such file, or the project was not exported yet.
        BackendRefused: the studio's packages are missing, or the file cannot be measured.
    """
    path = Path(file).expanduser().absolute() if file else _last_export(context)
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", hint="Name the video to measure.")
    options = ["--plot", str(Path(plot).expanduser().absolute())] if plot else []
    context.teller.progress(f"Measuring {path.name}", None)
    report = ask(context, "report", str(path), "--json", *options)
    lines = [f"{path.name}:", *describe(report)] + ([f"The picture: {plot}"] if plot else [])
    return ActionResult("report", tuple(lines), data={"path": str(path), "report": slim(report), "plot": plot})


def _last_export(context: Context) -> Path:
    """The last export of the current project: that of another one is measured only where it is named."""
    last, session = last_export(context.store), context.store.session()
    if last is None:
        raise UsageError("Nothing was exported yet.", hint="Export first, or name the video to measure.")
    mine = last if session is None else last_export(context.store, session.session_id)
    if mine is None:
        raise UsageError(
            "This project has no export yet.",
            hint=f"Export it first, or name the file; another project's last export is {last}: "
            f'`music-cog report "{last}"`.',
        )
    return mine
