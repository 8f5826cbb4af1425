"""A report in words, for a chat."""

from __future__ import annotations

from music_cog_online.studio.planning.words import clock, counted
from music_cog_online.studio.verifying.report import SyncReport

__all__ = ["summarise"]

_MOST_TIMES = 4
_SAME_END_S = 0.1


def summarise(report: SyncReport) -> tuple[str, ...]:
    """Sentences with the figures; what could not be measured is named."""
    return (_cuts(report), *_misses(report), *_drop(report), _sound(report))


def _cuts(report: SyncReport) -> str:
    if not report.sound_s:
        return "The file has no sound, so there are no beats to measure."
    if report.method == "none":
        return "No steady beat can be heard in the file, so its sync cannot be measured."
    if not report.cuts:
        return "The file has no hard cut, so there is nothing to measure against the beats."
    verb = "falls" if report.hits == 1 else "fall"
    where = "" if report.method == "song" else " (beats as heard in the file itself)"
    cuts = f"{report.hits} of {counted(len(report.cuts), 'cut')} {verb} on a beat"
    verdict = "In sync: " if report.in_sync else ""
    return f"{verdict}{cuts} (median {report.median_ms:.0f} ms off){where}."


def _misses(report: SyncReport) -> list[str]:
    missed = [row for row in report.cuts if not row.hit and row.distance_ms is not None]
    if not missed:
        return []
    worst = sorted(missed, key=lambda row: -abs(row.distance_ms or 0.0))[:_MOST_TIMES]
    worst.sort(key=lambda row: row.time_s)
    named = [f"{clock(row.time_s)} ({_signed(row.distance_ms or 0.0)})" for row in worst]
    more = f" and {len(missed) - len(named)} more" if len(missed) > len(named) else ""
    return [f"Off the beat: {', '.join(named)}{more}."]


def _signed(distance_ms: float) -> str:
    return f"{abs(distance_ms):.0f} ms {'late' if distance_ms > 0 else 'early'}"


def _drop(report: SyncReport) -> list[str]:
    drop = report.drop
    if drop is None or drop.cut_s is None or drop.distance_ms is None:
        return []
    if drop.hit:
        return [f"The drop meets the cut at {clock(drop.cut_s)} ({abs(drop.distance_ms):.0f} ms off)."]
    return [f"The drop at {clock(drop.time_s)} meets no cut; the nearest is {abs(drop.distance_ms) / 1000:.1f} s away."]


def _sound(report: SyncReport) -> str:
    picture = f"Picture {report.picture_s:.2f} s"
    if not report.sound_s:
        return f"{picture}, no sound."
    lengths = f"{picture}, sound {report.sound_s:.2f} s"
    if report.loudness_lufs is None:
        return f"{lengths}, silent."
    peak = "" if report.true_peak_db is None else f", true peak {report.true_peak_db:.1f} dBTP"
    return f"{lengths}; loudness {report.loudness_lufs:.1f} LUFS{peak}."
