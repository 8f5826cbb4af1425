"""A plan in words that a user understands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from music_cog_online.studio.planning.phrases import Language, phrase, reason_in, why_in
from music_cog_online.studio.planning.types import MusicSpan, PlannedShot, SyncPlan, Wish

if TYPE_CHECKING:
    from music_cog_online.studio.listen import Listening

__all__ = ["clock", "counted", "explain", "sentences"]

_MOST_TIMES = 4
_SHORT_S = 2.5
_ROUGH_JOIN_S = 0.1
_ELSEWHERE_S = 0.3
_NEAR_S = 1.0


def clock(time_s: float) -> str:
    """``0:42`` for whole seconds, ``0:42.5`` otherwise; hours are left to the minutes."""
    whole, tenth = divmod(round(max(0.0, time_s) * 10), 10)
    return f"{whole // 60}:{whole % 60:02d}{f'.{tenth}' if tenth else ''}"


def counted(count: int, one: str, many: str = "") -> str:
    """``1 cut``, ``3 cuts``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def explain(plan: SyncPlan, listening: Listening, wish: Wish) -> tuple[str, ...]:
    """English sentences about what the plan does and what it cannot do."""
    return tuple(sentence for _, sentence in sentences(plan, listening, wish, language="en"))


def sentences(plan: SyncPlan, listening: Listening, wish: Wish, *, language: Language) -> Iterator[tuple[str, str]]:
    """Sentences about what the plan does and what it cannot do, each with the name of what it is about.

    Args:
        plan: The plan.
        listening: What was heard in the song.
        wish: What the user asked for.
        language: Of the sentences.

    Yields:
        (``done``, ``beat``, ``cuts``, ``hits``, ``misses``, ``drop``, ``length`` or ``song``; sentence).
    """
    yield "done", _what_is_done(plan, wish, language)
    if not listening.has_beat:
        yield "beat", phrase(language, "no_beat", why=why_in(language, listening.why))
    elif not plan.hits:
        yield "cuts", phrase(language, "no_cut")
    else:
        yield "hits", _hits(plan, language)
        yield from (("misses", said) for said in _misses(plan, language))
    if listening.has_beat:
        yield from (("drop", said) for said in _drop(plan, listening, wish, language))
    if plan.mode == "picture_to_music" and wish.target_s is not None and plan.duration_s < wish.target_s - _SHORT_S:
        times = {"time": clock(plan.duration_s), "asked": clock(wish.target_s)}
        yield "length", phrase(language, "short_montage", **times)
    yield from (("song", said) for said in _joins(plan.music, language))
    if plan.music and plan.duration_s - plan.music[-1].map[-1][0] > 0.5:
        yield "song", phrase(language, "song_over", time=clock(plan.music[-1].map[-1][0]))


def _what_is_done(plan: SyncPlan, wish: Wish, language: Language) -> str:
    parts: list[str] = []
    if plan.music:
        later_s, starts_s = plan.music[0].map[0]
        parts.append(phrase(language, "starts", time=clock(starts_s)))
        if later_s > 0.05:
            parts.append(phrase(language, "begins_later", time=clock(later_s)))
        parts.append(_speed(plan.music, language))
    if plan.mode == "music_to_picture":
        changed = [shot for shot in plan.shots if shot.change != "none"]
        parts += _changes(changed, language) if changed else [phrase(language, "untouched")]
    sentence = ("，" if language == "zh" else ", ").join(parts)
    if (
        plan.drop is not None
        and plan.drop.hit
        and not _asked_elsewhere(plan, wish)
        and not wish.drop_exact
        and not _drop_astray(plan, wish)
    ):
        sentence += phrase(language, "drop_met", time=clock(plan.drop.time_s))
    return sentence[:1].upper() + sentence[1:] + ("。" if language == "zh" else ".")


def _speed(music: Sequence[MusicSpan], language: Language) -> str:
    slopes = [(right[1] - left[1]) / (right[0] - left[0]) for span in music for left, right in pairwise(span.map)]
    low, high = (min(slopes) - 1) * 100, (max(slopes) - 1) * 100
    if max(abs(low), abs(high)) < 0.05:
        return phrase(language, "speed_own")
    if high - low < 0.05:
        return phrase(language, "speed_faster" if low > 0 else "speed_slower", by=f"{abs(low):.1f}")
    if low > -0.05:
        return phrase(language, "speed_to_faster", by=f"{high:.1f}")
    if high < 0.05:
        return phrase(language, "speed_to_slower", by=f"{-low:.1f}")
    return phrase(language, "speed_both", low=f"{-low:.1f}", high=f"{high:.1f}")


def _changes(shots: Sequence[PlannedShot], language: Language) -> list[str]:
    parts: list[str] = []
    for change in ("trimmed", "faster", "slower"):
        by = [abs(shot.by_frames) for shot in shots if shot.change == change]
        if not by:
            continue
        if language == "zh":
            amount = f" {max(by)} 帧" if len(by) == 1 else f"最多 {max(by)} 帧"
            parts.append(phrase(language, change, shots=f"{len(by)} 个镜头", by=amount))
        else:
            amount = f"by {counted(max(by), 'frame')}" if len(by) == 1 else f"by up to {counted(max(by), 'frame')}"
            noun = counted(len(by), "shot") if not parts else str(len(by))
            parts.append(phrase(language, change, shots=f"{noun} {'is' if len(by) == 1 else 'are'}", by=amount))
    return parts


def _hits(plan: SyncPlan, language: Language) -> str:
    hit = [one for one in plan.hits if one.hit]
    cuts = str(len(plan.hits)) if language == "zh" else counted(len(plan.hits), "cut")
    verb = "falls" if len(hit) == 1 else "fall"
    return phrase(language, "hits", hits=len(hit), cuts=cuts, verb=verb, bars=sum(one.downbeat for one in hit))


def _misses(plan: SyncPlan, language: Language) -> list[str]:
    reasons = Counter(one.reason for one in plan.hits if not one.hit)
    said = []
    for reason, count in reasons.most_common():
        times = [clock(one.time_s) for one in plan.hits if not one.hit and one.reason == reason]
        more = phrase(language, "more", count=count - _MOST_TIMES) if count > _MOST_TIMES else ""
        where = ("、" if language == "zh" else ", ").join(times[:_MOST_TIMES]) + more
        cuts, verb = ("The cut", "misses") if count == 1 else ("The cuts", "miss")
        said.append(phrase(language, "missed", cuts=cuts, times=where, verb=verb, reason=reason_in(language, reason)))
    return said


def _asked_elsewhere(plan: SyncPlan, wish: Wish) -> bool:
    """Whether the user named a time for the drop at which the picture, as it was before any change, has no cut."""
    if plan.drop is None or wish.drop_at_s is None or plan.mode != "music_to_picture":
        return False
    before = [shot for shot in plan.shots if shot.at < plan.drop.frame]
    cut_s = sum(shot.frames - shot.by_frames for shot in before) / float(plan.rate)
    return abs(cut_s - wish.drop_at_s) > _ELSEWHERE_S


def _drop_astray(plan: SyncPlan, wish: Wish) -> bool:
    """Whether a montage has its drop at another time than the one that was asked for."""
    if plan.drop is None or wish.drop_at_s is None or plan.mode != "picture_to_music":
        return False
    return abs(plan.drop.time_s - wish.drop_at_s) >= _NEAR_S


def _drop(plan: SyncPlan, listening: Listening, wish: Wish, language: Language) -> list[str]:
    asked = wish.drop_at_s
    if plan.mode == "picture_to_music" and asked is None:
        return []
    if asked is not None and wish.drop_exact and plan.drop is not None:
        return [phrase(language, "drop_exact", time=clock(plan.drop.time_s))]
    if plan.drop is not None and _drop_astray(plan, wish):
        return [phrase(language, "drop_astray", time=clock(plan.drop.time_s), asked=clock(asked or 0.0))]
    if plan.drop is not None and plan.mode == "picture_to_music":
        return [] if plan.drop.hit else [phrase(language, "drop_plays", time=clock(plan.drop.time_s))]
    if plan.drop is not None and plan.drop.hit and plan.mode == "music_to_picture":
        if not _asked_elsewhere(plan, wish) or asked is None:
            return []
        return [phrase(language, "drop_nearest", asked=clock(asked), time=clock(plan.drop.time_s))]
    cut = phrase(language, "strong_cut") if asked is None else phrase(language, "named_cut", time=clock(asked))
    if not listening.drops:
        return [] if asked is None else [phrase(language, "drop_none", cut=cut)]
    if not plan.hits:
        elsewhere = asked is not None and plan.drop is not None
        return [phrase(language, "drop_plays", time=clock(plan.drop.time_s))] if elsewhere and plan.drop else []
    if plan.drop is None:
        return [phrase(language, "drop_outside", cut=cut)]
    return [phrase(language, "drop_elsewhere", time=clock(plan.drop.time_s), cut=cut)]


def _joins(music: Sequence[MusicSpan], language: Language) -> list[str]:
    """Where the song goes back; the same way back is told once."""
    jumps: dict[tuple[str, str, bool], list[float]] = {}
    for before, after in pairwise(music):
        way = clock(before.map[-1][1]), clock(after.map[0][1]), after.join_s < _ROUGH_JOIN_S
        jumps.setdefault(way, []).append(after.map[0][0])
    said = []
    for (leave, back, smooth), at_s in jumps.items():
        how = phrase(language, "join_smooth" if smooth else "join_rough")
        name = "join_at" if len(at_s) == 1 else "join_times"
        times = phrase(language, name, time=clock(at_s[0]), count=len(at_s))
        said.append(phrase(language, "join", leave=leave, back=back, times=times, how=how))
    return said
