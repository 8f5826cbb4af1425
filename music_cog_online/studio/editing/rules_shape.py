"""The rule for the shape of the picture, whose words may stand in any clause: "a vertical montage for TikTok"."""

from __future__ import annotations

from typing import Literal

from music_cog_online.studio.editing import lexicon as words
from music_cog_online.studio.editing.clauses import Clause
from music_cog_online.studio.editing.operations import SetShape

__all__ = ["beside_shape", "shape"]

_FILL = (
    r"\bfill(?:ing)?\b|\bfull[- ]?screen\b|\b(?:no|remove|without|get rid of) (?:the )?(?:black )?bars\b|"
    r"\bcrop(?:ped)? (?:to fit|to fill|in)\b|"
    r"^(?:please |just |instead )*crop(?: (?:it|them|the (?:picture|video|clips?|sides)))?(?: instead| please)*$|铺满|"
    r"填满|裁切|裁剪|撑满|不留黑边|没有黑边"
)
_FIT = (
    r"\b(?:letter-?box|pillar-?box|with (?:black )?bars|fit (?:it |the whole |everything |inside|within)|"
    r"don'?t crop|without cropping|no crop\w*)|留黑边|加黑边|不裁|完整显示|完整画面"
)
_BLUR = r"\bblur\w*\b.{0,12}\b(?:background|bars|sides|edges)\b|(?:背景|两边|边缘)(?:虚化|模糊)|(?:虚化|模糊)背景"
_NO_BLUR = (
    r"\b(?:no|not|without|don'?t|do not|never|remove|lose|get rid of|instead of|rather than)\b.{0,16}\bblur\w*"
    r"(?: (?:background|bars|sides|edges))?|(?:不要|别|去掉|不用|取消).{0,4}(?:模糊|虚化)(?:的?(?:背景|边|黑边))?"
)
_FRAME = r"\b(?:frame|screen|bars|crop\w*|letter-?box\w*|picture|video)\b|黑边|屏|画面"
_NO_SONG = r"(?!\s+(?:music|songs?|sounds?|tracks?|audio)\b(?! video))"
_PRESETS = {"9:16": "portrait", "16:9": "landscape", "1:1": "square", "4:5": "feed"}


def shape(clause: Clause) -> SetShape | None:
    """Aspect ratio, platform shapes, fill or fit."""
    unblurred = clause.has(_NO_BLUR)
    fill, fit = clause.has(_FILL) or unblurred, clause.has(_FIT)
    blur = clause.without(_NO_BLUR).has(_BLUR)
    how: Literal["fit", "fill", "blur"] | None = "blur" if blur else "fit" if fit else "fill" if fill else None
    ratios = clause.all("r")
    if ratios:
        return SetShape(_PRESETS.get(ratios[0]), how, ratios[0])
    preset = next((name for name, pattern in words.SHAPES if clause.has(_named(pattern))), None)
    if preset is not None:
        return SetShape(preset, how, preset)
    frame = blur or unblurred or clause.has(_FRAME)
    return SetShape(None, how) if how and frame and not clause.all("t") else None


def beside_shape(clause: Clause) -> Clause:
    """What the clause says beside the shape."""
    rest = clause.without(r"‹r\d+›", *(_named(pattern) for _, pattern in words.SHAPES), _NO_BLUR, _BLUR, _FIT, _FILL)
    return rest.without(r"^[\s,，]+|[\s,，]+$")


def _named(pattern: str) -> str:
    """A shape by its name, but not "a TikTok song"."""
    return rf"(?:{pattern}){_NO_SONG}"
