from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.media import AudioStream, MediaFile, MediaInfo, VideoStream
from music_cog_online.studio.render import parse_draft
from music_cog_online.studio.render.canvas import output_settings
from music_cog_online.studio.render.encoders import bit_rate_for, timescale_of
from music_cog_online.studio.render.picture import chunks_of


def file(key: str, kind: str = "video", size: tuple[int, int] = (1280, 720)) -> MediaFile:
    width, height = size
    rate = Fraction(30000, 1001)
    video = VideoStream("h264", "High", "yuv420p", width, height, width, height, 0, Fraction(1), rate, 0, "tv")
    sound = AudioStream("aac", 48000, 2)
    path = Path(key)
    info = MediaInfo(path, "mov", kind, 60.0, None if kind == "audio" else video, None if kind == "image" else sound)
    return MediaFile(key, path, f"{key}.mp4", info)


MEDIA = {"md_v": file("md_v"), "md_a": file("md_a", "audio"), "md_i": file("md_i", "image")}


def with_shot(about: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    segment = {"s": 0, "d": 2000, "m": {"media": "md_v"}, **more}
    return {"m": about or {}, "t": [{"tt": 0, "sg": [segment]}]}


def test_a_foreign_draft_is_filled_in_from_its_milliseconds() -> None:
    second = {"s": 2000, "d": 1000, "m": {"media": "md_i", "name": "photo"}}
    music = {"s": 500, "d": 1500, "m": {"media": "md_a"}}
    raw = {"t": [{"tt": 0, "sg": [second, *with_shot()["t"][0]["sg"]]}, {"tt": 1, "sg": [music]}, {"tt": 9, "sg": []}]}
    draft = parse_draft(raw, MEDIA)
    assert draft.rate == Fraction(30000, 1001)
    assert [(shot.at, shot.frames, shot.from_s) for shot in draft.shots] == [(0, 60, 0.0), (60, 30, 0.0)]
    assert draft.shots[0].take_s == pytest.approx(60 * 1001 / 30000)
    assert draft.music[0].map == ((0.5, 0.0), (2.0, 1.5))
    assert draft.frames == 90


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (with_shot(s=-1), "-1"),
        (with_shot(d=1e15), "3.6e"),
        (with_shot(d=math.nan), "nan"),
        (with_shot(d=10**400), "endless"),
        (with_shot(d="long"), "not a number"),
        (with_shot(d=True), "not a number"),
        (with_shot(m={"media": "md_x", "name": "beach"}), "beach"),
        (with_shot(m={"media": ["md_v"]}), "not in this project"),
        (with_shot(m={"media": "md_a"}), "no picture"),
        (with_shot(m={"media": "md_v", "frames": 60, "take_s": 1e5}), "times its speed"),
        (with_shot(m={"media": "md_v", "frames": 60, "take_s": 0}), "times its speed"),
        (with_shot(s=5000), "gap"),
        (with_shot({"rate": "1/0"}), "frame rate"),
        (with_shot({"rate": "99999"}), "frames per second"),
        (with_shot({"width": 10**9}), "width"),
        ({"t": [{"tt": 0}] * 65}, "65 tracks"),
        ({"t": [{"tt": 0, "sg": [{}] * 5001}]}, "5000 segments"),
        ({"t": {"tt": 0}}, "not a list"),
        ({"t": [{"sg": []}]}, "no type"),
        ({"t": [7]}, "not an object"),
        ({}, "no picture"),
        ({"t": [{"tt": 1, "sg": [{"m": {"media": "md_i"}}]}]}, "no sound"),
        ({"t": [{"tt": 1, "sg": [{"m": {"media": "md_a", "map": [[0, 0], [1, 0]]}}]}]}, "does not run forward"),
        ({"t": [{"tt": 1, "sg": [{"m": {"media": "md_a", "map": [[0, 0, 0]]}}]}]}, "pair"),
        ({"t": [{"tt": 7, "sg": [{"m": {"text": "x" * 501}}]}]}, "501 characters"),
        ({"t": [{"tt": 7, "sg": [{"m": {"text": 5}}]}]}, "no text"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused_in_words(broken: dict[str, Any], words: str) -> None:
    with pytest.raises(CannotDo, match=words.replace(".", r"\.")):
        parse_draft(broken, MEDIA)


def test_two_clips_at_once_are_refused() -> None:
    raw = with_shot()
    raw["t"].append(raw["t"][0])
    with pytest.raises(CannotDo, match="two clips at once"):
        parse_draft(raw, MEDIA)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["md_v", "md_a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["media", "at", "frames", "from_s", "take_s", "volume", "speech", "speech_spans", "map", "text", "size", "fit"]
DETAILS = st.dictionaries(st.sampled_from(KEYS), VALUES)
SEGMENTS = st.dictionaries(st.sampled_from(["s", "d"]), VALUES).flatmap(
    lambda segment: DETAILS.map(lambda details: {**segment, "m": {"media": "md_v", **details}})
)
TRACKS = st.builds(
    lambda kind, rows: {"tt": kind, "sg": rows}, st.sampled_from([0, 1, 7]), st.lists(SEGMENTS, max_size=2)
)


@settings(max_examples=150)
@given(about=st.dictionaries(st.sampled_from(["rate", "fps", "width", "height", "preset", "fit"]), VALUES),
       tracks=st.lists(TRACKS | VALUES, max_size=3) | VALUES)  # fmt: skip
def test_no_draft_breaks_the_reader(about: Any, tracks: Any) -> None:
    try:
        draft = parse_draft({"m": about, "t": tracks}, MEDIA)
    except CannotDo as exc:
        words = exc.message
    else:
        words = "ok"
        assert 0 < draft.duration_s <= 3600.1
        assert draft.shots[0].at == 0
    assert 0 < len(words) < 300


@pytest.mark.parametrize(
    ("size", "preset", "wanted"),
    [
        ((1280, 720), "", (1920, 1080)),
        ((3840, 2160), "", (1920, 1080)),
        ((720, 1280), "source", (1080, 1920)),
        ((1080, 1080), "", (1080, 1080)),
        ((1440, 1080), "", (1440, 1080)),
        ((2560, 1080), "", (1920, 810)),
        ((1279, 719), "original", (1280, 720)),
        ((1280, 720), "tiktok", (1080, 1920)),
    ],
)
def test_the_canvas_is_of_1080p_class(size: tuple[int, int], preset: str, wanted: tuple[int, int]) -> None:
    presets = {
        "source": {"long_side": 1920},
        "original": {"keep_size": True},
        "tiktok": {"width": 1080, "height": 1920},
    }
    draft = parse_draft(with_shot({"preset": preset}), {"md_v": file("md_v", size=size)})
    video = output_settings(draft, presets).video
    assert (video.width, video.height) == wanted


def test_bit_rates_run_through_the_platforms_advice() -> None:
    thirty, sixty = Fraction(30), Fraction(60)
    assert bit_rate_for(1920, 1080, thirty) == 8_000_000
    assert bit_rate_for(1280, 720, thirty) == pytest.approx(5e6, rel=0.05)
    assert bit_rate_for(1920, 1080, sixty) == pytest.approx(12e6, rel=0.05)


def test_every_frame_starts_on_a_tick() -> None:
    for rate in (Fraction(30000, 1001), Fraction(25), Fraction(1349, 50), Fraction(24)):
        assert (timescale_of(rate) / rate).denominator == 1


def test_chunks_end_with_shots_and_cover_everything() -> None:
    about = {"media": "md_v", "frames": 450, "take_s": 15.0, "from_s": 0.0}
    shots = [{"s": 0, "m": {**about, "at": at}} for at in range(0, 4050, 450)]
    chunks = chunks_of(parse_draft({"m": {"rate": "30"}, "t": [{"tt": 0, "sg": shots}]}, MEDIA))
    assert [(chunk.first, chunk.end) for chunk in chunks] == [
        (0, 900),
        (900, 1800),
        (1800, 2700),
        (2700, 3600),
        (3600, 4050),
    ]
