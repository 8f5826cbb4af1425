from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from music_cog_online.errors import MediaRefused, Unreachable
from music_cog_online.manifest import Manifest
from music_cog_online.wire.endpoints import Api
from music_cog_online.wire.upload import upload_name
from tests.peers import DROP, Answer, Peer, code, ok
from tests.wire.conftest import ApiFactory

UPLOAD = "/api/upload-video/nemo_agent/me/s"
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(5000)
STORED = ok({"files": [{"id": "md_1", "name": "clip.mp4", "size": 5032, "kind": "video"}]})


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(MP4)
    return path


def test_a_file_goes_out_as_multipart(peer: Peer, api: Api, clip: Path) -> None:
    peer.route("POST", UPLOAD, STORED)
    told: list[tuple[int, int | None]] = []
    (stored,) = api.upload_file("s", clip, on_progress=lambda *now: told.append(now))
    assert (stored.id, stored.name, stored.size, stored.kind) == ("md_1", "clip.mp4", 5032, "video")
    assert told[-1] == (len(MP4), len(MP4))
    head, _, tail = peer.requests[0].body.partition(b"\r\n\r\n")
    assert b'name="files"; filename="clip.mp4"' in head
    assert b"video/mp4" in head
    assert tail.startswith(MP4 + b"\r\n--")


def test_links_go_out_as_json(peer: Peer, api: Api) -> None:
    peer.route("POST", UPLOAD, STORED)
    api.upload_urls("s", ["https://example.com/a.mp4"])
    assert peer.requests[0].json() == {"urls": ["https://example.com/a.mp4"], "source_type": "url"}


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x.test/a.mp4", "clip.mp4", "https://u:p@x.test/a.mp4", ""]
)
def test_links_of_other_schemes_are_refused_unsent(peer: Peer, api: Api, url: str) -> None:
    with pytest.raises(MediaRefused):
        api.upload_urls("s", [url])
    assert peer.begun == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"hello"),
        ("clip.mp4", b"not a video at all"),
        ("clip.mp4", b""),
        ("page.mp4", b"<html></html>"),
        ("list.mp4", b"#EXTM3U\n#EXT-X-VERSION:3\n"),
        ("photo.jpg", b"\0\0\0\x20ftypheic" + bytes(100)),
        ("clip.exe", MP4),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("song.mp3", b"\xff\xff\xff\xff"),
    ],
)
def test_files_in_no_supported_format_are_refused_unsent(
    peer: Peer, api: Api, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MediaRefused) as caught:
        api.upload_file("s", path)
    assert caught.value.exit_code == 2
    assert peer.begun == []


def test_the_refusal_lists_the_formats(api: Api, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(MediaRefused, match="mp4, mov, avi, webm, mkv, jpg, png, gif, webp, mp3, wav, m4a, aac"):
        api.upload_file("s", tmp_path / "a.txt")


def test_too_large_a_file_is_refused_unsent(peer: Peer, api: Api, clip: Path) -> None:
    os.truncate(clip, 500 * 1024 * 1024 + 1)
    with pytest.raises(MediaRefused, match="500 MB") as caught:
        api.upload_file("s", clip)
    assert (caught.value.code, peer.begun) == (4002, [])


def test_folders_devices_pipes_and_missing_files_are_refused_unsent(peer: Peer, api: Api, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "dangling.mp4").symlink_to(tmp_path / "nowhere")
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    for name in ("pipe.mp4", "dangling.mp4", "zero.mp4", "missing.mp4", ".", "a\0b.mp4", "x" * 5000 + ".mp4"):
        with pytest.raises(MediaRefused):
            api.upload_file("s", tmp_path / name)
    assert peer.begun == []


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
def test_a_file_that_changes_while_it_is_read_is_refused(peer: Peer, api: Api, clip: Path, change: str) -> None:
    clip.write_bytes(MP4 + bytes(1_000_000))
    peer.route("POST", UPLOAD, STORED)

    def meddle(sent: int, _: int | None) -> None:
        if sent < 200_000:
            size = {"grow": 3_000_000, "shrink": 500_000, "rewrite": clip.stat().st_size}[change]
            os.truncate(clip, size)
            os.utime(clip, ns=(1, 1))

    with pytest.raises(MediaRefused, match="changed"):
        api.upload_file("s", clip, on_progress=meddle)
    assert peer.requests == []


def test_1001_in_the_middle_signs_in_again_and_sends_it_all_again(peer: Peer, api_for: ApiFactory, clip: Path) -> None:
    peer.route("POST", UPLOAD, code(1001, status=401), STORED)
    api_for().upload_file("s", clip)
    bodies = [request.body for request in peer.requests if request.path == UPLOAD]
    assert [body.count(MP4) for body in bodies] == [1, 1]


@pytest.mark.parametrize("number", [4001, 4002])
def test_the_backend_may_refuse_too(peer: Peer, api: Api, clip: Path, number: int) -> None:
    peer.route("POST", UPLOAD, code(number, status=400))
    with pytest.raises(MediaRefused):
        api.upload_file("s", clip)


def test_a_cut_upload_is_told_and_not_sent_again(peer: Peer, api: Api, clip: Path) -> None:
    peer.route("POST", UPLOAD, Answer(raw=(DROP,), read_body=False))
    with pytest.raises(Unreachable):
        api.upload_file("s", clip)
    assert peer.count("POST", UPLOAD) == 1


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ('a"b\r\nX: y.mp4', "a_b_X_ y.mp4"),
        ("夏天 的歌.MP4", "夏天 的歌.mp4"),
        ("no extension", "no extension.mov"),
        (".mp4", "mp4.mov"),
        ("photo.JPEG", "photo.jpg"),
        ("..\\..\\x.mp4", "_.._x.mp4"),
        ("é" * 300 + ".mp4", "é" * 90 + ".mp4"),
    ],
)
def test_names_survive_the_header(manifest: Manifest, name: str, sent: str) -> None:
    assert upload_name(Path(name), "mov", manifest) == sent


def test_memory_stays_flat_for_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "big.mp4"
    path.write_bytes(MP4)
    os.truncate(path, 80_000_000)
    program = f"""
import os, resource, sys
from pathlib import Path
from music_cog_online.manifest import load_manifest
from music_cog_online.wire.upload import multipart, open_media
manifest, path = load_manifest(), Path({str(path)!r})
with open_media(path, manifest) as file:
    body, _ = multipart(file, path, manifest, None)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = 0
    while data := body.read(65536):
        count += len(data)
print(count >= 80_000_000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    whole, growth = done.stdout.split()
    unit = 1 if sys.platform == "darwin" else 1024
    assert whole == "True"
    assert int(growth) * unit < 10_000_000
