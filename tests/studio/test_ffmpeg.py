"""The one place that runs ffmpeg: what it decodes, and how it ends."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from clips import make_clip, make_still
from songs import write_wav

from music_cog_online.studio.errors import (
    Cancelled,
    DiskFull,
    FfmpegFailed,
    FfmpegStalled,
    MediaRefused,
    StudioError,
)
from music_cog_online.studio.ffmpeg import Ffmpeg, input_args

FFMPEG = Ffmpeg()
RATE = 44100
ENDLESS = ["-re", "-f", "lavfi", "-i", "anullsrc", "-f", "null", "-"]


@pytest.fixture
def acting(tmp_path: Path) -> Callable[[str], Ffmpeg]:
    """Makes an ffmpeg out of a few lines of shell."""

    def make(script: str) -> Ffmpeg:
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        path.chmod(0o755)
        return Ffmpeg(str(path))

    return make


def clicks(path: Path) -> Path:
    """Writes a second of silence with a click at 0.5 s."""
    samples = np.zeros(RATE, np.float32)
    samples[RATE // 2 : RATE // 2 + 40] = 0.9
    return write_wav(path, samples)


def click_s(samples: np.ndarray) -> float:
    return float(np.abs(samples).argmax()) / RATE


def test_an_input_is_opened_as_what_its_bytes_say_and_from_this_machine_alone(tmp_path: Path) -> None:
    path = clicks(tmp_path / "pretends.mp4")
    args = input_args(path)
    assert args[args.index("-f") + 1] == "wav"
    assert args[args.index("-protocol_whitelist") + 1] == "file"
    assert args[-1] == f"file:{path}"


@pytest.mark.parametrize("name", ["-i.wav", "a b.wav", "50%.wav", "歌曲's.wav", "pipe:1.wav"])
def test_awkward_names_are_only_names(tmp_path: Path, name: str) -> None:
    assert FFMPEG.probe(clicks(tmp_path / name)).duration_s == 1.0


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a", ".ogg"])
def test_sound_starts_where_it_did_before_it_was_encoded(tmp_path: Path, suffix: str) -> None:
    original = clicks(tmp_path / "original.wav")
    path = tmp_path / f"song{suffix}"
    if suffix != ".wav":
        FFMPEG.run(["-i", str(original), "-b:a", "128k", str(path)])
    else:
        path = original
    assert click_s(FFMPEG.decode_audio(path)) == pytest.approx(0.5, abs=0.002)


def test_sound_of_a_video_is_counted_from_its_first_frame(tmp_path: Path) -> None:
    sound = np.zeros(RATE, np.float32)
    sound[RATE // 2 : RATE // 2 + 40] = 0.9
    early = make_clip(tmp_path / "early.mp4", duration_s=1.0, sound=sound).path
    late = tmp_path / "late.mkv"
    FFMPEG.run(
        ["-itsoffset", "0.3", "-i", str(early), "-i", str(early), "-map", "0:v", "-map", "1:a", "-c", "copy", str(late)]
    )
    assert click_s(FFMPEG.decode_audio(early)) == pytest.approx(0.5, abs=0.003)
    assert click_s(FFMPEG.decode_audio(late)) == pytest.approx(0.2, abs=0.003)


def test_sound_comes_with_the_rate_the_channels_and_the_part_that_were_asked_for(tmp_path: Path) -> None:
    path = clicks(tmp_path / "a.wav")
    assert FFMPEG.decode_audio(path, rate=16000).shape == (16000,)
    assert FFMPEG.decode_audio(path, channels=2).shape == (RATE, 2)
    part = FFMPEG.decode_audio(path, start_s=0.4, duration_s=0.2)
    assert part.shape == (round(0.2 * RATE),)
    assert click_s(part) == pytest.approx(0.1, abs=0.001)


def test_a_picture_without_sound_gives_no_samples(tmp_path: Path) -> None:
    assert FFMPEG.decode_audio(make_still(tmp_path / "a.png")).shape == (0,)
    assert FFMPEG.decode_audio(make_still(tmp_path / "b.png"), channels=2).shape == (0, 2)


@pytest.mark.parametrize("vfr", [False, True])
def test_every_frame_comes_once_with_its_own_time(tmp_path: Path, vfr: bool) -> None:
    clip = make_clip(tmp_path / "clip.mp4", duration_s=1.0, vfr=vfr)
    assert sum(1 for _ in FFMPEG.frames(clip.path, width=32, height=18)) == 30
    assert FFMPEG.frame_times(clip.path) == pytest.approx(clip.times_s, abs=1e-4)


def test_frames_come_in_the_shape_that_was_asked_for(tmp_path: Path) -> None:
    path = make_still(tmp_path / "a.png")
    (gray,) = FFMPEG.frames(path, width=32, height=18)
    (colour,) = FFMPEG.frames(path, width=32, height=18, pix_fmt="rgb24")
    assert (gray.shape, colour.shape) == ((18, 32), (18, 32, 3))


def test_a_reader_may_stop_early(tmp_path: Path) -> None:
    frames = FFMPEG.frames(make_clip(tmp_path / "clip.mp4", duration_s=2.0).path, width=320, height=180)
    assert next(frames).shape == (180, 320)
    frames.close()  # type: ignore[attr-defined]


def test_a_file_that_is_cut_short_is_refused_by_name(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", duration_s=1.0, extra=["-movflags", "+faststart"]).path
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(whole.read_bytes()[:-5000])
    with pytest.raises(MediaRefused, match=r"torn\.mp4 is cut short"):
        FFMPEG.probe(torn)


def test_progress_is_told_in_order_up_to_the_end(tmp_path: Path) -> None:
    shares: list[float] = []
    source = ["-f", "lavfi", "-i", "sine=duration=2"]
    FFMPEG.run([*source, str(tmp_path / "out.wav")], duration_s=2.0, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0, abs=0.05)


def test_cancelling_ends_the_process_and_all_it_started(acting: Callable[[str], Ffmpeg], tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    ffmpeg = acting(f"sleep 60 & echo $! > {tmp_path}/child\nwait")
    with pytest.raises(Cancelled):
        ffmpeg.run([], cancel=stop)
    child = int((tmp_path / "child").read_text())
    assert _gone(child)


def _gone(pid: int) -> bool:
    """Whether a process has ended, given two seconds to do so."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_no_progress_for_a_while_is_a_stall(acting: Callable[[str], Ffmpeg]) -> None:
    ffmpeg = acting("while :; do echo frame=30; echo total_size=48; echo out_time_us=1000; sleep 0.05; done")
    with pytest.raises(FfmpegStalled, match=r"clip\.mp4"):
        ffmpeg.run([], stall_s=0.3, subject="clip.mp4")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("av_interleaved_write_frame(): No space left on device", DiskFull),
        ("Invalid data found when processing input", MediaRefused),
        ("moov atom not found", MediaRefused),
        ("Unknown encoder 'libx999'", FfmpegFailed),
    ],
)
def test_what_ffmpeg_says_becomes_the_right_error(
    acting: Callable[[str], Ffmpeg], said: str, error: type[StudioError]
) -> None:
    with pytest.raises(error) as raised:
        acting(f'echo "{said}" >&2; exit 1').run([], subject="clip.mp4")
    assert raised.value.hint


def test_a_missing_binary_says_how_to_mend_it(tmp_path: Path) -> None:
    path = make_still(tmp_path / "a.png")
    for use in (lambda ffmpeg: ffmpeg.probe(path), lambda ffmpeg: ffmpeg.run(ENDLESS)):
        with pytest.raises(FfmpegFailed, match="cannot be started") as raised:
            use(Ffmpeg(str(tmp_path / "none")))
        assert "MUSIC_COG_FFMPEG" in raised.value.hint
