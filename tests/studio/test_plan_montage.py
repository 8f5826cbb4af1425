"""Picture to music."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_cog_online.studio.plan import PictureSource, SyncPlan, Wish, plan
from tests.studio.plan_data import song, steady, video

MONTAGE = Wish(mode="picture_to_music")


def clips(*seconds: float) -> list[PictureSource]:
    return [video([round(30 * length)], media=f"clip{number}") for number, length in enumerate(seconds)]


def check_montage(made: SyncPlan, pictures: list[PictureSource]) -> None:
    shown: dict[str, list[tuple[float, float]]] = defaultdict(list)
    at = 0
    shots = {picture.media: picture.watching.shots for picture in pictures if picture.watching is not None}
    for shot in made.shots:
        assert shot.at == at
        at += shot.frames
        end_s = shot.from_s + shot.take_s
        if shot.media in shots:
            assert any(one.start_s - 1e-6 <= shot.from_s and end_s <= one.end_s + 1e-6 for one in shots[shot.media])
            assert shot.take_s * 30 == pytest.approx(shot.frames)
            assert all(end_s <= a + 1e-6 or shot.from_s >= b - 1e-6 for a, b in shown[shot.media]), "shown twice"
        shown[shot.media].append((shot.from_s, end_s))
    assert all(hit.hit for hit in made.hits)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(
    seconds=st.lists(st.floats(1.0, 15.0), min_size=1, max_size=6),
    bpm=st.floats(70, 180),
    density=st.sampled_from(["auto", "beat", "two_beats", "bar", "phrase"]),
    target_s=st.none() | st.floats(4.0, 60.0),
)
def test_a_montage_shows_nothing_twice_and_cuts_on_beats(
    seconds: list[float], bpm: float, density: str, target_s: float | None
) -> None:
    pictures = clips(*seconds)
    wish = Wish(mode="picture_to_music", density=density, target_s=target_s)  # type: ignore[arg-type]
    check_montage(plan(pictures, song(steady(bpm, 120)), wish), pictures)


def test_several_clips_make_a_montage() -> None:
    made = plan(clips(6, 6, 6), song(steady(120, 100)), Wish())
    assert made.mode == "picture_to_music"
    assert made.shots[0].media == "clip0"


def test_clips_take_turns_in_their_order() -> None:
    made = plan(clips(9, 9, 9), song(steady(120, 100)), Wish(density="bar", target_s=12.0))
    assert [shot.media for shot in made.shots] == ["clip0", "clip1", "clip2"] * 2
    assert made.shots[0].from_s < made.shots[3].from_s


def test_bars_and_beats_are_as_long_as_asked() -> None:
    for density, frames in (("beat", 15), ("two_beats", 30), ("bar", 60), ("phrase", 240)):
        wish = Wish(mode="picture_to_music", density=density, target_s=16.0)  # type: ignore[arg-type]
        made = plan(clips(20, 20), song(steady(120, 100)), wish)
        assert {shot.frames for shot in made.shots} == {frames}


def test_loud_parts_are_cut_faster_than_calm_ones() -> None:
    energy = [0.1] * 32 + [0.9] * 32
    made = plan(clips(*[12] * 5), song(steady(120, 64), energy=energy), Wish(target_s=30.0, song_from_s=0.0))
    calm = [shot.frames for shot in made.shots if shot.at < 16 * 30 - 60]
    loud = [shot.frames for shot in made.shots if shot.at >= 16 * 30]
    assert np.mean(loud) < 0.6 * np.mean(calm)
    assert len(set(loud)) > 1, "not always the same length"


def test_the_liveliest_moment_lies_under_the_drop() -> None:
    pictures = clips(10, 10)
    lively = video([120, 60, 120], activity=[0.1, 0.95, 0.1], media="clip2")
    made = plan([*pictures, lively], song(steady(120, 100), drops_s=[16.0]), Wish(density="bar", target_s=16.0))
    assert made.drop is not None
    assert made.drop.hit
    shot = next(shot for shot in made.shots if shot.at == made.drop.frame)
    assert shot.media == "clip2"
    assert 4.0 - 0.1 <= shot.from_s <= 6.0


def test_too_few_clips_end_the_montage_early_and_it_says_so() -> None:
    made = plan(clips(4, 5), song(steady(120, 200)), Wish(target_s=60.0))
    assert made.duration_s <= 9.0
    assert any("no more" in sentence for sentence in made.explanation)


def test_a_target_length_is_kept() -> None:
    made = plan(clips(*[20] * 4), song(steady(120, 200)), Wish(target_s=30.0))
    assert made.duration_s == pytest.approx(30.0, abs=2.1)


@pytest.mark.parametrize("density", ["auto", "beat", "bar", "phrase"])
@pytest.mark.parametrize("target_s", [3.0, 5.0, 7.0])
def test_a_short_target_is_kept_with_whatever_density_and_shots(density: str, target_s: float) -> None:
    pictures = [video([63, 57, 60], media="one"), video([45, 54, 54, 27], media="two")]
    wish = Wish(mode="picture_to_music", density=density, target_s=target_s)  # type: ignore[arg-type]
    assert plan(pictures, song(steady(120, 100)), wish).duration_s == pytest.approx(target_s, abs=0.6)


def test_still_images_are_shown_once_each() -> None:
    stills = [PictureSource(f"image{number}", None) for number in range(5)]
    made = plan(stills, song(steady(120, 100)), Wish(density="bar"))
    media = [shot.media for shot in made.shots]
    assert media == sorted(set(media))


def test_one_long_take_is_cut_so_that_each_cut_is_seen() -> None:
    made = plan(clips(60), song(steady(120, 100)), Wish(mode="picture_to_music", target_s=20.0))
    assert len(made.shots) > 3
    for before, after in pairwise(made.shots):
        assert abs(after.from_s - before.from_s - before.take_s) > 0.3


def test_a_song_without_a_beat_gives_a_steady_montage_and_an_honest_word() -> None:
    made = plan(clips(10, 10), song([], duration_s=60.0), Wish())
    assert made.shots
    assert any("nothing to meet" in sentence for sentence in made.explanation)


def test_a_short_song_is_repeated_under_a_long_montage() -> None:
    heard = song(steady(120, 40), bar_sounds=[9, 0, 1, 2, 0, 1, 2, 0, 1, 8])
    made = plan(clips(*[20] * 4), heard, Wish(target_s=40.0))
    assert made.duration_s > 30.0
    assert len(made.music) > 1
    assert all(hit.hit for hit in made.hits)


@pytest.mark.parametrize("density", ["auto", "bar"])
@pytest.mark.parametrize("target_s", [12.0, 20.0, 30.0])
def test_every_clip_is_shown_however_many_shots_the_first_ones_have(density: str, target_s: float) -> None:
    long = [40, 25, 33, 90, 70, 28] * 3
    pictures = [video(long, media="one"), video(long[::-1], media="two"), *clips(9, 9)]
    wish = Wish(mode="picture_to_music", density=density, target_s=target_s)  # type: ignore[arg-type]
    made = plan(pictures, song(steady(100, 100)), wish)
    assert {shot.media for shot in made.shots} == {picture.media for picture in pictures}
    assert made.duration_s == pytest.approx(target_s, abs=1.3)


def test_many_clips_in_a_short_montage_are_cut_faster_so_that_each_is_shown() -> None:
    made = plan(clips(*[5] * 8), song(steady(120, 100)), Wish(target_s=10.0))
    assert len({shot.media for shot in made.shots}) == 8


def test_the_drop_of_a_montage_plays_when_it_is_wanted() -> None:
    made = plan(clips(20, 20), song(steady(120, 100), drops_s=[20.0]), Wish(target_s=16.0, drop_at_s=11.0))
    assert made.drop is not None
    assert made.drop.hit
    assert made.drop.time_s == pytest.approx(11.0, abs=0.3)


@pytest.mark.parametrize("target_s", [10.0, 17.3, 20.0, 29.9])
@pytest.mark.parametrize("density", ["auto", "beat", "two_beats", "bar", "phrase"])
def test_a_montage_is_as_long_as_asked_to_half_a_frame(target_s: float, density: str) -> None:
    wish = Wish(mode="picture_to_music", density=density, target_s=target_s)  # type: ignore[arg-type]
    made = plan(clips(20, 20, 20), song(steady(97, 120), drops_s=[30.0]), wish)
    assert abs(made.duration_s - target_s) <= 0.5 / 30 + 1e-6
    assert all(hit.hit for hit in made.hits)
    assert made.shots[-1].frames >= 0.4 * 30
