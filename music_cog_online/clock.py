"""The one place that waits and reads the time."""

from __future__ import annotations

import time

__all__ = ["Clock"]

_SMALLEST_SCALE = 0.001


class Clock:
    """Time as the product counts it: every wait and every limit is multiplied by a scale.

    With scale 0.01 a 30 s wait takes 0.3 s, and a limit of 15 minutes strikes after 9 s.

    Args:
        scale: real seconds per second of this clock, 0 or more. With 0 nothing waits, and limits
            count as if the scale were 0.001.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self._scale = scale
        self._divisor = max(scale, _SMALLEST_SCALE)

    def sleep(self, wait_s: float) -> None:
        """Wait `wait_s` seconds of this clock; nothing for 0 or less."""
        real_s = wait_s * self._scale
        if real_s > 0:
            time.sleep(real_s)

    def monotonic(self) -> float:
        """Seconds of this clock since some fixed moment; never goes back."""
        return time.monotonic() / self._divisor

    def now(self) -> float:
        """Seconds since the Unix epoch, unscaled: for records."""
        return time.time()

    def real_s(self, span_s: float) -> float:
        """Real seconds that a span of this clock takes, for time-outs of sockets and queues."""
        return span_s * self._divisor
