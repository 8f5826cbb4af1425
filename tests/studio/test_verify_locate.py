"""Finding a song in a sound."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from music_cog_online.studio.verifying.features import SOUND_RATE
from music_cog_online.studio.verifying.locate import locate
from tests.studio.songs import make_song, speech_like

Sound = NDArray[np.float32]


@pytest.fixture(scope="module")
def music() -> Sound:
    tempos = 100.0 + 2.0 * np.arange(20)  # no bar is like another
    samples = make_song(tempos.tolist(), bars=20, rate=SOUND_RATE).samples
    noise = np.random.default_rng(3).normal(size=len(samples)) * 0.01
    return (samples + noise).astype(np.float32)


def played(song: Sound, points: list[tuple[float, float]]) -> Sound:
    """The song along a time map, as varispeed plays it."""
    times = np.arange(int(points[-1][0] * SOUND_RATE)) / SOUND_RATE
    places = np.interp(times, *np.array(points).T) * SOUND_RATE
    return np.interp(places, np.arange(len(song)), song).astype(np.float32)


def test_a_song_that_starts_late_and_plays_faster_is_found_to_the_millisecond(music: Sound) -> None:
    (stretch,) = locate(played(music, [(0.0, 7.3), (14.0, 7.3 + 14 * 1.023)]), music)
    at = np.arange(0.0, 14.0, 0.5)
    assert np.abs(stretch.song_of(at) - (7.3 + at * 1.023)).max() < 0.002
    assert np.abs(stretch.out_of(7.3 + at * 1.023) - at).max() < 0.002


def test_a_speed_that_changes_on_the_way_is_followed(music: Sound) -> None:
    points = [(0.0, 4.0), (6.0, 4.0 + 6 * 0.99), (14.0, 4.0 + 6 * 0.99 + 8 * 0.998)]
    (stretch,) = locate(played(music, points), music)
    at = np.arange(0.5, 13.5, 0.5)
    assert np.abs(stretch.song_of(at) - np.interp(at, *np.array(points).T)).max() < 0.004


def test_a_jump_ends_one_stretch_and_begins_another(music: Sound) -> None:
    sound = np.concatenate([played(music, [(0.0, 3.0), (10.0, 13.0)]), played(music, [(0.0, 20.0), (10.0, 30.0)])])
    stretches = locate(sound, music)
    assert len(stretches) == 2
    assert stretches[0].to_s == pytest.approx(10.0, abs=0.6)
    assert stretches[1].song_of(np.array([15.0]))[0] == pytest.approx(25.0, abs=0.002)


def test_speech_over_the_music_does_not_hide_it(music: Sound) -> None:
    sound = 0.35 * played(music, [(0.0, 5.0), (14.0, 19.14)])
    talk = speech_like(14.0, rate=SOUND_RATE)[: len(sound)]
    (stretch,) = locate((sound[: len(talk)] + 0.6 * talk).astype(np.float32), music)
    at = np.arange(2.0, 12.0)
    assert np.abs(stretch.song_of(at) - (5.0 + at * 1.01)).max() < 0.005


def test_another_song_is_not_found(music: Sound) -> None:
    other = make_song(87.0, meter=3, bars=8, rate=SOUND_RATE, drums=False).samples
    found = locate(other, music)
    assert sum(stretch.to_s - stretch.from_s for stretch in found) < 0.5 * len(other) / SOUND_RATE


def test_silence_and_next_to_nothing_hold_no_song(music: Sound) -> None:
    assert locate(np.zeros(10 * SOUND_RATE, np.float32), music) == ()
    assert locate(np.zeros(0, np.float32), music) == ()
    assert locate(music[:SOUND_RATE], music) == ()
