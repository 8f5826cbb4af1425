"""What a media file is, from its first bytes and from what ffmpeg says of it."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.media import AudioStream, MediaInfo, VideoStream
from music_cog_online.studio.timebase import nearest_rate

__all__ = ["demuxer_of", "is_cut_short", "parse_probe"]

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftyp", "mov"),
    (4, b"moov", "mov"),
    (4, b"mdat", "mov"),
    (4, b"wide", "mov"),
    (4, b"free", "mov"),
    (4, b"skip", "mov"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (8, b"AVI ", "avi"),
    (8, b"WAVE", "wav"),
    (8, b"WEBP", "webp_pipe"),
    (0, b"\x89PNG\r\n\x1a\n", "png_pipe"),
    (0, b"\xff\xd8\xff", "jpeg_pipe"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
)
_IMAGE_DEMUXERS = frozenset({"webp_pipe", "png_pipe", "jpeg_pipe"})

_DURATION = re.compile(r"^\s*Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_STREAM = re.compile(r"^\s*Stream #0:\d+\S*(?:\([^)]*\))?: (Video|Audio): (.*)$")
_SIZE = re.compile(r", (\d{1,6})x(\d{1,6})(?:[ ,]|$)")
_SAR = re.compile(r"\bSAR (\d+):(\d+)")
_FPS = re.compile(r", ([\d.]+)(k?) (fps|tbr)")
_BIT_RATE = re.compile(r", (\d+) kb/s")
_ROTATION = re.compile(r"rotation of (-?[\d.]+) degrees")
_HERTZ = re.compile(r"(\d+) Hz, ([^,]+)")
_LAYOUTS = {"mono": 1, "stereo": 2, "2.1": 3, "quad": 4, "4.0": 4, "5.0": 5, "5.1": 6, "6.1": 7, "7.1": 8}


def demuxer_of(path: Path) -> str:
    """Ffmpeg's name of the container that the file's first bytes announce.

    Raises:
        MediaRefused: They announce none that the studio reads, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(16)
            if head[:3] == b"ID3":  # the tag says how long it is: what follows tells MP3 from AAC and FLAC
                size = (head[6] & 127) << 21 | (head[7] & 127) << 14 | (head[8] & 127) << 7 | (head[9] & 127)
                file.seek(10 + size)
                return _of_stream(file.read(16)) or "mp3"
    except OSError as exc:
        raise MediaRefused(f"{path.name} cannot be read ({exc.strerror}).", hint="Check the file.") from exc
    found = _of_stream(head)
    if found is None:
        raise MediaRefused(f"{path.name} is not a supported media file.", hint="Use MP4, MOV, MP3 or WAV.")
    return found


def _of_stream(head: bytes) -> str | None:
    for offset, magic, demuxer in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return demuxer
    if len(head) >= 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0xF6 == 0xF0 else "mp3"
    return None


def is_cut_short(path: Path) -> bool:
    """Whether an MP4 or MOV file ends before its own last box does, as after a broken copy or upload.

    ffmpeg decodes what there is of such a file without a complaint in its exit code (boxes: ISO 14496-12, 4.2).
    """
    size = path.stat().st_size
    at = 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if length < 8:
                return False  # 0 is a box that goes on to the end; less is not a box
            at += length
    return at > size


def parse_probe(said: str, path: Path) -> MediaInfo:
    """Reads ffmpeg's description of its input.

    Args:
        said: What ``ffmpeg -i FILE`` wrote to standard error.
        path: The file.

    Raises:
        MediaRefused: ffmpeg found neither picture nor sound.
    """
    demuxer = demuxer_of(path)
    video: VideoStream | None = None
    audio: AudioStream | None = None
    lines = said.splitlines()
    for number, line in enumerate(lines):
        match = _STREAM.match(line)
        if match is None:
            continue
        kind, text = match.groups()
        if kind == "Video" and video is None and "(attached pic)" not in text:
            video = _video(text, _stream_details(lines, number))
        elif kind == "Audio" and audio is None:
            audio = _audio(text)
    if video is None and audio is None:
        raise MediaRefused(f"{path.name} has neither picture nor sound that can be read.", hint="Is the file whole?")
    image = demuxer in _IMAGE_DEMUXERS
    return MediaInfo(
        path=path,
        container=demuxer,
        kind="image" if image else "video" if video is not None else "audio",
        duration_s=0.0 if image else _duration_s(said),
        video=video,
        audio=audio,
    )


def _stream_details(lines: list[str], number: int) -> str:
    """The indented lines below a stream's own: metadata and side data."""
    details = []
    for line in lines[number + 1 :]:
        if _STREAM.match(line) or not line.startswith("    "):
            break
        details.append(line)
    return "\n".join(details)


def _duration_s(said: str) -> float:
    match = _DURATION.search(said)
    if match is None:
        return 0.0
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _video(text: str, details: str) -> VideoStream | None:
    size = _SIZE.search(text)
    if size is None:
        return None
    coded_width, coded_height = int(size[1]), int(size[2])
    sar_match = _SAR.search(text)
    sar = Fraction(int(sar_match[1]), int(sar_match[2])) if sar_match and int(sar_match[2]) else Fraction(1)
    sar = sar or Fraction(1)
    turned = _ROTATION.search(details)
    rotation = round(-float(turned[1]) / 90) * 90 % 360 if turned else 0
    width, height = round(coded_width * sar), coded_height
    if rotation in (90, 270):
        width, height = height, width
    codec, profile = _codec(text)
    pixels = re.search(r", ([a-z0-9]+)(?:\(([^)]*)\))?, \d+x\d+", text)
    bit_rate = _BIT_RATE.search(text)
    return VideoStream(
        codec=codec,
        profile=profile,
        pix_fmt=pixels[1] if pixels else "",
        width=width,
        height=height,
        coded_width=coded_width,
        coded_height=coded_height,
        rotation=rotation,
        sar=sar,
        fps=_fps(text),
        bit_rate=int(bit_rate[1]) * 1000 if bit_rate else 0,
        color=(pixels[2] or "") if pixels else "",
    )


def _audio(text: str) -> AudioStream | None:
    match = _HERTZ.search(text)
    if match is None or int(match[1]) <= 0:
        return None
    layout = match[2].split("(")[0].strip()
    counted = re.match(r"(\d+) channels", layout)
    channels = int(counted[1]) if counted else _LAYOUTS.get(layout, 2)
    return AudioStream(codec=_codec(text)[0], rate=int(match[1]), channels=channels)


def _codec(text: str) -> tuple[str, str]:
    match = re.match(r"(\w+)(?: \(([^)/]+)\))?", text)
    return (match[1], (match[2] or "").strip()) if match else ("", "")


def _fps(text: str) -> Fraction:
    rates = {name: float(value) * (1000 if kilo else 1) for value, kilo, name in _FPS.findall(text)}
    rate = rates.get("fps") or rates.get("tbr") or 0.0
    return nearest_rate(rate, tolerance=0.008) if rate > 0 else Fraction(25)
