"""Which files an instruction means when it does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from music_cog_online.studio.editing.bench import LONGEST_S, Bench
from music_cog_online.studio.editing.operations import MediaRef, Operation, Span, Sync, Trim
from music_cog_online.studio.projects import Upload

__all__ = ["choose_pictures", "choose_song", "length_of_montage", "need_picture"]


def choose_pictures(bench: Bench, refs: Sequence[MediaRef]) -> bool:
    """Puts the files that are meant on the timeline.

    Named ones replace what is there. Otherwise what is there stays; files handed over since join it, or replace it
    when it has been exported already, since then the next video of a batch has begun. An empty timeline takes all.

    Returns:
        Whether the picture is another one now.

    Raises:
        CannotDo: A named file is not there, or nothing with a picture is.
    """
    before = bench.composition.pieces
    if refs:
        uploads: list[Upload] = [bench.resolve(ref, bench.pictures) for ref in refs]
        wanted = {upload.file.id for upload in uploads}
        if wanted == {piece.media for piece in before}:
            return False
        bench.put(bench.pieces_of(uploads))
        return True
    present = {piece.media for piece in before}
    fresh = [upload for upload in bench.pictures if upload.file.id not in present]
    if before:
        newest = max((upload.place for upload in bench.uploads if upload.file.id in present), default=0)
        fresh = [upload for upload in fresh if upload.place > newest and upload.created > bench.edited]
        if fresh:
            kept = () if bench.exported_since else before
            bench.put(kept + bench.pieces_of(fresh) if kept else bench.pieces_of(fresh))
        return bool(fresh)
    if not fresh:
        raise bench.refuse("no_picture")
    bench.put(bench.pieces_of(fresh))
    return True


def choose_song(bench: Bench, ref: MediaRef | None) -> Upload:
    """The song that is meant: the named one, the one in use, the one handed over last.

    Raises:
        CannotDo: There is none.
    """
    if ref is not None:
        song = bench.resolve(ref, bench.songs)
        if song.file.info.audio is None:
            raise bench.refuse("not_song", name=song.file.name)
        if song.file.info.duration_s > LONGEST_S:
            raise bench.refuse("too_long", name=song.file.name, most=round(LONGEST_S / 60))
        return song
    present = bench.find(bench.composition.song)
    newer = [upload for upload in bench.songs if upload.created > bench.edited]
    if present is not None and not present.gone and not newer:
        return present
    if bench.songs:
        return bench.songs[-1]
    if present is not None and not present.gone:
        return present
    raise bench.refuse("no_song")


def need_picture(bench: Bench) -> None:
    """Makes sure that there is a picture to work on, and says so when it had to be put there.

    Raises:
        CannotDo: There is no video or image.
    """
    if not bench.composition.pieces:
        choose_pictures(bench, ())
        bench.say("placed", picture=bench.picture_words())


def length_of_montage(bench: Bench, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """A length that is told together with a sync belongs to the montage; without a montage the video is cut to it."""
    sync = next((each for each in operations if isinstance(each, Sync)), None)
    if sync is None:
        return tuple(operations)
    pieces = bench.composition.pieces
    files = {piece.media for piece in pieces} or {upload.file.id for upload in bench.pictures}
    if len(sync.videos or files) < 2 and sync.mode != "picture_to_music":
        return _cut_first(bench, sync, operations)
    before = operations[: list(operations).index(sync)]
    trim = next((each for each in before if isinstance(each, Trim) and each.video is None), None)
    if sync.target_s is not None or trim is None or trim.keep is None or trim.keep.start_s or trim.keep.end_s is None:
        return tuple(operations)
    longer = replace(sync, target_s=trim.keep.end_s)
    return tuple(longer if each is sync else each for each in operations if each is not trim)


def _cut_first(bench: Bench, sync: Sync, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """A single video that is to be synced at a length is cut to it first."""
    wish, target_s = bench.composition.wish, sync.target_s
    montage = sync.mode is None and wish is not None and wish.mode == "picture_to_music"
    total_s = bench.composition.duration_s or sum(bench.picture_s(upload) for upload in bench.pictures if bench.songs)
    if target_s is None or montage or not 0 < target_s < total_s:
        return tuple(operations)
    trim = Trim(keep=Span(0.0, target_s))
    whole = replace(sync, target_s=None)
    return tuple(each for one in operations for each in ((trim, whole) if one is sync else (one,)))
