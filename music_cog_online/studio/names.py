"""Names that people give their files, made safe to show and to save."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["clean_name", "clean_text"]

_LONGEST = 120
_RESERVED = re.compile(r'[<>:"|?*]')
_JOINERS = "\u200c\u200d"


def clean_text(text: str) -> str:
    """`text` without control characters, direction overrides and lone surrogates; letters of every script stay."""
    kept = (char for char in unicodedata.normalize("NFC", text) if char in "\n" + _JOINERS or _shows(char))
    return "".join(kept)


def clean_name(name: str, *, default: str = "file") -> str:
    """A file's name without folders and without characters that some system refuses.

    Args:
        name: What the client sent.
        default: The answer when nothing is left.
    """
    last = re.split(r"[/\\]", name.replace("\x00", ""))[-1]
    words = _RESERVED.sub("_", clean_text(last).replace("\n", " "))
    tidy = re.sub(r"\s+", " ", words).strip(" .")
    if len(tidy) > _LONGEST:
        stem, dot, extension = tidy.rpartition(".")
        short = dot and len(extension) <= 5
        tidy = f"{stem[: _LONGEST - 6]}.{extension}" if short else tidy[:_LONGEST]
    return tidy or default


def _shows(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
