"""What an instruction can ask for, one small record each.

An operation says what the user wants, not how it is done: times are seconds of the output unless the name says
otherwise, volumes are factors (1.0 is the sound as it was recorded), None means that the user did not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "AddMusic",
    "AddTitle",
    "AddVideos",
    "ChangeTitle",
    "Duck",
    "Fade",
    "History",
    "Leave",
    "MediaRef",
    "Operation",
    "RemoveMusic",
    "RemovePicture",
    "RemoveTitle",
    "RemoveTrack",
    "Reorder",
    "SetShape",
    "SetVolume",
    "Span",
    "Sync",
    "Talk",
    "Target",
    "Trim",
    "Unknown",
    "Unsupported",
    "UseVideos",
]

Target = Literal["music", "own", "all"]


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file as the user named it.

    Attributes:
        id: Media id of an uploaded file that was named.
        number: Rank among the files of its kind, from 1; -1 is the last.
        latest: "This one", "the new one".
        missing: A file name that no upload has.
    """

    id: str | None = None
    number: int | None = None
    latest: bool = False
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the output.

    Attributes:
        start_s: Where it begins; negative counts from the end; None for not said.
        end_s: Where it ends; None for not said.
        length_s: How long it is; None for not said.
        whole: From start to end of everything.
    """

    start_s: float | None = None
    end_s: float | None = None
    length_s: float | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Sync:
    """Bring music and picture together."""

    mode: Literal["auto", "music_to_picture", "picture_to_music"] | None = None
    touch_picture: bool | None = None
    density: Literal["auto", "beat", "two_beats", "bar", "phrase"] | None = None
    target_s: float | None = None
    drop_at_s: float | None = None
    drop_cut: int | None = None
    drop_exact: bool | None = None
    song_from_s: float | None = None
    volume: float | None = None
    song: MediaRef | None = None
    videos: tuple[MediaRef, ...] = ()
    hint: bool = False
    """Whether it only refines: "don't touch the picture", "put the drop at 0:12"."""


@dataclass(frozen=True, slots=True)
class AddMusic:
    """Lay a song under the picture, or another one in its place."""

    song: MediaRef | None = None
    volume: float | None = None
    from_s: float | None = None
    background: bool = False
    replace: bool = False
    touch_picture: bool | None = None


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Set a volume, or change it by a factor."""

    target: Target
    level: float | None = None
    factor: float | None = None


@dataclass(frozen=True, slots=True)
class Duck:
    """Let the music step back under speech, or not."""

    on: bool


@dataclass(frozen=True, slots=True)
class Fade:
    """Fade sound or picture in or out; a length of 0 takes a fade away, None leaves that end alone."""

    target: Literal["music", "own", "sound", "picture", "all"]
    in_s: float | None = None
    out_s: float | None = None


@dataclass(frozen=True, slots=True)
class Trim:
    """Shorten the picture.

    Attributes:
        keep: The stretch that stays.
        cut: The stretch that goes. With neither, the user did not say how long.
        video: The file that is to be shortened.
    """

    keep: Span | None = None
    cut: Span | None = None
    video: MediaRef | None = None


@dataclass(frozen=True, slots=True)
class RemovePicture:
    """Take a shot or a whole clip out.

    Attributes:
        shot: Number of the shot on the timeline, from 1; -1 is the last.
        clip: The file to take out.
    """

    shot: int | None = None
    clip: MediaRef | None = None


@dataclass(frozen=True, slots=True)
class UseVideos:
    """Make these files the picture, in this order."""

    videos: tuple[MediaRef, ...]


@dataclass(frozen=True, slots=True)
class Reorder:
    """Turn the order of the clips round; `swap` if only two are meant."""

    swap: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave something as it is: a wish with a "don't" before it.

    Attributes:
        about: ``music``, ``own`` (sound), ``title``; empty for everything.
        mutes: Whether it must not be muted, so that what is muted is heard again.
    """

    about: tuple[str, ...] = ()
    mutes: bool = False


@dataclass(frozen=True, slots=True)
class AddVideos:
    """Put files before or after the picture that is there."""

    videos: tuple[MediaRef, ...]
    first: bool = False


@dataclass(frozen=True, slots=True)
class AddTitle:
    """Put a text on the picture."""

    text: str
    span: Span = Span()
    position: str | None = None
    color: str | None = None
    size: float | None = None
    role: Literal["title", "subtitle"] = "title"
    bare: bool = False
    """Whether it was only named ("title ‘Rome’"), so that it takes the place of one that stands there already."""


@dataclass(frozen=True, slots=True)
class ChangeTitle:
    """Change a text that is there; `number` from 1, -1 the last, None the latest."""

    number: int | None = None
    old: str | None = None
    text: str | None = None
    span: Span | None = None
    position: str | None = None
    color: str | None = None
    size: float | None = None
    size_factor: float | None = None


@dataclass(frozen=True, slots=True)
class RemoveTitle:
    """Take texts away: one by number or words, else all."""

    number: int | None = None
    text: str | None = None
    every: bool = False


@dataclass(frozen=True, slots=True)
class SetShape:
    """Shape of the picture: a preset of the manifest, and how the source fills it."""

    preset: str | None = None
    fit: Literal["fill", "fit", "blur"] | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class RemoveMusic:
    """Take the music away."""


@dataclass(frozen=True, slots=True)
class RemoveTrack:
    """Take the track of this number, from 1, away."""

    number: int


@dataclass(frozen=True, slots=True)
class History:
    """Undo (-1), redo (+1) some steps, or start over (None)."""

    by: int | None


@dataclass(frozen=True, slots=True)
class Talk:
    """No edit: a greeting, thanks, help, a question about the timeline, a wish to export."""

    about: Literal["hello", "thanks", "help", "state", "facts", "export", "files"]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something the studio knows by name and cannot do."""

    what: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Words that mean nothing to the studio."""

    text: str


Operation = (
    Sync | AddMusic | SetVolume | Duck | Fade | Trim | RemovePicture | UseVideos | AddVideos | AddTitle
    | ChangeTitle | RemoveTitle | SetShape | RemoveMusic | RemoveTrack | Reorder | Leave | History | Talk | Unsupported
    | Unknown
)  # fmt: skip
"""Everything that `instructions.understand` gives."""
