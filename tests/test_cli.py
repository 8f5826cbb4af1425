"""The console command as a black box: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from music_cog_online.arguments import COMMANDS
from music_cog_online.cli import main
from tests.actions.backends import TOKEN, VIDEO, good_backend, render_answer, said, tool_only
from tests.commands import Shell
from tests.peers import DROP, Answer, Peer, Wait, code, sse

STATUS = ("GET", "/api/render/proxy/lambda/*")


@pytest.fixture
def shell(peer: Peer, tmp_path: Path) -> Shell:
    """A shell whose environment names a backend that does everything right."""
    good_backend(peer)
    (tmp_path / "clip.mp4").write_bytes(VIDEO)
    (tmp_path / "song.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64))
    return Shell(tmp_path, {"NEMO_API_URL": peer.url})


@pytest.fixture
def here(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> pytest.CaptureFixture[str]:
    """Commands run in this process as in the shell; gives what they print."""
    for name, value in shell.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(shell.folder)
    return capsys


def test_help_lists_every_command(tmp_path: Path) -> None:
    done = Shell(tmp_path, {}).run("--help")
    assert done.code == 0
    assert all(name in done.out for name in COMMANDS)


def test_connect_says_where_media_goes(shell: Shell, peer: Peer) -> None:
    done = shell.run("connect")
    assert done.out.startswith("Setting things up...\nReady.")
    assert peer.url.removeprefix("http://") in done.out
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("line", [["--json", "state"], ["state", "--json"]])
def test_flags_work_on_both_sides_of_the_command(shell: Shell, line: list[str]) -> None:
    done = shell.run(*line)
    assert set(done.json()) == {"ok", "action", "message", "data", "next", "error"}
    assert done.json()["ok"] is True


def test_the_backend_flag_wins_over_the_environment(shell: Shell) -> None:
    done = shell.run("--backend", "http://127.0.0.1:9", "--json", "state")
    assert done.code == 4
    assert done.json()["error"]["kind"] == "unreachable"


def test_words_may_stand_behind_flags(shell: Shell, peer: Peer) -> None:
    done = shell.run("sync", "clip.mp4", "song.wav", "-o", "out.mp4", "cut on the bar")
    assert done.code == 0, done.err
    (chat,) = [one for one in peer.requests if one.path == "/run_sse"]
    assert chat.json()["new_message"]["parts"][0]["text"] == "cut on the bar"


def test_progress_is_json_lines_on_standard_error_and_one_object_on_standard_output(shell: Shell) -> None:
    done = shell.run("sync", "clip.mp4", "song.wav", "-o", "out.mp4", "--json")
    events = [json.loads(line) for line in done.err.splitlines()]
    assert {event["event"] for event in events} == {"say", "progress"}
    assert done.json()["data"]["path"] == str(shell.folder / "out.mp4")
    assert len(done.out.splitlines()) == 1


def test_plain_output_has_no_escapes_and_no_braces(shell: Shell) -> None:
    done = shell.run("sync", "clip.mp4", "song.wav", "-o", "out.mp4")
    assert done.code == 0
    assert not re.search(r"[\x1b{}]", done.out + done.err)


def test_a_terminal_gets_a_bar_and_the_same_result(shell: Shell) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "music_cog_online", "sync", "clip.mp4", "song.wav", "-o", "out.mp4"]
    environ = {**shell.environ, "TERM": "xterm"}
    with subprocess.Popen(command, cwd=shell.folder, env=environ, stdin=child, stdout=child, stderr=child) as process:
        os.close(child)
        shown = b""
        while True:
            try:
                piece = os.read(parent, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
    os.close(parent)
    assert process.returncode == 0
    assert b"\x1b[" in shown
    assert b"out.mp4" in shown


@pytest.mark.parametrize(
    ("route", "answer", "exit_code", "kind"),
    [
        (("POST", "/api/render/proxy/lambda"), code(402, status=402), 3, "plan_needed"),
        (("POST", "/api/render/proxy/lambda"), code(2001), 3, "credits_needed"),
        (("POST", "/api/render/proxy/lambda"), code(777), 1, "backend_refused"),
        (("GET", "/api/state/nemo_agent/me/*"), Answer(raw=(DROP,)), 4, "unreachable"),
        (STATUS, render_answer("failed"), 1, "backend_refused"),
    ],
)
def test_exit_codes_tell_whose_turn_it_is(
    peer: Peer,
    here: pytest.CaptureFixture[str],
    route: tuple[str, str],
    answer: Answer,
    exit_code: int,
    kind: str,
) -> None:
    peer.route(*route, answer)
    assert main(["export", "--json"]) == exit_code
    result = json.loads(here.readouterr().out)
    assert (result["ok"], result["error"]["kind"]) == (False, kind)


def test_a_users_own_token_that_is_refused_is_the_users_to_mend(shell: Shell, peer: Peer) -> None:
    shell.environ["NEMO_TOKEN"] = "nmv_usr_mine"
    peer.route("POST", "/api/tasks/me/with-session/nemo_agent", code(1001))
    done = shell.run("state", "--json")
    assert (done.code, done.json()["error"]["code"]) == (3, 1001)
    assert peer.count("POST", "/api/auth/anonymous-token") == 0


@pytest.mark.parametrize("line", [["dance"], ["edit"], ["upload"], ["state", "--loud"], ["studio", "fly"], []])
def test_wrong_arguments_exit_with_two(here: pytest.CaptureFixture[str], line: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(line)
    assert (caught.value.code, here.readouterr().out) == (2, "")


def test_wrong_arguments_are_json_where_json_is_wanted(here: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["edit", "--json"])
    result = json.loads(here.readouterr().out)
    assert (result["action"], result["error"]["kind"]) == ("edit", "usage")


def test_an_interrupt_says_how_to_go_on_and_the_next_export_does(shell: Shell, peer: Peer) -> None:
    shell.environ["MUSIC_COG_TIME_SCALE"] = "1"
    peer.route(*STATUS, render_answer("processing"))
    process = shell.start("export", "-o", "out.mp4")
    _until(lambda: any(path.endswith("/lambda") for _, path in peer.begun))
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "run `export` again" in out + err
    assert not (shell.folder / "out.mp4").exists()
    peer.route(*STATUS, render_answer("completed", url=f"{peer.url}/files/x.mp4"))
    assert shell.run("export", "-o", "out.mp4").code == 0
    assert peer.count("POST", "/api/render/proxy/lambda") == 1


def test_a_command_started_deaf_to_interrupts_hears_them(shell: Shell, peer: Peer) -> None:
    peer.route("POST", "/run_sse", sse(Wait(30)))
    shell.environ["MUSIC_COG_TIME_SCALE"] = "1"
    deaf = ("sh", "-c", 'trap "" INT; exec "$0" "$@"', sys.executable, "-m", "music_cog_online")
    process = shell.start("edit", "sync", "--json", command=deaf)
    _until(lambda: peer.count("POST", "/run_sse") == 1)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert json.loads(out)["error"]["kind"] == "interrupted"


def test_commands_started_at_once_share_one_project(shell: Shell, peer: Peer) -> None:
    started = [shell.start("upload", name) for name in ("clip.mp4", "song.wav", "clip.mp4")]
    assert [process.communicate(timeout=60) and process.returncode for process in started] == [0, 0, 0]
    assert peer.count("POST", "/api/auth/anonymous-token") == 1
    assert peer.count("POST", "/api/tasks/me/with-session/nemo_agent") == 1
    assert peer.count("POST", "/api/upload-video/nemo_agent/me/sid_1") == 3


def test_a_killed_export_is_picked_up(shell: Shell, peer: Peer) -> None:
    shell.environ["MUSIC_COG_TIME_SCALE"] = "1"
    peer.route(*STATUS, render_answer("processing"))
    process = shell.start("export", "-o", "out.mp4")
    _until(lambda: any(path.endswith("/lambda") for _, path in peer.begun))
    time.sleep(0.2)
    process.kill()
    process.communicate(timeout=20)
    peer.route(*STATUS, render_answer("completed", url=f"{peer.url}/files/x.mp4"))
    assert shell.run("export", "-o", "out.mp4").code == 0
    assert peer.count("POST", "/api/render/proxy/lambda") == 1
    assert sorted(path.name for path in shell.folder.glob("*.mp4")) == ["clip.mp4", "out.mp4"]


def test_a_killed_sync_does_not_send_its_message_again(shell: Shell, peer: Peer) -> None:
    peer.route("POST", "/run_sse", sse(b": busy\n\n", Wait(30)))
    shell.environ["MUSIC_COG_TIME_SCALE"] = "1"
    process = shell.start("sync", "clip.mp4", "song.wav", "-o", "out.mp4")
    _until(lambda: peer.count("POST", "/run_sse") == 1)
    time.sleep(0.3)
    process.kill()
    process.communicate(timeout=20)
    good_backend(peer, draft={"t": [{"tt": 0, "sg": [{"d": 1000, "m": {"name": "clip"}}]}]})
    shell.environ["MUSIC_COG_TIME_SCALE"] = "0.001"
    done = shell.run("sync", "clip.mp4", "song.wav", "-o", "out.mp4")
    assert done.code == 0, done.out + done.err
    assert peer.count("POST", "/run_sse") == 1
    assert (shell.folder / "out.mp4").read_bytes() == VIDEO


def test_no_token_appears_anywhere_but_in_its_private_file(shell: Shell, peer: Peer) -> None:
    shown = ""
    peer.route("POST", "/run_sse", said(f"Your token is {TOKEN}"), tool_only(then=(DROP,)))
    for line in (
        ["connect"],
        ["edit", "hello"],
        ["edit", "hello", "--json"],
        ["sync", "clip.mp4", "--json"],
        ["doctor"],
    ):
        done = shell.run(*line)
        shown += done.out + done.err
    assert TOKEN not in shown
    holders = [path for path in shell.folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert [path.name for path in holders] == ["token.json"]
    assert holders[0].stat().st_mode & 0o777 == 0o600
    assert all(TOKEN not in path for _, path in peer.begun)


def test_a_broken_skill_file_is_a_sentence(shell: Shell) -> None:
    shell.environ["MUSIC_COG_TIME_SCALE"] = "soon"
    done = shell.run("state")
    assert done.code == 2
    assert "MUSIC_COG_TIME_SCALE" in done.err
    assert "Traceback" not in done.err


def test_a_folder_that_cannot_be_written_is_a_sentence(shell: Shell) -> None:
    (shell.folder / "file").touch()
    shell.environ["MUSIC_COG_HOME"] = str(shell.folder / "file" / "home")
    done = shell.run("connect")
    assert done.code == 1
    assert "MUSIC_COG_HOME" in done.err
    assert "Traceback" not in done.err


def test_a_reader_that_goes_away_is_no_catastrophe(shell: Shell) -> None:
    command = f"{sys.executable} -m music_cog_online state | true"
    done = subprocess.run(command, shell=True, cwd=shell.folder, env=shell.environ, capture_output=True, check=False)  # noqa: S602
    assert b"Traceback" not in done.stderr


def _until(holds: object) -> None:
    end = time.monotonic() + 20
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def test_help_promises_no_more_languages_than_the_studio_has(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["edit", "--help"])
    told = capsys.readouterr().out
    assert "any language" not in told
    assert "English and Chinese" in " ".join(told.split())
