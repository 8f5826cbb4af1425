"""Seconds, frames, samples and rates."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_cog_online.studio.timebase import (
    COMMON_RATES,
    frame_at,
    frame_start_s,
    milliseconds,
    nearest_rate,
    parse_rate,
    sample_at,
)


@given(st.integers(0, 10**7), st.sampled_from(COMMON_RATES))
def test_a_frame_is_found_again_by_its_start(frame: int, rate: Fraction) -> None:
    assert frame_at(frame_start_s(frame, rate), rate) == frame


@given(st.integers(0, 10**5), st.sampled_from(COMMON_RATES), st.floats(-0.49, 0.49))
def test_a_time_belongs_to_the_frame_that_starts_nearest(frame: int, rate: Fraction, off: float) -> None:
    assert frame_at((frame + off) / float(rate), rate) == frame


def test_a_day_of_television_does_not_drift() -> None:
    assert frame_start_s(30 * 86400, Fraction(30000, 1001)) == pytest.approx(86400 * 1.001, abs=1e-9)


@pytest.mark.parametrize(
    ("measured", "meant"),
    [
        (29.97, Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (59.94006, Fraction(60000, 1001)),
        (30.0, Fraction(30)),
        (24.9999, Fraction(25)),
        (12.5, Fraction(25, 2)),
        (17.0, Fraction(17)),
    ],
)
def test_a_measured_rate_is_taken_for_the_common_one_it_means(measured: float, meant: Fraction) -> None:
    assert nearest_rate(measured) == meant


def test_neighbouring_common_rates_are_never_mixed_up() -> None:
    assert all(nearest_rate(float(rate)) == rate for rate in COMMON_RATES)


@pytest.mark.parametrize(("text", "rate"), [("30000/1001", Fraction(30000, 1001)), ("25", Fraction(25))])
def test_rates_are_read_as_they_are_written(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate
    assert parse_rate(str(rate)) == rate


@pytest.mark.parametrize("text", ["", "0", "-25", "25/0", "fast", "1/2/3"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"rate|Fraction"):
        parse_rate(text)


def test_samples_and_milliseconds_are_the_nearest_ones() -> None:
    assert sample_at(1.0000101, 48000) == 48000
    assert sample_at(0.00002, 48000) == 1
    assert milliseconds(1.2346) == 1235
