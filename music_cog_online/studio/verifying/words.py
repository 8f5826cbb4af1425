"""A report in words, for a chat."""

from __future__ import annotations

from music_cog_online.studio.planning.words import clock, counted
from music_cog_online.studio.verifying.report import SyncReport

__all__ = ["summarise"]

_MOST_TIMES = 4
_SAME_END_S = 0.1


def summarise(report: SyncReport) -> tuple[str, ...]:
    """Sentences with the figures; what could not be measured is named."""
    return (_cuts(report), *_misses(report), *_unknown(report), *_drop(report), _sound(report))


def _cuts(report: SyncReport) -> str:
    if not report.sound_s:
        return "The file has no sound, so there are no beats to measure."
    if report.method == "none" and report.song_lost:
        return "The sync could not be measured: the song was not found in the file's sound."
    if report.method == "none" and report.song_sought:
        return "The song has no steady beat, so there is nothing to measure the cuts against."
    if report.method == "none":
        return "No steady beat can be heard in the file, so its sync cannot be measured."
    if not report.cuts:
        return "The file has no hard cut, so there is nothing to measure against the beats."
    if report.median_ms is None:
        return "The sync could not be measured: the song is not heard at any of the cuts."
    verb = "falls" if report.hits == 1 else "fall"
    off = f"median {report.median_ms:.0f} ms off"
    cuts = f"{report.hits} of {counted(len(report.cuts), 'cut')} {verb} on a beat ({off})"
    verdict = "In sync: " if report.in_sync else ""
    if report.method == "song":
        return f"{verdict}{cuts}."
    if report.song_lost:
        return f"The song was not found in the file's sound; by the beats heard in the file itself, {cuts}."
    return f"{verdict}{cuts} (beats as heard in the file itself)."


def _misses(report: SyncReport) -> list[str]:
    missed = [row for row in report.cuts if not row.hit and row.distance_ms is not None]
    if not missed:
        return []
    worst = sorted(missed, key=lambda row: -abs(row.distance_ms or 0.0))[:_MOST_TIMES]
    worst.sort(key=lambda row: row.time_s)
    named = [f"{clock(row.time_s)} ({_signed(row.distance_ms or 0.0)})" for row in worst]
    return [f"Off the beat: {_listed(named, len(missed))}."]


def _unknown(report: SyncReport) -> list[str]:
    unknown = [row for row in report.cuts if row.distance_ms is None]
    if not unknown or report.median_ms is None:
        return []
    named = [clock(row.time_s) for row in unknown[:_MOST_TIMES]]
    return [f"Not measured, because the song is not heard there: {_listed(named, len(unknown))}."]


def _listed(named: list[str], count: int) -> str:
    return ", ".join(named) + (f" and {count - len(named)} more" if count > len(named) else "")


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
