"""Measures a finished file: its cuts by its frames, its beats by its sound, its lengths and its loudness.

Nothing of the plan is used. The song, where it is given, is looked for in the file's sound.
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
from music_cog_online.studio.verifying.locate import Stretch, locate
from music_cog_online.studio.verifying.report import (
    IN_SYNC_SHARE,
    REPORT_VERSION,
    CutRow,
    DropRow,
    SyncReport,
    cut_rows,
)
from music_cog_online.studio.verifying.words import summarise
from music_cog_online.studio.watch import watch

__all__ = ["CutRow", "DropRow", "SongReference", "SyncReport", "laid_from_zero", "verify"]

Floats = NDArray[np.float64]

_WAVEFORM_PARTS = 1200
_LEAST_SHARE = 0.5
_SAME_BEAT_S = 0.06


@dataclass(frozen=True, slots=True, eq=False)
class SongReference:
    """The song that a file is said to play.

    Attributes:
        samples: Mono, shape (n,).
        rate: Samples per second.
        listening: Its beats, bars and drops.
    """

    samples: NDArray[np.float32]
    rate: int
    listening: Listening


@dataclass(frozen=True, slots=True, eq=False)
class _Beats:
    """Beats in the file and where they were found."""

    method: str
    share: float
    beats_s: Floats
    downbeat: NDArray[np.bool_]
    drops: tuple[Drop, ...]


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
    rows = cut_rows(watching.cuts_s, found.beats_s, found.downbeat, frame_s)
    distances = [abs(row.distance_ms) for row in rows if row.distance_ms is not None]
    lufs, peak = (loudness_of(stereo), true_peak_db(stereo)) if len(stereo) else (math.nan, math.nan)
    report = SyncReport(
        version=REPORT_VERSION,
        file=path.name,
        rate=f"{watching.fps.numerator}/{watching.fps.denominator}",
        frames=len(watching.times_s),
        picture_s=watching.duration_s,
        sound_s=len(stereo) / LOUDNESS_RATE,
        method=found.method,
        song_share=found.share,
        cuts=rows,
        drop=_drop_row(found.drops, watching.cuts_s, frame_s),
        beats_s=tuple(found.beats_s.tolist()),
        downbeats_s=tuple(found.beats_s[found.downbeat].tolist()),
        median_ms=float(np.median(distances)) if distances else None,
        in_sync=bool(distances) and sum(row.hit for row in rows) >= IN_SYNC_SHARE * len(rows),
        loudness_lufs=lufs if math.isfinite(lufs) else None,
        true_peak_db=peak if math.isfinite(peak) else None,
        waveform=_waveform(mono),
    )
    return replace(report, summary=summarise(report))


def laid_from_zero(report: SyncReport, song: SongReference, cuts_s: Sequence[float] | None = None) -> SyncReport:
    """What the report would say had the song been laid under the picture from its start, without a change.

    Args:
        report: What was measured on the finished file.
        song: The song.
        cuts_s: Cuts of the picture before it was touched; None for those of the finished file.
    """
    frame_s = report.picture_s / max(1, report.frames)
    cuts = [row.time_s for row in report.cuts] if cuts_s is None else list(cuts_s)
    listening = song.listening
    plays = listening.beats_s < report.picture_s
    beats_s, downbeat = listening.beats_s[plays], listening.beat_in_bar[plays] == 1
    rows = cut_rows(cuts, beats_s, downbeat, frame_s)
    drops = tuple(drop for drop in listening.drops if drop.time_s < report.picture_s)
    distances = [abs(row.distance_ms) for row in rows if row.distance_ms is not None]
    return replace(
        report,
        method="song",
        cuts=rows,
        drop=_drop_row(drops, cuts, frame_s),
        beats_s=tuple(beats_s.tolist()),
        downbeats_s=tuple(beats_s[downbeat].tolist()),
        median_ms=float(np.median(distances)) if distances else None,
        in_sync=bool(rows) and sum(row.hit for row in rows) >= IN_SYNC_SHARE * len(rows),
        sound_s=min(report.picture_s, len(song.samples) / song.rate),
        waveform=_waveform(song.samples[: int(report.picture_s * song.rate)]),
        summary=(),
    )


def _beats_of(mono: NDArray[np.float32], song: SongReference | None) -> _Beats:
    if not len(mono):
        return _Beats("none", 0.0, np.zeros(0), np.zeros(0, np.bool_), ())
    if song is not None:
        stretches = locate(_resampled(mono, LOUDNESS_RATE, SOUND_RATE), _resampled(song.samples, song.rate, SOUND_RATE))
        share = sum(stretch.to_s - stretch.from_s for stretch in stretches) / (len(mono) / LOUDNESS_RATE)
        if share >= _LEAST_SHARE and song.listening.has_beat:
            return _carried_over(stretches, song.listening, min(1.0, share))
        if share >= _LEAST_SHARE:
            return _Beats("none", min(1.0, share), np.zeros(0), np.zeros(0, np.bool_), ())
    heard = listen(_resampled(mono, LOUDNESS_RATE, LISTENING_RATE), LISTENING_RATE)
    method = "file" if heard.has_beat else "none"
    return _Beats(method, 0.0, heard.beats_s, heard.beat_in_bar == 1, heard.drops)


def _carried_over(stretches: Sequence[Stretch], listening: Listening, share: float) -> _Beats:
    """The song's beats and drops at the times at which they are heard in the file."""
    times: list[float] = []
    downbeat: list[bool] = []
    drops: list[Drop] = []
    for stretch in stretches:
        out_s = stretch.out_of(listening.beats_s)
        for index in np.flatnonzero((out_s >= stretch.from_s) & (out_s <= stretch.to_s)):
            if not times or out_s[index] - times[-1] > _SAME_BEAT_S:
                times.append(float(out_s[index]))
                downbeat.append(bool(listening.beat_in_bar[index] == 1))
        for drop in listening.drops:
            at_s = float(stretch.out_of(np.array([drop.time_s]))[0])
            if stretch.from_s <= at_s <= stretch.to_s:
                drops.append(replace(drop, time_s=at_s))
    return _Beats("song", share, np.array(times), np.array(downbeat, np.bool_), tuple(drops))


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
