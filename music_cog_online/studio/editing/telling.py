"""The figures of a plan and of a timeline, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from music_cog_online.studio.drafts import KEPT_SHARE
from music_cog_online.studio.editing.bench import Bench
from music_cog_online.studio.editing.layout import is_montage
from music_cog_online.studio.editing.replies import clock, percent, say, seconds
from music_cog_online.studio.planning.types import SyncPlan

if TYPE_CHECKING:
    from music_cog_online.studio.listen.listening import Listening

__all__ = ["summary", "tell_facts", "tell_plan", "tell_shape"]


def tell_plan(bench: Bench, plan: SyncPlan, song: Listening) -> None:
    """Says what a plan reaches: cuts on beats, the drop, what became of picture and original sound."""
    composition, before = bench.composition, bench.start
    if not composition.synced:
        return
    upload = bench.find(composition.song)
    name = upload.file.name if upload is not None else ""
    laid = (composition.pieces, composition.song, composition.wish)
    if not bench.sync_asked and laid == (before.pieces, before.song, before.wish) and before.synced:
        return
    if not bench.sync_asked:
        bench.say("relaid")
    elif is_montage(composition):
        length = seconds(bench.language, plan.duration_s)
        bench.say("montage", picture=bench.picture_words(), song=name, shots=len(plan.shots), length=length)
    else:
        bench.say("synced", picture=bench.picture_words(), song=name)
    if bench.language == "en" and plan.explanation:
        bench.lines.extend(plan.explanation)
    else:
        _figures(bench, plan, song)
    _own_sound(bench)


def _figures(bench: Bench, plan: SyncPlan, song: Listening) -> None:
    hits = [hit for hit in plan.hits if hit.hit]
    if not song.has_beat:
        bench.say("no_beat", why=song.why)
    elif not plan.hits:
        bench.say("no_cuts")
    else:
        downbeats = sum(hit.downbeat for hit in hits)
        bench.say("hits", hits=len(hits), cuts=len(plan.hits), downbeats=downbeats)
    if plan.music:
        bench.say("song_from", start=clock(plan.music[0].map[0][1]))
    if plan.drop is not None and plan.drop.hit:
        bench.say("drop_met", time=clock(plan.drop.time_s))
    elif plan.drop is not None and plan.drop.named:
        bench.say("drop_missed", time=clock(plan.drop.time_s), off=round(abs(plan.drop.offset_s), 2))
    if plan.mode == "music_to_picture":
        changed = sum(shot.change != "none" for shot in plan.shots)
        if changed:
            bench.say("retimed", shots=changed)
        else:
            bench.say("untouched")


def _own_sound(bench: Bench) -> None:
    composition = bench.composition
    used = {piece.media for piece in composition.pieces}
    sounding = [upload for upload in bench.uploads if upload.file.id in used and upload.file.info.audio is not None]
    if not sounding or composition.own_volume is not None:
        return
    if any(bench.speech(upload) for upload in sounding):
        bench.say("own_talk")
    else:
        bench.say("own_quiet", level=percent(KEPT_SHARE))


def tell_shape(bench: Bench, width: int, height: int, fit: str) -> None:
    """Says which shape the picture has now."""
    shape, how = say(bench.language, bench.composition.preset), say(bench.language, f"fit_{fit}")
    bench.say("shape", shape=shape, width=width, height=height, fit=how)


def summary(bench: Bench) -> str:
    """The timeline in one line."""
    composition = bench.composition
    parts = []
    if composition.pieces:
        length = seconds(bench.language, (bench.draft or {}).get("d", composition.duration_s * 1000) / 1000)
        parts.append(f"{'画面' if bench.language == 'zh' else 'Video'}: {bench.picture_words()} ({length})")
    song = bench.find(composition.song)
    if song is not None:
        level = percent(composition.song_volume)
        parts.append(f"{'音乐' if bench.language == 'zh' else 'Music'}: “{song.file.name}” ({level})")
    parts += [f"{'文字' if bench.language == 'zh' else 'Title'}: “{text.text}”" for text in composition.texts]
    return " · ".join(parts)


def tell_facts(bench: Bench) -> None:
    """Says what is known of the songs and of the picture: tempo, drop, lengths, shots."""
    for upload in bench.songs:
        heard = bench.hear(upload)
        name, length = upload.file.name, seconds(bench.language, heard.duration_s)
        if not heard.has_beat:
            bench.say("facts_flat", name=name, length=length)
            continue
        drop = say(bench.language, "facts_drop", time=clock(heard.drops[0].time_s)) if heard.drops else ""
        bench.say("facts_song", name=name, tempo=round(heard.tempo_bpm), length=length, drop=drop)
    if bench.composition.pieces:
        shots = bench.shots(bench.composition)
        length = seconds(bench.language, sum(shot.take_s for shot in shots))
        bench.say("facts_picture", shots=len(shots), length=length)
    if not bench.lines:
        bench.say("files", files=bench.names(bench.uploads))
