"""How well cuts that were found agree with the true ones.

A folder of cases holds NAME.mp4 and NAME.cuts (a line a hard cut: seconds at which the new shot's first frame starts).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["TOLERANCE", "Score", "frames_at", "load_cases", "score"]

TOLERANCE = 1
"""Frames by which a cut may be off."""

_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi")


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of hits, misses and false alarms; scores add up over cases."""

    hits: int = 0
    missed: int = 0
    false: int = 0

    def __add__(self, other: Score) -> Score:
        """Both together."""
        return Score(self.hits + other.hits, self.missed + other.missed, self.false + other.false)

    @property
    def precision(self) -> float:
        """Share of the cuts found that are true; 1 when none was found."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of the true cuts that were found; 1 when there are none."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 1 when there is nothing to find and nothing was found."""
        total = 2 * self.hits + self.missed + self.false
        return 2 * self.hits / total if total else 1.0


def score(true: Iterable[int], found: Iterable[int], *, tolerance: int = TOLERANCE) -> Score:
    """Compares frame numbers; each true cut is met by at most one found cut, and the other way round.

    Args:
        true: First frames of the true shots.
        found: First frames of the shots found.
        tolerance: Frames by which a cut may be off.
    """
    left = sorted(found)
    hits = missed = 0
    for cut in sorted(true):
        near = [other for other in left if abs(other - cut) <= tolerance]
        if near:
            left.remove(near[0])  # the earliest: a later one may be wanted by the next true cut
            hits += 1
        else:
            missed += 1
    return Score(hits, missed, len(left))


def frames_at(times_s: Sequence[float], frame_times_s: NDArray[np.float64]) -> list[int]:
    """Numbers of the frames that start nearest to the given times."""
    return [int(np.abs(frame_times_s - time_s).argmin()) for time_s in times_s]


def load_cases(folder: Path) -> list[tuple[Path, list[float]]]:
    """Every video of a folder that has true cuts, with their times in seconds."""
    cases = []
    for cuts in sorted(folder.glob("*.cuts")):
        video = next((cuts.with_suffix(suffix) for suffix in _SUFFIXES if cuts.with_suffix(suffix).exists()), None)
        if video is not None:
            cases.append((video, [float(line.split()[0]) for line in cuts.read_text().splitlines() if line.strip()]))
    return cases
