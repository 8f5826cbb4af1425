"""The API over a real socket: its rules, its refusals, and what one user may see of another."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from music_cog_online.studio.bodies import MAX_BODY
from tests.studio.clips import make_clip
from tests.studio.running import ATTRIBUTION, Caller, running
from tests.studio.songs import make_song, write_wav

DRAFT = {"v": 2, "d": 1000, "m": {}, "t": [{"tt": 0, "sg": [{"s": 0, "d": 1000, "m": {"name": "clip"}}]}]}
RENDER = "/api/render/proxy/lambda"


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("song") / "summer.wav", make_song(120, bars=4).samples[::4], rate=11025)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", duration_s=1.0, size=(160, 90)).path


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    with running(tmp_path_factory.mktemp("home"), max_upload_bytes=2_000_000) as caller:
        yield caller.sign_in()


@pytest.fixture
def stranger(signed_in: Caller) -> Iterator[Caller]:
    """Another user of the same studio, a new one for every test."""
    with requests.Session() as session:
        other = Caller(signed_in.url, session)
        answer = other.call("POST", "/api/auth/anonymous-token", headers={"X-Client-Id": f"stranger {uuid.uuid4()}"})
        session.headers["Authorization"] = f"Bearer {answer.json()['data']['token']}"
        yield other


def code_of(answer: requests.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def test_a_token_asks_for_a_client_id(signed_in: Caller) -> None:
    assert code_of(requests.post(f"{signed_in.url}/api/auth/anonymous-token", timeout=10)) == (400, 400)


def test_a_second_token_of_a_client_is_refused(signed_in: Caller) -> None:
    answer = signed_in.call("POST", "/api/auth/anonymous-token", headers={"X-Client-Id": "client-1"})
    assert code_of(answer) == (429, 429)
    assert answer.headers["Retry-After"] == "30"


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer nmv_usr_wrong", "Basic abc", "Bearer \xe4\xf6"])
def test_a_call_without_a_valid_token_is_refused(signed_in: Caller, token: str) -> None:
    answer = requests.get(
        f"{signed_in.url}/api/credits/balance/simple", headers={"Authorization": token.encode("latin-1")}, timeout=10
    )
    assert code_of(answer) == (401, 1001)


def test_a_session_names_its_user(signed_in: Caller) -> None:
    data = signed_in.call("POST", "/api/tasks/me/with-session/nemo_agent", json={"task_name": "夏"}).json()["data"]
    assert data["user_id"].startswith("anon_")
    assert data["task_id"]
    assert data["session_id"]


def test_a_claim_token_is_for_ones_own_session(signed_in: Caller, stranger: Caller) -> None:
    body = {"task_id": "", "session_id": signed_in.session_id}
    data = signed_in.call("POST", "/api/auth/claim-token", json=body).json()["data"]
    assert data["claim_token"].startswith("clm_")
    assert data["expires_in"] == 604800
    assert code_of(stranger.call("POST", "/api/auth/claim-token", json=body)) == (404, 1002)


def test_local_work_costs_nothing_and_says_so(signed_in: Caller) -> None:
    data = signed_in.call("GET", "/api/credits/balance/simple").json()["data"]
    assert (data["available"], data["frozen"], data["total"]) == (100, 0, 100)
    assert "no credits" in data["note"]


def test_an_upload_is_described(signed_in: Caller, song: Path, clip: Path) -> None:
    files = signed_in.upload(song, clip).json()["data"]["files"]
    assert [(file["name"], file["kind"]) for file in files] == [("summer.wav", "audio"), ("clip.mp4", "video")]
    assert files[1]["duration_ms"] == 1000
    assert {info["id"] for info in signed_in.state()["video_infos"]} >= {file["id"] for file in files}


def test_of_several_files_the_good_ones_are_taken(signed_in: Caller, song: Path, tmp_path: Path) -> None:
    bad = tmp_path / "notes.mp4"
    bad.write_text("only words")
    data = signed_in.upload(bad, song).json()["data"]
    assert [file["name"] for file in data["files"]] == ["summer.wav"]
    told = "notes.mp4 is called .mp4 but is not a video (it looks like text)."
    assert data["failed"] == [{"name": "notes.mp4", "code": 4001, "message": told}]
    assert code_of(signed_in.upload(bad)) == (415, 4001)


def test_a_file_beyond_the_limit_is_refused(signed_in: Caller, tmp_path: Path) -> None:
    big = tmp_path / "big.mp4"
    big.write_bytes(bytes(2_000_001))
    assert code_of(signed_in.upload(big)) == (413, 4002)


def test_a_link_of_another_scheme_is_refused(signed_in: Caller) -> None:
    path = f"/api/upload-video/nemo_agent/me/{signed_in.session_id}"
    assert code_of(signed_in.call("POST", path, json={"urls": ["file:///etc/passwd"]})) == (415, 4001)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/state/nemo_agent/me/{session}/latest"),
        ("POST", "/api/upload-video/nemo_agent/me/{session}"),
        ("POST", "/run_sse"),
        ("POST", RENDER),
    ],
)
def test_another_users_session_is_not_found(
    signed_in: Caller, stranger: Caller, song: Path, method: str, path: str
) -> None:
    session = signed_in.session_id
    body = {"session_id": session, "sessionId": session, "new_message": {"parts": [{"text": "hi"}]}}
    values = (
        {"files": {"files": song.read_bytes()}} if "upload" in path else {"json": {**body, "id": "r", "draft": DRAFT}}
    )
    answer = stranger.call(method, path.format(session=session), **({} if method == "GET" else values))
    assert code_of(answer) == (404, 1002)
    assert answer.json()["detail"]


@pytest.mark.parametrize("missing", sorted(ATTRIBUTION))
def test_an_export_without_attribution_is_blocked(signed_in: Caller, missing: str) -> None:
    headers = {"Authorization": signed_in.session.headers["Authorization"], **ATTRIBUTION}
    del headers[missing]
    body = {"id": "render_1", "sessionId": signed_in.session_id, "draft": DRAFT}
    assert code_of(requests.post(signed_in.url + RENDER, json=body, headers=headers, timeout=10)) == (402, 402)


@pytest.mark.parametrize("render_id", ["", " ", "a b", "a/b", "a.b", "naïve", "r" * 65, "x\n"])
def test_a_render_id_is_an_opaque_word(signed_in: Caller, render_id: str) -> None:
    body = {"id": render_id, "sessionId": signed_in.session_id, "draft": DRAFT}
    assert signed_in.call("POST", RENDER, json=body).status_code == 422


def with_segments(*segments: object, kind: object = 0) -> dict[str, object]:
    return {"t": [{"tt": kind, "sg": list(segments)}]}


@pytest.mark.parametrize(
    "draft",
    [
        {},
        {"t": []},
        {"t": "x"},
        {"t": [1, 2]},
        {"t": [{}] * 10_000},
        with_segments({}),
        with_segments({"s": 0, "d": 1000, "m": {"name": "nobody has this"}}),
        with_segments({"s": 0, "d": 1000, "m": {"name": "clip", "media": "md_of_somebody_else"}}),
        with_segments({"s": -5, "d": 1000, "m": {"name": "clip"}}),
        with_segments({"s": 0, "d": 10**15, "m": {"name": "clip"}}),
        with_segments({"s": 0, "d": 1e308, "m": {"name": "clip"}}),
        with_segments(*[{"s": 0, "d": 10, "m": {"name": "clip"}}] * 6000),
        with_segments({"s": 0, "d": 1000, "m": {"name": "clip"}}, kind="video"),
        {**DRAFT, "m": {"width": 10**9, "height": 10**9}},
        {**DRAFT, "m": {"rate": "1/0"}},
        {"t": [*DRAFT["t"], {"tt": 7, "sg": [{"s": 0, "d": 9, "m": {"text": "x" * 100_000}}]}]},  # type: ignore[misc]
    ],
    ids=range(16),
)
def test_a_draft_that_makes_no_sense_is_refused(signed_in: Caller, clip: Path, draft: object) -> None:
    signed_in.upload(clip)
    body = {"id": "render_bad", "sessionId": signed_in.session_id, "draft": draft}
    answer = signed_in.call("POST", RENDER, json=body)
    assert code_of(answer) == (422, 422)
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"session_id": "\\ud800", "new_message": {}}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"[" * 100_000,
        b'{"session_id": 5, "new_message": {"parts": []}}',
        b'{"session_id": "x", "new_message": {"parts": [5]}}',
        b'{"session_id": "x", "new_message": {"parts": [{"text": ""}]}}',
        b"",
    ],
    ids=range(15),
)
def test_a_bad_body_is_refused_with_its_detail(signed_in: Caller, raw: bytes) -> None:
    answer = signed_in.call("POST", "/run_sse", data=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_a_body_that_is_too_long_is_refused(signed_in: Caller) -> None:
    answer = signed_in.call("POST", "/run_sse", data=b'{"a": "' + b"x" * MAX_BODY + b'"}')
    assert code_of(answer) == (413, 413)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/run_sse", 405), ("PUT", "/", 405)]
)
def test_an_unknown_route_is_told_in_json(signed_in: Caller, method: str, path: str, status: int) -> None:
    assert code_of(signed_in.call(method, path)) == (status, status)


@pytest.mark.parametrize("path", [f"{RENDER}/render_9", "/api/render/proxy/render_9/download", "/files/key/name.mp4"])
def test_a_render_that_is_not_there_is_not_found(signed_in: Caller, path: str) -> None:
    assert code_of(signed_in.call("GET", path)) == (404, 404)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "192.168.0.9"])
def test_other_host_names_are_refused_on_loopback(signed_in: Caller, host: str) -> None:
    answer = signed_in.call("GET", "/", headers={"Host": host})
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:80"])
def test_this_machines_names_are_accepted(signed_in: Caller, host: str) -> None:
    assert signed_in.call("GET", "/", headers={"Host": host}).status_code == 200


def test_web_pages_may_not_call(signed_in: Caller) -> None:
    answer = signed_in.call("GET", "/", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_bytes_that_are_no_http_do_not_stop_the_server(signed_in: Caller) -> None:
    address = signed_in.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=5) as raw:
        raw.sendall(b"\x16\x03\x01\x00\xa5 not http\r\n\r\n")
        raw.recv(1000)
    assert signed_in.call("GET", "/").json()["data"]["name"] == "music-cog studio"


def test_the_description_names_every_route(signed_in: Caller) -> None:
    paths = signed_in.call("GET", "/openapi.json").json()["paths"]
    assert {"/run_sse", "/api/render/proxy/lambda", "/files/{key}/{name}"} <= set(paths)
    assert json.dumps(paths)
