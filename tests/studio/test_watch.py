"""Watching: made-up clips whose cuts are known to the frame."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import Clip, make_clip, make_still

from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.watch import Watching, watch

FFMPEG = Ffmpeg()


def seen(clip: Clip) -> Watching:
    return watch(clip.path, ffmpeg=FFMPEG)


def opened(watching: Watching, kind: str) -> list[int]:
    return [shot.first_frame for shot in watching.shots if shot.transition_in == kind]


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"rate": Fraction(24000, 1001)},
        {"rate": 60, "duration_s": 3.0},
        {"portrait": True},
        {"rotation": 90},
        {"size": (322, 182), "codec": "mpeg4"},
        {"shake": 6.0, "motion": 9.0},
    ],
    ids=["plain", "film", "sixty", "portrait", "turned", "odd", "shaken"],
)
def test_every_hard_cut_is_found_on_its_frame_and_nothing_else(tmp_path: Path, how: dict[str, Any]) -> None:
    clip = make_clip(tmp_path / "clip.mp4", **{"duration_s": 4.0, "cuts_s": (0.9, 1.6, 2.3), **how})
    watching = seen(clip)
    assert opened(watching, "cut") == list(clip.cut_frames)
    assert len(watching.shots) == 4
    assert watching.fps == clip.rate
    assert not watching.variable
    assert watching.cuts_s == pytest.approx(clip.cuts_s, abs=1e-3)


def test_frames_of_varying_length_are_told_by_their_timestamps(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "phone.mp4", duration_s=3.0, cuts_s=(1.0, 2.1), vfr=True)
    watching = seen(clip)
    assert watching.variable
    assert watching.times_s == pytest.approx(clip.times_s, abs=1e-3)
    assert watching.cuts_s == pytest.approx(clip.cuts_s, abs=1e-3)


def test_repeated_frames_neither_hide_nor_make_cuts(tmp_path: Path) -> None:
    make_clip(tmp_path / "film.mp4", duration_s=4.0, cuts_s=(1.5, 2.5), rate=24)
    FFMPEG.run(["-i", str(tmp_path / "film.mp4"), "-r", "30", str(tmp_path / "tv.mp4")])
    watching = watch(tmp_path / "tv.mp4", ffmpeg=FFMPEG)
    assert watching.cuts_s == pytest.approx((1.5, 2.5), abs=1 / 30)


@pytest.mark.parametrize(
    "how",
    [
        {"flashes": (0.8, 1.5, 1.7, 2.2)},
        {"motion": 14.0},
        {"shake": 8.0},
        {"fades": (), "motion": 0.0},
    ],
    ids=["flashes", "fast pan", "shaking hand", "still"],
)
def test_one_shot_stays_one_shot(tmp_path: Path, how: dict[str, Any]) -> None:
    watching = seen(make_clip(tmp_path / "shot.mp4", duration_s=3.0, **how))
    assert [shot.transition_in for shot in watching.shots] == ["start"]
    assert watching.shots[0].end_frame == len(watching.times_s) == 90


@pytest.mark.parametrize("light", ["0.5+0.5*gt(mod(n,6),2)", "0.7+0.3*sin(n/2)"], ids=["strobe", "pumping"])
def test_changing_light_is_no_cut(tmp_path: Path, light: str) -> None:
    make_clip(tmp_path / "day.mp4", duration_s=3.0, cuts_s=(1.5,))
    turn = f"geq=lum='lum(X,Y)*({light.replace('n', 'N')})':cb='cb(X,Y)':cr='cr(X,Y)'".replace("siN", "sin")
    FFMPEG.run(["-i", str(tmp_path / "day.mp4"), "-vf", turn, str(tmp_path / "party.mp4")])
    watching = watch(tmp_path / "party.mp4", ffmpeg=FFMPEG)
    assert [shot.first_frame for shot in watching.shots] == [0, 45]


def test_a_cut_under_a_flash_is_still_a_cut(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "flash.mp4", duration_s=3.0, cuts_s=(1.5,), flashes=(1.45, 2.2))
    (cut,) = opened(seen(clip), "cut")
    assert abs(cut - clip.cut_frames[0]) <= 1


def test_dissolves_and_fades_are_spans(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "slow.mp4", cuts_s=(5.0,), dissolves=((1.0, 1.7),), fades=((3.0, 4.0),))
    watching = seen(clip)
    assert [shot.transition_in for shot in watching.shots] == ["start", "dissolve", "fade", "cut"]
    spans = [shot.span_s for shot in watching.shots if shot.span_s is not None]
    assert spans == [pytest.approx((1.0, 1.7), abs=0.2), pytest.approx((3.0, 4.0), abs=0.15)]
    assert opened(watching, "cut") == [150]


def test_shots_follow_each_other_without_gaps_and_tell_their_strength(tmp_path: Path) -> None:
    watching = seen(make_clip(tmp_path / "clip.mp4", duration_s=3.0, cuts_s=(1.0, 2.0)))
    shots = watching.shots
    assert [shot.end_frame for shot in shots[:-1]] == [shot.first_frame for shot in shots[1:]]
    assert shots[-1].end_s == pytest.approx(watching.duration_s) == pytest.approx(3.0)
    assert shots[0].strength == 0.0
    assert all(0.3 < shot.strength <= 1.0 and 0.5 <= shot.confidence <= 1.0 for shot in shots[1:])


def test_activity_is_higher_where_more_moves_and_no_higher_at_a_cut(tmp_path: Path) -> None:
    calm = seen(make_clip(tmp_path / "calm.mp4", duration_s=2.0, cuts_s=(1.0,), motion=0.5)).activity
    busy = seen(make_clip(tmp_path / "busy.mp4", duration_s=2.0, cuts_s=(1.0,), motion=12.0)).activity
    assert calm.shape == busy.shape == (60,)
    assert busy.mean() > 2 * calm.mean()
    assert calm[30] < 2 * np.median(calm) + 0.05
    assert 0.0 <= min(calm.min(), busy.min()) <= max(calm.max(), busy.max()) <= 1.0


@pytest.mark.parametrize("name", ["picture.png", "picture.jpg"])
def test_a_still_image_is_one_shot_of_one_frame(tmp_path: Path, name: str) -> None:
    watching = watch(make_still(tmp_path / name), ffmpeg=FFMPEG)
    assert [(shot.first_frame, shot.end_frame) for shot in watching.shots] == [(0, 1)]
    assert (watching.width, watching.height, watching.duration_s) == (320, 180, 0.0)


def test_a_video_of_one_frame_is_one_shot(tmp_path: Path) -> None:
    watching = seen(make_clip(tmp_path / "one.mp4", duration_s=0.03))
    assert len(watching.shots) == len(watching.times_s) == 1
    assert watching.duration_s == pytest.approx(1 / 30)


def test_a_plain_picture_that_only_changes_its_light_is_one_shot(tmp_path: Path) -> None:
    grey = "nullsrc=s=320x180:r=25:d=3,geq=lum='128+100*sin(N/12)':cb=128:cr=128"
    FFMPEG.run(["-f", "lavfi", "-i", grey, "-pix_fmt", "yuv420p", str(tmp_path / "grey.mp4")])
    assert len(watch(tmp_path / "grey.mp4", ffmpeg=FFMPEG).shots) == 1


def test_a_long_video_is_put_together_without_seams(tmp_path: Path) -> None:
    cuts = (10.0, 16.9, 17.1, 19.4, 20.0, 31.0)  # stretches end at frames 512 and 1024, 17.07 s and 34.13 s
    clip = make_clip(tmp_path / "long.mp4", duration_s=40.0, cuts_s=cuts, size=(96, 64), dissolves=((33.7, 34.5),))
    watching = seen(clip)
    assert opened(watching, "cut") == list(clip.cut_frames)
    assert len(opened(watching, "dissolve")) == 1
    assert len(watching.times_s) == len(watching.activity) == 1200


def test_watching_survives_json(tmp_path: Path) -> None:
    watching = seen(make_clip(tmp_path / "clip.mp4", duration_s=2.0, dissolves=((0.7, 1.2),)))
    again = Watching.from_json(json.loads(json.dumps(watching.to_json())))
    assert again.shots == watching.shots
    assert again.fps == watching.fps
    assert again.times_s == pytest.approx(watching.times_s, abs=1e-6)
    assert again.activity == pytest.approx(watching.activity, abs=1e-3)


def test_a_file_is_watched_once_and_found_again_under_another_name(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", duration_s=1.0)
    first = watch(clip.path, ffmpeg=FFMPEG, cache=tmp_path / "cache")
    again = watch(clip.path.rename(tmp_path / "b.mp4"), ffmpeg=Ffmpeg("/no/such/ffmpeg"), cache=tmp_path / "cache")
    assert again.shots == first.shots


def test_a_torn_cache_entry_is_made_anew(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", duration_s=1.0)
    watch(clip.path, ffmpeg=FFMPEG, cache=tmp_path / "cache")
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_text("{", "utf-8")
    assert len(watch(clip.path, ffmpeg=FFMPEG, cache=tmp_path / "cache").shots) == 1


def test_files_without_a_picture_name_themselves(tmp_path: Path) -> None:
    sound = tmp_path / "song.wav"
    FFMPEG.run(["-f", "lavfi", "-i", "sine=duration=0.2", str(sound)])
    text = tmp_path / "notes.mp4"
    text.write_text("not a video", "utf-8")
    clip = make_clip(tmp_path / "whole.mp4", duration_s=1.0).path
    cut_short = tmp_path / "torn.mp4"
    cut_short.write_bytes(clip.read_bytes()[:3000])
    for path in (sound, text, cut_short, tmp_path / "missing.mp4"):
        with pytest.raises(MediaRefused, match=path.name):
            watch(path, ffmpeg=FFMPEG)


def test_damage_in_the_middle_of_a_file_is_either_skipped_or_named(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", duration_s=3.0, extra=("-movflags", "+faststart"))
    data = bytearray(clip.path.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    clip.path.write_bytes(data)
    try:
        frames = len(watch(clip.path, ffmpeg=FFMPEG).times_s)
    except MediaRefused as exc:
        assert "clip.mp4" in exc.message  # noqa: PT017 (either end is right)
    else:
        assert frames >= 30
