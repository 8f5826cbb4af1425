"""What is not to be done, what cannot be done, and what is only said when it is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from music_cog_online.studio.editing.instructions import Known, understand
from music_cog_online.studio.editing.operations import (
    Fade,
    History,
    Leave,
    Operation,
    RemoveMusic,
    RemoveTitle,
    Reorder,
    SetShape,
    SetVolume,
    Sync,
    Unsupported,
)
from tests.studio.desk import Desk, desk_in
from tests.studio.running import shots_at, steady_song

KNOWN = (Known("md_one", "one.mp4", "video"), Known("md_song", "summer.mp3", "audio"))
MUSIC, OWN = Leave(("music",), mutes=True), Leave(("own",), mutes=True)
FILL = SetShape(None, "fill")
CASES: tuple[tuple[str, tuple[Operation, ...]], ...] = (
    ("don't mute the music", (MUSIC,)),
    ("don’t mute the music", (MUSIC,)),
    ("I don't want the music muted", (MUSIC,)),
    ("the music should not be muted", (MUSIC,)),
    ("never mute the original sound", (OWN,)),
    ("music at 80%, don't mute the original sound", (SetVolume("music", level=0.8), OWN)),
    ("mute the original sound but not the music", (SetVolume("own", level=0.0), MUSIC)),
    ("make it 9:16 without muting the original sound", (SetShape("portrait", None, "9:16"), OWN)),
    ("please do not remove the music", (Leave(("music",)),)),
    ("don't remove the title", (Leave(("title",)),)),
    ("don't fade the music", (Fade("music", 0.0, 0.0),)),
    ("never fade out the music", (Fade("music", None, 0.0),)),
    ("don't blur the background", (FILL,)),
    ("I don't want music", (RemoveMusic(),)),
    ("don't use the original sound", (SetVolume("own", level=0.0),)),
    ("we don't need a title", (RemoveTitle(),)),
    ("别静音", (Leave((), mutes=True),)),
    ("音乐80%，不要静音原声", (SetVolume("music", level=0.8), OWN)),
    ("不要去掉音乐", (Leave(("music",)),)),
    ("不要模糊背景", (FILL,)),
    ("sync, don't touch the picture", (Sync(touch_picture=False),)),
    ("remove the silence", (Unsupported("silences"),)),
    ("remove the silent parts", (Unsupported("silences"),)),
    ("去掉静音部分", (Unsupported("silences"),)),
    ("delete everything", (History(None),)),
    ("remove everything", (History(None),)),
    ("clear everything", (History(None),)),
    ("全部删除", (History(None),)),
    ("fill the screen, no blurred bars", (FILL, FILL)),
    ("no blurred background please, crop it", (FILL, FILL)),
    ("9:16 with a blurred background", (SetShape("portrait", "blur", "9:16"),)),
    ("cut on every second beat", (Sync(mode="picture_to_music", density="two_beats"),)),
    ("a cut every 2 beats", (Sync(density="two_beats"),)),
    ("cut on every two beats", (Sync(mode="picture_to_music", density="two_beats"),)),
    ("add a fade between clips", (Unsupported("transition"),)),
    ("reverse the order of the clips", (Reorder(),)),
    ("swap the clips", (Reorder(swap=True),)),
    ("play it backwards", (Unsupported("reverse"),)),
    ("add a lo-fi track", (Unsupported("library"),)),
)


@pytest.mark.parametrize(("text", "meant"), CASES, ids=[text for text, _ in CASES])
def test_a_wish_turned_down_is_not_carried_out(text: str, meant: tuple[Operation, ...]) -> None:
    assert understand(text, KNOWN) == meant


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    def made(*names: str, **seen: object) -> Desk:
        desk = desk_in(tmp_path, executor, {name.replace("__", "."): what for name, what in seen.items()})
        for name in names:
            desk.hand_over(name, sound=name.endswith("mp4"))
        return desk

    with ThreadPoolExecutor(1) as executor:
        yield made


@pytest.fixture
def montage(make_desk: Callable[..., Desk]) -> Desk:
    desk = make_desk("a.mp4", "b.mp4", "c.mp4", "summer.mp3")
    desk.say("make a vertical montage")
    return desk


def levels(desk: Desk) -> tuple[float, float]:
    """Volume of the music and of the clips' own sound."""
    return desk.segments(1)[0]["m"]["volume"], desk.segments(0)[0]["m"]["volume"]


def test_what_must_not_be_muted_stays_or_is_heard_again(montage: Desk) -> None:
    assert "stays as it is" in montage.say("don't mute the music")
    assert levels(montage) == (1.0, 0.25)
    montage.say("mute the music")
    assert levels(montage)[0] == 0
    assert "100%" in montage.say("don't mute the music")
    assert levels(montage) == (1.0, 0.25)


def test_silences_are_refused_and_nothing_changes(montage: Desk) -> None:
    before = montage.draft
    answer = montage.say("remove the silent parts")
    assert "cannot find and cut out silent parts" in answer
    assert montage.draft == before


def test_everything_deleted_can_be_had_back(montage: Desk) -> None:
    before = montage.segments(0)
    assert "empty" in montage.say("delete everything")
    assert montage.segments(0) == []
    montage.say("undo")
    assert montage.segments(0) == before


def test_a_montage_in_another_shape_is_cropped_unless_blur_is_asked_for(montage: Desk) -> None:
    def fits() -> set[str]:
        return {segment["m"]["fit"] for segment in montage.segments(0)}

    assert fits() == {"fill"}
    assert "blurred" in montage.say("9:16 with a blurred background")
    assert fits() == {"blur"}
    assert "filled edge to edge" in montage.say("no blurred background please, crop it")
    assert fits() == {"fill"}


def test_a_montage_gets_the_very_length_and_says_so(montage: Desk) -> None:
    assert "The montage is 13.5 s long now." in montage.say("make it exactly 13.5 seconds")
    assert montage.length_s() == pytest.approx(13.5, abs=1 / 60)
    assert "already" in montage.say("make it 13.5 seconds")


def test_what_is_used_already_is_said_to_be(montage: Desk) -> None:
    before = montage.draft
    assert "Nothing had to be changed" in montage.say("use all three clips")
    assert montage.draft == before


def test_a_new_size_of_a_title_is_told(montage: Desk) -> None:
    montage.say("add the title 'Rome'")
    assert "130% of the usual size" in montage.say("make the title bigger")


def test_the_order_can_be_turned_round_and_two_clips_swapped(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk("a.mp4", "b.mp4")
    desk.say("use all clips")
    assert "b.mp4, a.mp4" in desk.say("swap the clips")
    assert [segment["m"]["name"] for segment in desk.segments(0)] == ["b", "a"]
    desk.say("reverse the order")
    assert [segment["m"]["name"] for segment in desk.segments(0)] == ["a", "b"]


def test_a_swap_needs_two_clips(montage: Desk) -> None:
    assert "which ones" in montage.say("swap the clips")


def test_one_clip_has_no_order(make_desk: Callable[..., Desk]) -> None:
    assert "only one clip" in make_desk("a.mp4").say("reverse the order")


def test_a_video_without_cuts_gets_the_drop_in_its_middle(make_desk: Callable[..., Desk]) -> None:
    song = steady_song(duration_s=180.0, drop_s=60.0)
    desk = make_desk("a.mp4", "summer.mp3", a__mp4=shots_at(duration_s=10.0), summer__mp3=song)
    desk.say("sync the music to my video")
    start_s = desk.segments(1)[0]["m"]["map"][0][1]
    assert 10 / 3 <= 60.0 - start_s <= 20 / 3
