"""A whole conversation with a backend that misbehaves and echoes the token wherever it can: the token shows nowhere."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.backends import TOKEN, VIDEO, good_backend, render_answer
from tests.commands import Shell
from tests.peers import DROP, Answer, Peer, Wait, code, html, ok, sse

OWN = "key-of-no-known-form-0123456789"
FREE = TOKEN
STATUS = ("GET", "/api/render/proxy/lambda/*")
FILES = ("GET", "/files/*")
FAULTS = (1001, 2001, 402, 4001, 429, 1002, 777)


def backend(peer: Peer, token: str) -> None:
    """A backend that answers with every fault in turn, the token in each answer."""
    good_backend(peer)
    draft = {"t": [{"tt": 7, "sg": [{"s": 0, "d": 1000, "m": {"text": token}}]}]}
    words = json.dumps({"content": {"role": "model", "parts": [{"text": f"Bearer {token} is {token}"}]}})
    refusals = [code(number, message=f"{token}: no, {token}") for number in FAULTS]
    peer.route("GET", "/api/credits/balance/simple", *refusals, html(502), Answer(raw=(DROP,)))
    peer.route("GET", "/api/state/nemo_agent/me/*", ok({"state": {"draft": draft, "video_infos": [token]}}))
    peer.route("POST", "/api/upload-video/nemo_agent/me/*", ok({"files": [{"id": token, "name": f"{token}.mp4"}]}))
    peer.route(
        "POST",
        "/run_sse",
        sse(b"data: " + words.encode() + b"\n\n", DROP),
        sse(f'data: {{"error": "{token}"}}\n\n'.encode()),
        sse(f'data: {{"code": 777, "message": "{token}"}}\n\n'.encode()),
    )
    broken = Answer(200, {"Content-Type": "video/mp4", "Content-Length": "900"}, (VIDEO[:100], DROP))
    peer.route(*STATUS, render_answer("completed", url=f"{peer.url}/files/{token}.mp4"))
    peer.route(*FILES, broken, code(777, status=403, message=token))


def conversation(shell: Shell) -> Iterator[str]:
    """What is printed, command by command."""
    for line in (
        ["upload", "clip.mp4"],
        ["edit", "sync the music"],
        ["state", "--json"],
        ["export", "-o", "out.mp4", "--json"],
        ["credits"],
        ["doctor"],
    ):
        done = shell.run(*line)
        yield done.out + done.err


def holders(folder: Path, token: str) -> list[Path]:
    """Files that hold the token."""
    return [path for path in folder.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]


@pytest.mark.parametrize("given", [False, True], ids=["free token", "own token"])
def test_the_token_shows_nowhere_whatever_the_backend_does(peer: Peer, tmp_path: Path, *, given: bool) -> None:
    token = OWN if given else FREE
    backend(peer, token)
    (tmp_path / "clip.mp4").write_bytes(VIDEO)
    shell = Shell(tmp_path, {"NEMO_API_URL": peer.url, **({"NEMO_TOKEN": OWN} if given else {})})
    shown = "".join(conversation(shell))
    assert "Traceback" not in shown
    assert token not in shown
    assert any(request.headers.get("Authorization") == f"Bearer {token}" for request in peer.requests)
    found = holders(tmp_path, token)
    assert [path.name for path in found] == ([] if given else ["token.json"])
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in found)
    paths = [path for _, path in peer.begun if not path.startswith("/files/")]
    assert not [path for path in paths if token in path]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_the_token_is_in_no_command_line(peer: Peer, tmp_path: Path) -> None:
    good_backend(peer)
    peer.route("POST", "/run_sse", sse(Wait(20)))
    shell = Shell(tmp_path, {"NEMO_API_URL": peer.url, "NEMO_TOKEN": OWN, "MUSIC_COG_TIME_SCALE": "1"})
    process = shell.start("edit", "sync the music")
    try:
        while not peer.count("POST", "/run_sse"):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)
        lines = list(_command_lines())
    finally:
        process.kill()
        process.communicate(timeout=20)
    assert not [line for line in lines if OWN.encode() in line]


def _command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        # A process may end between being listed and being read.
        with contextlib.suppress(OSError):
            yield path.read_bytes()
