"""Each operation carried out on the composition in hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from music_cog_online.studio.editing.bench import Bench
from music_cog_online.studio.editing.choosing import choose_pictures, choose_song
from music_cog_online.studio.editing.edits_picture import (
    add_videos,
    keep_size,
    leave_picture,
    remove_picture,
    reorder,
    set_shape,
    trim,
    use_videos,
)
from music_cog_online.studio.editing.edits_sound import (
    BACKGROUND,
    add_music,
    duck,
    fade,
    leave,
    need_sound,
    remove_music,
    set_volume,
)
from music_cog_online.studio.editing.edits_title import add_title, change_title, remove_title
from music_cog_online.studio.editing.layout import is_montage
from music_cog_online.studio.editing.operations import (
    AddMusic,
    AddTitle,
    AddVideos,
    ChangeTitle,
    Duck,
    Fade,
    Leave,
    Operation,
    RemoveMusic,
    RemovePicture,
    RemoveTitle,
    RemoveTrack,
    Reorder,
    SetShape,
    SetVolume,
    Sync,
    Talk,
    Trim,
    Unknown,
    Unsupported,
    UseVideos,
)
from music_cog_online.studio.editing.replies import clock, say, seconds
from music_cog_online.studio.editing.telling import summary, tell_facts
from music_cog_online.studio.planning.types import Wish

__all__ = ["Bench", "apply"]


def apply(bench: Bench, operation: Operation) -> None:
    """Carries out one operation.

    Raises:
        CannotDo: It makes no sense for this project; the composition is as it was.
    """
    before = bench.composition
    try:
        _CARRY_OUT[type(operation)](bench, operation)
    except BaseException:
        bench.composition = before
        raise


def sync(bench: Bench, operation: Sync) -> None:
    """Music and picture together."""
    _need_material(bench, operation)
    old = bench.composition
    if operation.hint and old.song is not None and not old.synced and _only_hands_off(operation):
        leave_picture(bench)
        return
    song = choose_song(bench, operation.song)
    need_sound(bench, song)
    another = choose_pictures(bench, operation.videos)
    old = bench.composition
    wish = old.wish if old.wish is not None and not another and old.synced else Wish()
    given: dict[str, Any] = {
        name: value
        for name in ("mode", "touch_picture", "density", "target_s", "drop_at_s", "drop_exact", "song_from_s")
        if (value := getattr(operation, name)) is not None
    }
    if operation.drop_cut is not None:
        given["drop_at_s"] = _cut_time(bench, operation.drop_cut)
    if "drop_at_s" in given:
        given.setdefault("drop_exact", False)
        _check_drop(bench, operation, replace(wish, **given), given)
    if operation.density is not None and old.wish is None and "mode" not in given:
        given["mode"] = "picture_to_music"
    if song.file.id != old.song:
        wish = replace(wish, song_from_s=None)
    refines = operation.hint and old.song is not None
    volume = operation.volume
    if volume is None:
        chosen = old.synced or refines or old.song_volume != BACKGROUND
        volume = old.song_volume if chosen else 1.0
    bench.change(
        song=song.file.id,
        wish=replace(wish, **given),
        synced=True,
        song_volume=volume,
        background=refines and old.background,
    )
    if operation.touch_picture is False:
        keep_size(bench)
    bench.sync_asked = True
    bench.did("what_sync")


def _need_material(bench: Bench, operation: Sync) -> None:
    """Makes sure that there are a picture and a song.

    Raises:
        CannotDo: One of them is missing.
    """
    if not bench.songs and operation.song is None and bench.find(bench.composition.song) is None:
        if bench.pictures:
            names = bench.names(bench.pictures) if len(bench.pictures) < 4 else None
            raise bench.refuse(
                "only_picture", picture=names or say(bench.language, "pictures", count=len(bench.pictures))
            )
        raise bench.refuse("nothing_yet")
    if not bench.pictures:
        raise bench.refuse("only_song", song=bench.songs[-1].file.name)


def _only_hands_off(operation: Sync) -> bool:
    return operation == Sync(touch_picture=False, hint=True)


def _check_drop(bench: Bench, operation: Sync, wish: Wish, given: dict[str, Any]) -> None:
    """Leaves a drop out that is to play after the end, and says so; refuses it where nothing else is asked for."""
    length_s = bench.composition.duration_s
    if is_montage(replace(bench.composition, wish=wish)):
        length_s = min(length_s, wish.target_s or length_s)
    if wish.drop_at_s is None or wish.drop_at_s < length_s:
        return
    facts = {"time": clock(wish.drop_at_s), "length": seconds(bench.language, length_s)}
    if operation.hint:
        raise bench.refuse("drop_too_late", **facts)
    bench.say("drop_too_late", **facts)
    del given["drop_at_s"], given["drop_exact"]


def _cut_time(bench: Bench, number: int) -> float:
    """Time of the cut of this number, from 1; -1 is the last."""
    shots = bench.shots(replace(bench.composition, song=None, wish=None))
    count = len(shots) - 1
    if count < 1 or not (number == -1 or 1 <= number <= count):
        raise bench.refuse("no_number", number=number, count=max(0, count))
    return sum(shot.take_s for shot in shots[: count if number == -1 else number])


# Tracks and talk


def remove_track(bench: Bench, operation: RemoveTrack) -> None:
    """A track by its number on the timeline."""
    tracks = (bench.draft or {}).get("t", [])
    if not 1 <= operation.number <= len(tracks):
        raise bench.refuse("no_track", number=operation.number)
    kind = tracks[operation.number - 1]["tt"]
    if kind == 1:
        remove_music(bench, RemoveMusic())
    elif kind == 7:
        remove_title(bench, RemoveTitle(every=True))
    else:
        raise bench.refuse("last_shot")


def talk(bench: Bench, operation: Talk) -> None:
    """An answer without an edit."""
    if operation.about == "state":
        if bench.composition.pieces or bench.composition.song:
            bench.lines.append(summary(bench))
        else:
            bench.say("empty", files=bench.names(bench.uploads))
    elif operation.about == "facts":
        tell_facts(bench)
    elif operation.about == "export" and not bench.composition.pieces:
        bench.say("empty", files=bench.names(bench.uploads))
    elif operation.about == "files":
        bench.say("files", files=bench.names(bench.uploads))
    else:
        bench.say(operation.about)


def unsupported(bench: Bench, operation: Unsupported) -> None:
    """Says what cannot be done and what is near it."""
    near = _NEAR.get(operation.what, "near_any")
    raise bench.refuse("unsupported", what=say(bench.language, f"no_{operation.what}"), near=say(bench.language, near))


def unknown(bench: Bench, operation: Unknown) -> None:
    """Says that something was not understood."""
    raise bench.refuse("unknown", text=operation.text[:80], near=say(bench.language, "near_any"))


_NEAR = {
    "captions": "near_captions",
    "lyrics": "near_captions",
    "generate": "near_generate",
    "transition": "near_transition",
    "speed": "near_speed",
    "sound": "near_sound",
    "silences": "near_silences",
    "library": "near_library",
}

_CARRY_OUT: dict[type[Operation], Callable[[Bench, Any], None]] = {
    Sync: sync,
    AddMusic: add_music,
    SetVolume: set_volume,
    Duck: duck,
    Fade: fade,
    Leave: leave,
    Reorder: reorder,
    Trim: trim,
    RemovePicture: remove_picture,
    UseVideos: use_videos,
    AddVideos: add_videos,
    AddTitle: add_title,
    ChangeTitle: change_title,
    RemoveTitle: remove_title,
    SetShape: set_shape,
    RemoveMusic: remove_music,
    RemoveTrack: remove_track,
    Talk: talk,
    Unsupported: unsupported,
    Unknown: unknown,
}
