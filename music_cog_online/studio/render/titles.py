"""Titles as a subtitle script of our own making, drawn by libass: text never enters a filter graph.

Lines are broken here, by measure, so that they stay within the part of the picture that the platforms' buttons leave
free. In the script a text is data: what would be markup is defused.
"""

from __future__ import annotations

import shutil
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.render.draft import Title
from music_cog_online.studio.render.fonts import Font, bundled_fonts, ignorable, script_of, system_fonts

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

__all__ = ["Sheet", "TitleMaker"]

_LETTER = 0.075
"""Usual height of letters as a share of the shorter side."""
_SIDE_MARGIN = 0.08
_MARGINS = {"wide": (0.08, 0.09), "tall": (0.13, 0.21)}
"""Top and bottom that stay free: a tall picture has a platform's buttons there."""
_MOST_HEIGHT = 0.5
_LEADING = 1.3
_ALIGNMENT = {"bottom": 2, "center": 5, "top": 8}
_NO_LINE_START = frozenset(
    "!),.:;?]}¢°’”›℃、。々〉》」』】〕〗ぁぃぅぇぉっゃゅょァィゥェォッャュョー！％），．：；？］｝～…"
)
_NO_LINE_END = frozenset("([{£¥‘“‹〈《「『【〔〖（［｛￥")
_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A script for a stretch of the output.

    Attributes:
        overlay: The filter that draws it, or an empty string when there is nothing to draw.
        left_out: Characters that no font has a glyph for and that carry no words, such as emoji.
    """

    overlay: str
    left_out: str


class TitleMaker:
    """Lays titles out for one size of picture and writes their scripts into a folder."""

    def __init__(self, size: tuple[int, int], folder: Path, fonts: Sequence[Font] | None = None) -> None:
        """Takes the picture's size, the folder for scripts, and the fonts to use instead of those of the machine."""
        self._width, self._height = size
        self._folder = folder
        self._given = fonts

    def sheet(self, titles: Sequence[Title], first_s: float, end_s: float, name: str) -> Sheet:
        """Writes the script for the part of the output from `first_s` to `end_s`, whose time starts at 0.

        Args:
            titles: All titles of the draft.
            first_s: Start of the part in the output.
            end_s: Its end.
            name: Name of the script's file, without suffix; letters, digits and hyphens only.

        Raises:
            CannotDo: No font here has glyphs for a script that the text is written in.
        """
        shown = [title for title in titles if title.start_s < end_s and title.end_s > first_s and title.text.strip()]
        if not shown:
            return Sheet("", "")
        fonts = tuple(self._given) if self._given is not None else _fonts_for("".join(title.text for title in shown))
        left_out = "".join(sorted(_missing("".join(title.text for title in shown), fonts)))
        events = [self._event(title, first_s, end_s, fonts) for title in shown]
        used = {font.path: font for font in fonts}
        self._provide(used)
        script = f"{name}.ass"
        head = (
            "[Script Info]\nScriptType: v4.00+\nWrapStyle: 2\nScaledBorderAndShadow: yes\nYCbCr Matrix: TV.709\n"
            f"PlayResX: {self._width}\nPlayResY: {self._height}\n\n[V4+ Styles]\n"
            "Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Bold, BorderStyle, Outline, "
            "Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n"
            "Style: Title,Sans,40,&H00FFFFFF,&H30000000,&H80000000,-1,1,2,1,2,0,0,0,-1\n\n[Events]\n"
            "Format: Layer, Start, End, Style, MarginL, MarginR, MarginV, Text\n"
        )
        (self._folder / script).write_text(head + "".join(events), "utf-8")
        return Sheet(f"ass=filename={script}:fontsdir=fonts:shaping=complex", left_out)

    def _event(self, title: Title, first_s: float, end_s: float, fonts: Sequence[Font]) -> str:
        size = min(self._width, self._height) * _LETTER * title.size
        room = self._width * (1 - 2 * _SIDE_MARGIN)
        text = "".join(c for c in _plain(title.text) if c == "\n" or ignorable(c) or any(f.has(c) for f in fonts))
        for _ in range(12):
            lines = _wrapped(text, room, partial(_width_of, fonts=fonts, size=size))
            if len(lines) * size * _LEADING <= self._height * _MOST_HEIGHT:
                break
            size *= 0.85
        margins = _MARGINS["tall" if self._height > self._width else "wide"]
        margin = round(self._height * margins[0 if title.position == "top" else 1])
        red, green, blue = title.color[1:3], title.color[3:5], title.color[5:7]
        tags = (
            f"{{\\an{_ALIGNMENT[title.position]}\\fs{size:.1f}\\1c&H{blue}{green}{red}&"
            f"\\bord{size * 0.05:.1f}\\shad{size * 0.03:.1f}}}"
        )
        body = "\\N".join(_runs(line, fonts) for line in lines)
        start, end = _clock(max(0.0, title.start_s - first_s)), _clock(min(title.end_s, end_s) - first_s)
        side = round(self._width * _SIDE_MARGIN)
        return f"Dialogue: 0,{start},{end},Title,{side},{side},{margin},{tags}{body}\n"

    def _provide(self, fonts: dict[Path, Font]) -> None:
        """Puts the fonts beside the script, where libass looks for them."""
        folder = self._folder / "fonts"
        folder.mkdir(exist_ok=True)
        for path in fonts:
            place = folder / path.name
            if place.exists():
                continue
            try:
                place.symlink_to(path)
            except OSError:
                shutil.copyfile(path, place)


def _fonts_for(text: str) -> tuple[Font, ...]:
    """The fonts that a text is drawn with, best first.

    Raises:
        CannotDo: A letter is in none of them.
    """
    own = sorted(bundled_fonts(), key=lambda font: not font.family.endswith(_language(text)))
    fonts = list(own[:1])
    missing = _missing(text, fonts)
    if missing:
        for font in system_fonts():
            if any(font.has(character) for character in missing):
                fonts.append(font)
                missing = _missing(text, fonts)
                if not missing:
                    break
    letters = [character for character in missing if unicodedata.category(character)[0] in "LMN"]
    if letters:
        scripts = sorted({script_of(character) for character in letters})
        raise CannotDo(
            f"No font on this machine has the letters of this title ({', '.join(scripts)}).",
            hint=f"Install a font for {scripts[0]}, for instance Noto Sans, and try again.",
        )
    return tuple(fonts)


def _language(text: str) -> str:
    """Which of the regional faces draws ideographs as the text's readers know them."""
    scripts = {script_of(character) for character in text}
    return "JP" if "Japanese" in scripts else "KR" if "Korean" in scripts else "SC"


def _missing(text: str, fonts: Sequence[Font]) -> set[str]:
    return {c for c in set(_plain(text)) if not ignorable(c) and not any(font.has(c) for font in fonts)}


def _plain(text: str) -> str:
    """The text with one kind of line break and without control characters."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn"))
    return kept.replace("\u2028", "\n").replace("\u2029", "\n").strip("\n")


def _runs(line: str, fonts: Sequence[Font]) -> str:
    """A line as markup: a font for every run of characters, and nothing of the text taken for markup."""
    out: list[str] = []
    family = ""
    for character in line:
        font = next((font for font in fonts if font.has(character)), None)
        if font is not None and font.family != family and not character.isspace():
            family = font.family
            out.append(f"{{\\fn{family}}}")
        out.append(_defused(character))
    return "".join(out)


def _defused(character: str) -> str:
    if character == "\\":
        return f"\\{_JOINER}"  # a backslash that no letter follows is a backslash
    return f"\\{character}" if character in "{}" else character


def _wrapped(text: str, room: float, width_of: Callable[[str], float]) -> list[str]:
    """Breaks a text into lines that fit: at spaces, between ideographs, and inside a word only when it must be."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if width_of((line + piece).strip()) <= room:
                line += piece
                continue
            if line.strip():
                lines.append(line.strip())
            line = piece.lstrip()
            while len(line) > 1 and width_of(line.strip()) > room:
                # By halving: measuring every beginning of a very long word would take longer than the render.
                fits = max(1, bisect_right(range(1, len(line)), room, key=partial(_beginning, line, width_of)))
                lines.append(line[:fits])
                line = line[fits:]
        lines.append(line.strip())
    return lines


def _beginning(line: str, width_of: Callable[[str], float], length: int) -> float:
    return width_of(line[:length])


def _pieces(paragraph: str) -> Iterator[str]:
    """The smallest parts between which a line may end."""
    piece = ""
    for number, character in enumerate(paragraph):
        piece += character
        after = paragraph[number + 1 : number + 2]
        if after in _NO_LINE_START or character in _NO_LINE_END:
            continue
        if character == " " or _ideographic(character) or (after and _ideographic(after)):
            yield piece
            piece = ""
    if piece:
        yield piece


def _ideographic(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F") and script_of(character) != "Korean"


def _width_of(text: str, fonts: Sequence[Font], size: float) -> float:
    """Width in pixels, as libass draws it to within a few per cent: its size is the line's height, not the em's."""
    total = 0.0
    for font in fonts:
        part = "".join(c for c in text if next((f for f in fonts if f.has(c)), None) is font)
        if part:
            total += _measure(font.path, font.index, part) * size
    return total


@lru_cache(maxsize=4096)
def _measure(path: Path, index: int, text: str) -> float:
    face = _face(path, index)
    ascent, descent = face.getmetrics()
    return float(face.getlength(text)) / max(1.0, ascent + descent) * 1.03


@lru_cache(maxsize=16)
def _face(path: Path, index: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(str(path), 100, index=index)


def _clock(seconds: float) -> str:
    hundredths = max(0, round(seconds * 100))
    return f"{hundredths // 360_000}:{hundredths // 6000 % 60:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
