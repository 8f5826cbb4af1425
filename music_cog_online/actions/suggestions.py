"""What the user could say next: what fits the timeline as it is, in the language that they speak."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from music_cog_online.actions import uploads
from music_cog_online.actions.context import Context
from music_cog_online.actions.words import language_of, said_in
from music_cog_online.timeline import Segment, Timeline, Track

__all__ = ["after_edit", "after_export", "after_upload", "at_first", "hear", "language", "note_hands_off", "offered"]

_NOTE = "language"
_UNTOUCHED = "untouched"
_LOUD = 0.25
_MOST = 3


def hear(context: Context, text: str) -> None:
    """Remember the language of the user's words, for suggestions after commands without any."""
    code = said_in(text)
    if code and context.store.get(_NOTE) != code:
        context.store.put(_NOTE, code)


def language(context: Context) -> str:
    """The language that suggestions are made in: `zh` where the user speaks Chinese, else `en`."""
    noted = context.store.get(_NOTE)
    return "zh" if (noted if isinstance(noted, str) else language_of()) == "zh" else "en"


def offered(context: Context, *names: str) -> tuple[str, ...]:
    """The suggestions of these names, in the user's language."""
    spoken = language(context)
    return tuple(context.manifest.suggestions[name][spoken] for name in names)


def at_first(context: Context) -> tuple[str, ...]:
    """Examples for a first contact."""
    return context.manifest.try_saying if language(context) == "en" else offered(context, "sync", "title", "portrait")


def after_upload(context: Context, session_id: str) -> tuple[str, ...]:
    """What is still missing before something can be synced; to sync, when nothing is."""
    names = [Path(one.name).suffix for one in uploads.of_session(context.store, session_id)]
    kinds = {context.manifest.formats.kind_of(suffix) if suffix else None for suffix in names}
    if not kinds:
        return offered(context, "upload")
    if kinds == {"audio"}:
        return offered(context, "upload_clip")
    return offered(context, "upload_song") if "audio" not in kinds and None not in kinds else offered(context, "sync")


def after_edit(
    context: Context, session_id: str, draft: Mapping[str, Any] | None, *, changed: bool | None
) -> tuple[str, ...]:
    """Suggestions after an instruction.

    Args:
        context: the open backend.
        session_id: the project.
        draft: its timeline now; None where nobody knows.
        changed: whether the instruction changed it; None where nobody knows.
    """
    if draft is None:
        return offered(context, "tracks")
    timeline = Timeline.from_draft(draft)
    if not timeline.pictures:
        return after_upload(context, session_id)
    if changed is False:
        return offered(context, "tracks", *_edits(timeline, draft)[: _MOST - 1])
    return offered(context, "tracks", "export")


def after_export(context: Context, draft: Mapping[str, Any], report: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Changes that would make a difference to the file that was just made."""
    missed = report is not None and report.get("in_sync") is False and bool(report.get("cut_count"))
    edits = _edits(Timeline.from_draft(draft), draft)
    recut = missed and "upload_song" not in edits and not _hands_off(context)
    return offered(context, *(["recut", *edits] if recut else edits)[:_MOST])


def note_hands_off(context: Context, session_id: str | None) -> None:
    """Remember that the picture of this project is to be left alone; None: that of none."""
    if context.store.get(_UNTOUCHED) != session_id:
        context.store.put(_UNTOUCHED, session_id)


def _hands_off(context: Context) -> bool:
    session = context.store.session()
    return session is not None and context.store.get(_UNTOUCHED) == session.session_id


def _edits(timeline: Timeline, draft: Mapping[str, Any]) -> list[str]:
    """Names of edits that the timeline does not show yet."""
    music = [track for track in timeline.tracks if track.label == "BGM"]
    names = [_volume(music[0])] if music else ["upload_song"]
    titles = [one for track in timeline.tracks if track.label == "Title" for one in track.segments]
    names.append(_place(titles[0]) if titles else "title")
    width, height = Timeline.canvas(draft)
    names.append("landscape" if 0 < width < height else "portrait")
    return names


def _place(title: Segment) -> str:
    return "title_down" if title.details.get("position") == "top" else "title_up"


def _volume(music: Track) -> str:
    return "quieter" if music.volume is None or music.volume > _LOUD else "louder"
