"""From raw text to tokens: one spelling for each word, with names, links and quotations set aside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, cast

__all__ = ["UNSPACED", "Kind", "Token", "normalise", "tokenise"]

Kind = Literal["word", "char", "number", "mark", "symbol", "quoted", "link", "media_link", "file_name"]

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»「」『』《》〈〉【】〝〞", '"') | dict.fromkeys("‘’‚‛`´ʼ‹›", "'"))
_LETTERS = str.maketrans("đıłøىة۔।؟،¿¡", "dilo\u064a\u0647..?,,,", "\u0640")
# Traditional Han → simplified: one spelling for both. Japanese forms pass through the same table on both sides.
_HAN = str.maketrans(
    "導匯載輸傳發給視頻檔連結積點數額餘狀態進軌時間軸線項標題樂聲開關調節條畫應該後還這個們嗎麼樣從對將請幫讓體與無沒錯誤敗壞質錄選單編輯貼雙擊鍵碼級費錢價買賣續訂閱訊號過幾萬億長寬廣場動靜變換轉顏綠藍紅黃銀鏡頭貓魚鳥車門問為並讀寫聽說話語譯詞鐘訪閃燈顯響專業務實現設計試驗證觀帶歡緊鬆強輕緩漸濃隱檢詢決斷啟閉鎖處壓縮擴圖層備註記憶電腦機網頁鏈戶賬帳會員終於臺臉書張舊東樓殺氣溫熱愛夢尋覓較隨雜亂漢師親媽爺兒歲嚇廳廠產環園遠邊緣稱譽贊讚賞",
    "导汇载输传发给视频档连结积点数额余状态进轨时间轴线项标题乐声开关调节条画应该后还这个们吗么样从对将请帮让体与无没错误败坏质录选单编辑贴双击键码级费钱价买卖续订阅讯号过几万亿长宽广场动静变换转颜绿蓝红黄银镜头猫鱼鸟车门问为并读写听说话语译词钟访闪灯显响专业务实现设计试验证观带欢紧松强轻缓渐浓隐检询决断启闭锁处压缩扩图层备注记忆电脑机网页链户账账会员终于台脸书张旧东楼杀气温热爱梦寻觅较随杂乱汉师亲妈爷儿岁吓厅厂产环园远边缘称誉赞赞赏",
)
# Combining marks that people leave out when they type: accents, Arabic vowels and hamza seats, Devanagari nukta.
_ACCENTS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u093c\ufe0f\u200b-\u200f]")
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
UNSPACED = _CJK + "\uac00-\ud7af"  # Han, kana and Hangul: each letter is a token
_IS = re.compile(r"\b[èé]\b")  # Italian and Portuguese "is": without its accent it would be "and"
_STRETCHED = re.compile(r"([^\W\d])\1{2,}")
_ARABIC_ARTICLE = re.compile("^[وفبلك]?ال(?=.{3})|^و(?=ال|.{4})")
_SPACED_CJK = re.compile(f"(?<=[{_CJK}])[ \u3000]+(?=[{_CJK}])")

_TOKEN = re.compile(
    rf"""
      (?P<link>https?://[^\s"<>{_CJK}]+|www\.[^\s"<>{_CJK}]+)
    | (?P<quoted>"[^"]*"|"[^"]+$|(?<![^\W{_CJK}])'[^'\n]+'(?![^\W{UNSPACED}]))
    | (?P<file_name>(?:[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*|[^\W{_CJK}]+|[{_CJK}]+)
        \.(?=[a-z0-9]*[a-z])[a-z0-9]{{2,4}}(?![^\W{_CJK}]))
    | (?P<number>\d+(?:[.:x/]\d+)+|\d+(?=[kmg]b|[gm](?![a-z]))|\d+(?![^\W_{UNSPACED}]))
    | (?P<char>[{UNSPACED}])
    | (?P<word>(?:[^\W_{UNSPACED}]|[\u0900-\u0963\u0e30-\u0e4e])+(?:'(?:[^\W_])+)*)
    | (?P<mark>\.+|[,;:!?\n。、]+|\s[-–—]+\s|—)
    | (?P<symbol>[^\s\w'-])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One unit that the lexicon can match.

    Attributes:
        text: Its normal spelling; empty for what is content and not to be read (quotations, names, links).
        kind: "char" is one letter of a script written without spaces.
    """

    text: str
    kind: Kind


def normalise(text: str) -> str:
    """Fold case, width, accents, quotation marks and stretched letters, so that one spelling is left.

    Han, kana and Hangul stay whole. An empty text gives an empty text.
    """
    folded = unicodedata.normalize("NFKC", text.translate(_QUOTES)).casefold()
    folded = _IS.sub("es", folded)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", folded))
    return _STRETCHED.sub(r"\1", unicodedata.normalize("NFC", bare).translate(_LETTERS).translate(_HAN))


def tokenise(
    text: str, *, media_endings: Collection[str] = (), respell: Mapping[str, str] | None = None
) -> list[Token]:
    """Split normalised text into tokens.

    Args:
        text: What `normalise` gave.
        media_endings: Name endings of media files, without the dot: a link that ends so is a direct one.
        respell: Short and slang spellings → the words they stand for.
    """
    tokens: list[Token] = []
    spaced = _SPACED_CJK.sub(",", text)
    for match in _TOKEN.finditer(spaced):
        kind, raw = cast(Kind, match.lastgroup), match.group()
        if kind == "link":
            path = re.split("[?#]", raw.rstrip(".,;:!?)"))[0]
            tokens.append(Token("", "media_link" if path.rpartition(".")[2] in media_endings else "link"))
        elif kind == "file_name" and raw.rpartition(".")[2] not in media_endings:
            tokens += tokenise(raw.replace(".", " . "), respell=respell)
        elif kind in ("quoted", "file_name"):
            tokens.append(Token("", kind))
        elif kind == "word":
            tokens += _words(raw, respell or {})
        elif kind == "mark":
            tokens.append(Token(_mark(raw), "mark"))
        elif kind in ("number", "char", "symbol"):
            tokens.append(Token(raw, kind))
    return tokens


def _words(raw: str, respell: Mapping[str, str]) -> list[Token]:
    """Undo elisions and contractions: `l'export` is two words, `gimme` is `give me`."""
    known = respell.get(raw) or respell.get(raw.replace("'", ""))
    if known:
        return tokenise(known)
    tokens: list[Token] = []
    for part in raw.split("'"):
        word = _ARABIC_ARTICLE.sub("", part)
        tokens += tokenise(respell[word]) if word in respell else [Token(word, "word")]
    return tokens


def _mark(raw: str) -> str:
    """The strongest of a run of punctuation marks."""
    for strong in "?:!.。;\n":
        if strong in raw:
            return "." if strong in "!.。;\n" else strong
    return ","
