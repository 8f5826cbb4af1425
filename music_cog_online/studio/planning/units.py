"""Pictures to units: what lies between two hard cuts and is moved as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from music_cog_online.studio.planning.costs import PRICES
from music_cog_online.studio.planning.types import Caps, PictureSource, PlannedShot
from music_cog_online.studio.timebase import frame_at, frame_start_s, nearest_rate

if TYPE_CHECKING:
    from music_cog_online.studio.planning.types import Change
    from music_cog_online.studio.watch import Shot, Watching

__all__ = ["STILL_S", "Length", "Unit", "lengths_of", "output_rate", "place", "units_of"]

STILL_S = 3.0
"""How long a still image is shown between videos."""

_LEAST_FRAMES = 6
_LARGEST_CHANGE_S = 0.4
_HEARD_S = 0.1  # speech that overlaps less is the tail of a neighbour's


@dataclass(frozen=True, slots=True)
class Unit:
    """What lies between two hard cuts; a dissolve or fade inside it stays as it is.

    Attributes:
        media: Id of the file.
        from_s: Source time of its first frame.
        take_s: Source time that it lasts.
        frames: Output frames that it lasts untouched.
        strength: How hard the cut that opens it is, 0..1.
        activity: How lively it is, 0..1.
        talking: Whether somebody talks in it.
        still: Whether it is a still image.
    """

    media: str
    from_s: float
    take_s: float
    frames: int
    strength: float
    activity: float
    talking: bool = False
    still: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    """One length that a unit may be given.

    Attributes:
        by_frames: Difference to the untouched length in output frames.
        change: How it comes about.
        cost: In points.
    """

    by_frames: int
    change: Change
    cost: float


def output_rate(pictures: Sequence[PictureSource]) -> Fraction:
    """Frame rate of the output: that of the longest video, 30 where there are only still images."""
    watched = [picture.watching for picture in pictures if picture.watching is not None]
    if not watched:
        return Fraction(30)
    longest = max(watched, key=lambda watching: watching.duration_s)
    return nearest_rate(float(longest.fps))


def units_of(pictures: Sequence[PictureSource], rate: Fraction) -> tuple[Unit, ...]:
    """Everything between two hard cuts, in the order of the pictures."""
    units: list[Unit] = []
    for picture in pictures:
        if picture.watching is None:
            units.append(Unit(picture.media, 0.0, STILL_S, frame_at(STILL_S, rate), 1.0, 0.0, still=True))
        else:
            units += _units_of_video(picture, picture.watching, rate)
    return tuple(units)


def lengths_of(unit: Unit, caps: Caps, rate: Fraction, *, touch: bool) -> tuple[Length, ...]:
    """The lengths that the caps allow, the untouched one first; of two ways to one length the cheaper."""
    best = {0: Length(0, "none", 0.0)}
    if touch and not unit.talking:
        for length in _changes(unit, caps, rate):
            known = best.get(length.by_frames)
            if known is None or length.cost < known.cost:
                best[length.by_frames] = length
    return tuple(best.values())


def place(unit: Unit, at: int, length: Length, rate: Fraction) -> PlannedShot:
    """The unit as it is shown from output frame `at` on with `length`."""
    cut_s = frame_start_s(-length.by_frames, rate) if length.change == "trimmed" else 0.0
    frames = unit.frames + length.by_frames
    return PlannedShot(
        media=unit.media,
        from_s=unit.from_s,
        take_s=unit.take_s - cut_s,
        at=at,
        frames=frames,
        talking=unit.talking,
        change=length.change,
        by_frames=length.by_frames,
    )


def _units_of_video(picture: PictureSource, watching: Watching, rate: Fraction) -> list[Unit]:
    groups: list[list[Shot]] = []
    for shot in watching.shots:
        if groups and shot.transition_in != "cut":
            groups[-1].append(shot)
        else:
            groups.append([shot])
    return [_unit(picture, watching, group, rate) for group in groups]


def _unit(picture: PictureSource, watching: Watching, group: Sequence[Shot], rate: Fraction) -> Unit:
    first, last = group[0], group[-1]
    frames = frame_at(last.end_s, rate) - frame_at(first.start_s, rate)
    seen = watching.activity[first.first_frame : last.end_frame]
    opens_file = first is watching.shots[0]
    return Unit(
        media=picture.media,
        from_s=first.start_s,
        take_s=last.end_s - first.start_s,
        frames=max(1, frames),
        strength=1.0 if opens_file else float(np.clip(first.strength * first.confidence, 0.0, 1.0)),
        activity=float(np.mean(seen)) if len(seen) else 0.0,
        talking=any(min(end, last.end_s) - max(start, first.start_s) > _HEARD_S for start, end in picture.speech),
    )


def _changes(unit: Unit, caps: Caps, rate: Fraction) -> list[Length]:
    frame_s = frame_start_s(1, rate)
    largest = int(_LARGEST_CHANGE_S / frame_s)
    changes: list[Length] = []
    trim = max(caps.shot_trim_frames, int(caps.shot_trim_s / frame_s + 1e-6))
    for count in range(1, trim + 1):
        if unit.frames - count >= max(_LEAST_FRAMES, unit.frames // 2):
            changes.append(Length(-count, "trimmed", PRICES.trim + PRICES.trim_full * count / trim))
    for count in range(1, largest + 1):
        for by_frames, change, fixed in ((-count, "faster", PRICES.faster), (count, "slower", PRICES.slower)):
            frames = unit.frames + by_frames
            speed = unit.take_s / (frames * frame_s) - 1 if frames >= _LEAST_FRAMES else 1.0
            if abs(speed) <= caps.shot_speed and abs(unit.frames / frames - 1) <= caps.shot_speed:
                cost = fixed + PRICES.speed_full * abs(speed) / caps.shot_speed
                changes.append(Length(by_frames, "faster" if change == "faster" else "slower", cost))
    return changes
