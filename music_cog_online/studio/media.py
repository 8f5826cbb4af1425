"""What is known of a media file: streams as they are shown and heard."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

__all__ = ["AudioStream", "MediaFile", "MediaInfo", "VideoStream"]


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The first picture stream of a file.

    Attributes:
        codec: ffmpeg's name of the codec, e.g. ``h264``.
        profile: Codec profile, e.g. ``High``, or an empty string.
        pix_fmt: Pixel format, e.g. ``yuv420p``.
        width: Width in square pixels as shown, after rotation and sample aspect ratio.
        height: Height in pixels as shown.
        coded_width: Width in pixels as stored.
        coded_height: Height in pixels as stored.
        rotation: Degrees clockwise that a player turns the picture by: 0, 90, 180 or 270.
        sar: Sample (pixel) aspect ratio of the stored picture.
        fps: Average frame rate.
        bit_rate: Bits per second, 0 when unknown.
        color: Colour tags as ffmpeg prints them, e.g. ``tv, bt709``.
    """

    codec: str
    profile: str
    pix_fmt: str
    width: int
    height: int
    coded_width: int
    coded_height: int
    rotation: int
    sar: Fraction
    fps: Fraction
    bit_rate: int
    color: str


@dataclass(frozen=True, slots=True)
class AudioStream:
    """The first sound stream of a file.

    Attributes:
        codec: ffmpeg's name of the codec, e.g. ``aac``.
        rate: Samples per second.
        channels: Number of channels.
    """

    codec: str
    rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A file as probed.

    Attributes:
        path: Where it lies.
        container: ffmpeg's demuxer name.
        kind: ``video``, ``audio`` or ``image``.
        duration_s: Length in seconds; 0 for a still image or when unknown.
        video: The picture stream, if there is one (cover art of a song is none).
        audio: The sound stream, if there is one.
    """

    path: Path
    container: str
    kind: str
    duration_s: float
    video: VideoStream | None
    audio: AudioStream | None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of a project.

    Attributes:
        id: Its id in drafts (``md_…``).
        path: Where it lies.
        name: The name the user gave it.
        info: What probing found.
    """

    id: str
    path: Path
    name: str
    info: MediaInfo
