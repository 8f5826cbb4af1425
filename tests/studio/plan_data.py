"""Songs and videos as they would be heard and seen, made by hand for the planner's tests."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from music_cog_online.studio.listen import Drop, Listening, Section
from music_cog_online.studio.plan import PictureSource, SongSource, SyncPlan
from music_cog_online.studio.watch import Shot, Watching

RATE = Fraction(30)


def song(
    beats_s: Sequence[float],
    *,
    duration_s: float | None = None,
    meter: int = 4,
    drops_s: Sequence[float] = (),
    energy: Sequence[float] | None = None,
    bar_sounds: Sequence[int] = (),
) -> SongSource:
    """A song with the given beats; bars with the same number in `bar_sounds` sound the same."""
    beats = np.array(beats_s, np.float64)
    bars = np.arange(len(beats)) // meter
    sounds = np.array(bar_sounds or range(len(beats) // meter + 1))[bars % max(1, len(bar_sounds) or len(beats) + 1)]
    place = np.arange(len(beats)) % meter
    features = np.column_stack([np.sin(sounds * 1.7), np.cos(sounds * 2.3), np.sin(place * 1.1)])
    end_s = duration_s if duration_s is not None else (float(beats[-1]) + 1.0 if len(beats) else 30.0)
    listening = Listening(
        duration_s=end_s,
        has_beat=len(beats) > 0,
        confidence=1.0 if len(beats) else 0.0,
        tempo_bpm=60 / float(np.median(np.diff(beats))) if len(beats) > 1 else 0.0,
        meter=meter,
        beats_s=beats,
        beat_in_bar=place.astype(np.int64) + 1,
        beat_certainty=np.ones(len(beats), np.float32),
        beat_energy=np.array(energy if energy is not None else np.full(len(beats), 0.5), np.float32),
        beat_features=features.astype(np.float32),
        drops=tuple(Drop(time, 12.0, 0.9) for time in drops_s),
        sections=(Section(0.0, end_s, "main", 1.0),),
        why="" if len(beats) else "no steady beat: it is speech",
    )
    return SongSource("song", listening)


def steady(bpm: float, count: int, *, start_s: float = 0.0) -> list[float]:
    """Beats of one tempo."""
    return (start_s + np.arange(count) * 60 / bpm).tolist()


def video(
    lengths: Sequence[int],
    *,
    rate: Fraction = RATE,
    strengths: Sequence[float] = (),
    speech: Sequence[tuple[float, float]] = (),
    media: str = "video",
    activity: Sequence[float] = (),
) -> PictureSource:
    """A video of shots with the given lengths in frames."""
    ends = np.cumsum(lengths)
    frame_s = float(1 / rate)
    shots = tuple(
        Shot(
            first_frame=int(end - length),
            end_frame=int(end),
            start_s=float(end - length) * frame_s,
            end_s=float(end) * frame_s,
            transition_in="cut" if index else "start",
            strength=strengths[index] if strengths else (0.8 if index else 0.0),
            span_s=None,
            confidence=1.0,
        )
        for index, (length, end) in enumerate(zip(lengths, ends, strict=True))
    )
    moves = np.repeat(activity or [0.3] * len(lengths), lengths).astype(np.float32)
    times = np.arange(ends[-1]) * frame_s
    watching = Watching(rate, False, 320, 180, times, float(ends[-1]) * frame_s, shots, moves)
    return PictureSource(media, watching, tuple(speech), has_sound=bool(speech))


def slopes(plan: SyncPlan) -> list[list[float]]:
    """Speeds of the music in each span, piece by piece."""
    return [[(d - b) / (c - a) for (a, b), (c, d) in zip(span.map, span.map[1:], strict=False)] for span in plan.music]
