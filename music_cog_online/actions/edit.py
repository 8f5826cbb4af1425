"""One instruction to the backend's editor."""

from __future__ import annotations

from collections.abc import Callable

from music_cog_online.actions import credits, export, state
from music_cog_online.actions.context import Context
from music_cog_online.actions.conversation import Outcome, converse
from music_cog_online.actions.listening import hears, held, misunderstood
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import in_session
from music_cog_online.actions.suggestions import after_edit, hear, note_hands_off, offered
from music_cog_online.actions.upload import restore
from music_cog_online.errors import UsageError
from music_cog_online.store import Session

__all__ = ["instruct", "run"]


def run(context: Context, *, text: str) -> ActionResult:
    """Send an instruction, wait for the work, tell what changed.

    What the backend asks for in terms of a GUI is done through the API: the timeline is shown, the balance told. An
    export is done only if this very instruction asks for one; else it is offered.

    Raises:
        UsageError: there are no words.
        MusicCogError: see `conversation.converse`.
    """
    if not text.strip():
        raise UsageError("There is no instruction.", hint='Say what to do, for example: "set the music to 35%".')
    result = instruct(context, text)
    if "export" in result.data["asked"] and _wants_export(context, text):
        return held(context, result) if misunderstood(context, result) else result.followed_by(export.run(context))
    return result


def instruct(context: Context, text: str) -> ActionResult:
    """Send an instruction and carry out what may be carried out without a further word of the user."""

    def work(session: Session) -> tuple[str, Outcome]:
        restore(context, session)
        return session.session_id, converse(context, session.session_id, text)

    hear(context, text)
    session_id, outcome = in_session(context, work, text=text)
    if hears(context, "hands_off", text):
        note_hands_off(context, session_id)
    elif hears(context, "recut", text):
        note_hands_off(context, None)
    suggestions = after_edit(context, session_id, outcome.draft, changed=outcome.changed)
    if hears(context, "export", text):
        export_it = offered(context, "export")
        suggestions = tuple(phrase for phrase in suggestions if phrase not in export_it)
    result = ActionResult("edit", outcome.lines, data=_facts(outcome), next=suggestions)
    carried_out: dict[str, Callable[[Context], ActionResult]] = {"state": state.run, "credits": credits.run}
    for act in outcome.acts:
        if act in carried_out:
            result = result.followed_by(carried_out[act](context))
    return result


def _wants_export(context: Context, text: str) -> bool:
    """Whether the user's own words ask for an export."""
    # Imported here: the router is needed only when the backend talks of exporting.
    from music_cog_online.router import Router

    route = Router(context.manifest.intents).route(text)
    return "export" in route.then or (route.intent == "export" and route.manner in {"told", "asked"})


def _facts(outcome: Outcome) -> dict[str, object]:
    changes = list(outcome.changes) if outcome.looked else None
    return {"changed": outcome.changed, "changes": changes, "asked": list(outcome.acts)}
