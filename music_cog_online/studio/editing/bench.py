"""The editor's workbench: the composition in hand, the files around it, and what is to be said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from music_cog_online.studio.editing.compositions import Composition, Piece
from music_cog_online.studio.editing.operations import MediaRef
from music_cog_online.studio.editing.replies import Language, say, seconds
from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.projects import Upload

if TYPE_CHECKING:
    from music_cog_online.studio.listen.listening import Listening

__all__ = ["LONGEST_S", "MAX_PIECES", "STILL_S", "Bench"]

LONGEST_S = 3600.0
"""Longest video or song that is worked on."""

STILL_S = 3.0
"""How long a still image stands among others."""

MAX_PIECES = 500
"""Most stretches of picture on one timeline."""

_LONE_STILL_S = 15.0
Spans = tuple[tuple[float, float], ...]


@dataclass(slots=True)
class Bench:
    """What the operations of one instruction work on.

    Attributes:
        language: In which to answer.
        uploads: Every file of the session, the latest last.
        composition: The work in hand.
        shots: Gives the picture of a composition shot by shot.
        speech: Where somebody talks in a file.
        hear: What is heard in a song.
        picture_s: How long the picture of a video really is.
        exported_since: Whether a file was rendered since the last edit.
        edited: When the last edit was kept; 0 for never.
        draft: The kept draft.
        start: The composition that `draft` was laid out from.
        moved: Whether another draft became the present one.
        sync_asked: Whether this instruction asks for sync, so that its figures are told even if nothing changes.
        shaped: Whether the shape was changed, which is told once the size is known.
        lines: Sentences of the answer.
        edits: What was done, for the history, by the names of the words in `replies`.
        measured: The sentence that tells the length of the video, which is known for sure once it is laid out: its
            place in `lines`, its name, its facts.
    """

    language: Language
    uploads: Sequence[Upload]
    composition: Composition
    shots: Callable[[Composition], tuple[Piece, ...]]
    speech: Callable[[Upload], Spans]
    hear: Callable[[Upload], Listening]
    picture_s: Callable[[Upload], float]
    exported_since: bool = False
    edited: float = 0.0
    draft: Mapping[str, Any] | None = None
    start: Composition = field(init=False)
    moved: bool = False
    shaped: bool = False
    sync_asked: bool = False
    lines: list[str] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    measured: tuple[int, str, Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        """The work begins with the composition as it is."""
        self.start = self.composition

    def say(self, name: str, /, **facts: Any) -> None:
        """Adds a sentence to the answer."""
        self.lines.append(say(self.language, name, **facts))

    def note(self, what: str, name: str, /, **facts: Any) -> None:
        """Adds a sentence about something done, and `what` to the history's words."""
        self.say(name, **facts)
        self.did(what)

    def did(self, what: str) -> None:
        """Adds to the history's words."""
        if what not in self.edits:
            self.edits.append(what)

    def note_length(self, what: str, name: str, /, **facts: Any) -> None:
        """Adds a sentence with the length of the video, which `tell_length` sets right."""
        self.measured = (len(self.lines), name, facts)
        self.note(what, name, **facts, length=seconds(self.language, self.composition.duration_s))

    def tell_length(self, length_s: float) -> None:
        """Sets the length that the last such sentence tells right."""
        if self.measured is not None:
            place, name, facts = self.measured
            self.lines[place] = say(self.language, name, **facts, length=seconds(self.language, length_s))
            self.measured = None

    def refuse(self, name: str, /, **facts: Any) -> CannotDo:
        """The error that says why an operation cannot be done."""
        return CannotDo(say(self.language, name, **facts))

    def what(self) -> str:
        """What this instruction did, for the history."""
        return " ".join(self.edits)

    def change(self, **values: Any) -> None:
        """Changes the composition in hand."""
        self.composition = replace(self.composition, **values)

    def put(self, pieces: tuple[Piece, ...]) -> None:
        """Makes `pieces` the picture.

        Raises:
            CannotDo: There is nothing left to show.
        """
        if not pieces:
            raise self.refuse("no_picture")
        self.change(pieces=pieces[:MAX_PIECES])

    # Files

    @property
    def pictures(self) -> list[Upload]:
        """Videos and images in the order in which they were handed over."""
        return [upload for upload in self.uploads if not upload.gone and upload.file.info.kind != "audio"]

    @property
    def songs(self) -> list[Upload]:
        """Sound files in the order in which they were handed over."""
        return [upload for upload in self.uploads if not upload.gone and upload.file.info.kind == "audio"]

    def find(self, media: str | None) -> Upload | None:
        """The upload with this media id."""
        return next((upload for upload in self.uploads if upload.file.id == media), None)

    def resolve(self, ref: MediaRef, among: Sequence[Upload]) -> Upload:
        """The file that the user means.

        Raises:
            CannotDo: There is no such file.
        """
        if ref.missing is not None:
            raise self.refuse("no_file", name=ref.missing, files=self.names(self.uploads))
        if ref.id is not None:
            found = self.find(ref.id)
            if found is not None and not found.gone:
                return found
            raise self.refuse("too_long_gone", name=found.file.name if found else ref.id)
        number = -1 if ref.number is None else ref.number
        if not among or not (number == -1 or 1 <= number <= len(among)):
            raise self.refuse("no_number", number=number, count=len(among))
        return among[-1] if number == -1 else among[number - 1]

    def names(self, uploads: Sequence[Upload]) -> str:
        """Their names, for a sentence."""
        if not uploads:
            return say(self.language, "no_files")
        return ("、" if self.language == "zh" else ", ").join(upload.file.name for upload in uploads)

    def picture_words(self, shown: Sequence[str] | None = None) -> str:
        """The picture in hand, or the files in `shown`: by name, or how many files they are."""
        media = list(shown or dict.fromkeys(piece.media for piece in self.composition.pieces))
        if len(media) == 1 and (upload := self.find(media[0])) is not None:
            return f"“{upload.file.name}”"
        return say(self.language, "pictures", count=len(media))

    def pieces_of(self, uploads: Sequence[Upload]) -> tuple[Piece, ...]:
        """Files as they are, one after another.

        Raises:
            CannotDo: One of them has no picture.
        """
        pieces = []
        lone = len(uploads) == 1
        for upload in uploads[:MAX_PIECES]:
            info = upload.file.info
            if info.video is None:
                raise self.refuse("not_picture", name=upload.file.name)
            still = info.kind == "image"
            if info.duration_s > LONGEST_S:
                raise self.refuse("too_long", name=upload.file.name, most=round(LONGEST_S / 60))
            take_s = (_LONE_STILL_S if lone else STILL_S) if still else self.picture_s(upload)
            if take_s > 0:
                pieces.append(Piece(upload.file.id, 0.0, take_s, still))
        return tuple(pieces)
