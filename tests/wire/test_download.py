from __future__ import annotations

import os
from pathlib import Path

import pytest

from music_cog_online.errors import BackendRefused, BrokenAnswer, StoreError, Unreachable, UsageError
from music_cog_online.wire.endpoints import Api
from tests.peers import DROP, Answer, Peer, Request, Wait, code, html
from tests.wire.conftest import ApiFactory

FILE = os.urandom(100_000)
VIDEO = {"Content-Type": "video/mp4", "ETag": '"one"'}
FALLBACK = "/api/render/proxy/render_1/download"


def whole(**headers: str) -> Answer:
    return Answer(200, {**VIDEO, **headers}, FILE)


def cut_at(count: int, **headers: str) -> Answer:
    return Answer(200, {**VIDEO, "Content-Length": str(len(FILE)), **headers}, (FILE[:count], Wait(0.05), DROP))


def rest(request: Request) -> Answer:
    start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    headers = {"Content-Range": f"bytes {start}-{len(FILE) - 1}/{len(FILE)}", **VIDEO}
    return Answer(206, headers, FILE[start:])


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "video.mp4"


def test_a_file_of_the_backend_is_fetched_with_the_token(peer: Peer, api: Api, dest: Path) -> None:
    peer.route("GET", "/f.mp4", whole())
    told: list[tuple[int, int | None]] = []
    assert api.download(f"{peer.url}/f.mp4", dest, on_progress=lambda *now: told.append(now)) == dest
    assert dest.read_bytes() == FILE
    assert told[-1] == (len(FILE), len(FILE))
    assert peer.requests[0].headers["Authorization"] == "Bearer nmv_usr_given"
    assert left_in(dest.parent) == ["video.mp4"]


def test_another_host_gets_neither_token_nor_attribution(peer: Peer, api: Api, dest: Path) -> None:
    with Peer() as other:
        other.route("GET", "/f.mp4", whole())
        peer.route("GET", "/moved.mp4", Answer(302, {"Location": f"{other.url}/f.mp4"}))
        api.download("/moved.mp4", dest)
        api.download(f"{other.url}/f.mp4", dest)
        for request in other.requests:
            assert not [name for name in request.headers if name == "authorization" or name.startswith("x-")]
    assert dest.read_bytes() == FILE


@pytest.mark.parametrize("status", [401, 402, 403, 404, 429])
def test_a_refusal_of_another_host_is_about_the_file_alone(
    peer: Peer, api_for: ApiFactory, dest: Path, status: int
) -> None:
    with Peer() as other:
        other.route("GET", "/f.mp4", code(1001, status=status))
        with pytest.raises(BackendRefused, match="not at its address"):
            api_for().download(f"{other.url}/f.mp4", dest)
        assert len(other.requests) == 1
    assert peer.count("POST", "/api/auth/anonymous-token") == 1


def test_a_cut_download_is_resumed(peer: Peer, api: Api, dest: Path) -> None:
    peer.route("GET", "/f.mp4", cut_at(40_000), rest)
    api.download("/f.mp4", dest)
    assert dest.read_bytes() == FILE
    assert 0 < int(peer.requests[1].headers["Range"].removeprefix("bytes=").removesuffix("-")) <= 40_000
    assert peer.requests[1].headers["If-Range"] == '"one"'


def test_a_file_that_changed_meanwhile_is_begun_again(peer: Peer, api: Api, dest: Path) -> None:
    peer.route("GET", "/f.mp4", cut_at(40_000), whole())
    api.download("/f.mp4", dest)
    assert dest.read_bytes() == FILE


def test_a_server_without_tags_is_asked_for_all_of_it_again(peer: Peer, api: Api, dest: Path) -> None:
    peer.route("GET", "/f.mp4", cut_at(40_000, ETag='W/"weak"'), whole())
    api.download("/f.mp4", dest)
    assert "Range" not in peer.requests[1].headers
    assert dest.read_bytes() == FILE


def test_an_answer_for_another_range_is_not_taken(peer: Peer, api: Api, dest: Path) -> None:
    wrong = Answer(206, {"Content-Range": f"bytes 5-{len(FILE) - 1}/{len(FILE)}", **VIDEO}, FILE[5:])
    peer.route("GET", "/f.mp4", cut_at(40_000), wrong, whole())
    api.download("/f.mp4", dest)
    assert dest.read_bytes() == FILE


@pytest.mark.parametrize("hiccup", [Answer(502), Answer(503), Answer(raw=(DROP,)), Answer(416), cut_at(0)])
def test_hiccups_are_tried_again(peer: Peer, api: Api, dest: Path, hiccup: Answer) -> None:
    peer.route("GET", "/f.mp4", hiccup, whole())
    api.download("/f.mp4", dest)
    assert dest.read_bytes() == FILE


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(200, {**VIDEO, "Content-Length": "100"}, (b"x" * 50,)), Unreachable),
        (Answer(200, VIDEO, b""), Unreachable),
        (Answer(404), BackendRefused),
        (Answer(403), BackendRefused),
        (html(), BrokenAnswer),
        (code(7777), BackendRefused),
    ],
)
def test_what_is_not_the_whole_file_is_never_left(
    peer: Peer, api: Api, dest: Path, answer: Answer, error: type[Exception]
) -> None:
    peer.route("GET", "/f.mp4", answer)
    dest.write_bytes(b"older")
    with pytest.raises(error):
        api.download("/f.mp4", dest)
    assert dest.read_bytes() == b"older"
    assert left_in(dest.parent) == ["video.mp4"]


def test_a_server_that_drips_the_same_bytes_for_ever_is_given_up(peer: Peer, api: Api, dest: Path) -> None:
    peer.route("GET", "/f.mp4", cut_at(1000, ETag=""))
    with pytest.raises(Unreachable):
        api.download("/f.mp4", dest)
    assert peer.count("GET", "/f.mp4") < 10


def test_1001_signs_in_again(peer: Peer, api_for: ApiFactory, dest: Path) -> None:
    peer.route("GET", "/f.mp4", code(1001, status=401), whole())
    api_for().download("/f.mp4", dest)
    assert dest.read_bytes() == FILE


@pytest.mark.parametrize("gone", [Answer(404), Answer(410), html(), Answer(500)])
def test_a_render_comes_by_the_fallback_path(peer: Peer, api: Api, dest: Path, gone: Answer) -> None:
    peer.route("GET", "/f.mp4", gone)
    peer.route("GET", FALLBACK, whole())
    api.download_render("render_1", dest, url=f"{peer.url}/f.mp4")
    assert dest.read_bytes() == FILE


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "http://files.test/f.mp4", "javascript:alert(1)"])
def test_an_address_that_may_not_be_used_is_not(peer: Peer, api: Api, dest: Path, url: str) -> None:
    peer.route("GET", FALLBACK, whole())
    api.download_render("render_1", dest, url=url)
    assert dest.read_bytes() == FILE


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://files.test/f.mp4", "ftp://files.test/f", "https://"])
def test_only_https_or_this_machine_is_fetched(api: Api, dest: Path, url: str) -> None:
    with pytest.raises(BrokenAnswer):
        api.download(url, dest)


def test_a_folder_or_a_place_that_cannot_be_written_is_told(peer: Peer, api: Api, dest: Path) -> None:
    peer.route("GET", "/f.mp4", whole())
    with pytest.raises(UsageError):
        api.download("/f.mp4", dest.parent)
    with pytest.raises(StoreError):
        api.download("/f.mp4", dest / "missing" / "video.mp4")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told(peer: Peer, api: Api, dest: Path) -> None:
    peer.route("GET", "/f.mp4", Answer(200, {**VIDEO, "Content-Length": str(10**19)}, (b"x",)))
    with pytest.raises(StoreError, match="full"):
        api.download("/f.mp4", dest)
    assert left_in(dest.parent) == []


def test_what_a_killed_command_left_is_swept(peer: Peer, api: Api, dest: Path) -> None:
    peer.route("GET", "/f.mp4", whole())
    (dest.parent / ".video.mp4.999999999-0.part").write_bytes(b"half")
    api.download("/f.mp4", dest)
    assert left_in(dest.parent) == ["video.mp4"]
