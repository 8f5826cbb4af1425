"""Fonts that have the glyphs: the one that comes with the studio, then those of the machine.

Only the two tables that tell what a font covers and what it is called are read (OpenType 1.9, ``cmap`` formats 4 and
12, and ``name``).
"""

from __future__ import annotations

import struct
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["Font", "bundled_fonts", "fonts_in", "ignorable", "script_of", "system_fonts"]

_BUNDLED = "noto_cjk_sans_otc"
_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_MOST_FILES = 3000
_MOST_BYTES = 64 << 20
_COLOUR_TABLES = (b"CBDT", b"COLR", b"sbix", b"SVG ")
_SCRIPTS = {
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "BOPOMOFO": "Chinese",
    "OLD": "historic letters",
}


@dataclass(frozen=True, slots=True)
class Font:
    """One face.

    Attributes:
        path: The file.
        index: Its place in a collection.
        family: Its family's name.
        ranges: Code points that it has glyphs for: pairs of first and last, in order.
    """

    path: Path
    index: int
    family: str
    ranges: tuple[tuple[int, int], ...]

    def has(self, character: str) -> bool:
        """Whether there is a glyph for one character."""
        code = ord(character)
        low, high = 0, len(self.ranges)
        while low < high:
            middle = (low + high) // 2
            first, last = self.ranges[middle]
            if code < first:
                high = middle
            elif code > last:
                low = middle + 1
            else:
                return True
        return False


def bundled_fonts() -> tuple[Font, ...]:
    """The faces that come with the studio: Noto Sans CJK, which has Latin, Greek and Cyrillic letters as well."""
    spec = find_spec(_BUNDLED)
    if spec is None or spec.origin is None:
        return ()
    faces = [face for path in sorted(Path(spec.origin).parent.glob("*.tt[cf]")) for face in fonts_in(path)]
    return tuple(face for face in faces if "Mono" not in face.family)


def system_fonts() -> Iterator[Font]:
    """Faces of the machine, one by one; looked at only when the studio's own lack a glyph."""
    seen = 0
    for folder in _folders():
        if not folder.is_dir():
            continue
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in _SUFFIXES and path.is_file():
                seen += 1
                if seen > _MOST_FILES:
                    return
                yield from fonts_in(path)


@lru_cache(maxsize=256)
def fonts_in(path: Path) -> tuple[Font, ...]:
    """The faces of a font file that text can be drawn with; none when it is broken or has only colour glyphs."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return ()
        data = path.read_bytes()
        offsets = _faces(data)
        return tuple(face for number, at in enumerate(offsets) if (face := _face(data, at, path, number)) is not None)
    except (OSError, struct.error, IndexError, ValueError):
        return ()


def script_of(character: str) -> str:
    """The name of a character's script in English, for messages."""
    name = unicodedata.name(character, "")
    word = name.split(" ")[0] if name else ""
    if unicodedata.category(character)[0] in "SC" or not word:
        return "symbols"
    return _SCRIPTS.get(word, word.capitalize())


def ignorable(character: str) -> bool:
    """Whether a character has no glyph of its own: joiners, variation selectors, marks of direction."""
    code = ord(character)
    return (
        unicodedata.category(character) in ("Cf", "Cc")
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0000 <= code <= 0xE0FFF
        or character.isspace()
    )


def _folders() -> Sequence[Path]:
    home = Path.home()
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    if sys.platform == "win32":
        return (Path("C:/Windows/Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts")
    return (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts")


def _faces(data: bytes) -> list[int]:
    if data[:4] == b"ttcf":
        (count,) = struct.unpack_from(">I", data, 8)
        return list(struct.unpack_from(f">{min(count, 64)}I", data, 12))
    return [0] if data[:4] in (b"\0\1\0\0", b"OTTO", b"true") else []


def _face(data: bytes, at: int, path: Path, index: int) -> Font | None:
    (count,) = struct.unpack_from(">H", data, at + 4)
    tables = {}
    for number in range(count):
        tag, _, offset, length = struct.unpack_from(">4sIII", data, at + 12 + 16 * number)
        tables[tag] = (offset, length)
    if b"cmap" not in tables or b"name" not in tables:
        return None
    if any(tag in tables for tag in _COLOUR_TABLES) and b"glyf" not in tables and b"CFF " not in tables:
        return None
    family = _family(data, tables[b"name"][0])
    ranges = _coverage(data, tables[b"cmap"][0])
    return Font(path, index, family, ranges) if family and ranges else None


def _family(data: bytes, at: int) -> str:
    _, count, strings = struct.unpack_from(">HHH", data, at)
    found: dict[tuple[int, int], str] = {}
    for number in range(count):
        platform, _, language, name, length, offset = struct.unpack_from(">6H", data, at + 6 + 12 * number)
        if name == 1 and platform == 3:
            start = at + strings + offset
            found[(0 if language == 0x409 else 1, number)] = data[start : start + length].decode("utf-16-be", "replace")
    return found[min(found)] if found else ""


def _coverage(data: bytes, at: int) -> tuple[tuple[int, int], ...]:
    _, count = struct.unpack_from(">HH", data, at)
    best: tuple[int, int] | None = None
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, at + 4 + 8 * number)
        (kind,) = struct.unpack_from(">H", data, at + offset)
        unicode = platform == 0 or (platform == 3 and encoding in (1, 10))
        if unicode and kind in (4, 12) and (best is None or kind > best[0]):
            best = (kind, at + offset)
    if best is None:
        return ()
    ranges = _format_12(data, best[1]) if best[0] == 12 else _format_4(data, best[1])
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def _format_12(data: bytes, at: int) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">I", data, at + 12)
    rows = struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * count])
    return [(first, last) for first, last, glyph in rows if last >= first and (glyph or last > first)]


def _format_4(data: bytes, at: int) -> list[tuple[int, int]]:
    (double,) = struct.unpack_from(">H", data, at + 6)
    ends = struct.unpack_from(f">{double // 2}H", data, at + 14)
    starts = struct.unpack_from(f">{double // 2}H", data, at + 16 + double)
    return [(first, last) for first, last in zip(starts, ends, strict=True) if first <= last and first != 0xFFFF]
