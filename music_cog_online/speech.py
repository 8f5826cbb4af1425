"""Backend talk → user talk.

The backend believes that its user looks at a GUI. Clauses that tell the user to click, open, drag or preview go, what
they were for is offered in words, and everything else stays. The table is `gui` of skill.yaml. Nothing here runs
anything: what the backend says is data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from music_cog_online.manifest import GuiRule, Manifest
from music_cog_online.text import clean_text, redact

__all__ = ["Spoken", "clean_text", "redact", "translate"]

_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_QUOTED = re.compile(
    r"\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|「[^」\n]{1,200}」|『[^』\n]{1,200}』|《[^》\n]{1,200}》|‘[^’\n]{1,200}’|(?<!\w)'[^'\n]{1,200}'(?!\w)"
)
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’')\]*_]*\s+|(?<=[。！？])[”’」』）]?\s*|\n+")
_CLAUSE_END = re.compile(
    r"[,;:]\s+|\s+[—–-]\s+|[，；：、]\s*"
    r"|\s+(?:and|so|or|but|then)\s+(?=(?:you|please|just|then|now|simply|click|tap|press|open|drag|check|preview)\b)",
    re.IGNORECASE,
)
_HANGING = re.compile(
    r"^\W*(?:and|then|to|so|or|when|once|which|where|that)\b|^(?:然后|再|就|即可|来|以|并)", re.IGNORECASE
)
# What a clause before an instruction was for, or when it holds: it goes with the instruction.
_LEADING = re.compile(
    r"^\W*(?:to|in order to|for|once|when(?:ever)?|if|after|before)\b|^(?:要|如需|如果|当|为了|想要|若)", re.IGNORECASE
)
_NO_WORDS = re.compile(r"^[\W\d_]*$")
_LINK = re.compile(r"!?\[([^\]\n]{0,300})\]\(\s*<?([^)\s>]{1,2000})>?[^)\n]{0,300}\)")
_ANCHOR = re.compile(
    r"<a\b[^>]{0,2000}?href\s*=\s*[\"']?([^\"'>\s]{1,2000})[^>]{0,500}>(.*?)</a\s*>", re.IGNORECASE | re.DOTALL
)
_TAG = re.compile(
    r"</?(?:a|b|i|u|em|strong|p|br|hr|div|span|img|script|style|iframe|button|h[1-6]|ul|ol|li|code|pre)\b[^<>\n]{0,2000}>",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What to tell the user.

    Attributes:
        text: the words; empty when the backend spoke of its GUI only and there is nothing to offer instead.
        acts: what the GUI talk was about, each once, in order: `export`, `state`, `edit`, `credits`.
        hints: for each act, the sentence that offers it.
    """

    text: str
    acts: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


def translate(text: str, manifest: Manifest) -> Spoken:
    """Translate one text of the backend.

    Args:
        text: any words; terminal escapes, control characters and tokens in them go, links become plain text.
        manifest: the GUI table.
    """
    plain = _plain(text)
    for pattern in manifest.gui.noise:
        without = re.sub(pattern, "", plain, flags=re.IGNORECASE).strip()
        # The apology counts only where it is all that was said.
        plain = without or plain
    found: dict[str, str] = {}
    lines = [_line(line, manifest, found) for line in plain.split("\n")]
    kept = re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line is not None)).strip()
    hints = tuple(found.values())
    return Spoken(kept or " ".join(dict.fromkeys(hints)), tuple(found), hints)


def _plain(text: str) -> str:
    """The text without escapes, tokens and markup that hides an address."""
    text = redact(clean_text(text))
    text = _LINK.sub(_shown, text)
    text = _ANCHOR.sub(lambda found: f"{found.group(2)} ({found.group(1)})", text)
    return _TAG.sub("", text)


def _shown(found: re.Match[str]) -> str:
    label, address = found.group(1).strip(), found.group(2)
    return address if not label or label == address else f"{label} ({address})"


def _line(line: str, manifest: Manifest, found: dict[str, str]) -> str | None:
    """A line without its GUI clauses; None when nothing but marks is left of a line that had words."""
    masked = _masked(line)
    kept: list[str] = []
    changed = False
    for start, end in _pieces(line, masked, _SENTENCE_END):
        sentence = _sentence(line[start:end], masked[start:end], manifest, found)
        changed = changed or sentence != line[start:end]
        kept.append(sentence)
    if not changed:
        return line
    joined = "".join(kept).strip()
    return None if _NO_WORDS.match(joined) else joined


def _sentence(text: str, masked: str, manifest: Manifest, found: dict[str, str]) -> str:
    clauses = [(text[start:end], masked[start:end]) for start, end in _pieces(text, masked, _CLAUSE_END)]
    kept: list[str] = []
    dropped = False
    for clause, mask in clauses:
        rule = _rule(clause, mask, manifest)
        if rule is not None:
            language = "zh" if _CHINESE.search(clause) and "zh" in rule.say else "en"
            found.setdefault(rule.act, rule.say[language])
            if kept and not dropped and _LEADING.match(kept[-1]):
                kept.pop()
            dropped = True
        elif not (dropped and _HANGING.match(clause)):
            kept.append(clause)
    if not dropped:
        return text
    return _closed("".join(kept), text)


def _closed(kept: str, whole: str) -> str:
    """What is left of a sentence, with the sentence's own end and a capital where it had one."""
    body = kept.rstrip(" ,;:-—–，；：、\t")
    body = re.sub(r"\s+(?:and|so|or|but|then)$", "", body, flags=re.IGNORECASE)
    if _NO_WORDS.match(body):
        return ""
    end = re.search(r"[.!?…。！？]*\s*$", whole)
    body = body.rstrip(".!?…。！？")
    if whole[:1].isupper() and body[:1].islower() and not body.startswith("http"):
        body = body[0].upper() + body[1:]
    return body + (end.group() if end else "")


def _rule(clause: str, masked: str, manifest: Manifest) -> GuiRule | None:
    for rule in manifest.gui.rules:
        if _compiled(rule.verb).search(masked) and (not rule.target or _compiled(rule.target).search(clause)):
            return rule
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _masked(text: str) -> str:
    """The text with what stands in quotes hidden, of the same length: quoted words are content."""
    return _QUOTED.sub(lambda found: found.group()[0] + "§" * (len(found.group()) - 2) + found.group()[-1], text)


def _pieces(text: str, masked: str, boundary: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each piece, the boundary belonging to the piece before it."""
    start = 0
    for found in boundary.finditer(masked):
        if found.end() > start:
            yield start, found.end()
            start = found.end()
    if start < len(text):
        yield start, len(text)
