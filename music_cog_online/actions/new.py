"""A fresh project."""

from __future__ import annotations

from music_cog_online.actions.context import Context
from music_cog_online.actions.projects import visible
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import open_fresh
from music_cog_online.actions.suggestions import offered

__all__ = ["run"]


def run(context: Context) -> ActionResult:
    """Open an empty project; the old one stays listed."""
    session = open_fresh(context)
    count = len(visible(context))
    lines = ["A fresh project is open."]
    if count > 1:
        lines.append(
            f"The other {count - 1} are kept; `music-cog projects` lists them." if count > 2 else "The old one is kept."
        )
    data = {"session_id": session.session_id, "projects": count}
    return ActionResult("new", tuple(lines), data=data, next=offered(context, "upload"))
