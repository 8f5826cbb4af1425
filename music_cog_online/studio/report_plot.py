"""A report as a picture: waveform, beats, cuts and the drop; hits green, misses red, unknown grey; before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from music_cog_online.studio.planning.words import clock
from music_cog_online.studio.render.fonts import bundled_fonts
from music_cog_online.studio.verifying.report import CutRow, SyncReport

__all__ = ["plot"]

_SCALE = 2  # drawn twice as large and reduced, for smooth edges
_WIDTH, _MARGIN = 1600, 48
_HEAD, _PANEL, _FOOT = 132, 318, 72
_PAPER, _INK, _SOFT = "#fbfaf7", "#1d2430", "#69707d"
_WAVE, _WAVE_QUIET = "#b9c6dd", "#dcdcdc"
_BEAT, _BAR = "#c3c7cf", "#7c8596"
_HIT, _MISS, _DROP = "#1c9b5f", "#d43f3a", "#e08a00"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_ToX = Callable[[float], float]


def plot(report: SyncReport, path: Path, before: SyncReport | None = None) -> None:
    """Draws a report as a PNG of 1600 pixels' width.

    Args:
        report: What was measured on the finished file.
        path: The PNG to write.
        before: What would hold with the song laid from zero, to be drawn above.
    """
    panels = [("With the song laid from zero", before)] if before is not None else []
    panels.append((report.file if before is None else "Now", report))
    height = _HEAD + _PANEL * len(panels) + _FOOT
    sheet = _Sheet(height)
    _head(sheet, report, before)
    for number, (name, one) in enumerate(panels):
        _panel(sheet, name, one, _HEAD + number * _PANEL, now=one is report)
    _legend(sheet, height - _FOOT + 22, drop=any(one.drop is not None for _, one in panels if one is not None))
    sheet.save(path)


class _Sheet:
    """Paper on which everything is drawn at twice its size."""

    def __init__(self, height: int) -> None:
        self._image = Image.new("RGB", (_WIDTH * _SCALE, height * _SCALE), _PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._height = height
        self._fonts: dict[int, Font] = {}

    def line(self, x0: float, y0: float, x1: float, y1: float, color: str, width: float = 1.0) -> None:
        points = [value * _SCALE for value in (x0, y0, x1, y1)]
        self._draw.line(points, fill=color, width=max(1, round(width * _SCALE)))

    def box(self, x0: float, y0: float, x1: float, y1: float, color: str, radius: float = 0.0) -> None:
        points = [value * _SCALE for value in (x0, y0, x1, y1)]
        self._draw.rounded_rectangle(points, radius * _SCALE, fill=color)

    def disc(self, x: float, y: float, radius: float, color: str) -> None:
        edges = [(x - radius) * _SCALE, (y - radius) * _SCALE, (x + radius) * _SCALE, (y + radius) * _SCALE]
        self._draw.ellipse(edges, fill=color)

    def area(self, points: Sequence[tuple[float, float]], color: str) -> None:
        self._draw.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill=color)

    def text(self, x: float, y: float, words: str, size: int, color: str = _INK, anchor: str = "la") -> float:
        """Writes, and tells how wide the words are."""
        font = self._font(size)
        self._draw.text((x * _SCALE, y * _SCALE), words, fill=color, font=font, anchor=anchor)
        return float(self._draw.textlength(words, font=font)) / _SCALE

    def width_of(self, words: str, size: int) -> float:
        return float(self._draw.textlength(words, font=self._font(size))) / _SCALE

    def save(self, path: Path) -> None:
        small = self._image.resize((_WIDTH, self._height), Image.Resampling.LANCZOS)
        small.save(path, "PNG")

    def _font(self, size: int) -> Font:
        if size not in self._fonts:
            faces = bundled_fonts()
            self._fonts[size] = (
                ImageFont.truetype(str(faces[0].path), size * _SCALE, index=faces[0].index)
                if faces
                else ImageFont.load_default(size * _SCALE)
            )
        return self._fonts[size]


def _head(sheet: _Sheet, report: SyncReport, before: SyncReport | None) -> None:
    hits, count = report.hits, len(report.cuts)
    color = _HIT if report.in_sync else _INK if hits * 2 >= count else _MISS
    if report.median_ms is None:
        sheet.text(_MARGIN, 28, report.summary[0] if report.summary else "Nothing to measure", 30)
    else:
        wide = sheet.text(_MARGIN, 24, f"{hits} of {count}", 44, color)
        sheet.text(_MARGIN + wide + 14, 41, "cuts fall on a beat", 28)
    facts = _facts(report)
    if before is not None and before.cuts:
        facts.insert(0, f"before: {before.hits} of {len(before.cuts)}")
    sheet.text(_MARGIN, 86, "   ·   ".join(facts), 19, _SOFT)
    sheet.text(_WIDTH - _MARGIN, 38, _shortened(report.file), 19, _SOFT, anchor="ra")


def _facts(report: SyncReport) -> list[str]:
    facts = [f"{report.median_ms:.0f} ms off in the median"] if report.median_ms is not None else []
    if report.method == "file":
        facts.append("by the beats heard in the file itself")
    drop = report.drop
    if drop is not None and drop.cut_s is not None:
        facts.append(f"the drop meets the cut at {clock(drop.cut_s)}" if drop.hit else "the drop meets no cut")
    if report.loudness_lufs is not None:
        facts.append(f"{report.loudness_lufs:.1f} LUFS")
    if report.true_peak_db is not None:
        facts.append(f"true peak {report.true_peak_db:.1f} dBTP")
    return facts


def _panel(sheet: _Sheet, name: str, report: SyncReport | None, top: float, *, now: bool) -> None:
    if report is None:
        return
    left, right = _MARGIN, _WIDTH - _MARGIN
    length_s = max(report.picture_s, 0.1)
    upper, lower = top + 66, top + _PANEL - 62
    middle = (upper + lower) / 2

    def x_of(time_s: float) -> float:
        return left + (right - left) * min(1.0, max(0.0, time_s / length_s))

    sheet.text(left, top + 6, name, 20, _SOFT)
    if report.median_ms is not None:
        sheet.text(right, top + 6, f"{report.hits} of {len(report.cuts)} on a beat", 20, _SOFT, anchor="ra")
    sheet.box(left - 8, upper - 8, right + 8, lower + 30, "#ffffff", 10)
    _wave(sheet, report, left, right, middle, (lower - upper) / 2 - 14, _WAVE if now else _WAVE_QUIET)
    downbeats = set(report.downbeats_s)
    for beat_s in report.beats_s:
        if 0 <= beat_s <= length_s:
            bar = beat_s in downbeats
            x = x_of(beat_s)
            sheet.line(x, lower + (6 if bar else 13), x, lower + 22, _BAR if bar else _BEAT, 1.6 if bar else 1.2)
    _drop(sheet, report, x_of, upper, lower)
    for row in report.cuts:
        _cut(sheet, row, x_of(row.time_s), upper, lower)
    _axis(sheet, length_s, left, right, lower + 34)


def _wave(
    sheet: _Sheet, report: SyncReport, left: float, right: float, middle: float, height: float, color: str
) -> None:
    values = report.waveform
    if len(values) < 2:
        sheet.line(left, middle, right, middle, color)
        return
    wide = (right - left) * min(1.0, report.sound_s / max(report.picture_s, 0.1))
    top = max(values) or 1.0
    xs = [left + wide * number / (len(values) - 1) for number in range(len(values))]
    upper = [(x, middle - height * value / top - 0.5) for x, value in zip(xs, values, strict=True)]
    lower = [(x, middle + height * value / top + 0.5) for x, value in zip(xs, values, strict=True)]
    sheet.area([*upper, *reversed(lower)], color)


def _cut(sheet: _Sheet, row: CutRow, x: float, upper: float, lower: float) -> None:
    color = _HIT if row.hit else _MISS if row.distance_ms is not None else _SOFT
    sheet.line(x, upper, x, lower + 22, color, 2.2)
    if row.distance_ms is None:
        return
    if row.hit:
        sheet.disc(x, upper, 6.5, color)
        if row.downbeat:
            sheet.disc(x, upper, 2.6, "#ffffff")
        return
    for sign in (-1, 1):
        sheet.line(x - 6, upper - 6 * sign, x + 6, upper + 6 * sign, color, 3.2)


def _drop(sheet: _Sheet, report: SyncReport, x_of: _ToX, upper: float, lower: float) -> None:
    drop = report.drop
    if drop is None or not 0 <= drop.time_s <= report.picture_s:
        return
    x = x_of(drop.time_s)
    sheet.line(x, upper - 2, x, lower + 22, _DROP, 6.0)
    wide = sheet.width_of("drop", 17) + 18
    start = min(x - 3, _WIDTH - _MARGIN - wide)
    sheet.box(start, upper - 34, start + wide, upper - 11, _DROP, 5)
    sheet.text(start + 9, upper - 23, "drop", 17, "#ffffff", anchor="lm")


def _axis(sheet: _Sheet, length_s: float, left: float, right: float, y: float) -> None:
    step = next((step for step in (1, 2, 5, 10, 15, 30, 60, 120, 300) if length_s / step <= 14), 600)
    for number in range(int(length_s / step) + 1):
        time_s = number * step
        x = left + (right - left) * time_s / length_s
        if x < right - 16 or number == 0:
            sheet.text(x, y, clock(time_s), 15, _SOFT, anchor="ma" if number else "la")


def _legend(sheet: _Sheet, y: float, *, drop: bool) -> None:
    x: float = _MARGIN
    sheet.disc(x + 6, y + 11, 6.5, _HIT)
    x += 20 + sheet.text(x + 20, y, "cut within one frame of a beat", 17) + 34
    sheet.disc(x + 6, y + 11, 6.5, _HIT)
    sheet.disc(x + 6, y + 11, 2.6, "#ffffff")
    x += 20 + sheet.text(x + 20, y, "on the first beat of a bar", 17) + 34
    for sign in (-1, 1):
        sheet.line(x, y + 11 - 6 * sign, x + 12, y + 11 + 6 * sign, _MISS, 3.2)
    x += 20 + sheet.text(x + 20, y, "cut off the beat", 17) + 34
    sheet.line(x + 3, y + 4, x + 3, y + 18, _BAR, 1.6)
    for offset in (10, 17, 24):
        sheet.line(x + offset, y + 10, x + offset, y + 18, _BEAT, 1.2)
    x += 34 + sheet.text(x + 34, y, "bars and beats", 17) + 34
    if drop:
        sheet.line(x + 3, y + 3, x + 3, y + 19, _DROP, 6.0)
        sheet.text(x + 14, y, "the song's drop", 17)


def _shortened(name: str) -> str:
    return name if len(name) <= 48 else f"{name[:30]}…{name[-15:]}"
