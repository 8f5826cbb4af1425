"""What a plan says about itself, the song that only lies under the picture, and where the song goes round."""

from __future__ import annotations

from itertools import pairwise

import pytest

from music_cog_online.studio.plan import SyncPlan, Wish, plan
from music_cog_online.studio.planning.words import clock, sentences
from tests.studio.plan_data import slopes, song, steady, video

UNDER = Wish(mode="music_to_picture", touch_picture=False, song_from_s=0.0, on_beat=False)


def said(made: SyncPlan, heard, wish: Wish, language="en") -> str:  # type: ignore[no-untyped-def]
    return " ".join(sentence for _, sentence in sentences(made, heard.listening, wish, language=language))


def test_times_between_seconds_are_told_to_a_tenth() -> None:
    assert [clock(time_s) for time_s in (12.0, 15.5, 59.97, 61.24)] == ["0:12", "0:15.5", "1:00", "1:01.2"]


def test_a_drop_asked_for_where_no_cut_is_names_the_cut_that_it_meets() -> None:
    heard, wish = song(steady(120, 100), drops_s=[20.0]), Wish(drop_at_s=5.2)
    made = plan([video([60, 75, 90, 60])], heard, wish)
    assert "no cut at 0:05.2; the nearest is at 0:04.5, and the drop meets that one" in said(made, heard, wish)
    assert "0:05.2 处没有切点，最近的在 0:04.5" in said(made, heard, wish, "zh")


def test_a_drop_can_be_had_at_a_time_without_a_cut() -> None:
    heard, wish = song(steady(120, 100), drops_s=[20.0]), Wish(drop_at_s=5.2, drop_exact=True)
    made = plan([video([60, 75, 90, 60])], heard, wish)
    assert made.music[0].song_at(5.2) == pytest.approx(20.0, abs=1e-3)
    assert made.music[0].map[0][1] == pytest.approx(14.8, abs=1e-3)
    assert "The drop plays at 0:05.2, cut or not" in said(made, heard, wish)


def test_a_drop_earlier_in_the_song_than_its_time_lets_the_song_begin_later() -> None:
    heard, wish = song(steady(120, 100), drops_s=[3.0]), Wish(drop_at_s=5.0, drop_exact=True)
    made = plan([video([60, 75, 90, 60])], heard, wish)
    assert made.music[0].map[0] == pytest.approx((2.0, 0.0))
    assert "begins at 0:02 of the video" in said(made, heard, wish)


def test_a_video_without_cuts_gets_the_drop_at_the_very_time() -> None:
    made = plan([video([300])], song(steady(120, 100), drops_s=[20.0]), Wish(drop_at_s=6.0))
    assert made.drop is not None
    assert made.music[0].song_at(6.0) == pytest.approx(20.0, abs=1e-3)


def test_cuts_that_miss_are_named_once_for_each_reason_in_plain_words() -> None:
    heard, wish = song(steady(120, 80)), Wish(touch_picture=False)
    text = said(plan([video([63, 92, 64, 78, 47, 90])], heard, wish), heard, wish)
    assert text.count("is not to be touched") == 1
    assert "frames" not in text
    assert "画面不能动" in said(plan([video([63, 92, 64, 78, 47, 90])], heard, wish), heard, wish, "zh")


def test_a_song_under_the_picture_plays_once_at_its_own_speed_and_fades() -> None:
    made = plan([video([900, 900])], song(steady(120, 119), duration_s=60.0), UNDER)
    assert len(made.music) == 1
    assert slopes(made) == [[pytest.approx(1.0)]]
    assert made.music[0].map[0] == pytest.approx((0.0, 0.0))
    assert made.music[0].fade_out_s == pytest.approx(1.5)
    assert made.hits == ()


def test_a_song_under_a_much_longer_picture_goes_on_at_a_bar_line() -> None:
    made = plan([video([1800])], song(steady(120, 60), bar_sounds=[9, *[0] * 13, 8]), UNDER)
    assert made.music[-1].map[-1][0] == pytest.approx(60.0, abs=0.1)
    assert len(made.music) > 1


def test_a_short_song_goes_round_in_its_longest_loop_and_says_so_once() -> None:
    heard = song(steady(120, 40), bar_sounds=[9, 0, 1, 0, 1, 0, 1, 0, 1, 8])
    made = plan([video([90] * 20)], heard, Wish())
    back_s = [before.map[-1][1] - after.map[0][1] for before, after in pairwise(made.music)]
    assert min(back_s) >= 10.0
    text = said(made, heard, Wish())
    assert text.count("To be long enough") == 1
    assert f"{len(back_s)} times" in text


def test_a_montage_that_cannot_have_its_drop_in_time_says_so() -> None:
    heard, wish = song(steady(120, 100), drops_s=[3.0]), Wish(target_s=16.0, drop_at_s=11.0)
    text = said(plan([video([600]), video([600], media="two")], heard, wish), heard, wish)
    assert "plays at 0:03, not at 0:11" in text or "cannot be brought to the cut at 0:11" in text
    assert "meets the cut" not in text


def test_a_video_without_cuts_gets_the_strongest_drop_in_its_middle() -> None:
    heard = song(steady(120, 360), drops_s=[62.0])
    made = plan([video([360])], heard, Wish())
    starts_s = made.music[0].song_at(0.0)
    assert starts_s % 2 == pytest.approx(0, abs=0.05), "on a bar line"
    assert 4.0 <= 62.0 - starts_s <= 8.0


def test_a_video_without_cuts_gets_the_loudest_stretch_of_a_song_without_a_drop_and_never_the_outro() -> None:
    energy = [0.2] * 100 + [0.9] * 60 + [0.3] * 100 + [0.01] * 100
    made = plan([video([360])], song(steady(120, 360), energy=energy), Wish())
    assert 50.0 <= made.music[0].song_at(0.0) <= 68.0
    assert made.music[0].song_at(12.0) <= 80.5
