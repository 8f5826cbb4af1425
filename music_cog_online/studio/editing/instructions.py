"""What a user wrote → operations, without a language model.

The text is first freed of its values (`measures`), then cut into clauses, and each clause goes through a row of rules;
the first rule that fits decides. Clauses that only refine ("in white", "don't touch the picture") join what they
refine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from music_cog_online.studio.editing.lexicon import SPLIT, only_modifies
from music_cog_online.studio.editing.measures import tokenise
from music_cog_online.studio.editing.operations import AddMusic, Fade, Operation, Sync, Talk, Unknown
from music_cog_online.studio.editing.rules import RULES, Clause

__all__ = ["Known", "is_chinese", "understand"]

_MAX_OPERATIONS = 30
_POLITE = re.compile(
    r"\b(?:please|pls|plz|kindly|thanks|thank you|could you|can you|would you|will you|i(?:'d| would) like (?:you )?to|"
    r"i want (?:you )?to|i want|i need you to|let'?s|just|now|ok(?:ay)?|hey|hi|hello|so|well|maybe|and|then|"
    r"never ?mind|actually|sorry|oops|wait)\b"
    r"|请|麻烦|帮我|帮忙|我想要?|我要|能不能|可以|吧|呢|啊|一下|你好|然后|再|吗|算了"
)


@dataclass(frozen=True, slots=True)
class Known:
    """An upload that the text may name.

    Attributes:
        id: Its media id.
        name: Its display name.
        kind: ``video``, ``audio`` or ``image``.
    """

    id: str
    name: str
    kind: str


def is_chinese(text: str) -> bool:
    """Whether `text` holds Chinese characters outside quotes, or nothing but them."""
    outside = re.sub(r"[“\"'‘「『《][^”\"'’」』》]*[”\"'’」』》]", "", text)
    return bool(re.search(r"[\u4e00-\u9fff]", outside)) or (
        bool(re.search(r"[\u4e00-\u9fff]", text)) and not re.search(r"[a-zA-Z]{3}", outside)
    )


def understand(text: str, known: Sequence[Known]) -> tuple[Operation, ...]:
    """The operations that `text` asks for, in its order.

    Args:
        text: The instruction.
        known: The uploads of the session.

    Returns:
        At least one operation; what no rule knows becomes `Unknown`.
    """
    tokens = tokenise(text, {upload.name: upload.id for upload in known})
    kinds = {upload.id: upload.kind for upload in known}
    found: list[Operation] = []
    for part in _clauses(tokens.text):
        clause = Clause(part, tokens.values, tokens.raw, kinds, found[-1] if found else None)
        found.extend(_read(clause))
        if len(found) > _MAX_OPERATIONS:
            break
    found = _merge(found)
    if any(not isinstance(each, (Talk, Unknown)) for each in found):
        found = [each for each in found if not isinstance(each, Talk) or each.about in ("state", "export")]
    return tuple(found) or (Unknown(text.strip()),)


def _clauses(text: str) -> list[str]:
    parts = [part.strip() for part in SPLIT.split(text) if part and part.strip()]
    joined: list[str] = []
    for part in parts:
        if joined and only_modifies(part):
            joined[-1] = f"{joined[-1]} , {part}"
        elif joined and len(joined) == 1 and only_modifies(joined[0]):
            joined[0] = f"{joined[0]} , {part}"
        else:
            joined.append(part)
    return joined


def _read(clause: Clause) -> list[Operation]:
    for rule in RULES:
        found = rule(clause)
        if found is not None:
            return [found] if not isinstance(found, list) else found
    words = _POLITE.sub("", clause.text).strip(" ,.!")
    return [Unknown(clause.original())] if words else []


def _merge(found: list[Operation]) -> list[Operation]:
    """One instruction syncs once: everything that it says about music and sync goes into one operation."""
    syncs = [each for each in found if isinstance(each, Sync)]
    if not syncs:
        return _merge_fades(found)
    whole = syncs[0]
    for other in syncs[1:]:
        whole = _overlay(whole, other)
    adds = [each for each in found if isinstance(each, AddMusic)]
    for add in adds:
        whole = replace(
            whole,
            song=whole.song or add.song,
            volume=add.volume if whole.volume is None else whole.volume,
            song_from_s=add.from_s if whole.song_from_s is None else whole.song_from_s,
            hint=False,
        )
    merged: list[Operation] = []
    for each in found:
        if not isinstance(each, (Sync, AddMusic)):
            merged.append(each)
        elif whole not in merged:
            merged.append(whole)
    return _merge_fades(merged)


def _overlay(base: Sync, other: Sync) -> Sync:
    said: Mapping[str, Any] = {
        field.name: value
        for field in fields(Sync)
        if (value := getattr(other, field.name)) not in (None, ()) and field.name != "hint"
    }
    return replace(base, **said, hint=base.hint and other.hint)


def _merge_fades(found: list[Operation]) -> list[Operation]:
    merged: list[Operation] = []
    for each in found:
        last = merged[-1] if merged else None
        if isinstance(each, Fade) and isinstance(last, Fade) and last.target == each.target:
            merged[-1] = Fade(
                each.target,
                each.in_s if each.in_s is not None else last.in_s,
                each.out_s if each.out_s is not None else last.out_s,
            )
        else:
            merged.append(each)
    return merged
