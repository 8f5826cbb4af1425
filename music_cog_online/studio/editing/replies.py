"""What the editor says, in English and Chinese: a table of sentences and what fills them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from music_cog_online.studio.editing.lexicon import COLORS
from music_cog_online.studio.planning.phrases import Language
from music_cog_online.studio.planning.words import clock

__all__ = ["Language", "clock", "color_name", "named", "percent", "say", "seconds"]

_SENTENCES: Mapping[str, tuple[str, str]] = {
    # Sync and music
    "synced": ("Synced “{song}” to {picture}.", "已把“{song}”和{picture}对上节拍。"),
    "montage": (
        "Cut {picture} to “{song}”: {shots} shots in {length}.",
        "已按“{song}”的节拍剪辑{picture}：{length}里有 {shots} 个镜头。",
    ),
    "relaid": ("The sync was made anew for this picture.", "画面变了，已重新卡点。"),
    "partly": (
        "Partly in sync: {hits} of {cuts} cuts of {picture} fall on a beat of “{song}”.",
        "部分卡上：{picture}的 {cuts} 个切点中有 {hits} 个落在“{song}”的节拍上。",
    ),
    "lies": ("“{song}” lies under {picture}, but is not synced.", "“{song}”已铺在{picture}下面，但没有卡点。"),
    "montage_steady": (
        "Cut {picture} at a steady pace, with “{song}” under it, not synced: {shots} shots in {length}.",
        "已按固定节奏剪辑{picture}，下面铺“{song}”，没有卡点：{length}里有 {shots} 个镜头。",
    ),
    "left_out": ("Left out: {names}, because {why}.", "没有用到：{names}，因为{why}。"),
    "why_few": ("there are only {shots} shots", "一共只有 {shots} 个镜头"),
    "why_short": ("no stretch of it is as long as a shot", "里面没有够一个镜头长的片段"),
    "left_alone": (
        "The picture stays as it is, in its own size.",
        "画面保持原样，尺寸不变。",
    ),
    "song_silent": (
        "“{song}” is silent, so there is nothing to put under the picture: send another song.",
        "“{song}”没有声音，没法配：请换一首歌。",
    ),
    "drop_too_late": (
        "The video is {length} long, so the drop cannot play at {time}. When should it?",
        "视频只有 {length}，高潮（drop）没法放在 {time}。要放在哪里？",
    ),
    "own_talk": (
        "Somebody talks in the video, so its sound stays at full volume, the song ducks under it and talking "
        "shots keep their timing.",
        "视频里有人说话：原声保持原音量，说话时音乐自动压低，说话的镜头不改时长。",
    ),
    "own_quiet": ("The original sound stays at {level}.", "原声保留 {level}。"),
    "added_music": ("“{song}” now plays under the picture at {level}.", "已铺上“{song}”，音量 {level}。"),
    "music_removed": ("The music is gone.", "已去掉音乐。"),
    # Volumes and fades
    "volume": ("{what} is at {level} now.", "{what}音量现在是 {level}。"),
    "muted": ("{what} is muted.", "{what}已静音。"),
    "ducking_on": ("The music steps back when somebody talks.", "有人说话时音乐会自动压低。"),
    "nobody_talks": (
        "Nobody talks in this video, so there is nothing for the music to step back under.",
        "这段视频里没有人说话，音乐不需要避让。",
    ),
    "ducking_off": ("The music no longer steps back for speech.", "说话时音乐不再压低。"),
    "fade_in": ("{what} fades in over {length}.", "{what}淡入 {length}。"),
    "fade_out": ("{what} fades out over {length}.", "{what}淡出 {length}。"),
    "fade_off": ("{what} no longer fades.", "{what}不再淡入淡出。"),
    # Picture
    "trimmed": ("The video is {length} long now.", "视频现在长 {length}。"),
    "montage_length": ("The montage is {length} long now.", "混剪现在长 {length}。"),
    "montage_is": ("The montage is {length} long already, so it stays.", "混剪已经是 {length}，保持不变。"),
    "placed_already": (
        "On the timeline and shown already: {picture}. Nothing had to be changed.",
        "{picture}都已在时间线上并且用到了，没有改动。",
    ),
    "reordered": ("The order is now: {names}.", "现在的顺序：{names}。"),
    "one_clip": ("There is only one clip, so there is no order to change.", "只有一个素材，没有顺序可换。"),
    "swap_which": (
        "{picture} are on the timeline; which ones? “Reverse the order” turns all of them round.",
        "时间线上有{picture}，要换哪几个？说“颠倒顺序”可以全部反过来。",
    ),
    "stays": ("{what} stays as it is.", "{what}保持不变。"),
    "the_titles": ("The title", "文字"),
    "why_no_room": ("there is no room for it in the montage at this length", "这个长度的混剪放不下"),
    "shot_removed": ("Shot {number} is out; {length} are left.", "已删除第 {number} 个镜头，还剩 {length}。"),
    "clip_removed": ("“{name}” is out; {length} are left.", "已移除“{name}”，还剩 {length}。"),
    "placed": ("I put {picture} on the timeline.", "已把{picture}放到时间线上。"),
    "shape": (
        "The picture is {shape} now ({width}x{height}), {fit}.",
        "画面现在是{shape}（{width}x{height}），{fit}。",
    ),
    # Titles
    "title_added": (
        "Title added: “{text}” ({start}-{end}, {position}).",
        "已加文字“{text}”（{start}-{end}，{position}）。",
    ),
    "title_changed": (
        "The title is “{text}” now ({start}-{end}, {position}).",
        "文字现在是“{text}”（{start}-{end}，{position}）。",
    ),
    "title_removed": ("Removed the title “{text}”.", "已删除文字“{text}”。"),
    "titles_removed": ("Removed all titles.", "已删除全部文字。"),
    # History
    "undone": ("Undone: {what}.", "已撤销：{what}。"),
    "redone": ("Done again: {what}.", "已重做：{what}。"),
    "nothing_to_undo": ("There is nothing to undo.", "没有可以撤销的操作。"),
    "nothing_to_redo": ("There is nothing to redo.", "没有可以重做的操作。"),
    "nothing_changed": ("Nothing had to be changed.", "没有需要改动的地方。"),
    "reset": ("The timeline is empty again; your files are still here.", "时间线已清空，素材都还在。"),
    # What is missing
    "no_picture": (
        "There is no video or image yet: upload one, then say it again.",
        "还没有视频或图片：请先上传，再说一遍。",
    ),
    "no_song": (
        "There is no song yet: upload an MP3, WAV, M4A or AAC file, then say it again.",
        "还没有歌曲：请上传 MP3、WAV、M4A 或 AAC，再说一遍。",
    ),
    "only_song": (
        "I have “{song}”. Now upload a video or some clips, then say “sync”.",
        "已有“{song}”。请再上传视频，然后说“卡点”。",
    ),
    "only_picture": (
        "I have {picture}. Now upload a song, then say “sync”.",
        "已有{picture}。请再上传一首歌，然后说“卡点”。",
    ),
    "nothing_yet": ("Upload a video and a song, then say “sync”.", "请先上传视频和歌曲，然后说“卡点”。"),
    "no_music_here": ("There is no music on the timeline.", "时间线上没有音乐。"),
    "no_own_sound": ("The video has no sound of its own.", "视频没有原声。"),
    "no_title": ("There is no title on the timeline.", "时间线上没有文字。"),
    "no_such_title": ("There is no such title.", "没有这个标题。"),
    "title_what": (
        "What should the title say? For example: add the title “Paradise Found”.",
        "标题写什么？例如：加标题“夏日时光”。",
    ),
    "no_file": ("There is no file called “{name}” here. I have: {files}.", "没有名为“{name}”的文件。现有：{files}。"),
    "no_number": ("There is no number {number}: I count {count}.", "没有第 {number} 个：一共 {count} 个。"),
    "not_song": ("“{name}” has no sound to use as music.", "“{name}”没有可以当音乐的声音。"),
    "not_picture": ("“{name}” has no picture.", "“{name}”没有画面。"),
    "too_long_gone": (
        "“{name}” was cleaned away after a long rest; upload it again.",
        "“{name}”因长期未用已被清理，请重新上传。",
    ),
    "too_long": ("“{name}” is longer than {most} minutes: cut it first.", "“{name}”超过 {most} 分钟，请先剪短。"),
    "empty_trim": ("That would leave nothing: the video is {length} long.", "这样就什么都不剩了：视频长 {length}。"),
    "trim_what": ("How long should it be? For example: trim to 20 s.", "剪到多长？例如：剪到20秒。"),
    "trim_longer": ("The video is only {length} long, so it stays as it is.", "视频只有 {length}，保持不变。"),
    "last_shot": ("That is the only shot; it stays.", "只剩这一个镜头，不能删。"),
    "bad_ratio": (
        "{ratio} is not one of my shapes: 9:16, 16:9, 1:1 and 4:5 are.",
        "不支持 {ratio}；可以用 9:16、16:9、1:1、4:5。",
    ),
    "own_fade": (
        "The original sound fades together with the picture: say “fade out the picture”.",
        "原声会和画面一起淡出：请说“画面淡出”。",
    ),
    "no_track": ("There is no track {number}.", "没有第 {number} 条轨道。"),
    "short_title": ("Titles can have up to {most} characters.", "文字最多 {most} 个字符。"),
    # Talk
    "hello": (
        "Hello! Upload clips and a song and say “sync the cuts to the beat”. I can also trim, add titles, set "
        "volumes, fade and change the shape.",
        "你好！上传视频和歌曲，说“卡点”就行。我还能剪长短、加文字、调音量、淡入淡出、改画幅。",
    ),
    "thanks": ("You're welcome! Say “export” for the finished MP4.", "不客气！说“导出”就能拿到成片。"),
    "help": (
        "I can: sync cuts to the beat (“don't touch the picture”, “cut on every bar”, “put the drop at 0:12”), "
        "lay music under the picture at a volume, set or mute the music or the original sound, fade in and out, "
        "trim, remove a shot, add titles (text, time, place, colour), change the shape (9:16, 1:1, 4:5, 16:9), "
        "undo.",
        "我能：把切点卡到节拍上（“不要动画面”“每小节一切”“高潮放在12秒”）、铺背景音乐、调节或静音音乐和原声、淡入淡出、剪长短、删镜头、加文字（内容、时间、位置、颜色）、改画幅（9:16、1:1、4:5、16:9）、撤销。",
    ),
    "state": ("{summary}", "{summary}"),
    "facts_song": (
        "“{name}”: {tempo} beats a minute, {length} long{drop}.",
        "“{name}”：每分钟 {tempo} 拍，长 {length}{drop}。",
    ),
    "facts_drop": (", drop at {time}", "，高潮在 {time}"),
    "facts_flat": ("“{name}”: no steady beat, {length} long.", "“{name}”：没有稳定的节拍，长 {length}。"),
    "facts_picture": ("The picture has {shots} shots in {length}.", "画面有 {shots} 个镜头，长 {length}。"),
    "empty": ("The timeline is empty. Files here: {files}.", "时间线是空的。现有素材：{files}。"),
    "files": ("Files here: {files}.", "现有素材：{files}。"),
    "no_files": ("none yet", "还没有"),
    "export": ("To get the MP4, say “export”.", "说“导出”就能拿到 MP4。"),
    "unknown": (
        "I did not understand “{text}”. Nearest that I can do: {near}.",
        "没看懂“{text}”。我能做的相近操作：{near}。",
    ),
    "unsupported": ("I cannot {what}. Nearest that I can do: {near}.", "我不会{what}。我能做的相近操作：{near}。"),
    "next_export": ("Say “export” for the MP4, or go on editing.", "说“导出”生成 MP4，或继续修改。"),
    "free": ("Local work costs no credits.", "本机处理不消耗积分。"),
    "some_left": ("Not done: {why}", "没做成：{why}"),
    # Words
    "music": ("The music", "音乐"),
    "own": ("The original sound", "原声"),
    "picture": ("The picture", "画面"),
    "all": ("Everything", "画面和音乐"),
    "pictures": ("{count} clips", "{count} 个素材"),
    "fit_fill": ("filled edge to edge", "铺满画面"),
    "fit_pad": ("whole, with black bars", "完整显示，留黑边"),
    "fit_blur": ("whole, on a blurred background", "完整显示，背景虚化"),
    "top": ("top", "上方"),
    "center": ("center", "居中"),
    "bottom": ("bottom", "下方"),
    "portrait": ("9:16", "9:16"),
    "landscape": ("16:9", "16:9"),
    "square": ("1:1", "1:1"),
    "feed": ("4:5", "4:5"),
    "source": ("as the source", "原始比例"),
    "original": ("as the source, in its own size", "原始比例和尺寸"),
    "what_sync": ("sync", "卡点"),
    "what_music": ("music", "铺音乐"),
    "what_volume": ("volume", "音量"),
    "what_fade": ("fade", "淡入淡出"),
    "what_trim": ("trim", "剪长短"),
    "what_remove": ("removal", "移除"),
    "what_title": ("title", "文字"),
    "what_shape": ("shape", "画幅"),
    "what_picture": ("picture", "画面素材"),
    "what_reset": ("start over", "重新开始"),
    "stage_read": ("working out the edit", "正在理解要求"),
    "stage_listen": ("listening to {name}", "正在听 {name}"),
    "stage_watch": ("watching {name}", "正在看 {name}"),
    "stage_plan": ("planning the cuts", "正在安排切点"),
    # Things of other editors
    "no_captions": ("caption speech by itself", "自动识别字幕"),
    "no_translate": ("translate", "翻译"),
    "no_voice": ("speak or record a voice-over", "配音"),
    "no_generate": ("make new pictures, clips or songs", "生成新的画面、视频或音乐"),
    "no_transition": ("add transitions between shots", "加转场"),
    "no_speed": ("change the speed by hand", "手动变速"),
    "no_reverse": ("play backwards", "倒放"),
    "no_look": ("grade colours or add filters", "调色或加滤镜"),
    "no_overlay": ("put pictures, stickers or logos over the video", "叠加贴纸、水印或画中画"),
    "no_geometry": ("rotate, zoom or stabilise", "旋转、缩放或防抖"),
    "no_cutout": ("cut out a background", "抠图"),
    "no_sound": ("denoise or put effects on the sound", "降噪或加声音特效"),
    "no_silences": ("find and cut out silent parts yet", "自动剪掉静音部分"),
    "no_library": (
        "fetch a song: there is no music library here, so send the song that you want",
        "找歌：这里没有曲库，请上传想用的歌",
    ),
    "near_silences": ("“cut the first 3 seconds”, “remove shot 4”", "“剪掉前3秒”“删除第4个镜头”"),
    "near_library": ("“add my song at 35%”", "“加背景音乐 35%”"),
    "no_lyrics": ("show lyrics by itself", "自动显示歌词"),
    "near_captions": ("“add the subtitle ‘Hello’ from 2 to 5 s”", "“2秒到5秒加字幕‘你好’”"),
    "near_generate": ("sync, trim and title the files you upload", "对上传的素材卡点、剪辑、加文字"),
    "near_transition": ("“fade in”, “fade out”, cuts on the beat", "“淡入”“淡出”、把切点卡到节拍"),
    "near_speed": ("“sync the cuts to the beat” (shots are re-timed by up to 5 %)", "“卡点”（镜头可微调 5% 以内）"),
    "near_sound": ("“lower the original sound”, “mute the original sound”", "“原声调小”“原声静音”"),
    "near_any": (
        "“sync”, “trim to 20 s”, “add the title ‘…’”, “music at 35%”, “fade out”, “9:16”, “undo”",
        "“卡点”“剪到20秒”“加标题‘…’”“音乐35%”“淡出”“竖屏”“撤销”",
    ),
}


def say(language: Language, name: str, /, **facts: Any) -> str:
    """The sentence called `name`, filled with `facts`."""
    return _SENTENCES[name][language == "zh"].format(**facts)


def named(language: Language, edits: str) -> str:
    """What an edit of the history did, from the names of its words."""
    words = [say(language, name) for name in edits.split() if name in _SENTENCES]
    return ("、" if language == "zh" else ", ").join(words) or edits


def color_name(language: Language, color: str) -> str:
    """A text's colour in words; nothing for the usual white, the code for one without a name."""
    if color == "#ffffff":
        return ""
    names = [name for name, code in COLORS.items() if code == color and name.isascii() == (language == "en")]
    return (names[0] + ("色" if language == "zh" else "")) if names else color


def percent(level: float) -> str:
    """A volume as people say it."""
    return f"{level * 100:.0f}%"


def seconds(language: Language, length_s: float) -> str:
    """A length: ``12.5 s`` or ``12.5 秒``; minutes as a clock."""
    if length_s >= 60:
        return clock(length_s)
    return f"{length_s:.2f}".rstrip("0").rstrip(".") + (" 秒" if language == "zh" else " s")
