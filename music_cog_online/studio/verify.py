"""Measures a finished file: its cuts by its frames, its beats by its sound, its lengths and its loudness.

The song, where it is given, is looked for in the file's sound. Where the plan has it is where the search begins; what
is reported is where it was measured to be, and where it was not found, that is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.listen import LISTENING_RATE, Drop, Listening, listen
from music_cog_online.studio.render.loudness import RATE as LOUDNESS_RATE
from music_cog_online.studio.render.loudness import loudness_of, true_peak_db
from music_cog_online.studio.timebase import frame_start_s
from music_cog_online.studio.verifying.features import SOUND_RATE
from music_cog_online.studio.verifying.locate import Stretch, TimeMap, locate
from music_cog_online.studio.verifying.report import (
    IN_SYNC_SHARE,
    REPORT_VERSION,
    CutRow,
    DropRow,
    SyncReport,
    cut_rows,
)
from music_cog_online.studio.verifying.timeline import Source
from music_cog_online.studio.verifying.words import summarise
from music_cog_online.studio.watch import watch

__all__ = ["CutRow", "DropRow", "SongReference", "Source", "SyncReport", "laid_from_zero", "verify"]

Floats = NDArray[np.float64]

_WAVEFORM_PARTS = 1200
_SAME_BEAT_S, _PAST_S = 0.06, 0.5
_SURE, _SURE_BEATS = 0.8, 20


@dataclass(frozen=True, slots=True, eq=False)
class SongReference:
    """The song that a file is said to play.

    Attributes:
        samples: Mono, shape (n,).
        rate: Samples per second.
        listening: Its beats, bars and drops.
        expected: Where it should play, to be tested on the file; empty when that is not known.
    """

    samples: NDArray[np.float32]
    rate: int
    listening: Listening
    expected: tuple[TimeMap, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Beats:
    """Beats in the file, where they were found, and the spans of the file in which they are known; None: in all."""

    method: str
    share: float
    beats_s: Floats
    downbeat: NDArray[np.bool_]
    drops: tuple[Drop, ...]
    spans_s: tuple[tuple[float, float], ...] | None = None


def verify(path: Path, *, ffmpeg: Ffmpeg, song: SongReference | None, cache: Path | None = None) -> SyncReport:
    """Measures a finished file.

    Args:
        path: The file.
        ffmpeg: What decodes it.
        song: The song to look for; None to hear the beats in the file itself.
        cache: Folder that keeps what watching finds.

    Returns:
        A report; what could not be measured is None or empty in it, and the summary says so.

    Raises:
        MediaRefused: The file has no picture, or cannot be decoded.
    """
    watching = watch(path, ffmpeg=ffmpeg, cache=cache)
    frame_s = frame_start_s(1, watching.fps)
    stereo = ffmpeg.decode_audio(path, rate=LOUDNESS_RATE, channels=2)
    mono = stereo.mean(axis=1)
    found = _beats_of(mono, song)
    rows = cut_rows(watching.cuts_s, found.beats_s, found.downbeat, frame_s, found.spans_s)
    lufs, peak = (loudness_of(stereo), true_peak_db(stereo)) if len(stereo) else (math.nan, math.nan)
    report = SyncReport(
        version=REPORT_VERSION,
        file=path.name,
        rate=f"{watching.fps.numerator}/{watching.fps.denominator}",
        frames=len(watching.times_s),
        picture_s=watching.duration_s,
        sound_s=len(stereo) / LOUDNESS_RATE,
        method=found.method,
        song_sought=song is not None,
        song_share=found.share,
        cuts=rows,
        drop=_drop_row(found.drops, watching.cuts_s, frame_s),
        beats_s=tuple(found.beats_s.tolist()),
        downbeats_s=tuple(found.beats_s[found.downbeat].tolist()),
        median_ms=_median_ms(rows),
        in_sync=_in_sync(rows) and (found.method == "song" or song is None),
        loudness_lufs=lufs if math.isfinite(lufs) else None,
        true_peak_db=peak if math.isfinite(peak) else None,
        waveform=_waveform(mono),
    )
    return replace(report, summary=summarise(report))


def laid_from_zero(report: SyncReport, song: SongReference, sources: Sequence[Source]) -> SyncReport:
    """What would hold of the clips as they were handed over, one after the other, with the song laid from its start.

    Args:
        report: What was measured on the finished file.
        song: The song.
        sources: The clips; at least one.
    """
    ends_s = np.cumsum([source.duration_s for source in sources])
    starts_s = ends_s - [source.duration_s for source in sources]
    inside = [start_s + cut_s for start_s, source in zip(starts_s, sources, strict=True) for cut_s in source.cuts_s]
    cuts_s = sorted([*inside, *starts_s[1:].tolist()])
    picture_s, frame_s = float(ends_s[-1]), report.picture_s / max(1, report.frames)
    song_s = len(song.samples) / song.rate
    plays = song.listening.beats_s < picture_s
    beats_s, downbeat = song.listening.beats_s[plays], song.listening.beat_in_bar[plays] == 1
    rows = cut_rows(cuts_s, beats_s, downbeat, frame_s, ((0.0, song_s),))
    drops = tuple(drop for drop in song.listening.drops if drop.time_s < picture_s)
    return replace(
        report,
        method="song",
        song_share=min(1.0, song_s / max(picture_s, 1e-9)),
        frames=round(picture_s / frame_s),
        picture_s=picture_s,
        sound_s=min(picture_s, song_s),
        cuts=rows,
        drop=_drop_row(drops, cuts_s, frame_s),
        beats_s=tuple(beats_s.tolist()),
        downbeats_s=tuple(beats_s[downbeat].tolist()),
        median_ms=_median_ms(rows),
        in_sync=_in_sync(rows),
        loudness_lufs=None,
        true_peak_db=None,
        waveform=_waveform(song.samples[: int(picture_s * song.rate)]),
        summary=(),
    )


def _in_sync(rows: Sequence[CutRow]) -> bool:
    return bool(rows) and sum(row.hit for row in rows) >= IN_SYNC_SHARE * len(rows)


def _median_ms(rows: Sequence[CutRow]) -> float | None:
    distances = [abs(row.distance_ms) for row in rows if row.distance_ms is not None]
    return float(np.median(distances)) if distances else None


def _beats_of(mono: NDArray[np.float32], song: SongReference | None) -> _Beats:
    nothing = _Beats("none", 0.0, np.zeros(0), np.zeros(0, np.bool_), ())
    if not len(mono):
        return nothing
    if song is not None:
        stretches = _located(mono, song)
        share = sum(stretch.to_s - stretch.from_s for stretch in stretches) / (len(mono) / LOUDNESS_RATE)
        if stretches and song.listening.has_beat:
            return _carried_over(stretches, song, min(1.0, share))
        if stretches:
            return replace(nothing, share=min(1.0, share))
    heard = listen(_resampled(mono, LOUDNESS_RATE, LISTENING_RATE), LISTENING_RATE)
    unsure = heard.confidence < _SURE or len(heard.beats_s) < _SURE_BEATS
    if not heard.has_beat or (song is not None and unsure):
        return nothing
    drops = heard.drops if song is None else ()
    return _Beats("file", 0.0, heard.beats_s, heard.beat_in_bar == 1, drops)


def _located(mono: NDArray[np.float32], song: SongReference) -> tuple[Stretch, ...]:
    spans = np.diff(song.listening.beats_s)
    return locate(
        _resampled(mono, LOUDNESS_RATE, SOUND_RATE),
        _resampled(song.samples, song.rate, SOUND_RATE),
        expected=song.expected,
        beat_s=float(np.median(spans)) if len(spans) else None,
    )


def _carried_over(stretches: Sequence[Stretch], song: SongReference, share: float) -> _Beats:
    """The song's beats and drops at the times at which they are heard in the file."""
    times: list[float] = []
    downbeat: list[bool] = []
    drops: list[Drop] = []
    listening = song.listening
    for stretch in stretches:
        first_s, last_s = (_edge(at_s, by_s, stretches, song) for at_s, by_s in _outwards(stretch))
        out_s = stretch.out_of(listening.beats_s)
        for index in np.flatnonzero((out_s >= first_s) & (out_s <= last_s)):
            if not times or out_s[index] - times[-1] > _SAME_BEAT_S:
                times.append(float(out_s[index]))
                downbeat.append(bool(listening.beat_in_bar[index] == 1))
        for drop in listening.drops:
            at_s = float(stretch.out_of(np.array([drop.time_s]))[0])
            if stretch.from_s <= at_s <= stretch.to_s:
                drops.append(replace(drop, time_s=at_s))
    spans_s = tuple((stretch.from_s, stretch.to_s) for stretch in stretches)
    return _Beats("song", share, np.array(times), np.array(downbeat, np.bool_), tuple(drops), spans_s)


def _outwards(stretch: Stretch) -> tuple[tuple[float, float], tuple[float, float]]:
    return (stretch.from_s, -_PAST_S), (stretch.to_s, _PAST_S)


def _edge(at_s: float, by_s: float, stretches: Sequence[Stretch], song: SongReference) -> float:
    """How far beats are known about an end of a stretch: a bit further, but where the music ends or jumps."""
    ends = [end[0] for one in song.expected for end in (one[0], one[-1])]
    others = [edge for stretch in stretches for edge in (stretch.from_s, stretch.to_s) if edge != at_s]
    ends_here = any(abs(end - at_s) < 0.01 for end in ends)
    joins = sum(edge == at_s for stretch in stretches for edge in (stretch.from_s, stretch.to_s)) > 1
    meets = any(0 <= (edge - at_s) * np.sign(by_s) < _PAST_S for edge in others)
    return at_s if ends_here or joins or meets else at_s + by_s


def _drop_row(drops: Sequence[Drop], cuts_s: Sequence[float], frame_s: float) -> DropRow | None:
    """The strongest drop."""
    if not drops:
        return None
    drop = max(drops, key=lambda one: one.strength_db * one.confidence)
    if not len(cuts_s):
        return DropRow(drop.time_s, None, None, hit=False)
    cut_s = min(cuts_s, key=lambda one: abs(one - drop.time_s))
    distance_s = cut_s - drop.time_s
    return DropRow(drop.time_s, cut_s, 1000 * distance_s, hit=abs(distance_s) <= frame_s + 1e-6)


def _resampled(samples: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    from scipy.signal import resample_poly

    if rate == wanted:
        return samples
    common = math.gcd(rate, wanted)
    return np.asarray(resample_poly(samples, wanted // common, rate // common), np.float32)


def _waveform(mono: NDArray[np.float32]) -> tuple[float, ...]:
    if not len(mono):
        return ()
    edges = np.linspace(0, len(mono), min(_WAVEFORM_PARTS, len(mono)) + 1).astype(np.int64)
    peaks = np.maximum.reduceat(np.abs(mono), edges[:-1])
    return tuple(np.round(np.clip(peaks, 0.0, 1.0), 3).astype(float).tolist())
