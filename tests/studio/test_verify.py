"""Measuring finished files, and drawing what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.render import parse_draft
from music_cog_online.studio.report_plot import plot
from music_cog_online.studio.verify import SongReference, Source, SyncReport, laid_from_zero, verify
from music_cog_online.studio.verifying.report import cut_rows
from music_cog_online.studio.verifying.timeline import expected_maps, sources_of
from music_cog_online.studio.verifying.words import summarise
from music_cog_online.studio.watch import watch
from tests.studio.clips import make_clip, make_still
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


def test_a_song_that_is_not_in_the_file_is_not_measured_by_another_beat(song: SongReference, tmp_path: Path) -> None:
    other = make_song(97.0, bars=2, meter=3, rate=RATE).samples
    clip = make_clip(tmp_path / "other.mp4", duration_s=4.0, cuts_s=[1.0, 3.0], sound=other, sound_rate=RATE)
    report = verify(clip.path, ffmpeg=Ffmpeg(), song=replace(song, expected=(((0.0, 6.0), (4.0, 10.0)),)))
    assert report.method == "none"
    assert report.song_lost
    assert report.summary[0] == "The sync could not be measured: the song was not found in the file's sound."
    assert [row.beat_s for row in report.cuts] == [None, None]
    assert not report.in_sync


def test_a_short_clip_under_speech_is_measured_and_so_is_where_the_song_is_silent(
    song: SongReference, tmp_path: Path
) -> None:
    music = song.samples[int(OFFSET_S * RATE) : int((OFFSET_S + 4.0) * RATE)]
    talk = speech_like(8.0, rate=RATE)[: 8 * RATE]
    talk[: len(music)] += 0.22 * music * float(talk.std() / music.std())
    beats_s = song.listening.beats_s - OFFSET_S
    on_beat = float(beats_s[np.abs(beats_s - 2.0).argmin()])
    clip = make_clip(tmp_path / "short.mp4", duration_s=8.0, cuts_s=[on_beat, 6.0], sound=talk, sound_rate=RATE)
    expected = replace(song, expected=(((0.0, OFFSET_S - 0.02), (4.0, OFFSET_S + 3.98)),))
    report = verify(clip.path, ffmpeg=Ffmpeg(), song=expected)
    assert report.method == "song"
    assert [row.hit for row in report.cuts] == [True, False]
    assert abs(report.cuts[0].distance_ms or 99.0) < 20
    assert report.cuts[1].beat_s is None
    assert report.summary[0].startswith("1 of 2 cuts falls on a beat")
    assert "Not measured, because the song is not heard there: 0:06." in report.summary


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "file", "song_share": 0.0}, "The song was not found in the file's sound; by the beats heard in"),
        ({"method": "none", "song_share": 0.9}, "The song has no steady beat"),
        ({"median_ms": None}, "the song is not heard at any of the cuts"),
    ],
)
def test_the_summary_says_which_beats_were_used(report: SyncReport, change: dict[str, Any], words: str) -> None:
    assert words in summarise(replace(report, **change))[0]


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


def test_before_is_judged_by_the_cuts_of_the_clips_as_they_were_handed_over(
    report: SyncReport, song: SongReference
) -> None:
    beats = song.listening.beats_s
    first = Source(float(beats[9]), (float(beats[3]), float(beats[6]) + 0.2))
    before = laid_from_zero(report, song, [first, Source(40.0, ())])
    assert [row.hit for row in before.cuts] == [True, False, True]
    assert before.cuts[2].time_s == pytest.approx(float(beats[9])), "where one clip meets the next"
    assert before.picture_s == pytest.approx(float(beats[9]) + 40.0)
    assert before.beats_s == pytest.approx(beats.tolist())
    assert before.loudness_lufs is None


def test_the_picture_shows_before_and_after(report: SyncReport, song: SongReference, tmp_path: Path) -> None:
    unknown = replace(report.cuts[0], beat_s=None, distance_ms=None, hit=False)
    plot(
        replace(report, cuts=(unknown, *report.cuts[1:])),
        tmp_path / "both.png",
        laid_from_zero(report, song, [Source(10.0, (2.0, 7.0))]),
    )
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


def test_a_draft_tells_where_the_song_should_play_and_what_the_clips_were(tmp_path: Path) -> None:
    clip, still = make_clip(tmp_path / "clip.mp4", duration_s=3.0, cuts_s=[1.0]), make_still(tmp_path / "still.png")
    tune = write_wav(tmp_path / "song.wav", np.zeros(44100, np.float32))
    media = {
        path.stem: MediaFile(path.stem, path, path.name, Ffmpeg().probe(path)) for path in (clip.path, still, tune)
    }
    shots = [("clip", 0, 30), ("still", 30, 60), ("clip", 90, 30)]
    video = [{"m": {"media": name, "at": at, "frames": n, "from_s": 0.5, "take_s": n / 30}} for name, at, n in shots]
    music = [{"s": 500, "d": 9000, "m": {"media": "song", "map": [[1.0, 0.2], [2.0, 1.2], [3.0, 2.21]]}}]
    tracks = [{"tt": 0, "sg": video}, {"tt": 1, "sg": music}]
    draft = parse_draft({"v": 2, "m": {"rate": "30/1"}, "t": tracks}, media)
    assert expected_maps(draft, tune) == (((1.0, 0.2), (2.0, 1.2), (3.0, 2.21)),)
    assert expected_maps(draft, clip.path) == ()
    first, second = sources_of(draft, lambda path: watch(path, ffmpeg=Ffmpeg())) or ()
    assert first == Source(pytest.approx(3.0), (pytest.approx(1.0),))
    assert second == Source(2.0, ())
    still.unlink()
    assert sources_of(draft, lambda path: watch(path, ffmpeg=Ffmpeg())) is None
