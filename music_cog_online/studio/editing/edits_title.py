"""Operations on texts."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from music_cog_online.studio.editing.bench import Bench
from music_cog_online.studio.editing.choosing import need_picture
from music_cog_online.studio.editing.compositions import Text
from music_cog_online.studio.editing.operations import AddTitle, ChangeTitle, RemoveTitle, Span
from music_cog_online.studio.editing.replies import clock, color_name, percent, say

__all__ = ["add_title", "change_title", "remove_title"]

_MAX_TITLES = 100
_MAX_TITLE_CHARS = 300
_DEFAULT_TITLE_S = 3.0


def add_title(bench: Bench, operation: AddTitle) -> None:
    """A text on the picture."""
    need_picture(bench)
    words = operation.text.strip()
    if not words:
        raise bench.refuse("title_what")
    if len(words) > _MAX_TITLE_CHARS or len(bench.composition.texts) >= _MAX_TITLES:
        raise bench.refuse("short_title", most=_MAX_TITLE_CHARS)
    start_s, length_s = _place(operation.span)
    if operation.bare and (there := _standing(bench, start_s, operation)) is not None:
        number = bench.composition.texts.index(there) + 1
        span = operation.span if operation.span != Span() else None
        given = ChangeTitle(number, None, words, span, operation.position, operation.color, operation.size)
        change_title(bench, given)
        return
    text = Text(
        id=f"sg_{secrets.token_hex(4)}",
        text=words,
        start_s=start_s,
        length_s=length_s,
        position=operation.position or ("bottom" if operation.role == "subtitle" else "center"),
        size=operation.size or (0.7 if operation.role == "subtitle" else 1.0),
        color=operation.color or "#ffffff",
    )
    bench.change(texts=(*bench.composition.texts, text))
    _say_title(bench, "title_added", text)


def _standing(bench: Bench, start_s: float, operation: AddTitle) -> Text | None:
    """The text from before this instruction that stands where a bare title would stand."""
    position = operation.position or ("bottom" if operation.role == "subtitle" else "center")
    old = (text for text in bench.start.texts if text in bench.composition.texts)
    return next((text for text in old if text.position == position and text.start_s == start_s), None)


def change_title(bench: Bench, operation: ChangeTitle) -> None:
    """Other words, place, time or look of a text; where there is none, words make a new one."""
    if not bench.composition.texts and operation.text and operation.old is None and operation.number is None:
        add_title(bench, _as_new(operation, operation.text))
        return
    text = _find_title(bench, operation.number, operation.old)
    values: dict[str, Any] = {
        name: value for name in ("text", "position", "color", "size") if (value := getattr(operation, name)) is not None
    }
    if operation.size_factor is not None:
        values["size"] = round(min(4.0, max(0.2, text.size * operation.size_factor)), 3)
    if operation.span is not None:
        values["start_s"], values["length_s"] = _place(operation.span, text)
    changed = replace(text, **values)
    bench.change(texts=tuple(changed if each.id == text.id else each for each in bench.composition.texts))
    _say_title(bench, "title_changed", changed)


def _as_new(operation: ChangeTitle, text: str) -> AddTitle:
    return AddTitle(text, operation.span or Span(), operation.position, operation.color, operation.size)


def remove_title(bench: Bench, operation: RemoveTitle) -> None:
    """A text, or all of them, away."""
    texts = bench.composition.texts
    if operation.every and operation.number is None and operation.text is None and texts:
        bench.change(texts=())
        bench.note("what_title", "titles_removed")
        return
    text = _find_title(bench, operation.number, operation.text)
    bench.change(texts=tuple(each for each in texts if each.id != text.id))
    bench.note("what_title", "title_removed", text=text.text)


def _find_title(bench: Bench, number: int | None, words: str | None) -> Text:
    texts = bench.composition.texts
    if not texts:
        raise bench.refuse("no_title")
    if words is not None:
        fitting = [text for text in texts if words.lower() in text.text.lower()]
        if not fitting:
            raise bench.refuse("no_such_title")
        return fitting[-1]
    if number is None or number == -1:
        return texts[-1]
    if not 1 <= number <= len(texts):
        raise bench.refuse("no_number", number=number, count=len(texts))
    return texts[number - 1]


def _place(span: Span, old: Text | None = None) -> tuple[float, float | None]:
    """Start and length of a text: as said, else as it was, else the first three seconds."""
    if span.whole:
        return 0.0, None
    start_s = span.start_s if span.start_s is not None else old.start_s if old is not None else 0.0
    if span.end_s is not None and span.end_s > start_s:
        return start_s, span.end_s - start_s
    if span.length_s is not None:
        return start_s, max(0.1, span.length_s)
    if old is not None and old.length_s is not None:
        return start_s, old.length_s
    return start_s, min(_DEFAULT_TITLE_S, -start_s) if start_s < 0 else _DEFAULT_TITLE_S


def _say_title(bench: Bench, name: str, text: Text) -> None:
    length_s = bench.composition.duration_s
    start_s = text.start_s if text.start_s >= 0 else max(0.0, length_s + text.start_s)
    end_s = length_s if text.length_s is None else min(length_s, start_s + text.length_s)
    where = say(bench.language, text.position)
    color = color_name(bench.language, text.color)
    look = f"{'，' if bench.language == 'zh' else ', '}{color}" if color else ""
    if text.size not in (1.0, 0.7):
        usual = f"字号 {percent(text.size)}" if bench.language == "zh" else f"{percent(text.size)} of the usual size"
        look += f"{'，' if bench.language == 'zh' else ', '}{usual}"
    bench.note("what_title", name, text=text.text, start=clock(start_s), end=clock(end_s), position=where + look)
