"""Rules for length: what of the picture stays and what goes."""

from __future__ import annotations

from music_cog_online.studio.editing import lexicon as words
from music_cog_online.studio.editing.clauses import Clause
from music_cog_online.studio.editing.operations import Operation, Span, Trim

__all__ = ["trim"]

_T = r"‹([tn]\d+)›"
_CUTS = (
    r"\b(?:trim|cut|shorten|crop|clip|keep|make|limit|reduce|remove|delete|drop|chop|skip|take|use|only|just|"
    r"bring|get|cap|leave|last|end|start|begin|stop|lose|shave|set|down)\w*\b|剪|裁|截|缩|保留|留|只要|删|"
    r"去掉|切|砍|掐|时长|长度|控制|压缩|变成|做成|改成|到此|结束|开始"
)
_KEEPS = r"\b(?:keep|use|only|just|leave|to the|down to)\b|保留|只要|只留|留下|截取|截|要前|用前|取"
_DROPS = (
    r"\b(?:cut|remove|delete|trim|drop|chop|skip|take|lose|shave|clip|crop|get rid)\w*\b|剪掉|剪去|删|去掉|"
    r"去除|切掉|砍掉|裁掉|掐掉|不要|跳过|掐"
)
_FIRST = (
    rf"\bfirst {_T}|\b(?:opening|initial) {_T}|{_T} (?:off |from |at )*(?:of )?(?:the )?(?:start|beginning|"
    rf"front|head)\b|前面?的?\s*{_T}|(?:开头|片头|开始|头)的?\s*{_T}"
)
_LAST = (
    rf"\b(?:last|final|closing) {_T}|{_T} (?:off |from |at |of )*(?:the )?(?:end|tail|back)\b|(?:最后|结尾|"
    rf"末尾|片尾|后面?|尾部?)的?\s*{_T}"
)
_RANGE = (
    rf"(?:\b(?:from|between)\s+|从\s*)?(?:第\s*)?{_T}\s*(?:处|秒)?\s*(?:剪|截|保留|留|切|取)?\s*(?:to|and|"
    rf"until|till|through|-|–|—|~|到|"
    rf"至)\s*(?:第\s*)?{_T}"
)
_OUT = (
    r"\b(?:remove|delete|drop|cut out|chop|take out|skip|cut (?:the (?:part|bit|section) )?(?:from|between|‹)|"
    r"get rid of|lose)\b|剪掉|删|去掉|切掉|砍掉|裁掉|不要|跳过|掐掉|去除"
)
_BARE = (
    r"^(?:please )?(?:trim|shorten)\b(?!.*\b(?:song|music)\b)|\bmake it (?:a bit )?shorter\b|剪短|缩短|太长|"
    r"\btoo long\b"
)
_ALONE = r"^‹t\d+›[ ,，]*(?:long|video|version|视频)?$"
_BY = rf"\b(?:shorten|trim|cut|reduce)\w*\b.{{0,20}}\bby {_T}|{_T} shorter\b|缩短\s*{_T}|短\s*{_T}"
_START = (
    rf"\b(?:start|begin)\w*\b.{{0,20}}\b(?:at|from)\b\s*{_T}|\b(?:from|after) {_T} (?:on|onwards?|to the "
    rf"end)\b|从\s*(?:第)?\s*{_T}\s*(?:处)?(?:开始|起)|\bcut everything before {_T}|\b(?:everything|all) "
    rf"before {_T}"
)
_END = (
    rf"\b(?:end|stop|finish)\w*\b.{{0,16}}\b(?:at|after)\b\s*{_T}|到\s*(?:第)?\s*{_T}\s*(?:处)?(?:结束|为止|"
    rf"停)|\b(?:everything|all) after {_T}"
)
_TO = (
    rf"\b(?:to|down to|at|under|within|max(?:imum)?|exactly|about|be|only|just|of|it|video|length|duration|"
    rf"keep|make|limit)\b.{{0,14}}?{_T}|{_T}[\s-]*(?:long|version|cut|edit|video|max)|(?:到|成|至|为|在|短到|"
    rf"剩|留|保留|只要|时长|长度|控制)\D{{0,4}}{_T}|{_T}"
)


def trim(clause: Clause) -> Operation | None:
    """Trims, in every way in which people say them."""
    if clause.has(words.SYNC):
        return None
    if not clause.all("tn"):
        return Trim() if clause.has(_BARE) else None
    if not clause.has(_CUTS) and not clause.has(_ALONE):
        return None
    if not clause.all("t") and clause.has(words.MUSIC):
        return None
    if clause.has(words.MUSIC) and clause.has(words.ADD) and not clause.has(r"\b(?:trim|shorten)\b|剪"):
        return None
    video = next(iter(clause.refs()), None)
    keep, cut = _spans(clause)
    if keep is None and cut is None:
        return None
    return Trim(keep=keep, cut=cut, video=video)


def _spans(clause: Clause) -> tuple[Span | None, Span | None]:
    times = [float(value) for value in clause.all("tn")]
    if len(times) > 1 and clause.has(_RANGE):
        start, end = sorted(times[:2])
        out = clause.has(_OUT) and not clause.has(_KEEPS)
        return (None, Span(start, end)) if out else (Span(start, end), None)
    first, last, by = clause.find(_FIRST), clause.find(_LAST), clause.find(_BY)
    drops = clause.has(_DROPS) and not clause.has(_KEEPS)
    if by is not None:
        return None, Span(-by)
    if first is not None:
        return (None, Span(0.0, first)) if drops else (Span(0.0, first), None)
    if last is not None:
        return (None, Span(-last)) if drops else (Span(-last), None)
    start, end = clause.find(_START), clause.find(_END)
    if start is not None:
        return Span(start), None
    if end is not None:
        return Span(0.0, end), None
    length = clause.find(_TO)
    return (Span(0.0, length), None) if length else (None, None)
