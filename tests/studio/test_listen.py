"""Listening, tried on songs whose beats are known to the sample."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from songs import Song, drone, kick, make_song, speech_like, write_wav

from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.listen import Listening, listen, listen_file

RATE = 22050
Times = NDArray[np.float64]


def share_met(truth: Times, found: Times, *, within_s: float = 0.03) -> float:
    """F-measure of beats that lie within `within_s` of each other."""
    if len(found) == 0:
        return 0.0
    hits = (np.abs(truth[:, None] - found[None, :]).min(axis=1) <= within_s).sum()
    return 2 * float(hits) / (len(truth) + len(found))


def errors_s(truth: Times, found: Times) -> Times:
    nearest = np.abs(truth[:, None] - found[None, :]).argmin(axis=1)
    return found[nearest] - truth


def heard(song: Song) -> Listening:
    return listen(song.samples, RATE)


@pytest.mark.parametrize("tempo", [72, 90, 120, 128.5, 150])
def test_a_steady_song_has_all_its_beats_and_bars(tempo: float) -> None:
    song = make_song(tempo, rate=RATE, bars=12)
    found = heard(song)
    assert found.has_beat
    assert found.meter == 4
    assert found.tempo_bpm == pytest.approx(tempo, rel=0.002)
    assert share_met(song.beats_s, found.beats_s) > 0.97
    assert share_met(song.beats_s[song.beat_in_bar == 1], found.downbeats_s) > 0.9


def test_beats_are_neither_late_nor_early() -> None:
    song = make_song(117.3, rate=RATE, bars=12)
    late = errors_s(song.beats_s, heard(song).beats_s)
    assert abs(float(np.median(late))) < 0.005
    assert float(np.abs(late).max()) < 0.012


def test_steady_music_has_steady_beats() -> None:
    found = heard(make_song(124, rate=RATE, bars=16))
    assert float(np.abs(np.diff(found.beats_s) - 60 / 124).max()) < 0.003


def test_three_four_is_told_from_four_four() -> None:
    song = make_song(140, meter=3, rate=RATE, bars=16)
    found = heard(song)
    assert found.meter == 3
    assert share_met(song.beats_s[song.beat_in_bar == 1], found.downbeats_s) > 0.9


@pytest.mark.parametrize("second_tempo", [132, 145])
def test_a_change_of_tempo_is_followed(second_tempo: float) -> None:
    song = make_song([110] * 8 + [second_tempo] * 8, rate=RATE, bars=16)
    found = heard(song)
    assert share_met(song.beats_s, found.beats_s, within_s=0.05) > 0.95


def test_a_drifting_tempo_is_followed() -> None:
    song = make_song(list(np.linspace(100, 116, 20)), rate=RATE, bars=20)
    assert share_met(song.beats_s, heard(song).beats_s) > 0.97


def test_no_beat_lies_in_the_silence_before_the_song() -> None:
    song = make_song(100, rate=RATE, bars=10, start_s=4.2, tail_s=4.0)
    found = heard(song)
    assert found.beats_s[0] == pytest.approx(4.2, abs=0.02)
    assert found.beats_s[-1] < song.beats_s[-1] + 0.8
    assert share_met(song.beats_s, found.beats_s) > 0.95


def test_swing_keeps_the_beat_where_it_is() -> None:
    song = make_song(126, rate=RATE, bars=12, swing=2 / 3)
    assert share_met(song.beats_s, heard(song).beats_s) > 0.97


def test_music_without_drums_has_beats() -> None:
    song = make_song(96, rate=RATE, bars=12, drums=False)
    assert share_met(song.beats_s, heard(song).beats_s) > 0.95


def test_a_beat_that_keeps_time_is_heard_in_a_clatter() -> None:
    song = make_song(124, rate=RATE, bars=40, chords=False)
    sound, stroke = song.samples * 0.25, 0.5 * kick(RATE)[:2000]
    random = np.random.default_rng(1)
    for at in np.cumsum(random.exponential(0.08, 1500)) * RATE:
        sound[int(at) : int(at) + len(stroke)] += stroke[: max(0, len(sound) - int(at))]
    found = listen(sound.astype(np.float32), RATE)
    assert found.has_beat
    assert found.tempo_bpm == pytest.approx(124, rel=0.002)


def test_the_drop_is_found_at_its_downbeat() -> None:
    song = make_song(128, rate=RATE, bars=24, drop_bar=8)
    found = heard(song)
    assert found.drops[0].time_s == pytest.approx(song.drop_s, abs=0.02)
    assert found.drops[0].confidence > 0.6
    assert [section.label for section in found.sections if section.start_s == found.drops[0].time_s] == ["drop"]


def test_a_song_without_a_drop_has_none() -> None:
    assert heard(make_song(128, rate=RATE, bars=16)).drops == ()


def test_sections_cover_the_song_without_gaps() -> None:
    found = heard(make_song(128, rate=RATE, bars=24, drop_bar=12))
    edges = [(section.start_s, section.end_s) for section in found.sections]
    assert edges[0][0] == 0.0
    assert edges[-1][1] == found.duration_s
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert all(0 <= section.energy <= 1 for section in found.sections)


def test_beats_that_sound_alike_lie_close() -> None:
    found = heard(make_song(120, rate=RATE, bars=16))
    rows = found.beat_features
    same = np.linalg.norm(rows[16:32] - rows[32:48], axis=1).mean()
    other = np.linalg.norm(rows[16:32] - rows[17:33], axis=1).mean()
    assert same < 0.5 * other
    assert found.beat_energy.shape == found.beats_s.shape
    assert float(found.beat_energy.min()) >= 0


@pytest.mark.parametrize(
    ("sound", "word"),
    [
        (speech_like(20, rate=RATE), "speech"),
        ((np.random.default_rng(5).standard_normal(RATE * 20) * 0.1).astype(np.float32), "noise"),
        (drone(20, rate=RATE), "held"),
        (np.zeros(RATE * 10, np.float32), "silence"),
        (np.zeros(0, np.float32), "silence"),
        (np.full(RATE * 5, np.nan, np.float32), "silence"),
        (np.array([0.5, np.inf], np.float32), "no steady beat"),
        (make_song(120, rate=RATE, bars=1, tail_s=0).samples[: RATE // 2], "short"),
    ],
    ids=["speech", "noise", "drone", "silence", "empty", "not-a-number", "two-samples", "too-short"],
)
def test_what_has_no_beat_says_so(sound: NDArray[np.float32], word: str) -> None:
    found = listen(sound, RATE)
    assert not found.has_beat
    assert len(found.beats_s) == 0
    assert word in found.why


def test_only_mono_sound_is_listened_to() -> None:
    with pytest.raises(ValueError, match="mono"):
        listen(np.zeros((100, 2), np.float32), RATE)


def test_a_listening_survives_json() -> None:
    found = heard(make_song(120, rate=RATE, bars=12, drop_bar=6))
    again = Listening.from_json(json.loads(json.dumps(found.to_json())))
    assert again.to_json() == found.to_json()
    assert again.beats_s.dtype == np.float64
    assert again.drops[0].time_s == pytest.approx(found.drops[0].time_s, abs=1e-4)


@pytest.mark.parametrize("damage", [{}, {"format": 99}, {"format": 2, "beats_s": None}])
def test_damaged_json_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"listening|format"):
        Listening.from_json(damage)


def test_a_listening_without_beats_survives_json() -> None:
    found = listen(np.zeros(RATE, np.float32), RATE)
    assert Listening.from_json(found.to_json()).to_json() == found.to_json()


def test_a_file_is_heard_once_and_known_by_its_content(tmp_path: Path) -> None:
    song = make_song(120, rate=RATE, bars=8)
    path = write_wav(tmp_path / "song.wav", song.samples, rate=RATE)
    first = listen_file(path, ffmpeg=Ffmpeg(), cache=tmp_path / "cache")
    kept = list((tmp_path / "cache").iterdir())
    assert len(kept) == 1
    marked = json.loads(kept[0].read_text()) | {"why": "from the cache"}
    kept[0].write_text(json.dumps(marked))
    copy = path.rename(tmp_path / "renamed.wav")
    assert listen_file(copy, ffmpeg=Ffmpeg(), cache=tmp_path / "cache").why == "from the cache"
    assert first.why != "from the cache"
    assert share_met(song.beats_s, first.beats_s) > 0.97


def test_a_torn_cache_entry_is_made_anew(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "song.wav", make_song(120, rate=RATE, bars=6).samples, rate=RATE)
    first = listen_file(path, ffmpeg=Ffmpeg(), cache=tmp_path)
    kept = next(tmp_path.glob("*.json"))
    kept.write_text(kept.read_text()[:50])
    assert listen_file(path, ffmpeg=Ffmpeg(), cache=tmp_path).to_json() == first.to_json()
    assert json.loads(kept.read_text())["has_beat"]


def test_a_file_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"this is not a song" * 100)
    with pytest.raises(MediaRefused):
        listen_file(path, ffmpeg=Ffmpeg(), cache=tmp_path / "cache")
