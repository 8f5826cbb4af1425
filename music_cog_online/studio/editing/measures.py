"""Times, shares, names and quotes in an instruction, in English and Chinese, each turned into a token.

``trim to 1:20 and say "Hi"`` becomes ``trim to ‹t0› and say ‹q1›`` with the values beside it, so that the rules that
read instructions need not know how people write a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["RATIOS", "Tokens", "chinese_number", "tokenise"]

RATIOS = frozenset({"9:16", "16:9", "4:5", "5:4", "1:1", "3:4", "4:3", "21:9", "2:3", "3:2"})
"""Aspect ratios that are told from times."""

_WORDS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45,
    "fifty": 50, "sixty": 60, "ninety": 90, "couple of": 2, "a couple of": 2, "few": 3, "a few": 3,
}  # fmt: skip
_ORDINALS = {
    name: number
    for number, name in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1
    )
} | {"last": -1, "final": -1, "only": 1}
_N = r"(?:\d+(?:\.\d+)?|(?:" + "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True)) + r")(?![a-z]))"
_D = r"\d+(?:\.\d+)?"
_ZH = r"(?:\d+(?:\.\d+)?|[零一二两三四五六七八九十百]+)"
_NOUNS = (
    r"(?:clips?|videos?|songs?|tracks?|shots?|scenes?|cuts?|titles?|images?|photos?|pictures?|captions?|subtitles?|"
    r"texts?|ones?|files?|drops?|movies?|transitions?)"
)
_ZH_NOUNS = r"(?:视频|片段|镜头|首?歌曲?|音乐|音轨|轨道?|切点?|剪辑|图片?|照片|标题|字幕|文字|文件|段|素材|转场)"
_QUOTES = re.compile(
    r"“([^”]*)”|‘((?:[^’]|’(?=\w))*)’|「([^」]*)」|『([^』]*)』|《([^》]*)》|«([^»]*)»|„([^“”]*)[“”]|＂([^＂]*)＂"
    r"|\"([^\"]*)\"|(?<![\w])'((?:[^']|'(?=\w))+)'(?!\w)|`([^`]*)`|”([^”]*)”"
)
_LONG_NUMBER = re.compile(r"\d{10,}")  # no time has ten digits, and matching them would take long
_EXTENSIONS = r"(?:mp4|mov|avi|webm|mkv|jpe?g|png|gif|webp|mp3|wav|m4a|aac)"
_GENERIC = frozenset(
    [
        *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        "a",
        "an",
        "the",
        "video",
        "videos",
        "clip",
        "clips",
        "song",
        "songs",
        "music",
        "audio",
        "track",
        "image",
        "picture",
        "photo",
        "movie",
        "file",
        "final",
        "title",
        "text",
        "bgm",
        "edit",
        "cut",
        "cuts",
        "beat",
        "drop",
        "sound",
        "voice",
        "export",
        "project",
        "test",
        "new",
        "start",
        "end",
        "intro",
        "outro",
        "reel",
        "short",
        "视频",
        "音乐",
        "歌曲",
        "歌",
        "图片",
        "片段",
    ]
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """An instruction with its values taken out.

    Attributes:
        text: Lower case, with tokens such as ``‹t0›``: t time in seconds, p share, d decibels, q quoted text, m media
            id, f name of a file that is not there, r aspect ratio, o ordinal, n bare number.
        values: Value of each token by its name, e.g. ``t0``; the words of a file's name by e.g. ``m1 words``, and by
            ``m1 quoted`` too where they stand in quotes.
        raw: What the user wrote.
    """

    text: str
    values: Mapping[str, Any]
    raw: str


def tokenise(text: str, names: Mapping[str, str]) -> Tokens:
    """Takes quotes, file names, times and numbers out of `text`.

    Args:
        text: The instruction.
        names: Media id by display name of every upload.
    """
    values: dict[str, Any] = {}

    def put(kind: str, value: Any) -> str:
        key = f"{kind}{len(values)}"
        values[key] = value
        return f"‹{key}›"

    raw = text.replace("‹", "<").replace("›", ">")
    by_name = _spellings(names)

    def quoted(match: re.Match[str]) -> str:
        inner = next((group for group in match.groups() if group is not None), "").strip()
        known = by_name.get(inner.lower())
        if known:
            token = named(inner, known)
            values[f"{token.strip()[1:-1]} quoted"] = inner
            return token
        return f" {put('q', inner)} " if inner else " "

    def named(words: str, media: str) -> str:
        token = put("m", media)
        values[f"{token[1:-1]} words"] = words
        return f" {token} "

    work = _LONG_NUMBER.sub(lambda match: match[0][:9], _QUOTES.sub(quoted, raw).lower())
    for name in sorted(by_name, key=len, reverse=True):
        if name not in _GENERIC:
            pattern = rf"(?<![a-z0-9_‹]){re.escape(name)}(?![a-z0-9_›])" if name.isascii() else re.escape(name)
            work = re.sub(pattern, lambda match, found=by_name[name]: named(match[0], found), work)  # type: ignore[misc]
    work = re.sub(rf"(?<![\w‹])[\w\-]+\.{_EXTENSIONS}(?![a-z0-9_])", lambda match: f" {put('f', match[0])} ", work)
    work = work.translate(_WIDE)
    for kind, pattern, value in _MEASURES:
        work = re.sub(pattern, _replacer(put, kind, value), work, flags=re.ASCII)
    return Tokens(re.sub(r"[ \t]+", " ", work).strip(), values, raw)


def chinese_number(text: str) -> float:
    """Value of a number in digits or in Chinese numerals up to 999."""
    if text[0].isdigit():
        return float(text)
    total, digit = 0, 0
    for char in text:
        if char in _ZH_UNITS:
            total += (digit or 1) * _ZH_UNITS[char]
            digit = 0
        else:
            digit = "零一二三四五六七八九".find("二" if char == "两" else char)
    return float(total + digit)


_ZH_UNITS = {"十": 10, "百": 100}
_WIDE = str.maketrans("０１２３４５６７８９：％．＋－（）’", "0123456789:%.+-()'")


def _spellings(names: Mapping[str, str]) -> dict[str, str]:
    """Names and names without their extension, lower case; an ambiguous stem is left out."""
    found: dict[str, str] = {}
    stems: dict[str, set[str]] = {}
    for name, media in names.items():
        found[name.lower()] = media
        stem = re.sub(rf"\.{_EXTENSIONS}$", "", name.lower())
        stems.setdefault(stem, set()).add(media)
        stems.setdefault(stem.replace("_", " ").replace("-", " "), set()).add(media)
    for stem, media_ids in stems.items():
        if len(media_ids) == 1 and len(stem) >= 2 and not stem.isdigit():
            found.setdefault(stem, next(iter(media_ids)))
    return found


def _replacer(
    put: Callable[[str, Any], str], kind: str, value: Callable[[re.Match[str]], Any]
) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        found = value(match)
        if found is None:
            return match[0]
        shown = put(kind, found)
        tail = match.groupdict().get("tail") or ""
        return f" {shown} {tail}"

    return replace


def _english(text: str) -> float:
    return float(text) if text[0].isdigit() else float(_WORDS[text])


def _clock(match: re.Match[str]) -> float:
    total = 0.0
    for part in match[0].split(":"):
        total = total * 60 + float(part)
    return total


def _zh_minutes(match: re.Match[str]) -> float:
    minutes = chinese_number(match["m"]) * 60
    seconds = 30.0 if match["half"] else chinese_number(match["s"]) if match["s"] else 0.0
    return minutes + seconds


def _ratio(match: re.Match[str]) -> str | None:
    ratio = f"{match[1]}:{match[2]}"
    return ratio if ratio in RATIOS else None


def _ordinal(match: re.Match[str]) -> int:
    word = match["word"]
    return int(re.sub(r"\D", "", word)) if word[0].isdigit() else _ORDINALS[word]


_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_EDGE = r"(?<![a-z0-9_.‹])"

_MEASURES: tuple[tuple[str, str, Callable[[re.Match[str]], Any]], ...] = (
    ("r", rf"{_EDGE}(\d{{1,2}})\s*(?::|x|×|/|比)\s*(\d{{1,2}})(?![a-z0-9_:.%›])", _ratio),
    ("t", rf"{_EDGE}\d{{1,2}}:\d{{2}}:\d{{2}}(?:\.\d+)?(?![a-z0-9_:])", _clock),
    ("t", rf"{_EDGE}\d{{1,3}}:\d{{2}}(?:\.\d+)?(?![a-z0-9_:])", _clock),
    ("d", rf"(?<![a-z0-9_.‹])([+-]?\s*{_D})\s*(?:db|decibels?|分贝)(?![a-z])", lambda m: float(m[1].replace(" ", ""))),
    ("p", rf"{_EDGE}({_D})\s*(?:%|percent|per cent|pct)", lambda m: float(m[1]) / 100),
    ("p", rf"百分之\s*({_ZH})", lambda m: chinese_number(m[1]) / 100),
    ("p", r"([一二两三四五六七八九])成(?!功|为|一|品|片)", lambda m: chinese_number(m[1]) / 10),
    (
        "o",
        rf"(?<![\w‹])(?:the\s+)?(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|"
        rf"only|\d+(?:st|nd|rd|th))\s+(?P<tail>{_NOUNS})(?!\w)(?! and a half| seconds?| minutes?)",
        _ordinal,
    ),
    (
        "o",
        rf"{_EDGE}(?P<tail>shot|scene|clip|video|cut|track|song|title|image|photo)\s*(?:#|no\.?|number)?\s*"
        r"(?P<word>\d{1,3})(?![\w:.%])(?!\s*(?:s|secs?|seconds?|m|mins?|minutes?|ms|%|percent|db)\b)",
        _ordinal,
    ),
    ("o", rf"第\s*(?P<n>{_ZH})\s*[个段首条张处刀次]?\s*(?P<tail>{_ZH_NOUNS})", lambda m: int(chinese_number(m["n"]))),
    ("o", r"(?P<tail>镜头|片段|视频|轨道)\s*(?P<n>\d{1,3})(?!\s*[秒分%:.\d])", lambda m: int(m["n"])),
    ("o", rf"最后(?:一|1)?[个段首条张处]\s*(?P<tail>{_ZH_NOUNS})", lambda _: -1),
    ("t", rf"{_EDGE}({_N})[\s-]*(?:m|mins?|minutes?)\s*(?:and\s+)?({_N})\s*(?:s|secs?|seconds?)(?!\w)",
     lambda m: _english(m[1]) * 60 + _english(m[2])),
    ("t", rf"{_EDGE}({_N}) and a half (minute|second)s?(?!\w)", lambda m: (_english(m[1]) + 0.5) * _UNIT[m[2][0]]),
    ("t", r"(?<!\w)half (?:a |an )?(minute|second)(?!\w)", lambda m: 0.5 * _UNIT[m[1][0]]),
    ("t", rf"{_EDGE}({_N})[\s-]*(?:milliseconds?|millis|msecs?|ms)(?!\w)", lambda m: _english(m[1]) / 1000),
    ("t", rf"{_EDGE}({_N})[\s-]*(?:seconds?|secs?|s)(?!\w)", lambda m: _english(m[1])),
    ("t", rf"{_EDGE}({_N})[\s-]*(?:minutes?|mins?)(?!\w)|{_EDGE}({_D})m(?!\w)", lambda m: _english(m[1] or m[2]) * 60),
    ("t", r"(?<!\w)a (?:second|sec)(?!\w)", lambda _: 1.0),
    ("t", rf"(?P<m>{_ZH})\s*分钟?(?:(?P<half>半)|\s*(?P<s>{_ZH})\s*秒钟?)?(?![之贝])", _zh_minutes),
    ("t", r"半分钟", lambda _: 30.0),
    ("t", r"半秒钟?", lambda _: 0.5),
    ("t", rf"({_ZH})\s*毫秒", lambda m: chinese_number(m[1]) / 1000),
    ("t", rf"({_ZH})\s*秒(半)?钟?", lambda m: chinese_number(m[1]) + (0.5 if m[2] else 0.0)),
    ("n", rf"(?<![a-z0-9_.‹#])({_D})(?![a-z0-9_.›:%])", lambda m: float(m[1])),
)  # fmt: skip
