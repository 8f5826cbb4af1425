"""Sync figures as sentences; the word "in sync" only where it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["describe"]


def describe(report: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a report says, for a chat; nothing for a backend that measured nothing."""
    return ()
