"""Rules for sync: the mission's sentence, its variants, and what refines them."""

from __future__ import annotations

from typing import Literal

from music_cog_online.studio.editing import lexicon as words
from music_cog_online.studio.editing.clauses import Clause
from music_cog_online.studio.editing.operations import Operation, Sync

__all__ = ["HANDS_OFF", "sync", "sync_hint"]

_T = r"‹([tn]\d+)›"
HANDS_OFF = (
    r"\b(?:don'?t|do not|without|never|no|not) (?:to )?(?:touch|chang|alter|edit|modify|re-?tim|speed|cut|"
    r"shorten|trim|re-?cut|mov|affect)\w*"
    r" (?:the |my |any |of |up )*(?:pictures?|videos?|footage|clips?|shots?|cuts?|edit|visuals?|film|images?)\b"
    r"|\b(?:keep|leave)\b.{0,12}\b(?:pictures?|videos?|edit|cuts?|footage|shots?|visuals?)\b.{0,14}\b(?:as|"
    r"untouched|unchanged|exactly|alone|intact|same|is)\b"
    r"|\bonly (?:move|shift|adjust|change|touch|edit|stretch) (?:the )?(?:music|song|audio|track)\b|\bmusic only\b"
    r"|(?:不要|别|不|勿)(?:要|能)?(?:动|改|碰|修改|调整|改变|变|剪|更改)(?:动|变)?(?:我的|原来?的?)?(?:画面|视频|镜头|剪辑|片子|影像)"
    r"|(?:画面|视频|镜头|剪辑)(?:要|得)?(?:保持)?(?:不要|别|不)(?:动|变|改)|保持(?:原)?(?:画面|视频|剪辑)|只(?:动|调整?|改|移动)(?:音乐|歌|bgm)"
)
_DROP = r"(?:\b(?:beat )?drops?\b|\bclimax\b|\bchorus\b|高潮|副歌|爆点|drop|节拍掉落|重音)"
_DROP_AT = (
    rf"{_DROP}.{{0,40}}?\b(?:at|on|to|lands?|hits?|falls?|comes? in|starts?|begins?|@)\b.{{0,12}}?{_T}|"
    rf"{_DROP}.{{0,16}}?(?:在|到|于|落在|放在|对准|对齐)\s*(?:第)?\s*{_T}|{_T}.{{0,8}}{_DROP}"
)
_DROP_CUT = (
    rf"{_DROP}.{{0,40}}?(?:\b(?:on|at|to|with|onto|in|meets?|hits?)\b|[在到于准]).{{0,8}}?‹(o\d+)›\s*(?:cuts?|"
    rf"transitions?|切点?|剪辑|转场)"
)
_DROP_SHOT = (
    rf"{_DROP}.{{0,40}}?(?:\b(?:on|at|to|with|onto|in|meets?|hits?)\b|[在到于准]).{{0,8}}?‹(o\d+)›\s*(?:shots?|"
    rf"scenes?|clips?|镜头|片段|视频|段)"
)
_OFF_CUT = (
    r"\bcuts? or (?:not|no cuts?)\b|\b(?:not|needn'?t be|need not be) (?:necessarily )?(?:on|at) (?:a|any|the) cuts?\b|"
    r"\beven (?:if|when|without|where)\b.{0,20}\bcuts?\b|\bregardless of (?:the |any )?cuts?\b|"
    r"(?:不管|无论|不用管).{0,8}(?:切点|剪辑)|(?:不用|不必|不一定要?)(?:在|卡|对)?.{0,4}切点"
)
_EXACTLY = r"\b(?:exactly|precisely)\b|正好|刚好|准确|精确"
_PLAY = r"(?:start|begin|play|kick(?:s)? in|come in|open)\w*"
_SONG_FROM = (
    rf"\b(?:song|music|track|bgm|tune)\b.{{0,20}}\b{_PLAY}\b.{{0,6}}\b(?:at|from|with)\b\s*(?:its |the )?{_T}"
    rf"|\b{_PLAY} (?:with )?(?:the |my |this )?(?:song|music|track|bgm|tune)\b.{{0,8}}\b(?:at|from)\b\s*(?:its "
    rf"|the )?{_T}"
    rf"|\b(?:use|take) (?:the )?(?:song|music|track)\b.{{0,8}}\bfrom\b\s*{_T}|\bfrom\s+{_T}\s+(?:of|in) the "
    rf"(?:song|music|track)\b"
    rf"|(?:音乐|歌曲?|bgm|配乐)的?\s*从\s*(?:第)?\s*{_T}|从(?:音乐|歌曲?|bgm|配乐)的?\s*(?:第)?\s*{_T}"
)
_DENSITIES: tuple[tuple[Literal["beat", "two_beats", "bar", "phrase"], str], ...] = (
    ("phrase", r"\b(?:every|each|per|on) (?:other |musical )?phrases?\b|\bslow(?:er)? (?:cuts?|cutting|pace)\b|"
     r"\b(?:calm|"
r"few(?:er)? cuts)\b|每(?:个|一)?(?:乐句|句)|慢(?:一点|节奏)|少切"),
    ("two_beats", r"\b(?:every|each|per|on) (?:other|second|two|2nd) beats?\b|\bhalf[- ](?:a )?bars?\b|"
     r"每(?:隔一|两|2|二)拍|两拍一|半小节"),
    ("bar", r"\b(?:every|each|per|on) (?:other |the )?(?:bars?|measures?|downbeats?)\b|\bdownbeats\b|\bevery "
r"(?:four|fourth) beats?\b|每(?:个|一)?(?:小节|重拍|四拍)|四拍一"),
    ("beat", r"\b(?:every|each|per) (?:single )?beats?\b|\b(?:fast|quick|rapid|snappy)(?:er)? (?:cuts?|cutting|pace|"
r"edit)\b|\bmore cuts\b|\bcuts? (?:faster|quicker|more often)\b|"
    r"每(?:个|一)?(?:个)?(?:节拍|拍|鼓点)|快(?:切|剪|节奏)|多切"),
)  # fmt: skip
_BEATS: dict[float, Literal["beat", "two_beats", "bar"]] = {1: "beat", 2: "two_beats", 4: "bar"}
_MONTAGE = (
    r"\bmontage\b|\bre-?cut\b|\bcut(?:ting)? (?:all |both |of |my |the |these |those |this |them |it |"
    r"everything |clips? |videos? |footage |shots? |together )*(?:up )?(?:to|on|with|for) (?:the |every |each "
    r"|this |that |my )*(?:beat|music|song|rhythm|track|bar|phrase|downbeat|bgm|tempo)s?\b"
    r"|\bcut (?:on|at) (?:every|each)\b|\bbeat[- ]cut|\bedit (?:my |the |these )?(?:clips|videos|photos|"
    r"footage) (?:together )?to\b|\bmusic video\b|\b(?:clips|videos|photos|images|shots) (?:change|switch|"
    r"cut) (?:on|to|with|at)\b"
    r"|混剪|蒙太奇|卡点视频|剪成卡点|按(?:照)?(?:音乐|节拍|节奏|鼓点).{0,4}(?:剪|切)|(?:剪|切)(?:辑)?(?:到|在|成)?(?:每)?.{0,4}(?:节拍|节奏|鼓点)上?|踩点视频"
)
_TO_PICTURE = (
    r"\b(?:music|song|track|bgm|beats?|drops?|soundtrack)\b.{0,30}\b(?:to|with|match|onto|fit|"
    r"under)\b.{0,14}\b(?:videos?|pictures?|cuts?|edit|clips?|footage)\b|音乐.{0,8}(?:对齐|匹配|配合|适应|"
    r"同步)(?:到)?.{0,4}(?:视频|画面|镜头|剪辑|切点)"
)
_LONG = (
    rf"^{_T}[ ,，]|"
    rf"{_T}[\s-]*(?:long\b|montage|videos?\b|edit\b|reel\b|version|clip\b|的?(?:视频|短片|混剪|卡点|成片|"
    rf"片子))|\b(?:length|duration|long|make it|into|last|down to|total)\b.{{0,14}}{_T}|(?:做成|剪成|时长|总长|"
    rf"长度|控制在|一共)\D{{0,4}}{_T}|\bfor ‹(t\d+)›|\bin ‹(t\d+)›$"
)
_PLACED = (
    rf"(?:\b(?:at|from|after|until|till|before|by|first|last|start\w*|end\w*|every)\b|[从在前后到第每]).{{0,8}}{_T}"
)
_NOT_SYNC = (
    r"\b(?:don'?t|do not|no need to|stop|un-?|without|remove the) ?sync|不要(?:卡点|同步|对齐)|取消(?:卡点|同步)"
)


def sync_hint(clause: Clause) -> Operation | None:
    """What refines a sync without the word: hands off the picture, where the drop goes, where the song starts."""
    found = _details(clause)
    if found == Sync(hint=True):
        return None
    bare_density = found == Sync(density=found.density, hint=True)
    if bare_density and (clause.has(words.MUSIC) or not _is_short(clause)) and not clause.has(words.SYNC):
        return None
    if clause.has(words.SYNC) and not (found.drop_at_s is not None or found.drop_cut or found.touch_picture is False):
        return None
    if found.song_from_s is not None and found.drop_at_s is None and clause.has(r"\b(?:add|put|lay|sync\w*)\b|加|同步"):
        return None
    return sync(clause) if clause.has(r"\bsync\w*\b|卡点|同步|踩点") else found


def sync(clause: Clause) -> Operation | None:
    """Sync by name or by description."""
    if not clause.has(words.SYNC) or clause.has(_NOT_SYNC):
        return None
    details = _details(clause)
    mode: Literal["music_to_picture", "picture_to_music"] | None = None
    if clause.has(_MONTAGE):
        mode = "picture_to_music"
    elif clause.has(_TO_PICTURE) and details.touch_picture is False:
        mode = "music_to_picture"
    volume = next(iter(clause.all("p")), None)
    target = clause.find(_LONG)
    if target is None and len(clause.all("t")) == 1 and not clause.has(_PLACED):
        target = clause.all("t")[0]
    return Sync(
        mode=mode,
        touch_picture=details.touch_picture,
        density=details.density,
        target_s=target if target != details.drop_at_s else None,
        drop_at_s=details.drop_at_s,
        drop_cut=details.drop_cut,
        drop_exact=details.drop_exact,
        song_from_s=details.song_from_s,
        volume=volume,
        song=_song(clause),
        videos=clause.refs(),
    )


def _details(clause: Clause) -> Sync:
    cut = clause.find(_DROP_CUT)
    shot = clause.find(_DROP_SHOT)
    drop_at = None if cut is not None or shot is not None else clause.find(_DROP_AT)
    exact = clause.has(_OFF_CUT) or (drop_at is not None and clause.has(_EXACTLY) and not clause.has(r"\bcut\b|切点"))
    return Sync(
        touch_picture=False if clause.has(HANDS_OFF) else None,
        density=_density(clause),
        drop_at_s=drop_at,
        drop_exact=True if exact else None,
        drop_cut=cut if cut is not None else max(1, shot - 1) if shot is not None and shot > 0 else shot,
        song_from_s=clause.find(_SONG_FROM) if drop_at is None else None,
        hint=True,
    )


def _density(clause: Clause) -> Literal["beat", "two_beats", "bar", "phrase"] | None:
    beats = clause.find(r"\b(?:every|each|per) ‹(n\d+)› beats?\b|每‹?(n\d+)›?拍")
    if beats is not None:
        return _BEATS.get(beats)
    return next((name for name, pattern in _DENSITIES if clause.has(pattern)), None)


def _song(clause: Clause):  # type: ignore[no-untyped-def]
    ref = clause.ref("song")
    if ref is None or ref.latest:
        return None
    if ref.id is not None and clause.kinds.get(ref.id) != "audio":
        audio = next((media for media in clause.all("m") if clause.kinds.get(media) == "audio"), None)
        return type(ref)(id=audio) if audio else None
    return ref


def _is_short(clause: Clause) -> bool:
    return len(clause.text.split()) <= 8
