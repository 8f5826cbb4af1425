"""What is on the timeline."""

from __future__ import annotations

from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import in_session
from music_cog_online.actions.suggestions import after_upload, offered
from music_cog_online.errors import BackendRefused, BrokenAnswer, Unreachable
from music_cog_online.timeline import Timeline
from music_cog_online.wire.models import ProjectState, RenderStatus

__all__ = ["run", "timeline_lines"]


def run(context: Context) -> ActionResult:
    """Tell which tracks the current project holds."""
    session_id, state = in_session(context, lambda session: (session.session_id, context.api.state(session.session_id)))
    timeline = Timeline.from_draft(state.draft)
    render = _render_under_way(context)
    data = {
        "timeline": timeline.summary(),
        "tracks": len(timeline.tracks),
        "exportable": timeline.exportable,
        "render": render and {"id": render.id, "status": render.status, "progress": render.progress},
    }
    lines = [*timeline_lines(state), *([_render_line(render)] if render else [])]
    suggestions = offered(context, "export") if timeline.pictures else after_upload(context, session_id)
    return ActionResult("state", tuple(lines), data=data, next=suggestions)


def _render_under_way(context: Context) -> RenderStatus | None:
    """How the newest render of this project is doing, if its file has not been brought yet."""
    session = context.store.session()
    mine = [one for one in context.store.renders() if session and one.session_id == session.session_id]
    if not mine or mine[-1].out or mine[-1].status == "failed":
        return None
    try:
        return context.api.render_status(mine[-1].id)
    except (BackendRefused, BrokenAnswer, Unreachable):
        return None


def _render_line(render: RenderStatus) -> str:
    if render.finished:
        return "A render is finished; `export` brings the file."
    if render.failed:
        return "The last render failed; `export` tries again."
    facts = [f"{render.progress:.0%}"] if render.progress is not None else []
    facts += [render.stage] if render.stage not in ("", "rendering") else []
    shown = f" ({', '.join(facts)})" if facts else ""
    return f"A render is under way{shown}; `export` waits for it and brings the file."


def timeline_lines(state: ProjectState) -> tuple[str, ...]:
    """The summary of a project's timeline as a message."""
    timeline = Timeline.from_draft(state.draft)
    return (timeline.summary(),) if timeline.tracks else ("The project is empty: upload a clip and a song first.",)
