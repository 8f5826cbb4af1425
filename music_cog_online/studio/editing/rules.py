"""The rules that turn a clause into an operation, in the order in which they are asked.

A rule looks at a `Clause` and gives its operation, or None to let the next rule look.
"""

from __future__ import annotations

from collections.abc import Callable

from music_cog_online.studio.editing import lexicon as words
from music_cog_online.studio.editing.clauses import Clause
from music_cog_online.studio.editing.operations import (
    AddVideos,
    History,
    Operation,
    RemoveMusic,
    RemovePicture,
    RemoveTrack,
    SetVolume,
    Talk,
    Unsupported,
    UseVideos,
)
from music_cog_online.studio.editing.rules_leave import elsewhere, reorder
from music_cog_online.studio.editing.rules_shape import shape
from music_cog_online.studio.editing.rules_sound import duck, fade, music, volume
from music_cog_online.studio.editing.rules_sync import sync, sync_hint
from music_cog_online.studio.editing.rules_title import title
from music_cog_online.studio.editing.rules_trim import trim

__all__ = ["RULES", "Clause", "question", "small_talk"]

Rule = Callable[[Clause], "Operation | list[Operation] | None"]

_UNDO = (
    r"\bundo\b|\brevert\b|\btake (?:that|it) back\b|\bgo back\b|\bprevious (?:version|state|step)\b|撤销|撤回|"
    r"回退|上一步|还原上|取消上"
)
_REDO = r"\bredo\b(?! the| sync| my)|重做|恢复撤销|取消撤销"
_RESET = (
    r"\bstart (?:over|again|fresh|from scratch|anew)\b|\breset\b|\bclear (?:everything|the timeline|all)\b|"
    r"\b(?:delete|remove|clear|erase|wipe|discard|get rid of|take out) (?:out )?"
    r"(?:everything|it all|all(?: of (?:it|them))?|"
    r"(?:the )?(?:whole |entire )?(?:timeline|project))"
    r"(?: please| from (?:the |my )?(?:timeline|project|video)| on (?:the |my )?timeline)*$|"
    r"全(?:部|都)?(?:删除?|清除|去)掉?$|(?:删除?|清除|去)掉?(?:全部|所有|一切)(?:内容|东西)?$|"
    r"(?:把|将)(?:全部|所有)(?:内容|东西)?都?(?:删|清)|"
    r"\bscrap (?:it|everything)\b|重新开始|从头再?来|清空|重置|重来|^重新来"
)
_PUT_IN = r"\b(?:add|append|insert|include|attach|put|place|bring)\b|加|插入|放|接|拼"


def history(clause: Clause) -> Operation | None:
    """Undo, redo, start over."""
    steps = next(
        (int(value) for value in clause.all("n") if 1 <= value <= 50), 2 if clause.has(r"\btwice\b|两[步次]") else 1
    )
    if clause.has(_RESET):
        return History(None)
    if clause.has(_REDO):
        return History(steps)
    return History(-steps) if clause.has(_UNDO) else None


def talk(clause: Clause) -> Operation | None:
    """Greetings, thanks, questions about the studio and the timeline, and the wish to have the file."""
    return next((Talk(about) for about, pattern in words.TALK if clause.has(pattern)), None)  # type: ignore[arg-type]


def small_talk(clause: Clause) -> Operation | None:
    """Talk that an edit would never look like, asked before the edits."""
    found = talk(clause)
    return found if isinstance(found, Talk) and found.about in ("hello", "thanks") and not clause.values else None


def question(clause: Clause) -> Operation | None:
    """Questions such as "what can you do?", which are asked before the edits."""
    found = talk(clause)
    asks = clause.has(
        r"\bwhat\b|\bwhich\b|\bhow\b|^help\b|什么|啥|哪些|怎么用|帮助$|功能$|^(?:please |can you )?(?:show|list|see|"
        r"display|describe)\b|^(?:请)?(?:显示|查看|看|列出)"
    )
    edits = clause.has(words.SYNC) or clause.has(words.TITLE) or clause.has(words.FADE) or clause.has(words.VOLUME)
    return found if isinstance(found, Talk) and asks and not edits and not clause.values else None


def remove(clause: Clause) -> Operation | None:
    """Removal of shots, clips, tracks and music."""
    if not clause.has(words.REMOVE) and not clause.has(r"\b(?:cut|skip)\b.{0,12}‹o"):
        return None
    shots = clause.find(r"‹(o\d+)›\s*(?:shots?|scenes?|cuts?|镜头|切点|剪辑|段(?!落))")
    if shots is not None:
        return RemovePicture(shot=shots)
    track = clause.find(r"‹(o\d+)›\s*(?:tracks?|音轨|轨道?)")
    if track is not None and not clause.has(r"\bsong|歌"):
        return RemoveTrack(track)
    pictures = clause.refs()
    if pictures:
        return RemovePicture(clip=pictures[0])
    song = clause.ref("song")
    if clause.has(words.MUSIC) or (song is not None and song.id and clause.kinds.get(song.id) == "audio"):
        return RemoveMusic()
    return SetVolume("all", level=0.0) if clause.has(words.SOUND) and not clause.all("tn") else None


def unsupported(clause: Clause) -> Operation | None:
    """Things of other editors, called by their name."""
    found = next((what for what, pattern in words.UNSUPPORTED if clause.has(pattern)), None)
    if found is None or (clause.has(words.SYNC) and found not in ("captions", "generate", "voice", "lyrics")):
        return None
    return Unsupported(found)


def pictures(clause: Clause) -> Operation | None:
    """Which files make the picture."""
    refs = clause.refs()
    if not refs:
        if clause.has(
            r"\b(?:all|every|both)\b.{0,12}\b(?:clips|videos|files|photos|images)\b|所有(?:的)?(?:视频|片段|素材|"
            r"图片)|全部(?:的)?(?:视频|片段|素材|图片)"
        ) and clause.has(rf"\buse\b|\bjoin\b|\bcombine\b|\bmerge\b|用|合并|拼接|{_PUT_IN}"):
            return UseVideos(())
        return None
    if clause.has(
        r"\b(?:use|take|switch to|work on|edit|do|process|continue with|only|instead|join|combine|merge|"
        r"concat\w*)\b|用|换成|处理|只要|合并|拼接"
    ):
        return UseVideos(refs)
    if clause.has(_PUT_IN):
        return AddVideos(refs, first=clause.has(r"\b(?:start|beginning|front|before|first)\b|开头|前面|最前|之前"))
    return None


RULES: tuple[Rule, ...] = (
    small_talk, history, question, elsewhere, reorder, title, duck, fade, sync_hint, volume, remove, shape, trim, sync,
    unsupported, music, pictures, talk,
)  # fmt: skip
"""Asked in this order; the first that fits decides."""
