"""What is on the timeline."""

from __future__ import annotations

from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import in_session
from music_cog_online.timeline import Timeline
from music_cog_online.wire.models import ProjectState

__all__ = ["run", "timeline_lines"]


def run(context: Context) -> ActionResult:
    """Tell which tracks the current project holds."""
    state = in_session(context, lambda session: context.api.state(session.session_id))
    timeline = Timeline.from_draft(state.draft)
    data = {"timeline": timeline.summary(), "tracks": len(timeline.tracks), "exportable": timeline.exportable}
    suggestions = ("export it",) if timeline.exportable else ("upload a clip and a song",)
    return ActionResult("state", timeline_lines(state), data=data, next=suggestions)


def timeline_lines(state: ProjectState) -> tuple[str, ...]:
    """The summary of a project's timeline as a message."""
    timeline = Timeline.from_draft(state.draft)
    return (timeline.summary(),) if timeline.tracks else ("The project is empty: upload a clip and a song first.",)
