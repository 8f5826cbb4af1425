from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import make_still
from numbered import make_numbered, media_file
from numpy.typing import NDArray
from songs import Song, make_song

from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.render import RenderResult, render
from music_cog_online.studio.render.draft import parse_draft
from music_cog_online.studio.render.loudness import limited, loudness_of, true_peak_db
from music_cog_online.studio.render.mix import mix_of
from music_cog_online.studio.render.stretch import along_map

RATE = 48_000
Samples = NDArray[np.float32]


@pytest.fixture(scope="module")
def ffmpeg() -> Ffmpeg:
    return Ffmpeg()


@pytest.fixture(scope="module")
def still(ffmpeg: Ffmpeg, tmp_path_factory: pytest.TempPathFactory) -> MediaFile:
    return media_file(ffmpeg, make_still(tmp_path_factory.mktemp("still") / "still.png", size=(64, 36)), "md_s")


def write_wav(path: Path, samples: Samples, ffmpeg: Ffmpeg) -> Path:
    raw = path.with_suffix(".f32")
    np.ascontiguousarray(samples, np.float32).tofile(raw)
    source = ["-f", "f32le", "-ar", str(RATE), "-ac", str(samples.ndim), "-i", raw]
    subprocess.run([ffmpeg.binary, "-v", "error", "-y", *source, "-c:a", "pcm_f32le", path], check=True)
    return path


def piece(media: str, knots: list[list[float]], **more: Any) -> dict[str, Any]:
    return {"s": 0, "d": 0, "m": {"media": media, "map": knots, **more}}


def made(
    ffmpeg: Ffmpeg, tmp_path: Path, seconds: float, still: MediaFile, pieces: list[dict[str, Any]], *songs: MediaFile
) -> tuple[RenderResult, Samples]:
    picture = {"s": 0, "d": seconds * 1000, "m": {"media": "md_s", "at": 0, "frames": round(seconds * 30)}}
    tracks = [{"tt": 0, "sg": [picture]}, {"tt": 1, "sg": pieces}]
    wanted = {"m": {"width": 64, "height": 36, "rate": "30"}, "t": tracks}
    files = {file.id: file for file in (still, *songs)}
    result = render(wanted, files, tmp_path / "out.mp4", ffmpeg=ffmpeg, work=tmp_path / "work")
    command = [ffmpeg.binary, "-v", "error", "-ignore_editlist", "1", "-i", result.path, "-f", "f32le", "-ac", "1", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return result, np.frombuffer(raw, np.float32)


def offset_ms(heard: Samples, at_s: float, song: Samples, song_s: float, *, reach_s: float = 0.02) -> float:
    """How much later than at `at_s` the attack at `song_s` of the song is heard, by cross-correlation."""
    size, before, reach = round(0.03 * RATE), round(0.01 * RATE), round(reach_s * RATE)
    begin, place = round(song_s * RATE) - before, round(at_s * RATE) - before
    wanted = np.diff(song[begin : begin + size])
    found = np.diff(heard[place - reach : place + size + reach])
    return (int(np.argmax(np.correlate(found, wanted, "valid"))) - reach) / RATE * 1000


def song_file(ffmpeg: Ffmpeg, tmp_path: Path, **how: Any) -> tuple[MediaFile, Song]:
    song = make_song(rate=RATE, **how)
    return media_file(ffmpeg, write_wav(tmp_path / "song.wav", song.samples, ffmpeg), "md_m"), song


@pytest.mark.parametrize(
    "knots",
    [
        [[0.0, 1.5], [5.0, 6.5]],
        [[0.0, 1.5], [5.0, 6.515]],
        [[0.0, 2.0], [5.0, 7.15]],
        [[0.0, 1.0], [1.5, 2.47], [3.0, 4.015], [5.0, 5.99]],
    ],
    ids=["as it is", "0.3 % faster", "3 % faster", "varying"],
)
def test_beats_land_where_the_map_puts_them(
    ffmpeg: Ffmpeg, still: MediaFile, tmp_path: Path, knots: list[list[float]]
) -> None:
    file, song = song_file(ffmpeg, tmp_path, bars=4)
    _, heard = made(ffmpeg, tmp_path, 5.0, still, [piece("md_m", knots)], file)
    outs, songs = np.array(knots).T
    inside = [beat for beat in song.beats_s if songs[0] + 0.1 < beat < songs[-1] - 0.1]
    late = [offset_ms(heard, float(np.interp(beat, songs, outs)), song.samples, beat) for beat in inside]
    assert len(late) >= 8
    assert max(map(abs, late)) < 1.5
    assert abs(float(np.median(late))) < 1.0


def test_the_first_sample_is_heard_at_zero(ffmpeg: Ffmpeg, still: MediaFile, tmp_path: Path) -> None:
    file, song = song_file(ffmpeg, tmp_path, bars=2)
    _, heard = made(ffmpeg, tmp_path, 2.0, still, [piece("md_m", [[0.0, 0.0], [2.0, 2.0]])], file)
    gain = float(np.dot(heard[4096:90000], song.samples[4096:90000]) / np.dot(heard[4096:90000], heard[4096:90000]))
    assert np.corrcoef(heard[1024:90000], song.samples[1024:90000])[0, 1] > 0.97
    assert np.abs(heard[:480] * gain).max() > 0.01


@pytest.mark.parametrize("volume", [1.0, 0.05])
def test_the_decoded_sound_has_the_loudness_of_platforms(
    ffmpeg: Ffmpeg, still: MediaFile, tmp_path: Path, volume: float
) -> None:
    file, _ = song_file(ffmpeg, tmp_path, bars=2)
    result, _ = made(ffmpeg, tmp_path, 4.0, still, [piece("md_m", [[0, 0], [4, 4]], volume=volume)], file)
    graph = "ebur128=peak=true:framelog=quiet"
    said = subprocess.run(
        [ffmpeg.binary, "-hide_banner", "-i", result.path, "-af", graph, "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    loudness = float(said.rsplit("I:", 1)[1].split()[0])
    peak = float(said.rsplit("Peak:", 1)[1].split()[0])
    assert loudness == pytest.approx(-14, abs=0.5)
    assert peak <= -1.0
    assert result.loudness_lufs == pytest.approx(loudness, abs=0.1)
    assert result.true_peak_db == pytest.approx(peak, abs=0.15)


def test_silence_stays_silent(ffmpeg: Ffmpeg, still: MediaFile, tmp_path: Path) -> None:
    noise = (np.random.default_rng(0).standard_normal(3 * RATE) * 1e-5).astype(np.float32)
    file = media_file(ffmpeg, write_wav(tmp_path / "room.wav", noise, ffmpeg), "md_m")
    result, heard = made(ffmpeg, tmp_path, 3.0, still, [piece("md_m", [[0, 0], [3, 3]])], file)
    assert result.loudness_lufs == -math.inf
    assert np.abs(heard).max() < 1e-3
    nothing, heard = made(ffmpeg, tmp_path, 1.0, still, [])
    assert nothing.loudness_lufs == -math.inf
    assert not heard.any()
    assert abs(len(heard) / RATE - 1.0) < 1 / 30


def test_clicks_and_pauses_are_not_driven_into_the_limiter(ffmpeg: Ffmpeg, still: MediaFile, tmp_path: Path) -> None:
    clicks = np.zeros(3 * RATE, np.float32)
    clicks[12000::24000] = 0.9
    file = media_file(ffmpeg, write_wav(tmp_path / "clicks.wav", clicks, ffmpeg), "md_m")
    result, heard = made(ffmpeg, tmp_path, 3.0, still, [piece("md_m", [[0, 0], [3, 3]])], file)
    assert result.true_peak_db <= -1.0
    assert -50 < result.loudness_lufs < -14
    assert np.isfinite(heard).all()


def test_a_song_that_jumps_is_joined_without_a_click(ffmpeg: Ffmpeg, still: MediaFile, tmp_path: Path) -> None:
    file, song = song_file(ffmpeg, tmp_path, bars=5)
    first = piece("md_m", [[0.0, 0.0], [2.0, 2.0]])
    second = piece("md_m", [[2.0, 6.0], [4.0, 8.0]], join_ms=40)
    _, heard = made(ffmpeg, tmp_path, 4.0, still, [first, second], file)
    assert abs(offset_ms(heard, 2.0, song.samples, 6.0)) < 0.1
    assert abs(offset_ms(heard, 3.5, song.samples, 7.5)) < 0.1
    jumps = np.abs(np.diff(heard))
    assert jumps[round(1.94 * RATE) : round(1.999 * RATE)].max() <= jumps.max() * 0.7


def test_own_sound_follows_the_picture(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    ticks = np.zeros(4 * RATE, np.float32)
    for at in range(8):
        burst = np.sin(np.arange(400) / 400 * np.pi) * np.sin(np.arange(400) * 0.4)
        ticks[at * RATE // 2 + 4800 : at * RATE // 2 + 5200] = burst * 0.7
    clip = media_file(ffmpeg, make_numbered(tmp_path / "clip.mp4", frames=120, sound=ticks, size=(160, 90)), "md_c")
    shots = [
        {"m": {"media": "md_c", "at": 0, "frames": 29, "from_s": 2.0, "take_s": 1.0}},
        {"s": 967, "m": {"media": "md_c", "at": 29, "frames": 30, "from_s": 0.0, "take_s": 1.0, "volume": 0}},
        {"s": 1967, "m": {"media": "md_c", "at": 59, "frames": 31, "from_s": 1.0, "take_s": 1.0}},
    ]
    wanted = {"m": {"width": 160, "height": 90, "rate": "30"}, "t": [{"tt": 0, "sg": shots}]}
    result = render(wanted, {"md_c": clip}, tmp_path / "out.mp4", ffmpeg=ffmpeg, work=tmp_path / "work")
    heard = ffmpeg.decode_audio(result.path, rate=RATE)
    source = ffmpeg.decode_audio(clip.path, rate=RATE)
    for tick_s, shown_s in (
        (2.1, 0.1 * 29 / 30),
        (2.6, 0.6 * 29 / 30),
        (1.1, (59 + 3.1) / 30),
        (1.6, (59 + 18.6) / 30),
    ):
        assert abs(offset_ms(heard, shown_s, source, tick_s)) < 1.5
    assert np.abs(heard[round(1.0 * RATE) : round(1.9 * RATE)]).max() < 0.01


def test_music_gives_way_to_speech_and_comes_back(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    hum = (0.2 * np.sin(np.arange(8 * RATE) * 2 * np.pi * 220 / RATE)).astype(np.float32)
    voice = hum * ((np.arange(8 * RATE) // RATE >= 2) & (np.arange(8 * RATE) // RATE < 4))
    clip = media_file(ffmpeg, make_numbered(tmp_path / "talk.mp4", frames=240, sound=voice, size=(160, 90)), "md_c")
    tone = (0.5 * np.sin(np.arange(8 * RATE) * 2 * np.pi * 3000 / RATE)).astype(np.float32)
    song = media_file(ffmpeg, write_wav(tmp_path / "tone.wav", tone, ffmpeg), "md_m")
    about = {"media": "md_c", "at": 0, "frames": 240, "from_s": 0, "take_s": 8, "speech_spans": [[2, 4]]}
    tracks = [{"tt": 0, "sg": [{"m": about}]}, {"tt": 1, "sg": [piece("md_m", [[0, 0], [8, 8]])]}]
    wanted = {"m": {"width": 160, "height": 90, "rate": "30"}, "t": tracks}
    files = {"md_c": clip, "md_m": song}
    result = render(wanted, files, tmp_path / "out.mp4", ffmpeg=ffmpeg, work=tmp_path / "work")
    heard = ffmpeg.decode_audio(result.path, rate=RATE)

    def level(hertz: float, from_s: float) -> float:
        part = heard[round(from_s * RATE) : round((from_s + 1) * RATE)]
        return 20 * math.log10(abs(np.dot(part, np.exp(-2j * np.pi * hertz * np.arange(RATE) / RATE))) + 1e-9)

    assert level(220, 2.5) - level(3000, 2.5) > 10
    assert level(3000, 0.5) - level(3000, 2.5) > 10
    assert abs(level(3000, 6.5) - level(3000, 0.5)) < 1


Levels = Callable[[float, float], float]
"""Level in decibels of a frequency in hertz in the half second from a time."""


@pytest.fixture
def mixed(ffmpeg: Ffmpeg, tmp_path: Path) -> Callable[..., Levels]:
    """Mixes a clip that hums at 220 Hz during its talks (or all through) with a song that whistles at 3 kHz."""

    def mix(
        talks: list[list[float]], *, length_s: int = 14, level: float = 0.05, hums: bool = False, **about: Any
    ) -> Levels:
        t = np.arange(length_s * RATE) / RATE
        heard = np.any([(t >= a) & (t < b) for a, b in talks], axis=0) if talks else np.zeros(len(t), np.bool_)
        voice = (level * np.sin(t * 2 * np.pi * 220) * (heard | hums)).astype(np.float32)
        frames = length_s * 30
        clip = make_numbered(tmp_path / "talk.mp4", frames=frames, sound=voice, size=(160, 90))
        tone = (0.5 * np.sin(t * 2 * np.pi * 3000)).astype(np.float32)
        files = {
            "md_c": media_file(ffmpeg, clip, "md_c"),
            "md_m": media_file(ffmpeg, write_wav(tmp_path / "tone.wav", tone, ffmpeg), "md_m"),
        }
        shot = {"media": "md_c", "at": 0, "frames": frames, "from_s": 0, "take_s": length_s, "speech_spans": talks}
        music = piece("md_m", [[0, 0], [length_s, length_s]])
        tracks = [{"tt": 0, "sg": [{"m": {**shot, **about}}]}, {"tt": 1, "sg": [music]}]
        wanted = {"m": {"width": 160, "height": 90, "rate": "30"}, "t": tracks}
        sound = mix_of(parse_draft(wanted, files), ffmpeg=ffmpeg).sum(axis=1) / np.sqrt(2)  # mono was put on two sides

        def level_db(hertz: float, from_s: float) -> float:
            part = sound[round(from_s * RATE) : round(from_s * RATE) + RATE // 2]
            turns = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / RATE)
            return 20 * math.log10(abs(np.dot(part, turns)) / (len(part) / 2) + 1e-9)

        return level_db

    return mix


_FULL_DB = -6.0  # of the song


@pytest.mark.parametrize("level", [0.003, 0.1])
def test_quiet_sound_without_speech_never_ducks_the_song(mixed: Callable[..., Levels], level: float) -> None:
    at = mixed([], level=level, hums=True, length_s=6)
    assert [at(3000, second) for second in range(6)] == pytest.approx([_FULL_DB] * 6, abs=0.2)


@pytest.mark.parametrize("level", [0.3, 0.05, 0.005])
def test_speech_never_brings_the_song_down_by_more_than_14_db(mixed: Callable[..., Levels], level: float) -> None:
    at = mixed([[1, 3]], level=level, length_s=6)
    assert at(3000, 2.0) > _FULL_DB - 14.3
    assert at(3000, 5.0) == pytest.approx(_FULL_DB, abs=0.2)


def test_speech_too_quiet_for_that_is_raised(mixed: Callable[..., Levels]) -> None:
    quiet, faint = mixed([[1, 3]], level=0.12, length_s=6), mixed([[1, 3]], level=0.005, length_s=6)
    assert quiet(220, 2.0) - quiet(3000, 2.0) == pytest.approx(13, abs=1)
    assert faint(220, 2.0) == pytest.approx(20 * math.log10(0.005) + 12, abs=1)


def test_speech_that_was_turned_down_is_not_raised(mixed: Callable[..., Levels]) -> None:
    at = mixed([[1, 3]], level=0.05, length_s=6, volume=0.5)
    assert at(220, 2.0) == pytest.approx(20 * math.log10(0.025), abs=1)


def test_the_song_stays_down_in_short_pauses_and_comes_back_gently(mixed: Callable[..., Levels]) -> None:
    at = mixed([[1, 3], [5.9, 7]])
    down = at(3000, 2.0)
    assert [at(3000, time_s) for time_s in (3.2, 4.2, 5.2, 6.2)] == pytest.approx([down] * 4, abs=0.3)
    back = [at(3000, 7 + step / 4) for step in range(12)]
    assert max(b - a for a, b in pairwise(back)) < 4, "no more than 4 dB in a quarter of a second"
    assert back[2] < _FULL_DB - 3
    assert back[-1] == pytest.approx(_FULL_DB, abs=0.2)


def test_the_song_comes_back_in_a_long_pause(mixed: Callable[..., Levels]) -> None:
    at = mixed([[1, 3], [9, 11]])
    assert at(3000, 5.5) == pytest.approx(_FULL_DB, abs=0.2)
    assert at(3000, 8.9) < _FULL_DB - 10, "down before the first word"


def test_fades_reach_silence(ffmpeg: Ffmpeg, still: MediaFile, tmp_path: Path) -> None:
    file, _ = song_file(ffmpeg, tmp_path, bars=3)
    music = piece("md_m", [[0, 0], [4, 4]], fade_in_ms=500, fade_out_ms=1000)
    _, heard = made(ffmpeg, tmp_path, 4.0, still, [music], file)
    assert np.abs(heard[round(3.97 * RATE) : 4 * RATE]).max() < 0.02
    assert np.abs(heard[:500]).max() < 0.02


def test_the_measure_agrees_with_the_standards_own_signals() -> None:
    """EBU Tech 3341, cases 1, 2 and 3, and the true peaks of cases 15 and 17."""
    t = np.arange(20 * RATE) / RATE

    def tone(level_db: float, seconds: float = 20.0) -> Samples:
        wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * 1000 * t[: round(seconds * RATE)])
        return np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)

    assert loudness_of(tone(-23)) == pytest.approx(-23, abs=0.1)
    assert loudness_of(tone(-33)) == pytest.approx(-33, abs=0.1)
    mixed = np.concatenate([tone(-36, 10), tone(-23, 20), tone(-23, 20), tone(-23, 20), tone(-36, 10)])
    assert loudness_of(mixed) == pytest.approx(-23, abs=0.1)
    for fraction, phase in ((4, 0.0), (4, 45.0)):
        wave = 0.5 * np.sin(2 * np.pi * np.arange(RATE) / fraction + np.radians(phase))
        assert true_peak_db(np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)) == pytest.approx(-6, abs=0.3)
    assert loudness_of(np.zeros((0, 2), np.float32)) == -math.inf
    assert true_peak_db(np.zeros((100, 2), np.float32)) == -math.inf


def test_the_limiter_holds_true_peaks_and_leaves_quiet_parts_alone() -> None:
    song = make_song(bars=2, rate=RATE).samples
    sound = np.repeat(song[:, None], 2, axis=1)
    held = limited(sound, gain=4.0, ceiling_db=-1.5)
    assert true_peak_db(held) <= -1.49
    quiet = limited(sound * 0.1, gain=1.0, ceiling_db=-1.5)
    np.testing.assert_array_equal(quiet, sound * np.float32(0.1))


@pytest.mark.parametrize("shift", [0.0, 0.25])
def test_speed_one_copies_the_samples(shift: float) -> None:
    sound = np.random.default_rng(1).standard_normal((RATE, 2)).astype(np.float32)
    got = along_map(sound, RATE, ((0.0, shift), (1.0, 1.0 + shift)), 0.0, 0.5)
    begin = round(shift * RATE)
    np.testing.assert_array_equal(got, sound[begin : begin + RATE // 2])


def test_what_a_song_lacks_is_silent() -> None:
    sound = np.ones((RATE, 2), np.float32)
    got = along_map(sound, RATE, ((0.0, -0.5), (3.0, 2.5)), 0.0, 3.0)
    assert got.shape == (3 * RATE, 2)
    assert got[: RATE // 2 - 10].max() == 0.0
    assert got[RATE // 2 + 10 : RATE].min() == 1.0
    assert got[round(1.6 * RATE) :].max() == 0.0
    assert along_map(sound, RATE, ((0.0, 0.0), (1.0, 1.0)), 1.0, 1.0).shape == (0, 2)


def test_stretched_music_keeps_its_pitch() -> None:
    sound = np.repeat(np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE).astype(np.float32)[:, None], 2, axis=1)
    got = along_map(sound, RATE, ((0.0, 0.0), (3.9, 4.0 * 3.9 / 4 * 1.025)), 0.0, 3.0)[:, 0]
    spectrum = np.abs(np.fft.rfft(got * np.hanning(len(got))))
    assert np.argmax(spectrum) * RATE / len(got) == pytest.approx(440, abs=1.0)
    assert np.sqrt((got[1000:-1000] ** 2).mean()) == pytest.approx(np.sqrt(0.5), rel=0.03)
