"""Annotated songs, and how far beats that were found agree with them.

A folder of songs holds NAME.EXT, NAME.beats (a line a beat: seconds, beat in bar) and NAME.json (klass, meter, drop…).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["WINDOW_S", "Piece", "errors_s", "f_measure", "load", "octave_ratio", "trimmed"]

Times = NDArray[np.float64]

WINDOW_S = 0.07
"""A beat counts as met within so many seconds, as in mir_eval."""
_SKIPPED_S = 5.0  # mir_eval's default: listeners need that long to find the beat


@dataclass(frozen=True, slots=True)
class Piece:
    """A song with true beats.

    Attributes:
        name: Its identifier.
        klass: Kind of music.
        path: The sound; None where `samples` holds it.
        beats_s: (b,) true beats.
        places: (b,) beat in bar; 1 is the downbeat.
        meter: Beats a bar.
        drop_s: Time of the drop, if one is annotated.
        samples: Mono sound of a generated song.
    """

    name: str
    klass: str
    path: Path | None
    beats_s: Times
    places: NDArray[np.int64]
    meter: int
    drop_s: float | None = None
    samples: NDArray[np.float32] | None = None

    @property
    def downbeats_s(self) -> Times:
        """True first beats of bars."""
        return self.beats_s[self.places == 1]


def load(folder: Path) -> list[Piece]:
    """Reads every piece of a folder whose sound, beats and description are there, in the order of their names."""
    pieces = []
    for described in sorted(folder.glob("*.json")):
        about: dict[str, Any] = json.loads(described.read_text("utf-8"))
        beats = described.with_suffix(".beats")
        sound = folder / str(about.get("file", ""))
        if not beats.is_file() or not sound.is_file():
            continue
        rows = [line.split() for line in beats.read_text("utf-8").splitlines() if line.strip()]
        pieces.append(
            Piece(
                name=described.stem,
                klass=str(about.get("klass", "unknown")),
                path=sound,
                beats_s=np.array([float(row[0]) for row in rows]),
                places=np.array([int(float(row[1])) if len(row) > 1 else 0 for row in rows], np.int64),
                meter=int(about.get("meter", 4)),
                drop_s=about.get("drop"),
            )
        )
    return pieces


def trimmed(beats_s: Times) -> Times:
    """Beats after the first five seconds, which are not judged."""
    return beats_s[beats_s >= _SKIPPED_S]


def f_measure(truth_s: Times, found_s: Times) -> float:
    """F-measure of two increasing lists of times; 0 where either is empty.

    The same as `mir_eval.beat.f_measure`: each beat is met once, within `WINDOW_S`; on sorted times the greedy
    matching is the largest one.
    """
    if len(truth_s) == 0 or len(found_s) == 0:
        return 0.0
    i = j = hits = 0
    while i < len(truth_s) and j < len(found_s):
        gap = found_s[j] - truth_s[i]
        if abs(gap) <= WINDOW_S:
            i, j, hits = i + 1, j + 1, hits + 1
        elif gap < 0:
            j += 1
        else:
            i += 1
    return 2.0 * hits / (len(truth_s) + len(found_s))


def errors_s(truth_s: Times, found_s: Times) -> Times:
    """How late each found beat is that meets a true one; negative is early."""
    if len(truth_s) == 0 or len(found_s) == 0:
        return np.zeros(0)
    gaps = found_s[:, None] - truth_s[None, :]
    nearest = gaps[np.arange(len(found_s)), np.abs(gaps).argmin(axis=1)]
    return nearest[np.abs(nearest) <= WINDOW_S]


def octave_ratio(truth_s: Times, found_s: Times) -> float:
    """Median beat that was found over the true one; 1 is the right tempo, 2 half of it; 0 without beats."""
    if len(truth_s) < 2 or len(found_s) < 2:
        return 0.0
    return float(np.median(np.diff(found_s)) / np.median(np.diff(truth_s)))
