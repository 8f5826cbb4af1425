"""A draft as JSON, from whomever, to what is to be rendered: typed, complete and within bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.render.fields import choice, mapping, number, pairs, rows
from music_cog_online.studio.timebase import frame_at, frame_start_s, nearest_rate, parse_rate

__all__ = ["Draft", "MusicPiece", "Shot", "Title", "parse_draft"]

MAX_DURATION_S = 3600.0
MAX_TRACKS = 64
MAX_SEGMENTS = 5000
MAX_TEXT = 500
_MAX_SIDE = 4096
_VIDEO, _AUDIO, _TEXT = 0, 1, 7
_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_POSITIONS = ("top", "center", "bottom")
_FITS = ("pad", "fill", "blur")


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch of a source on the picture track.

    Attributes:
        media: Its source.
        at: First frame of the output that shows it.
        frames: How many frames of the output show it.
        from_s: Start in the source.
        take_s: Length in the source; the speed is `take_s` over the shown time.
        volume: Factor of its own sound, 0 when muted.
        speech: Whether somebody talks all through it.
        speech_spans: Start and end of talk, in seconds of the output.
        fade_in_s: Fade of picture and sound at its start.
        fade_out_s: Fade of picture and sound at its end.
        fit: ``pad``, ``fill`` or ``blur``: what becomes of a picture of another shape.
    """

    media: MediaFile
    at: int
    frames: int
    from_s: float
    take_s: float
    volume: float
    speech: bool
    speech_spans: tuple[tuple[float, float], ...]
    fade_in_s: float
    fade_out_s: float
    fit: str


@dataclass(frozen=True, slots=True)
class MusicPiece:
    """A stretch of a sound file on a sound track.

    Attributes:
        media: Its source.
        start_s: Start in the output.
        end_s: End in the output.
        map: Pairs (output time, source time), both strictly increasing; linear in between and beyond.
        volume: Factor.
        fade_in_s: Fade at its start.
        fade_out_s: Fade at its end.
        join_s: Crossfade with the piece that it follows on.
        duck: Whether it gives way to speech.
    """

    media: MediaFile
    start_s: float
    end_s: float
    map: tuple[tuple[float, float], ...]
    volume: float
    fade_in_s: float
    fade_out_s: float
    join_s: float
    duck: bool


@dataclass(frozen=True, slots=True)
class Title:
    """A text over the picture.

    Attributes:
        text: What it says; line breaks are kept.
        start_s: Start in the output.
        end_s: End in the output.
        position: ``top``, ``center`` or ``bottom``.
        size: Factor of the usual letter height.
        color: ``#rrggbb``.
    """

    text: str
    start_s: float
    end_s: float
    position: str
    size: float
    color: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be rendered.

    Attributes:
        rate: Frames per second of the output.
        frames: Length of the output in frames.
        width: Width asked for, or None.
        height: Height asked for, or None.
        preset: Name of the preset asked for, or an empty string.
        shots: The picture, without gaps from frame 0 on; empty when there is sound alone.
        music: Pieces of sound in order of their start.
        titles: Texts in order of their start.
    """

    rate: Fraction
    frames: int
    width: int | None
    height: int | None
    preset: str
    shots: tuple[Shot, ...]
    music: tuple[MusicPiece, ...]
    titles: tuple[Title, ...]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return frame_start_s(self.frames, self.rate)


def parse_draft(draft: Mapping[str, Any], media: Mapping[str, MediaFile]) -> Draft:
    """Reads a draft; what a foreign one leaves out is derived from its milliseconds.

    Args:
        draft: The draft's JSON (``t`` tracks, ``tt`` type, ``sg`` segments, ``s`` start, ``d`` length, ``m`` details).
        media: Files of the project by id.

    Raises:
        CannotDo: The draft is not one, names media that are not there, or asks for something beyond the bounds.
    """
    about = mapping(draft.get("m"), "m")
    fit = _fit(about, "pad")
    tracks = _tracks(draft)
    raw = {kind: [s for t, sg in tracks if t == kind for s in sg] for kind in (_VIDEO, _AUDIO, _TEXT)}
    rate = _rate(about, raw[_VIDEO], media)
    shots = _shots(raw[_VIDEO], media, rate, fit)
    music = tuple(sorted((_music(s, media) for s in raw[_AUDIO]), key=lambda piece: piece.start_s))
    titles = tuple(sorted((_title(s) for s in raw[_TEXT]), key=lambda title: title.start_s))
    if not shots:
        raise CannotDo("There is no picture in the timeline to render.", hint="Add a video or an image first.")
    end = shots[-1].at + shots[-1].frames
    return Draft(
        rate=rate,
        frames=end,
        width=_side(about, "width"),
        height=_side(about, "height"),
        preset=str(about.get("preset") or "")[:64],
        shots=shots,
        music=tuple(piece for piece in music if piece.start_s < frame_start_s(end, rate)),
        titles=tuple(title for title in titles if title.start_s < frame_start_s(end, rate)),
    )


def _tracks(draft: Mapping[str, Any]) -> list[tuple[int, list[Mapping[str, Any]]]]:
    tracks = rows(draft.get("t"), "t")
    if len(tracks) > MAX_TRACKS:
        raise CannotDo(f"The timeline has {len(tracks)} tracks; {MAX_TRACKS} are possible.")
    found: list[tuple[int, list[Mapping[str, Any]]]] = []
    total = 0
    for track in tracks:
        track = mapping(track, "a track")
        segments = [mapping(segment, "a segment") for segment in rows(track.get("sg"), "sg")]
        total += len(segments)
        if total > MAX_SEGMENTS:
            raise CannotDo(f"The timeline has more than {MAX_SEGMENTS} segments.")
        kind = track.get("tt")
        if isinstance(kind, bool) or not isinstance(kind, int):
            raise CannotDo("A track of the timeline has no type.")
        found.append((kind, segments))
    return found


def _rate(about: Mapping[str, Any], segments: Sequence[Mapping[str, Any]], media: Mapping[str, MediaFile]) -> Fraction:
    rate: Fraction | None = None
    if isinstance(about.get("rate"), str):
        try:
            rate = parse_rate(str(about["rate"])[:32])
        except ValueError as exc:
            raise CannotDo(f"{about['rate']!r:.40} is not a frame rate.") from exc
    elif about.get("fps") is not None:
        rate = nearest_rate(number(about, "fps", 0.0, low=1.0, high=240.0))
    else:
        files = [media.get(str(_details(s).get("media"))) for s in segments]
        rates = [f.info.video.fps for f in files if f is not None and f.info.kind == "video" and f.info.video]
        rate = rates[0] if rates else Fraction(30)
        rate = min(max(rate, Fraction(10)), Fraction(60))
    if not 1 <= rate <= 240 or rate.denominator > 100_000:
        raise CannotDo(f"{float(rate):g} frames per second cannot be rendered.", hint="Use 1 to 240.")
    return rate


def _shots(
    segments: Sequence[Mapping[str, Any]], media: Mapping[str, MediaFile], rate: Fraction, fit: str
) -> tuple[Shot, ...]:
    ordered = sorted(segments, key=lambda s: (_start_frame(s, rate), _span_s(s)[0]))
    shots: list[Shot] = []
    next_at = 0
    for segment in ordered:
        shot = _shot(segment, media, rate, fit, next_at)
        if shot is None:
            continue
        if abs(shot.at - next_at) > 1:
            what = "a gap" if shot.at > next_at else "two clips at once"
            raise CannotDo(f"The picture has {what} at {min(shot.at, next_at) / float(rate):.2f} s.")
        shots.append(shot)
        next_at += shot.frames
    return tuple(shots)


def _start_frame(segment: Mapping[str, Any], rate: Fraction) -> int:
    at = _details(segment).get("at")
    if at is not None:
        return int(number(_details(segment), "at", 0.0, low=0, high=MAX_DURATION_S * 240))
    return frame_at(_span_s(segment)[0], rate)


def _shot(
    segment: Mapping[str, Any], media: Mapping[str, MediaFile], rate: Fraction, fit: str, next_at: int
) -> Shot | None:
    details = _details(segment)
    file = _file(details, media)
    if file.info.video is None:
        raise CannotDo(f"{file.name} has no picture, but lies on the picture track.")
    start_s, length_s = _span_s(segment)
    at = _start_frame(segment, rate)
    if abs(at - next_at) <= 1:
        at = next_at
    derived = frame_at(start_s + length_s, rate) - at
    frames = int(number(details, "frames", derived, low=0, high=MAX_DURATION_S * 240))
    if frame_start_s(at + frames, rate) > MAX_DURATION_S:
        raise CannotDo(f"The timeline is longer than {MAX_DURATION_S / 60:.0f} minutes.")
    if frames <= 0:
        return None
    shown_s = frame_start_s(frames, rate)
    from_s = number(details, "from_s", 0.0, low=0.0, high=1e6)
    take_s = number(details, "take_s", shown_s, low=0.0, high=1e6)
    if file.info.kind == "image":
        from_s, take_s = 0.0, shown_s
    elif not 0.1 <= take_s / shown_s <= 10:
        raise CannotDo(f"A clip of {file.name} would play at {take_s / shown_s:.3g} times its speed.")
    return Shot(
        media=file,
        at=at,
        frames=frames,
        from_s=from_s,
        take_s=take_s,
        volume=number(details, "volume", 1.0, low=0.0, high=10.0),
        speech=bool(details.get("speech")),
        speech_spans=pairs(details.get("speech_spans"), "speech_spans"),
        fade_in_s=number(details, "fade_in_ms", 0.0, low=0.0, high=3.6e6) / 1000,
        fade_out_s=number(details, "fade_out_ms", 0.0, low=0.0, high=3.6e6) / 1000,
        fit=_fit(details, fit),
    )


def _music(segment: Mapping[str, Any], media: Mapping[str, MediaFile]) -> MusicPiece:
    details = _details(segment)
    file = _file(details, media)
    if file.info.audio is None:
        raise CannotDo(f"{file.name} has no sound, but lies on a sound track.")
    start_s, length_s = _span_s(segment)
    knots = pairs(details.get("map"), "map")
    if len(knots) >= 2:
        outs, songs = zip(*knots, strict=True)
        if any(b <= a for a, b in pairwise(outs)) or any(
            not 0.5 <= (songs[i + 1] - songs[i]) / (outs[i + 1] - outs[i]) <= 2.0 for i in range(len(outs) - 1)
        ):
            raise CannotDo(f"The time map of {file.name} does not run forward at a playable speed.")
        start_s, end_s = max(0.0, outs[0]), min(outs[-1], MAX_DURATION_S)
    else:
        end_s = start_s + length_s
        from_s = knots[0][1] - knots[0][0] + start_s if knots else number(details, "from_s", 0.0, low=0.0, high=1e6)
        knots = ((start_s, from_s), (start_s + max(length_s, 0.001), from_s + max(length_s, 0.001)))
    return MusicPiece(
        media=file,
        start_s=start_s,
        end_s=end_s,
        map=knots,
        volume=number(details, "volume", 1.0, low=0.0, high=10.0),
        fade_in_s=number(details, "fade_in_ms", 0.0, low=0.0, high=3.6e6) / 1000,
        fade_out_s=number(details, "fade_out_ms", 0.0, low=0.0, high=3.6e6) / 1000,
        join_s=number(details, "join_ms", 0.0, low=0.0, high=10_000.0) / 1000,
        duck=bool(details.get("duck", True)),
    )


def _title(segment: Mapping[str, Any]) -> Title:
    details = _details(segment)
    text = details.get("text", details.get("name", ""))
    if not isinstance(text, str):
        raise CannotDo("A title has no text.")
    if len(text) > MAX_TEXT:
        raise CannotDo(f"A title has {len(text)} characters; {MAX_TEXT} are possible.")
    start_s, length_s = _span_s(segment)
    color = details.get("color")
    return Title(
        text=text,
        start_s=start_s,
        end_s=start_s + length_s,
        position=choice(details, "position", _POSITIONS, "bottom"),
        size=number(details, "size", 1.0, low=0.1, high=5.0),
        color=color if isinstance(color, str) and _COLOR.match(color) else "#ffffff",
    )


def _file(details: Mapping[str, Any], media: Mapping[str, MediaFile]) -> MediaFile:
    key = details.get("media")
    file = media.get(key) if isinstance(key, str) else None
    if file is None:
        name = str(details.get("name") or "A segment")[:80]
        raise CannotDo(f"{name} names a file that is not in this project.", hint="Upload it again.")
    return file


def _details(segment: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(segment.get("m"), "m")


def _span_s(segment: Mapping[str, Any]) -> tuple[float, float]:
    high = MAX_DURATION_S * 1000
    return number(segment, "s", 0.0, low=0.0, high=high) / 1000, number(segment, "d", 0.0, low=0.0, high=high) / 1000


def _side(about: Mapping[str, Any], key: str) -> int | None:
    if not about.get(key):
        return None
    return max(2, round(number(about, key, 0.0, low=2, high=_MAX_SIDE) / 2) * 2)


def _fit(values: Mapping[str, Any], default: str) -> str:
    return "pad" if values.get("fit") == "fit" else choice(values, "fit", _FITS, default)
