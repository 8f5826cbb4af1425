"""Words that came from elsewhere, made safe to show."""

from __future__ import annotations

import re

__all__ = ["clean_text", "redact"]

# ECMA-48: operating system commands and other strings up to their terminator, control sequences, two-byte escapes.
_ESCAPES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c|\Z)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# What is left of the control characters, bidirectional overrides and isolates, invisible tags, lone surrogates.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_TOKENS = re.compile(r"\b(?:nmv_[a-z]+_|clm_)[\w.~+/=-]+|(?<=\bBearer )\S+", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Plain text: no terminal escapes, control or invisible characters; every line ends with a line feed."""
    text = _LINE_ENDS.sub("\n", _ESCAPES.sub("", text))
    return _SURROGATES.sub("\ufffd", _HIDDEN.sub("", text))


def redact(text: str) -> str:
    """The text with everything that looks like a token of the backend hidden."""
    return _TOKENS.sub("•••", text)
