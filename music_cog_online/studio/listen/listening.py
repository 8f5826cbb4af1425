"""What was heard in a piece of music, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ALGORITHM", "Drop", "Listening", "Section"]

ALGORITHM = 8
"""Version of the analysis; a stored result of another version is not used."""

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Drop:
    """A beat, nearly always a downbeat, on which bass and loudness jump.

    Attributes:
        time_s: When.
        strength_db: Rise of the level from the two bars before to the four bars after, as far as it is there within
            two; the bass counts twice.
        confidence: 0..1; above 0.5 the beat is more likely right than not.
    """

    time_s: float
    strength_db: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the piece that belongs together.

    Attributes:
        start_s: First moment.
        end_s: First moment that no longer belongs to it.
        label: ``intro``, ``build-up``, ``drop``, ``break``, ``outro`` or ``main``.
        energy: Loudness against the loudest section, 0..1.
    """

    start_s: float
    end_s: float
    label: str
    energy: float


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """Beats, bars, drops and sections of one piece; all times are seconds on the decoded sound.

    Attributes:
        duration_s: Length of the sound.
        has_beat: Whether there is a steady beat; if not, the beat arrays are empty and `why` says what was heard.
        confidence: How sure the beats are, 0..1.
        tempo_bpm: Median tempo; 0 without a beat.
        meter: Beats a bar; 4 without a beat.
        beats_s: (b,) float64, increasing.
        beat_in_bar: (b,) int64, 1 is the downbeat.
        beat_certainty: (b,) float32, chance that a listener would count a beat there, 0..1; where the tempo's octave is
            in doubt, it is higher for the beats that slow and fast reading share.
        beat_energy: (b,) float32, loudness of the span that starts at each beat against the loudest, 0..1.
        beat_features: (b, k) float32; the Euclidean distance of two rows tells how unlike two beats sound.
        drops: The strongest first.
        sections: In order, without gaps, over the whole piece.
        why: One line for the user: the tempo found, or why there is no beat, or what limits the result.
    """

    duration_s: float
    has_beat: bool
    confidence: float
    tempo_bpm: float
    meter: int
    beats_s: NDArray[np.float64]
    beat_in_bar: NDArray[np.int64]
    beat_certainty: NDArray[np.float32]
    beat_energy: NDArray[np.float32]
    beat_features: NDArray[np.float32]
    drops: tuple[Drop, ...]
    sections: tuple[Section, ...]
    why: str

    @property
    def downbeats_s(self) -> NDArray[np.float64]:
        """Times of the first beats of the bars."""
        return np.asarray(self.beats_s[self.beat_in_bar == 1])

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`; times keep a hundredth of a millisecond."""
        return {
            "format": _FORMAT,
            "duration_s": self.duration_s,
            "has_beat": self.has_beat,
            "confidence": round(self.confidence, 4),
            "tempo_bpm": round(self.tempo_bpm, 3),
            "meter": self.meter,
            "beats_s": [round(float(t), 5) for t in self.beats_s],
            "beat_in_bar": [int(place) for place in self.beat_in_bar],
            "beat_certainty": [round(float(c), 4) for c in self.beat_certainty],
            "beat_energy": [round(float(e), 4) for e in self.beat_energy],
            "beat_features": [[round(float(v), 4) for v in row] for row in self.beat_features],
            "drops": [[round(d.time_s, 5), round(d.strength_db, 2), round(d.confidence, 3)] for d in self.drops],
            "sections": [[round(s.start_s, 5), round(s.end_s, 5), s.label, round(s.energy, 3)] for s in self.sections],
            "why": self.why,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Listening:
        """Reads what `to_json` wrote.

        Raises:
            ValueError: The data is of another format or lacks a part.
        """
        try:
            if data["format"] != _FORMAT:
                raise ValueError(f"unknown format {data['format']!r}")
            beats = np.array(data["beats_s"], np.float64)
            return cls(
                duration_s=float(data["duration_s"]),
                has_beat=bool(data["has_beat"]),
                confidence=float(data["confidence"]),
                tempo_bpm=float(data["tempo_bpm"]),
                meter=int(data["meter"]),
                beats_s=beats,
                beat_in_bar=np.array(data["beat_in_bar"], np.int64),
                beat_certainty=np.array(data["beat_certainty"], np.float32),
                beat_energy=np.array(data["beat_energy"], np.float32),
                beat_features=np.array(data["beat_features"], np.float32).reshape(len(beats), -1 if len(beats) else 0),
                drops=tuple(Drop(*map(float, row)) for row in data["drops"]),
                sections=tuple(
                    Section(float(a), float(b), str(label), float(e)) for a, b, label, e in data["sections"]
                ),
                why=str(data["why"]),
            )
        except (KeyError, TypeError, IndexError) as exc:
            raise ValueError(f"not a listening: {exc}") from exc
