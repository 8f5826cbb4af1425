"""What the user has asked for so far, before it is laid out in frames: the memory of the editor.

A composition names stretches of sources, the song, how the two meet, volumes, fades, texts and the shape. Every edit
changes it and the draft is laid out anew from it, so that a later edit never builds on the roundings of an earlier one.
It travels inside the draft (``m.edit``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.planning.types import Wish

__all__ = ["Composition", "Piece", "Text", "composition_of"]

_VERSION = 1
_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a source, as it is shown before any sync.

    Attributes:
        media: Its file.
        from_s: Source time of its first frame.
        take_s: Length in seconds; for a still image the time it is shown.
        still: Whether it is an image.
    """

    media: str
    from_s: float
    take_s: float
    still: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A title or subtitle.

    Attributes:
        id: Its segment id.
        text: What it says.
        start_s: Where it begins; negative counts from the end of the video.
        length_s: How long it stands; None to the end of the video.
        position: ``top``, ``center`` or ``bottom``.
        size: Factor of the usual height.
        color: ``#rrggbb``.
    """

    id: str
    text: str
    start_s: float
    length_s: float | None
    position: str
    size: float
    color: str


@dataclass(frozen=True, slots=True)
class Composition:
    """Everything that a draft is laid out from.

    Attributes:
        pieces: The picture, in order.
        song: Media id of the music, if there is any.
        wish: How music and picture meet; None without music.
        synced: Whether the user asked for sync, and not just for music under the picture.
        song_volume: Factor of the music.
        background: Whether the music is only to lie under the original sound.
        duck: Whether the music steps back under speech; None leaves it to the material.
        own_volume: Factor of the clips' own sound; None leaves it to the material.
        song_fade_in_s: Fade of the music at its start; None leaves it to the plan.
        song_fade_out_s: Fade of the music at its end; None leaves it to the plan.
        picture_fade_in_s: Fade from black, with the clips' own sound.
        picture_fade_out_s: Fade to black, with the clips' own sound.
        texts: Titles and subtitles.
        preset: Shape, by the manifest's name.
        fit: What becomes of a picture of another shape: ``pad``, ``fill`` or ``blur``; None leaves it to the picture.
    """

    pieces: tuple[Piece, ...] = ()
    song: str | None = None
    wish: Wish | None = None
    synced: bool = False
    song_volume: float = 1.0
    background: bool = False
    duck: bool | None = None
    own_volume: float | None = None
    song_fade_in_s: float | None = None
    song_fade_out_s: float | None = None
    picture_fade_in_s: float = 0.0
    picture_fade_out_s: float = 0.0
    texts: tuple[Text, ...] = field(default=())
    preset: str = "source"
    fit: Literal["pad", "fill", "blur"] | None = None

    @property
    def duration_s(self) -> float:
        """Length of the picture before any sync."""
        return sum(piece.take_s for piece in self.pieces)

    def window(self, start_s: float, end_s: float) -> tuple[Piece, ...]:
        """The pieces between two times of the unsynced picture, cut to them."""
        kept: list[Piece] = []
        at = 0.0
        for piece in self.pieces:
            first, last = max(start_s, at), min(end_s, at + piece.take_s)
            if last - first > _EPSILON_S:
                offset = 0.0 if piece.still else first - at
                kept.append(replace(piece, from_s=piece.from_s + offset, take_s=last - first))
            at += piece.take_s
        return tuple(kept)

    def without(self, start_s: float, end_s: float) -> tuple[Piece, ...]:
        """The pieces with what lies between two times taken out."""
        return self.window(0.0, start_s) + self.window(end_s, self.duration_s)

    def to_json(self) -> dict[str, Any]:
        """The composition as JSON values."""
        return {"version": _VERSION, **asdict(self)}


def composition_of(draft: Mapping[str, Any] | None) -> Composition:
    """The composition that a draft was laid out from; an empty one for no draft.

    Raises:
        CannotDo: The draft holds none of the present version.
    """
    edit = draft.get("m", {}).get("edit") if draft else None
    if not draft or not draft.get("t"):
        edit = edit or {"version": _VERSION}
    if not isinstance(edit, Mapping) or edit.get("version") != _VERSION:
        raise CannotDo("This timeline was made elsewhere.", hint="Say “start over” to begin a new one.")
    values = {key: value for key, value in edit.items() if key != "version"}
    return Composition(
        **{
            **values,
            "pieces": tuple(Piece(**piece) for piece in values.get("pieces", ())),
            "texts": tuple(Text(**text) for text in values.get("texts", ())),
            "wish": Wish(**values["wish"]) if values.get("wish") else None,
        }
    )
