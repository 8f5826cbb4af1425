"""The figures of a plan and of a timeline, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from music_cog_online.studio.drafts import KEPT_SHARE
from music_cog_online.studio.editing.bench import Bench
from music_cog_online.studio.editing.layout import is_montage
from music_cog_online.studio.editing.replies import clock, percent, say, seconds
from music_cog_online.studio.planning.types import SyncPlan, Wish
from music_cog_online.studio.planning.words import sentences

if TYPE_CHECKING:
    from music_cog_online.studio.listen.listening import Listening

__all__ = ["summary", "tell_facts", "tell_plan", "tell_shape"]

_MOST_OF = 2 / 3
"""With fewer cuts than this share on a beat, a video is partly in sync."""


def tell_plan(bench: Bench, plan: SyncPlan, song: Listening) -> None:
    """Says what a plan reaches: cuts on beats, the drop, what became of picture and original sound."""
    composition, before = bench.composition, bench.start
    wish = composition.wish or Wish()
    laid = (composition.pieces, composition.song, composition.wish)
    if (
        not bench.sync_asked
        and laid == (before.pieces, before.song, before.wish)
        and composition.synced == before.synced
    ):
        return
    told = _heading(bench, plan, song) if composition.synced else {"done", "beat", "cuts", "hits", "misses", "drop"}
    bench.lines.extend(
        sentence for name, sentence in sentences(plan, song, wish, language=bench.language) if name not in told
    )
    if composition.synced:
        _own_sound(bench)


def _heading(bench: Bench, plan: SyncPlan, song: Listening) -> set[str]:
    """Says what was done in one sentence; gives the names of the sentences that need not follow."""
    composition = bench.composition
    upload = bench.find(composition.song)
    name = upload.file.name if upload is not None else ""
    hits, cuts = sum(hit.hit for hit in plan.hits), len(plan.hits)
    if not bench.sync_asked:
        bench.say("relaid")
        return set()
    if is_montage(composition):
        shown = list(dict.fromkeys(shot.media for shot in plan.shots))
        facts = {"song": name, "shots": len(plan.shots), "length": seconds(bench.language, plan.duration_s)}
        bench.say("montage" if song.has_beat else "montage_steady", picture=bench.picture_words(shown), **facts)
        _left_out(bench, plan, shown)
        return set()
    if not song.has_beat or not cuts:
        bench.say("lies", song=name, picture=bench.picture_words())
        return set()
    if hits < _MOST_OF * cuts:
        bench.say("partly", song=name, picture=bench.picture_words(), hits=hits, cuts=cuts)
        return {"hits"}
    bench.say("synced", picture=bench.picture_words(), song=name)
    return set()


def _left_out(bench: Bench, plan: SyncPlan, shown: Sequence[str]) -> None:
    media = list(dict.fromkeys(piece.media for piece in bench.composition.pieces))
    missing = [upload for each in media if each not in shown and (upload := bench.find(each)) is not None]
    if missing:
        few = len(plan.shots) < len(media)
        why = say(bench.language, "why_few", shots=len(plan.shots)) if few else say(bench.language, "why_short")
        bench.say("left_out", names=bench.names(missing), why=why)


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
