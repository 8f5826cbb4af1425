"""Telling files from words on a command line, and the language of words."""

from __future__ import annotations

import locale
import re
from collections.abc import Sequence
from pathlib import Path

from music_cog_online.errors import MediaRefused
from music_cog_online.manifest import Formats

__all__ = ["is_link", "language_of", "links_in", "listed", "said_in", "size_of", "split_items", "unquoted"]

_LINK = re.compile(r"https?://[^\s<>\"'“”‘’，。、）)]+", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE)
_FILE_NAME = re.compile(r"[^\s，。、；：！？]+\.[a-z][a-z0-9]{1,3}(?![a-z0-9])", re.IGNORECASE)
# A double quotation that nothing closes goes on to the end.
_QUOTED = re.compile(r"[“”„\"][^“”\"]*(?:[“”\"]|$)|‘[^’]*’|「[^」]*」|『[^』]*』|《[^》]*》|(?<!\w)'[^']*'(?!\w)")
_MOST_WORDS_IN_A_NAME = 6
# Scripts that only one of the usual languages is written in, or mostly; kana is looked for before Chinese characters.
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
)


def is_link(item: str) -> bool:
    """Whether the item is an address and nothing else; one that is not http(s) is refused when it is handed over."""
    return _ADDRESS.fullmatch(item) is not None


def links_in(text: str) -> tuple[str, ...]:
    """The http(s) addresses in a text, in order."""
    return tuple(match.rstrip(".,;:!?") for match in _LINK.findall(text))


def split_items(items: Sequence[str], formats: Formats) -> tuple[tuple[str, ...], str]:
    """Tell files and links from the words around them.

    A link, an existing path, or a few words that end like a media file are a file; all else is words.

    Returns:
        files and links in order, and the words joined by blanks (empty when there are none).

    Raises:
        MediaRefused: a file that is named but does not exist.
    """
    files: list[str] = []
    words: list[str] = []
    for item in items:
        path = Path(item).expanduser()
        if is_link(item) or _exists(path):
            files.append(item)
        elif _looks_like_media(item, formats):
            raise MediaRefused(
                f"There is no file “{item}”.",
                hint="Check the path. Words that end in a file name need a full stop behind.",
            )
        elif item.strip():
            words.append(item.strip())
    return tuple(files), " ".join(words)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text too long for a path, or with a NUL in it
        return False


def _looks_like_media(item: str, formats: Formats) -> bool:
    suffix = Path(item).suffix
    named = bool(suffix) and formats.kind_of(suffix) is not None
    return named and len(item.split()) <= _MOST_WORDS_IN_A_NAME


def language_of(text: str = "") -> str:
    """Two-letter code of the language that a text is written in, else of the locale, else `en`.

    Only languages with a script of their own are told by the text.
    """
    plain = _own_words(text)
    for code, script in _SCRIPTS:
        if script.search(plain):
            return code
    named = (locale.getlocale()[0] or "")[:2].lower()
    return named if len(named) == 2 and named.isalpha() else "en"


def said_in(text: str) -> str:
    """Two-letter code of the language that a text is written in; an empty string where it has no words of its own."""
    plain = _own_words(text)
    if not any(char.isalpha() for char in plain):
        return ""
    return next((code for code, script in _SCRIPTS if script.search(plain)), "en")


def unquoted(text: str) -> str:
    """The text with a blank in place of each quotation: what is quoted is content, whatever it says."""
    return _QUOTED.sub(" ", text)


def _own_words(text: str) -> str:
    """What the user says in a language: neither quotations nor addresses nor names of files."""
    return _FILE_NAME.sub(" ", _LINK.sub(" ", unquoted(text)))


def listed(names: Sequence[str]) -> str:
    """Names as a phrase: "a", "a and b", "a, b and c"; empty for none."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def size_of(count: float) -> str:
    """A number of bytes for people: "12.3 MB", below one megabyte "450 kB"."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"
