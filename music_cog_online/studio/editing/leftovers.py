"""The words of a clause that carry a wish which none of its operations carries out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from music_cog_online.studio.editing import lexicon as words
from music_cog_online.studio.editing.clauses import Clause
from music_cog_online.studio.editing.operations import (
    AddMusic,
    AddTitle,
    ChangeTitle,
    Fade,
    History,
    Leave,
    Operation,
    RemoveMusic,
    RemoveTitle,
    Reorder,
    SetShape,
    SetVolume,
    Sync,
    Talk,
    Unknown,
    Unsupported,
)
from music_cog_online.studio.editing.rules_shape import shape

__all__ = ["SYNC_BY_NAME", "left_over"]

SYNC_BY_NAME = r"\bsync\w*|\bmontage\b|\b(?:on|to) (?:the |every |each )*beats?\b|卡点|踩点|混剪|节拍|鼓点"
"""A wish for sync that nothing else can be meant by."""

_PACES = r"\bevery (?:‹n\d+›|two|three|four|eight|couple of|few) (?:bars|measures)\b|每[两三四八]个?小节"
_TITLES = (AddTitle, ChangeTitle, RemoveTitle)
_WISHES: tuple[tuple[str | re.Pattern[str], tuple[type, ...]], ...] = (
    (SYNC_BY_NAME, (Sync,)),
    (words.FADE, (Fade,)),
    (r"\b(?:titles?|captions?|subtitles?)\b|标题|字幕", _TITLES),
    (words.MUTE, (SetVolume, RemoveMusic)),
)
_FOREIGN = frozenset(
    {"captions", "translate", "voice", "transition", "speed", "reverse", "overlay", "cutout", "lyrics"}
)
_BEFORE = (
    r"(?:\b(?:for|from|to|at|in|over|until|till|after|before|the|first|last|between|and|on|by|a|around) ){0,3}"
    r"(?:[从到至在前后第最]{0,2})"
)
_SAME = 1e-6


def left_over(clause: Clause, found: Sequence[Operation]) -> list[Operation]:
    """What the clause asks for beyond the operations that it gave, as operations that say so."""
    if not found or any(isinstance(each, (History, Leave, Reorder, Talk, Unknown, Unsupported)) for each in found):
        return []
    titles = [each for each in found if isinstance(each, (AddTitle, ChangeTitle))]
    if any(each.text not in (None, *clause.all("q")) for each in titles):
        return []  # without quotes there is no telling a title's text from the rest
    foreign = [] if titles else list(_foreign(clause, found))
    said = [*_unused_wishes(clause, found), *_unused_values(clause, found)]
    return [*foreign, *(Unknown(each) for each in said)]


def _foreign(clause: Clause, found: Sequence[Operation]) -> Iterator[Operation]:
    paced = any(isinstance(each, Sync) and each.density is not None for each in found)
    for what, pattern in words.UNSUPPORTED:
        if what in _FOREIGN and clause.has(pattern) and not (paced and what == "speed"):
            yield Unsupported(what)


def _unused_wishes(clause: Clause, found: Sequence[Operation]) -> Iterator[str]:
    for pattern, kinds in _WISHES:
        if not any(isinstance(each, kinds) for each in found):
            yield from _shown(clause, pattern.pattern if isinstance(pattern, re.Pattern) else pattern)
    yield from _shown(clause, _PACES)


def _unused_values(clause: Clause, found: Sequence[Operation]) -> Iterator[str]:
    used = list(_values(found))
    levels = any(
        isinstance(each, (SetVolume, AddMusic, Sync))
        and any(getattr(each, name, None) is not None for name in ("level", "factor", "volume"))
        for each in found
    )
    shaped = any(isinstance(each, SetShape) for each in found) or shape(clause) is None
    for key in re.findall(r"‹([qptr]\d+)›", clause.text):
        value = clause.values[key]
        if key[0] == "t":
            known = any(isinstance(each, float) and abs(abs(each) - value) < _SAME for each in used)
        else:
            known = levels if key[0] == "p" else shaped if key[0] == "r" else value in used
        if not known:
            yield from _shown(clause, rf"{_BEFORE}‹{key}›")


def _shown(clause: Clause, pattern: str) -> Iterator[str]:
    match = re.search(pattern, clause.text, re.ASCII)
    if match is not None:
        yield Clause(match[0].strip(), clause.values, clause.raw, clause.kinds).original()


def _values(found: Iterable[Any]) -> Iterator[Any]:
    """Every value in the operations, with the ends of spans."""
    for each in found:
        if isinstance(each, tuple):
            yield from _values(each)
        elif is_dataclass(each):
            start, length = getattr(each, "start_s", None), getattr(each, "length_s", None)
            yield from (start + length,) if start is not None and length is not None else ()
            yield from _values([getattr(each, field.name) for field in fields(each)])
        else:
            yield float(each) if isinstance(each, int) and not isinstance(each, bool) else each
