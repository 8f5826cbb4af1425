"""Sign in and open a project."""

from __future__ import annotations

from urllib.parse import urlsplit

from music_cog_online.actions.context import Context
from music_cog_online.actions.credits import balance_line
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import current, in_session, open_fresh
from music_cog_online.actions.suggestions import at_first
from music_cog_online.errors import BackendRefused, BrokenAnswer
from music_cog_online.timeline import Timeline
from music_cog_online.wire.models import Balance

__all__ = ["announce", "run", "where"]


def run(context: Context, *, new: bool = False) -> ActionResult:
    """Get everything ready and say which backend answers.

    A project that is open already stays open, unless a `new` one is wanted.

    Raises:
        NotSignedIn: the token is not accepted.
        Unreachable: the backend does not answer.
    """
    announce(context)
    lines: list[str] = []
    if new:
        open_fresh(context)
    elif context.store.session() is None:
        current(context)
    else:
        state = in_session(context, lambda session: context.api.state(session.session_id))
        timeline = Timeline.from_draft(state.draft)
        if timeline.tracks:
            lines.append(f"Going on with your open project: {timeline.summary()}")
            lines.append("For a fresh one: `music-cog new`.")
    balance = _balance(context)
    if balance is not None and context.backend.kind != "studio":
        lines.insert(0, balance_line(balance))
    data = {
        "backend": context.backend.kind,
        "local": context.backend.local,
        "session_id": current(context).session_id,
        "credits": balance and balance.available,
    }
    return ActionResult("connect", (where(context), *lines), data=data, next=at_first(context))


def announce(context: Context) -> None:
    """Say that things are being set up, where they are: a first sign-in, or a studio that has to be started."""
    starts = context.backend.kind == "studio" and context.studio.running() is None
    if starts or context.store.session() is None:
        context.teller.say(context.manifest.messages["setting_up"])


def _balance(context: Context) -> Balance | None:
    """The balance; being ready does not hang on it."""
    try:
        return context.api.credits()
    except (BackendRefused, BrokenAnswer):
        return None


def where(context: Context) -> str:
    """The ready line: who does the work and where media goes."""
    if context.backend.kind == "studio":
        return "Ready. The studio on this machine does the work; your media stays here."
    host = urlsplit(context.backend.url).netloc
    if context.backend.kind == "cloud":
        return f"Ready. The NemoVideo cloud ({host}) does the work; what you upload goes there."
    if context.backend.local:
        return f"Ready. The server at {host}, on this machine, does the work; your media stays here."
    return f"Ready. The server at {host} does the work; what you upload goes there."
