"""Instructions in English and Chinese, and the operations that they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_cog_online.studio.editing.instructions import Known, is_chinese, understand
from music_cog_online.studio.editing.operations import (
    AddMusic,
    AddTitle,
    AddVideos,
    ChangeTitle,
    Duck,
    Fade,
    History,
    MediaRef,
    Operation,
    RemoveMusic,
    RemovePicture,
    RemoveTitle,
    RemoveTrack,
    SetShape,
    SetVolume,
    Span,
    Sync,
    Talk,
    Trim,
    Unknown,
    Unsupported,
    UseVideos,
)

KNOWN = (
    Known("md_beach", "beach_day.mp4", "video"),
    Known("md_city", "city timelapse.mov", "video"),
    Known("md_song", "summer.mp3", "audio"),
)
SONG, BEACH, CITY = MediaRef(id="md_song"), MediaRef(id="md_beach"), MediaRef(id="md_city")
CASES: tuple[tuple[str, tuple[Operation, ...]], ...] = (
    # Sync
    ("sync background music to my video and adjust the beat drops to match the cuts", (Sync(),)),
    ("Sync the cuts to the beat", (Sync(),)),
    ("please synchronise the music with my video", (Sync(),)),
    ("make the cuts land on the beat", (Sync(),)),
    ("match the music to my video", (Sync(),)),
    ("can you beat-match this?", (Sync(),)),
    ("make it hit on the beat", (Sync(),)),
    ("align my clips with the rhythm", (Sync(),)),
    ("sync with summer.mp3", (Sync(song=SONG),)),
    ("cut my clips to the beat", (Sync(mode="picture_to_music"),)),
    ("cut the clips on every bar", (Sync(mode="picture_to_music", density="bar"),)),
    ("make a 15 second montage on the beat", (Sync(mode="picture_to_music", target_s=15.0),)),
    ("a montage, cut on every beat", (Sync(mode="picture_to_music", density="beat"),)),
    ("put the drop at 0:12", (Sync(drop_at_s=12.0, hint=True),)),
    ("make the drop hit on the third cut", (Sync(drop_cut=3, hint=True),)),
    ("the drop should land on the last cut", (Sync(drop_cut=-1, hint=True),)),
    ("let the song start at 0:30", (Sync(song_from_s=30.0, hint=True),)),
    ("start the music at 1:20", (Sync(song_from_s=80.0, hint=True),)),
    ("don't touch the picture", (Sync(touch_picture=False, hint=True),)),
    ("sync the music but don't touch the picture", (Sync(touch_picture=False),)),
    ("sync it, keep the video as it is", (Sync(touch_picture=False),)),
    ("add summer.mp3 and sync it to the cuts", (Sync(song=SONG),)),
    ("add summer.mp3 at 60% and put the drop at 8s", (Sync(song=SONG, volume=0.6, drop_at_s=8.0),)),
    ("同步背景音乐和我的视频，让节拍和剪辑点对齐", (Sync(),)),
    ("把视频卡点", (Sync(),)),
    ("让画面跟着音乐走", (Sync(),)),
    ("卡点，不要动画面", (Sync(touch_picture=False),)),
    ("剪成15秒的卡点混剪，每小节一切", (Sync(mode="picture_to_music", density="bar", target_s=15.0),)),
    ("高潮放在12秒", (Sync(drop_at_s=12.0, hint=True),)),
    ("让歌曲从30秒开始", (Sync(song_from_s=30.0, hint=True),)),
    # Music
    ("add background music at 35%", (AddMusic(volume=0.35, background=True),)),
    ("add summer.mp3 under the clip at 30% volume", (AddMusic(SONG, 0.3, background=True),)),
    ("put “summer.mp3” in", (AddMusic(SONG),)),
    ("replace the music with summer.mp3", (AddMusic(SONG, replace=True),)),
    ("use the second song", (AddMusic(MediaRef(number=2)),)),
    ("use winter.mp3 as the music", (AddMusic(MediaRef(missing="winter.mp3")),)),
    ("加背景音乐，音量30%", (AddMusic(volume=0.3, background=True),)),
    ("换成第二首歌", (AddMusic(MediaRef(number=2), replace=True),)),
    ("remove the music", (RemoveMusic(),)),
    ("no music please", (RemoveMusic(),)),
    ("去掉音乐", (RemoveMusic(),)),
    ("remove track 2", (RemoveTrack(2),)),
    # Volumes
    ("set the music volume to 50%", (SetVolume("music", level=0.5),)),
    ("music at half volume", (SetVolume("music", level=0.5),)),
    ("lower the original sound by 6 dB", (SetVolume("own", factor=10 ** (-6 / 20)),)),
    ("turn the music down a bit", (SetVolume("music", factor=0.8),)),
    ("the music is too loud", (SetVolume("music", factor=0.65),)),
    ("mute the original sound", (SetVolume("own", level=0.0),)),
    ("remove the original audio", (SetVolume("own", level=0.0),)),
    ("mute everything", (SetVolume("all", level=0.0),)),
    ("keep the original sound", (SetVolume("own", level=1.0),)),
    ("把音乐调小一点", (SetVolume("music", factor=0.8),)),
    ("音乐音量调到百分之三十", (SetVolume("music", level=0.3),)),
    ("原声静音", (SetVolume("own", level=0.0),)),
    ("去掉原声", (SetVolume("own", level=0.0),)),
    ("duck the music under the voice", (Duck(True),)),
    # Fades
    ("fade out the music over the last 3 seconds", (Fade("music", None, 3.0),)),
    ("fade in and out", (Fade("all", 1.5, 1.5),)),
    ("fade to black", (Fade("picture", None, 1.5),)),
    ("no fade out", (Fade("all", None, 0.0),)),
    ("fade in the picture for 2 seconds and fade out at the end", (Fade("picture", 2.0, 1.5),)),
    ("音乐淡出3秒", (Fade("music", None, 3.0),)),
    ("开头淡入2秒，结尾淡出3秒", (Fade("all", 2.0, 3.0),)),
    # Trims
    ("trim to 20", (Trim(Span(0.0, 20.0)),)),
    ("make it half a minute", (Trim(Span(0.0, 30.0)),)),
    ("cut the first 3 seconds", (Trim(cut=Span(0.0, 3.0)),)),
    ("remove the last 5 seconds", (Trim(cut=Span(-5.0)),)),
    ("cut 2 seconds off the end", (Trim(cut=Span(-2.0)),)),
    ("trim from 0:05 to 0:15", (Trim(Span(5.0, 15.0)),)),
    ("cut out 5s to 10s", (Trim(cut=Span(5.0, 10.0)),)),
    ("keep the last 8 seconds", (Trim(Span(-8.0)),)),
    ("trim beach_day.mp4 to 1m20s", (Trim(Span(0.0, 80.0), video=BEACH),)),
    ("剪到1分20秒", (Trim(Span(0.0, 80.0)),)),
    ("剪掉前3秒", (Trim(cut=Span(0.0, 3.0)),)),
    ("删掉最后5秒", (Trim(cut=Span(-5.0)),)),
    ("保留5秒到15秒", (Trim(Span(5.0, 15.0)),)),
    ("remove shot 3", (RemovePicture(shot=3),)),
    ("delete the last shot", (RemovePicture(shot=-1),)),
    ("删掉第三个镜头", (RemovePicture(shot=3),)),
    ("remove beach_day.mp4", (RemovePicture(clip=BEACH),)),
    ("remove the second clip", (RemovePicture(clip=MediaRef(number=2)),)),
    ("use city timelapse", (UseVideos((CITY,)),)),
    ("add beach_day.mp4 at the start", (AddVideos((BEACH,), first=True),)),
    # Titles
    ("add a title saying Paradise Found at the top", (AddTitle("Paradise Found", position="top"),)),
    ('put "Send me the video" on the last 2 seconds', (AddTitle("Send me the video", Span(-2.0, None, 2.0)),)),
    (
        'add subtitle "Hello, world" at the bottom from 2 to 5 seconds in yellow',
        (AddTitle("Hello, world", Span(2.0, 5.0), "bottom", "#ffd60a", role="subtitle"),),
    ),
    ("字幕写“余额不足”", (AddTitle("余额不足", role="subtitle"),)),
    ("加标题「巴黎之夜」，顶部，前3秒，白色", (AddTitle("巴黎之夜", Span(0.0, 3.0), "top", "#ffffff"),)),
    ("加个标题巴黎之夜", (AddTitle("巴黎之夜"),)),
    ('change the title to "New Title"', (ChangeTitle(text="New Title"),)),
    ("make the title bigger and red", (ChangeTitle(color="#ff3b30", size_factor=1.3),)),
    ("move the title to the top", (ChangeTitle(position="top"),)),
    ('change "Old" to "New"', (ChangeTitle(old="Old", text="New"),)),
    ("标题改成“新标题”", (ChangeTitle(text="新标题"),)),
    ("remove the title", (RemoveTitle(),)),
    ("remove all titles", (RemoveTitle(every=True),)),
    ("删除标题", (RemoveTitle(),)),
    # Shapes
    ("make it 9:16", (SetShape("portrait", None, "9:16"),)),
    ("make it vertical for TikTok", (SetShape("portrait", None, "portrait"),)),
    ("square please", (SetShape("square", None, "square"),)),
    ("16:9 fit with black bars", (SetShape("landscape", "fit", "16:9"),)),
    ("convert to 4:5", (SetShape("feed", None, "4:5"),)),
    ("竖屏", (SetShape("portrait", None, "portrait"),)),
    ("改成16:9", (SetShape("landscape", None, "16:9"),)),
    # History and talk
    ("undo", (History(-1),)),
    ("undo twice", (History(-2),)),
    ("redo", (History(1),)),
    ("start over", (History(None),)),
    ("撤销", (History(-1),)),
    ("what can you do?", (Talk("help"),)),
    ("你能做什么", (Talk("help"),)),
    ("hello", (Talk("hello"),)),
    ("thanks!", (Talk("thanks"),)),
    ("export", (Talk("export"),)),
    # Not understood, or known and impossible
    ("add a transition between clips", (Unsupported("transition"),)),
    ("slow motion please", (Unsupported("speed"),)),
    ("make it look better", (Unsupported("look"),)),
    ("make it sparkle", (Unknown("make it sparkle"),)),
    ("trim the clip", (Trim(),)),
    ("make the cuts faster", (Sync(density="beat", hint=True),)),
    ("sync only the music, leave the picture alone", (Sync(touch_picture=False),)),
    ("I can't hear the voice", (SetVolume("own", factor=1 / 0.65),)),
    ("mute the video", (SetVolume("own", level=0.0),)),
    ("声音太大了", (SetVolume("all", factor=0.65),)),
    ("remove the fades", (Fade("all", 0.0, 0.0),)),
    ("remove everything after 30 s", (Trim(Span(0.0, 30.0)),)),
    ("从0:10剪到0:20", (Trim(Span(10.0, 20.0)),)),
    ("drop shot 4", (RemovePicture(shot=4),)),
    ("add text: Summer 2026", (AddTitle("Summer 2026"),)),
    ('title it "Road Trip"', (AddTitle("Road Trip"),)),
    ("change the text to Goodbye", (ChangeTitle(text="Goodbye"),)),
    ('rename the title "Hi there"', (ChangeTitle(text="Hi there"),)),
    ("turn this into a YouTube Short", (SetShape("portrait", None, "portrait"),)),
    ("make it 9:16 with a blurred background", (SetShape("portrait", "blur", "9:16"),)),
    ("add subtitles automatically", (Unsupported("captions"),)),
    ("generate a video of a cat", (Unsupported("generate"),)),
    ("what's the tempo of the song?", (Talk("facts"),)),
    ("never mind, undo", (History(-1),)),
    # Several things, in order
    (
        'add a title "Intro" from 0:00 to 0:04 and another "Outro" at the end',
        (AddTitle("Intro", Span(0.0, 4.0)), AddTitle("Outro", Span(-3.0))),
    ),
    ("15秒，卡点，竖屏", (Sync(target_s=15.0), SetShape("portrait", None, "portrait"))),
    (
        "trim to 20 s, add the title 'Paradise Found' at the top for the first 3 seconds and sync the cuts to the beat",
        (Trim(Span(0.0, 20.0)), AddTitle("Paradise Found", Span(0.0, 3.0), "top"), Sync()),
    ),
    (
        "把视频剪到15秒，加字幕“夏天”，然后卡点，再把原声静音",
        (Trim(Span(0.0, 15.0)), AddTitle("夏天", role="subtitle"), Sync(), SetVolume("own", level=0.0)),
    ),
    ("mute the original sound and fade out the music", (SetVolume("own", level=0.0), Fade("music", None, 1.5))),
)


@pytest.mark.parametrize(("text", "meant"), CASES, ids=[text for text, _ in CASES])
def test_an_instruction_means_its_operations(text: str, meant: tuple[Operation, ...]) -> None:
    assert understand(text, KNOWN) == meant


@pytest.mark.parametrize(
    ("words", "value_s"),
    [
        ("12s", 12),
        ("0:12", 12),
        ("12 秒", 12),
        ("1分20秒", 80),
        ("half a minute", 30),
        ("1:02:03", 3723),
        ("两秒", 2),
        ("twelve seconds", 12),
        ("1.5 s", 1.5),
        ("500ms", 0.5),
        ("一分半", 90),
        ("2 minutes", 120),
        ("one and a half seconds", 1.5),
    ],
)
def test_a_time_is_read_however_it_is_written(words: str, value_s: float) -> None:
    assert understand(f"trim to {words}", ()) == (Trim(Span(0.0, value_s)),)


@pytest.mark.parametrize("marks", ['""', "''", "“”", "‘’", "「」", "『』", "《》", "«»", "„“", "＂＂", "``"])
def test_quotes_of_all_kinds_hold_the_text_of_a_title(marks: str) -> None:
    assert understand(f"add the title {marks[0]}Fade out at 9:16{marks[1]}", ()) == (AddTitle("Fade out at 9:16"),)


def test_words_in_quotes_are_no_instruction() -> None:
    assert understand('add the title "remove the music and sync"', ()) == (AddTitle("remove the music and sync"),)


def test_the_language_is_that_of_the_words_outside_quotes() -> None:
    assert is_chinese("把音乐调小")
    assert not is_chinese("add the title “夏天”")


@given(st.text(max_size=200))
def test_any_text_is_read_without_failing(text: str) -> None:
    assert understand(text, KNOWN)
