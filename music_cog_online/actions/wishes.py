"""What a user wants an exported file to be, and what of it an export does not give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from music_cog_online.actions.context import Context
from music_cog_online.actions.suggestions import language
from music_cog_online.actions.words import listed, unquoted
from music_cog_online.timeline import Timeline

__all__ = ["answer", "delivered", "last_request", "unmet"]

_FASTEST = 60
_JOINTS = re.compile(r"\b(?:and|then)\b|[,;.!?，。；！？]\s|然后|再|并|，|。", re.IGNORECASE)


def unmet(context: Context, words: str, draft: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Names of the wishes in the user's words that a file made from this draft does not fulfil.

    Quotations are not read. A size counts as fulfilled where the draft has it, a frame rate also where the draft does
    not say which it has; no format but MP4 does.
    """
    plain = unquoted(words)
    found: dict[str, None] = {}
    for wish in context.manifest.exporting.wishes:
        match = re.search(rf"(?<![0-9A-Za-z_.\-])\.?(?:{wish.words})(?![0-9A-Za-z_])", plain, re.IGNORECASE)
        value = wish.value or int(match[1]) if match and match.re.groups else wish.value
        if match is not None and not _has(draft, wish.kind, value):
            found[wish.name.format(value=value)] = None
    return tuple(found)


def answer(context: Context, wishes: tuple[str, ...], *, trouble: bool = False) -> tuple[str, ...]:
    """What an export gives, and which of these wishes it does not fulfil; after `trouble`, how to go on."""
    table, spoken = context.manifest.exporting, language(context)
    if trouble:
        return (table.trouble[spoken],)
    refused = [table.refused[spoken].format(wishes=_listed(wishes, spoken))] if wishes else []
    larger = [table.larger[spoken]] if context.backend.kind == "studio" else []
    return (*refused, table.gives[spoken], *larger)


def delivered(context: Context, wishes: tuple[str, ...], draft: Mapping[str, Any]) -> tuple[str, ...]:
    """Which of the wishes a finished file does not fulfil, and what it is instead; nothing when it fulfils all."""
    if not wishes:
        return ()
    spoken = language(context)
    width, height = Timeline.canvas(draft)
    size = f"MP4, {width}x{height}" if width else "MP4"
    words = context.manifest.exporting.delivered[spoken]
    return (words.format(wishes=_listed(wishes, spoken), size=size),)


def last_request(words: str) -> str:
    """The last part of a message that asks for several things."""
    parts = [part for part in _JOINTS.split(words) if part.strip()]
    return parts[-1] if parts else ""


def _has(draft: Mapping[str, Any] | None, kind: str, value: int) -> bool:
    if kind == "size":
        return min(Timeline.canvas(draft)) == value
    details = draft.get("m") if draft else None
    rate = details.get("fps") if isinstance(details, Mapping) else None
    if kind != "rate":
        return False
    return round(rate) == value if isinstance(rate, int | float) else value <= _FASTEST


def _listed(wishes: tuple[str, ...], spoken: str) -> str:
    return "、".join(wishes) if spoken == "zh" else f"{listed(wishes)} {'is' if len(wishes) == 1 else 'are'}"
