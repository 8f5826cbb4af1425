"""The words, English and Chinese, by which instructions are recognised.

They are regular expressions over `measures.Tokens.text`.
"""

from __future__ import annotations

import re

__all__ = [
    "ADD",
    "CHANGE",
    "COLORS",
    "FADE",
    "MUSIC",
    "MUTE",
    "OWN",
    "PICTURE",
    "POSITIONS",
    "REMOVE",
    "SHAPES",
    "SOUND",
    "SPLIT",
    "SYNC",
    "TALK",
    "TITLE",
    "UNSUPPORTED",
    "VOLUME",
    "only_modifies",
]


def _any(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.ASCII)


MUSIC = _any(
    r"\b(?:music|songs?|(?<!o\d› )tracks?|bgm|soundtrack|tunes?|score|melody|beat track|instrumental)\b",
    "音乐|歌曲|歌(?!词)|配乐|伴奏|曲子|乐曲|背景乐|背景音",
)
OWN = _any(
    r"\b(?:original|source|natural|ambient|camera|own|existing|native|raw|background) (?:sounds?|audio|"
    r"voices?|volume|noise|track)\b",
    r"\b(?:clip|video|footage)(?:'?s)?(?: own| original)? (?:sounds?|audio|volume|voices?|noise)\b",
    r"\b(?:voices?|speech|dialog(?:ue)?|talking|ambience|spoken words|people)\b(?!-?over)",
    r"\b(?:sound|audio|volume|noise) (?:of|from|in|on) (?:the |my )?(?:videos?|clips?|footage|camera)\b",
    "原声|原音|同期声|人声|说话声?|讲话|环境音|现场声|自带的?声音|原来的声音|原始声音|原有声音",
    "(?:视频|片段|画面|素材)(?:里面?|本身|原来|自带|中)?的?(?:原声|声音|音量|音轨|音频)",
)
SOUND = _any(r"\b(?:sounds?|audio|volume|everything|loudness|it all)\b", "声音|音量|音频|整体")
PICTURE = _any(
    r"\b(?:videos?|pictures?|images?|clips?|footage|screen|visuals?|black|white|film|movie)\b",
    "画面|视频|图像|黑|白|影片|片子",
)
TITLE = _any(
    r"\b(?:titles?|captions?|subtitles?|texts?|headlines?|headings?|lower[- ]thirds?|wording|words|lettering)\b",
    "字幕|标题|文字|文本|题目|片名|片头字|字样",
)
ADD = _any(
    r"\b(?:add|put|lay|place|insert|include|overlay|give|throw|drop in|use|need|want|write|show|display|have|"
    r"set|play|attach|apply|mix)\b",
    "加|添|放|配|铺|插入|用|写|打上|显示|垫|来(?:个|首|一|段|点)|上(?:个|首|字幕|标题)|做(?:个|一)|弄|设置",
)
REMOVE = _any(
    r"\b(?:remove|delete|drop|erase|discard|clear|strip|lose|kill|cut out|get rid of|take (?:out|off|away)|"
    r"take .{1,30} (?:out|off|away)|no more|without)\b",
    r"\b(?:don'?t|do not) (?:want|need|like|use|keep|include|play)\b(?! to)",
    r"\bno (?=title|text|caption|subtitle|music|song|bgm|sound|audio|fade)",
    "删|去掉|去除|移除|不要|取消|拿掉|清除|清掉|剪掉|切掉|砍掉|裁掉|丢掉|没有",
)
CHANGE = _any(
    r"\b(?:change|edit|rename|replace|swap|switch|move|make|turn|rewrite|update|correct|fix|modify|should "
    r"(?:be|say|read))\b",
    "改|换|移|变|调|放到|挪|修改|替换|更换",
)
FADE = _any(r"\bfad(?:e|es|ed|ing)\b", "淡入|淡出|渐入|渐出|渐隐|渐显|渐强|渐弱|渐渐消失|慢慢消失")
MUTE = _any(
    r"\b(?:mute[ds]?|muting|silence[ds]?|silent)\b|"
    r"\b(?:sounds?|audio) (?:turned |switched )?off\b|\bturn off\b|\b(?:no|without|kill|remove|delete|strip|"
    r"drop) (?:the |any |all )*(?:sounds?|audio)\b",
    "静音|消音|无声|关掉.{0,6}(?:声|音)|(?:声|音|原声|声音)[^，。‹]{0,3}(?:关掉|关闭|去掉|删掉|静音|关了)|"
    "(?:去掉|删掉|删除|移除|不要|去除).{0,6}(?:原声|声音|人声|环境音|同期声)",
)
VOLUME = _any(
    r"\b(?:volume|loud(?:er|ness)?|quiet(?:er)?|soft(?:er)?|louder|lower|raise|reduce|increase|decrease|boost|"
    r"halve|double|half)\b",
    r"\bturn(?:ed)? (?:it |them |that |the [\w' ]{1,30} |down|up)(?:up|down)?\b|\bbring (?:up|down)\b|\bgain\b",
    "音量|大声|小声|太吵|太响|太轻|响一|轻一|(?:调|变|弄|开|放)(?:大|小|低|高|轻|响)|(?:大|小|低|高)一?[点些]|减半|一半|加倍|翻倍|降低|提高|增大|减小|压低",
)
_BEAT = r"(?:down)?beats?(?: drops?)?|rhythm|music|song|tempo|drops?|bars?|track|bgm|soundtrack|tune|pulse"
_CUT = (
    r"cuts?|videos?|pictures?|edits?|clips?|shots?|scenes?|transitions?|footage|visuals?|images?|photos?|"
    r"moments?"
)
SYNC = _any(
    r"\b(?:re-?)?(?:sync|synch|synk|sinc)(?:s|ed|ing|hroni[sz]\w*|roni[sz]\w*)?\b",
    r"\bbeat[- ]?(?:match|sync|map|cut|edit)\w*|\b(?:beat|music) drops?\b|\bmontage\b|\brhythmic\w*|\bon[- "
    r"]beat\b|\bin (?:time|rhythm|sync|step)\b",
    r"\b(?:make|create|cut|turn|build|edit|into)\b.{0,30}\bmusic video\b|^an? (?:\w+ ){0,3}music video\b",
    rf"\b(?:match|align|fit|snap|line|lock|time|tie|pair|adjust|arrange|quanti[sz]e|cut|recut|re-cut|edit|land|"
    rf"fall|hit|set|move|shift|change)\w*\b.{{0,60}}\b(?:to|on|with|onto|against)\b.{{0,20}}\b(?:{_BEAT})\b",
    rf"\b(?:match|align|fit|snap|line|lock|time|tie|pair|adjust|land|fall|hit|meet|"
    rf"arrange)\w*\b.{{0,40}}\b(?:{_BEAT})\b.{{0,30}}\b(?:{_CUT})\b",
    rf"\b(?:{_BEAT})\b.{{0,40}}\b(?:match|align|fit|line up|lock|time|land|fall|hit|meet|follow|change|"
    rf"switch)\w*\b.{{0,30}}\b(?:{_CUT})\b",
    rf"\b(?:{_CUT})\b.{{0,40}}\b(?:match|align|fit|line up|lock|time|land|fall|hit|meet|follow|change|switch|"
    rf"go)\w*\b.{{0,30}}\b(?:{_BEAT})\b",
    rf"\b(?:follow|hit|match|fit)(?:es|s|ing)? (?:up )?(?:with |to )?(?:the |my |this |every |each "
    rf")?(?:{_BEAT}|cuts?)\b",
    r"\b(?:on|to|with|off) (?:the |every |each |its )*(?:down)?beats?\b|\b(?:cut|change|switch)\w* (?:shots? |"
    r"clips? )?(?:on |at )?(?:every|each)\b",
    "卡点|踩点|对点|对准|同步|对齐|对上|合拍|匹配|混剪|蒙太奇|吻合|契合|卡拍",
    "(?:卡|踩|跟|合|对|配合|按|按照|根据|随|切|剪|落|打)(?:上|住|准|着|随|到|在|合|照|点)?(?:音乐|歌曲|歌|"
    "bgm)?的?(?:每一?(?:个)?)?(?:节拍|节奏|拍子|拍|鼓点|重拍|音乐节|律动)",
    "跟着音乐|随着音乐|配合音乐|按音乐|跟音乐",
)
POSITIONS = (
    ("top-left", r"\btop[- ]left\b|\bupper[- ]left\b|左上"),
    ("top-right", r"\btop[- ]right\b|\bupper[- ]right\b|右上"),
    ("bottom-left", r"\bbottom[- ]left\b|\blower[- ]left\b|左下"),
    ("bottom-right", r"\bbottom[- ]right\b|\blower[- ]right\b|右下"),
    ("top", r"\b(?:top|upper|above)\b|顶部|顶端|上方|上面|最上|上部|靠上"),
    ("bottom", r"\b(?:bottom|lower|below|underneath)\b|底部|底端|下方|下面|最下|下部|靠下"),
    ("center", r"\b(?:cent(?:er|re)(?:ed)?|middle|mid)\b|中间|中央|居中|正中|中部|中心"),
)
COLORS = {
    "white": "#ffffff", "black": "#000000", "red": "#ff3b30", "yellow": "#ffd60a", "gold": "#ffd700",
    "golden": "#ffd700", "orange": "#ff9500", "green": "#34c759", "blue": "#0a84ff", "cyan": "#32d0ff",
    "purple": "#af52de", "violet": "#8f00ff", "pink": "#ff2d92", "magenta": "#ff00ff", "gray": "#8e8e93",
    "grey": "#8e8e93", "silver": "#c0c0c0", "brown": "#a2845e", "turquoise": "#40e0d0", "lime": "#a4e400",
    "白": "#ffffff", "黑": "#000000", "红": "#ff3b30", "黄": "#ffd60a", "金": "#ffd700", "橙": "#ff9500",
    "绿": "#34c759", "蓝": "#0a84ff", "青": "#32d0ff", "紫": "#af52de", "粉": "#ff2d92", "灰": "#8e8e93",
}  # fmt: skip
SHAPES = (
    ("feed", r"\b(?:instagram|ig|insta)[- ](?:feed|post)s?\b"),
    (
        "portrait",
        r"\b(?:vertical(?:ly)?|portrait|youtube shorts?|tik ?tok|reels?|shorts|stor(?:y|ies)|snapchat|douyin|"
        r"kuaishou|phone "
        r"(?:format|screen|size))\b|竖屏|竖版|竖向|竖的|竖着|抖音|快手|视频号|竖幅",
    ),
    ("square", r"\bsquared?\b|方形|正方|方的|方屏"),
    (
        "landscape",
        r"\b(?:landscape|horizontal(?:ly)?|wide-?screen|youtube|tv format|16x9)\b|"
        r"横屏|横版|横向|横的|横幅|宽屏|b站|油管",
    ),
    ("original", r"\b(?:original|source) (?:size|dimensions|resolution)\b|原尺寸|原始尺寸|原分辨率"),
    ("source", r"\b(?:original|source) (?:aspect|ratio|shape|format)\b|原始比例|原比例|原来的比例"),
)
TALK = (
    (
        "facts",
        r"\b(?:tempo|bpm)\b(?!.*\bmatch)|\bhow (?:many|long|fast)\b|多少个?(?:切点|镜头|片段|拍)|有?多长|几个镜头|几秒",
    ),
    (
        "help",
        r"\bwhat (?:can|do|could) (?:you|i|it|this)\b|\bhelp\b|\bcommands?\b|\bhow (?:do|does|can|to)\b|\bwhat "
        r"(?:else )?is possible\b|\bcapabilit|\bfeatures\b|能做(?:什么|啥)|会(?:什么|啥|做什么)|怎么用|帮助|帮帮|"
        r"功能|可以(?:做|干)(?:什么|啥)|如何使用|\bwho are you\b|你是谁",
    ),
    (
        "files",
        r"\b(?:which|what) (?:files|songs|videos|clips|media)\b|\blist (?:the |my )?(?:files|uploads|media|songs|"
        r"videos)\b|有哪些(?:文件|素材|歌|视频)|上传了(?:什么|哪些)",
    ),
    (
        "state",
        r"\bwhat(?:'s| is) (?:on|in) (?:the |my )?(?:timeline|project|video)\b|\b(?:show|see|list|"
        r"describe)\b.{0,15}\b(?:timeline|tracks|project|status|state)\b|\bstatus\b|\btimeline\b|^(?:the |my )?tracks$|"
        r"时间[线轴]|(?:显示|查看|看看?|列出)(?:一下)?(?:当前|所有|全部)?的?(?:音?轨道?|状态)|"
        r"当前状态|现在(?:有|是)(?:什么|啥)|什么状态|进度|\bwhat did you (?:do|change)\b|\bis it (?:done|ready|"
        r"finished)\b|做了什么|改了什么|好了吗",
    ),
    (
        "export",
        r"\b(?:export|render|download)\b|\bsave (?:it|the|my|this|as)\b|\bsend (?:me|it)\b|\bpublish\b|\b(?:i'?m|"
        r"we'?re|all) (?:done|finished)\b|导出|下载|渲染|输出|保存|成片|发给我",
    ),
    (
        "thanks",
        r"^(?:ok(?:ay)?[ ,]*|and )?(?:many )?(?:thanks?|thank you|thx|ty|great|nice|perfect|cool|awesome|good|"
        r"love it|excellent|amazing|wow|ok(?:ay)?|yes|looks? (?:good|great|nice))\b.{0,25}$|^(?:谢谢|多谢|感谢|"
        r"太好了|太棒了|很好|不错|完美|好的|可以了|赞|辛苦了?).{0,6}$",
    ),
    (
        "hello",
        r"^(?:hi|hello|hey|howdy|yo|good (?:morning|evening|afternoon|day)|greetings|sup)\b.{0,20}$|^(?:你好|您好|"
        r"嗨|哈喽|在吗|早上好|晚上好|hello).{0,6}$",
    ),
)
UNSUPPORTED = (
    (
        "captions",
        r"\b(?:auto(?:matic)?(?:ally)?|generate|create|ai|transcri\w+)[- ](?:the |some )?(?:captions?|subtitles?)|"
        r"\btranscri\w+|\bspeech[- ]to[- ]text\b|自动.{0,4}字幕|识别.{0,6}字幕|语音转|听写|生成字幕|"
        r"\b(?:captions?|subtitles?) auto\w*",
    ),
    ("translate", r"\btranslat\w+|翻译"),
    (
        "voice",
        r"\bvoice-?\s?over|\bnarrat\w+|\btext[- ]to[- ]speech\b|\btts\b|\bai voice\b|\bread (?:it |this )?(?:out|"
        r"aloud)\b|\bdub(?:bing)?\b|配音|旁白|朗读|解说",
    ),
    (
        "generate",
        r"\b(?:generate|compose|ai[- ]generate\w*|invent|imagine|create|make|draw|film)\b (?:me )?(?:a |an |some |"
        r"new )+(?:\w+ ){0,3}(?:song|music(?! video)|clips?|footage|image|picture|intro|animation|b-?roll|scene|"
        r"background)\b|\bai (?:music|video|image|song)\b|\bstock (?:footage|music|video)\b|生成.{0,6}(?:视频|"
        r"音乐|歌|图|画面|片头)|作曲|写首歌|\b(?:generate|create) (?:me )?(?:a |an )(?:\w+ )?video of\b|"
        r"找(?:一)?(?:首|些|个|段).{0,8}(?:歌|音乐|bgm|素材)",
    ),
    (
        "transition",
        r"\b(?:add|use|put|insert|with|make|apply|want)\b.{0,30}\b(?:transitions?|dissolves?|wipes?|"
        r"cross-?fades?)\b|\bcross-?(?:fade|dissolve)\b|\btransition effects?\b|转场|叠化|溶解",
    ),
    (
        "speed",
        r"\bslow[- ]?mo(?:tion)?\b|\bspeed (?:up|down|it|the|ramp)\b|\bslow (?:it |the \w+ |this )?down\b|"
        r"\btime-?lapse (?:it|effect)\b|\b(?:2|two|3|4|0\.5|half|double|1\.5)x?[- ]?(?:times )?(?:the )?speed\b|"
        r"\bfaster\b|\bslower\b|\bfast[- ]forward\b|慢动作|加速|减速|倍速|快放|慢放|快进|变速|升格",
    ),
    ("reverse", r"\brevers(?:e|ed|ing)\b|\bbackwards?\b|\bboomerang\b|倒放|倒着放|反向播放"),
    (
        "look",
        r"\b(?:filters?|effects?|colou?r[- ]?(?:grad\w+|correct\w*)|grad(?:e|ing)|luts?|brightness|brighter|"
        r"darker|contrast|saturat\w+|black[- ]and[- ]white|b&w|sepia|vhs|glow|blurr?y?|sharpen|grain|vignette|"
        r"cinematic|better|vintage|beauty)\b|滤镜|特效|调色|亮度|美颜|对比度|饱和度|黑白|模糊|锐化|胶片|磨皮|"
        r"亮一点|暗一点|好看",
    ),
    (
        "overlay",
        r"\b(?:stickers?|emojis?|logos?|watermarks?|picture[- ]in[- ]picture|pip|overlay|gifs?|split[- ]?screen|"
        r"border|frame around|progress bar)\b|贴纸|表情包|水印|画中画|分屏|边框|logo",
    ),
    (
        "geometry",
        r"\b(?:rotat\w+|flip(?:ped)?|mirror(?:ed)?|stabili[sz]\w+|zoom\w*|pan|ken burns|crop out|tilt|upscale)\b|"
        r"旋转|翻转|镜像|稳定|防抖|放大画面|缩放|推拉",
    ),
    (
        "cutout",
        r"\b(?:green ?screen|chroma key|remove (?:the )?background|background removal)\b|抠图|绿幕|抠像|换背景|去背景",
    ),
    (
        "sound",
        r"\b(?:denoise|noise reduction|remove (?:the )?noise|equali[sz]er|eq|reverb|echo|pitch|auto-?tune|bass "
        r"boost|compress(?:or|ion)|sound effects?|sfx|isolate|stems?|vocals?|karaoke)\b|降噪|均衡|混响|回声|变调|"
        r"变声|音效|伴奏提取|去人声|消除人声",
    ),
    ("lyrics", r"\blyrics?\b|歌词"),
)
_VERB = (
    r"(?:please |also |maybe |just |simply |only )?"
    r"(?:add|put|sync\w*|synchroni[sz]e|match|align|cut|trim|crop|make|set|turn|"
    r"lower|raise|reduce|increase|mute|unmute|"
    r"fade|remove|delete|replace|swap|change|use|place|insert|write|undo|redo|export|render|keep|lay|give|"
    r"resize|convert|adjust|shorten|"
    r"don'?t|do not|move|bring|snap|boost|silence|caption|duck|download|send|save|loop|leave|split|shift|have|"
    r"let|take|line up|get rid|"
    r"(?:drop|start|end|begin|play|show|title|time) (?=the |it |at |with |from |on )|publish|title it|format|"
    r"reframe|clear)"
)
_ZH_VERB = "[加把将给剪调淡删去换配放静导输让裁截做设写打用改对卡同降提关保撤只不别使令竖横变移]"
SPLIT = re.compile(
    r"\s*(?:[,;!?\n。，；！？、]|\.(?=\s|$)|(?<=\w)\s-\s)\s*"
    r"|\b(?:and |but )?(?:then|after that|afterwards|finally|lastly|next|also|plus|additionally|as well as)\b"
    rf"|\band\b(?= (?:{_VERB}|another|a second)\b)|\s&(?= {_VERB}\b)|\bbut\b|\bwhile (?=keep|leav)"
    rf"|然后|接着|随后|并且|同时|另外|还有|但是|不过|而且|之后(?={_ZH_VERB})|再(?={_ZH_VERB})|并(?={_ZH_VERB})|以及(?={_ZH_VERB})"
    rf"|和(?=[把将给])|但(?={_ZH_VERB})|最后(?=[加把将给导输])|也(?={_ZH_VERB})",
    re.ASCII,
)
_MODIFIER = re.compile(
    r"‹[tnpdr]\d+›|\b(?:at|on|in|from|to|for|the|a|an|first|last|top|bottom|cent(?:er|re)(?:ed)?|middle|left|"
    r"right|corner|upper|lower|"
    r"big|large|small|huge|tiny|bigger|smaller|font|text|colou?r|colou?red|size|sized|seconds?|beginning|"
    r"start|starting|end|ending|opening|throughout|whole|"
    r"entire|video|during|near|please|and|of|with|over|letters?|bold|screen|only|just|long|until|till|after|"
    r"volume|each|both|right|aligned|position(?:ed)?|"
    rf"{'|'.join(name for name in COLORS if name.isascii())})\b"
    r"|在|从|到|至|前|后|最后|开头|结尾|开始|结束|片头|片尾|顶部|顶端|上方|上面|底部|下方|下面|中间|中央|居中|左|右|[白黑红黄金橙绿蓝青紫粉灰]色?|大|小|号|"
    r"字号|字体|颜色|全程|一直|显示|持续|处|位置|用|的|加粗|个|一点|时候|音量|[\s:()\-–~。！!]",
    re.ASCII,
)


def only_modifies(clause: str) -> bool:
    """Whether a clause holds nothing but a time, place, colour or size, so that it belongs to the clause before it."""
    return bool(clause.strip()) and not _MODIFIER.sub("", clause).strip()
