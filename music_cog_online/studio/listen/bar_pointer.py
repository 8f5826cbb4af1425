"""Onset strength → beats: the most likely path of tempo and beat phase.

A bar-pointer model (Whiteley, Cemgil and Godsill 2006) in the efficient state space of Krebs, Böck and Widmer ("An
efficient state-space model for joint tempo and meter tracking", ISMIR 2015): tempo may change at beats only, and a
change costs in proportion to its logarithm. Between two beats nothing is decided, so a whole beat is scored at once
(a semi-Markov Viterbi), and as no beat is shorter than `taus.min()` frames, that many frames are decided together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.listen.filters import gaussian
from music_cog_online.studio.listen.spectra import FRAME_RATE

__all__ = ["PULSE_SIGMA", "Pulse", "TempoPrior", "track"]

Floats = NDArray[np.float32]
Frames = NDArray[np.int64]

PULSE_SIGMA = 3.0
"""How sharply an onset must meet the beat, in frames."""


@dataclass(frozen=True, slots=True)
class TempoPrior:
    """What is expected of the tempo before anything was heard.

    Attributes:
        slowest_bpm: Lower end of the range.
        fastest_bpm: Upper end of the range.
        centre_bpm: Most likely tempo of a log-normal distribution.
        octaves: Its width; one standard deviation, natural logarithm of the tempo.
        stiffness: Cost of a change of tempo, per unit of the logarithm of the ratio.
    """

    slowest_bpm: float = 45.0
    fastest_bpm: float = 230.0
    centre_bpm: float = 115.0
    octaves: float = 0.35
    stiffness: float = 100.0

    def taus(self) -> Frames:
        """Lengths of a beat that are considered, in frames."""
        shortest = int(60 * FRAME_RATE / self.fastest_bpm)
        return np.arange(shortest, int(np.ceil(60 * FRAME_RATE / self.slowest_bpm)) + 1)


@dataclass(frozen=True, slots=True)
class Pulse:
    """A steady pulse that was found.

    Attributes:
        frames: (b,) frame of each beat.
        score: Evidence for it, per frame of the piece; comparable between pulses of one piece.
    """

    frames: Frames
    score: float


def track(activation: Floats, prior: TempoPrior) -> Pulse:
    """Finds the best pulse in (n,) onset strength whose mean is about zero; no beats where n is below two beats."""
    taus = prior.taus()
    n = len(activation)
    if n <= 2 * int(taus.min()):
        return Pulse(np.zeros(0, np.int64), 0.0)
    scores = beat_scores(activation, taus)
    scores += _tempo_cost(taus, prior)[None, :]
    frames, best = _viterbi(scores, taus, prior.stiffness)
    return Pulse(frames, best / n)


def beat_scores(activation: Floats, taus: Frames) -> Floats:
    """(n, t) evidence that one beat of taus[j] frames ends at frame i: the onset there against the beat's mean.

    The root of the length makes evidence per second comparable between tempi, as in a matched filter of unit norm.
    """
    n = len(activation)
    pulse = gaussian(activation, PULSE_SIGMA)
    total = np.concatenate([[0.0], np.cumsum(activation, dtype=np.float64)])
    ends = np.arange(1, n + 1)
    out = np.empty((n, len(taus)), np.float32)
    for column, tau in enumerate(taus):
        mean = (total[ends] - total[np.maximum(ends - tau, 0)]) / tau
        out[:, column] = (pulse - mean) * np.sqrt(tau)
    return out


def _tempo_cost(taus: Frames, prior: TempoPrior) -> Floats:
    off = np.log(taus * prior.centre_bpm / (60.0 * FRAME_RATE)) / prior.octaves
    return np.asarray(-0.25 * off**2 * np.sqrt(taus / (0.5 * FRAME_RATE)), np.float32)


def _viterbi(scores: Floats, taus: Frames, stiffness: float) -> tuple[Frames, float]:
    """Best path through (n, t) beat scores, which are overwritten, and its score."""
    n, t = scores.shape
    longest, block = int(taus.max()), int(taus.min())
    logs = (stiffness * np.log(taus)).astype(np.float32)
    reach = np.zeros((n + longest, t), np.float32)  # row i + longest: best score of a beat at i, by the next length
    columns = np.arange(t)[None, :]
    best, best_at = -np.inf, (0, 0)
    for start in range(0, n, block):
        stop = min(n, start + block)
        rows = np.arange(start, stop)[:, None] + longest
        here = scores[start:stop] + reach[rows - taus[None, :], columns]
        scores[start:stop] = here  # from now on the best score of all beats up to one at i that was taus[j] long
        top = int(here.argmax())
        if here.flat[top] > best:
            best, best_at = float(here.flat[top]), (start + top // t, top % t)
        # the cost of a change is linear in the logarithm, so the best predecessor is a running maximum both ways
        faster = np.maximum.accumulate(here + logs, axis=1) - logs
        slower = np.maximum.accumulate((here - logs)[:, ::-1], axis=1)[:, ::-1] + logs
        reach[start + longest : stop + longest] = np.maximum(np.maximum(faster, slower), 0.0)  # 0: begin anew
    return _back(scores, logs, taus, best_at), best


def _back(total: Floats, logs: Floats, taus: Frames, end: tuple[int, int]) -> Frames:
    at, tempo = end
    path = [at]
    while (at := at - int(taus[tempo])) >= 0:
        path.append(at)
        before = total[at] - np.abs(logs - logs[tempo])
        tempo = int(before.argmax())
        if before[tempo] < 0.0:
            break
    return np.array(path[::-1], np.int64)
