"""What the planner takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from music_cog_online.studio.timebase import frame_start_s, parse_rate

if TYPE_CHECKING:
    from music_cog_online.studio.listen import Listening
    from music_cog_online.studio.watch import Watching

__all__ = [
    "PLAN_VERSION",
    "Caps",
    "Density",
    "Mode",
    "MusicSpan",
    "PictureSource",
    "PlannedDrop",
    "PlannedHit",
    "PlannedShot",
    "SongSource",
    "SyncPlan",
    "Wish",
]

PLAN_VERSION = 1
"""Version of the JSON that `SyncPlan.to_json` writes."""

Mode = Literal["auto", "music_to_picture", "picture_to_music"]
Density = Literal["auto", "beat", "two_beats", "bar", "phrase"]
Change = Literal["none", "trimmed", "faster", "slower"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asks of the plan.

    Attributes:
        mode: Which side gives way; ``auto`` moves the music to one edited video and cuts several clips to the music.
        touch_picture: Whether shots may be shortened or change their speed a little.
        density: How often a montage cuts.
        target_s: Length of a montage in seconds; None for what the material gives.
        drop_at_s: Picture time of the cut that the drop is to meet; None for the strongest one.
        song_from_s: Song time that is to play at the start; None for the planner's choice.
        drop_exact: Whether the drop is to play at `drop_at_s` itself, whether there is a cut or not.
        on_beat: Whether cuts are to meet beats; else the song only plays under the picture, as it was recorded.
    """

    mode: Mode = "auto"
    touch_picture: bool = True
    density: Density = "auto"
    target_s: float | None = None
    drop_at_s: float | None = None
    song_from_s: float | None = None
    drop_exact: bool = False
    on_beat: bool = True


@dataclass(frozen=True, slots=True)
class Caps:
    """What a plan may never exceed.

    Attributes:
        music: Largest change of the music's speed, as a share of it.
        music_step: Largest change of that speed from one piece of the time map to the next.
        shot_speed: Largest change of a shot's speed, as a share of it.
        shot_trim_s: What may be taken off a shot's end at most, in seconds, in place of a change of speed.
        shot_trim_frames: The same in frames, where that is more.
    """

    music: float = 0.03
    music_step: float = 0.02
    shot_speed: float = 0.05
    shot_trim_s: float = 0.1
    shot_trim_frames: int = 4


@dataclass(frozen=True, slots=True)
class PictureSource:
    """A video or a still image that the plan is made for.

    Attributes:
        media: Its id in drafts.
        watching: Its shots; None for a still image.
        speech: Where somebody talks in its own sound: (start, end) in seconds.
        has_sound: Whether it has sound of its own.
    """

    media: str
    watching: Watching | None
    speech: tuple[tuple[float, float], ...] = ()
    has_sound: bool = False


@dataclass(frozen=True, slots=True)
class SongSource:
    """The song and what was heard in it."""

    media: str
    listening: Listening


@dataclass(frozen=True, slots=True)
class PlannedShot:
    """A shot as it is shown.

    Attributes:
        media: Id of its file.
        from_s: Source time of its first frame.
        take_s: Source time that it shows.
        at: Output frame at which it starts.
        frames: Output frames that it lasts.
        talking: Whether somebody talks in it; such a shot keeps its length and speed.
        change: What was done to its length.
        by_frames: By how many output frames it is shorter (negative) or longer than in the source.
    """

    media: str
    from_s: float
    take_s: float
    at: int
    frames: int
    talking: bool = False
    change: Change = "none"
    by_frames: int = 0


@dataclass(frozen=True, slots=True)
class MusicSpan:
    """A stretch of the song that plays without a jump.

    Attributes:
        media: Id of the song.
        map: Points (output time, song time) in seconds, both strictly increasing; straight lines between them.
        fade_in_s: Length of the fade at its start.
        fade_out_s: Length of the fade at its end.
        join_s: Length of the crossfade with the span before, centred on this span's start; 0 for the first.
    """

    media: str
    map: tuple[tuple[float, float], ...]
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    join_s: float = 0.0

    def song_at(self, out_s: float) -> float:
        """Song time that plays at `out_s`; beyond the ends the first or last slope goes on."""
        pairs = list(pairwise(self.map))
        (left, right) = next((pair for pair in pairs if out_s < pair[1][0]), pairs[-1])
        slope = (right[1] - left[1]) / (right[0] - left[0])
        return left[1] + (out_s - left[0]) * slope


@dataclass(frozen=True, slots=True)
class PlannedHit:
    """A cut and the beat next to it.

    Attributes:
        frame: Output frame that the cut opens.
        time_s: The same in seconds.
        beat_s: Output time of the nearest beat; None without one.
        offset_s: Cut minus beat; None without a beat.
        downbeat: Whether that beat opens a bar.
        hit: Whether the beat lies within one frame.
        reason: Why not, in words; empty for a hit.
    """

    frame: int
    time_s: float
    beat_s: float | None
    offset_s: float | None
    downbeat: bool
    hit: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlannedDrop:
    """The song's drop and the cut that it is to meet.

    Attributes:
        song_s: Song time of the drop.
        time_s: Output time of the drop.
        frame: Output frame of the cut.
        offset_s: Cut minus drop.
        named: Whether the user named the cut.
        hit: Whether the two are within one frame.
    """

    song_s: float
    time_s: float
    frame: int
    offset_s: float
    named: bool
    hit: bool


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """Picture and music laid out on one output timeline.

    Attributes:
        version: Version of this shape.
        mode: ``music_to_picture`` or ``picture_to_music``.
        rate: Output frames per second.
        shots: What is shown, in order, without gaps.
        music: What is heard of the song, in order.
        hits: Every cut.
        drop: The drop, if the song has one that plays.
        explanation: Sentences for the user.
        caps_limited: Whether the caps keep some cut off the beat.
        picture_touched: Whether any shot's length differs from the source's.
        cost: What the optimisation paid, in its own points; lower is better.
    """

    version: int
    mode: Literal["music_to_picture", "picture_to_music"]
    rate: Fraction
    shots: tuple[PlannedShot, ...]
    music: tuple[MusicSpan, ...]
    hits: tuple[PlannedHit, ...] = ()
    drop: PlannedDrop | None = None
    explanation: tuple[str, ...] = ()
    caps_limited: bool = False
    picture_touched: bool = False
    cost: float = 0.0

    @property
    def frames(self) -> int:
        """Length of the output in frames."""
        return self.shots[-1].at + self.shots[-1].frames if self.shots else 0

    @property
    def duration_s(self) -> float:
        """Length of the output in seconds."""
        return frame_start_s(self.frames, self.rate)

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {**asdict(self), "rate": f"{self.rate.numerator}/{self.rate.denominator}"}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SyncPlan:
        """Reads what `to_json` wrote.

        Raises:
            ValueError: Another version's shape.
        """
        if data.get("version") != PLAN_VERSION:
            raise ValueError(f"not a plan of version {PLAN_VERSION}: {data.get('version')!r}")
        spans = ({**span, "map": tuple((out, song) for out, song in span["map"])} for span in data["music"])
        return cls(
            version=PLAN_VERSION,
            mode=data["mode"],
            rate=parse_rate(data["rate"]),
            shots=tuple(PlannedShot(**shot) for shot in data["shots"]),
            music=tuple(MusicSpan(**span) for span in spans),
            hits=tuple(PlannedHit(**hit) for hit in data["hits"]),
            drop=PlannedDrop(**data["drop"]) if data["drop"] else None,
            explanation=tuple(data["explanation"]),
            caps_limited=data["caps_limited"],
            picture_touched=data["picture_touched"],
            cost=data["cost"],
        )
