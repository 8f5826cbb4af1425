"""From two files to a finished, measured video, everything real."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from music_cog_online.studio.errors import Cancelled
from music_cog_online.studio.ffmpeg import Ffmpeg
from tests.studio.clips import make_clip
from tests.studio.running import Caller, KnowingEngine, running, small
from tests.studio.songs import make_song, write_wav

RENDER = "/api/render/proxy/lambda"


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("material")
    song = write_wav(folder / "summer.wav", make_song(120, bars=8).samples)
    return make_clip(folder / "beach day.mp4", duration_s=4.0, cuts_s=(1.0, 2.5)).path, song


def finished(caller: Caller, render_id: str) -> dict[str, object]:
    def ended() -> dict[str, object] | None:
        answer = caller.call("GET", f"{RENDER}/{render_id}")
        assert answer.headers["Retry-After"] == "1"
        status: dict[str, object] = answer.json()
        return status if status["status"] in ("completed", "failed") else None

    status: dict[str, object] = caller.wait_for(ended)
    return status


def test_two_files_become_a_measured_video(tmp_path: Path, material: tuple[Path, Path]) -> None:
    with running(tmp_path / "home" / "studio") as caller:
        caller.sign_in().upload(*material)
        assert "2 of 2 cuts fall on a beat" in caller.chat("sync the cuts to the beat")
        body = {"id": "render_1", "sessionId": caller.session_id, "draft": small(caller.state()["draft"])}
        assert caller.call("POST", RENDER, json=body).json()["status"] == "pending"
        again = caller.call("POST", RENDER, json=body)
        assert again.status_code == 200
        other = caller.call("POST", RENDER, json={**body, "draft": caller.state()["draft"]})
        assert other.status_code == 409
        status = finished(caller, "render_1")
        assert status["status"] == "completed", status
        output = status["output"]
        assert isinstance(output, dict)
        assert (output["report"]["hits"], output["report"]["file"]) == (2, "project.mp4")
        whole = requests.get(output["url"], timeout=10)
        part = requests.get(output["url"], headers={"Range": "bytes=100-199"}, timeout=10)
        assert part.status_code == 206
        assert part.content == whole.content[100:200]
        signed = caller.call("GET", "/api/render/proxy/render_1/download")
        assert signed.content == whole.content
        assert requests.get(caller.url + "/api/render/proxy/render_1/download", timeout=10).status_code == 401
    video = tmp_path / "renamed.mp4"
    video.write_bytes(whole.content)
    assert Ffmpeg().probe(video).kind == "video"
    command = [sys.executable, "-m", "music_cog_online.studio", "report", str(video), "--home", str(tmp_path / "home")]
    report = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "2 of 2 cuts fall on a beat" in report.stdout


class StoppedEngine(KnowingEngine):
    """Renders until the studio stops."""

    def render(self, draft, media, out, *, work, output, on_progress, cancel):  # type: ignore[no-untyped-def]
        del draft, media, out, work, output
        on_progress(0.5)
        cancel.wait(30)
        raise Cancelled("stopped")


def test_no_sync_figures_are_told_of_a_song_that_only_lies_under_the_picture(
    tmp_path: Path, material: tuple[Path, Path]
) -> None:
    with running(tmp_path / "home" / "studio") as caller:
        caller.sign_in().upload(*material)
        assert "35%" in caller.chat("put the song under my video")
        body = {"id": "render_2", "sessionId": caller.session_id, "draft": small(caller.state()["draft"])}
        caller.call("POST", RENDER, json=body)
        output = finished(caller, "render_2")["output"]
        assert isinstance(output, dict)
        assert [line.split(" ")[0] for line in output["report"]["summary"]] == ["Picture"]


def test_a_stopped_render_is_taken_up_again(tmp_path: Path, material: tuple[Path, Path]) -> None:
    with running(tmp_path, engine=StoppedEngine({})) as caller:
        caller.sign_in().upload(*material)
        caller.chat("trim to 1 s")
        body = {"id": "render_1", "sessionId": caller.session_id, "draft": small(caller.state()["draft"])}
        caller.call("POST", RENDER, json=body)
        token = caller.session.headers["Authorization"]
        caller.wait_for(lambda: caller.call("GET", f"{RENDER}/render_1").json()["status"] == "processing")
    with running(tmp_path) as again:
        again.session.headers["Authorization"] = token
        assert finished(again, "render_1")["status"] == "completed"


def test_a_foreign_draft_finds_its_files_by_name(tmp_path: Path, material: tuple[Path, Path]) -> None:
    with running(tmp_path) as caller:
        caller.sign_in().upload(*material)
        segment = {"s": 0, "d": 1000, "m": {"name": "beach day"}}
        draft = {"v": 2, "d": 1000, "m": {"width": 320, "height": 180}, "t": [{"tt": 0, "sg": [segment]}]}
        caller.call("POST", RENDER, json={"id": "render_1", "sessionId": caller.session_id, "draft": draft})
        assert finished(caller, "render_1")["status"] == "completed"
