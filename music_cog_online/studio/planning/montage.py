"""Picture to music: clips cut into a montage whose cuts are the song's beats.

The song is divided into slots of beats, half bars, bars or phrases; each slot is filled with a stretch of a clip that
has not been shown yet. Clips take turns in their order. Of all bars at which the montage could begin, the one is taken
that puts the liveliest moment of the material under the drop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.planning import phrases, words
from music_cog_online.studio.planning.course import Course, extended, plain
from music_cog_online.studio.planning.layout import beat_times, hits_of, music_of
from music_cog_online.studio.planning.material import Reel, fill, reels_of
from music_cog_online.studio.planning.slots import Layout, layouts, steady_layout
from music_cog_online.studio.planning.types import (
    PLAN_VERSION,
    Caps,
    PictureSource,
    PlannedDrop,
    PlannedShot,
    SongSource,
    SyncPlan,
    Wish,
)
from music_cog_online.studio.planning.units import output_rate
from music_cog_online.studio.timebase import frame_at, frame_start_s

if TYPE_CHECKING:
    from music_cog_online.studio.listen import Listening

__all__ = ["picture_to_music"]

Floats = NDArray[np.float64]

_USED_SHARE = 0.6
_LEAST_S = 8.0
_LONGEST_S = 60.0
_STILL_SLOT_S = 5.0
_LEAST_SLOT_S = 1.0
_LAST_S, _SHORT_LAST_S = 0.8, 0.2
_USUAL_SHARE = 0.9
_TUNING = 0.01
_TUNING_STEP = 0.0005


def picture_to_music(pictures: Sequence[PictureSource], song: SongSource, wish: Wish, caps: Caps) -> SyncPlan:
    """Cuts the pictures to the song.

    Args:
        pictures: Clips and still images, in order.
        song: What is heard.
        wish: What the user asks for.
        caps: The limits.

    Returns:
        A montage; shorter than asked for where the material does not last.
    """
    rate = output_rate(pictures)
    reels = reels_of(pictures)
    material_s = sum(reel.length_s for reel in reels)
    length_s = wish.target_s or min(max(_USED_SHARE * material_s, min(material_s, _LEAST_S)), _LONGEST_S)
    course = _course(song.listening, min(length_s, material_s), wish.song_from_s or 0.0)
    shown_s = min(length_s, material_s)
    slot_s = _slot_s(reels)
    if wish.density == "auto":
        slot_s = min(slot_s, max(_LEAST_SLOT_S, shown_s / len({reel.media for reel in reels})))
    options = (
        list(layouts(course, wish.density, shown_s, from_s=wish.song_from_s, drop_at_s=wish.drop_at_s, slot_s=slot_s))
        if song.listening.has_beat and len(course.beats_s) > 4
        else [steady_layout(course.duration_s, shown_s)]
    )
    exact_s = wish.target_s if wish.target_s is not None and wish.target_s <= material_s else None
    made: list[_Montage] = []
    for end in _ends(exact_s):
        if not any(montage.full >= 1 for montage in made):
            made += [_Montage(layout, reels, rate, course, caps, end) for layout in options]
    best = max(made, key=_Montage.worth)
    return best.plan(song, wish)


class _End(NamedTuple):
    """Where a montage ends, in seconds of the output, and how long its last shot must be; None for at a beat."""

    at_s: float | None = None
    least_s: float = 0.0


def _ends(exact_s: float | None) -> list[_End]:
    """At a length that was asked for, with a last shot that does not look like a mistake; or as short as it must be."""
    return [_End(exact_s, _LAST_S), _End(exact_s, _SHORT_LAST_S)] if exact_s is not None else [_End()]


class _Montage:
    """One layout, filled."""

    def __init__(
        self, layout: Layout, reels: Sequence[Reel], rate: Fraction, course: Course, caps: Caps, end: _End
    ) -> None:
        self.layout, self.rate, self.course = layout, rate, course
        self.speed = _tuned_speed(layout.marks_s, rate, min(_TUNING, caps.music))
        outs = (layout.marks_s - layout.marks_s[0]) / self.speed
        room_s = (course.duration_s - layout.marks_s[0]) / self.speed
        if end.at_s is not None and end.at_s <= room_s:
            least_s = min(end.least_s, _USUAL_SHARE * float(np.median(np.diff(outs))))
            outs = np.append(outs[(outs <= end.at_s - least_s) | (outs == 0)], end.at_s)
        self.marks = np.array([frame_at(float(out), rate) for out in outs])
        self.shots = fill(np.diff(self.marks).tolist(), reels, rate, strongest=layout.drop)
        self.reels = reels

    @property
    def full(self) -> float:
        """Share of the slots that the material fills."""
        return len(self.shots) / max(1, len(self.marks) - 1)

    def worth(self) -> float:
        """How much of the song is used, how loud it is and how lively the drop's shot is."""
        return 2.0 * self.full + self.layout.loudness + 2.0 * self._life_at_drop()

    def _life_at_drop(self) -> float:
        index = self.layout.drop
        if index is None or index >= len(self.shots):
            return 0.0
        shot = self.shots[index]
        return 0.5 + max((_life(reel, shot) for reel in self.reels if reel.media == shot.media), default=0.0)

    def plan(self, song: SongSource, wish: Wish) -> SyncPlan:
        """The montage as a plan."""
        frame_s = frame_start_s(1, self.rate)
        frames = self.marks[: len(self.shots) + 1]
        times_s: Floats = np.array([0.0, frames[-1] * frame_s])
        places_s: Floats = self.layout.marks_s[0] + times_s * self.speed
        beats_s = beat_times(self.course, times_s, places_s)
        plan = SyncPlan(
            version=PLAN_VERSION,
            mode="picture_to_music",
            rate=self.rate,
            shots=self.shots,
            music=music_of(song.media, self.course, times_s, places_s),
            hits=hits_of(frames[1:-1].tolist(), beats_s, self.course.bar == 1, frame_s),
            drop=self._drop(float(places_s[0])),
            picture_touched=True,
        )
        plan = replace(plan, hits=tuple(hit if hit.hit else replace(hit, reason=_why(song)) for hit in plan.hits))
        return replace(plan, explanation=words.explain(plan, song.listening, wish))

    def _drop(self, start_s: float) -> PlannedDrop | None:
        index, drop_s = self.layout.drop, self.layout.drop_s
        if index is None or drop_s is None or not 0 < index < len(self.shots):
            return None
        frame, out_s = int(self.marks[index]), (drop_s - start_s) / self.speed
        offset = frame_start_s(frame, self.rate) - out_s
        hit = abs(offset) <= frame_start_s(1, self.rate)
        return PlannedDrop(self.course.song_at(drop_s), out_s, frame, offset, named=False, hit=hit)


def _slot_s(reels: Sequence[Reel]) -> float:
    """A length that some reel of every clip can fill, a still image not counted."""
    longest: dict[str, float] = {}
    for reel in reels:
        if not reel.still:
            longest[reel.media] = max(reel.length_s, longest.get(reel.media, 0.0))
    return max(_LEAST_SLOT_S, min(longest.values())) if longest else _STILL_SLOT_S


def _why(song: SongSource) -> str:
    if song.listening.has_beat:
        return phrases.OUT_OF_REACH
    return song.listening.why or "the song has no steady beat"


def _course(listening: Listening, length_s: float, from_s: float) -> Course:
    """The song, repeated at bar lines where it is shorter than the montage."""
    if listening.has_beat and listening.duration_s < length_s + from_s:
        return extended(listening, length_s + from_s + 4.0) or plain(listening)
    return plain(listening)


def _tuned_speed(marks_s: Floats, rate: Fraction, cap: float) -> float:
    """The speed of the music, close to its own, at which the marks fall nearest to whole frames."""
    count = int(cap / _TUNING_STEP)
    speeds = 1.0 + np.arange(-count, count + 1) * _TUNING_STEP
    frames = (marks_s - marks_s[0])[None, :] / speeds[:, None] / frame_start_s(1, rate)
    off = np.abs(frames - np.rint(frames)).mean(1) + 5.0 * np.abs(speeds - 1)
    return float(speeds[int(np.argmin(off))])


def _life(reel: Reel, shot: PlannedShot) -> float:
    if reel.still or not reel.from_s - 1e-6 <= shot.from_s < reel.to_s:
        return -1.0
    inside = (reel.frame_times_s >= shot.from_s) & (reel.frame_times_s < shot.from_s + shot.take_s)
    return float(np.mean(reel.activity[inside])) if inside.any() else 0.0
