"""Music to picture."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.plan import Caps, PictureSource, SyncPlan, Wish, plan
from tests.studio.plan_data import slopes, song, steady, video


def hits(made: SyncPlan) -> int:
    return sum(hit.hit for hit in made.hits)


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_no_plan_breaks_its_caps(data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(8, 120), min_size=1, max_size=7))
    gaps = data.draw(st.lists(st.floats(0.3, 1.1), min_size=6, max_size=50))
    talk_s = data.draw(st.none() | st.floats(0.0, 6.0))
    picture = video(lengths, speech=[(talk_s, talk_s + 1.5)] if talk_s is not None else [])
    wish = Wish(touch_picture=data.draw(st.booleans()), drop_at_s=data.draw(st.none() | st.floats(0, 10)))
    heard = song(np.cumsum(gaps).tolist(), drops_s=[gaps[0] + gaps[1]])
    made = plan([picture], heard, wish)
    check_caps(made, picture, wish, Caps())
    for span in made.music:
        assert span.map[-1][1] <= heard.listening.duration_s + 1e-6
        assert span.map[0][1] >= -1e-9


def check_caps(made: SyncPlan, picture: PictureSource, wish: Wish, caps: Caps) -> None:
    assert picture.watching is not None
    sources = picture.watching.shots
    assert [shot.from_s for shot in made.shots] == [shot.start_s for shot in sources], "dropped or reordered"
    at = 0
    for shot, source in zip(made.shots, sources, strict=True):
        assert shot.at == at
        at += shot.frames
        untouched = source.end_frame - source.first_frame
        speed = shot.take_s * 30 / shot.frames
        assert abs(speed - 1) <= caps.shot_speed + 1e-9
        if shot.change == "trimmed":
            assert abs(speed - 1) < 1e-9
            assert untouched - shot.frames <= 4
        if shot.talking or not wish.touch_picture:
            assert shot.frames == untouched
            assert shot.change == "none"
    for pieces in slopes(made):
        assert all(abs(slope - 1) <= caps.music + 1e-6 for slope in pieces)
        assert all(abs(b - a) <= caps.music_step + 1e-4 for a, b in pairwise(pieces))
    for before, after in pairwise(made.music):
        assert before.map[-1][0] == pytest.approx(after.map[0][0], abs=1e-9)


def test_a_picture_cut_to_the_songs_own_beat_is_left_alone() -> None:
    made = plan([video([60, 60, 45, 60])], song(steady(120, 60, start_s=0.31)), Wish())
    assert not made.picture_touched
    assert hits(made) == 3
    assert not made.caps_limited
    assert max(abs(hit.offset_s or 0.0) for hit in made.hits) < 0.002


def test_a_slightly_slower_song_is_made_faster_rather_than_the_picture_touched() -> None:
    made = plan([video([60, 60, 60, 60, 60])], song(steady(118, 60)), Wish())
    assert not made.picture_touched
    assert hits(made) == 4
    assert slopes(made) == [[pytest.approx(120 / 118, abs=1e-4)]]
    assert "1.7 % faster" in made.explanation[0]


def test_shots_are_shortened_where_the_song_alone_cannot_meet_the_cuts() -> None:
    made = plan([video([63, 92, 64, 78, 47, 90])], song(steady(120, 80)), Wish())
    assert made.picture_touched
    assert hits(made) == 5
    assert "shortened" in made.explanation[0]


def test_an_untouchable_picture_gets_the_best_that_the_song_can_do() -> None:
    made = plan([video([63, 92, 64, 78, 47, 90])], song(steady(120, 80)), Wish(touch_picture=False))
    assert not made.picture_touched
    assert made.caps_limited
    assert 1 <= hits(made) < 5
    assert any("the picture is not to be touched" in sentence for sentence in made.explanation)


def test_talking_shots_keep_their_length() -> None:
    picture = video([63, 92, 64, 78, 47, 90], speech=[(2.5, 4.0)])
    made = plan([picture], song(steady(120, 80)), Wish())
    assert [shot.talking for shot in made.shots] == [False, True, False, False, False, False]
    assert made.shots[1].frames == 92


def test_the_drop_meets_the_cut_that_the_user_named() -> None:
    made = plan([video([60, 75, 90, 60])], song(steady(120, 100), drops_s=[20.0]), Wish(drop_at_s=4.4))
    assert made.drop is not None
    assert made.drop.named
    assert made.drop.hit
    assert made.drop.frame == made.shots[2].at
    assert "the drop meets the cut at 0:0" in made.explanation[0]


def test_the_drop_meets_the_strongest_cut_when_none_was_named() -> None:
    picture = video([60, 75, 90, 60], strengths=[0.0, 0.6, 0.6, 1.0])
    made = plan([picture], song(steady(120, 100), drops_s=[20.0]), Wish())
    assert made.drop is not None
    assert made.drop.hit
    assert made.drop.frame == made.shots[3].at


def test_an_early_drop_is_brought_to_a_late_cut_by_repeating_bars() -> None:
    heard = song(steady(120, 120), drops_s=[8.0], bar_sounds=[0] * 4 + list(range(1, 27)))
    made = plan([video([300, 300, 150])], heard, Wish(drop_at_s=20.0))
    assert made.drop is not None
    assert made.drop.hit
    assert made.drop.song_s == pytest.approx(8.0)
    assert len(made.music) > 1


def test_a_drop_that_cannot_be_brought_there_is_said() -> None:
    heard = song(steady(120, 40), drops_s=[1.0])
    made = plan([video([150, 150])], heard, Wish(drop_at_s=5.0, song_from_s=0.0))
    assert made.drop is None or not made.drop.hit
    assert any("drop" in sentence for sentence in made.explanation)


def test_a_short_song_goes_on_at_bar_lines_that_sound_the_same() -> None:
    heard = song(steady(120, 32), bar_sounds=[9, 0, 1, 2, 0, 1, 2, 8])
    made = plan([video([90] * 12)], heard, Wish())
    assert hits(made) == 11
    assert len(made.music) > 1
    beats, bars = heard.listening.beats_s, heard.listening.beat_in_bar
    for before, after in pairwise(made.music):
        leave, back = np.abs(beats - before.map[-1][1]), np.abs(beats - after.map[0][1])
        assert leave.min() < 1e-6
        assert back.min() < 1e-6
        assert bars[leave.argmin()] == bars[back.argmin()] == 1
        assert (leave.argmin() - back.argmin()) % 12 == 0, "bars that sound the same are three apart"
        assert after.join_s > 0
    assert made.music[-1].map[-1][0] == pytest.approx(made.duration_s, abs=0.06)


def test_a_song_that_cannot_be_made_longer_ends_early_and_says_so() -> None:
    made = plan([video([300, 300])], song(steady(120, 5), duration_s=3.0), Wish())
    assert made.music[-1].map[-1][0] < made.duration_s
    assert any("is over at" in sentence for sentence in made.explanation)


def test_a_long_song_ends_with_a_fade() -> None:
    made = plan([video([60, 60])], song(steady(120, 100)), Wish())
    assert 0.5 <= made.music[-1].fade_out_s <= 1.5


def test_the_song_starts_where_the_user_wants() -> None:
    made = plan([video([60, 60, 60])], song(steady(120, 100)), Wish(song_from_s=12.0))
    assert made.music[0].map[0][1] == pytest.approx(12.0, abs=0.3)


def test_a_song_without_a_beat_is_laid_under_and_said() -> None:
    made = plan([video([60, 60, 60])], song([], duration_s=60.0), Wish())
    assert made.music
    assert not made.picture_touched
    assert not any(hit.hit for hit in made.hits)
    assert any("speech" in sentence for sentence in made.explanation)


def test_a_video_without_cuts_gets_music_and_an_honest_word() -> None:
    made = plan([video([240])], song(steady(120, 60)), Wish())
    assert made.hits == ()
    assert made.music
    assert any("no cut" in sentence for sentence in made.explanation)


def test_a_plan_survives_json() -> None:
    made = plan([video([63, 92, 64])], song(steady(120, 80), drops_s=[12.0]), Wish())
    assert SyncPlan.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_a_plan_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        SyncPlan.from_json({"version": 99})


def test_nothing_to_show_is_refused() -> None:
    with pytest.raises(CannotDo):
        plan([], song(steady(120, 8)), Wish())
