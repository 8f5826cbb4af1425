"""The song as it may run: whole, or with jumps at bar lines where it sounds the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from music_cog_online.studio.listen import Drop, Listening

__all__ = ["Course", "Piece", "extended", "plain"]

Floats = NDArray[np.float64]

_LOOK_BACK = 2
_LOOK_AHEAD = 4
_MOST_PIECES = 400
_LEAST_LOOP_S = 4.0
_ALIKE, _NEARLY_ALIKE, _LIKENESS_SHARE = 0.9, 0.02, 0.3
_TEMPO_WEIGHT = 5.0
_BEGINNING_S, _HARDLY = 6.0, 0.3
_SECOND_BEST = 0.5  # a drop that is not the song's own: better than none


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the song that plays without a jump.

    Attributes:
        at_s: Course time at which it starts.
        from_s: Song time of its start.
        to_s: Song time of its end.
        likeness: How much the jump into it sounds like no jump, 0..1; 1 for the first piece.
    """

    at_s: float
    from_s: float
    to_s: float
    likeness: float = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """A way through the song; its own time runs at the song's speed and never jumps.

    Attributes:
        pieces: The stretches, in order.
        duration_s: Length of all of them.
        beats_s: Course time of every beat, shape (b,).
        bar: Beat in bar of every beat, 1 for a downbeat, shape (b,).
        certainty: 0..1 for every beat, 1 for the song's surest, shape (b,).
        energy: Loudness 0..1 of what starts at each beat, shape (b,).
        drops_s: Course time of every drop, shape (d,).
        drop_weights: 0..1, 1 for the one that is strongest and surest, half or less for the others, shape (d,).
        phrases_s: Course time at which each section starts, and the end of the song, shape (p,).
    """

    pieces: tuple[Piece, ...]
    duration_s: float
    beats_s: Floats
    bar: NDArray[np.int64]
    certainty: Floats
    energy: Floats
    drops_s: Floats
    drop_weights: Floats
    phrases_s: Floats

    def song_at(self, course_s: float) -> float:
        """Song time that is played at `course_s`."""
        piece = self.piece_at(course_s)
        return piece.from_s + course_s - piece.at_s

    def piece_at(self, course_s: float) -> Piece:
        """The piece that plays at `course_s`; the last one beyond the end."""
        return next((piece for piece in reversed(self.pieces) if piece.at_s <= course_s + 1e-9), self.pieces[0])

    @property
    def music_end_s(self) -> float:
        """Course time at which the song is over; earlier than `duration_s` where silence follows."""
        return self.pieces[-1].at_s + self.pieces[-1].to_s - self.pieces[-1].from_s

    def padded(self, need_s: float) -> Course:
        """The course with silence after it, `need_s` long at least."""
        return replace(self, duration_s=max(self.duration_s, need_s))


def plain(listening: Listening) -> Course:
    """The song as it is."""
    return _course(listening, [(0.0, listening.duration_s, 1.0)])


def extended(listening: Listening, need_s: float, *, before_s: float | None = None) -> Course | None:
    """The song made longer by going back, at a bar line, to one that sounds the same.

    Args:
        listening: The song.
        need_s: Length that is needed, in seconds.
        before_s: Song time by which the last repetition is over (to bring a drop later); None for anywhere.

    Returns:
        A course of at least `need_s`; None if the song has no two bar lines to join.
    """
    loop = _best_loop(listening, before_s)
    if loop is None:
        return None
    back, leave, likeness = loop
    from_s, to_s = float(listening.beats_s[back]), float(listening.beats_s[leave])
    times = int(np.ceil(max(0.0, need_s - listening.duration_s) / (to_s - from_s)))
    if not 0 < times <= _MOST_PIECES:
        return None
    spans = [(0.0, to_s, 1.0), *[(from_s, to_s, likeness)] * (times - 1), (from_s, listening.duration_s, likeness)]
    return _course(listening, spans)


def _best_loop(listening: Listening, before_s: float | None) -> tuple[int, int, float] | None:
    """Beats (back, leave) of the longest loop among those whose ends sound nearly as alike as any."""
    beats = listening.beats_s
    bars = np.flatnonzero(listening.beat_in_bar == 1)
    bars = bars[(bars >= _LOOK_BACK) & (bars + _LOOK_AHEAD < len(beats))]
    if before_s is not None:
        bars = bars[beats[bars] <= before_s + 1e-6]
    if len(bars) < 2:
        return None
    likeness = _likeness(listening, bars)
    lengths = beats[bars][None, :] - beats[bars][:, None]
    allowed = lengths >= min(_LEAST_LOOP_S, lengths.max())
    alike = likeness >= min(_ALIKE, float(likeness[allowed].max())) - _NEARLY_ALIKE
    worth = np.where(alike, 1.0 + lengths / lengths.max(), 0.0) + _LIKENESS_SHARE * likeness
    worth[~allowed] = -np.inf
    back, leave = np.unravel_index(int(np.argmax(worth)), worth.shape)
    return int(bars[back]), int(bars[leave]), float(np.clip(likeness[back, leave], 0.0, 1.0))


def _likeness(listening: Listening, bars: NDArray[np.int64]) -> Floats:
    """Cosine likeness of the beats around every pair of bar lines, less where the tempo differs; shape (n, n)."""
    features = np.asarray(listening.beat_features, np.float64)
    if features.ndim != 2 or features.shape[1] == 0:
        features = np.asarray(listening.beat_energy, np.float64)[:, None]
    features = (features - features.mean(0)) / (features.std(0) + 1e-9)
    around = np.concatenate([features[bars + step] for step in range(-_LOOK_BACK, _LOOK_AHEAD)], axis=1)
    around /= np.linalg.norm(around, axis=1, keepdims=True) + 1e-9
    beats = listening.beats_s
    tempo = np.log(beats[bars + _LOOK_AHEAD] - beats[bars - _LOOK_BACK])
    likeness: Floats = around @ around.T - _TEMPO_WEIGHT * np.abs(tempo[:, None] - tempo[None, :])
    return likeness


def _weight(drop: Drop) -> float:
    """How much a drop counts; where the song has hardly begun, nothing was built up."""
    return max(0.0, drop.strength_db) * drop.confidence * (_HARDLY if drop.time_s < _BEGINNING_S else 1.0)


def _certainty(listening: Listening) -> Floats:
    certainty = np.asarray(listening.beat_certainty, np.float64)
    return certainty / max(1e-6, float(certainty.max(initial=0.0)))


def _course(listening: Listening, spans: list[tuple[float, float, float]]) -> Course:
    pieces: list[Piece] = []
    at_s = 0.0
    beats: list[Floats] = []
    picked: list[NDArray[np.int64]] = []
    drops: list[tuple[float, float]] = []
    phrases: list[float] = []
    strongest = max(map(_weight, listening.drops), default=1.0) or 1.0
    for from_s, to_s, likeness in spans:
        last = to_s >= listening.duration_s
        inside = np.flatnonzero((listening.beats_s >= from_s - 1e-6) & ((listening.beats_s < to_s - 1e-6) | last))
        beats.append(listening.beats_s[inside] - from_s + at_s)
        picked.append(inside)
        for drop in listening.drops:
            if from_s <= drop.time_s < to_s:
                share = _weight(drop) / strongest
                drops.append((drop.time_s - from_s + at_s, share if share >= 1.0 else _SECOND_BEST * share))
        phrases += [part.start_s - from_s + at_s for part in listening.sections if from_s <= part.start_s < to_s]
        pieces.append(Piece(at_s, from_s, to_s, likeness))
        at_s += to_s - from_s
    index = np.concatenate(picked)
    return Course(
        pieces=tuple(pieces),
        duration_s=at_s,
        beats_s=np.concatenate(beats),
        bar=np.asarray(listening.beat_in_bar, np.int64)[index],
        certainty=_certainty(listening)[index],
        energy=np.asarray(listening.beat_energy, np.float64)[index],
        drops_s=np.array([time for time, _ in drops], np.float64),
        drop_weights=np.array([weight for _, weight in drops], np.float64),
        phrases_s=np.array([*phrases, at_s], np.float64),
    )
