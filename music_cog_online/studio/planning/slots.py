"""The song's beats to the slots of a montage: how often it cuts, and where in the song it begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.planning.course import Course
from music_cog_online.studio.planning.types import Density

__all__ = ["Layout", "layouts", "steady_layout"]

Floats = NDArray[np.float64]

_SHORTEST_S = 0.4
_LAST_S = 0.8  # a shorter last shot looks like a mistake
_PHRASE_BARS = 4
_LOUD, _CALM = 0.66, 0.33
_STEADY_S = 2.5
_DROP_AFTER, _DROP_BEFORE = 0.2, 0.8
_MOST_STARTS = 24


@dataclass(frozen=True, slots=True)
class Layout:
    """A stretch of the song, divided.

    Attributes:
        marks_s: Song times between the slots, from the first one's start to the last one's end, shape (n + 1,).
        drop: Index of the slot that starts on the drop; None without one.
        drop_s: Song time of that drop.
        loudness: Mean energy of the stretch, 0..1.
    """

    marks_s: Floats
    drop: int | None
    drop_s: float | None
    loudness: float


def layouts(
    course: Course,
    density: Density,
    length_s: float,
    *,
    from_s: float | None,
    drop_at_s: float | None = None,
    slot_s: float,
) -> Iterator[Layout]:
    """Ways to lay a montage over the song, one for each bar line where it may begin.

    A song with a drop gives starts that have it in the middle part of the montage.

    Args:
        course: The song.
        density: How often to cut.
        length_s: Length of the montage, about.
        from_s: Where in the song to begin; None for anywhere.
        drop_at_s: When the drop is to play, counted from the start; None for the middle part.
        slot_s: Length of a slot that most of the material can fill.
    """
    bars = np.flatnonzero(course.bar == 1)
    if len(bars) < 2:
        bars = np.arange(0, len(course.beats_s), 4)
    times = course.beats_s[bars]
    if from_s is not None:
        candidates = [bars[int(np.argmin(np.abs(times - from_s)))]]
        drop = None
    else:
        drop = _strongest_drop(course)
        candidates = list(bars[_fitting(times, course, drop, length_s)])
        if drop is not None and drop_at_s is not None and drop_at_s <= drop:
            candidates = [int(np.argmin(np.abs(course.beats_s - (drop - drop_at_s))))]
    step = max(1, len(candidates) // _MOST_STARTS)
    for start in candidates[::step] or [bars[0]]:
        yield _layout(course, density, int(start), length_s, slot_s)


def steady_layout(duration_s: float, length_s: float) -> Layout:
    """Slots of one length, for a song without a beat."""
    count = max(1, round(min(length_s, duration_s) / _STEADY_S))
    return Layout(np.linspace(0.0, min(length_s, duration_s), count + 1), None, None, 0.5)


def _strongest_drop(course: Course) -> float | None:
    return float(course.drops_s[int(np.argmax(course.drop_weights))]) if len(course.drops_s) else None


def _fitting(times: Floats, course: Course, drop_s: float | None, length_s: float) -> NDArray[np.bool_]:
    room = times + length_s <= course.music_end_s + 1.0
    if drop_s is None:
        phrase = np.abs(times[:, None] - course.phrases_s[None, :]).min(1) < 0.1
        return room & phrase if (room & phrase).any() else room
    share = (drop_s - times) / length_s
    around = (share >= _DROP_AFTER) & (share <= _DROP_BEFORE)
    return room & around if (room & around).any() else around if around.any() else room


def _layout(course: Course, density: Density, start: int, length_s: float, slot_s: float) -> Layout:
    beats = course.beats_s
    drop_s = _strongest_drop(course)
    drop_beat = int(np.argmin(np.abs(beats - drop_s))) if drop_s is not None else -1
    marks = [start]
    while True:
        after = _next_mark(course, density, marks, drop_beat, slot_s)
        if after is None or beats[after] - beats[start] > length_s * 1.02 + 0.05:
            break
        marks.append(after)
    _end_near(marks, beats, float(beats[start]) + length_s * 1.02 + 0.05)
    if len(marks) < 2 and start + 1 < len(beats):
        marks.append(start + 1)
    played = course.energy[start : marks[-1]]
    opens = marks.index(drop_beat) if drop_beat in marks[1:-1] else None
    return Layout(
        marks_s=beats[marks],
        drop=opens,
        drop_s=float(beats[drop_beat]) if opens is not None else None,
        loudness=float(np.mean(played)) if len(played) else 0.0,
    )


def _end_near(marks: list[int], beats: Floats, end_s: float) -> None:
    """Adds a last slot, shorter than the others, that ends on the last beat before `end_s`."""
    last = int(np.searchsorted(beats, end_s, side="right")) - 1
    if last > marks[-1] and beats[last] - beats[marks[-1]] >= _LAST_S:
        marks.append(last)


def _next_mark(course: Course, density: Density, marks: list[int], drop_beat: int, slot_s: float) -> int | None:
    """The beat at which the slot ends that begins at the last mark; None at the end of the song."""
    here = marks[-1]
    beats = _slot_beats(course, density, here, len(marks))
    while beats > 1 and course.beats_s[min(here + beats, len(course.beats_s) - 1)] - course.beats_s[here] > slot_s:
        beats -= max(1, beats // 2)
    after = here + beats
    if here < drop_beat < after:
        after = drop_beat
    while after < len(course.beats_s) and course.beats_s[after] - course.beats_s[here] < _SHORTEST_S:
        after += 1
    return after if after < len(course.beats_s) else None


def _slot_beats(course: Course, density: Density, here: int, number: int) -> int:
    """Length of a slot in beats: what was asked for, else shorter the louder the song is, and not always the same."""
    if density == "beat":
        return 1
    if density == "two_beats":
        return 2
    bar = _to_bar(course, here, 1)
    if density == "bar":
        return bar
    if density == "phrase":
        return _to_bar(course, here, _PHRASE_BARS)
    loud = _loudness_rank(course, here, bar)
    if loud >= _LOUD:
        half = max(1, bar // 2) if bar % 2 == 0 else bar
        return bar if number % 5 == 0 else half
    if loud <= _CALM:
        return _to_bar(course, here, 2)
    return _to_bar(course, here, 2) if number % 4 == 0 else bar


def _to_bar(course: Course, here: int, count: int) -> int:
    """Beats from `here` to the `count`-th bar line after it."""
    lines = np.flatnonzero(course.bar[here + 1 :] == 1) + 1
    return int(lines[count - 1]) if len(lines) >= count else 4 * count


def _loudness_rank(course: Course, here: int, beats: int) -> float:
    """Share of the song's beats that are calmer than the bar at `here`."""
    mean = float(np.mean(course.energy[here : here + beats]))
    return float(np.mean(course.energy < mean))
