"""Where somebody talks: made-up talk against music, noise and silence."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from songs import drone, make_song, speech_like

from music_cog_online.studio.listen.speech import speech_spans

RATE = 16000


def covered(spans: tuple[tuple[float, float], ...], start_s: float, end_s: float) -> float:
    """Seconds of start..end that the spans cover."""
    return sum(max(0.0, min(b, end_s) - max(a, start_s)) for a, b in spans)


def test_talk_is_found_where_it_is() -> None:
    talk = speech_like(6.0, rate=RATE)
    silence = np.zeros(3 * RATE, np.float32)
    spans = speech_spans(np.concatenate([silence, talk, silence, talk, silence]), RATE)
    assert covered(spans, 3.0, 9.0) > 4.0
    assert covered(spans, 12.0, 18.0) > 4.0
    assert covered(spans, 0.0, 21.0) < 12.2
    assert all(a < b < c < d for (a, b), (c, d) in pairwise(spans))


def test_talk_is_found_in_hiss_and_at_another_rate() -> None:
    talk = speech_like(6.0, rate=44100)
    hiss = np.random.default_rng(1).normal(size=talk.size) * talk.std() / 10
    assert covered(speech_spans((talk + hiss).astype(np.float32), 44100), 0.0, 6.0) > 3.0


@pytest.mark.parametrize(
    "sound",
    [
        make_song(110.0, bars=4, rate=RATE).samples,
        make_song(80.0, bars=3, rate=RATE, drums=False).samples,
        drone(8.0, rate=RATE),
        np.random.default_rng(2).normal(size=8 * RATE).astype(np.float32) * 0.1,
        np.sign(np.sin(np.arange(8 * RATE) * 0.05)).astype(np.float32) * (np.arange(8 * RATE) % 4000 < 2000) * 0.3,
        np.zeros(8 * RATE, np.float32),
    ],
    ids=["song", "chords", "drone", "noise", "beeps", "silence"],
)
def test_other_sounds_are_no_talk(sound: np.ndarray) -> None:
    assert speech_spans(sound.astype(np.float32), RATE) == ()


@pytest.mark.parametrize("samples", [0, 1, 500, RATE])
def test_too_little_sound_is_no_talk(samples: int) -> None:
    assert speech_spans(np.ones(samples, np.float32), RATE) == ()
