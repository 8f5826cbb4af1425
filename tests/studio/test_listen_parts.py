"""The steps of listening, each on data small enough to know the answer."""

from __future__ import annotations

import numpy as np
import pytest
from songs import make_song

from music_cog_online.studio.listen.bar_pointer import TempoPrior, track
from music_cog_online.studio.listen.downbeats import count_bars
from music_cog_online.studio.listen.drops import find_drops
from music_cog_online.studio.listen.extent import fit_to_sound
from music_cog_online.studio.listen.filters import gaussian, local_mean, solve_pentadiagonal
from music_cog_online.studio.listen.level_weights import FIGURES, RHYTHM, TURN
from music_cog_online.studio.listen.levels import PHASES, certainty, choose, figures, set_scene
from music_cog_online.studio.listen.metronome import metronome
from music_cog_online.studio.listen.readings import readings
from music_cog_online.studio.listen.refine import refine
from music_cog_online.studio.listen.spectra import FRAME_RATE, analyse

RATE = 22050


def test_the_banded_solver_agrees_with_the_dense_one() -> None:
    random = np.random.default_rng(3)
    n = 12
    first, second, right = random.standard_normal((3, n))
    main = np.full(n, 9.0)
    dense = np.diag(main) + np.diag(first[:-1], 1) + np.diag(first[:-1], -1)
    dense += np.diag(second[:-2], 2) + np.diag(second[:-2], -2)
    assert np.allclose(solve_pentadiagonal(main, first, second, right), np.linalg.solve(dense, right))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (1,), (50,), (50, 3)])
def test_smoothing_keeps_shape_and_level(shape: tuple[int, ...]) -> None:
    flat = np.ones(shape, np.float32)
    assert np.allclose(gaussian(flat, 2.0), flat)
    assert np.allclose(local_mean(flat, 7), flat)
    assert gaussian(flat, 2.0).shape == local_mean(flat, 7).shape == shape


@pytest.mark.parametrize("period", [38, 50, 63])
def test_the_bar_pointer_follows_a_pulse_train(period: int) -> None:
    activation = np.zeros(2000, np.float32)
    activation[7::period] = 10.0
    activation -= activation.mean()
    frames = track(activation, TempoPrior()).frames
    assert np.abs((frames - 7 + period // 2) % period - period // 2).max() <= 1
    assert np.median(np.diff(frames)) == period


def test_the_bar_pointer_finds_nothing_in_too_little() -> None:
    assert len(track(np.zeros(30, np.float32), TempoPrior()).frames) == 0


def test_every_reading_has_its_figures_and_one_of_them_is_the_beat() -> None:
    song = make_song(92, rate=RATE, bars=10)
    scene = set_scene(analyse(song.samples, RATE))
    found = readings(scene.activation, scene.pulse)
    assert all(figures(scene, beats_s).shape == (len(FIGURES) + 8 * PHASES,) for beats_s in found)
    assert all(np.isfinite(figures(scene, beats_s)).all() for beats_s in found)
    assert np.median(np.diff(choose(scene).beats_s)) == pytest.approx(60 / 92, abs=0.01)


def test_every_template_has_a_row_for_every_phase() -> None:
    assert np.shape(RHYTHM) == np.shape(TURN) == (PHASES, 4)


def test_a_beat_that_every_reading_shares_is_surer_than_one_between() -> None:
    choice = choose(set_scene(analyse(make_song(120, rate=RATE, bars=12).samples, RATE)))
    beats_s = choice.beats_s[2:-2]
    between_s = beats_s[:-1] + np.diff(beats_s) / 2
    assert choice.chances.sum() == pytest.approx(1.0)
    assert certainty(choice, beats_s).min() > certainty(choice, between_s).max() + 0.3
    assert certainty(choice, np.append(beats_s, beats_s[-1] + 30.0))[-1] > 0.5


def test_the_metronome_crosses_a_break_in_which_the_pulse_slipped() -> None:
    true_s = 0.2 + np.arange(120) * 0.5
    pulse = np.zeros(6100, np.float32)
    pulse[np.rint(true_s * FRAME_RATE).astype(int)] = 1.0
    pulse[2000:3000] = 0.0
    slipped_s = np.where(true_s < 25.0, true_s, true_s + 0.125)
    assert np.abs(metronome(gaussian(pulse, 3.0), slipped_s)[:120] - true_s).max() < 0.03


def test_refining_finds_onsets_between_frames() -> None:
    song = make_song(101.7, rate=RATE, bars=8)
    rough = np.rint(song.beats_s * FRAME_RATE) / FRAME_RATE + 0.005
    assert np.abs(refine(song.samples, RATE, rough) - song.beats_s).max() < 0.006


def test_bars_that_start_late_are_counted_from_their_downbeat() -> None:
    song = make_song(110, rate=RATE, bars=12)
    bars = count_bars(analyse(song.samples, RATE), song.beats_s[3:])
    assert bars.meter == 4
    assert (bars.beat_in_bar == song.beat_in_bar[3:]).mean() > 0.95


def test_beats_reach_the_sound_s_ends_and_no_farther() -> None:
    beats = fit_to_sound(np.arange(4.0, 8.1, 0.5), (2.0, 9.6))
    assert beats[0] == pytest.approx(2.0)
    assert beats[-1] == pytest.approx(9.5)
    assert np.allclose(np.diff(beats), 0.5)
    assert len(fit_to_sound(np.array([5.0]), (0.0, 1.0))) == 0


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_spectra_have_a_frame_every_hundredth_of_a_second_at_any_rate(rate: int) -> None:
    spectra = analyse(np.zeros(rate, np.float32), rate)
    assert len(spectra.flux) == len(spectra.harmony) == len(spectra.loudness_db) == FRAME_RATE + 1
    assert spectra.flux.shape[1] == 7
    assert spectra.chroma.shape[1] == spectra.timbre.shape[1] == 12


def test_a_beat_that_the_end_cuts_off_is_counted_on() -> None:
    song = make_song(110, rate=RATE, bars=12)
    end = round(float(song.beats_s[40]) * RATE) + 100
    bars = count_bars(analyse(song.samples[:end], RATE), song.beats_s[:41])
    assert np.array_equal(bars.beat_in_bar, song.beat_in_bar[:41])


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_drop_is_found_within_its_bar_though_the_bars_are_miscounted(shift: int) -> None:
    song = make_song(128, rate=RATE, bars=24, drop_bar=10)
    sure = np.ones(len(song.beats_s), np.float32)
    drops = find_drops(analyse(song.samples, RATE), song.beats_s, np.roll(song.beat_in_bar, shift), sure)
    assert drops[0].time_s == pytest.approx(song.drop_s, abs=3.01 * 60 / 128 if shift else 1e-6)


def test_a_drop_is_where_the_music_comes_back_and_not_where_the_break_warms_up() -> None:
    song = make_song(120, rate=RATE, bars=24)
    gains = np.ones(24)
    gains[8:12] = (0.05, 0.05, 0.12, 0.12)
    bar = np.minimum(np.arange(len(song.samples)) // (2 * RATE), 23)
    sure = np.ones(len(song.beats_s), np.float32)
    spectra = analyse(song.samples * gains[bar].astype(np.float32), RATE)
    assert find_drops(spectra, song.beats_s, song.beat_in_bar, sure)[0].time_s == pytest.approx(24.0, abs=0.01)


def test_a_drop_is_as_sure_as_its_beat() -> None:
    song = make_song(128, rate=RATE, bars=24, drop_bar=10)
    spectra = analyse(song.samples, RATE)
    chances = [
        find_drops(spectra, song.beats_s, song.beat_in_bar, np.full(len(song.beats_s), sure, np.float32))[0].confidence
        for sure in (1.0, 0.5)
    ]
    assert chances[0] > 0.6
    assert chances[1] == pytest.approx(chances[0] / 2)


def test_the_first_entry_of_a_song_is_no_drop() -> None:
    song = make_song(120, rate=RATE, bars=16, start_s=5.0)
    sure = np.ones(len(song.beats_s), np.float32)
    assert find_drops(analyse(song.samples, RATE), song.beats_s, song.beat_in_bar, sure) == ()
    assert find_drops(analyse(song.samples, RATE), song.beats_s[:4], song.beat_in_bar[:4], sure[:4]) == ()
