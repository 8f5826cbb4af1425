"""Sync figures as sentences, in the words of whoever measured them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from music_cog_online.text import clean_text, redact

__all__ = ["brief", "describe", "slim"]

# Long rows of numbers for drawing; nobody reads them in an answer.
_BULKY = frozenset({"waveform", "beats_s", "downbeats_s"})
# A row for each cut; whoever wants them asks for the report.
_ROWS = frozenset({"cuts"})
_MOST_LINES = 12


def describe(report: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a report says, for a chat; nothing for a backend that measured nothing."""
    if not report:
        return ()
    summary = report.get("summary")
    if isinstance(summary, list) and summary:
        return tuple(redact(clean_text(str(line))) for line in summary[:_MOST_LINES])
    hits, count = report.get("hits"), report.get("cut_count")
    if isinstance(hits, int) and isinstance(count, int) and count > 0:
        return (f"{hits} of {count} cuts fall on a beat, measured on the finished file.",)
    return ()


def slim(report: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The report without its long rows of numbers."""
    return None if report is None else {name: value for name, value in report.items() if name not in _BULKY}


def brief(report: Mapping[str, Any] | None, *, file: str = "") -> dict[str, Any] | None:
    """The figures of the whole without those of each cut, under the name that the `file` has here."""
    if report is None:
        return None
    figures = {name: value for name, value in report.items() if name not in _BULKY | _ROWS}
    return {**figures, "file": file} if file else figures
