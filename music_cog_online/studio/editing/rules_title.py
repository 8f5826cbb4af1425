"""Rules for texts on the picture: add, change, remove."""

from __future__ import annotations

import re

from music_cog_online.studio.editing import lexicon as words
from music_cog_online.studio.editing.clauses import Clause
from music_cog_online.studio.editing.operations import (
    AddTitle,
    ChangeTitle,
    Operation,
    RemoveTitle,
    Span,
    Unknown,
)

__all__ = ["title"]

_WRITE = r"\b(?:write|say(?:s|ing)?|put|show|display|add|overlay|type|print|text)\b|写|显示|打上|加|放"
_UNQUOTED = re.compile(
    r"(?:\b(?:saying|says|that says|which says|say|reading|reads|with the (?:text|words?)|called|titled|named|"
    r"text)\b\s*[:：]?|[:：])\s*(?P<text>.+)$"
)
_UNQUOTED_BARE = re.compile(
    r"\b(?:titles?|captions?|subtitles?|texts?|headline|heading)\b\s+(?P<text>(?!at\b|on\b|in\b|to\b|for\b|"
    r"from\b|with\b|that\b|which\b|of\b|overlay|here|please|card|over|‹)\S.*)$"
)
_UNQUOTED_ZH = re.compile(
    r"(?:(?:标题|字幕|文字|文本|题目|片名)\s*(?:写上|写着|写成?|显示|内容(?:是|为)?|叫做?|是|为|说)?|写上|写着|写|打上)\s*[:：]?\s*(?P<text>[^‹，。]+)"
)
_TAIL = re.compile(
    r"\s+(?:(?:at|on|in|near|to) (?:the )?(?:very )?(?:top|bottom|cent(?:er|re)|middle|upper|lower|left|right|"
    r"start|beginning|end|opening|corner|screen|video|picture|first|last)\b.*"
    r"|(?:for|during|from|at|in|over|until) (?:the )?(?:(?:first|last|final|whole|entire) ?)?(?:‹.*|video.*|"
    r"clip.*|$)|throughout\b.*|in (?:big |large |small |bold )*(?:"
    + "|".join(name for name in words.COLORS if name.isascii())
    + r")\b.*)$"
)
_TAIL_ZH = re.compile(r"(?:在|从|放在|显示|持续|，|用[白黑红黄金橙绿蓝青紫粉灰]).{0,14}$")
_RETEXT = (
    r"\b(?:change|edit|rename|replace|rewrite|update|correct|fix|swap|make)\b.{0,40}\b(?:to|with|say|read|"
    r"into|by|as)\b|\bshould (?:be|say|read)\b|改[成为]|换[成为]|替换.{0,6}[成为]|变成"
    r"|(?:改|换).{0,4}(?:标题|字幕|文字)[成为]"
)
_RESTYLE = (
    r"\b(?:make|turn|move|put|set|change|place|shift|keep|show)\b.{0,12}\b(?:the|that|my|this|it|"
    r"both)\b.{0,16}\b(?:titles?|captions?|subtitles?|texts?|headings?|headlines?|words)\b|^(?:the "
    r")?(?:titles?(?! it| this)|captions?|subtitles?|texts?)\b|"
    r"(?:标题|字幕|文字)(?:要|再)?(?:调|放|移|改|变|换|挪|大|小|"
    r"弄|设|居|往)|把.{0,4}(?:标题|字幕|文字)"
)
_NOUN = r"(?:\b(?:titles?|captions?|subtitles?|text|headline)\b|标题|字幕|文字)"
_BARE = rf"^(?:the |my )?{_NOUN}\s*[:：]?\s*‹[qm]"
_NEW = r"\b(?:add|insert|write|new|another|overlay|a|an|create|give|some)\b|加|添|写|插入|打上|来个|做个|上个|新"


def title(clause: Clause) -> Operation | None:
    """Texts on the picture."""
    quotes = clause.all("q") or _named_like_a_file(clause)
    named = clause.has(words.TITLE)
    if named and not quotes and clause.has(words.FADE) and not clause.has(_UNQUOTED):
        return Unknown(clause.original())
    follows = bool(quotes) and isinstance(clause.before, AddTitle) and clause.has(r"\b(?:another|second|one)\b|再|另")
    if not named and not follows and not (quotes and clause.has(_WRITE)) and not _unquoted_write(clause):
        return _correction(clause, quotes)
    if _about_other_things(clause) and not quotes:
        return None
    if clause.has(words.REMOVE) and not clause.has(_RETEXT) and not clause.has(r"\bwithout\b"):
        return _removal(clause, quotes)
    if len(quotes) == 2 and clause.has(_RETEXT):
        return ChangeTitle(old=quotes[0], text=quotes[1])
    if quotes and clause.has(r"\b(?:rename|retitle)\b|重命名"):
        return ChangeTitle(text=quotes[-1])
    bare = len(quotes) == 1 and clause.has(_BARE)
    change = not bare and (clause.has(_RETEXT) or (clause.has(_RESTYLE) and not (quotes and clause.has(_NEW))))
    fresh = (
        clause.has(_NEW)
        and not clause.has(_RETEXT)
        and not clause.has(
            r"\b(?:the|that|my|this) (?:title|caption|subtitle|text)\b.{0,12}\b(?:bigger|smaller|larger)\b"
        )
    )
    if change and not fresh:
        found = _change(clause, quotes)
        if found is not None:
            return found
    text = quotes[0] if quotes else _words(clause) or _name_of_file(clause)
    role = "subtitle" if clause.has(r"\b(?:captions?|subtitles?)\b|字幕") else "title"
    return AddTitle(
        text=text,
        span=clause.span(),
        position=clause.position(),
        color=clause.color(),
        size=clause.size(),
        role=role,  # type: ignore[arg-type]
        bare=bare,
    )


def _change(clause: Clause, quotes: list[str]) -> Operation | None:
    number = clause.find(r"‹(o\d+)›\s*(?:titles?|captions?|subtitles?|texts?|ones?|标题|字幕|文字)")
    span = clause.span()
    text = quotes[0] if quotes else _new_words(clause) if clause.has(_RETEXT) and not clause.color() else None
    found = ChangeTitle(
        number=number,
        text=text or None,
        span=span if span != Span() else None,
        position=clause.position(),
        color=clause.color(),
        size=clause.size(),
        size_factor=clause.size_factor(),
    )
    return found if found != ChangeTitle(number=number) else None


def _correction(clause: Clause, quotes: list[str]) -> Operation | None:
    """Changes such as "make it red" right after a title, and "change 'a' to 'b'" at any time."""
    if len(quotes) == 2 and clause.has(_RETEXT):
        return ChangeTitle(old=quotes[0], text=quotes[1])
    if isinstance(clause.before, (AddTitle, ChangeTitle)) and clause.has(r"\bit\b|把它|它"):
        return _change(clause, quotes)
    return None


def _removal(clause: Clause, quotes: list[str]) -> Operation:
    number = clause.find(r"‹(o\d+)›\s*(?:titles?|captions?|subtitles?|texts?|标题|字幕|文字)")
    every = clause.has(r"\b(?:all|every|titles|captions|subtitles|texts|any)\b|所有|全部|都")
    return RemoveTitle(number, quotes[0] if quotes else None, every)


def _unquoted_write(clause: Clause) -> bool:
    return clause.has(r"(?:写上|写着|打上|写)\s*[:：]?\s*\S|\bwrite\b \S|\bsaying\b")


def _about_other_things(clause: Clause) -> bool:
    """Automatic captions and translations go to the rule that says so."""
    return any(
        clause.has(pattern) for what, pattern in words.UNSUPPORTED if what in ("captions", "translate", "lyrics")
    )


def _new_words(clause: Clause) -> str:
    """What a text is to say from now on, where that stands without quotes."""
    patterns = (r"(?:改|换|变)[成为]\s*[:：]?\s*(?P<text>.+)$", r"\b(?:to|say|read|be|into|as)\b\s+(?P<text>.+)$")
    return _unquoted(clause, tuple(re.compile(pattern) for pattern in patterns))


def _words(clause: Clause) -> str:
    """What a new text says, where that stands without quotes."""
    return _unquoted(clause, (_UNQUOTED, _UNQUOTED_ZH, _UNQUOTED_BARE, re.compile(r"\bwrite\b\s+(?P<text>.+)$")))


def _unquoted(clause: Clause, patterns: tuple[re.Pattern[str], ...]) -> str:
    """The words that the first fitting pattern finds, as the user wrote them, without what tells place and time."""
    text = re.sub(r" ?‹([nm]\d+)› ?", lambda token: f" {_spoken(clause, token[1])} ", clause.text)
    match = next(filter(None, (pattern.search(text) for pattern in patterns)), None)
    if match is None:
        return ""
    found = match["text"]
    found = _TAIL_ZH.sub("", _TAIL.sub("", f" {found}")).split("‹")[0].strip(" :：,，")
    if not found or re.fullmatch(
        r"(?:the |a |an )?(?:top|bottom|cent(?:er|re)|middle|here|it|video|screen|一个|个|上)", found
    ):
        return ""
    original = re.search(r"\s+".join(map(re.escape, found.split())), clause.raw, re.IGNORECASE)
    return original[0] if original is not None else found


def _spoken(clause: Clause, key: str) -> str:
    """A number or a file's name as it stands in the text."""
    return f"{clause.values[key]:g}" if key[0] == "n" else str(clause.values.get(f"{key} words", ""))


def _named_like_a_file(clause: Clause) -> list[str]:
    """A title's text that happens to be the name of a file."""
    match = re.search(rf"{_NOUN}(?:\s+(?:saying|that says|reading|called|of))?\s*[:：]?\s*‹(m\d+)›", clause.text)
    words_of = clause.values.get(f"{match[1]} quoted") if match is not None else None
    return [str(words_of)] if words_of else []


def _name_of_file(clause: Clause) -> str:
    """The name of a file that stands where a title's text should be."""
    return next((str(clause.values.get(f"{key} words", "")) for key in re.findall(r"‹(m\d+)›", clause.text)), "")
