"""Render the project, wait, and bring the finished file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from music_cog_online.actions import uploads
from music_cog_online.actions.context import Context
from music_cog_online.actions.delivery import destination
from music_cog_online.actions.figures import describe, slim
from music_cog_online.actions.rendering import fetch, finished_render
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import in_session
from music_cog_online.actions.words import size_of
from music_cog_online.errors import BackendRefused
from music_cog_online.store import Session
from music_cog_online.timeline import Timeline

__all__ = ["deliver", "run"]

_NEXT = ("make the music a little quieter", "put a title on the first three seconds", "make it 9:16")


def run(context: Context, *, output: str | None = None) -> ActionResult:
    """Render what is on the timeline and download it.

    Args:
        context: the open backend.
        output: where the file goes: a file, a folder, or None for a new name in the current folder.

    Raises:
        BackendRefused: there is nothing to export, or the render failed twice.
        PlanNeeded: the plan does not allow exports.
        Unreachable: the render is not done in time; it goes on, and the next export picks it up.
        UsageError: the file cannot go there.
    """
    return in_session(context, lambda session: deliver(context, session, output))


def deliver(context: Context, session: Session, output: str | None, *, ending: str = "edited") -> ActionResult:
    """Export the project of one session; a file that the user did not name is called after its clip and `ending`."""
    draft = context.api.state(session.session_id).draft
    if not Timeline.from_draft(draft).exportable:
        raise BackendRefused(
            "There is nothing to export yet: the timeline is empty.",
            hint="Upload a clip and a song, say what to do with them, then export.",
        )
    context.store.set_draft(session.session_id, draft)
    files = uploads.of_session(context.store, session.session_id)
    sources = [Path(one.source) for one in files if one.stamp]
    place = destination(output, title=_title(context, draft, files, ending), keep=sources)
    status = finished_render(context, session.session_id, draft)
    path = fetch(context, status, place)
    size = path.stat().st_size
    lines = [f"Your video is ready: {path} ({size_of(size)})", *describe(status.report)]
    if path.suffix.lower() not in {".mp4", ".m4v"}:
        lines.append("The file is an MP4, whatever its name says.")
    data = {"path": str(path), "bytes": size, "render_id": status.id, "report": slim(status.report)}
    return ActionResult("export", tuple(lines), data=data, next=_NEXT)


def _title(context: Context, draft: dict[str, Any], files: tuple[uploads.Upload, ...], ending: str) -> str:
    """A name for the file: the project's own title, else after the first clip."""
    facts = draft.get("m")
    given = facts.get("title") if isinstance(facts, dict) else None
    if isinstance(given, str) and given.strip() and given.strip().lower() != "project":
        return given.strip()
    names = [Path(one.name) for one in files]
    clips = [name.stem for name in names if context.manifest.formats.kind_of(name.suffix) == "video"]
    return f"{(clips or [name.stem for name in names] or ['video'])[0]}-{ending}"
