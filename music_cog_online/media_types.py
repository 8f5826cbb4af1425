"""Which kind of media a file holds, told by its first bytes."""

from __future__ import annotations

import re
from typing import BinaryIO

__all__ = ["HEAD_BYTES", "called", "looks_like", "sniff", "sniff_file"]

HEAD_BYTES = 4096
"""How much of a file's beginning `sniff` wants to see."""

_SEARCHED_BYTES = 65536
# ISO 14496-12 brands that are still pictures (HEIF, AVIF), not one of the formats.
_STILL_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
_MP4_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
# An MPEG audio frame header of layer II or III with a bit rate and a sample rate that exist (ISO 11172-3, 2.4.2.3).
_MPEG_AUDIO = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xfd][\x10-\xeb]")
_OTHERS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x1f\x8b": "a gzip archive",
    b"MZ": "a program",
    b"\x7fELF": "a program",
    b"fLaC": "a FLAC sound file",
    b"OggS": "an Ogg file",
    b"FLV": "a Flash video",
    b"FORM": "an AIFF sound file",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"\x30\x26\xb2\x75": "a WMV or WMA file",
}
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|\?xml|head|body)\b", re.IGNORECASE)
_ADTS = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")


def sniff(head: bytes) -> str | None:
    """The extension that the content stands for, or None for none of the formats (or no bytes).

    Args:
        head: the first `HEAD_BYTES` of the file, behind any ID3 tag.
    """
    if head[4:8] == b"ftyp":
        return _iso_media(head[8:12])
    if head[4:8] in _MP4_BOXES:
        return "mov"
    if head[:4] in {b"RIFF", b"RF64"}:
        return {b"AVI ": "avi", b"WAVE": "wav", b"WEBP": "webp"}.get(head[8:12])
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in head[:64] else "mkv"
    fixed = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png", b"GIF87a": "gif", b"GIF89a": "gif", b"ADIF": "aac"}
    for magic, name in fixed.items():
        if head.startswith(magic):
            return name
    if _ADTS.match(head):
        return "aac"
    return "mp3" if _MPEG_AUDIO.match(head) else None


def sniff_file(file: BinaryIO) -> str | None:
    """As `sniff`, for a file that is open for reading; ID3 tags and padding before the sound are skipped.

    The file's position is at 0 afterwards.
    """
    file.seek(0)
    head, tagged = file.read(HEAD_BYTES), False
    while head[:3] == b"ID3" and len(head) >= 10:
        # ID3v2.4, 3.1: the size has four bytes of seven bits and leaves out the ten bytes of the header.
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        file.seek(file.tell() - len(head) + 10 + size)
        head, tagged = file.read(HEAD_BYTES), True
    found = sniff(head)
    if found is None and (tagged or not head.strip(b"\0")):
        found = _search_audio(head + file.read(_SEARCHED_BYTES))
    file.seek(0)
    return found


def called(kind: str) -> str:
    """A kind of media as people call it; anything unknown is a file."""
    return {"video": "a video", "image": "a picture", "audio": "a sound file"}.get(kind, "a file")


def looks_like(head: bytes) -> str:
    """What a file that is none of the formats seems to be, for people; an empty string where nobody knows.

    Args:
        head: its first bytes; without any it is nothing.
    """
    if not head.strip(b"\0"):
        return "nothing but zeros" if head else ""
    found = next((name for magic, name in _OTHERS.items() if head.startswith(magic)), "")
    if found:
        return found
    if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
        return "a HEIC or AVIF picture"
    try:
        # The last character may be cut off.
        text = head[:-4].decode() if len(head) > 4 else head.decode()
    except UnicodeDecodeError:
        return ""
    if not all(char.isprintable() or char in "\t\r\n\f\ufeff" for char in text):
        return ""
    return "a web page" if _WEB_PAGE.match(text.lstrip("\ufeff")) else "text"


def _iso_media(brand: bytes) -> str | None:
    if brand in _STILL_BRANDS:
        return None
    return {b"qt  ": "mov", b"M4A ": "m4a", b"M4B ": "m4a"}.get(brand, "mp4")


def _search_audio(data: bytes) -> str | None:
    """The first frame header behind padding or junk."""
    for pattern, name in ((_MPEG_AUDIO, "mp3"), (_ADTS, "aac")):
        if pattern.search(data):
            return name
    return None
