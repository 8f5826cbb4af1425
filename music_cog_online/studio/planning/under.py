"""The song under the picture as it is: at its own speed, from a place in the song, with no beat to meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from music_cog_online.studio.planning import phrases, words
from music_cog_online.studio.planning.course import Course, extended, plain
from music_cog_online.studio.planning.layout import beat_times, hits_of, music_of
from music_cog_online.studio.planning.types import (
    PLAN_VERSION,
    MusicSpan,
    PlannedDrop,
    PlannedHit,
    SongSource,
    SyncPlan,
    Wish,
)
from music_cog_online.studio.planning.units import Length, Unit, place
from music_cog_online.studio.timebase import frame_start_s

__all__ = ["song_under"]

_UNTOUCHED = Length(0, "none", 0.0)
_NEARLY_S, _NEARLY = 2.0, 0.05
_FADE_OUT_S = 1.5


def song_under(units: Sequence[Unit], rate: Fraction, song: SongSource, wish: Wish) -> SyncPlan:
    """Lays the song under the picture.

    It starts where the user wants it, else at its beginning, or so that its drop plays at the time that was named. A
    song that is nearly as long as the picture just ends; a shorter one goes on at a bar line.

    Args:
        units: What is shown; not touched.
        rate: Output frames per second.
        song: What is heard.
        wish: What the user asks for.
    """
    frames = np.concatenate([[0], np.cumsum([unit.frames for unit in units])]).astype(np.int64)
    length_s = frame_start_s(int(frames[-1]), rate)
    shots = tuple(place(unit, int(at), _UNTOUCHED, rate) for unit, at in zip(units, frames, strict=False))
    course, start_s = _course(song, wish, length_s)
    silent_s = max(0.0, -start_s)
    times_s = np.array([silent_s, length_s])
    places_s = np.array([max(0.0, start_s), start_s + length_s])
    plan = SyncPlan(
        version=PLAN_VERSION,
        mode="music_to_picture",
        rate=rate,
        shots=shots,
        music=_faded(music_of(song.media, course, times_s, places_s)),
    )
    if wish.on_beat:
        hits = hits_of(
            frames[1:-1].tolist(), beat_times(course, times_s, places_s), course.bar == 1, frame_start_s(1, rate)
        )
        plan = replace(
            plan, hits=tuple(map(_reasoned, hits)), drop=_drop(course, start_s, wish, frames[1:-1].tolist(), rate)
        )
    return replace(plan, explanation=words.explain(plan, song.listening, wish))


def _course(song: SongSource, wish: Wish, length_s: float) -> tuple[Course, float]:
    """The song as it runs, and the course time that plays at the start; negative where the song begins later."""
    listening = song.listening
    start_s = min(wish.song_from_s or 0.0, max(0.0, listening.duration_s - 1.0))
    course = plain(listening)
    if wish.on_beat and wish.drop_at_s is not None and len(course.drops_s):
        start_s = float(course.drops_s[int(np.argmax(course.drop_weights))]) - wish.drop_at_s
    need_s = start_s + length_s
    nearly_s = max(_NEARLY_S, _NEARLY * length_s)
    if need_s > listening.duration_s + nearly_s and listening.has_beat:
        course = extended(listening, need_s) or course
    return course.padded(need_s + 1.0), start_s


def _drop(course: Course, start_s: float, wish: Wish, cuts: Sequence[int], rate: Fraction) -> PlannedDrop | None:
    at_s = wish.drop_at_s
    if at_s is None or not len(course.drops_s):
        return None
    frame = min(cuts, key=lambda cut: abs(frame_start_s(cut, rate) - at_s)) if cuts else round(at_s * rate)
    offset_s = frame_start_s(frame, rate) - at_s
    hit = bool(cuts) and abs(offset_s) <= frame_start_s(1, rate)
    return PlannedDrop(course.song_at(start_s + at_s), at_s, frame, offset_s, named=True, hit=hit)


def _reasoned(hit: PlannedHit) -> PlannedHit:
    return hit if hit.hit else replace(hit, reason=phrases.DROP_FIRST)


def _faded(spans: tuple[MusicSpan, ...]) -> tuple[MusicSpan, ...]:
    if not spans:
        return ()
    last = spans[-1]
    fade_s = min(_FADE_OUT_S, (last.map[-1][0] - spans[0].map[0][0]) / 4)
    return (*spans[:-1], replace(last, fade_out_s=fade_s))
