"""What watching a video finds: its shots, how hard each cut is, how much moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shot", "Watching"]


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames filmed, or drawn, without a break.

    Attributes:
        first_frame: Its first frame; for a gradual transition the one in the middle of it.
        end_frame: The frame after its last one.
        start_s: Time at which `first_frame` starts to show.
        end_s: Time at which `end_frame` starts to show, or the picture ends.
        transition_in: How it begins: ``start``, ``cut``, ``dissolve`` or ``fade``.
        strength: How much changes to the eye where it begins, 0..1.
        span_s: Start and end of the gradual transition that opens it, in seconds; None for a cut.
        confidence: How sure it is that a shot begins here, 0..1.
    """

    first_frame: int
    end_frame: int
    start_s: float
    end_s: float
    transition_in: str
    strength: float
    span_s: tuple[float, float] | None
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Watching:
    """A video as it was watched.

    Attributes:
        fps: Frames per second; the average where they vary.
        variable: Whether frames last unequally long.
        width: Width as shown, in pixels.
        height: Height as shown, in pixels.
        times_s: Time at which each frame starts to show, shape (frames,); the first one's is 0.
        duration_s: When the last frame has been shown.
        shots: In order, without gaps; at least one.
        activity: How much moves in each frame against the one before, 0..1, shape (frames,); a cut counts as none.
    """

    fps: Fraction
    variable: bool
    width: int
    height: int
    times_s: NDArray[np.float64]
    duration_s: float
    shots: tuple[Shot, ...]
    activity: NDArray[np.float32]

    @property
    def cuts_s(self) -> tuple[float, ...]:
        """Times of the hard cuts: of the first frame of each shot that one opens."""
        return tuple(shot.start_s for shot in self.shots if shot.transition_in == "cut")

    def to_json(self) -> dict[str, Any]:
        """The same as plain data for JSON."""
        return {
            "fps": str(self.fps),
            "variable": self.variable,
            "width": self.width,
            "height": self.height,
            "times_s": np.round(self.times_s, 6).tolist(),
            "duration_s": self.duration_s,
            "shots": [asdict(shot) for shot in self.shots],
            "activity": [round(float(value), 3) for value in self.activity],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Watching:
        """Reads what `to_json` wrote.

        Raises:
            KeyError: A field is missing.
            TypeError, ValueError: A field holds something else.
        """
        shots = [
            {**shot, "span_s": None if shot["span_s"] is None else tuple(shot["span_s"])} for shot in data["shots"]
        ]
        return cls(
            fps=Fraction(data["fps"]),
            variable=bool(data["variable"]),
            width=int(data["width"]),
            height=int(data["height"]),
            times_s=np.array(data["times_s"], np.float64),
            duration_s=float(data["duration_s"]),
            shots=tuple(Shot(**shot) for shot in shots),
            activity=np.array(data["activity"], np.float32),
        )
