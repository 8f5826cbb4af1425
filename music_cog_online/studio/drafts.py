"""Composition and plan → draft JSON: every shot on whole frames of the output."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from music_cog_online.studio.editing.compositions import Composition, Piece, Text
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.planning.types import MusicSpan, PlannedShot, SyncPlan
from music_cog_online.studio.timebase import frame_at, frame_start_s, milliseconds, nearest_rate

__all__ = [
    "KEPT_SHARE",
    "Material",
    "canvas_of",
    "fit_for",
    "lay_out",
    "own_volume",
    "picture_rate",
    "place_pieces",
    "with_sources",
]

KEPT_SHARE = 0.25
"""Volume of the clips' own sound under a synced song, where nobody talks."""

_LONG_SIDE, _SHORT_SIDE = 1920, 1080
_STILL_RATE = Fraction(30)
_FASTEST = Fraction(60)
_LEAST_KEPT = 0.5
Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Material:
    """A file and what is known of it.

    Attributes:
        file: The file.
        speech: Where somebody talks in it, in seconds.
    """

    file: MediaFile
    speech: Spans = ()


def picture_rate(pieces: Sequence[Piece], material: Mapping[str, Material]) -> Fraction:
    """Frame rate of an output without a plan: that of the first video, 30 where there are only images."""
    videos = (material[piece.media].file.info.video for piece in pieces if not piece.still)
    rates = (nearest_rate(float(video.fps)) for video in videos if video is not None)
    return min(next(rates, _STILL_RATE), _FASTEST)


def place_pieces(pieces: Sequence[Piece], rate: Fraction) -> tuple[PlannedShot, ...]:
    """The pieces one after another on whole frames, none lost to rounding."""
    shots: list[PlannedShot] = []
    ends_s = 0.0
    at = 0
    for piece in pieces:
        ends_s += piece.take_s
        frames = frame_at(ends_s, rate) - at
        if frames > 0:
            shots.append(PlannedShot(piece.media, piece.from_s, piece.take_s, at, frames))
            at += frames
    return tuple(shots)


def with_sources(plan: SyncPlan, pieces: Sequence[Piece]) -> SyncPlan:
    """A plan made for pieces (named ``0``, ``1``, …) as a plan for the files that they come from."""

    def of_file(shot: PlannedShot) -> PlannedShot:
        piece = pieces[int(shot.media)]
        return replace(shot, media=piece.media, from_s=0.0 if piece.still else piece.from_s + shot.from_s)

    return replace(plan, shots=tuple(of_file(shot) for shot in plan.shots))


def canvas_of(
    composition: Composition, material: Mapping[str, Material], presets: Mapping[str, Mapping[str, Any]]
) -> tuple[int, int]:
    """Width and height of the output: a preset's, else the first picture's shape in 1080p."""
    preset = presets.get(composition.preset, {})
    if "width" in preset:
        return int(preset["width"]), int(preset["height"])
    video = material[composition.pieces[0].media].file.info.video if composition.pieces else None
    if video is None:
        return _LONG_SIDE, _SHORT_SIDE
    box = (_LONG_SIDE, _SHORT_SIDE) if video.width >= video.height else (_SHORT_SIDE, _LONG_SIDE)
    scale = 1.0 if preset.get("keep_size") else min(box[0] / video.width, box[1] / video.height)
    return max(2, round(video.width * scale / 2) * 2), max(2, round(video.height * scale / 2) * 2)


def fit_for(file: MediaFile, canvas: tuple[int, int]) -> str:
    """How a picture is best shown on a canvas: filling it, or before a blurred copy where half of it would be lost."""
    video = file.info.video
    if video is None:
        return "fill"
    shapes = sorted((video.width / max(1, video.height), canvas[0] / canvas[1]))
    return "fill" if shapes[0] / shapes[1] > _LEAST_KEPT else "blur"


def own_volume(composition: Composition, material: Material) -> float:
    """Volume of a clip's own sound: as asked, else full where somebody talks and a quarter under a synced song."""
    silent = material.file.info.audio is None
    if composition.own_volume is not None and not silent:
        return composition.own_volume
    if silent or composition.song is None or composition.background or material.speech:
        return 1.0
    return KEPT_SHARE


def lay_out(
    composition: Composition,
    material: Mapping[str, Material],
    plan: SyncPlan | None,
    *,
    presets: Mapping[str, Mapping[str, Any]],
    title: str,
) -> dict[str, Any]:
    """The draft of a composition.

    Args:
        composition: What is wanted; its picture may be empty.
        material: Every file it names, by media id.
        plan: Where shots and song go, with files as its media; None for a picture without music.
        presets: Shapes by name, as the manifest has them.
        title: Name of the project.
    """
    rate = plan.rate if plan is not None else picture_rate(composition.pieces, material)
    shots = plan.shots if plan is not None else place_pieces(composition.pieces, rate)
    frames = shots[-1].at + shots[-1].frames if shots else 0
    length_s = frame_start_s(frames, rate)
    width, height = canvas_of(composition, material, presets)
    about: dict[str, Any] = {
        "title": title,
        "width": width,
        "height": height,
        "fps": round(float(rate), 3),
        "rate": f"{rate.numerator}/{rate.denominator}",
        "preset": composition.preset,
        "edit": composition.to_json(),
    }
    if plan is not None:
        about["sync" if composition.synced else "laid"] = plan.to_json()
    clips = [_clip(shot, composition, material[shot.media], rate, frames) for shot in shots]
    fills = composition.preset not in ("source", "original") or (plan is not None and plan.mode == "picture_to_music")
    for clip in clips:
        usual = "fill" if fills else fit_for(material[clip["m"]["media"]].file, (width, height))
        clip["m"]["fit"] = composition.fit or usual
    tracks = [
        ("tr_video", 0, clips),
        ("tr_music", 1, _music(composition, material, plan.music if plan is not None else ())),
        ("tr_title", 7, [_title(text, length_s) for text in composition.texts]),
    ]
    return {
        "v": 2,
        "d": milliseconds(length_s),
        "m": about,
        "t": [{"id": name, "tt": kind, "sg": segments} for name, kind, segments in tracks if segments],
    }


def plan_of(draft: Mapping[str, Any] | None) -> SyncPlan | None:
    """The plan that a draft was laid out from; None without music, or for a plan of another version."""
    about = draft.get("m", {}) if draft else {}
    try:
        return SyncPlan.from_json(about.get("sync") or about["laid"])
    except (KeyError, TypeError, ValueError):
        return None


def _clip(
    shot: PlannedShot, composition: Composition, material: Material, rate: Fraction, frames: int
) -> dict[str, Any]:
    start_s, shown_s = frame_start_s(shot.at, rate), frame_start_s(shot.frames, rate)
    spans = _spoken(shot, material, start_s, shown_s)
    first, last = shot.at == 0, shot.at + shot.frames == frames
    details: dict[str, Any] = {
        "name": _stem(material.file.name),
        "media": shot.media,
        "at": shot.at,
        "frames": shot.frames,
        "from_s": round(shot.from_s, 6),
        "take_s": round(shot.take_s, 6),
        "volume": round(own_volume(composition, material), 4),
        "speech": bool(spans),
        "fade_in_ms": milliseconds(min(composition.picture_fade_in_s, shown_s)) if first else 0,
        "fade_out_ms": milliseconds(min(composition.picture_fade_out_s, shown_s)) if last else 0,
    }
    if spans:
        details["speech_spans"] = spans
    return _segment(start_s, shown_s, details)


def _spoken(shot: PlannedShot, material: Material, start_s: float, shown_s: float) -> list[list[float]]:
    pace = shown_s / shot.take_s if shot.take_s > 0 else 1.0
    found = []
    for begin, end in material.speech:
        first, last = max(begin, shot.from_s), min(end, shot.from_s + shot.take_s)
        if last > first:
            found.append([round(start_s + (edge - shot.from_s) * pace, 4) for edge in (first, last)])
    return found


def _music(
    composition: Composition, material: Mapping[str, Material], spans: Sequence[MusicSpan]
) -> list[dict[str, Any]]:
    segments = []
    for number, span in enumerate(spans):
        first, last = number == 0, number == len(spans) - 1
        fade_in_s = span.fade_in_s if composition.song_fade_in_s is None or not first else composition.song_fade_in_s
        fade_out_s = span.fade_out_s if composition.song_fade_out_s is None or not last else composition.song_fade_out_s
        start_s, end_s = span.map[0][0], span.map[-1][0]
        details = {
            "name": _stem(material[span.media].file.name),
            "role": "music",
            "media": span.media,
            "map": [[round(out_s, 6), round(song_s, 6)] for out_s, song_s in span.map],
            "volume": round(composition.song_volume, 4),
            "fade_in_ms": milliseconds(min(fade_in_s, end_s - start_s)),
            "fade_out_ms": milliseconds(min(fade_out_s, end_s - start_s)),
            "join_ms": milliseconds(span.join_s),
            "duck": composition.duck is not False,
        }
        segments.append(_segment(start_s, end_s - start_s, details))
    return segments


def _title(text: Text, length_s: float) -> dict[str, Any]:
    start_s = text.start_s if text.start_s >= 0 else max(0.0, length_s + text.start_s)
    wanted_s = length_s - start_s if text.length_s is None else text.length_s
    start_s = min(start_s, max(0.0, length_s - min(wanted_s, length_s)))
    shown_s = max(0.0, min(wanted_s, length_s - start_s))
    details = {"text": text.text, "position": text.position, "size": text.size, "color": text.color}
    segment = _segment(start_s, shown_s, details)
    return {**segment, "id": text.id}


def _segment(start_s: float, length_s: float, details: Mapping[str, Any]) -> dict[str, Any]:
    start, end = milliseconds(start_s), milliseconds(start_s + length_s)
    return {"id": f"sg_{secrets.token_hex(4)}", "s": start, "d": end - start, "m": dict(details)}


def _stem(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return stem if dot and stem and len(extension) <= 5 else name
