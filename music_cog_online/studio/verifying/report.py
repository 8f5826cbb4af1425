"""What was measured on a finished file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["IN_SYNC_SHARE", "REPORT_VERSION", "CutRow", "DropRow", "SyncReport", "cut_rows"]

REPORT_VERSION = 1
"""Version of the JSON that `SyncReport.to_json` writes."""

IN_SYNC_SHARE = 0.98
"""Share of the cuts that must fall on a beat for a file to be called in sync."""


@dataclass(frozen=True, slots=True)
class CutRow:
    """A hard cut and the beat next to it.

    Attributes:
        time_s: Time of the first frame after the cut.
        beat_s: Time of the nearest beat; None where none is known, e.g. because the song was not heard there.
        distance_ms: Cut minus beat.
        downbeat: Whether that beat opens a bar.
        hit: Whether the two are within one frame.
    """

    time_s: float
    beat_s: float | None
    distance_ms: float | None
    downbeat: bool
    hit: bool


@dataclass(frozen=True, slots=True)
class DropRow:
    """The song's drop and the cut next to it.

    Attributes:
        time_s: Time of the drop in the file.
        cut_s: Time of the nearest cut; None without cuts.
        distance_ms: Cut minus drop.
        hit: Whether the two are within one frame.
    """

    time_s: float
    cut_s: float | None
    distance_ms: float | None
    hit: bool


@dataclass(frozen=True, slots=True)
class SyncReport:
    """Everything that was measured, and nothing else.

    Attributes:
        version: Version of this shape.
        file: The file's name.
        rate: Frames per second as a fraction, e.g. ``30000/1001``.
        frames: Number of frames.
        picture_s: Length of the picture.
        sound_s: Length of the sound; 0 without any.
        method: Where the beats come from: ``song`` (found in the sound by the song), ``file`` (heard in the file
            itself) or ``none``.
        song_share: Share of the file in which the song was found; 0 when it was not, or was not looked for.
        cuts: A row for each hard cut.
        drop: The drop, if there is one in the file.
        beats_s: Beats in the file.
        downbeats_s: Those that open a bar.
        median_ms: Median distance of a cut from its beat; None without cuts or beats.
        in_sync: Whether at least 98 % of the cuts were measured to be within one frame of a beat; not when the song was
            looked for and not found.
        loudness_lufs: Integrated loudness (ITU-R BS.1770); None without sound.
        true_peak_db: True peak in dBTP; None without sound.
        waveform: Largest magnitude of the sound in equal parts of the file, 0..1.
        summary: Sentences for a chat.
        song_sought: Whether the song was known and looked for.
    """

    version: int
    file: str
    rate: str
    frames: int
    picture_s: float
    sound_s: float
    method: str
    song_share: float
    cuts: tuple[CutRow, ...]
    drop: DropRow | None
    beats_s: tuple[float, ...]
    downbeats_s: tuple[float, ...]
    median_ms: float | None
    in_sync: bool
    loudness_lufs: float | None
    true_peak_db: float | None
    waveform: tuple[float, ...]
    summary: tuple[str, ...] = ()
    song_sought: bool = False

    @property
    def hits(self) -> int:
        """Number of cuts within one frame of a beat."""
        return sum(row.hit for row in self.cuts)

    @property
    def song_lost(self) -> bool:
        """Whether the song was looked for and not found."""
        return self.song_sought and not self.song_share

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; times keep a hundredth of a millisecond."""
        data = {name: _rounded(value) for name, value in asdict(self).items()}
        return {**data, "hits": self.hits, "cut_count": len(self.cuts)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SyncReport:
        """Reads what `to_json` wrote.

        Raises:
            ValueError: Another version's shape.
        """
        if data.get("version") != REPORT_VERSION:
            raise ValueError(f"not a report of version {REPORT_VERSION}: {data.get('version')!r}")
        fields = {name: data[name] for name in cls.__slots__ if name in data or name != "song_sought"}
        return cls(
            **{
                **fields,
                "cuts": tuple(CutRow(**row) for row in data["cuts"]),
                "drop": DropRow(**data["drop"]) if data["drop"] else None,
                **{name: tuple(data[name]) for name in ("beats_s", "downbeats_s", "waveform", "summary")},
            }
        )


def cut_rows(
    cuts_s: Sequence[float],
    beats_s: NDArray[np.float64],
    downbeat: NDArray[np.bool_],
    frame_s: float,
    spans_s: Sequence[tuple[float, float]] | None = None,
) -> tuple[CutRow, ...]:
    """A row for each cut.

    Args:
        cuts_s: Times of the cuts.
        beats_s: Times of the beats, ascending, shape (b,).
        downbeat: Which of them open a bar, shape (b,).
        frame_s: Length of a frame: the distance up to which a cut counts as a hit.
        spans_s: The spans in which the beats are known; cuts outside of them get none. None: everywhere.
    """
    rows: list[CutRow] = []
    for cut_s in cuts_s:
        known = spans_s is None or any(start_s <= cut_s <= end_s for start_s, end_s in spans_s)
        if not known or not len(beats_s):
            rows.append(CutRow(float(cut_s), None, None, downbeat=False, hit=False))
            continue
        nearest = int(np.argmin(np.abs(beats_s - cut_s)))
        distance_s = float(cut_s - beats_s[nearest])
        hit = abs(distance_s) <= frame_s + 1e-6
        rows.append(
            CutRow(float(cut_s), float(beats_s[nearest]), 1000 * distance_s, downbeat=bool(downbeat[nearest]), hit=hit)
        )
    return tuple(rows)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, (list, tuple)) else value
