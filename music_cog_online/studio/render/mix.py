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
_DUCK_LEAST_DB, _DUCK_MOST_DB = 4.0, 14.0
_DUCK_ATTACK_S, _DUCK_RELEASE_S = 0.6, 1.5
_DUCK_BRIDGE_S = 3.5  # longer than both ramps, so that those of two talks never meet
_RAISE_MOST_DB, _RAISE_RAMP_S = 12.0, 0.1
_WORDS_LEAST_DB = -55.0  # quieter talk would not be heard even when raised

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
    ducked = np.zeros_like(spoken) if talk and any(piece.duck for piece in draft.music) else spoken
    steady = np.zeros_like(spoken) if ducked is not spoken and not all(piece.duck for piece in draft.music) else spoken
    for number, piece in enumerate(draft.music):
        before = _neighbour(draft.music, piece)
        start_s = piece.start_s - (piece.join_s if before is not None else 0.0)
        sound = _music(piece, start_s, draft, ffmpeg, joined=before is not None)
        _add(ducked if piece.duck else steady, sound, sample_at(start_s, RATE))
        _tell(on_progress, (len(voices) + number + 1) / steps)
    if ducked is not spoken:
        for span_s, raisable in talk:
            _balance(spoken, ducked, span_s, raisable=raisable)
        spoken += ducked
    if steady is not spoken:
        spoken += steady
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


def _talk_spans(draft: Draft) -> list[tuple[tuple[float, float], bool]]:
    """Where somebody talks, in seconds of the output, with short pauses bridged, and whether it may be raised.

    Talk that the user has turned down stays as quiet as that.
    """
    spans: list[tuple[float, float, bool]] = []
    for shot in draft.shots:
        if shot.volume <= 0 or shot.media.info.audio is None:
            continue
        start_s = frame_start_s(shot.at, draft.rate)
        end_s = frame_start_s(shot.at + shot.frames, draft.rate)
        told = shot.speech_spans or (((start_s, end_s),) if shot.speech else ())
        inside = [(max(a, start_s), min(b, end_s)) for a, b in told]
        spans += [(a, b, shot.volume >= 1) for a, b in inside if b > a]
    merged: list[tuple[tuple[float, float], bool]] = []
    for start, end, raisable in sorted(spans):
        if merged and start - merged[-1][0][1] < _DUCK_BRIDGE_S:
            (first, last), before = merged[-1]
            merged[-1] = (first, max(end, last)), raisable and before
        else:
            merged.append(((start, end), raisable))
    return merged


def _balance(voice: Sound, music: Sound, span_s: tuple[float, float], *, raisable: bool) -> None:
    """Brings the music 13 dB below the words of a talk, in place, and back to its own level after them.

    The music gives way by 4 to 14 dB, so that it is always heard; words for which that is not enough are raised, by up
    to 12 dB. The music is down before the first word, stays down over short pauses and comes back slowly.
    """
    low, high = (sample_at(edge_s, RATE) for edge_s in span_s)
    words_db, music_db = _level_db(voice[low:high]), _level_db(music[low:high])
    if words_db < _WORDS_LEAST_DB:
        return
    wanted_db = music_db - words_db + _DUCK_BELOW_DB
    depth_db = min(_DUCK_MOST_DB, max(_DUCK_LEAST_DB, wanted_db))
    _shift(music, span_s, -depth_db, (_DUCK_ATTACK_S, _DUCK_RELEASE_S))
    if raisable and wanted_db > depth_db:
        _shift(voice, span_s, min(_RAISE_MOST_DB, wanted_db - depth_db), (_RAISE_RAMP_S, _RAISE_RAMP_S))


def _shift(sound: Sound, span_s: tuple[float, float], by_db: float, ramps_s: tuple[float, float]) -> None:
    """Changes the level over a span, in place, with ramps before and after it that are straight in decibels."""
    points = [span_s[0] - ramps_s[0], *span_s, span_s[1] + ramps_s[1]]
    place = [round(at * RATE) for at in points]
    span = np.arange(min(len(sound), max(0, place[0])), max(0, min(len(sound), place[3])))
    if len(span):
        gain = 10 ** (np.interp(span, place, [0, by_db, by_db, 0]) / 20)
        sound[span[0] : span[-1] + 1] *= gain.astype(np.float32)[:, None]


def _level_db(sound: Sound) -> float:
    """Level of the louder parts: speech has pauses that must not count."""
    size = RATE // 20
    rows = sound[: len(sound) // size * size].reshape(-1, size * 2)
    if len(rows) == 0:
        return -90.0
    power = np.sort((rows.astype(np.float64) ** 2).mean(axis=1))
    mean = float(power[len(power) // 2 :].mean())
    return 10 * math.log10(mean) if mean > 1e-9 else -90.0
