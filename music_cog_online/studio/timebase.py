"""The one place that turns seconds into frames or samples and back.

Seconds are floats, frame and sample numbers are integers, a frame rate is a `Fraction` in frames per second.
"""

from __future__ import annotations

from fractions import Fraction

__all__ = ["COMMON_RATES", "frame_at", "frame_start_s", "milliseconds", "nearest_rate", "parse_rate", "sample_at"]

COMMON_RATES = tuple(
    Fraction(n, d)
    for n, d in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1))
)
"""The frame rates of cameras and platforms."""


def frame_at(time_s: float, rate: Fraction) -> int:
    """Number of the frame whose start is nearest to `time_s`."""
    return round(time_s * rate.numerator / rate.denominator)


def frame_start_s(frame: int, rate: Fraction) -> float:
    """Time in seconds at which `frame` starts to show."""
    return frame * rate.denominator / rate.numerator


def sample_at(time_s: float, sample_rate: int) -> int:
    """Number of the audio sample nearest to `time_s`."""
    return round(time_s * sample_rate)


def milliseconds(time_s: float) -> int:
    """Whole milliseconds, as the draft shows them."""
    return round(time_s * 1000)


def nearest_rate(rate: float, *, tolerance: float = 0.002) -> Fraction:
    """The common frame rate that `rate` means, else the rate itself to a thousandth.

    Args:
        rate: Frames per second, as a container or a measurement tells it.
        tolerance: Relative distance within which a common rate is taken.
    """
    best = min(COMMON_RATES, key=lambda common: abs(float(common) - rate))
    if abs(float(best) - rate) <= tolerance * float(best) / 4:
        return best
    return Fraction(rate).limit_denominator(1000)


def parse_rate(text: str) -> Fraction:
    """Reads ``"30000/1001"`` or ``"25"``.

    Raises:
        ValueError: The text is not a rate, or the rate is not positive.
    """
    try:
        rate = Fraction(text)
    except ZeroDivisionError as exc:
        raise ValueError(f"not a frame rate: {text!r}") from exc
    if rate <= 0:
        raise ValueError(f"not a frame rate: {text!r}")
    return rate
