from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from music_cog_online.studio.render.picks import pick_frames, steady_rate, steady_times


def grid(frames: int, rate: float = 30.0) -> np.ndarray:
    return np.arange(frames) / rate


def test_a_shot_at_its_own_speed_shows_every_frame_once() -> None:
    picks = pick_frames(grid(100), from_s=1.0, take_s=2.0, frames=60)
    assert picks.source.tolist() == list(range(30, 90))
    assert not picks.slip.any()


def test_a_start_rounded_to_milliseconds_still_means_its_frame() -> None:
    rate = Fraction(30000, 1001)
    times = grid(100, float(rate))
    for first in range(60):
        picks = pick_frames(times, from_s=round(float(times[first]), 3), take_s=10 / 29.97, frames=10)
        assert picks.source.tolist() == list(range(first, first + 10))


@given(
    frames=st.integers(5, 300),
    speed=st.floats(0.95, 1.05),
    first=st.integers(0, 50),
    rate=st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(60)]),
)
def test_a_retimed_shot_keeps_its_ends_and_repeats_only_at_slips(
    frames: int, speed: float, first: int, rate: Fraction
) -> None:
    taken = max(2, round(frames * speed))
    times = grid(500, float(rate))
    picks = pick_frames(times, from_s=first / float(rate), take_s=taken / float(rate), frames=frames)
    assert picks.source[0] == first
    assert picks.source[-1] == first + taken - 1
    steps = np.diff(picks.source)
    assert set(steps.tolist()) <= {0, 1, 2}
    assert (steps[steps == 0].size == 0) or taken < frames
    np.testing.assert_array_equal(picks.slip[1:], steps == 0)


def test_halving_the_rate_takes_every_second_frame_even_from_a_coarse_clock() -> None:
    times = np.round(grid(120, 60.0), 3)
    picks = pick_frames(steady_times(times), from_s=0.0, take_s=1.0, frames=30)
    assert picks.source.tolist() == list(range(0, 60, 2))


def test_a_slightly_higher_rate_leans_its_repeats_forward() -> None:
    picks = pick_frames(grid(48, 24.0), from_s=0.0, take_s=2.0, frames=60)
    assert picks.slip.sum() == 12


def test_doubling_the_rate_holds_each_frame_as_long_as_the_source_does() -> None:
    picks = pick_frames(grid(30), from_s=0.0, take_s=1.0, frames=60)
    assert picks.source.tolist() == [frame for frame in range(30) for _ in range(2)]
    assert not picks.slip.any()


def test_a_frame_that_the_source_holds_is_held() -> None:
    times = np.concatenate([grid(10), 1.0 + grid(10)])
    picks = pick_frames(times, from_s=0.0, take_s=1.2, frames=36)
    assert picks.source[10:30].tolist() == [9] * 20
    assert not picks.slip.any()


def test_a_varying_rate_is_no_rate() -> None:
    assert steady_rate(np.array([0.0, 0.02, 0.07, 0.1, 0.18])) is None
    assert steady_rate(np.round(grid(300, 30000 / 1001), 3)) == Fraction(30000, 1001)
    assert steady_rate(np.zeros(1)) is None


def test_no_frames_give_no_picks() -> None:
    assert len(pick_frames(np.zeros(0), from_s=0, take_s=1, frames=5).source) == 0
    assert len(pick_frames(grid(5), from_s=0, take_s=1, frames=0).source) == 0
