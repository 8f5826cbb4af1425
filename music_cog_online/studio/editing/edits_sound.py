"""Operations on music and original sound."""

from __future__ import annotations

from dataclasses import replace

from music_cog_online.studio.drafts import Material, own_volume
from music_cog_online.studio.editing.bench import Bench
from music_cog_online.studio.editing.choosing import choose_song, need_picture
from music_cog_online.studio.editing.edits_picture import keep_size
from music_cog_online.studio.editing.operations import AddMusic, Duck, Fade, Leave, RemoveMusic, SetVolume
from music_cog_online.studio.editing.replies import percent, say, seconds
from music_cog_online.studio.planning.types import Wish
from music_cog_online.studio.projects import Upload

__all__ = ["BACKGROUND", "add_music", "duck", "fade", "leave", "need_sound", "remove_music", "set_volume"]

BACKGROUND = 0.35
"""Volume of a song that is only put under the picture."""

_LOUDEST = 4.0
_LONGEST_FADE_S = 60.0


def add_music(bench: Bench, operation: AddMusic) -> None:
    """A song under the picture, from its start, or in place of the one that is there."""
    old = bench.composition
    if not bench.songs and operation.song is None and old.song is None:
        raise bench.refuse("no_song")
    if old.song is not None and operation.song is None and operation.volume is not None and not operation.replace:
        set_volume(bench, SetVolume("music", level=operation.volume))
        return
    song = choose_song(bench, operation.song)
    need_sound(bench, song)
    if operation.replace and operation.song is None and len(bench.songs) > 1 and song.file.id == old.song:
        song = next(upload for upload in reversed(bench.songs) if upload.file.id != old.song)
    need_picture(bench)
    level = operation.volume
    if level is None:
        level = old.song_volume if old.song is not None else BACKGROUND if operation.background else 1.0
    if old.synced and old.wish is not None:
        wish, synced, background = old.wish, True, False
        if operation.touch_picture is False:
            wish = replace(wish, touch_picture=False)
    else:
        from_s = operation.from_s or 0.0
        wish = Wish(mode="music_to_picture", touch_picture=False, song_from_s=from_s, on_beat=False)
        synced, background = False, operation.background or old.background
    bench.change(song=song.file.id, wish=wish, synced=synced, song_volume=min(level, _LOUDEST), background=background)
    if operation.touch_picture is False:
        keep_size(bench)
    bench.note("what_music", "added_music", song=song.file.name, level=percent(level))


def need_sound(bench: Bench, song: Upload) -> None:
    """Makes sure that something is heard in a song.

    Raises:
        CannotDo: It is silent.
    """
    heard = bench.hear(song)
    if not heard.has_beat and "silence" in heard.why:
        raise bench.refuse("song_silent", song=song.file.name)


def set_volume(bench: Bench, operation: SetVolume) -> None:
    """A volume set, or changed by a factor."""
    need_picture(bench)
    has_music, has_own = bench.composition.song is not None, _has_own_sound(bench)
    target = operation.target
    if target == "music" and not has_music:
        if not bench.songs or not operation.level:
            raise bench.refuse("no_music_here")
        add_music(bench, AddMusic(volume=operation.level, background=True))
        return
    if target == "own" and not has_own:
        raise bench.refuse("no_own_sound")
    if target == "all" and not has_music and not has_own:
        raise bench.refuse("no_own_sound")
    if target in ("music", "all") and has_music:
        level = _level(operation, bench.composition.song_volume)
        bench.change(song_volume=level)
        _say_level(bench, "music", level)
    if target in ("own", "all") and has_own:
        level = _level(operation, _own_level(bench))
        bench.change(own_volume=level)
        _say_level(bench, "own", level)


def duck(bench: Bench, operation: Duck) -> None:
    """Whether the music steps back under speech."""
    if bench.composition.song is None:
        raise bench.refuse("no_music_here")
    talk = any(bench.speech(upload) for upload in _sounding(bench))
    if operation.on and not talk:
        bench.change(duck=None)
        bench.say("nobody_talks")
        return
    bench.change(duck=operation.on)
    bench.note("what_volume", "ducking_on" if operation.on else "ducking_off")


def fade(bench: Bench, operation: Fade) -> None:
    """Fades of music and picture; the original sound goes with the picture."""
    need_picture(bench)
    if operation.target == "own":
        raise bench.refuse("own_fade")
    has_music = bench.composition.song is not None
    if operation.target == "music" and not has_music:
        raise bench.refuse("no_music_here")
    values: dict[str, float] = {}
    for end, wanted_s in (("in", operation.in_s), ("out", operation.out_s)):
        if wanted_s is None:
            continue
        length_s = min(max(0.0, wanted_s), _LONGEST_FADE_S, bench.composition.duration_s)
        if has_music and operation.target in ("music", "all", "sound"):
            values[f"song_fade_{end}_s"] = length_s
        if operation.target in ("picture", "all") or (operation.target == "sound" and not has_music):
            values[f"picture_fade_{end}_s"] = length_s
    bench.change(**values)
    what = "picture" if operation.target == "sound" and not has_music else operation.target
    what = "music" if what == "sound" else "picture" if what == "all" and not has_music else what
    _say_fades(bench, what, operation)


def leave(bench: Bench, operation: Leave) -> None:
    """What is not to be touched stays; what is not to be muted, but is, is heard again."""
    about = operation.about or (("music", "own") if operation.mutes else ("all",))
    muted = {
        "music": bench.composition.song is not None and bench.composition.song_volume <= 0,
        "own": bench.composition.own_volume is not None and bench.composition.own_volume <= 0,
    }
    for what in about:
        if operation.mutes and muted.get(what):
            set_volume(bench, SetVolume("music" if what == "music" else "own", level=1.0))
        else:
            bench.say("stays", what=say(bench.language, "the_titles" if what == "title" else what))


def remove_music(bench: Bench, operation: RemoveMusic) -> None:
    """The music away; the picture as it was before it."""
    del operation
    if bench.composition.song is None:
        raise bench.refuse("no_music_here")
    bench.change(
        song=None, wish=None, synced=False, background=False, song_volume=1.0, song_fade_in_s=None, song_fade_out_s=None
    )
    bench.note("what_remove", "music_removed")


def _say_fades(bench: Bench, what: str, operation: Fade) -> None:
    words = say(bench.language, what)
    if not operation.in_s and not operation.out_s:
        bench.note("what_fade", "fade_off", what=words)
        return
    for name, length_s in (("fade_in", operation.in_s), ("fade_out", operation.out_s)):
        if length_s:
            shown_s = min(length_s, bench.composition.duration_s)
            bench.note("what_fade", name, what=words, length=seconds(bench.language, shown_s))


def _say_level(bench: Bench, what: str, level: float) -> None:
    words = say(bench.language, what)
    if level <= 0:
        bench.note("what_volume", "muted", what=words)
    else:
        bench.note("what_volume", "volume", what=words, level=percent(level))


def _level(operation: SetVolume, now: float) -> float:
    wanted = operation.level if operation.level is not None else now * (operation.factor or 1.0)
    return round(min(max(0.0, wanted), _LOUDEST), 4)


def _sounding(bench: Bench) -> list[Upload]:
    """The files of the picture that have sound of their own."""
    used = {piece.media for piece in bench.composition.pieces}
    return [upload for upload in bench.uploads if upload.file.id in used and upload.file.info.audio is not None]


def _has_own_sound(bench: Bench) -> bool:
    return bool(_sounding(bench))


def _own_level(bench: Bench) -> float:
    """The loudest of the clips' own sounds as they are now."""
    return max(
        (own_volume(bench.composition, Material(upload.file, bench.speech(upload))) for upload in _sounding(bench)),
        default=1.0,
    )
