"""Words that came from elsewhere, made safe to show."""

from __future__ import annotations

import re

__all__ = ["clean_text", "hide", "redact"]

# Not compiled here: most commands meet plain text only, which needs no pattern.

# ECMA-48: operating system commands and other strings up to their terminator, control sequences, two-byte escapes.
_ESCAPES = (
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c|\Z)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
_LINE_ENDS = r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]"
# What is left of the control characters, bidirectional overrides and isolates, invisible tags, lone surrogates.
_HIDDEN = r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
_SURROGATES = r"[\ud800-\udfff]"
# A shorter secret cannot be told from ordinary words.
_SHORTEST_SECRET = 8
_TOKENS = r"\b(?:nmv_[a-z]+_|clm_)[\w.~+/=-]+|(?<=\bBearer )\S+"


def clean_text(text: str) -> str:
    """Plain text: no terminal escapes, control or invisible characters; every line ends with a line feed."""
    if text.isprintable():
        return text
    text = re.sub(_LINE_ENDS, "\n", re.sub(_ESCAPES, "", text, flags=re.DOTALL))
    return re.sub(_SURROGATES, "\ufffd", re.sub(_HIDDEN, "", text))


def redact(text: str) -> str:
    """The text with everything that looks like a token of the backend hidden."""
    return re.sub(_TOKENS, "•••", text, flags=re.IGNORECASE)


def hide(text: str, secret: str) -> str:
    """The text with a known secret hidden, whatever it looks like: a backend may echo the token that it was sent."""
    return text.replace(secret, "•••") if len(secret) >= _SHORTEST_SECRET else text
