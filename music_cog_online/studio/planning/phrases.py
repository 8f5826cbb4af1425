"""The sentences in which a plan explains itself, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

__all__ = ["DROP_FIRST", "OFF_LIMITS", "OUT_OF_REACH", "TALKING", "Language", "phrase", "reason_in", "why_in"]

Language = Literal["en", "zh"]

TALKING = "somebody talks in the shot before it, which keeps its length"
"""Why a cut misses the beat: the shot before it is not re-timed."""

OFF_LIMITS = "the picture is not to be touched"
"""Why a cut misses the beat: the user wants the picture as it is."""

OUT_OF_REACH = "no beat is near enough, even with the shot before it made a little shorter or longer"
"""Why a cut misses the beat: the allowed changes do not reach one."""

DROP_FIRST = "the song is placed by its drop alone"
"""Why a cut misses the beat: the drop plays at a time that was named."""

_REASONS = {
    DROP_FIRST: "歌曲只按高潮（drop）的位置摆放",
    TALKING: "前一个镜头里有人说话，保持原长",
    OFF_LIMITS: "画面不能动",
    OUT_OF_REACH: "附近没有够得着的节拍，微调前一个镜头也不够",
}
_WHY = (
    ("silen", "歌曲没有声音"),
    ("speech", "听起来是说话声"),
    ("talk", "听起来是说话声"),
    ("noise", "听起来是噪声"),
    ("held", "一段持续的长音"),
    ("short", "歌曲太短"),
)
_PHRASES: Mapping[str, tuple[str, str]] = {
    # What is done
    "starts": ("the song starts at its {time}", "歌曲从 {time} 处开始"),
    "begins_later": ("the song begins at {time} of the video", "歌曲在视频的 {time} 处响起"),
    "speed_own": ("plays at its own speed", "按原速播放"),
    "speed_faster": ("plays {by} % faster", "加快 {by}%"),
    "speed_slower": ("plays {by} % slower", "放慢 {by}%"),
    "speed_to_faster": ("plays up to {by} % faster", "最多加快 {by}%"),
    "speed_to_slower": ("plays up to {by} % slower", "最多放慢 {by}%"),
    "speed_both": ("plays between {low} % slower and {high} % faster", "速度在放慢 {low}% 到加快 {high}% 之间"),
    "untouched": ("the picture stays as it is", "画面没有改动"),
    "trimmed": ("{shots} shortened {by}", "{shots}缩短{by}"),
    "faster": ("{shots} played faster {by}", "{shots}略微加快{by}"),
    "slower": ("{shots} played slower {by}", "{shots}略微放慢{by}"),
    "drop_met": ("; the drop meets the cut at {time}", "；高潮（drop）落在 {time} 的切点上"),
    # Cuts and beats
    "no_beat": (
        "The song gives the cuts nothing to meet: {why}.",
        "这首歌里听不出稳定的节拍（{why}），切点无拍可卡。",
    ),
    "no_cut": (
        "The video has no cut, so there is nothing to put on a beat.",
        "视频里没有切点，没有可以对拍的地方。",
    ),
    "hits": (
        "{hits} of {cuts} {verb} on a beat, {bars} of them on the first beat of a bar.",
        "{cuts} 个切点中有 {hits} 个落在节拍上，其中 {bars} 个在小节的第一拍。",
    ),
    "missed": ("{cuts} at {times} {verb} the beat: {reason}.", "{times} 处的切点没有卡上：{reason}。"),
    "more": (" and {count} more", " 等（另有 {count} 处）"),
    # The drop
    "drop_nearest": (
        "There is no cut at {asked}; the nearest is at {time}, and the drop meets that one.",
        "{asked} 处没有切点，最近的在 {time}，高潮（drop）落在那里。",
    ),
    "drop_exact": (
        "The drop plays at {time}, cut or not: the song is moved for that.",
        "高潮（drop）正好在 {time}，不管有没有切点：歌曲为此整体移动。",
    ),
    "drop_plays": ("The drop plays at {time}.", "高潮（drop）在 {time}。"),
    "drop_none": ("The song has no drop that could meet {cut}.", "这首歌没有明显的高潮（drop）可以对准{cut}。"),
    "drop_outside": (
        "The song's drop does not play in this stretch: it cannot be brought to {cut}.",
        "这段里没有歌曲的高潮（drop），无法移到{cut}。",
    ),
    "drop_elsewhere": (
        "The song's drop plays at {time} and does not meet {cut}.",
        "高潮（drop）在 {time}，没有对上{cut}。",
    ),
    "drop_astray": (
        "The song's drop plays at {time}, not at {asked}.",
        "高潮（drop）在 {time}，不在 {asked}。",
    ),
    "named_cut": ("the cut at {time}", " {time} 的切点"),
    "strong_cut": ("a strong cut", "明显的切点"),
    # Lengths
    "short_montage": (
        "The montage ends at {time} instead of {asked}: every stretch of the clips is shown once, and there is no "
        "more.",
        "混剪只到 {time}（要的是 {asked}）：每段素材只用一次，已经用完了。",
    ),
    "join": (
        "To be long enough, the song goes from its {leave} back to its {back} at a bar line ({times}), {how}.",
        "歌曲不够长，在小节线处从 {leave} 回到 {back}（{times}），{how}。",
    ),
    "join_at": ("at {time}", "视频 {time} 处"),
    "join_times": ("{count} times, first at {time}", "共 {count} 次，首次在 {time}"),
    "join_smooth": ("where it sounds the same", "两处听起来一样"),
    "join_rough": ("and the join may be heard", "接缝可能听得出来"),
    "song_over": ("The song is over at {time}, before the picture is.", "歌曲在 {time} 结束，早于画面。"),
}


def phrase(language: Language, name: str, /, **facts: Any) -> str:
    """The phrase called `name`, filled with `facts`."""
    return _PHRASES[name][language == "zh"].format(**facts)


def reason_in(language: Language, reason: str) -> str:
    """Why a cut is missed; what has no translation stays as it is."""
    return _REASONS.get(reason, reason) if language == "zh" else reason


def why_in(language: Language, why: str) -> str:
    """Why a song has no beat."""
    if language == "en":
        return why or "no steady beat"
    return next((words for part, words in _WHY if part in why), "节奏不稳")
