"""Finding a song in a sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from music_cog_online.studio.render.stretch import along_map
from music_cog_online.studio.verifying.features import SOUND_RATE
from music_cog_online.studio.verifying.locate import Stretch, TimeMap, locate
from music_cog_online.studio.verifying.tones import likeness
from tests.studio.songs import make_song, pluck, speech_like

Sound = NDArray[np.float32]
BAR_S = 2.0
CHORDS = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62))
OTHERS = ((58, 61, 65), (51, 54, 58), (56, 60, 63), (54, 58, 61))


@pytest.fixture(scope="module")
def music() -> Sound:
    tempos = 100.0 + 2.0 * np.arange(20)  # no bar is like another
    samples = make_song(tempos.tolist(), bars=20, rate=SOUND_RATE).samples
    noise = np.random.default_rng(3).normal(size=len(samples)) * 0.01
    return (samples + noise).astype(np.float32)


def looped(chords: Sequence[Sequence[int]], *, bars: int = 14) -> Sound:
    """Four bars over and over: the same drums in every bar, a chord and its bass in each of the four."""
    drums = make_song(120.0, bars=1, rate=SOUND_RATE, chords=False, tail_s=0.0, seed=4).samples
    length = round(BAR_S * SOUND_RATE)
    played_bars = []
    for bar in range(bars):
        out = 0.5 * drums[:length]
        for note in chords[bar % len(chords)]:
            out = out + 0.2 * np.pad(pluck(note, 1.9, SOUND_RATE), (0, length))[:length]
        played_bars.append(out)
    return np.concatenate(played_bars).astype(np.float32)


def played(song: Sound, *maps: TimeMap) -> Sound:
    """The song along time maps, as the renderer plays it."""
    stereo = np.repeat(song[:, None], 2, axis=1)
    return np.concatenate([along_map(stereo, SOUND_RATE, one, one[0][0], one[-1][0])[:, 0] for one in maps])


def under_speech(sound: Sound, *, ducked_db: float = 13.0) -> Sound:
    """Speech, and the sound that far below it."""
    talk = speech_like(len(sound) / SOUND_RATE + 0.1, rate=SOUND_RATE)[: len(sound)]
    gain = talk.std() / sound.std() * 10 ** (-ducked_db / 20)
    return (talk + gain * sound).astype(np.float32)


def off_s(found: Sequence[Stretch], *maps: TimeMap) -> float:
    """Largest distance from the truth in the song's time; 9 where the song was not found though it plays."""
    worst = 0.0
    for one in maps:
        for at in np.arange(one[0][0] + 0.3, one[-1][0] - 0.3, 0.25):
            true_s = np.interp(at, *np.array(one).T)
            here = [stretch for stretch in found if stretch.from_s <= at <= stretch.to_s]
            worst = max(worst, abs(float(here[0].song_of(np.array([at]))[0]) - true_s)) if here else 9.0
    return worst


def moved(one: TimeMap, by_s: float) -> TimeMap:
    return tuple((out_s, song_s + by_s) for out_s, song_s in one)


def test_four_seconds_under_speech_are_measured_where_they_are_and_not_where_they_were_expected(music: Sound) -> None:
    true: TimeMap = ((0.0, 8.0), (1.7, 8.0 + 1.7 * 1.02), (4.0, 8.0 + 1.7 * 1.02 + 2.3 * 0.985))
    sound = under_speech(played(music, true))
    found = locate(sound, music, expected=[moved(true, 0.025)])
    assert off_s(found, true) < 0.004


def test_pieces_of_a_song_that_jumps_are_measured_each_in_its_place(music: Sound) -> None:
    first: TimeMap = ((0.0, 3.0), (4.2, 3.0 + 4.2 * 0.972))
    second: TimeMap = ((4.2, 20.0), (8.0, 20.0 + 3.8 * 1.028))
    found = locate(played(music, first, second), music, expected=[first, second])
    assert len(found) == 2
    assert off_s(found, first, second) < 0.004
    assert found[0].to_s == found[1].from_s == 4.2


def test_another_song_with_the_same_drums_and_tempo_is_not_taken_for_the_song() -> None:
    right, wrong = looped(CHORDS, bars=8), looped(OTHERS, bars=8)
    true: TimeMap = ((0.0, 0.0), (5.0, 5.0))
    assert locate(wrong[: 5 * SOUND_RATE], right, expected=[true], beat_s=0.5) == ()
    assert locate(under_speech(wrong[: 5 * SOUND_RATE]), right, expected=[true], beat_s=0.5) == ()
    assert off_s(locate(under_speech(right[: 5 * SOUND_RATE]), right, expected=[true], beat_s=0.5), true) < 0.004


def test_notes_are_told_from_chance_by_the_song_in_other_keys() -> None:
    right, wrong = looped(CHORDS, bars=4), looped(OTHERS, bars=4)
    at = np.arange(0.3, 7.5, 0.2)
    same, other = likeness(right, right, at, at), likeness(wrong, right, at, at)
    assert same.notes > 0.95 > 2 * same.chance
    assert other.notes < other.chance
    assert likeness(right, right, np.zeros(0), np.zeros(0)).notes == 0.0


@pytest.mark.parametrize("beats", [-4, 1])
def test_a_song_that_plays_some_beats_from_the_expected_place_is_measured_there(beats: int) -> None:
    song = looped(CHORDS)
    true: TimeMap = ((0.0, 8.0), (6.0, 14.0))
    found = locate(played(song, true), song, expected=[moved(true, beats * 0.5)], beat_s=0.5)
    assert off_s(found, true) < 0.002


def test_of_places_that_sound_alike_the_expected_one_is_taken() -> None:
    song = looped(CHORDS)
    for start_s in (8.0, 16.0):
        expected: TimeMap = ((0.0, start_s), (6.0, start_s + 6.0))
        assert off_s(locate(song[: 6 * SOUND_RATE], song, expected=[expected], beat_s=0.5), expected) < 0.002


def test_a_song_that_is_not_where_it_was_expected_is_looked_for_everywhere(music: Sound) -> None:
    true: TimeMap = ((0.0, 17.0), (6.0, 17.0 + 6.0 * 1.01))
    found = locate(played(music, true), music, expected=[((0.0, 2.3), (6.0, 8.3))], beat_s=0.5)
    assert off_s(found, true) < 0.005


def test_a_song_that_starts_late_and_plays_faster_is_found_without_a_hint(music: Sound) -> None:
    true: TimeMap = ((0.0, 7.3), (9.0, 7.3 + 9.0 * 1.023))
    (stretch,) = locate(played(music, true), music)
    assert off_s([stretch], true) < 0.005
    at = np.arange(0.0, 9.0, 0.5)
    assert stretch.out_of(stretch.song_of(at)) == pytest.approx(at, abs=1e-9)


def test_a_jump_ends_one_stretch_and_begins_another(music: Sound) -> None:
    sound = played(music, ((0.0, 3.0), (8.0, 11.0)), ((8.0, 20.0), (15.0, 27.0)))
    stretches = locate(sound, music)
    assert len(stretches) == 2
    assert stretches[0].to_s == pytest.approx(8.0, abs=0.8)
    assert stretches[1].song_of(np.array([12.0]))[0] == pytest.approx(24.0, abs=0.002)


def test_another_song_is_not_found(music: Sound) -> None:
    other = make_song(87.0, meter=3, bars=4, rate=SOUND_RATE, drums=False).samples
    assert locate(other, music, expected=[((0.0, 5.0), (8.0, 13.0))]) == ()


def test_silence_and_next_to_nothing_hold_no_song(music: Sound) -> None:
    assert locate(np.zeros(4 * SOUND_RATE, np.float32), music, expected=[((0.0, 5.0), (4.0, 9.0))]) == ()
    assert locate(np.zeros(0, np.float32), music, expected=[((0.0, 5.0), (9.0, 14.0))]) == ()
    assert locate(music[:SOUND_RATE], music, expected=[((0.0, 5.0), (0.1, 5.1)), ((30.0, 5.0), (40.0, 15.0))]) == ()
