"""Each operation carried out on the composition in hand."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from music_cog_online.studio.editing.bench import Bench
from music_cog_online.studio.editing.choosing import choose_pictures, choose_song, need_picture
from music_cog_online.studio.editing.compositions import Text
from music_cog_online.studio.editing.edits_picture import (
    add_videos,
    keep_size,
    leave_picture,
    remove_picture,
    set_shape,
    trim,
    use_videos,
)
from music_cog_online.studio.editing.edits_sound import add_music, duck, fade, need_sound, remove_music, set_volume
from music_cog_online.studio.editing.layout import is_montage
from music_cog_online.studio.editing.operations import (
    AddMusic,
    AddTitle,
    AddVideos,
    ChangeTitle,
    Duck,
    Fade,
    Operation,
    RemoveMusic,
    RemovePicture,
    RemoveTitle,
    RemoveTrack,
    SetShape,
    SetVolume,
    Span,
    Sync,
    Talk,
    Trim,
    Unknown,
    Unsupported,
    UseVideos,
)
from music_cog_online.studio.editing.replies import clock, color_name, say, seconds
from music_cog_online.studio.editing.telling import summary, tell_facts
from music_cog_online.studio.planning.types import Wish

__all__ = ["Bench", "apply"]

_MAX_TITLES = 100
_MAX_TITLE_CHARS = 300
_DEFAULT_TITLE_S = 3.0


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
    if not bench.songs and operation.song is None and bench.find(bench.composition.song) is None:
        if bench.pictures:
            names = bench.names(bench.pictures) if len(bench.pictures) < 4 else None
            raise bench.refuse(
                "only_picture", picture=names or say(bench.language, "pictures", count=len(bench.pictures))
            )
        raise bench.refuse("nothing_yet")
    if not bench.pictures:
        raise bench.refuse("only_song", song=bench.songs[-1].file.name)
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
        volume = old.song_volume if old.synced or refines else 1.0
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


# Titles


def add_title(bench: Bench, operation: AddTitle) -> None:
    """A text on the picture."""
    need_picture(bench)
    words = operation.text.strip()
    if not words:
        raise bench.refuse("title_what")
    if len(words) > _MAX_TITLE_CHARS or len(bench.composition.texts) >= _MAX_TITLES:
        raise bench.refuse("short_title", most=_MAX_TITLE_CHARS)
    start_s, length_s = _place(operation.span)
    if operation.bare and (there := _standing(bench, start_s, operation)) is not None:
        number = bench.composition.texts.index(there) + 1
        span = operation.span if operation.span != Span() else None
        given = ChangeTitle(number, None, words, span, operation.position, operation.color, operation.size)
        change_title(bench, given)
        return
    text = Text(
        id=f"sg_{secrets.token_hex(4)}",
        text=words,
        start_s=start_s,
        length_s=length_s,
        position=operation.position or ("bottom" if operation.role == "subtitle" else "center"),
        size=operation.size or (0.7 if operation.role == "subtitle" else 1.0),
        color=operation.color or "#ffffff",
    )
    bench.change(texts=(*bench.composition.texts, text))
    _say_title(bench, "title_added", text)


def _standing(bench: Bench, start_s: float, operation: AddTitle) -> Text | None:
    """The text from before this instruction that stands where a bare title would stand."""
    position = operation.position or ("bottom" if operation.role == "subtitle" else "center")
    old = (text for text in bench.start.texts if text in bench.composition.texts)
    return next((text for text in old if text.position == position and text.start_s == start_s), None)


def change_title(bench: Bench, operation: ChangeTitle) -> None:
    """Other words, place, time or look of a text; where there is none, words make a new one."""
    if not bench.composition.texts and operation.text and operation.old is None and operation.number is None:
        add_title(bench, _as_new(operation, operation.text))
        return
    text = _find_title(bench, operation.number, operation.old)
    values: dict[str, Any] = {
        name: value for name in ("text", "position", "color", "size") if (value := getattr(operation, name)) is not None
    }
    if operation.size_factor is not None:
        values["size"] = round(min(4.0, max(0.2, text.size * operation.size_factor)), 3)
    if operation.span is not None:
        values["start_s"], values["length_s"] = _place(operation.span, text)
    changed = replace(text, **values)
    bench.change(texts=tuple(changed if each.id == text.id else each for each in bench.composition.texts))
    _say_title(bench, "title_changed", changed)


def _as_new(operation: ChangeTitle, text: str) -> AddTitle:
    return AddTitle(text, operation.span or Span(), operation.position, operation.color, operation.size)


def remove_title(bench: Bench, operation: RemoveTitle) -> None:
    """A text, or all of them, away."""
    texts = bench.composition.texts
    if operation.every and operation.number is None and operation.text is None and texts:
        bench.change(texts=())
        bench.note("what_title", "titles_removed")
        return
    text = _find_title(bench, operation.number, operation.text)
    bench.change(texts=tuple(each for each in texts if each.id != text.id))
    bench.note("what_title", "title_removed", text=text.text)


def _find_title(bench: Bench, number: int | None, words: str | None) -> Text:
    texts = bench.composition.texts
    if not texts:
        raise bench.refuse("no_title")
    if words is not None:
        fitting = [text for text in texts if words.lower() in text.text.lower()]
        if not fitting:
            raise bench.refuse("no_such_title")
        return fitting[-1]
    if number is None or number == -1:
        return texts[-1]
    if not 1 <= number <= len(texts):
        raise bench.refuse("no_number", number=number, count=len(texts))
    return texts[number - 1]


def _place(span: Span, old: Text | None = None) -> tuple[float, float | None]:
    """Start and length of a text: as said, else as it was, else the first three seconds."""
    if span.whole:
        return 0.0, None
    start_s = span.start_s if span.start_s is not None else old.start_s if old is not None else 0.0
    if span.end_s is not None and span.end_s > start_s:
        return start_s, span.end_s - start_s
    if span.length_s is not None:
        return start_s, max(0.1, span.length_s)
    if old is not None and old.length_s is not None:
        return start_s, old.length_s
    return start_s, min(_DEFAULT_TITLE_S, -start_s) if start_s < 0 else _DEFAULT_TITLE_S


def _say_title(bench: Bench, name: str, text: Text) -> None:
    length_s = bench.composition.duration_s
    start_s = text.start_s if text.start_s >= 0 else max(0.0, length_s + text.start_s)
    end_s = length_s if text.length_s is None else min(length_s, start_s + text.length_s)
    where = say(bench.language, text.position)
    color = color_name(bench.language, text.color)
    look = f"{'，' if bench.language == 'zh' else ', '}{color}" if color else ""
    bench.note("what_title", name, text=text.text, start=clock(start_s), end=clock(end_s), position=where + look)


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
}

_CARRY_OUT: dict[type[Operation], Callable[[Bench, Any], None]] = {
    Sync: sync,
    AddMusic: add_music,
    SetVolume: set_volume,
    Duck: duck,
    Fade: fade,
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
