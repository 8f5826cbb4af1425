"""The draft's sound as one stereo mix: the clips' own sound, the music on its time map, fades, joins and ducking."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.render.draft import Draft, MusicPiece, Shot
from music_cog_online.studio.render.loudness import RATE
from music_cog_online.studio.render.stretch import along_map
from music_cog_online.studio.timebase import frame_start_s, sample_at

__all__ = ["mix_of"]

_EDGE_S = 0.004
_MARGIN_S = 0.5
_DUCK_BELOW_DB = 13.0
_DUCK_LEAST_DB, _DUCK_MOST_DB = 4.0, 34.0
_DUCK_ATTACK_S, _DUCK_RELEASE_S, _DUCK_BRIDGE_S = 0.25, 0.8, 3.0
_BESIDE_DB, _BESIDE_MOST_DB = 1.0, 20.0
_BESIDE_S, _BESIDE_RAMP_S = 3.0, 2.0

Sound = NDArray[np.float32]


def mix_of(draft: Draft, *, ffmpeg: Ffmpeg, on_progress: Callable[[float], None] | None = None) -> Sound:
    """Mixes everything that is heard.

    Args:
        draft: The draft.
        ffmpeg: Decodes the sources.
        on_progress: Called with the share that is done, 0..1.

    Returns:
        Stereo at 48 kHz, as long as the picture, shape (n, 2); not yet levelled.

    Raises:
        MediaRefused: A source's sound cannot be decoded.
    """
    length = sample_at(draft.duration_s, RATE)
    voices = _runs([shot for shot in draft.shots if shot.volume > 0 and shot.media.info.audio is not None], draft)
    steps = max(1, len(voices) + len(draft.music))
    spoken = np.zeros((length, 2), np.float32)
    for number, voice in enumerate(voices):
        _add(spoken, _own_sound(voice, draft, ffmpeg), sample_at(frame_start_s(voice.at, draft.rate), RATE))
        _tell(on_progress, (number + 1) / steps)
    talk = _talk_spans(draft)
    for number, piece in enumerate(draft.music):
        before = _neighbour(draft.music, piece)
        start_s = piece.start_s - (piece.join_s if before is not None else 0.0)
        sound = _music(piece, start_s, draft, ffmpeg, joined=before is not None)
        begin = sample_at(start_s, RATE)
        if talk and piece.duck:
            sound *= _ducking(talk, spoken, sound, begin, volume=piece.volume)[:, None]
        _add(spoken, sound, begin)
        _tell(on_progress, (len(voices) + number + 1) / steps)
    return spoken


def _tell(on_progress: Callable[[float], None] | None, share: float) -> None:
    if on_progress is not None:
        on_progress(share)


def _add(mix: Sound, sound: Sound, begin: int) -> None:
    skip = max(0, -begin)
    begin = max(0, begin)
    part = sound[skip : skip + max(0, len(mix) - begin)]
    mix[begin : begin + len(part)] += part


def _runs(shots: Sequence[Shot], draft: Draft) -> list[Shot]:
    """Shots whose sound goes on without a break from one into the next, as one."""
    frame_s = float(1 / draft.rate)
    runs: list[Shot] = []
    for shot in shots:
        last = runs[-1] if runs else None
        if (
            last is not None
            and last.media.id == shot.media.id
            and last.at + last.frames == shot.at
            and abs(last.from_s + last.take_s - shot.from_s) < 0.0015
            and abs(last.take_s - last.frames * frame_s) < 0.002
            and abs(shot.take_s - shot.frames * frame_s) < 0.002
            and last.volume == shot.volume
            and last.fade_out_s == 0
            and shot.fade_in_s == 0
        ):
            end_s = shot.from_s + shot.take_s
            fade_out_s = shot.fade_out_s
            runs[-1] = replace(
                last, frames=last.frames + shot.frames, take_s=end_s - last.from_s, fade_out_s=fade_out_s
            )
        else:
            runs.append(shot)
    return runs


def _own_sound(shot: Shot, draft: Draft, ffmpeg: Ffmpeg) -> Sound:
    start_s = frame_start_s(shot.at, draft.rate)
    end_s = frame_start_s(shot.at + shot.frames, draft.rate)
    low_s = max(0.0, shot.from_s - _MARGIN_S)
    samples = ffmpeg.decode_audio(
        shot.media.path, rate=RATE, channels=2, start_s=low_s, duration_s=shot.take_s + shot.from_s - low_s + _MARGIN_S
    )
    knots = ((start_s, shot.from_s - low_s), (end_s, shot.from_s - low_s + shot.take_s))
    if abs(shot.take_s - (end_s - start_s)) < 0.002:  # the same speed but for rounding
        knots = ((start_s, shot.from_s - low_s), (end_s, shot.from_s - low_s + end_s - start_s))
    sound = along_map(samples, RATE, knots, start_s, end_s) * np.float32(shot.volume)
    return _with_fades(sound, max(shot.fade_in_s, _EDGE_S if shot.at else 0.0), max(shot.fade_out_s, _EDGE_S))


def _music(piece: MusicPiece, start_s: float, draft: Draft, ffmpeg: Ffmpeg, *, joined: bool) -> Sound:
    end_s = min(piece.end_s, draft.duration_s)
    outs, songs = zip(*piece.map, strict=True)
    song_s = np.interp([start_s, end_s], list(outs), list(songs))
    low_s = max(0.0, float(song_s[0]) - piece.join_s * 1.1 - _MARGIN_S)
    high_s = float(song_s[1]) + (end_s - start_s) * 0.1 + _MARGIN_S
    samples = ffmpeg.decode_audio(piece.media.path, rate=RATE, channels=2, start_s=low_s, duration_s=high_s - low_s)
    knots = [(out, song - low_s) for out, song in piece.map]
    sound = along_map(samples, RATE, knots, start_s, end_s) * np.float32(piece.volume)
    fade_in_s = max(piece.fade_in_s, piece.join_s) if joined else piece.fade_in_s
    after = _follower(draft.music, piece)
    fade_out_s = piece.fade_out_s
    if after is not None:  # the follower begins its crossfade before this one's end
        fade_out_s = max(fade_out_s, after.join_s, _EDGE_S)
    return _with_fades(sound, fade_in_s, max(fade_out_s, _EDGE_S))


def _neighbour(pieces: Sequence[MusicPiece], piece: MusicPiece) -> MusicPiece | None:
    """The piece that this one follows on with a crossfade."""
    if piece.join_s <= 0:
        return None
    return next((other for other in pieces if other is not piece and abs(other.end_s - piece.start_s) < 0.01), None)


def _follower(pieces: Sequence[MusicPiece], piece: MusicPiece) -> MusicPiece | None:
    return next((other for other in pieces if other is not piece and abs(other.start_s - piece.end_s) < 0.01), None)


def _with_fades(sound: Sound, fade_in_s: float, fade_out_s: float) -> Sound:
    """Fades in and out along a quarter of a sine squared, so that two that cross keep the level of like sounds."""
    for fade_s, backwards in ((fade_in_s, False), (fade_out_s, True)):
        count = min(len(sound), sample_at(fade_s, RATE))
        if count <= 0:
            continue
        level = (np.sin(0.5 * np.pi * (np.arange(count) + 0.5) / count) ** 2).astype(np.float32)[:, None]
        if backwards:
            sound[len(sound) - count :] *= level[::-1]
        else:
            sound[:count] *= level
    return sound


def _talk_spans(draft: Draft) -> list[tuple[float, float]]:
    """Where somebody talks, in seconds of the output, with short pauses bridged."""
    spans: list[tuple[float, float]] = []
    for shot in draft.shots:
        if shot.volume <= 0 or shot.media.info.audio is None:
            continue
        start_s = frame_start_s(shot.at, draft.rate)
        end_s = frame_start_s(shot.at + shot.frames, draft.rate)
        told = shot.speech_spans or (((start_s, end_s),) if shot.speech else ())
        inside = [(max(a, start_s), min(b, end_s)) for a, b in told]
        spans += [(a, b) for a, b in inside if b > a]
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] < _DUCK_BRIDGE_S:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _ducking(talk: Sequence[tuple[float, float]], voice: Sound, music: Sound, begin: int, *, volume: float) -> Sound:
    """Gain curve for the music where somebody talks.

    Under the words it lies 13 dB below the voice and is there before the first one. In the longer pauses and around the
    talk it is hardly louder than the voice, unless it is wanted louder than it was recorded.
    """
    curve = np.zeros(len(music), np.float32)  # in decibels
    words = np.concatenate([voice[sample_at(start_s, RATE) : sample_at(end_s, RATE)] for start_s, end_s in talk])
    beside = _level_db(music) - 20 * math.log10(max(1.0, volume)) - _level_db(words) - _BESIDE_DB
    for start_s, end_s in talk:
        around = start_s - _BESIDE_S, end_s + _BESIDE_S
        _lower(curve, begin, around, min(_BESIDE_MOST_DB, beside), (_BESIDE_RAMP_S, _BESIDE_RAMP_S))
        low, high = sample_at(start_s, RATE), sample_at(end_s, RATE)
        inside = music[max(0, low - begin) : max(0, high - begin)]
        if len(inside) == 0:
            continue
        depth = _level_db(inside) - _level_db(voice[low:high]) + _DUCK_BELOW_DB
        depth = min(_DUCK_MOST_DB, max(_DUCK_LEAST_DB, depth))
        _lower(curve, begin, (start_s, end_s), depth, (_DUCK_ATTACK_S, _DUCK_RELEASE_S))
    return np.asarray(10 ** (curve / 20), np.float32)


def _lower(
    curve: Sound, begin: int, span_s: tuple[float, float], depth_db: float, ramps_s: tuple[float, float]
) -> None:
    """Brings a curve in decibels down to `-depth_db` over a span, with ramps before and after it."""
    if depth_db <= 0:
        return
    points = [span_s[0] - ramps_s[0], *span_s, span_s[1] + ramps_s[1]]
    place = np.array([round(at * RATE) - begin for at in points])
    span = np.arange(min(len(curve), max(0, place[0])), max(0, min(len(curve), place[3])))
    np.minimum.at(curve, span, np.interp(span, place, [0, -depth_db, -depth_db, 0]).astype(np.float32))


def _level_db(sound: Sound) -> float:
    """Level of the louder parts: speech has pauses that must not count."""
    size = RATE // 20
    rows = sound[: len(sound) // size * size].reshape(-1, size * 2)
    if len(rows) == 0:
        return -90.0
    power = np.sort((rows.astype(np.float64) ** 2).mean(axis=1))
    mean = float(power[len(power) // 2 :].mean())
    return 10 * math.log10(mean) if mean > 1e-9 else -90.0
