"""Which backend answers, and the studio that starts by itself, once."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from music_cog_online.backend import Studio, choose, studio_environ
from music_cog_online.errors import Unreachable, UsageError
from music_cog_online.settings import Settings
from tests.commands import Shell

CLOUD = "https://cloud.example"


def chosen(flag: str | None = None, **environ: str) -> tuple[str, str, bool]:
    """Kind, address, and whether the user's token may go there."""
    backend = choose(Settings.from_environ({"MUSIC_COG_HOME": "/nowhere", **environ}), flag, cloud_url=CLOUD)
    return backend.kind, backend.url, backend.takes_token


def test_without_a_word_it_is_the_studio() -> None:
    assert chosen() == ("studio", "", False)


def test_a_token_chooses_the_cloud() -> None:
    assert chosen(NEMO_TOKEN="t") == ("cloud", CLOUD, True)


def test_an_address_wins_over_a_token_and_the_backend_variable_over_both() -> None:
    address = "https://other.example"
    assert chosen(NEMO_TOKEN="t", NEMO_API_URL=address) == ("cloud", address, True)
    assert chosen(NEMO_TOKEN="t", NEMO_API_URL=address, MUSIC_COG_BACKEND="studio")[0] == "studio"
    assert chosen("cloud", MUSIC_COG_BACKEND="studio")[0] == "cloud"


def test_the_users_token_goes_to_no_other_server_of_the_network() -> None:
    assert chosen("https://friend.example", NEMO_TOKEN="t") == ("url", "https://friend.example", False)
    assert chosen("http://127.0.0.1:8787/", NEMO_TOKEN="t") == ("url", "http://127.0.0.1:8787", True)
    assert not chosen("studio", NEMO_TOKEN="t")[2]


@pytest.mark.parametrize("named", ["moon", "ftp://example.com", "http://example.com", "https://a:b@example.com"])
def test_what_is_no_backend_is_a_usage_error(named: str) -> None:
    with pytest.raises(UsageError):
        chosen(named)


def test_two_servers_never_share_a_folder() -> None:
    settings = Settings.from_environ({"MUSIC_COG_HOME": "/nowhere"})
    addresses = ("https://a.example", "https://a.example:8443", "https://a.example/base", "https://b.example")
    keys = {choose(settings, address, cloud_url=CLOUD).key for address in (*addresses, "studio", "cloud")}
    assert len(keys) == 6


def test_the_studio_never_sees_the_clouds_token() -> None:
    assert "NEMO_TOKEN" not in studio_environ({"NEMO_TOKEN": "t", "PATH": "/bin"})


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell on a fresh machine; the studio that it starts ends with the test."""
    shell = Shell(tmp_path, {"MUSIC_COG_TIME_SCALE": "0.1"})
    yield shell
    facts = tmp_path / "home" / "studio" / "server.json"
    if facts.exists():
        os.kill(json.loads(facts.read_text())["pid"], signal.SIGTERM)
        _until(lambda: not facts.exists())


def test_commands_that_come_together_start_one_studio_and_a_killed_one_is_started_again(shell: Shell) -> None:
    started = [shell.start("--json", "credits") for _ in range(3)]
    ended = [(process.communicate(timeout=60), process.returncode) for process in started]
    assert [code for _, code in ended] == [0, 0, 0], ended
    facts = json.loads((shell.folder / "home/studio/server.json").read_text())
    assert (shell.folder / "home/studio/server.json").stat().st_mode & 0o777 == 0o600
    os.kill(facts["pid"], signal.SIGKILL)
    _until(lambda: not _alive(facts["pid"]))
    assert shell.run("state").code == 0
    fresh = json.loads((shell.folder / "home/studio/server.json").read_text())
    assert fresh["pid"] != facts["pid"]
    # By its address it is the same studio, with the same token and projects.
    assert shell.run("state", "--backend", fresh["url"]).code == 0
    assert [path.name for path in (shell.folder / "home/backends").iterdir()] == ["studio"]


def test_the_locks_are_the_users_alone(shell: Shell) -> None:
    assert shell.run("connect").code == 0
    locks = list((shell.folder / "home" / "studio").glob("*.lock"))
    assert {path.name for path in locks} == {"start.lock", "studio.lock"}
    assert {path.stat().st_mode & 0o777 for path in locks} == {0o600}


def test_a_studio_of_another_version_is_replaced(shell: Shell) -> None:
    assert shell.run("connect").code == 0
    facts_path = shell.folder / "home/studio/server.json"
    facts = json.loads(facts_path.read_text())
    facts_path.write_text(json.dumps({**facts, "version": "0.0.1"}))
    assert shell.run("state").code == 0
    assert json.loads(facts_path.read_text())["pid"] != facts["pid"]
    assert not _alive(facts["pid"])


def test_a_studio_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "studio").mkdir()
    (tmp_path / "studio" / "studio.lock").mkdir()
    studio = Studio(tmp_path, version="1.0.0", environ={"PATH": os.environ["PATH"]})
    with pytest.raises(Unreachable, match="did not start") as caught:
        studio.url()
    assert caught.value.exit_code == 4


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]


def _until(holds: object) -> None:
    end = time.monotonic() + 20
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)
