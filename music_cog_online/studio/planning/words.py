"""A plan in words that a user understands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from music_cog_online.studio.planning.types import MusicSpan, PlannedShot, SyncPlan, Wish

if TYPE_CHECKING:
    from music_cog_online.studio.listen import Listening

__all__ = ["clock", "counted", "explain"]

_MOST_TIMES = 4
_SHORT_S = 2.5
_ROUGH_JOIN_S = 0.1


def clock(time_s: float) -> str:
    """``0:42``; hours are left to the minutes."""
    whole = max(0, round(time_s))
    return f"{whole // 60}:{whole % 60:02d}"


def counted(count: int, one: str, many: str = "") -> str:
    """``1 cut``, ``3 cuts``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def explain(plan: SyncPlan, listening: Listening, wish: Wish, *, asked_s: float | None = None) -> tuple[str, ...]:
    """Sentences about what the plan does and what it cannot do.

    Args:
        plan: The plan.
        listening: What was heard in the song.
        wish: What the user asked for.
        asked_s: Length that a montage was to have.
    """
    said = [_what_is_done(plan)]
    if not listening.has_beat:
        why = listening.why or "no steady beat"
        said.append(f"The song gives the cuts nothing to meet: {why}.")
    elif not plan.hits:
        said.append("The video has no cut, so there is nothing to put on a beat.")
    else:
        said.append(_hits(plan))
        said += _misses(plan)
        said += _drop(plan, listening, wish) if plan.mode == "music_to_picture" else []
    if asked_s is not None and wish.target_s is not None and plan.duration_s < asked_s - _SHORT_S:
        said.append(
            f"The montage ends at {clock(plan.duration_s)} instead of {clock(asked_s)}: "
            "every stretch of the clips is shown once, and there is no more."
        )
    said += _joins(plan.music)
    if plan.music and plan.duration_s - plan.music[-1].map[-1][0] > 0.5:
        said.append(f"The song is over at {clock(plan.music[-1].map[-1][0])}, before the picture is.")
    return tuple(said)


def _what_is_done(plan: SyncPlan) -> str:
    parts: list[str] = []
    if plan.music:
        parts.append(f"the song starts at its {clock(plan.music[0].map[0][1])}")
        parts.append(f"plays {_speed(plan.music)}")
    changed = [shot for shot in plan.shots if shot.change != "none"]
    if plan.mode == "picture_to_music":
        parts.append(f"the picture is cut into {counted(len(plan.shots), 'shot')}")
    elif changed:
        parts.append(_changes(changed))
    else:
        parts.append("the picture stays as it is")
    sentence = ", ".join(parts)
    if plan.drop is not None and plan.drop.hit:
        sentence += f"; the drop meets the cut at {clock(plan.drop.time_s)}"
    return sentence[0].upper() + sentence[1:] + "."


def _speed(music: Sequence[MusicSpan]) -> str:
    slopes = [(right[1] - left[1]) / (right[0] - left[0]) for span in music for left, right in pairwise(span.map)]
    low, high = (min(slopes) - 1) * 100, (max(slopes) - 1) * 100
    if max(abs(low), abs(high)) < 0.05:
        return "at its own speed"
    if high - low < 0.05:
        return f"{abs(low):.1f} % {'faster' if low > 0 else 'slower'}"
    if low > -0.05:
        return f"up to {high:.1f} % faster"
    if high < 0.05:
        return f"up to {-low:.1f} % slower"
    return f"between {-low:.1f} % slower and {high:.1f} % faster"


def _changes(shots: Sequence[PlannedShot]) -> str:
    parts: list[str] = []
    for change, verb in (("trimmed", "shortened"), ("faster", "played faster"), ("slower", "played slower")):
        by = [abs(shot.by_frames) for shot in shots if shot.change == change]
        if by:
            amount = f"by {counted(max(by), 'frame')}" if len(by) == 1 else f"by up to {counted(max(by), 'frame')}"
            noun = counted(len(by), "shot") if not parts else str(len(by))
            parts.append(f"{noun} {'is' if len(by) == 1 else 'are'} {verb} {amount}")
    return ", ".join(parts)


def _hits(plan: SyncPlan) -> str:
    hit = [one for one in plan.hits if one.hit]
    bars = sum(one.downbeat for one in hit)
    return (
        f"{len(hit)} of {counted(len(plan.hits), 'cut')} "
        f"{'falls' if len(hit) == 1 else 'fall'} on a beat, {bars} of them on the first beat of a bar."
    )


def _misses(plan: SyncPlan) -> list[str]:
    reasons = Counter(one.reason for one in plan.hits if not one.hit)
    said = []
    for reason, count in reasons.most_common():
        times = [clock(one.time_s) for one in plan.hits if not one.hit and one.reason == reason]
        more = f" and {count - _MOST_TIMES} more" if count > _MOST_TIMES else ""
        where = ", ".join(times[:_MOST_TIMES]) + more
        said.append(f"{'The cut' if count == 1 else 'The cuts'} at {where} cannot be met: {reason}.")
    return said


def _drop(plan: SyncPlan, listening: Listening, wish: Wish) -> list[str]:
    named = f"the cut at {clock(wish.drop_at_s)}" if wish.drop_at_s is not None else "a strong cut"
    if plan.drop is not None and plan.drop.hit:
        return []
    if not listening.drops:
        return [] if wish.drop_at_s is None else [f"The song has no drop that could meet {named}."]
    if plan.drop is None:
        return [f"The song's drop does not play in this stretch: it cannot be brought to {named}."]
    return [f"The song's drop plays at {clock(plan.drop.time_s)} and does not meet {named}."]


def _joins(music: Sequence[MusicSpan]) -> list[str]:
    said = []
    for before, after in pairwise(music):
        leave, back = clock(before.map[-1][1]), clock(after.map[0][1])
        how = "where it sounds the same" if after.join_s < _ROUGH_JOIN_S else "and the join may be heard"
        said.append(
            f"To be long enough, the song goes from its {leave} to its {back} at a bar line "
            f"(at {clock(after.map[0][0])}), {how}."
        )
    return said
