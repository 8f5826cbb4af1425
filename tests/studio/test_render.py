from __future__ import annotations

import hashlib
import subprocess
import threading
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import make_still
from numbered import make_numbered, media_file, numbers_in

from music_cog_online.studio.errors import Cancelled, CannotDo, MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.render import RenderResult, render

SIZE = (320, 180)


@pytest.fixture(scope="module")
def ffmpeg() -> Ffmpeg:
    return Ffmpeg()


@pytest.fixture(scope="module")
def clip(ffmpeg: Ffmpeg, tmp_path_factory: pytest.TempPathFactory) -> MediaFile:
    return media_file(
        ffmpeg, make_numbered(tmp_path_factory.mktemp("clip") / "clip.mp4", extra=["-g", "40", "-bf", "2"])
    )


def shot(media: str, at: int, frames: int, first: float, taken: float, rate: float = 30, **more: Any) -> dict[str, Any]:
    about = {"media": media, "at": at, "frames": frames, "from_s": first / rate, "take_s": taken / rate, **more}
    return {"s": round(at / rate * 1000), "d": round(frames / rate * 1000), "m": about}


def draft(*shots: dict[str, Any], rate: str = "30", size: tuple[int, int] = SIZE, **more: Any) -> dict[str, Any]:
    tracks = [{"tt": 0, "sg": list(shots)}]
    return {"m": {"width": size[0], "height": size[1], "rate": rate, **more}, "t": tracks}


def made(ffmpeg: Ffmpeg, tmp_path: Path, wanted: dict[str, Any], *media: MediaFile, **more: Any) -> RenderResult:
    files = {file.id: file for file in media}
    return render(wanted, files, tmp_path / "out.mp4", ffmpeg=ffmpeg, work=tmp_path / "work", **more)


def packets(ffmpeg: Ffmpeg, path: Path, *before: str, stream: str = "v") -> list[tuple[int, int, int, str]]:
    """Every packet's dts, pts and size, and its checksum."""
    command = [ffmpeg.binary, "-v", "error", *before, "-i", str(path), "-map", f"0:{stream}:0", "-c", "copy"]
    said = subprocess.run([*command, "-f", "framecrc", "-"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(",") for line in said.splitlines() if not line.startswith("#")]
    return [(int(row[1]), int(row[2]), int(row[4]), row[5]) for row in rows]


def test_retimed_shots_show_exactly_their_frames(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    wanted = draft(shot("md_a", 0, 20, 0, 21), shot("md_a", 20, 20, 60, 20), shot("md_a", 40, 20, 30, 19))
    result = made(ffmpeg, tmp_path, wanted, clip)
    shown = numbers_in(ffmpeg, result.path)
    assert (result.frames, len(shown), result.copied_picture) == (60, 60, False)
    assert shown[20:40] == list(range(60, 80))
    assert (shown[0], shown[19]) == (0, 20)
    assert (np.diff(shown[:20]) >= 1).all()
    slowed = [number for number in shown[40:] if number >= 0]
    assert slowed == list(range(30, 49))
    assert shown[40:].count(-1) == 1


def test_no_frame_of_a_slowed_shot_equals_its_neighbour(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    result = made(ffmpeg, tmp_path, draft(shot("md_a", 0, 63, 10, 60)), clip)
    frames = [f.astype(np.int16) for f in ffmpeg.frames(result.path, width=SIZE[0], height=SIZE[1])]
    moved = [float(np.abs(b - a)[60:].mean()) for a, b in pairwise(frames)]
    assert len(frames) == 63
    assert min(moved) > 0.3 * float(np.median(moved))


def test_a_mixture_never_crosses_a_cut(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    source = make_numbered(tmp_path / "cuts.mp4", frames=24, rate=24)
    other = media_file(ffmpeg, make_numbered(tmp_path / "b.mp4", frames=24, rate=24, first=900), "md_b")
    wanted = draft(shot("md_a", 0, 30, 0, 24, 24), shot("md_b", 30, 30, 0, 24, 24))
    for number, segment in enumerate(wanted["t"][0]["sg"]):
        segment.update(s=number * 1000, d=1000)
    shown = numbers_in(ffmpeg, made(ffmpeg, tmp_path, wanted, media_file(ffmpeg, source), other).path)
    assert [n for n in shown if n >= 0][0::1] == [*range(24), *range(900, 924)]
    assert shown.count(-1) == 12


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("long.mp4", ["-g", "250", "-bf", "3"]),
        ("open.mkv", ["-g", "25", "-x264-params", "open-gop=1", "-bf", "2"]),
        ("old.avi", ["-c:v", "mpeg4", "-q:v", "2", "-g", "50"]),
    ],
)
def test_shots_out_of_order_are_found_to_the_frame(ffmpeg: Ffmpeg, tmp_path: Path, name: str, extra: list[str]) -> None:
    source = media_file(ffmpeg, make_numbered(tmp_path / name, frames=260, extra=extra))
    wanted = draft(shot("md_a", 0, 10, 200, 10), shot("md_a", 10, 10, 33, 10), shot("md_a", 20, 10, 250, 10))
    shown = numbers_in(ffmpeg, made(ffmpeg, tmp_path, wanted, source).path)
    assert shown == [*range(200, 210), *range(33, 43), *range(250, 260)]


def test_a_varying_rate_goes_by_its_stamps(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    times = [number / 30 for number in range(20)] + [1.0 + number / 30 for number in range(20)]
    path = make_numbered(tmp_path / "phone.mp4", frames=40, times_s=times)
    source = media_file(ffmpeg, path)
    shown = numbers_in(ffmpeg, made(ffmpeg, tmp_path, draft(shot("md_a", 0, 48, 0, 48)), source).path)
    assert shown == [*range(20), *[19] * 10, *range(20, 38)]


def test_an_untouched_fit_picture_is_copied(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    wanted = draft(shot("md_a", 0, 40, 0, 40), shot("md_a", 40, 50, 40, 50))
    result = made(ffmpeg, tmp_path, wanted, clip)
    assert result.copied_picture
    assert [p[2] for p in packets(ffmpeg, result.path)][1:] == [p[2] for p in packets(ffmpeg, clip.path)][1:]
    assert numbers_in(ffmpeg, result.path) == list(range(90))
    video = ffmpeg.probe(result.path).video
    assert video is not None
    assert "bt709" in video.color


@pytest.mark.parametrize("change", ["title", "fade", "size", "trim"])
def test_a_touched_picture_is_encoded(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path, change: str) -> None:
    wanted = draft(shot("md_a", 0, 90, 0, 90))
    if change == "title":
        wanted["t"].append({"tt": 7, "sg": [{"s": 0, "d": 1000, "m": {"text": "Hello"}}]})
    if change == "fade":
        wanted["t"][0]["sg"][0]["m"]["fade_out_ms"] = 500
    if change == "size":
        wanted["m"].update(width=160, height=90)
    if change == "trim":
        wanted["t"][0]["sg"][0] = shot("md_a", 0, 60, 0, 60)
    result = made(ffmpeg, tmp_path, wanted, clip)
    assert not result.copied_picture
    assert result.frames == (60 if change == "trim" else 90)


def test_a_matroska_clock_is_put_right_when_copied(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    rate = Fraction(30000, 1001)
    source = media_file(ffmpeg, make_numbered(tmp_path / "screen.mkv", rate=rate, extra=["-bf", "2"]))
    result = made(ffmpeg, tmp_path, draft(shot("md_a", 0, 90, 0, 90, float(rate)), rate="30000/1001"), source)
    assert result.copied_picture
    times = ffmpeg.frame_times(result.path)
    np.testing.assert_allclose(times, np.arange(90) / float(rate), atol=1e-6)
    assert numbers_in(ffmpeg, result.path) == list(range(90))


def test_frames_that_an_edit_list_hides_stay_hidden(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    trimmed = tmp_path / "trimmed.mp4"
    command = [ffmpeg.binary, "-v", "error", "-ss", "0.5", "-i", clip.path, "-c", "copy", trimmed]
    subprocess.run(command, check=True)
    source = media_file(ffmpeg, trimmed)
    result = made(ffmpeg, tmp_path, draft(shot("md_a", 0, 75, 0, 75)), source)
    assert not result.copied_picture
    assert numbers_in(ffmpeg, result.path) == list(range(15, 90))
    result = made(ffmpeg, tmp_path, draft(shot("md_a", 0, 10, 50, 10)), source)
    assert numbers_in(ffmpeg, result.path) == list(range(65, 75))


def test_the_file_is_what_platforms_want(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    result = made(ffmpeg, tmp_path, draft(shot("md_a", 0, 80, 5, 80)), clip)
    info = ffmpeg.probe(result.path)
    assert info.video is not None
    assert info.audio is not None
    assert (info.video.codec, info.video.profile, info.video.pix_fmt) == ("h264", "High", "yuv420p")
    assert "bt709," in info.video.color
    assert (info.audio.codec, info.audio.rate, info.audio.channels) == ("aac", 48000, 2)
    data = result.path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    kinds = subprocess.run(
        [ffmpeg.binary, "-i", result.path, "-vf", "showinfo", "-an", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    types = [line.split("type:")[1][0] for line in kinds.splitlines() if "type:" in line and " pts:" in line]
    assert [number for number, kind in enumerate(types) if kind == "I"] == list(range(0, 80, 15))
    assert "BB" in "".join(types)
    assert "BBB" not in "".join(types)


def test_everything_starts_at_zero_with_and_without_edit_lists(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    path = made(ffmpeg, tmp_path, draft(shot("md_a", 0, 80, 5, 80)), clip).path
    for before in ((), ("-ignore_editlist", "1")):
        picture = [packet[1] for packet in packets(ffmpeg, path, *before)]
        sound = [packet[1] for packet in packets(ffmpeg, path, *before, stream="a")]
        assert min(picture) == 0
        assert sound[0] == 0
        assert abs(len(sound) * 1024 / 48000 - 80 / 30) < 1 / 30


def test_pictures_keep_their_shape_and_fill_what_they_are_told(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    still = media_file(ffmpeg, make_still(tmp_path / "wide.png", size=(301, 100)))
    edges = {}
    for fit in ("pad", "fill", "blur"):
        result = made(ffmpeg, tmp_path, draft(shot("md_a", 0, 3, 0, 3), size=(180, 320), fit=fit), still)
        frame = next(iter(ffmpeg.frames(result.path, width=180, height=320)))
        edges[fit] = float(frame[:60].std())
        assert (result.width, result.height, result.frames) == (180, 320, 3)
    assert edges["pad"] < 1.0
    assert edges["fill"] > edges["blur"] > edges["pad"]


def test_a_turned_source_is_shown_upright(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    turned = tmp_path / "phone.mp4"
    command = [ffmpeg.binary, "-v", "error", "-display_rotation", "180", "-i", clip.path, "-c", "copy", turned]
    subprocess.run(command, check=True)
    result = made(ffmpeg, tmp_path, draft(shot("md_a", 0, 90, 0, 90)), media_file(ffmpeg, turned))
    frame = next(iter(ffmpeg.frames(result.path, width=320, height=180)))
    straight = next(iter(ffmpeg.frames(clip.path, width=320, height=180)))
    assert not result.copied_picture
    assert np.abs(frame[::-1, ::-1].astype(int) - straight).mean() < 8


def test_the_default_is_1080p_in_the_shape_of_the_source(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    wanted = draft(shot("md_a", 0, 2, 0, 2))
    del wanted["m"]["width"], wanted["m"]["height"]
    result = made(ffmpeg, tmp_path, wanted, clip)
    assert (result.width, result.height) == (1920, 1080)
    result = made(ffmpeg, tmp_path, wanted, clip, output={"preset": "tiktok"})
    assert (result.width, result.height) == (1080, 1920)
    with pytest.raises(CannotDo, match="no preset"):
        made(ffmpeg, tmp_path, wanted, clip, output={"preset": "betamax"})


def test_a_stopped_render_goes_on_where_it_was(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    stop = threading.Event()
    shares: list[float] = []

    def told(share: float) -> None:
        shares.append(share)
        if share > 0.3:
            stop.set()

    wanted = draft(shot("md_a", 0, 80, 5, 80))
    with pytest.raises(Cancelled):
        made(ffmpeg, tmp_path, wanted, clip, on_progress=told, cancel=stop)
    assert not (tmp_path / "out.mp4").exists()
    [sound] = (tmp_path / "work").rglob("sound.aac")
    mark = hashlib.sha256(sound.read_bytes()).digest()
    sound.with_suffix(".json").write_text("[-20.0, -3.0]")  # a stage that is used again keeps its measurement
    result = made(ffmpeg, tmp_path, wanted, clip, on_progress=shares.append)
    assert result.loudness_lufs == -20.0
    assert mark
    assert shares[-1] == 1.0
    assert not list((tmp_path / "work").rglob("*.*"))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.mp4"]


def test_progress_never_falls(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    shares: list[float] = []
    made(ffmpeg, tmp_path, draft(shot("md_a", 0, 30, 5, 30)), clip, on_progress=shares.append)
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] == 1.0


def test_a_broken_source_names_itself(ffmpeg: Ffmpeg, clip: MediaFile, tmp_path: Path) -> None:
    broken = tmp_path / "holiday.mp4"
    remux = [ffmpeg.binary, "-v", "error", "-i", clip.path, "-c", "copy", "-movflags", "+faststart", broken]
    subprocess.run(remux, check=True)
    whole = broken.read_bytes()
    source = media_file(ffmpeg, broken)
    for damaged in (whole[: len(whole) * 2 // 3], whole[: whole.find(b"moov")], b"not a video"):
        broken.write_bytes(damaged)
        with pytest.raises(MediaRefused, match=r"holiday\.mp4"):
            made(ffmpeg, tmp_path, draft(shot("md_a", 0, 85, 2, 85)), source)
        assert not (tmp_path / "out.mp4").exists()
