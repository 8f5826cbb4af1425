"""Rules for sound: music, volumes, fades."""

from __future__ import annotations

import re
from typing import Literal

from music_cog_online.studio.editing import lexicon as words
from music_cog_online.studio.editing.clauses import Clause
from music_cog_online.studio.editing.operations import AddMusic, Duck, Fade, Operation, SetVolume, Target

__all__ = ["duck", "fade", "music", "volume"]

_FADE_S = 1.5
_UP = (
    r"\b(?:up|raise|increase|louder|boost|higher|more)\b|大声|(?:调|变|弄|开|放)(?:大|高|响)|"
    r"(?:大|高|响)一?[点些]|提高|增大|加大|太小|太轻"
)
_DOWN = (
    r"\b(?:down|lower|reduce|decrease|quiet(?:er)?|soft(?:er)?|less)\b|小声|(?:调|变|弄|放)(?:小|低|轻)|(?:小|"
    r"低|轻)一?[点些]|降低|减小|压低|太大|太吵|太响"
)
_TOO = r"\btoo (?:loud|quiet|soft|low|high)\b|太[大小轻响吵]|\bcan'?t hear\b|\bcannot hear\b|听不[到清见]"
_SLIGHT = r"\b(?:a bit|a little|slightly|a touch|somewhat)\b|一点|一些|稍|略"
_MUCH = r"\b(?:much|a lot|way|far)\b|很多|大幅|得多"
_STOP = r"\b(?:stop|no|don'?t|do not|disable|without|never)\b|不要|别|取消|关"


def duck(clause: Clause) -> Operation | None:
    """Ducking by its name."""
    if clause.has(r"\bduck(?:ing|s|ed)?\b|闪避|自动避让"):
        return Duck(not clause.has(_STOP))
    if clause.has(words.MUSIC) and clause.has(
        r"\b(?:under|below|while|when|during)\b.{0,20}\b(?:speech|voice|talk\w*|speak\w*|dialog\w*)\b|说话时|人声时"
    ):
        return Duck(not clause.has(_STOP))
    return None


def fade(clause: Clause) -> Operation | None:
    """Fades of sound and picture."""
    if not clause.has(words.FADE) or clause.has(r"\bcross-?fade"):
        return None
    target = _fade_target(clause)
    times = clause.all("tn")
    off = clause.has(words.REMOVE) or clause.has(
        r"\b(?:no|not|without|don'?t|do not|never) (?:\w+ ){0,2}fad|不要|别.{0,4}[淡渐]"
    )
    fade_in = clause.has(
        r"\bin\b(?! the (?:last|final|end))|fade-?in|淡入|渐入|渐显|渐强|\bfrom black\b"
    ) and clause.has(
        r"fad\w* ?-?in\b|\bin and\b|\bin/|\band in\b|\bin,|淡入|渐入|渐显|渐强|\bfrom black\b|"
        r"\bfad\w*.{0,30}\bin\b(?! (?:the|‹))"
    )
    fade_out = clause.has(r"\bout\b|淡出|渐出|渐隐|渐弱|消失|\bto (?:black|silence|nothing|white)\b|\baway\b")
    if clause.has(
        r"\b(?:both (?:ends|sides)|start and (?:the )?end|beginning and (?:the )?end)\b|首尾|头尾|两头|开头和结尾"
    ):
        fade_in = fade_out = True
    if not fade_in and not fade_out:
        fade_in = clause.has(r"\b(?:start|beginning|opening|intro)\b|开头|开始|片头")
        fade_out = not fade_in
        fade_in = fade_in or off
    length = 0.0 if off else times[0] if times else _FADE_S
    second = 0.0 if off else times[1] if len(times) > 1 else length
    if fade_in and fade_out:
        return Fade(target, length, second)
    return Fade(target, length, None) if fade_in else Fade(target, None, length)


def volume(clause: Clause) -> Operation | None:
    """Volumes and muting."""
    sounds = clause.has(words.MUSIC) or clause.has(words.OWN) or clause.has(words.SOUND)
    target = _sound_target(clause)
    if clause.has(r"\bunmute|取消静音|解除静音|恢复原声|恢复声音") or (
        clause.has(r"\b(?:keep|leave|bring back|restore|turn on)\b|保留|恢复|打开") and clause.has(words.OWN)
    ):
        level = next(iter(clause.all("p")), 1.0)
        return SetVolume("own" if target != "music" else "music", level=level)
    if not clause.has(words.SYNC) and clause.has(
        r"\b(?:only|just) (?:keep |use |hear |leave )?(?:the )?(?:music|song)\b|只(?:要|留|保留|听)(?:背景)?音乐"
    ):
        return SetVolume("own", level=0.0)
    if clause.has(words.MUTE) or (clause.has(words.REMOVE) and clause.has(words.OWN) and not clause.all("o")):
        silences_clips = target == "all" and clause.has(r"\b(?:videos?|clips?|footage)\b|视频|片段|素材")
        return SetVolume("own" if silences_clips else target, level=0.0)
    loudness = clause.has(words.VOLUME) or clause.has(_TOO)
    shares, decibels = clause.all("p"), clause.all("d")
    if not (loudness or decibels or (shares and sounds)) or (not sounds and not loudness and not decibels):
        return None
    song = clause.ref("song")
    names_song = song is not None and clause.kinds.get(song.id or "") == "audio"
    lays = clause.has(r"\b(?:add|put|lay|insert|overlay|use|play|drop in)\b|加|添|配|铺|垫|插入|用")
    if shares and lays and (names_song or clause.has(words.MUSIC)) and not clause.has(r"\b(?:the|its) volume\b"):
        return None  # "add music at 30 %"
    return _with_level(clause, target)


def _with_level(clause: Clause, target: Target) -> Operation | None:
    shares, decibels, numbers = clause.all("p"), clause.all("d"), clause.all("n")
    down = clause.has(_DOWN) or clause.has(r"\btoo (?:loud|high)\b")
    up = (clause.has(_UP) or clause.has(r"\btoo (?:quiet|soft|low)\b")) and not clause.has(r"\btoo loud\b")
    if clause.has(r"\btoo (?:quiet|soft|low)\b|太小|太轻|\bcan'?t hear\b|\bcannot hear\b|听不[到清见]"):
        up, down = True, False
    if decibels:
        value = decibels[0]
        return SetVolume(target, factor=10 ** ((-abs(value) if down else value) / 20))
    if shares:
        by = clause.has(r"\bby\b|降低了?\s*‹|提高了?\s*‹|减小\s*‹|增大\s*‹|减少\s*‹|增加\s*‹") and not clause.has(
            r"\bto ‹|到\s*‹|至\s*‹|为\s*‹"
        )
        return (
            SetVolume(target, factor=1 - shares[0] if down else 1 + shares[0])
            if by
            else SetVolume(target, level=shares[0])
        )
    if numbers and clause.has(r"\bvolume\b|\bto ‹n|\bat ‹n|音量|到\s*‹n"):
        return SetVolume(target, level=numbers[0] if numbers[0] <= 2 else numbers[0] / 100)
    if clause.has(r"\b(?:in )?half\b|\bhalve\b|一半|减半"):
        return (
            SetVolume(target, level=0.5)
            if clause.has(r"\b(?:at|to) half\b|到一半|一半音量")
            else SetVolume(target, factor=0.5)
        )
    if clause.has(r"\bdouble\b|\btwice\b|加倍|翻倍|两倍"):
        return SetVolume(target, factor=2.0)
    if clause.has(r"\b(?:full|max(?:imum)?|normal|100)\b|最大|正常|原来的音量"):
        return SetVolume(target, level=1.0)
    strength = 0.8 if clause.has(_SLIGHT) else 0.4 if clause.has(_MUCH) else 0.65
    if down or up:
        return SetVolume(target, factor=strength if down else 1 / strength)
    return None


def music(clause: Clause) -> Operation | None:
    """Laying a song under the picture, or another one in its place."""
    song = clause.ref("song")
    is_song = song is not None and (song.missing is not None or clause.kinds.get(song.id or "") == "audio")
    named = clause.has(words.MUSIC)
    replaces = clause.has(r"\b(?:replace|swap|switch|change|exchange|another|different|instead)\b|换|替换|更换")
    if not (named or is_song) or not (clause.has(words.ADD) or replaces or clause.has(r"\bwith\b") or is_song):
        return None
    if (
        song is not None
        and song.id is not None
        and clause.kinds.get(song.id) != "audio"
        and not clause.has(r"\b(?:sound|audio|music|song|track)\b|声音|音乐|歌")
    ):
        return None
    level = next(iter(clause.all("p")), None)
    decibels = next(iter(clause.all("d")), None)
    if level is None and decibels is not None:
        level = 10 ** (decibels / 20)
    if level is None and clause.has(words.VOLUME):
        level = (
            0.5 if clause.has(r"\bhalf\b|一半") else 0.25 if clause.has(r"\b(?:quiet|soft|low)\w*|小声|轻|低") else None
        )
    start = clause.find(r"\b(?:from|at|starting at|starting from)\s+(?:its |the )?‹([tn]\d+)›|从\s*‹([tn]\d+)›")
    background = clause.has(
        r"\bbackground\b|\bbgm\b|\bunder(?:neath)?\b|\bbehind\b|背景|bgm|垫|(?:在|到).{0,8}(?:下面|底下|下方)"
    )
    return AddMusic(song, level, start, background, replaces)


def _sound_target(clause: Clause) -> Target:
    own, song = re.search(words.OWN, clause.text), re.search(words.MUSIC, clause.text)
    if own and song:
        return "own" if own.start() <= song.start() else "music"
    if own:
        return "own"
    if song:
        return "music"
    return "all"


def _fade_target(clause: Clause) -> Literal["music", "own", "sound", "picture", "all"]:
    everything = clause.has(
        r"\b(?:everything|all|both|whole thing|video and (?:the )?(?:music|audio|sound)|music and (?:the "
        r")?(?:video|picture))\b|音画|画面和(?:音乐|声音)|全部|一起"
    )
    if everything:
        return "all"
    if clause.has(words.OWN):
        return "own"
    if clause.has(words.MUSIC) or clause.has(words.SOUND):
        return "music" if clause.has(words.MUSIC) else "sound"
    if clause.has(words.PICTURE):
        return "picture"
    if isinstance(clause.before, Fade):
        return clause.before.target
    if isinstance(clause.before, AddMusic):
        return "music"
    return "all"
