"""Values out of a JSON object from whomever: of the right kind, finite and within bounds, or refused in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from music_cog_online.studio.errors import CannotDo

__all__ = ["choice", "mapping", "number", "pairs", "rows"]

_MAX_PAIRS = 100_000


def number(values: Mapping[str, Any], key: str, default: float, *, low: float, high: float) -> float:
    """The finite number under `key`, or the default when there is none.

    Raises:
        CannotDo: It is no number, or not within `low` and `high`.
    """
    value = values.get(key)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CannotDo(f"“{key}” in the timeline is not a number.")
    if not low <= value <= high or not math.isfinite(value):  # the comparison also refuses NaN and endless integers
        raise CannotDo(f"“{key}” in the timeline is {_short(value)}; {low:g} to {high:g} is possible.")
    return float(value)


def _short(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value:.1e}" if abs(value) < 10**300 else "endless"


def pairs(value: Any, key: str) -> tuple[tuple[float, float], ...]:
    """Pairs of numbers from a list of lists; nothing gives none.

    Raises:
        CannotDo: The value is something else, or too long.
    """
    if value is None:
        return ()
    entries = rows(value, key)
    if len(entries) > _MAX_PAIRS:
        raise CannotDo(f"“{key}” in the timeline has {len(entries)} entries.")
    found = []
    for row in entries:
        if not isinstance(row, (list, tuple)) or len(row) != 2:
            raise CannotDo(f"“{key}” in the timeline holds something that is not a pair of numbers.")
        pair = {"first": row[0], "second": row[1]}
        found.append((number(pair, "first", 0, low=-1e6, high=1e6), number(pair, "second", 0, low=-1e6, high=1e6)))
    return tuple(found)


def choice(values: Mapping[str, Any], key: str, allowed: Sequence[str], default: str) -> str:
    """The text under `key` if it is one of those allowed, else the default."""
    value = values.get(key)
    return value if isinstance(value, str) and value in allowed else default


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """The value as an object; nothing is an empty one.

    Raises:
        CannotDo: It is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise CannotDo(f"The timeline is not one: {what} is not an object.")
    return value


def rows(value: Any, what: str) -> Sequence[Any]:
    """The value as a list; nothing is an empty one.

    Raises:
        CannotDo: It is something else.
    """
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        raise CannotDo(f"The timeline is not one: {what} is not a list.")
    return value
