"""Measuring finished files, and drawing what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.report_plot import plot
from music_cog_online.studio.verify import SongReference, SyncReport, laid_from_zero, verify
from music_cog_online.studio.verifying.report import cut_rows
from tests.studio.clips import make_clip
from tests.studio.plan_data import song as heard
from tests.studio.songs import make_song, speech_like, write_wav

RATE = 22050
OFFSET_S = 6.2  # where in the song the file begins
CUT_FRAMES = (57, 117, 165, 230)  # three on beats of the stretch, the last one off


@pytest.fixture(scope="module")
def song() -> SongReference:
    tempos = 118.0 + 0.5 * np.arange(16)
    made = make_song(tempos.tolist(), bars=16, rate=RATE, drop_bar=6)
    listening = heard(made.beats_s.tolist(), drops_s=[made.drop_s or 0.0]).listening
    return SongReference(made.samples, RATE, listening)


@pytest.fixture(scope="module")
def report(song: SongReference, tmp_path_factory: pytest.TempPathFactory) -> SyncReport:
    folder = tmp_path_factory.mktemp("verify")
    sound = song.samples[int(OFFSET_S * RATE) : int((OFFSET_S + 10.0) * RATE)] * 0.5
    beats_s = song.listening.beats_s - OFFSET_S
    on_beats = [float(beats_s[np.abs(beats_s - frame / 30).argmin()]) for frame in CUT_FRAMES[:3]]
    cuts = [*on_beats, float(beats_s[np.abs(beats_s - CUT_FRAMES[3] / 30).argmin()]) + 0.2]
    clip = make_clip(folder / "out.mp4", duration_s=10.0, cuts_s=cuts, sound=sound, sound_rate=RATE)
    return verify(clip.path, ffmpeg=Ffmpeg(), song=song)


def test_cuts_on_and_off_the_songs_beats_are_told_apart(report: SyncReport) -> None:
    assert report.method == "song"
    assert report.song_share > 0.9
    assert [row.hit for row in report.cuts] == [True, True, True, False]
    assert [abs(row.distance_ms or 0.0) < 18 for row in report.cuts[:3]] == [True] * 3
    assert report.cuts[3].distance_ms == pytest.approx(200, abs=20)
    assert not report.in_sync


def test_beats_are_carried_over_to_the_millisecond(report: SyncReport, song: SongReference) -> None:
    truth = song.listening.beats_s - OFFSET_S
    truth = truth[(truth > 0.1) & (truth < 9.9)]
    found = np.array(report.beats_s)
    assert np.abs(truth[:, None] - found[None, :]).min(1).max() < 0.004


def test_the_drop_lengths_and_loudness_are_measured(report: SyncReport, song: SongReference) -> None:
    assert report.drop is not None
    assert report.drop.time_s == pytest.approx(song.listening.drops[0].time_s - OFFSET_S, abs=0.005)
    assert report.frames == 300
    assert report.rate == "30/1"
    assert report.picture_s == pytest.approx(10.0, abs=0.001)
    assert report.sound_s == pytest.approx(10.0, abs=0.05)
    assert -40 < (report.loudness_lufs or 0.0) < -5
    assert -20 < (report.true_peak_db or 0.0) < 0


def test_the_summary_says_what_was_measured(report: SyncReport) -> None:
    said = " ".join(report.summary)
    assert "3 of 4 cuts fall on a beat" in said
    assert "In sync" not in said
    assert "late" in said
    assert "LUFS" in said


def test_a_report_survives_json(report: SyncReport) -> None:
    again = SyncReport.from_json(json.loads(json.dumps(report.to_json())))
    assert again.to_json() == report.to_json()
    with pytest.raises(ValueError, match="version"):
        SyncReport.from_json({"version": 0})


def test_without_the_song_the_beats_are_heard_in_the_file(tmp_path: Path) -> None:
    made = make_song(120.0, bars=8, rate=RATE)
    cuts = [float(made.beats_s[k]) for k in (6, 14, 22)]
    clip = make_clip(tmp_path / "own.mp4", duration_s=16.0, cuts_s=cuts, sound=made.samples, sound_rate=RATE)
    report = verify(clip.path, ffmpeg=Ffmpeg(), song=None)
    assert report.method == "file"
    assert report.in_sync
    assert report.summary[0].startswith("In sync: 3 of 3 cuts fall on a beat")
    assert "heard in the file itself" in report.summary[0]


@pytest.mark.parametrize(("sound", "words"), [(None, "no sound"), (speech_like(6.0, rate=RATE), "cannot be measured")])
def test_what_cannot_be_measured_is_said(sound: object, words: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "mute.mp4", duration_s=6.0, cuts_s=[3.0], sound=sound, sound_rate=RATE)  # type: ignore[arg-type]
    report = verify(clip.path, ffmpeg=Ffmpeg(), song=None)
    assert words in report.summary[0]
    assert not report.in_sync
    assert report.method == "none"


def test_a_file_without_a_picture_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "song.wav", np.zeros(4410, np.float32))
    with pytest.raises(MediaRefused):
        verify(path, ffmpeg=Ffmpeg(), song=None)


def test_a_cut_counts_up_to_one_frame() -> None:
    beats = np.array([1.0, 2.0])
    rows = cut_rows([1.04, 2.0417, 1.9], beats, np.array([True, False]), float(1 / Fraction(24)))
    assert [row.hit for row in rows] == [True, False, False]
    assert [row.downbeat for row in rows] == [True, False, False]
    assert cut_rows([1.0], np.zeros(0), np.zeros(0, np.bool_), 0.04)[0].beat_s is None


def test_laid_from_zero_moves_the_beats_back(report: SyncReport, song: SongReference) -> None:
    before = laid_from_zero(report, song)
    assert before.beats_s[0] == pytest.approx(float(song.listening.beats_s[0]))
    assert len(before.cuts) == 4
    assert before.hits < 3


def test_the_picture_shows_before_and_after(report: SyncReport, song: SongReference, tmp_path: Path) -> None:
    plot(report, tmp_path / "both.png", laid_from_zero(report, song))
    plot(report, tmp_path / "one.png")
    with Image.open(tmp_path / "both.png") as both, Image.open(tmp_path / "one.png") as one:
        assert both.size[0] == one.size[0] == 1600
        assert both.size[1] > one.size[1]
        colors = {color for _, color in one.convert("RGB").getcolors(1 << 24) or []}
    assert (28, 155, 95) in colors, "green hits"
    assert (212, 63, 58) in colors, "red misses"


def test_a_report_without_anything_can_be_drawn(report: SyncReport, tmp_path: Path) -> None:
    empty = replace(
        report, file="视频.mp4", method="none", cuts=(), drop=None, beats_s=(), downbeats_s=(), waveform=(), sound_s=0.0
    )
    plot(empty, tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 1000
