"""Stretches of a watched video, as the planner takes them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from music_cog_online.studio.editing.compositions import Piece

if TYPE_CHECKING:
    from music_cog_online.studio.watch.shots import Watching

__all__ = ["cut_to", "spans_in", "still_picture"]

_STILL_RATE = 30
_SAME_FRAME_S = 1e-4


def cut_to(watching: Watching, piece: Piece) -> Watching:
    """What was seen of `piece`, with its first frame at time 0; the whole video comes back as it is."""
    import numpy as np

    end_s = piece.from_s + piece.take_s
    if piece.from_s <= _SAME_FRAME_S and end_s >= watching.duration_s - _SAME_FRAME_S:
        return watching
    first = int(np.searchsorted(watching.times_s, piece.from_s - _SAME_FRAME_S))
    last = max(first + 1, int(np.searchsorted(watching.times_s, end_s - _SAME_FRAME_S)))
    shots = tuple(
        replace(
            shot,
            first_frame=max(shot.first_frame, first) - first,
            end_frame=min(shot.end_frame, last) - first,
            start_s=max(shot.start_s, piece.from_s) - piece.from_s,
            end_s=min(shot.end_s, end_s) - piece.from_s,
            transition_in=shot.transition_in if shot.first_frame > first else "start",
            span_s=None if shot.span_s is None else (shot.span_s[0] - piece.from_s, shot.span_s[1] - piece.from_s),
        )
        for shot in watching.shots
        if shot.end_frame > first and shot.first_frame < last
    )
    return replace(
        watching,
        times_s=watching.times_s[first:last] - watching.times_s[first],
        duration_s=piece.take_s,
        shots=shots,
        activity=watching.activity[first:last],
    )


def still_picture(piece: Piece, *, width: int, height: int) -> Watching:
    """A still image as a video of one shot."""
    import numpy as np

    from music_cog_online.studio.watch.shots import Shot, Watching

    frames = max(1, round(piece.take_s * _STILL_RATE))
    whole = Shot(0, frames, 0.0, piece.take_s, "start", 1.0, None, 1.0)
    return Watching(
        fps=Fraction(_STILL_RATE),
        variable=False,
        width=width,
        height=height,
        times_s=np.arange(frames) / _STILL_RATE,
        duration_s=piece.take_s,
        shots=(whole,),
        activity=np.zeros(frames, np.float32),
    )


def spans_in(spans: tuple[tuple[float, float], ...], piece: Piece) -> tuple[tuple[float, float], ...]:
    """The parts of `spans` (source time) that lie in `piece`, counted from its start."""
    end_s = piece.from_s + piece.take_s
    cut = ((max(start, piece.from_s) - piece.from_s, min(end, end_s) - piece.from_s) for start, end in spans)
    return tuple((start, end) for start, end in cut if end > start)
