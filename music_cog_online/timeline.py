"""Draft JSON with short keys → what a user would say of it: a summary, and the difference between two drafts.

Drafts come from a backend, so nothing in them is trusted: a value of the wrong type counts as missing, a negative or
huge time as 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from music_cog_online.text import clean_text

__all__ = ["Segment", "Timeline", "Track", "differences"]

_VIDEO, _AUDIO, _TEXT = 0, 1, 7
_LABELS = {_VIDEO: "Video", _AUDIO: "BGM", _TEXT: "Title"}
_ROLES = {"voice": "Voice", "speech": "Voice", "voiceover": "Voice", "sfx": "Sound", "sound": "Sound"}
_LONGEST_MS = 7 * 24 * 3600 * 1000
_LONGEST_NAME = 80
_NAMES_SHOWN = 3
_TRACKS_SHOWN = 20
# Comparing takes time that grows with the square of the count; nobody reads further anyway.
_COMPARED = 300


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a track.

    Attributes:
        id: the draft's id, or an empty string.
        name: title text, clip or song name; may be empty.
        start_s: where it begins on the timeline, in seconds.
        duration_s: how long it is, in seconds.
        volume: 0 to 1 and above, or None where the draft does not say.
        details: the draft's metadata of the segment.
    """

    id: str
    name: str
    start_s: float
    duration_s: float
    volume: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def end_s(self) -> float:
        """Where it ends on the timeline, in seconds."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Track:
    """One track that holds something.

    Attributes:
        id: the draft's id, or an empty string.
        kind: the draft's track type: 0 video, 1 audio, 7 text.
        label: what a user calls it.
        segments: its pieces, in time; never empty.
    """

    id: str
    kind: int
    label: str
    segments: tuple[Segment, ...]

    @property
    def start_s(self) -> float:
        """Where its first piece begins."""
        return min(one.start_s for one in self.segments)

    @property
    def end_s(self) -> float:
        """Where its last piece ends."""
        return max(one.end_s for one in self.segments)

    @property
    def volume(self) -> float | None:
        """The volume that all its pieces share, or None."""
        volumes = {one.volume for one in self.segments}
        return volumes.pop() if len(volumes) == 1 else None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The tracks that hold something, in order, and the length of it all in seconds."""

    tracks: tuple[Track, ...]
    duration_s: float

    @classmethod
    def from_draft(cls, draft: Mapping[str, Any] | None) -> Timeline:
        """Read a draft; an empty or unreadable one gives an empty timeline."""
        rows = draft.get("t") if isinstance(draft, Mapping) else None
        read = (_track(row) for row in rows if isinstance(row, Mapping)) if isinstance(rows, list) else ()
        tracks = tuple(track for track in read if track is not None)
        stated_s = _seconds(draft.get("d")) if isinstance(draft, Mapping) else 0.0
        return cls(tracks, stated_s or max((track.end_s for track in tracks), default=0.0))

    @property
    def exportable(self) -> bool:
        """Some track holds something."""
        return bool(self.tracks)

    @property
    def pictures(self) -> bool:
        """Some track shows something: a clip or an image, or a kind of track that is not known."""
        return any(track.kind not in (_AUDIO, _TEXT) for track in self.tracks)

    @staticmethod
    def canvas(draft: Mapping[str, Any] | None) -> tuple[int, int]:
        """Width and height of the picture in pixels; (0, 0) where the draft does not say."""
        details = draft.get("m") if isinstance(draft, Mapping) else None
        details = details if isinstance(details, Mapping) else {}
        width, height = details.get("width"), details.get("height")
        if not (isinstance(width, int) and isinstance(height, int)) or min(width, height) <= 0:
            return 0, 0
        return int(width), int(height)

    def summary(self) -> str:
        """One line, as in `Timeline (1 track): 1. Video: city timelapse (0-10s)`."""
        if not self.tracks:
            return "Timeline: empty"
        count = f"{len(self.tracks)} track" + ("s" if len(self.tracks) > 1 else "")
        lines = [f"{number}. {_summary(track)}" for number, track in enumerate(self.tracks[:_TRACKS_SHOWN], start=1)]
        hidden = len(self.tracks) - _TRACKS_SHOWN
        return f"Timeline ({count}): {' '.join(lines)}" + (f" and {hidden} more" if hidden > 0 else "")


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    """What changed from one draft to another, as sentences for the user; an empty list when nothing did."""
    if before == after:
        return []
    old, new = Timeline.from_draft(before), Timeline.from_draft(after)
    found: list[str] = []
    pairs = _pairs(old.tracks[:_COMPARED], new.tracks[:_COMPARED])
    for one, other in pairs:
        if one is not None and other is not None:
            found += _track_changes(one, other)
        elif other is not None:
            found += _added_or_removed(other, "added")
        elif one is not None:
            found += _added_or_removed(one, "removed")
    if old.tracks and new.tracks and _time(old.duration_s) != _time(new.duration_s):
        found.append(f"Length: {_time(old.duration_s)} s → {_time(new.duration_s)} s")
    found += _canvas_changes(before, after)
    return found or ["The timeline changed in its details."]


def _track(row: Mapping[str, Any]) -> Track | None:
    pieces = row.get("sg")
    kind = row.get("tt")
    kind = kind if isinstance(kind, int) and not isinstance(kind, bool) else -1
    segments: list[Segment] = []
    for piece in pieces if isinstance(pieces, list) else ():
        if isinstance(piece, Mapping):
            segments.append(_segment(piece, segments[-1].end_s if segments else 0.0))
    if not segments:
        return None
    details = row.get("m")
    role = segments[0].details.get("role") or (details.get("role") if isinstance(details, Mapping) else None)
    label = _LABELS.get(kind, "Track")
    if kind == _AUDIO and isinstance(role, str):
        label = _ROLES.get(role.lower(), label)
    return Track(_word(row.get("id")), kind, label, tuple(segments))


def _segment(piece: Mapping[str, Any], follows_s: float) -> Segment:
    details = piece.get("m")
    details = details if isinstance(details, Mapping) else {}
    names = (_word(details.get(key)) for key in ("text", "name", "title", "content", "file_name"))
    return Segment(
        id=_word(piece.get("id")),
        name=next((name for name in names if name), ""),
        start_s=_seconds(piece["s"]) if "s" in piece else follows_s,
        duration_s=_seconds(piece.get("d")),
        volume=_volume(details.get("volume")),
        details=details,
    )


def _word(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = " ".join(clean_text(str(value)).split())
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _seconds(value: Any) -> float:
    """Milliseconds of the draft in seconds; 0 for what is no length of time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST_MS:
        return 0.0
    return value / 1000


def _volume(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
        return None
    # Some drafts hold percents.
    return value / 100 if value > 4 else float(value)


def _time(value_s: float) -> str:
    """Seconds with at most one decimal."""
    rounded = round(value_s, 1)
    return f"{int(rounded)}" if math.isclose(rounded, int(rounded)) else f"{rounded:.1f}"


def _span(start_s: float, end_s: float) -> str:
    return f"{_time(start_s)}-{_time(end_s)}"


def _percent(volume: float) -> str:
    return f"{round(volume * 100)}%"


def _summary(track: Track) -> str:
    if track.kind == _TEXT:
        titles = [f'"{one.name}" ({_span(one.start_s, one.end_s)}s)' for one in track.segments[:_NAMES_SHOWN]]
        return f"{track.label}: {', '.join(titles)}{_more(len(track.segments) - _NAMES_SHOWN)}"
    names = list(dict.fromkeys(one.name for one in track.segments if one.name))
    facts = [f"{_span(track.start_s, track.end_s)}s"]
    if track.kind == _AUDIO and track.volume is not None:
        facts.append(_percent(track.volume))
    elif track.volume == 0:
        facts.append("muted")
    elif track.kind == _VIDEO and track.volume not in (None, 1.0):
        facts.append(f"sound {_percent(track.volume or 0.0)}")
    shown = ", ".join(names[:_NAMES_SHOWN]) + _more(len(names) - _NAMES_SHOWN)
    return f"{track.label}: {shown or 'untitled'} ({', '.join(facts)})"


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _pairs(old: Sequence[Track], new: Sequence[Track]) -> list[tuple[Track | None, Track | None]]:
    """Tracks that belong together: by id and kind, else the next one of the same kind and label."""
    left = list(old)
    pairs: list[tuple[Track | None, Track | None]] = []
    matches: dict[int, Track] = {}
    for number, track in enumerate(new):
        same = next((one for one in left if one.id and (one.id, one.kind) == (track.id, track.kind)), None)
        if same is not None:
            left.remove(same)
            matches[number] = same
    for number, track in enumerate(new):
        match = matches.get(number)
        if match is None:
            match = next((one for one in left if (one.kind, one.label) == (track.kind, track.label)), None)
            if match is not None:
                left.remove(match)
        pairs.append((match, track))
    return [*pairs, *((one, None) for one in left)]


def _added_or_removed(track: Track, verb: str) -> list[str]:
    if track.kind == _TEXT:
        return [f"Title {verb}: {_named(one)}" for one in track.segments[:_NAMES_SHOWN]]
    if len(track.segments) == 1:
        volume = f", {_percent(track.volume)}" if track.kind == _AUDIO and track.volume is not None else ""
        return [f"{track.label} {verb}: {_named(track.segments[0], volume)}"]
    names = list(dict.fromkeys(one.name for one in track.segments if one.name))
    shown = ", ".join(f"'{name}'" for name in names[:_NAMES_SHOWN]) + _more(len(names) - _NAMES_SHOWN)
    pieces = f"{len(track.segments)} pieces, {_span(track.start_s, track.end_s)} s"
    return [f"{track.label} {verb}: {shown or 'untitled'} ({pieces})"]


def _named(one: Segment, extra: str = "") -> str:
    return f"'{one.name or 'untitled'}' ({_span(one.start_s, one.end_s)} s{extra})"


def _track_changes(old: Track, new: Track) -> list[str]:
    if old.kind == _TEXT:
        return _title_changes(old, new)
    found: list[str] = []
    old_names, new_names = ({one.name for one in track.segments} for track in (old, new))
    if not old_names & new_names:
        return [f"{new.label} replaced: {_names(old)} → {_names(new)} ({_span(new.start_s, new.end_s)} s)"]
    if gone := sorted(old_names - new_names):
        found.append(f"{new.label}: {', '.join(f'{name!r}' for name in gone[:_NAMES_SHOWN])} removed")
    if come := sorted(new_names - old_names):
        found.append(f"{new.label}: {', '.join(f'{name!r}' for name in come[:_NAMES_SHOWN])} added")
    found += _cut_changes(old, new)
    found += _sound_changes(old, new)
    return found


def _names(track: Track) -> str:
    names = list(dict.fromkeys(one.name or "untitled" for one in track.segments))
    return ", ".join(f"'{name}'" for name in names[:_NAMES_SHOWN]) + _more(len(names) - _NAMES_SHOWN)


def _title_changes(old: Track, new: Track) -> list[str]:
    left = list(old.segments[:_COMPARED])
    found: list[str] = []
    fresh: list[Segment] = []
    for one in new.segments[:_COMPARED]:
        match = next((other for other in left if one.id and other.id == one.id), None)
        match = match or next((other for other in left if other.name == one.name), None)
        if match is None:
            fresh.append(one)
            continue
        left.remove(match)
        if match.name != one.name:
            found.append(f"Title changed: '{match.name}' → {_named(one)}")
        elif _span(match.start_s, match.end_s) != _span(one.start_s, one.end_s):
            found.append(f"Title moved: '{one.name}' ({_span(match.start_s, match.end_s)} s → {_named_span(one)})")
        elif match.details != one.details:
            found.append(f"Title restyled: '{one.name}'")
    found += [f"Title added: {_named(one)}" for one in fresh]
    return found + [f"Title removed: {_named(one)}" for one in left]


def _named_span(one: Segment) -> str:
    return f"{_span(one.start_s, one.end_s)} s"


def _cut_changes(old: Track, new: Track) -> list[str]:
    """Pieces that were added, dropped, moved, trimmed or taken from elsewhere."""
    found: list[str] = []
    if len(old.segments) != len(new.segments):
        found.append(f"{new.label}: {len(old.segments)} → {len(new.segments)} pieces")
    else:
        moved = sum(_place(one) != _place(other) for one, other in zip(old.segments, new.segments, strict=True))
        if moved and len(new.segments) > 1:
            found.append(f"{new.label}: {moved} of {len(new.segments)} pieces re-timed")
    before, after = _span(old.start_s, old.end_s), _span(new.start_s, new.end_s)
    if before != after:
        found.append(f"{new.label}: {before} s → {after} s")
    elif not found and len(new.segments) == 1 and _place(old.segments[0]) != _place(new.segments[0]):
        found.append(f"{new.label}: '{new.segments[0].name or 'untitled'}' re-timed")
    return found


def _place(one: Segment) -> tuple[Any, ...]:
    """Where a piece lies and what it takes from its source."""
    source = tuple(repr(one.details.get(key)) for key in ("media", "at", "frames", "from_s", "take_s", "map"))
    return (one.start_s, one.duration_s, *source)


def _sound_changes(old: Track, new: Track) -> list[str]:
    found: list[str] = []
    label = "Original sound" if new.kind == _VIDEO else new.label
    if old.volume != new.volume and new.volume is not None:
        if new.volume == 0:
            found.append(f"{label} muted")
        elif old.volume is None:
            found.append(f"{label} volume: {_percent(new.volume)}")
        else:
            found.append(f"{label} volume: {_percent(old.volume)} → {_percent(new.volume)}")
    for key, words in (("fade_in_ms", "fade-in"), ("fade_out_ms", "fade-out")):
        before, after = (
            max((_seconds(one.details.get(key)) for one in track.segments), default=0.0) for track in (old, new)
        )
        if before != after:
            found.append(f"{label} {words}: {_time(before)} s → {_time(after)} s")
    return found


def _canvas_changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    old, new = Timeline.canvas(before), Timeline.canvas(after)
    known = old != (0, 0) and new != (0, 0)
    return [f"Picture: {old[0]}x{old[1]} → {new[0]}x{new[1]}"] if known and old != new else []
