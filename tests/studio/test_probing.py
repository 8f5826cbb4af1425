"""What a file is, from its first bytes and from ffmpeg's words."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from music_cog_online.studio.errors import MediaRefused
from music_cog_online.studio.media import MediaInfo
from music_cog_online.studio.probing import demuxer_of, is_cut_short, parse_probe

MP4 = b"\x00\x00\x00\x20ftypisom"


def parsed(tmp_path: Path, *lines: str, head: bytes = MP4) -> MediaInfo:
    path = tmp_path / "file"
    path.write_bytes(head + bytes(8))
    return parse_probe("\n".join(lines), path)


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (MP4, "mov"),
        (b"\x1aE\xdf\xa3....", "matroska"),
        (b"RIFF....AVI LIST", "avi"),
        (b"RIFF....WAVEfmt ", "wav"),
        (b"RIFF....WEBPVP8 ", "webp_pipe"),
        (b"\x89PNG\r\n\x1a\n", "png_pipe"),
        (b"\xff\xd8\xff\xe0", "jpeg_pipe"),
        (b"\xff\xfb\x90\x00", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x02..\xff\xfb\x90\x00", "mp3"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x02..\xff\xf1\x50\x80", "aac"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x02..fLaC", "flac"),
        (b"OggS", "ogg"),
        (b"fLaC", "flac"),
        (b"GIF89a", "gif"),
    ],
)
def test_the_first_bytes_tell_the_container(tmp_path: Path, head: bytes, demuxer: str) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(head)
    assert demuxer_of(path) == demuxer


@pytest.mark.parametrize(
    "head", [b"", b"#EXTM3U\nhttp://", b"ffconcat version 1.0", b"<svg xmlns=", b"MZ\x90", b"PK\x03\x04"]
)
def test_playlists_and_strangers_are_refused_by_name(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(head)
    with pytest.raises(MediaRefused, match=r"song\.mp3"):
        demuxer_of(path)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.mp4", tmp_path):
        with pytest.raises(MediaRefused, match=path.name):
            demuxer_of(path)


def test_a_turned_telephone_video_is_described_as_it_is_shown(tmp_path: Path) -> None:
    info = parsed(
        tmp_path,
        "  Duration: 00:01:02.50, start: 0.000000, bitrate: 9000 kb/s",
        "  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuvj420p(pc, bt470bg/bt709/smpte170m, "
        "progressive), 1920x1080, 8512 kb/s, 29.91 fps, 30 tbr, 90k tbn (default)",
        "    Side data:",
        "      Display Matrix: rotation of -90.00 degrees",
        "  Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp, 127 kb/s (default)",
    )
    assert info.video is not None
    assert info.audio is not None
    assert (info.kind, info.duration_s) == ("video", 62.5)
    assert (info.video.width, info.video.height, info.video.rotation) == (1080, 1920, 90)
    assert (info.video.codec, info.video.profile, info.video.pix_fmt) == ("h264", "High", "yuvj420p")
    assert info.video.bit_rate == 8_512_000
    assert (info.audio.codec, info.audio.rate, info.audio.channels) == ("aac", 48000, 2)


def test_wide_pixels_widen_the_picture(tmp_path: Path) -> None:
    info = parsed(
        tmp_path,
        "  Stream #0:0: Video: mpeg2video (Main), yuv420p(tv), 704x576 [SAR 16:11 DAR 16:9], 25 fps, 25 tbr, 90k tbn",
    )
    assert info.video is not None
    assert (info.video.width, info.video.coded_width, info.video.sar) == (1024, 704, Fraction(16, 11))
    assert info.video.fps == 25


def test_cover_art_is_no_picture(tmp_path: Path) -> None:
    info = parsed(
        tmp_path,
        "  Duration: 00:03:13.22, start: 0.025057, bitrate: 192 kb/s",
        "  Stream #0:0: Audio: mp3 (mp3float), 44100 Hz, 5.1(side), fltp, 192 kb/s",
        "  Stream #0:1: Video: mjpeg (Baseline), yuvj420p(pc), 600x600, 90k tbr, 90k tbn (attached pic)",
        head=b"\xff\xfb\x90\x00",
    )
    assert (info.kind, info.video) == ("audio", None)
    assert info.audio is not None
    assert info.audio.channels == 6


def test_a_still_lasts_no_time(tmp_path: Path) -> None:
    info = parsed(
        tmp_path,
        "  Duration: N/A, bitrate: N/A",
        "  Stream #0:0: Video: png, rgb24(pc), 640x480, 25 fps, 25 tbr, 25 tbn",
        head=b"\x89PNG\r\n\x1a\n",
    )
    assert (info.kind, info.duration_s, info.audio) == ("image", 0.0, None)


def test_a_file_without_streams_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="file"):
        parsed(tmp_path, "  Stream #0:0: Data: bin_data (text)")


def test_a_file_that_ends_within_a_box_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    boxes = b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00" + b"\x00\x00\x00\x01mdat" + (26).to_bytes(8, "big") + bytes(10)
    path.write_bytes(boxes)
    assert not is_cut_short(path)
    path.write_bytes(boxes[:-1])
    assert is_cut_short(path)
    path.write_bytes(boxes + b"\x00\x00\x00\x00mdat")
    assert not is_cut_short(path)
