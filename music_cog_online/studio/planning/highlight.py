"""The stretch of a song that suits a video without a cut: with its strongest drop, or else its liveliest."""

from __future__ import annotations

import numpy as np

from music_cog_online.studio.planning.course import Course

__all__ = ["highlight_s"]

_NEAR_S = 0.1
_AT_PHRASE = 0.1  # what the start of a phrase is worth in energy
_EARLIEST, _BEST, _LATEST = 1 / 3, 0.45, 2 / 3


def highlight_s(course: Course, length_s: float) -> float | None:
    """Where such a stretch begins, on a bar line.

    Args:
        course: The song.
        length_s: How long it is to be.

    Returns:
        Song time at which the drop comes a third to two thirds into the stretch; in a song without one, where it is
        loudest, at the start of a phrase if one is near as loud. None where the song is too short or has no beats.
    """
    starts = course.beats_s[course.bar == 1]
    starts = starts[starts + length_s <= course.music_end_s]
    if not len(starts):
        return None
    if len(course.drops_s):
        drop_s = float(course.drops_s[int(np.argmax(course.drop_weights))])
        share = (drop_s - starts) / length_s
        if ((share >= _EARLIEST) & (share <= _LATEST)).any():
            return float(starts[int(np.argmin(np.abs(share - _BEST)))])
    at_phrase = np.array([np.abs(course.phrases_s - start).min(initial=np.inf) < _NEAR_S for start in starts])
    heard = [course.energy[(course.beats_s >= at) & (course.beats_s < at + length_s)].mean() for at in starts]
    return float(starts[int(np.argmax(np.array(heard) + _AT_PHRASE * at_phrase))])
