"""One clause of an instruction, and what can be asked of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from music_cog_online.studio.editing.lexicon import COLORS, POSITIONS
from music_cog_online.studio.editing.operations import MediaRef, Operation, Span

__all__ = ["DEFAULT_TITLE_S", "Clause"]

DEFAULT_TITLE_S = 3.0
"""How long a text stands when nobody says."""

_TIME = r"‹([tn]\d+)›"
_ZH_POINT = r"(?:处|的?时候|时|的地方|那里|位置)?"
_WHOLE = re.compile(
    r"\b(?:throughout|whole|entire|all the way|always|all through|full length)\b|全程|一直|整个|始终|从头到尾"
)
_RANGE = re.compile(
    rf"(?:\b(?:from|between)\s+|从\s*)?第?\s*{_TIME}\s*{_ZH_POINT}\s*(?:to|and|until|till|-|–|—|~|到|至)\s*第?\s*{_TIME}"
)
_FIRST = re.compile(rf"(?:\b(?:first|opening|initial)\s+|前面?\s*|开头\s*的?\s*|开始\s*的?\s*|头\s*){_TIME}")
_LAST = re.compile(rf"(?:\b(?:last|final|closing)\s+|最后\s*的?\s*|结尾\s*的?\s*|末尾\s*|后面?\s*){_TIME}")
_AT = re.compile(
    rf"(?:\b(?:at|from|starting|starts|after|@|on)\s+(?:at |from |the )?|[从在第]\s*){_TIME}"
    rf"|{_TIME}\s*(?:处|开始|起|的时候)"
)
_FOR = re.compile(
    rf"(?:\b(?:for|lasting|lasts|during)\s+(?:about |the )?|持续\s*|显示\s*|停留\s*|时长\s*){_TIME}|"
    rf"{_TIME}\s*(?:long|duration)"
)
_START = re.compile(r"\b(?:start|beginning|opening|front|intro)\b|开头|开始|片头|最前|开场")
_END = re.compile(r"\b(?:end|ending|close|outro)\b|结尾|片尾|最后|末尾|收尾|结束")
_BIGGER = re.compile(r"\b(?:bigger|larger|enlarge)\b|大一?[点些]|放大|变大|调大|更大")
_SMALLER = re.compile(r"\b(?:smaller|shrink)\b|小一?[点些]|缩小|变小|调小|更小")
_SIZES = (
    (1.9, re.compile(r"\b(?:huge|giant|enormous|massive|very big|very large|extra large)\b|超大|特大|巨大|很大")),
    (1.4, re.compile(r"\b(?:big|large)\b|大字|大号|字大")),
    (0.5, re.compile(r"\b(?:tiny|very small)\b|超小|特小|很小")),
    (0.75, re.compile(r"\b(?:small|little)\b|小字|小号|字小")),
)
_COLOR = re.compile(
    rf"\b({'|'.join(name for name in COLORS if name.isascii())})\b|#([0-9a-f]{{6}})\b|"
    rf"([{''.join(name for name in COLORS if not name.isascii())}])(?:色|字)"
)
_LATEST = re.compile(
    r"\b(?:this|new|latest|newest|just uploaded|one i (?:just )?(?:sent|uploaded|gave))\b (?:one|clip|video|"
    r"song|track|file|image|photo)?|这(?:个|段|首)|新的?(?:视频|片段|歌|音乐)|刚(?:刚|才)?(?:上传|发)"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of an instruction that asks for one thing.

    Attributes:
        text: The words, in lower case and with tokens for values (see `measures.Tokens`).
        values: Value of each token.
        raw: The whole instruction as the user wrote it.
        kinds: Kind of each upload by media id.
        before: The operation that the clause before this one gave.
    """

    text: str
    values: Mapping[str, Any]
    raw: str
    kinds: Mapping[str, str]
    before: Operation | None = None

    def has(self, pattern: str | re.Pattern[str]) -> bool:
        """Whether the pattern occurs."""
        return _search(pattern, self.text) is not None

    def find(self, pattern: str | re.Pattern[str]) -> Any:
        """Value of the token that the first group that took part of the first match names."""
        match = _search(pattern, self.text)
        if match is None:
            return None
        return self.values.get(next((group for group in match.groups() if group), ""))

    def all(self, kinds: str) -> list[Any]:
        """Values of the tokens of some kinds, e.g. ``tn``, in order."""
        return [self.values[key] for key in re.findall(rf"‹([{kinds}]\d+)›", self.text)]

    def without(self, *patterns: str | re.Pattern[str]) -> Clause:
        """The clause with everything that the patterns find taken out."""
        text = self.text
        for pattern in patterns:
            text = re.sub(pattern, " ", text, flags=re.ASCII) if isinstance(pattern, str) else pattern.sub(" ", text)
        text = re.sub(r"(?<=[\u4e00-\u9fff›]) (?=[\u4e00-\u9fff])", "", re.sub(r"\s+", " ", text)).strip()
        return replace(self, text=text)

    def original(self) -> str:
        """The clause with its values put back, as far as they are known, for quoting it to the user."""
        match = re.search(re.escape(self.text), self.raw, re.IGNORECASE)
        if match is not None:
            return match[0].strip()
        words = re.sub(r"‹(\w\d+)›", lambda found: _shown(found[1], self.values), self.text)
        return re.sub(r"\s+", " ", words).strip()

    def span(self) -> Span:
        """When something is to be seen."""
        if self.has(_WHOLE):
            return Span(whole=True)
        match = _RANGE.search(self.text)
        if match is not None:
            start, end = (float(self.values[key]) for key in match.groups())
            return Span(start, end) if end > start else Span(start)
        length = self.find(_FOR)
        first, last = self.find(_FIRST), self.find(_LAST)
        if first is not None:
            return Span(0.0, first)
        if last is not None:
            return Span(-last, None, last)
        at = self.find(_AT)
        if at is not None and length is None and self.text.count("‹t") + self.text.count("‹n") > 1:
            length = next((value for value in self.all("t") if value != at), None)
        if at is not None and at != length:
            return Span(at, None, length)
        if length is None and at is None:
            length = next(iter(self.all("t")), None)
        if self.has(_END) and not self.has(_START):
            return Span(-(length or DEFAULT_TITLE_S), None, length)
        return Span(0.0 if self.has(_START) else None, None, length)

    def ref(self, kind: str | None = None) -> MediaRef | None:
        """The file that the clause names: by name, by rank, or "this one"."""
        for key in re.findall(r"‹(m\d+)›", self.text):
            media = self.values[key]
            if kind is None or kind == "song" or self.kinds.get(media) != "audio":
                return MediaRef(id=media)
        missing = next(iter(self.all("f")), None)
        if missing is not None:
            return MediaRef(missing=missing)
        nouns = {
            "song": r"(?:songs?|tracks?|music|tunes?|首?歌|音乐|音轨|bgm)",
            "picture": r"(?:clips?|videos?|images?|photos?|pictures?|files?|视频|片段|图片?|照片|素材|段)",
        }
        wanted = nouns.get(kind or "", f"{nouns['song']}|{nouns['picture']}")
        match = re.search(rf"‹(o\d+)›\s*(?:{wanted})", self.text)
        if match is not None:
            return MediaRef(number=self.values[match[1]])
        return MediaRef(latest=True) if self.has(_LATEST) else None

    def refs(self) -> tuple[MediaRef, ...]:
        """Every file that the clause names, in order, pictures only."""
        named = [MediaRef(id=media) for media in self.all("m") if self.kinds.get(media) != "audio"]
        missing = [MediaRef(missing=name) for name in self.all("f")]
        ranked = [
            MediaRef(number=self.values[key])
            for key in re.findall(r"‹(o\d+)›\s*(?:clips?|videos?|images?|photos?|视频|片段|图片?|照片|段)", self.text)
        ]
        return tuple(named + missing + ranked)

    def position(self) -> str | None:
        """Where on the screen."""
        return next((name for name, pattern in POSITIONS if self.has(pattern)), None)

    def color(self) -> str | None:
        """A colour as ``#rrggbb``."""
        match = _COLOR.search(self.text)
        if match is None:
            return None
        return f"#{match[2]}" if match[2] else COLORS[match[1] or match[3]]

    def size(self) -> float | None:
        """A size; 1.0 is the usual one."""
        return next((size for size, pattern in _SIZES if self.has(pattern)), None)

    def size_factor(self) -> float | None:
        """A change of size."""
        return 1.3 if self.has(_BIGGER) else 0.75 if self.has(_SMALLER) else None


def _search(pattern: str | re.Pattern[str], text: str) -> re.Match[str] | None:
    """ASCII word boundaries, so that "加bgm" holds the word bgm."""
    return re.search(pattern, text, re.ASCII) if isinstance(pattern, str) else pattern.search(text)


def _shown(key: str, values: Mapping[str, Any]) -> str:
    value = values.get(key, "")
    match key[0]:
        case "t":
            return f"{value:g} s"
        case "p":
            return f"{value:.0%}"
        case "d":
            return f"{value:g} dB"
        case "q":
            return f"“{value}”"
        case "o":
            return f"#{value}"
        case _:
            return str(value)
