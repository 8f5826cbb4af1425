"""The projects of this backend."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from music_cog_online.actions import uploads
from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.words import listed
from music_cog_online.errors import UsageError
from music_cog_online.store import Session
from music_cog_online.timeline import Timeline

__all__ = ["run", "visible"]

_COUNTED = {"video": "clips", "image": "pictures", "audio": "songs", "": "other files"}


def run(context: Context, *, use: int | None = None, link: bool = False) -> ActionResult:
    """List the projects, oldest first; go back to one; or make a browser link to the current one.

    Args:
        context: the open backend.
        use: number of the project to make the current one, from 1.
        link: ask for a link that opens the current project in a browser.

    Raises:
        UsageError: no such project, or none that a link could be made for.
    """
    projects = visible(context)
    if use is not None:
        if not 1 <= use <= len(projects):
            raise UsageError(f"There is no project {use}.", hint="`music-cog projects` lists them with their numbers.")
        context.store.use_project(projects[use - 1].session_id)
    current = context.store.session()
    lines = [_line(context, number, one, current=one == current) for number, one in enumerate(projects, start=1)]
    rows = [_row(context, one, current=one == current) for one in projects]
    if len(projects) > 1:
        lines.append("To go back to one: `music-cog projects --use NUMBER`.")
    if not projects:
        lines = ["There is no project yet; the first upload opens one."]
    data: dict[str, object] = {"projects": rows}
    if link:
        data["link"] = _link(context, current)
        lines = [f"This link opens the project in a browser, for a week: {data['link']}"]
    return ActionResult("projects", tuple(lines), data=data)


def visible(context: Context) -> tuple[Session, ...]:
    """The projects that hold something, oldest first, and the current one."""
    current = context.store.session()
    return tuple(one for one in context.store.projects() if not one.fresh or one == current)


def _line(context: Context, number: int, project: Session, *, current: bool) -> str:
    opened = datetime.fromtimestamp(project.created_at, tz=timezone.utc).astimezone().strftime("%d %b %H:%M")
    content = project.title or _files(context, project) or _tracks(context, project) or "empty"
    return f"{number}. {opened}: {content}{' (current)' if current else ''}"


def _files(context: Context, project: Session) -> str:
    """The project's files as a phrase, "4 clips and song.mp3": a name where a kind has one file, else their count."""
    kinds: dict[str, list[str]] = {}
    for one in uploads.of_session(context.store, project.session_id):
        kind = context.manifest.formats.kind_of(Path(one.name).suffix) if Path(one.name).suffix else None
        kinds.setdefault(kind or "", []).append(one.name)
    counted = ((word, kinds.get(kind, [])) for kind, word in _COUNTED.items())
    return listed([names[0] if len(names) == 1 else f"{len(names)} {word}" for word, names in counted if names])


def _tracks(context: Context, project: Session) -> str:
    timeline = Timeline.from_draft(context.store.draft(project.session_id))
    return timeline.summary() if timeline.tracks else ""


def _row(context: Context, project: Session, *, current: bool) -> dict[str, object]:
    names = [one.name for one in uploads.of_session(context.store, project.session_id)]
    return {
        "session_id": project.session_id,
        "created_at": project.created_at,
        "title": project.title,
        "files": names,
        "current": current,
    }


def _link(context: Context, project: Session | None) -> str:
    if project is None or not project.task_id or context.backend.kind == "studio":
        raise UsageError(
            "There is no project in the cloud that a link could lead to.", hint="Links work for projects of the cloud."
        )
    grant = context.api.claim_token(project.task_id, project.session_id)
    return context.api.claim_link(grant, web_url=context.web_url)
