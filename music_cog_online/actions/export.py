"""Render the project, wait, and bring the finished file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from music_cog_online.actions import uploads
from music_cog_online.actions.context import Context
from music_cog_online.actions.delivery import Destination, destination, safe_name
from music_cog_online.actions.figures import brief, describe
from music_cog_online.actions.rendering import brought_again, fetch, finished_render, made_before, note_export
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import in_session
from music_cog_online.actions.suggestions import after_export, at_first, offered
from music_cog_online.actions.wishes import answer, delivered, unmet
from music_cog_online.actions.words import size_of
from music_cog_online.errors import BackendRefused
from music_cog_online.store import Render, Session
from music_cog_online.timeline import Timeline
from music_cog_online.wire.models import RenderStatus

__all__ = ["deliver", "explain", "run"]


def run(context: Context, *, output: str | None = None, words: str = "") -> ActionResult:
    """Render what is on the timeline and download it; what did not change since the last export is not rendered again.

    Args:
        context: the open backend.
        output: where the file goes: a file, a folder, or None for a new name in the current folder.
        words: the user's request; what it wants of the file and does not get is told.

    Raises:
        BackendRefused: there is nothing to export, or the render failed twice.
        PlanNeeded: the plan does not allow exports.
        Unreachable: the render is not done in time; it goes on, and the next export picks it up.
        UsageError: the file cannot go there.
    """
    return in_session(context, lambda session: deliver(context, session, output, words=words))


def explain(context: Context, words: str, *, trouble: bool = False) -> ActionResult:
    """Answer a question about exporting, or why it did not work; nothing is rendered and nobody is asked."""
    session = context.store.session()
    draft = context.store.draft(session.session_id) if session else None
    wishes = unmet(context, words, draft)
    last = [Path(one.out) for one in context.store.renders() if session and one.session_id == session.session_id]
    there = [path for path in last if path.is_file()]
    lines = [*answer(context, wishes, trouble=trouble), *([f"The last export is here: {there[-1]}"] if there else [])]
    known = draft is None or Timeline.from_draft(draft).pictures
    suggestions = offered(context, "export") if known and session else at_first(context)
    return ActionResult("export", tuple(lines), data={"answered": True, "not_offered": list(wishes)}, next=suggestions)


def deliver(
    context: Context, session: Session, output: str | None, *, ending: str = "edited", words: str = ""
) -> ActionResult:
    """Export the project of one session; a file that the user did not name is called after its clip and `ending`."""
    draft = context.api.state(session.session_id).draft
    if not Timeline.from_draft(draft).exportable:
        raise BackendRefused("There is nothing to export yet: the timeline is empty.", hint=_missing(context, session))
    context.store.set_draft(session.session_id, draft)
    files = uploads.of_session(context.store, session.session_id)
    sources = [Path(one.source) for one in files if one.stamp]
    place = destination(output, title=_title(context, draft, files, ending), keep=sources)
    render, path, news = _made(context, session, draft, place)
    note_export(context.store, path, session.session_id)
    size = path.stat().st_size
    lines = [f"Your video is ready: {path} ({size_of(size)})", *news, *describe(render.report)]
    lines += delivered(context, unmet(context, words, draft), draft)
    if path.suffix.lower() not in {".mp4", ".m4v"}:
        lines.append("The file is an MP4, whatever its name says.")
    report = brief(render.report, file=path.name)
    data = {"path": str(path), "bytes": size, "render_id": render.id, "rendered": not news, "report": report}
    return ActionResult("export", tuple(lines), data=data, next=after_export(context, draft, report))


def _made(
    context: Context, session: Session, draft: dict[str, Any], place: Destination
) -> tuple[Render | RenderStatus, Path, tuple[str, ...]]:
    """The render, its file at its place, and what there is to tell of how it came there."""
    before = made_before(context, session.session_id, draft)
    path = brought_again(context, before, place) if before is not None else None
    if before is not None and path is not None:
        return before, path, ("Nothing has changed since the last export, so it was not rendered again.",)
    status = finished_render(context, session.session_id, draft)
    return status, fetch(context, status, place), ()


def _missing(context: Context, session: Session) -> str:
    """What has to come first, where there is nothing to export."""
    files = uploads.of_session(context.store, session.session_id)
    kinds = {context.manifest.formats.kind_of(Path(one.name).suffix) for one in files}
    if not kinds:
        return "Upload a clip and a song, say what to do with them, then export."
    if kinds == {"audio"}:
        return "There is a song, but no video or picture: upload one, say what to do with it, then export."
    return "Say what to do with your files, then export."


def _title(context: Context, draft: dict[str, Any], files: tuple[uploads.Upload, ...], ending: str) -> str:
    """A name for the file: the project's own title, else after the first clip."""
    facts = draft.get("m")
    given = facts.get("title") if isinstance(facts, dict) else None
    if isinstance(given, str) and given.strip() and given.strip().lower() != "project":
        return given.strip()
    names = [Path(one.name) for one in files]
    clips = [name.stem for name in names if context.manifest.formats.kind_of(name.suffix) == "video"]
    return safe_name((clips or [name.stem for name in names] or ["video"])[0], ending=f"-{ending}")
