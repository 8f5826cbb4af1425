from __future__ import annotations

from pathlib import Path

import pytest

from music_cog_online.errors import BrokenAnswer, UsageError
from music_cog_online.manifest import Manifest
from music_cog_online.settings import Secret
from music_cog_online.wire.attribution import detect_platform
from music_cog_online.wire.endpoints import Api
from music_cog_online.wire.models import ClaimGrant
from music_cog_online.wire.urls import backend_key, check_address, is_loopback, same_origin
from tests.peers import Answer, Peer, ok

RENDER = "/api/render/proxy/lambda"


def test_the_claim_link_holds_the_claim_token_only(peer: Peer, api: Api) -> None:
    peer.route("POST", "/api/auth/claim-token", ok({"claim_token": "clm_1", "expires_in": 604800}))
    grant = api.claim_token("t", "s")
    assert peer.requests[0].json() == {"task_id": "t", "session_id": "s"}
    assert grant.expires_in_s == 604800
    assert api.claim_link(grant) == "https://nemovideo.com/workspace/claim?ct=clm_1"
    assert (
        api.claim_link(ClaimGrant(Secret("a&b"), 1), web_url="https://w.test")
        == "https://w.test/workspace/claim?ct=a%26b"
    )


def test_the_state_is_read(peer: Peer, api: Api) -> None:
    state = {"draft": {"t": []}, "video_infos": [1], "canvas_config": {"w": 1}, "generated_media": [2]}
    peer.route("GET", "/api/state/nemo_agent/me/s%2F1/latest", ok({"state": state, "user_id": "anon_1"}))
    found = api.state("s/1")
    assert (found.draft, found.video_infos, found.canvas_config) == ({"t": []}, [1], {"w": 1})
    assert (found.generated_media, found.user_id) == ([2], "anon_1")


@pytest.mark.parametrize("state", [None, [], "x", {"draft": None}, {"draft": []}])
def test_a_state_without_a_draft_is_an_empty_one(peer: Peer, api: Api, state: object) -> None:
    peer.route("GET", "/api/state/*", ok({"state": state}))
    assert api.state("s").draft == {}


def test_a_render_is_started_as_documented(peer: Peer, api: Api) -> None:
    peer.route("POST", RENDER, ok(status="pending"))
    status = api.submit_render("render_1", "s", {"t": []}, output={"preset": "reels"})
    assert (status.id, status.status) == ("render_1", "pending")
    assert peer.requests[0].json() == {
        "id": "render_1",
        "sessionId": "s",
        "draft": {"t": []},
        "output": {"format": "mp4", "quality": "high", "preset": "reels"},
    }


@pytest.mark.parametrize(
    ("payload", "status", "url", "progress"),
    [
        ({"status": "completed", "output": {"url": "https://f.test/a.mp4"}}, "completed", "https://f.test/a.mp4", None),
        ({"status": "completed", "output": {"url": "/a.mp4"}, "progress": 100}, "completed", "{peer}/a.mp4", 1.0),
        (
            {"success": True, "data": {"status": "completed", "outputUrl": "https://f.test/a"}},
            "completed",
            "https://f.test/a",
            None,
        ),
        ({"status": "processing", "progress": 0.4}, "processing", "", 0.4),
        ({"status": "processing", "progress": 40}, "processing", "", 0.4),
        ({"status": "FAILED", "error": {"message": "boom"}}, "failed", "", None),
        ({"status": "queued", "output": None, "progress": "x"}, "pending", "", None),
        ({"status": "something new"}, "processing", "", None),
    ],
)
def test_render_answers_of_every_age_are_read(
    peer: Peer, api: Api, payload: dict[str, object], status: str, url: str, progress: float | None
) -> None:
    peer.route("GET", f"{RENDER}/render_1", ok(headers={"Retry-After": "1"}, **payload))
    found = api.render_status("render_1")
    assert (found.status, found.url, found.progress) == (status, url.format(peer=peer.url), progress)
    assert found.retry_after_s == 1
    assert found.failed == (status == "failed")


def test_a_report_of_the_render_is_kept(peer: Peer, api: Api) -> None:
    output = {"url": "/a.mp4", "report": {"hits": 4}}
    peer.route("GET", f"{RENDER}/render_1", ok(status="completed", output=output))
    assert api.render_status("render_1").report == {"hits": 4}


def test_an_answer_that_lacks_what_is_needed_is_broken(peer: Peer, api: Api) -> None:
    peer.route("POST", "/api/tasks/me/with-session/nemo_agent", ok({"task_id": "t"}))
    with pytest.raises(BrokenAnswer, match="session_id"):
        api.create_session()


@pytest.mark.parametrize("number", ["1e999", "NaN", '"x"', "null", "[1]"])
def test_odd_numbers_count_as_nothing(peer: Peer, api: Api, number: str) -> None:
    body = f'{{"code":0,"data":{{"available":{number}}}}}'.encode()
    peer.route("GET", "/api/credits/balance/simple", Answer(200, {"Content-Type": "application/json"}, body))
    assert api.credits().available == 0


@pytest.mark.parametrize(
    ("install", "platform"),
    [
        ("home/u/.openclaw/skills/music-cog-online", "clawhub"),
        ("work/.clawhub/music-cog-online", "clawhub"),
        ("home/u/.cursor/skills/music-cog-online", "cursor"),
        ("home/u/.cursor/other/music-cog-online", "unknown"),
        ("home/u/skills/music-cog-online", "unknown"),
    ],
)
def test_the_platform_is_told_by_the_install_path(tmp_path: Path, install: str, platform: str) -> None:
    folder = tmp_path / install
    folder.mkdir(parents=True)
    assert detect_platform(folder) == platform


def test_the_mark_of_clawhubs_installer_tells_the_platform(tmp_path: Path) -> None:
    (tmp_path / ".clawhub").mkdir()
    (tmp_path / ".clawhub" / "origin.json").write_text("{}")
    assert detect_platform(tmp_path) == "clawhub"


def test_a_linked_skill_counts_by_its_link_too(tmp_path: Path) -> None:
    skills = tmp_path / ".cursor" / "skills"
    skills.mkdir(parents=True)
    (tmp_path / "real").mkdir()
    (skills / "music-cog-online").symlink_to(tmp_path / "real")
    assert detect_platform(skills / "music-cog-online") == "cursor"


@pytest.mark.parametrize(
    "url", ["https://api.test", "http://127.0.0.1:8000", "http://localhost:1/x", "http://[::1]:80"]
)
def test_safe_addresses_pass(url: str) -> None:
    assert check_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.test",
        "http://127.0.0.1.evil.test",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "https://",
        "api.test",
        "https://u@api.test",
        "https://api.test:99999",
        "https://api.test\\@evil.test",
        "https://api.test/\r\nX: y",
        "http://[::1",
    ],
)
def test_unsafe_addresses_are_refused(url: str) -> None:
    with pytest.raises(UsageError):
        check_address(url)


def test_origins_are_compared_whole() -> None:
    assert same_origin("https://a.test/x", "https://A.test:443/y")
    assert not same_origin("https://a.test", "http://a.test")
    assert not same_origin("https://a.test", "https://a.test:444")
    assert not same_origin("https://a.test", "https://a.test.evil")


def test_backends_never_share_a_folder() -> None:
    urls = ["https://a.test", "http://a.test", "https://a.test:444", "https://b.test", "https://a.test/v2"]
    assert len({backend_key(url) for url in urls}) == len(urls)
    assert backend_key("https://a.test") == backend_key("https://A.test:443/")
    assert "/" not in backend_key("https://a.test/../../x")


def test_loopback_is_this_machine_only() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, ("example.com", "localhost.evil.test", "10.0.0.1", "0.0.0.0")))  # noqa: S104


def test_the_tables_of_the_manifest_decide(manifest: Manifest) -> None:
    assert manifest.code_for_status(413) == 4002
    assert manifest.code_for_status(418) is None
