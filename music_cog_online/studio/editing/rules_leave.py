"""Rules for what is not to be done, and for what looks like another wish: "don't mute the music"."""

from __future__ import annotations

import re

from music_cog_online.studio.editing import lexicon as words
from music_cog_online.studio.editing.clauses import Clause
from music_cog_online.studio.editing.operations import Leave, Operation, Reorder, Unsupported

__all__ = ["NEGATED", "PASSIVE", "elsewhere", "leave", "reorder"]

_DONE = (
    r"(?:mut(?:e|ed|ing)|silenc(?:e|ed|ing)|turn(?:ed|ing)?|remov(?:e|ed|ing)|delet(?:e|ed|ing)|eras(?:e|ed|ing)|"
    r"drop(?:ping)? (?:the|my|any)|clear(?:ing)?|strip(?:ping)?|kill(?:ing)?|los(?:e|ing)|discard(?:ing)?|"
    r"get(?:ting)? rid of|tak(?:e|ing) (?:out|off|away)|add(?:ing)?|put(?:ting)?|replac(?:e|ing)|lower(?:ing)?|"
    r"rais(?:e|ing)|reduc(?:e|ing)|chang(?:e|ing)|touch(?:ing)?|alter(?:ing)?|reset(?:ting)?|revers(?:e|ing)|undo)"
)
_DONE_ZH = r"(?:静音|消音|关|删|去掉|去除|移除|清空|加|换|调|降低|提高|改|动)"
NEGATED = re.compile(
    r"(?:\b(?:i|we|you) )?\b(?:do not|don'?t|never|no need to|(?:should|must|can|need)(?:n'?t| ?not)|without|not)\s+"
    rf"(?:(?:you|ever|please|to|want|completely|fully|also|just|all)\s+)*(?:be\s+)?{_DONE}\b"
    r"|(?:\b(?:i|we) )?\b(?:do not|don'?t) (?:want|need|like)\b.{1,30}"
    r"\b(?:muted|silenced|removed|deleted|changed|gone)\b"
    rf"|\bno (?:muting|mute)\b|(?:千万)?(?:别|不要|不用|不必|无需|勿|不能)再?(?:把|将|给)?[^，。]{{0,8}}?{_DONE_ZH}",
    re.ASCII,
)
"""A wish turned down: it and what follows it are about something that is to stay."""

PASSIVE = ("should", "must", "can", "need")
"""How a wish begins whose object stands before it: "the music should not be muted"."""

_BUT_NOT = r"^(?:and |but )?not (?:the |my |any )"
_MUTES = r"\b(?:mut|silenc)\w*|\bturn\w*\b.{0,24}\boff\b|静音|消音|关"
_ABOUT = (
    ("music", words.MUSIC),
    ("own", words.OWN),
    ("title", words.TITLE),
)
_SILENCES = (
    r"\b(?:remov|cut|delet|trim|skip|strip|get rid|tak|eras|drop|clip|kill|los)\w*\b.{0,24}\b(?:silences?\b(?! the)|"
    r"silent (?:parts?|bits?|sections?|moments?|stretch\w*|gaps?|spots?|pieces?|segments?)|"
    r"quiet (?:parts?|bits?|sections?|moments?)|pauses|dead air|gaps)\b|"
    r"\b(?:jump[- ]?cut|auto)\w*\b.{0,16}\bsilences?\b|"
    r"(?:去掉|去除|删掉|删除|剪掉|移除|跳过).{0,6}(?:静音(?:的)?(?:部分|片段|地方|段)|无声|空白|停顿|沉默|安静的)"
)
_BETWEEN = (
    r"\b(?:between|in between|among)\b.{0,16}\b(?:clips?|shots?|scenes?|videos?|cuts?|photos?|images?|them|each)\b|"
    r"\bfrom (?:one )?(?:clip|shot|scene) to\b|(?:片段|镜头|视频|素材|图片|画面)(?:和.{1,4})?之?间"
)
_GENRES = (
    r"\b(?:a|an|some|any|another)\b (?:[\w-]+ ){0,2}(?:lo-?fi|jazz\w*|hip-?hop|rap|trap|techno|house|edm|rock|pop|"
    r"classical|piano|guitar|orchestral|synth-?wave|ambient|reggae|funk|country|metal|acoustic|royalty[- ]free|"
    r"trending|viral|library)\b(?: [\w-]+){0,2} (?:tracks?|music|songs?|tunes?|beats?|bgm)\b(?! video)"
)
_REVERSED = (
    r"\brevers\w*\b.{0,16}\border\b|\b(?:in|the) (?:reverse|opposite|other) order\b|\border\b.{0,12}\brevers\w*|"
    r"(?:顺序|次序).{0,6}(?:反|倒|颠倒|调换)|(?:颠倒|反转|倒置).{0,6}(?:顺序|次序)|倒序"
)
_SWAPPED = (
    r"\b(?:swap|switch|exchange|flip)\b (?:around )?(?:the |my |these |those |both |two |‹n\d+› )*"
    r"(?:clips?|videos?|shots?|order|photos?|images?)\b(?: around| order| over)?$|"
    r"(?:交换|调换|对调|互换).{0,6}(?:片段|视频|顺序|位置|素材)|(?:片段|视频|素材).{0,6}(?:交换|调换|对调|互换)"
)


def leave(clause: Clause) -> Operation | None:
    """What is to stay as it is, or to be so again."""
    negated = NEGATED.match(re.sub(r"^(?:please|and|but|just|also|请|但|也)\s*", "", clause.text))
    passive = NEGATED.search(clause.text)
    if passive is not None and passive[0].startswith(PASSIVE):
        negated = passive
    if negated is None and not (clause.has(_BUT_NOT) and (clause.has(words.MUSIC) or clause.has(words.OWN))):
        return None
    about = tuple(name for name, pattern in _ABOUT if clause.has(pattern))
    mutes = clause.has(_MUTES) or negated is None
    return Leave(about, mutes=mutes)


def reorder(clause: Clause) -> Operation | None:
    """The clips in another order."""
    if clause.has(_REVERSED):
        return Reorder()
    return Reorder(swap=True) if clause.has(_SWAPPED) and not clause.all("mfo") else None


def elsewhere(clause: Clause) -> Operation | None:
    """What sounds like an edit of this editor, but is not one."""
    if clause.has(_SILENCES):
        return Unsupported("silences")
    if clause.has(words.FADE) and clause.has(_BETWEEN):
        return Unsupported("transition")
    named = clause.all("mfq")
    if clause.has(_GENRES) and not named and not clause.has(words.SYNC):
        return Unsupported("library")
    return None
