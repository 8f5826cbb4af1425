"""An answer of the optimisation to shots, music and hits on the output's timeline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.planning.course import Course
from music_cog_online.studio.planning.problem import Answer, Problem
from music_cog_online.studio.planning.timemap import anchors
from music_cog_online.studio.planning.types import MusicSpan, PlannedDrop, PlannedHit, PlannedShot
from music_cog_online.studio.planning.units import place

__all__ = ["beat_times", "drop_of", "hits_of", "music_of", "shots_of"]

Floats = NDArray[np.float64]

_FADE_OUT_S = 1.5
_FADE_OUT_AT_END_S = 0.05
_FADE_IN_S = 0.01
_JOIN_S = 0.04
_ROUGH_JOIN_S = 0.12
_ALIKE = 0.8
_LEAST_SPAN_S = 0.05


def shots_of(problem: Problem, answer: Answer) -> tuple[PlannedShot, ...]:
    """The units as they are shown."""
    starts = answer.cut_frames(problem.units)
    both = zip(problem.units, starts, answer.lengths, strict=False)
    return tuple(place(unit, int(at), length, problem.rate) for unit, at, length in both)


def music_of(media: str, course: Course, times_s: Floats, places_s: Floats) -> tuple[MusicSpan, ...]:
    """The song along a time map from output time to course time.

    Args:
        media: Id of the song.
        course: The song as it may run.
        times_s: Output times, ascending, shape (n,).
        places_s: Course times at them, ascending, shape (n,).

    Returns:
        A span for each stretch without a jump; none where nothing of the song is left to play.
    """
    points = anchors(times_s, places_s)
    outs = np.array([out for out, _ in points])
    courses = np.array([course_s for _, course_s in points])
    end_s = min(float(courses[-1]), course.music_end_s)
    spans: list[MusicSpan] = []
    for number, piece in enumerate(course.pieces):
        left = max(float(courses[0]), piece.at_s)
        right = min(end_s, course.pieces[number + 1].at_s) if number + 1 < len(course.pieces) else end_s
        if right - left < _LEAST_SPAN_S:
            continue
        inner = courses[(courses > left + 1e-6) & (courses < right - 1e-6)]
        marks = np.concatenate([[left], inner, [right]])
        song = marks - piece.at_s + piece.from_s
        pairs = zip(np.interp(marks, courses, outs), song, strict=True)
        join = 0.0 if not spans else _JOIN_S if piece.likeness >= _ALIKE else _ROUGH_JOIN_S
        spans.append(MusicSpan(media, tuple((float(a), float(b)) for a, b in pairs), join_s=join))
    return _faded(spans, course.music_end_s - end_s < _FADE_OUT_AT_END_S)


def beat_times(course: Course, times_s: Floats, places_s: Floats) -> Floats:
    """Output time of every beat of the course; those before or after the output lie outside of it, shape (b,)."""
    inside: Floats = np.interp(course.beats_s, places_s, times_s)
    before, after = course.beats_s < places_s[0], course.beats_s > places_s[-1]
    inside[before] = times_s[0] + course.beats_s[before] - places_s[0]
    inside[after] = times_s[-1] + course.beats_s[after] - places_s[-1]
    return inside


def hits_of(
    cut_frames: Sequence[int], beats_s: Floats, downbeat: NDArray[np.bool_], frame_s: float
) -> tuple[PlannedHit, ...]:
    """Every cut with the beat next to it.

    Args:
        cut_frames: Output frames of the cuts.
        beats_s: Output time of the beats, ascending, shape (b,).
        downbeat: Which of them open a bar, shape (b,).
        frame_s: Length of an output frame.
    """
    hits: list[PlannedHit] = []
    for frame in cut_frames:
        time_s = frame * frame_s
        if not len(beats_s):
            hits.append(PlannedHit(int(frame), time_s, None, None, downbeat=False, hit=False))
            continue
        nearest = int(np.argmin(np.abs(beats_s - time_s)))
        offset = time_s - float(beats_s[nearest])
        hit = abs(offset) <= frame_s + 1e-9
        hits.append(PlannedHit(int(frame), time_s, float(beats_s[nearest]), offset, bool(downbeat[nearest]), hit))
    return tuple(hits)


def drop_of(problem: Problem, answer: Answer, times_s: Floats, *, cut: int | None) -> PlannedDrop | None:
    """The strongest drop that plays, and the cut next to it (or the one that the user named)."""
    course, places = problem.course, answer.places_s
    plays = np.flatnonzero((course.drops_s >= places[0]) & (course.drops_s <= min(places[-1], course.music_end_s)))
    frames = answer.cut_frames(problem.units)
    if not len(plays) or len(frames) < 3:
        return None
    outs = np.interp(course.drops_s[plays], places, times_s)
    cuts = frames[1:-1] if cut is None else frames[cut : cut + 1]
    offsets = cuts[None, :] * problem.frame_s - outs[:, None]
    met = np.abs(offsets).min(1) <= problem.frame_s
    best = int(np.argmax(met * 2.0 + course.drop_weights[plays] - 1e-3 * np.abs(offsets).min(1)))
    nearest = int(np.argmin(np.abs(offsets[best])))
    return PlannedDrop(
        song_s=course.song_at(float(course.drops_s[plays][best])),
        time_s=float(outs[best]),
        frame=int(cuts[nearest]),
        offset_s=float(offsets[best, nearest]),
        named=cut is not None,
        hit=bool(met[best]),
    )


def _faded(spans: list[MusicSpan], at_end: bool) -> tuple[MusicSpan, ...]:
    from dataclasses import replace

    if not spans:
        return ()
    first_s, last_s = spans[0].map[0][0], spans[-1].map[-1][0]
    fade = _FADE_OUT_AT_END_S if at_end else min(_FADE_OUT_S, (last_s - first_s) / 4)
    starts_whole = spans[0].map[0][1] < 1e-3
    spans[0] = replace(spans[0], fade_in_s=0.0 if starts_whole else _FADE_IN_S)
    spans[-1] = replace(spans[-1], fade_out_s=fade)
    return tuple(spans)
