"""What a user wrote → operations, without a language model.

The text is first freed of its values (`measures`), then cut into clauses, and each clause goes through a row of rules;
the first rule that fits decides. Clauses that only refine ("in white", "don't touch the picture") join what they
refine. The shape of the picture may be told in any clause ("a vertical montage"); what a clause asks for beyond its
operations is not dropped but named (`leftovers`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from music_cog_online.studio.editing import lexicon as words
from music_cog_online.studio.editing.leftovers import SYNC_BY_NAME, left_over
from music_cog_online.studio.editing.lexicon import SPLIT, only_modifies
from music_cog_online.studio.editing.measures import tokenise
from music_cog_online.studio.editing.operations import (
    AddMusic,
    AddTitle,
    ChangeTitle,
    Fade,
    History,
    Operation,
    RemoveMusic,
    RemoveTitle,
    SetVolume,
    Span,
    Sync,
    Talk,
    Trim,
    Unknown,
    Unsupported,
)
from music_cog_online.studio.editing.rules import RULES, Clause, question, small_talk
from music_cog_online.studio.editing.rules_leave import NEGATED, PASSIVE, leave
from music_cog_online.studio.editing.rules_shape import beside_shape, shape
from music_cog_online.studio.editing.rules_sound import fade, volume
from music_cog_online.studio.editing.rules_sync import HANDS_OFF, sync

__all__ = ["Known", "is_chinese", "understand"]

_MAX_OPERATIONS = 30
_POLITE = re.compile(
    r"\b(?:please|pls|plz|kindly|thanks|thank you|could you|can you|would you|will you|i(?:'d| would) like (?:you )?to|"
    r"i want (?:you )?to|i want|i need you to|let'?s|just|now|ok(?:ay)?|hey|hi|hello|so|well|maybe|and|then|"
    r"never ?mind|actually|sorry|oops|wait)\b"
    r"|请|麻烦|帮我|帮忙|我想要?|我要|能不能|可以|吧|呢|啊|一下|你好|然后|再|吗|算了"
)


_TITLE_PART = re.compile(
    r"\s*(?:\b(?:and|with|plus|featuring)\s+)?(?:\b(?:add|put|write|show|display|insert|have)\s+)?"
    r"(?:\b(?:a|an|the|my)\s+)?(?:\b(?:big|small|bold|short|red|white|yellow)\s+)?"
    r"\b(?:titles?|captions?|subtitles?|text|headline)\b(?:\s+(?:saying|that says|reading|reads|called|of))?"
    r"\s*:?\s*‹[qm]"
    r"|(?:[再并和带]|加|添加|配|写)?(?:上|个|一个)?(?:标题|字幕|文字)(?:写|写上|为|是)?\s*[:：]?\s*‹[qm]",
    re.ASCII,
)
_FADE_PART = re.compile(
    r"\s*\b(?:with|and|plus)\s+(?=(?:an? )?(?:\w+ )?fad(?:e|ing))|(?<=[^，])[带加]?(?=[淡渐][入出])"
)
_LEVEL_PART = re.compile(
    r"\s*\b(?:with|and)\s+(?=(?:the |its |my )?(?:music|song|bgm|(?:original|own) (?:sound|audio))\b[^‹]{0,16}‹[pd])"
)
_MUTE_PART = re.compile(
    r"\s*\b(?:with (?=(?:the |its )?(?:original|own) (?:sounds?|audio) (?:muted|off|silent))|"
    r"(?=without (?:the |its |any )?(?:original|own) (?:sound|audio)))"
)
_LONG = re.compile(
    r"‹(t\d+)›[\s-]*(?:(?!in |at |on |of |and |with |into )[\w-]+ ){0,2}"
    r"(?:videos?|clip|reel|shorts?|tik ?tok|story|version|post|vertical|portrait|square)\b"
    r"|‹(t\d+)›的?(?:竖|横|抖音|视频|短片)",
    re.ASCII,
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
    found = _one_unknown(_merge(found))
    if any(not isinstance(each, (Talk, Unknown)) for each in found):
        found = [each for each in found if not isinstance(each, Talk) or each.about in ("state", "export")]
    return tuple(found) or (Unknown(text.strip()),)


def _clauses(text: str) -> list[str]:
    parts = [piece for part in SPLIT.split(text) if part and part.strip() for piece in _wishes(part.strip())]
    joined: list[str] = []
    for part in parts:
        if joined and only_modifies(part):
            joined[-1] = f"{joined[-1]} , {part}"
        elif joined and len(joined) == 1 and only_modifies(joined[0]):
            joined[0] = f"{joined[0]} , {part}"
        else:
            joined.append(part)
    return joined


def _wishes(part: str) -> list[str]:
    """A clause cut where a title, a fade or a volume hangs on to something else: "a montage with the title ‘Rome’"."""
    negated = NEGATED.search(part)
    before = part[: negated.start()].strip() if negated is not None else ""
    if (
        negated is not None
        and before
        and not negated[0].startswith(PASSIVE)
        and not only_modifies(before)
        and not words.TITLE.search(before)
    ):
        return [*_wishes(before), part[negated.start() :]]
    for pattern in (_TITLE_PART, _FADE_PART, _LEVEL_PART, _MUTE_PART):
        match = next((found for found in pattern.finditer(part) if _is_wish(part[: found.start()], pattern)), None)
        if match is not None:
            after = part[match.start() if pattern is _TITLE_PART else match.end() :]
            return [
                *_wishes(part[: match.start()].strip()),
                *_wishes(re.sub(r"^\s*(?:and|with|plus)\s+", "", after.strip())),
            ]
    return [part]


def _is_wish(before: str, pattern: re.Pattern[str]) -> bool:
    """Whether what stands before the cut is a wish of its own kind."""
    clause = Clause(before, {}, before, {})
    if only_modifies(before):
        return False
    if pattern is _FADE_PART and (clause.has(words.TITLE) or clause.has(words.FADE)):
        return False
    return bool(clause.text.strip()) and (
        clause.has(words.SYNC)
        or shape(clause) is not None
        or clause.has(words.FADE)
        or (clause.has(words.MUSIC) and clause.has(words.ADD))
        or clause.has(r"‹[tm]\d+›")
    )


def _read(clause: Clause) -> list[Operation]:
    if (kept := leave(clause)) is not None and not clause.has(HANDS_OFF):
        return [kept]
    if small_talk(clause) is None and question(clause) is None and (asked := shape(clause)) is not None:
        found = _first(clause)
        if any(isinstance(each, (AddTitle, ChangeTitle)) and each.text not in ("", None) for each in found) and not (
            clause.all("q")
        ):
            return found
        rest = beside_shape(clause)
        others = [each for each in _first(rest) if each != Trim() and _goes_with_shape(each)]
        length_s = clause.find(_LONG)
        if length_s is not None and not any(isinstance(each, (Trim, Sync)) for each in others):
            others.insert(0, Trim(Span(0.0, length_s)))
        others = _with_company(rest, others)
        return [*others, asked, *left_over(clause, [*others, asked])]
    found = _with_company(clause, _first(clause))
    if found:
        return [*found, *left_over(clause, found)]
    said = _POLITE.sub("", clause.text).strip(" ,.!")
    return [Unknown(clause.original())] if said else []


def _with_company(clause: Clause, found: list[Operation]) -> list[Operation]:
    """The operations, and a sync, a fade or a mute that stands beside them in the same clause."""
    if not found or isinstance(found[0], (AddTitle, ChangeTitle, RemoveTitle, History, Talk, Unknown, Unsupported)):
        return found
    if not any(isinstance(each, Sync) for each in found) and clause.has(SYNC_BY_NAME):
        beside = sync(clause)
        found = [beside, *found] if beside is not None else found
    for kind, pattern, rule in ((Fade, words.FADE, fade), (SetVolume, words.MUTE, volume)):
        if not any(isinstance(each, (kind, RemoveMusic)) for each in found) and clause.has(pattern):
            beside = rule(clause)
            found = [*found, beside] if beside is not None else found
    return found


def _first(clause: Clause) -> list[Operation]:
    for rule in RULES:
        found = rule(clause)
        if found is not None:
            return [found] if not isinstance(found, list) else found
    return []


def _goes_with_shape(operation: Operation) -> bool:
    return not isinstance(operation, Talk) or operation.about == "export"


def _one_unknown(found: list[Operation]) -> list[Operation]:
    """Everything that was not understood, told at once."""
    texts = list(dict.fromkeys(each.text for each in found if isinstance(each, Unknown)))
    kept: list[Operation] = [each for each in found if not isinstance(each, Unknown)]
    return [*kept, Unknown("”, “".join(texts))] if texts else kept


def _merge(found: list[Operation]) -> list[Operation]:
    """One instruction syncs once: everything that it says about music and sync goes into one operation."""
    syncs = [each for each in found if isinstance(each, Sync)]
    if not syncs:
        return _merge_fades(found)
    whole = syncs[0]
    for other in syncs[1:]:
        whole = _overlay(whole, other)
    adds = [each for each in found if isinstance(each, AddMusic)]
    if adds and whole.hint and whole.drop_at_s is None and whole.drop_cut is None:
        return _merge_fades(_only_under(found, whole))
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


def _only_under(found: list[Operation], hint: Sync) -> list[Operation]:
    """A song that is put under the picture stays there when the picture is to be left alone."""
    return [
        replace(
            each,
            touch_picture=hint.touch_picture,
            from_s=each.from_s if each.from_s is not None else hint.song_from_s,
        )
        if isinstance(each, AddMusic)
        else each
        for each in found
        if not isinstance(each, Sync)
    ]


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
