"""The editor: instructions on a project, its drafts and its answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from music_cog_online.studio.render.draft import parse_draft
from tests.studio.desk import Desk, no_beat
from tests.studio.running import shots_at


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    made = make_desk()
    made.hand_over("beach.mp4", "summer.mp3")
    return made


def test_the_missions_sentence_puts_the_song_under_the_cuts(desk: Desk) -> None:
    answer = desk.say("sync background music to my video and adjust the beat drops to match the cuts")
    assert answer.startswith("Synced “summer.mp3” to “beach.mp4”.")
    assert "4 of 4 cuts fall on a beat" in answer
    assert "export" in answer
    assert len(desk.segments(0)) == 5
    assert desk.segments(1)[0]["m"]["role"] == "music"
    assert desk.draft["m"]["sync"]["mode"] == "music_to_picture"


def test_segments_of_the_picture_follow_on_frame_by_frame(desk: Desk) -> None:
    desk.say("sync")
    at = 0
    for segment in desk.segments(0):
        assert segment["m"]["at"] == at
        at += segment["m"]["frames"]
    assert desk.draft["d"] == round(at * 1000 / 30)


def test_several_clips_and_a_song_become_a_montage_in_their_order(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.hand_over("one.mp4", "two.mp4", "photo.jpg", "summer.mp3")
    answer = desk.say("sync the cuts to the beat")
    assert desk.draft["m"]["sync"]["mode"] == "picture_to_music"
    order = list(dict.fromkeys(segment["m"]["name"] for segment in desk.segments(0)))
    assert order == ["one", "two", "photo"]
    assert "shots" in answer


def test_a_length_before_a_montage_is_the_length_of_the_montage(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.hand_over("one.mp4", "two.mp4", "summer.mp3")
    desk.say("make it 6 seconds and sync the cuts to the beat")
    assert desk.length_s() == pytest.approx(6, abs=1.1)
    assert {segment["m"]["name"] for segment in desk.segments(0)} == {"one", "two"}


def test_without_a_song_the_next_step_is_told(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    assert "Upload a video and a song" in desk.say("sync")
    desk.hand_over("beach.mp4")
    assert "Now upload a song" in desk.say("sync")
    assert not desk.draft


def test_without_a_video_the_next_step_is_told(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.hand_over("summer.mp3")
    assert "Now upload a video" in desk.say("sync")
    assert "There is no video" in desk.say("trim to 5 s")


def test_own_sound_stays_at_a_quarter_under_a_synced_song(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.hand_over("beach.mp4", "summer.mp3", sound=True)
    assert "25%" in desk.say("sync")
    assert {segment["m"]["volume"] for segment in desk.segments(0)} == {0.25}


def test_talk_keeps_its_volume_and_its_timing(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(**{"speech in beach.mp4": ((2.5, 3.5),)})
    desk.hand_over("beach.mp4", "summer.mp3", sound=True)
    assert "ducks" in desk.say("sync")
    talking = next(segment["m"] for segment in desk.segments(0) if segment["m"]["speech"])
    assert talking["volume"] == 1.0
    assert talking["frames"] == round(talking["take_s"] * 30)
    assert talking["speech_spans"][0] == pytest.approx([2.5, 3.5], abs=0.2)
    assert desk.segments(1)[0]["m"]["duck"]


def test_the_picture_stays_untouched_when_asked(desk: Desk) -> None:
    desk.say("sync but don't touch the picture")
    assert all(segment["m"]["frames"] == round(segment["m"]["take_s"] * 30) for segment in desk.segments(0))


def test_a_named_cut_gets_the_drop(desk: Desk) -> None:
    desk.say("sync")
    assert "drop meets the cut at 0:06" in desk.say("put the drop on the third cut")
    assert desk.draft["m"]["sync"]["drop"]["named"]


def test_a_trim_after_a_sync_syncs_anew(desk: Desk) -> None:
    desk.say("sync")
    answer = desk.say("trim to 6 s")
    assert "made anew" in answer
    assert desk.length_s() == pytest.approx(6.0, abs=0.3)
    assert desk.segments(1)[-1]["m"]["map"][-1][0] == pytest.approx(desk.length_s(), abs=0.05)


def test_several_things_in_one_instruction_are_done_in_order(desk: Desk) -> None:
    answer = desk.say(
        "trim to 8 s, add the title 'Paradise Found' at the top for the first 3 seconds and sync the cuts"
    )
    assert desk.length_s() == pytest.approx(8.0, abs=0.3)
    assert desk.segments(7)[0]["m"]["text"] == "Paradise Found"
    assert desk.draft["m"]["sync"]
    assert answer.index("8 s") < answer.index("Paradise") < answer.index("Synced")


def test_what_fails_does_not_stop_the_rest(desk: Desk) -> None:
    answer = desk.say("remove shot 40, then add the title 'Hi'")
    assert "There is no number 40" in answer
    assert desk.segments(7)[0]["m"]["text"] == "Hi"


@pytest.mark.parametrize(
    ("text", "left_s"),
    [("cut the first 3 seconds", 7), ("remove the last 4 s", 6), ("keep 2 s to 5 s", 3), ("cut out 2s to 5s", 7)],
)
def test_trims_leave_the_right_length(desk: Desk, text: str, left_s: float) -> None:
    desk.say(text)
    assert desk.length_s() == pytest.approx(left_s, abs=0.02)


def test_a_trim_that_would_leave_nothing_is_refused(desk: Desk) -> None:
    assert "would leave nothing" in desk.say("cut the first 30 seconds")


def test_a_shot_can_be_taken_out_by_number(desk: Desk) -> None:
    desk.say("remove shot 2")
    assert [(segment["m"]["from_s"], segment["d"]) for segment in desk.segments(0)] == [(0.0, 2000), (4.0, 6000)]


def test_volumes_are_set_and_changed(desk: Desk) -> None:
    desk.say("add background music at 40%")
    assert desk.segments(1)[0]["m"]["volume"] == 0.4
    desk.say("make the music half as loud")
    assert desk.segments(1)[0]["m"]["volume"] == 0.2
    assert "no sound of its own" in desk.say("mute the original sound")


def test_fades_land_on_both_ends(desk: Desk) -> None:
    desk.say("sync, then fade in over 1 s and fade out over 2 s")
    clips, song = desk.segments(0), desk.segments(1)
    assert clips[0]["m"]["fade_in_ms"] == 1000
    assert clips[-1]["m"]["fade_out_ms"] == min(2000, clips[-1]["d"])
    assert (song[0]["m"]["fade_in_ms"], song[-1]["m"]["fade_out_ms"]) == (1000, 2000)


def test_titles_are_added_changed_and_removed(desk: Desk) -> None:
    desk.say("add the title 'Hello' in red in the last 2 seconds")
    assert desk.segments(7)[0]["s"] == 8000
    assert desk.segments(7)[0]["m"]["color"] == "#ff3b30"
    assert "“Bye”" in desk.say("change the title to 'Bye'")
    desk.say("move the title to the bottom")
    assert desk.segments(7)[0]["m"] == {"text": "Bye", "position": "bottom", "size": 1.0, "color": "#ff3b30"}
    assert "Removed the title “Bye”" in desk.say("remove the title")
    assert desk.segments(7) == []


def test_a_title_without_words_is_asked_for(desk: Desk) -> None:
    assert "What should the title say?" in desk.say("add a title")


def test_shapes_are_the_manifests_presets(desk: Desk) -> None:
    answer = desk.say("make it vertical for TikTok")
    assert (desk.draft["m"]["width"], desk.draft["m"]["height"]) == (1080, 1920)
    assert "9:16" in answer
    desk.say("fill the screen")
    assert desk.segments(0)[0]["m"]["fit"] == "fill"
    assert "not one of my shapes" in desk.say("make it 21:9")


def test_undo_and_redo_walk_through_the_drafts(desk: Desk) -> None:
    desk.say("trim to 8 s")
    desk.say("trim to 5 s")
    assert desk.say("undo").startswith("Undone: trim.")
    assert desk.length_s() == 8
    desk.say("redo")
    assert desk.length_s() == 5
    desk.say("undo twice")
    assert not desk.draft
    assert "nothing to undo" in desk.say("undo")


def test_starting_over_can_be_undone(desk: Desk) -> None:
    desk.say("trim to 8 s")
    assert "empty again" in desk.say("start over")
    assert not desk.draft
    desk.say("undo")
    assert desk.length_s() == 8


def test_asking_for_sync_again_tells_the_figures_again(desk: Desk) -> None:
    first = desk.say("sync")
    assert desk.say("sync the cuts to the beat") in (
        first,
        first.replace(" Say “export” for the MP4, or go on editing.", ""),
    )


def test_an_upload_after_an_unfinished_edit_joins_the_picture(desk: Desk) -> None:
    desk.say("sync")
    desk.hand_over("city.mp4")
    desk.say("sync")
    assert {segment["m"]["name"] for segment in desk.segments(0)} == {"beach", "city"}


def test_a_named_file_takes_the_place_of_the_picture(desk: Desk) -> None:
    desk.hand_over("city.mp4")
    desk.say("sync city.mp4 with the music")
    assert {segment["m"]["name"] for segment in desk.segments(0)} == {"city"}
    assert "There is no file called “moon.mp4”" in desk.say("use moon.mp4")


def test_another_song_is_synced_in_place_of_the_first(desk: Desk) -> None:
    desk.say("sync")
    desk.hand_over("winter.mp3")
    answer = desk.say("replace the music with winter.mp3")
    assert "winter.mp3" in answer
    assert desk.segments(1)[0]["m"]["name"] == "winter"
    assert desk.draft["m"]["sync"]


def test_a_song_without_a_beat_is_said_to_have_none(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(talk__mp3=no_beat("no steady beat: speech"))
    desk.hand_over("beach.mp4", "talk.mp3")
    assert "no steady beat" in desk.say("sync")
    assert "听不出稳定的节拍" in desk.say("卡点")


def test_a_video_without_a_cut_is_said_to_have_none(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(beach__mp4=shots_at())
    desk.hand_over("beach.mp4", "summer.mp3")
    assert "no cut" in desk.say("sync")
    assert "没有切点" in desk.say("卡点")


def test_a_single_image_stands_under_the_song(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.hand_over("photo.png", "summer.mp3")
    desk.say("sync")
    assert desk.length_s() == pytest.approx(15, abs=0.1)


def test_answers_are_in_the_users_language(desk: Desk) -> None:
    assert desk.say("把视频卡点").startswith("已把“summer.mp3”和“beach.mp4”对上节拍。")
    assert desk.say("亮一点").startswith("我不会调色")
    assert desk.say("trim to 5 s").startswith("The video is")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("make it sparkle", "I did not understand “make it sparkle”"),
        ("add a crossfade", "I cannot add transitions"),
        ("what can you do?", "sync cuts to the beat"),
        ("hello", "Hello!"),
        ("what is the tempo of the song?", "“summer.mp3”: 120 beats a minute, 1:00 long, drop at 0:16."),
        ("trim the video", "How long should it be?"),
        ("what is on the timeline?", "The timeline is empty. Files here: beach.mp4, summer.mp3."),
    ],
)
def test_what_is_no_edit_is_answered_in_words(desk: Desk, text: str, words: str) -> None:
    assert words in desk.say(text)
    assert not desk.draft


_SAID = st.sampled_from(
    [
        "sync", "don't touch the picture", "trim to 6 s", "cut the first second", "remove shot 2", "undo", "redo",
        "9:16", "add the title 'A' for 2 s", "make the title bigger", "remove the title", "music at 30%",
        "remove the music", "fade in and out", "mute everything", "add city.mp4 at the start", "cut on every beat",
        "make it 4 seconds", "put the drop on the second cut", "start over", "use beach.mp4", "把音乐调小一点",
        "remove the last shot", "let the song start at 0:10", "remove city.mp4", "square", "keep the last 3 seconds",
        "unknown words", "vertical montage, 5 seconds", "put this song under my video", "title 'B' for 1 s",
        "put the drop at 0:03, cut or not", "a 6 second montage with the title 'C' and a fade out",
    ]
)  # fmt: skip


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_SAID, min_size=1, max_size=6))
def test_no_sequence_of_edits_breaks_the_draft(make_desk: Callable[..., Desk], said: list[str]) -> None:
    desk = make_desk()
    desk.hand_over("beach.mp4", "city.mp4", "summer.mp3")
    for text in said:
        assert desk.say(text)
        if desk.draft.get("t"):
            parsed = parse_draft(desk.draft, desk.files)
            assert parsed.frames == sum(segment["m"]["frames"] for segment in desk.segments(0))
