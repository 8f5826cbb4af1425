"""Size, bit rate and loudness of the output: from the draft's wishes, a preset's table, and the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.render.draft import Draft
from music_cog_online.studio.render.encoders import VideoSettings, bit_rate_for
from music_cog_online.studio.render.sound import SoundSettings

__all__ = ["OutputSettings", "output_settings"]

_BIT_RATE = 8_000_000
_SHORT_OVER_LONG = Fraction(9, 16)
_DEFAULT = "source"

Presets = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Everything that the output is encoded with."""

    video: VideoSettings
    sound: SoundSettings


def output_settings(draft: Draft, presets: Presets, output: Mapping[str, Any] | None = None) -> OutputSettings:
    """Settles how the output is encoded.

    The preset that comes with the render request wins over the draft's size, and that over the draft's preset. The
    default is the source's shape at the size of 1080p.

    Args:
        draft: The draft.
        presets: Table of presets: `width` and `height`, or `long_side`, or `keep_size`; `bit_rate`, `lufs`,
            `true_peak_db`.
        output: Details of the request; only ``preset`` is looked at.

    Raises:
        CannotDo: The preset is not in the table.
    """
    asked = str((output or {}).get("preset") or "")
    name = asked or draft.preset or _DEFAULT
    if name not in presets:
        if asked:
            raise CannotDo(f"There is no preset {asked[:40]!r}.", hint=f"Use one of: {', '.join(presets)}.")
        name = _DEFAULT
    preset = presets.get(name, {})
    if draft.width and draft.height and not asked:
        width, height = draft.width, draft.height
    else:
        width, height = _size(draft, preset)
    at_1080p30 = int(preset.get("bit_rate", _BIT_RATE))
    bit_rate = bit_rate_for(width, height, draft.rate, at_1080p30=at_1080p30)
    return OutputSettings(
        VideoSettings(width, height, draft.rate, bit_rate),
        SoundSettings(lufs=float(preset.get("lufs", -14.0)), peak_db=float(preset.get("true_peak_db", -1.0))),
    )


def _size(draft: Draft, preset: Mapping[str, Any]) -> tuple[int, int]:
    if "width" in preset and "height" in preset:
        return int(preset["width"]), int(preset["height"])
    video = draft.shots[0].media.info.video
    width, height = (video.width, video.height) if video is not None else (1920, 1080)
    scale = 1.0
    if not preset.get("keep_size"):
        long_side = int(preset.get("long_side", 1920))
        scale = min(long_side / max(width, height), long_side * float(_SHORT_OVER_LONG) / min(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
