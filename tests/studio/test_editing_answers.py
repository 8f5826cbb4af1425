"""What the editor does with a wish and what it says of it, on material that is known beforehand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.studio.desk import Desk, no_beat
from tests.studio.running import shots_at, steady_song

UNEVEN = shots_at(2.1, 4.7, 5.9, 7.3, 8.4)


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    made = make_desk()
    made.hand_over("beach.mp4", "summer.mp3", sound=True)
    return made


def test_a_vertical_montage_of_a_length_with_a_title_is_all_of_that(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.hand_over("one.mp4", "two.mp4", "three.mp4", "four.mp4", "summer.mp3")
    answer = desk.say(
        "cut these clips into a 20 second vertical montage for TikTok with a cut on every bar, title "
        "'Été à Paris — 夏天' for the first 3 seconds"
    )
    assert "Cut 4 clips to “summer.mp3”: 10 shots in 20 s." in answer
    assert answer.count("10 shots") == 1
    assert desk.shown() == {"one", "two", "three", "four"}
    assert (desk.size(), desk.length_s()) == ((1080, 1920), pytest.approx(20.0, abs=0.1))
    assert [(title["m"]["text"], title["d"]) for title in desk.segments(7)] == [("Été à Paris — 夏天", 3000)]


def test_clips_that_a_montage_leaves_out_are_named(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.hand_over("one.mp4", "two.mp4", "three.mp4", "summer.mp3")
    answer = desk.say("cut the clips into a 4 second montage with a cut on every bar")
    assert len(desk.shown()) == 2
    assert "Cut 2 clips" in answer
    assert "Left out:" in answer
    assert "there are only 2 shots" in answer


def test_a_length_told_with_a_sync_cuts_a_single_video_to_it(desk: Desk) -> None:
    desk.say("make a 6 second TikTok synced to the beat")
    assert desk.length_s() == pytest.approx(6.0, abs=0.3)
    assert desk.segments(1)


@pytest.mark.parametrize("text", ["title 'Hi' for the first 2 seconds", "标题“Hi”，前2秒", "change the title to 'Hi'"])
def test_a_title_is_put_where_there_is_none(desk: Desk, text: str) -> None:
    desk.say(text)
    assert [title["m"]["text"] for title in desk.segments(7)] == ["Hi"]


def test_a_bare_title_takes_the_place_of_the_one_that_stands_there(desk: Desk) -> None:
    desk.say("title 'One' for 2 s, title 'Two' at the end")
    desk.say("title 'Three' for 2 s")
    assert [title["m"]["text"] for title in desk.segments(7)] == ["Three", "Two"]


def test_the_color_of_a_title_is_told(desk: Desk) -> None:
    assert "center, red)" in desk.say("add the title 'Hi' in red")
    assert "居中，绿色" in desk.say("标题改成绿色")


@pytest.mark.parametrize(
    "text", ["put this song under my video", "put this song under my video, keep the talking, don't touch the picture"]
)
def test_a_song_put_under_a_video_is_background_music_from_its_start(desk: Desk, text: str) -> None:
    answer = desk.say(text)
    music = [segment["m"] for segment in desk.segments(1)]
    assert [(each["volume"], each["map"][0], each["fade_out_ms"]) for each in music] == [(0.35, [0.0, 0.0], 1500)]
    assert "beat" not in answer
    assert "sync" not in answer.lower()


def test_a_song_nearly_as_long_as_the_video_plays_once(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(long__mp4=shots_at(20.0, 40.0, duration_s=60.0), short__mp3=steady_song(duration_s=59.0))
    desk.hand_over("long.mp4", "short.mp3", duration_s=60.0)
    desk.say("put this song under my video")
    assert len(desk.segments(1)) == 1


@pytest.mark.parametrize(
    "text", ["sync, but don't touch the picture", "sync, keep the picture as it is", "卡点，别动画面"]
)
def test_a_picture_left_alone_keeps_its_size_and_every_frame(make_desk: Callable[..., Desk], text: str) -> None:
    desk = make_desk(beach__mp4=UNEVEN)
    desk.hand_over("beach.mp4", "summer.mp3")
    desk.say(text)
    assert desk.draft["m"]["preset"] == "original"
    assert sum(segment["m"]["frames"] for segment in desk.segments(0)) == 300
    desk.say("make it vertical")
    assert desk.size() == (1080, 1920)


def test_music_at_a_level_puts_in_the_song_that_was_handed_over(desk: Desk) -> None:
    answer = desk.say("add a title 'Paradise Found' for the first 3 seconds, music at 35 %, make it 9:16")
    assert "“summer.mp3” now plays under the picture at 35%." in answer
    assert desk.segments(1)[0]["m"]["volume"] == 0.35
    assert desk.size() == (1080, 1920)


def test_a_drop_where_no_cut_is_names_the_cut_it_meets(desk: Desk) -> None:
    answer = desk.say("the drop should hit at 3 seconds")
    assert "There is no cut at 0:03; the nearest is at 0:02, and the drop meets that one." in answer
    assert "cut or not" in desk.say("put the drop at exactly 3 seconds, cut or not")
    start_s = desk.segments(1)[0]["m"]["map"][0][1]
    assert start_s == pytest.approx(16.0 - 3.0, abs=0.01)


def test_a_drop_after_the_end_is_asked_about(desk: Desk) -> None:
    assert "The video is 10 s long" in desk.say("put the drop at 2:00")
    answer = desk.say("sync and put the drop at 2:00")
    assert "When should it?" in answer
    assert "Synced" in answer


@pytest.mark.parametrize("text", ["show tracks", "show timeline", "what's on the timeline?", "时间线", "export it"])
def test_a_question_changes_nothing(desk: Desk, text: str) -> None:
    desk.say("trim to 8 s")
    before = desk.draft
    answer = desk.say(text)
    assert "beach.mp4" in answer or "export" in answer
    assert desk.draft == before
    assert desk.say("undo").startswith("Undone: trim.")


def test_a_silent_song_is_refused(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(silent__mp3=no_beat("no steady beat: silence"))
    desk.hand_over("beach.mp4", "silent.mp3")
    for text in ("sync", "add the music"):
        answer = desk.say(text)
        assert "“silent.mp3” is silent" in answer
        assert "Synced" not in answer
    assert not desk.draft


def test_a_song_without_a_beat_is_not_said_to_be_synced(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(talk__mp3=no_beat("no steady beat: speech"))
    desk.hand_over("beach.mp4", "talk.mp3")
    answer = desk.say("sync")
    assert answer.startswith("“talk.mp3” lies under “beach.mp4”, but is not synced.")
    assert "no steady beat: speech" in answer
    assert "没有卡点" in desk.say("卡点")


def test_few_cuts_on_a_beat_are_not_called_synced(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(beach__mp4=UNEVEN)
    desk.hand_over("beach.mp4", "summer.mp3")
    answer = desk.say("sync, but don't touch the picture")
    assert answer.startswith("Partly in sync: 3 of 5 cuts of “beach.mp4” fall on a beat of “summer.mp3”.")
    assert answer.count("is not to be touched") == 1
    chinese = desk.say("卡点")
    assert chinese.startswith("部分卡上")
    assert "0:05.9、0:08.4 处的切点没有卡上：画面不能动。" in chinese


def test_the_length_that_is_told_is_that_of_the_finished_video(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(beach__mp4=UNEVEN)
    desk.hand_over("beach.mp4", "summer.mp3")
    desk.say("sync")
    answer = desk.say("remove shot 2")
    assert f"; {desk.length_s():.2f}".rstrip("0").rstrip(".") in answer


def test_quieter_under_speech_is_told_when_nobody_talks(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(**{"speech in talk.mp4": ((1.0, 3.0),)})
    desk.hand_over("beach.mp4", "summer.mp3", sound=True)
    desk.say("add the music")
    assert "Nobody talks" in desk.say("make the music quieter under speech")
    desk.hand_over("talk.mp4", sound=True)
    desk.say("use talk.mp4")
    assert "steps back" in desk.say("make the music quieter under speech")


def test_an_undo_is_told_in_the_users_language(desk: Desk) -> None:
    desk.say("add the title 'Hi' and make it 9:16")
    assert desk.say("撤销").startswith("已撤销：文字、画幅。")
    assert desk.say("redo").startswith("Done again: title, shape.")


def test_the_level_of_background_music_survives_a_wish_about_its_drop(desk: Desk) -> None:
    desk.say("put this song under my video")
    desk.say("put the drop on the second cut")
    assert desk.segments(1)[0]["m"]["volume"] == 0.35


def test_a_level_that_was_chosen_is_kept_by_a_sync(desk: Desk) -> None:
    desk.say("music at 50%")
    desk.say("sync")
    assert desk.segments(1)[0]["m"]["volume"] == 0.5
