"""When a call is made again: whether, how long to wait, and what the server wishes. The server's wish wins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from music_cog_online.errors import Unreachable
from music_cog_online.manifest import Intervals

__all__ = ["how_long_s", "server_hint_s", "whether"]


def whether(error: Unreachable, *, repeatable: bool, tried: int, intervals: Intervals) -> bool:
    """A call that failed may be made again.

    Args:
        error: what happened; one that says `final` in its data will not get better.
        repeatable: the call may be made twice without harm.
        tried: how often it was made.
        intervals: says how many tries there are.
    """
    if error.data.get("final") or tried >= intervals.tries:
        return False
    return repeatable or not error.sent


def how_long_s(tried: int, hint_s: float | None, intervals: Intervals) -> float:
    """Seconds to wait before the next try: the hint, else a pause that doubles from one try to the next."""
    if hint_s is not None:
        return min(hint_s, intervals.longest_wait_s)
    return float(min(intervals.retry_first_s * 2 ** (tried - 1), intervals.longest_wait_s))


def server_hint_s(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date); None without a usable one.

    Args:
        headers: headers of the answer.
        now: seconds since the Unix epoch.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, moment.timestamp() - now) if isinstance(moment, datetime) else None
