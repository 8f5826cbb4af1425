"""Music to picture: the song is moved, stretched and joined so that its beats meet the cuts of an edited video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.planning import phrases, words
from music_cog_online.studio.planning.course import Course, extended, plain
from music_cog_online.studio.planning.highlight import highlight_s
from music_cog_online.studio.planning.layout import beat_times, drop_of, hits_of, music_of, shots_of
from music_cog_online.studio.planning.problem import Answer, Problem, price
from music_cog_online.studio.planning.search import search
from music_cog_online.studio.planning.timemap import smoothed
from music_cog_online.studio.planning.types import (
    PLAN_VERSION,
    Caps,
    PictureSource,
    PlannedHit,
    SongSource,
    SyncPlan,
    Wish,
)
from music_cog_online.studio.planning.under import song_under
from music_cog_online.studio.planning.units import Unit, lengths_of, output_rate, units_of
from music_cog_online.studio.timebase import frame_start_s

__all__ = ["music_to_picture", "solve"]

_FREEDOM_S = 6.0
_START_PLAY_S = 0.3


@dataclass(frozen=True, slots=True)
class _Setting:
    units: tuple[Unit, ...]
    rate: Fraction
    caps: Caps
    song: SongSource
    wish: Wish
    drop_cut: int | None

    def length_s(self, count: int | None = None) -> float:
        """Length of the first `count` units untouched, of all for None."""
        return frame_start_s(sum(unit.frames for unit in self.units[:count]), self.rate)

    @property
    def need_s(self) -> float:
        """Course time that the picture needs at the most."""
        return self.length_s() * (1 + self.caps.music) + (self.wish.song_from_s or 0.0)


def music_to_picture(pictures: Sequence[PictureSource], song: SongSource, wish: Wish, caps: Caps) -> SyncPlan:
    """Lays the song under the pictures as they are cut.

    Args:
        pictures: What is shown, in this order.
        song: What is heard.
        wish: What the user asks for.
        caps: The limits.

    Returns:
        The cheapest plan. Without cuts or without a beat, one that says so.
    """
    rate = output_rate(pictures)
    units = units_of(pictures, rate)
    exact = wish.drop_at_s is not None and (wish.drop_exact or len(units) < 2) and song.listening.drops
    if exact or not wish.on_beat:
        return song_under(units, rate, song, wish)
    length_s = sum(unit.frames for unit in units) * frame_start_s(1, rate)
    if len(units) < 2 and wish.song_from_s is None and song.listening.has_beat:
        from_s = highlight_s(plain(song.listening), length_s)
        if from_s is not None:
            return song_under(units, rate, song, replace(wish, song_from_s=from_s))
    setting = _Setting(units, rate, caps, song, wish, _named_cut(units, wish, frame_start_s(1, rate)))
    found = [one for course in _courses(setting) for one in _solutions(setting, course)]
    if setting.drop_cut is not None and not any(_drop_met(*one[1:]) for one in found):
        found += [one for course in _late_courses(setting) for one in _solutions(setting, course)]
    cost, problem, answer = min(found, key=lambda one: one[0])
    return _plan(setting, problem, answer, cost)


def solve(problem: Problem) -> Answer | None:
    """The cheapest answer: searched over whole frames, then made smooth.

    Returns:
        None when no start lets the picture end within the song.
    """
    rough = search(problem)
    return None if rough is None else smoothed(problem, rough)


def _solutions(setting: _Setting, course: Course) -> Iterator[tuple[float, Problem, Answer]]:
    """The best answer with the picture as it is and, if it may be touched, the best with other lengths."""
    may_touch = setting.wish.touch_picture and len(setting.units) > 1 and setting.song.listening.has_beat
    for touch in (False, True) if may_touch else (False,):
        problem = Problem(
            units=setting.units,
            lengths=tuple(lengths_of(unit, setting.caps, setting.rate, touch=touch) for unit in setting.units),
            course=course,
            rate=setting.rate,
            caps=setting.caps,
            start_s=_start_range(setting.wish, course),
            drop_cut=setting.drop_cut,
        )
        answer = solve(problem)
        if answer is not None:
            yield price(problem, answer) + _jumps_cost(problem, answer), problem, answer


def _drop_met(problem: Problem, answer: Answer) -> bool:
    drops_s = problem.course.drops_s
    if problem.drop_cut is None or not len(drops_s):
        return not len(drops_s)
    return bool(np.abs(drops_s - answer.places_s[problem.drop_cut]).min() <= problem.frame_s)


def _courses(setting: _Setting) -> list[Course]:
    """The song as it is, if it is long enough, and with repetitions, if it is not or leaves no choice of a start.

    Where neither is possible, silence follows the song.
    """
    listening, need_s = setting.song.listening, setting.need_s
    courses: list[Course] = []
    if listening.duration_s >= need_s:
        courses.append(plain(listening))
    if listening.has_beat and listening.duration_s < need_s + _FREEDOM_S:
        longer = extended(listening, need_s + _FREEDOM_S)
        courses += [longer] if longer is not None else []
    return courses or [plain(listening).padded(need_s + 1.0)]


def _late_courses(setting: _Setting) -> list[Course]:
    """The song with repetitions before its strongest drop, so that this one comes as late as the named cut."""
    listening = setting.song.listening
    whole = plain(listening)
    if not len(whole.drops_s) or setting.drop_cut is None:
        return []
    drop_s = float(whole.drops_s[int(np.argmax(whole.drop_weights))])
    lacking_s = setting.length_s(setting.drop_cut) * (1 + setting.caps.music) - drop_s
    if lacking_s <= 0:
        return []
    later = extended(listening, listening.duration_s + lacking_s, before_s=drop_s)
    return [] if later is None else [later.padded(setting.need_s + lacking_s + _FREEDOM_S)]


def _start_range(wish: Wish, course: Course) -> tuple[float, float]:
    if wish.song_from_s is None:
        return 0.0, course.duration_s
    from_s = min(max(0.0, wish.song_from_s), max(0.0, course.music_end_s - 1.0))
    return max(0.0, from_s - _START_PLAY_S), from_s + _START_PLAY_S


def _named_cut(units: Sequence[Unit], wish: Wish, frame_s: float) -> int | None:
    if wish.drop_at_s is None or len(units) < 2:
        return None
    cuts_s = np.cumsum([unit.frames for unit in units])[:-1] * frame_s
    return 1 + int(np.argmin(np.abs(cuts_s - wish.drop_at_s)))


def _jumps_cost(problem: Problem, answer: Answer) -> float:
    used = [p for p in problem.course.pieces[1:] if answer.places_s[0] < p.at_s < answer.places_s[-1]]
    return sum(problem.prices.jump * (1.0 + 2.0 * (1.0 - piece.likeness)) for piece in used)


def _plan(setting: _Setting, problem: Problem, answer: Answer, cost: float) -> SyncPlan:
    song, wish = setting.song, setting.wish
    frames = answer.cut_frames(problem.units)
    times_s: NDArray[np.float64] = frames.astype(np.float64) * problem.frame_s
    course = problem.course
    beats_s = beat_times(course, times_s, answer.places_s)
    hits = hits_of(frames[1:-1].tolist(), beats_s, course.bar == 1, problem.frame_s)
    hits = tuple(_reasoned(hit, problem, index + 1, wish, song) for index, hit in enumerate(hits))
    plan = SyncPlan(
        version=PLAN_VERSION,
        mode="music_to_picture",
        rate=problem.rate,
        shots=shots_of(problem, answer),
        music=music_of(song.media, course, times_s, answer.places_s),
        hits=hits,
        drop=drop_of(problem, answer, times_s, cut=problem.drop_cut),
        caps_limited=song.listening.has_beat and not all(hit.hit for hit in hits),
        picture_touched=any(length.by_frames for length in answer.lengths),
        cost=cost,
    )
    return replace(plan, explanation=words.explain(plan, song.listening, wish))


def _reasoned(hit: PlannedHit, problem: Problem, index: int, wish: Wish, song: SongSource) -> PlannedHit:
    if hit.hit:
        return hit
    if not song.listening.has_beat:
        reason = song.listening.why or "the song has no steady beat"
    elif hit.beat_s is None or problem.units[index - 1].talking:
        reason = phrases.TALKING
    elif not wish.touch_picture:
        reason = phrases.OFF_LIMITS
    else:
        reason = phrases.OUT_OF_REACH
    return replace(hit, reason=reason)
