"""The studio as a process: started, found, alone in its folder, and gone when idle or told."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from music_cog_online.studio.__main__ import main
from tests.studio.clips import make_clip
from tests.studio.running import Caller, small

RENDER_1 = "/api/render/proxy/lambda/render_1"
COMMAND = [sys.executable, "-m", "music_cog_online.studio"]


def facts_of(home: Path, process: subprocess.Popen[str]) -> dict[str, object]:
    pause = threading.Event()
    for _ in range(1200):
        path = home / "studio" / "server.json"
        if path.exists():
            facts: dict[str, object] = json.loads(path.read_text())
            return facts
        assert process.poll() is None, process.communicate()
        pause.wait(0.05)
    raise AssertionError("it does not listen")


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--embedded", "--home", str(tmp_path)], text=True, stderr=subprocess.PIPE
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_an_embedded_studio_tells_where_it_listens_and_ends_when_told(
    tmp_path: Path, embedded: subprocess.Popen[str]
) -> None:
    facts = facts_of(tmp_path, embedded)
    path = tmp_path / "studio" / "server.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert facts["pid"] == embedded.pid
    assert not [one for one in path.parent.rglob("*") if one.stat().st_mode & 0o077]
    token = requests.post(
        f"{facts['url']}/api/auth/anonymous-token", headers={"X-Client-Id": "a-client"}, timeout=10
    ).json()["data"]["token"]
    requests.get(f"{facts['url']}/nowhere?secret=query", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    second = subprocess.run([*COMMAND, "serve", "--embedded", "--home", str(tmp_path)], capture_output=True, text=True)
    assert (second.returncode, "already running" in second.stderr) == (1, True)
    embedded.send_signal(signal.SIGTERM)
    assert embedded.wait(15) == 0
    assert not path.exists()
    log = (tmp_path / "studio" / "studio.log").read_text()
    assert "/nowhere" in log
    assert token not in log
    assert "secret" not in log


def test_an_idle_studio_ends_by_itself(tmp_path: Path) -> None:
    command = [*COMMAND, "serve", "--embedded", "--home", str(tmp_path), "--idle-s", "0.2"]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
    assert not (tmp_path / "studio" / "server.json").exists()


def test_a_studio_whose_folder_is_taken_away_ends(tmp_path: Path, embedded: subprocess.Popen[str]) -> None:
    facts_of(tmp_path, embedded)
    shutil.rmtree(tmp_path / "studio")
    assert embedded.wait(15) == 0


def test_other_machines_need_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", "0.0.0.0", "--home", str(tmp_path)]) == 1  # noqa: S104
    assert "--allow-remote" in capsys.readouterr().err


def test_a_port_in_use_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), "--home", str(tmp_path)]) == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def test_info_names_what_the_studio_uses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json", "--home", str(tmp_path)]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["encoder"]
    assert facts["folder"] == str(tmp_path / "studio")
    assert Path(facts["ffmpeg"]).exists()
    assert main(["info", "--home", str(tmp_path)]) == 0
    assert "ffmpeg version:" in capsys.readouterr().out


def test_a_report_of_nothing_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "none.mp4"), "--home", str(tmp_path)]) == 1
    assert "none.mp4 is not there" in capsys.readouterr().err
    assert not (tmp_path / "studio").exists()


def test_wrong_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", "99999"])
    assert ended.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_the_environment_names_the_home(tmp_path: Path) -> None:
    environ = {**os.environ, "MUSIC_COG_HOME": str(tmp_path / "there")}
    done = subprocess.run([*COMMAND, "info", "--json"], env=environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["folder"] == str(tmp_path / "there" / "studio")


def test_a_kill_in_the_middle_of_a_render_loses_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", duration_s=3.0, size=(320, 180)).path
    command = [*COMMAND, "serve", "--embedded", "--home", str(tmp_path)]
    with requests.Session() as session:
        with subprocess.Popen(command, text=True, stderr=subprocess.PIPE) as first:
            caller = Caller(str(facts_of(tmp_path, first)["url"]), session).sign_in()
            caller.upload(clip)
            caller.chat("trim to 2 s")
            body = {"id": "render_1", "sessionId": caller.session_id, "draft": small(caller.state()["draft"])}
            caller.call("POST", "/api/render/proxy/lambda", json=body)
            caller.wait_for(lambda: caller.call("GET", RENDER_1).json()["status"] == "processing")
            first.kill()
        (tmp_path / "studio" / "server.json").unlink()
        with subprocess.Popen(command, text=True, stderr=subprocess.PIPE) as second:
            caller.url = str(facts_of(tmp_path, second)["url"])
            assert caller.wait_for(lambda: caller.call("GET", RENDER_1).json()["status"] == "completed")
            assert caller.state()["draft"]["d"] == 2000
            second.terminate()
