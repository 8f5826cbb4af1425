"""What the user said, in their own words: the router decides what is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from music_cog_online.actions import credits, edit, export, state, upload
from music_cog_online.actions.context import Context
from music_cog_online.actions.listening import held, misunderstood
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import current
from music_cog_online.actions.suggestions import hear
from music_cog_online.actions.wishes import last_request, unmet
from music_cog_online.actions.words import links_in, split_items
from music_cog_online.errors import Unreachable, UsageError

if TYPE_CHECKING:
    from music_cog_online.router import Route

__all__ = ["run"]


def run(context: Context, *, text: str = "", attach: Sequence[str] = (), output: str | None = None) -> ActionResult:
    """Decide what is meant and do it, further requests in their order.

    Args:
        context: the open backend.
        text: the user's words.
        attach: files and links handed over; words among them count as words.
        output: where an exported file goes.

    Raises:
        UsageError: neither words nor files.
        MusicCogError: what the action raises.
    """
    # Imported here: the other commands need no router.
    from music_cog_online.router import Router

    files, stray = split_items(attach, context.manifest.formats)
    words = " ".join(filter(None, (text.strip(), stray)))
    if not words and not files:
        raise UsageError(
            "Nothing was said and nothing was handed over.", hint='For example: music-cog chat "show tracks"'
        )
    hear(context, words)
    route = Router(context.manifest.intents).route(words, attachments=files)
    result = _first(context, route, words, files, output)
    edited = _edited(route, result)
    missed = edited is not None and misunderstood(context, edited)
    for intent in _following(route):
        if intent == "export" and missed:
            result = held(context, result)
        elif result.error is None:
            more = _session_action(context, intent, output, words=last_request(words), already=result)
            result = result.followed_by(more)
    if "edit" in route.then and route.intent != "upload":
        result = replace(result, lines=(*result.lines, "That was the first part; say the change now, and I make it."))
    decision = {"intent": route.intent, "rule": route.rule, "reason": route.reason, "then": list(route.then)}
    return ActionResult("chat", result.lines, data={**decision, **result.data}, next=result.next, error=result.error)


def _edited(route: Route, result: ActionResult) -> ActionResult | None:
    """The edit that came first, by itself or with the files that it is about; None where there was none."""
    if route.intent == "edit":
        return result
    told = result.data.get("edit")
    return replace(result, data=told) if isinstance(told, dict) else None


def _first(context: Context, route: Route, words: str, files: Sequence[str], output: str | None) -> ActionResult:
    if route.intent == "upload":
        return _upload(context, route, files or links_in(words))
    if route.intent == "edit":
        return edit.instruct(context, words)
    if route.intent == "export" and _only_asks(context, route, words):
        return export.explain(context, words, trouble=route.manner == "trouble")
    return _session_action(context, route.intent, output, words=words)


def _only_asks(context: Context, route: Route, words: str) -> bool:
    """Whether words about exporting want an answer and no file: a question, or "can you?" of what it cannot do."""
    session = context.store.session()
    draft = context.store.draft(session.session_id) if session else None
    return route.manner in {"question", "trouble"} or (route.manner == "asked" and bool(unmet(context, words, draft)))


def _upload(context: Context, route: Route, sources: Sequence[str]) -> ActionResult:
    if not sources:
        formats, limit = context.manifest.formats, context.manifest.limits.max_upload_bytes // 2**20
        line = f"Hand me the file or a link to it: {', '.join(formats.all)}, up to {limit} MB each."
        return ActionResult("upload", (line,), data={"needs": "file"})
    current(context, text=route.instruction or "")
    result = upload.run(context, sources=sources)
    if not route.instruction or not result.data["files"] or isinstance(result.error, Unreachable):
        return result
    for line in result.lines:
        context.teller.say(line)
    told = edit.instruct(context, route.instruction)
    data = {"upload": dict(result.data), "edit": dict(told.data)}
    return ActionResult("upload", (*result.lines, *told.lines), data=data, next=told.next, error=result.error)


def _following(route: Route) -> tuple[str, ...]:
    """The further requests that can be done as they are; an edit's words are in the message already."""
    return tuple(dict.fromkeys(intent for intent in route.then if intent in {"export", "credits", "state"}))


def _session_action(
    context: Context, intent: str, output: str | None, *, words: str = "", already: ActionResult | None = None
) -> ActionResult:
    if already is not None and intent in already.data:
        return ActionResult(intent, ())
    if intent == "export":
        return export.run(context, output=output, words=words)
    return credits.run(context) if intent == "credits" else state.run(context)
