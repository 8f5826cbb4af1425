"""Several wishes in one clause, and what is said of those that are not understood."""

from __future__ import annotations

import pytest

from music_cog_online.studio.editing.instructions import Known, understand
from music_cog_online.studio.editing.operations import (
    AddMusic,
    AddTitle,
    Fade,
    MediaRef,
    Operation,
    SetShape,
    SetVolume,
    Span,
    Sync,
    Talk,
    Trim,
    Unknown,
    Unsupported,
)

KNOWN = (Known("md_one", "one.mp4", "video"), Known("md_song", "summer.mp3", "audio"))
PORTRAIT = SetShape("portrait", None, "portrait")
PARIS = AddTitle("Été à Paris — 夏天", Span(0.0, 3.0), bare=True)
CASES: tuple[tuple[str, tuple[Operation, ...]], ...] = (
    (
        "cut these clips into a 20 second vertical montage for TikTok with a cut on every bar, title "
        "'Été à Paris — 夏天' for the first 3 seconds",
        (Sync(mode="picture_to_music", density="bar", target_s=20.0), PORTRAIT, PARIS),
    ),
    ("20 second montage for TikTok", (Sync(mode="picture_to_music", target_s=20.0), PORTRAIT)),
    ("vertical montage, 20 seconds", (Sync(mode="picture_to_music", target_s=20.0), PORTRAIT)),
    ("make a TikTok synced to the beat", (Sync(), PORTRAIT)),
    ("make it a 15 second vertical video", (Trim(Span(0.0, 15.0)), PORTRAIT)),
    ("put it at 9:16 and add the song", (SetShape("portrait", None, "9:16"), AddMusic())),
    (
        "make a 30 s vertical montage with the title 'Rome' for the first 3 seconds and the music at 60 %",
        (
            Sync(mode="picture_to_music", target_s=30.0),
            PORTRAIT,
            AddTitle("Rome", Span(0.0, 3.0), bare=True),
            SetVolume("music", level=0.6),
        ),
    ),
    (
        "a vertical music video with the original sound muted",
        (Sync(mode="picture_to_music"), PORTRAIT, SetVolume("own", level=0.0)),
    ),
    ("9:16, 20 s", (Trim(Span(0.0, 20.0)), SetShape("portrait", None, "9:16"))),
    (
        "sync background music to my video at 50% volume for TikTok",
        (Sync(volume=0.5), SetVolume("music", level=0.5), PORTRAIT),
    ),
    (
        "don't change the video, just put the song under it at 20%",
        (AddMusic(volume=0.2, background=True, touch_picture=False),),
    ),
    (
        "make a montage with a cut every two bars",
        (Sync(mode="picture_to_music"), Unknown("every two bars")),
    ),
    ("add the song with a fade out", (AddMusic(), Fade("music", None, 1.5))),
    (
        "把这些片段剪成20秒的竖屏混剪，每小节一切，前3秒标题“夏天”",
        (
            Sync(mode="picture_to_music", density="bar", target_s=20.0),
            PORTRAIT,
            AddTitle("夏天", Span(0.0, 3.0)),
        ),
    ),
    (
        "20秒抖音卡点视频，标题“夏天”前3秒",
        (Sync(mode="picture_to_music", target_s=20.0), PORTRAIT, AddTitle("夏天", Span(0.0, 3.0), bare=True)),
    ),
    ("竖屏混剪20秒", (Sync(mode="picture_to_music", target_s=20.0), PORTRAIT)),
    ("add a title saying Vertical Life", (AddTitle("Vertical Life"),)),
    ('add the title "Summer" at the top', (AddTitle("Summer", position="top"),)),
    ("add a tiktok song at 40%", (AddMusic(volume=0.4),)),
    # A song under the picture stays that, whatever else is to be left alone
    (
        "put this song under my video, keep the talking, don't touch the picture",
        (
            AddMusic(MediaRef(latest=True), background=True, touch_picture=False),
            SetVolume("own", level=1.0),
        ),
    ),
    ("别动画面，把这首歌铺在下面", (AddMusic(MediaRef(latest=True), background=True, touch_picture=False),)),
    # The drop at a time
    ("put the drop exactly at 12 seconds, cut or not", (Sync(drop_at_s=12.0, drop_exact=True, hint=True),)),
    ("put the drop at 0:12, not on a cut", (Sync(drop_at_s=12.0, drop_exact=True, hint=True),)),
    ("高潮放在12秒，不管有没有切点", (Sync(drop_at_s=12.0, drop_exact=True, hint=True),)),
    # Questions
    ("show tracks", (Talk("state"),)),
    ("show me the timeline", (Talk("state"),)),
    ("时间线", (Talk("state"),)),
    ("查看轨道", (Talk("state"),)),
    # What is not carried out is named
    ("sync with slow motion", (Sync(), Unsupported("speed"))),
    ("mute the original sound from 5 s to 10 s", (SetVolume("own", level=0.0), Unknown("from 5 s”, “to 10 s"))),
    ("add the title 'X' with a fade in", (AddTitle("X"), Unknown("fade"))),
    ("fade the title in", (Unknown("fade the title in"),)),
)


@pytest.mark.parametrize(("text", "meant"), CASES, ids=[text for text, _ in CASES])
def test_a_clause_carries_several_wishes(text: str, meant: tuple[Operation, ...]) -> None:
    assert understand(text, KNOWN) == meant
