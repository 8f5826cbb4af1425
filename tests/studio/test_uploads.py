"""Files that come in: over forms and links, in good faith and in bad."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_cog_online.studio.accounts import Accounts
from music_cog_online.studio.database import Database
from music_cog_online.studio.errors import MediaRefused, MediaTooLarge, RequestRefused, StudioError
from music_cog_online.studio.fetching import Fetcher, is_public
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.names import clean_name
from music_cog_online.studio.projects import Projects
from music_cog_online.studio.uploads import Incoming, Uploads, receive_multipart
from tests.studio.running import MANIFEST
from tests.studio.songs import make_song, write_wav

LIMIT = 3_000_000


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("song") / "summer.wav", make_song(120, bars=4).samples[::4], rate=11025)


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    database = Database(tmp_path / "studio.db")
    projects = Projects(database, tmp_path / "media")
    project = projects.create(Accounts(database).anonymous("client").user_id, name="p", language="en")
    made = Uploads(
        projects,
        tmp_path / "media",
        ffmpeg=Ffmpeg(),
        fetcher=Fetcher(LIMIT, lambda _: True),
        formats=MANIFEST.formats.all,
        limit=LIMIT,
    )
    made.session_id = project.id  # type: ignore[attr-defined]
    return made


def form(*files: tuple[str, bytes], boundary: str = "line") -> bytes:
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\n\r\n%b\r\n'
        % (boundary.encode(), name.encode(), content)
        for name, content in files
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def receive(uploads: Uploads, body: bytes, *, boundary: str = "line", step: int = 777) -> list[Incoming]:
    async def blocks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), step):
            yield body[start : start + step]

    return asyncio.run(receive_multipart(blocks(), f"multipart/form-data; boundary={boundary}", uploads=uploads))


def take(uploads: Uploads, name: str, content: bytes) -> str:
    session_id: str = uploads.session_id  # type: ignore[attr-defined]
    return uploads.accept(session_id, receive(uploads, form((name, content)))[0]).file.name


def leftovers(uploads: Uploads) -> list[Path]:
    folder: Path = uploads._folder
    return list(folder.iterdir())


def test_files_of_a_form_arrive_byte_by_byte(uploads: Uploads, song: Path) -> None:
    content = song.read_bytes()
    received = receive(uploads, form(("一首歌.wav", content), ("b.bin", b"\r\n--lin")), step=101)
    assert [(each.name, each.size) for each in received] == [("一首歌.wav", len(content)), ("b.bin", 7)]
    for each in received:
        each.discard()
    assert leftovers(uploads) == []


def test_a_file_that_grows_too_large_is_refused_while_it_comes(uploads: Uploads) -> None:
    with pytest.raises(MediaTooLarge) as refused:
        receive(uploads, form(("big.mp4", bytes(LIMIT + 1))), step=1 << 16)
    assert refused.value.code == 4002
    assert leftovers(uploads) == []


@pytest.mark.parametrize("cut", [0, 10, 90, -6])
def test_a_form_that_breaks_off_leaves_nothing(uploads: Uploads, cut: int) -> None:
    with pytest.raises(RequestRefused):
        receive(uploads, form(("a.wav", b"x" * 500))[:cut])
    assert leftovers(uploads) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
        ("list.mp3", b"ffconcat version 1.0\nfile /etc/passwd\n"),
        ("picture.png", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
        ("clip.mp4", b"not a video at all"),
        ("empty.mp4", b""),
        ("clip.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(300)),
        ("song.ogg", b"OggS" + bytes(300)),
        ("page.mp4", b"<html><video src='http://127.0.0.1/'></html>"),
    ],
)
def test_what_is_no_supported_media_is_refused_by_its_content(uploads: Uploads, name: str, content: bytes) -> None:
    with pytest.raises(MediaRefused) as refused:
        take(uploads, name, content)
    assert refused.value.code == 4001
    assert "mp4" in refused.value.hint
    assert leftovers(uploads) == []


def test_a_name_that_lies_about_the_content_does_no_harm(uploads: Uploads, song: Path) -> None:
    assert take(uploads, "../../evil/summer.mp4", song.read_bytes()) == "summer.mp4"
    assert re.fullmatch(r"[0-9a-f]{32}", leftovers(uploads)[0].name)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\clip.mp4", "clip.mp4"),
        ("a\u202egpj.mp4", "agpj.mp4"),
        ("夏天 🌴.mp4", "夏天 🌴.mp4"),
        ("a\x00b\nc\td.mp4", "ab cd.mp4"),
        ("...", "file"),
        ("", "file"),
        ("x" * 300 + ".mp4", "x" * 114 + ".mp4"),
    ],
)
def test_display_names_are_cleaned(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


@given(st.text())
def test_no_name_holds_a_path_or_a_control_character(sent: str) -> None:
    name = clean_name(sent)
    assert 1 <= len(name) <= 120
    assert not set(name) & set('/\\\0\n\r"')
    assert name.encode()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "100.64.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/a.mp4",
        "http://127.0.0.1/a.mp4",
        "http://localhost:9/a.mp4",
        "http://[::1]/a.mp4",
        "http://2130706433/a.mp4",
        "http://0x7f.1/a.mp4",
        "http://user:pass@example.com/a.mp4",
        "https://",
        "http://exa mple.com/",
        "http://example.com:99999/",
        "gopher://x",
        "",
    ],
)
def test_links_to_this_machine_or_of_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(MediaRefused):
        Fetcher(LIMIT).fetch(url, lambda _: None)


class Site(BaseHTTPRequestHandler):
    """A web site that misbehaves by path."""

    content = b""

    def do_GET(self) -> None:  # the name is the base class's
        kind, _, rest = self.path.lstrip("/").partition("/")
        if kind == "to":
            self.send_response(302)
            self.send_header("Location", f"http://{rest}")
            self.end_headers()
        elif kind == "loop":
            self.send_response(302)
            self.send_header("Location", "/loop/")
            self.end_headers()
        elif kind == "big":
            self.send_response(200)
            self.send_header("Content-Length", str(LIMIT * 100))
            self.end_headers()
        elif kind == "endless":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(bytes(1 << 16))
        elif kind == "short":
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.content) + 10))
            self.end_headers()
            self.wfile.write(self.content)
        elif kind == "good":
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.content)))
            self.end_headers()
            self.wfile.write(self.content)
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def site(song: Path) -> Iterator[str]:
    Site.content = song.read_bytes()
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_link_is_followed_to_a_file(uploads: Uploads, site: str) -> None:
    session_id: str = uploads.session_id  # type: ignore[attr-defined]
    upload = uploads.fetch(session_id, f"{site}/good/%E6%AD%8C.wav?x=1")
    assert (upload.file.name, upload.file.info.kind) == ("歌.wav", "audio")


@pytest.mark.parametrize("path", ["missing", "loop/", "big/", "endless/", "short/a.wav"])
def test_links_that_misbehave_are_refused_and_leave_nothing(uploads: Uploads, site: str, path: str) -> None:
    session_id: str = uploads.session_id  # type: ignore[attr-defined]
    with pytest.raises(StudioError) as refused:
        uploads.fetch(session_id, f"{site}/{path}")
    assert refused.value.code in (4001, 4002)
    assert leftovers(uploads) == []


def only(address: str) -> Callable[[str], bool]:
    return lambda found: found == address


def test_a_redirect_to_a_private_address_is_refused(site: str) -> None:
    port = site.rpartition(":")[2]
    fetcher = Fetcher(LIMIT, only("127.0.0.1"))
    assert fetcher.fetch(f"{site}/to/127.0.0.1:{port}/good/a.wav", lambda _: None) == "a.wav"
    with pytest.raises(MediaRefused, match="private"):
        fetcher.fetch(f"{site}/to/127.0.0.2:{port}/good/a.wav", lambda _: None)
