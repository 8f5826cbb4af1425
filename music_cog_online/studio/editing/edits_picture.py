"""Operations on the picture: what is shown, how long, in which shape."""

from __future__ import annotations

from dataclasses import replace

from music_cog_online.studio.editing.bench import Bench
from music_cog_online.studio.editing.choosing import choose_pictures, need_picture
from music_cog_online.studio.editing.compositions import Piece
from music_cog_online.studio.editing.layout import is_montage
from music_cog_online.studio.editing.operations import (
    AddVideos,
    RemovePicture,
    Reorder,
    SetShape,
    Span,
    Trim,
    UseVideos,
)
from music_cog_online.studio.editing.replies import say, seconds
from music_cog_online.studio.planning.types import Wish

__all__ = ["add_videos", "keep_size", "leave_picture", "remove_picture", "reorder", "set_shape", "trim", "use_videos"]

_SHORTEST_S = 0.2


def trim(bench: Bench, operation: Trim) -> None:
    """The picture shortened; the music is laid out anew for what is left."""
    if operation.video is not None:
        choose_pictures(bench, (operation.video,))
    need_picture(bench)
    if operation.keep is None and operation.cut is None:
        raise bench.refuse("trim_what")
    composition = bench.composition
    if is_montage(composition) and composition.song is not None and composition.synced:
        length_s = operation.keep.end_s if operation.keep is not None and not operation.keep.start_s else None
        if length_s is not None and composition.wish is not None:
            _set_length(bench, composition.wish, length_s)
            return
        _freeze(bench)
    total_s = bench.composition.duration_s
    if operation.keep is not None:
        start_s, end_s = _edges(operation.keep, total_s)
        if start_s <= 0 and end_s >= total_s:
            raise bench.refuse("trim_longer", length=seconds(bench.language, total_s))
        pieces = bench.composition.window(start_s, end_s)
    else:
        start_s, end_s = _edges(operation.cut or Span(), total_s)
        pieces = bench.composition.without(start_s, end_s)
    if sum(piece.take_s for piece in pieces) < _SHORTEST_S:
        raise bench.refuse("empty_trim", length=seconds(bench.language, total_s))
    _put(bench, pieces, cut_before_s=start_s if operation.keep is not None else end_s if start_s <= 0 else 0.0)
    bench.note_length("what_trim", "trimmed")


def _set_length(bench: Bench, wish: Wish, length_s: float) -> None:
    """Another length of the montage; the same one again changes nothing, and that is said."""
    if wish.target_s == length_s and bench.draft and bench.composition == bench.start:
        bench.say("montage_is", length=seconds(bench.language, bench.draft.get("d", 0) / 1000))
        return
    bench.change(wish=replace(wish, target_s=length_s))
    bench.note_length("what_trim", "montage_length")


def remove_picture(bench: Bench, operation: RemovePicture) -> None:
    """A shot or a whole file taken out."""
    if operation.clip is not None:
        _remove_clip(bench, operation)
        return
    need_picture(bench)
    shots = bench.shots(bench.composition)
    number = len(shots) if operation.shot == -1 else operation.shot or 0
    if not 1 <= number <= len(shots):
        raise bench.refuse("no_number", number=number, count=len(shots))
    if len(shots) == 1:
        raise bench.refuse("last_shot")
    if is_montage(bench.composition) and bench.composition.song is not None:
        _freeze(bench)
    _put(bench, _joined(shots[: number - 1]) + _joined(shots[number:]))
    bench.note_length("what_remove", "shot_removed", number=number)


def _remove_clip(bench: Bench, operation: RemovePicture) -> None:
    need_picture(bench)
    used = list(dict.fromkeys(piece.media for piece in bench.composition.pieces))
    shown = [upload for media in used if (upload := bench.find(media)) is not None]
    if operation.clip is None:
        return
    clip = bench.resolve(operation.clip, shown)
    pieces = tuple(piece for piece in bench.composition.pieces if piece.media != clip.file.id)
    if len(pieces) == len(bench.composition.pieces):
        raise bench.refuse("no_file", name=clip.file.name, files=bench.names(shown))
    if not pieces:
        raise bench.refuse("last_shot")
    _put(bench, pieces)
    bench.note_length("what_remove", "clip_removed", name=clip.file.name)


def use_videos(bench: Bench, operation: UseVideos) -> None:
    """These files as the picture."""
    before = bench.composition.pieces
    if operation.videos:
        choose_pictures(bench, operation.videos)
    elif {upload.file.id for upload in bench.pictures} != {piece.media for piece in before}:
        bench.put(bench.pieces_of(bench.pictures))
    if bench.composition.pieces == before and before:
        shown = {shot.media for shot in bench.shots(bench.composition)}
        hidden = [upload for upload in bench.pictures if {upload.file.id} & {p.media for p in before} - shown]
        if hidden:
            bench.say("left_out", names=bench.names(hidden), why=say(bench.language, "why_no_room"))
        else:
            bench.say("placed_already", picture=bench.picture_words())
        return
    bench.note("what_picture", "placed", picture=bench.picture_words())


def add_videos(bench: Bench, operation: AddVideos) -> None:
    """More files before or after the picture."""
    uploads = [bench.resolve(ref, bench.pictures) for ref in operation.videos]
    fresh = bench.pieces_of(uploads)
    if len(fresh) == 1 and fresh[0].still and bench.composition.pieces:
        fresh = (replace(fresh[0], take_s=3.0),)
    old = bench.composition.pieces
    _put(bench, fresh + old if operation.first else old + fresh)
    bench.note("what_picture", "placed", picture=bench.names(uploads))


def reorder(bench: Bench, operation: Reorder) -> None:
    """The clips in the opposite order; a swap needs two of them."""
    need_picture(bench)
    pieces = bench.composition.pieces
    count = len({piece.media for piece in pieces})
    if len(pieces) < 2:
        raise bench.refuse("one_clip")
    if operation.swap and count != 2:
        raise bench.refuse("swap_which", picture=bench.picture_words())
    bench.put(pieces[::-1])
    media = list(dict.fromkeys(piece.media for piece in pieces[::-1]))
    names = bench.names([upload for each in media if (upload := bench.find(each)) is not None])
    bench.note("what_picture", "reordered", names=names)


def set_shape(bench: Bench, operation: SetShape) -> None:
    """Aspect ratio, and how the picture fills it."""
    need_picture(bench)
    if operation.preset is None and operation.label:
        raise bench.refuse("bad_ratio", ratio=operation.label)
    values: dict[str, str] = {}
    if operation.preset is not None:
        values["preset"] = operation.preset
    if operation.fit is not None:
        values["fit"] = "pad" if operation.fit == "fit" else operation.fit
    bench.change(**values)
    bench.did("what_shape")
    bench.shaped = True


def keep_size(bench: Bench) -> None:
    """The picture in its own size, so that nothing of it need be computed anew, unless another shape is wished."""
    if bench.composition.preset == "source" and len({piece.media for piece in bench.composition.pieces}) == 1:
        bench.change(preset="original")


def leave_picture(bench: Bench) -> None:
    """The picture as it is, under a song that is not synced."""
    wish = bench.composition.wish
    keep_size(bench)
    if wish is not None:
        bench.change(wish=replace(wish, touch_picture=False))
    bench.note("what_picture", "left_alone")


def _put(bench: Bench, pieces: tuple[Piece, ...], *, cut_before_s: float = 0.0) -> None:
    """Makes `pieces` the picture; a cut that the drop is to meet keeps its place in it."""
    wish = bench.composition.wish
    bench.put(pieces)
    if wish is not None and wish.drop_at_s is not None and cut_before_s > 0:
        left_s = wish.drop_at_s - cut_before_s
        bench.change(wish=replace(wish, drop_at_s=left_s if left_s > 0 else None))


def _freeze(bench: Bench) -> None:
    """A montage as it is cut now becomes the picture, so that single shots of it can be edited."""
    shots = bench.shots(bench.composition)
    wish = bench.composition.wish
    bench.change(pieces=shots, wish=replace(wish, mode="music_to_picture", target_s=None) if wish is not None else None)


def _joined(shots: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Neighbours that follow on in their source become one piece again."""
    joined: list[Piece] = []
    for shot in shots:
        last = joined[-1] if joined else None
        if last is not None and not shot.still and last.media == shot.media:
            gap_s = shot.from_s - (last.from_s + last.take_s)
            if abs(gap_s) < 1e-4:
                joined[-1] = replace(last, take_s=shot.from_s + shot.take_s - last.from_s)
                continue
        joined.append(shot)
    return tuple(joined)


def _edges(span: Span, total_s: float) -> tuple[float, float]:
    start_s = span.start_s or 0.0
    if start_s < 0:
        return max(0.0, total_s + start_s), total_s
    return min(start_s, total_s), total_s if span.end_s is None else min(span.end_s, total_s)
