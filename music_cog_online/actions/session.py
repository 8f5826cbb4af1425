"""The current project: opened on demand, replaced when the backend has lost it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from music_cog_online.actions.context import Context
from music_cog_online.errors import SessionLost
from music_cog_online.store import Session

__all__ = ["current", "in_session", "open_fresh"]

_Result = TypeVar("_Result")


def current(context: Context, *, text: str = "") -> Session:
    """The current session, a fresh one where there is none; `text` tells the language."""
    session = context.store.session()
    if session is not None:
        return session
    with context.store.opening_lock():
        # Another command may have been faster.
        return context.store.session() or open_fresh(context, text=text)


def open_fresh(context: Context, *, text: str = "", title: str = "") -> Session:
    """Ask the backend for a session and make it the current one."""
    # Imported here, as below: a project that is open already needs none of it.
    from music_cog_online.actions.words import language_of

    grant = context.api.create_session(task_name="project", language=language_of(text))
    session = Session(grant.session_id, task_id=grant.task_id, user_id=grant.user_id, title=title, fresh=True)
    context.store.set_session(session)
    return session


def in_session(context: Context, work: Callable[[Session], _Result], *, text: str = "") -> _Result:
    """Do something in the current session; if the backend has lost it, once more in a fresh one.

    The files of a lost session are handed over again when the next instruction needs them, as far as they are still
    where they were.

    Raises:
        SessionLost: the fresh session is not known either.
    """
    session = current(context, text=text)
    try:
        return work(session)
    except SessionLost:
        fresh = _replaced(context, session, text=text)
    return work(fresh)


def _replaced(context: Context, lost: Session, *, text: str) -> Session:
    from music_cog_online.actions import uploads
    from music_cog_online.actions.words import listed

    with context.store.opening_lock():
        now = context.store.session()
        if now is not None and now.created_at > lost.created_at:
            return now
        fresh = open_fresh(context, text=text, title=lost.title)
        owed = uploads.hand_down(context.store, lost.session_id, fresh.session_id)
    line = "The backend no longer knows this project, so I opened a new one; what was edited before is gone."
    if owed:
        line += f" {listed(owed)} will be uploaded again with the next instruction."
    context.teller.say(line)
    return fresh
