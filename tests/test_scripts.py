"""The scripts, run from an unpacked copy of the skill, as an agent runs them."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import re
import shutil
import site
import sys
import threading
import time
import venv
import zipfile
from pathlib import Path

import pytest

from music_cog_online.arguments import COMMANDS
from tests.actions.backends import VIDEO, good_backend
from tests.commands import Shell
from tests.peers import Peer

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = (
    "chat",
    "connect",
    "credits",
    "doctor",
    "edit",
    "export",
    "new",
    "projects",
    "report",
    "state",
    "studio",
    "sync",
    "upload",
)
BARE = (sys.executable, "-S")
"""A Python that finds no installed package, like the one of a fresh machine."""


@pytest.fixture
def skill(tmp_path: Path) -> Path:
    """The skill, unpacked under a name with a blank in it, in a folder that cannot be written."""
    folder = tmp_path / "my skills" / "music-cog-online"
    folder.mkdir(parents=True)
    for name in ("SKILL.md", "skill.yaml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    for name in ("music_cog_online", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_every_script_is_short_and_belongs_to_a_command() -> None:
    found = {path.stem: path for path in (ROOT / "scripts").glob("*.py") if not path.stem.startswith("_")}
    assert set(found) == set(SCRIPTS) <= set(COMMANDS)
    assert all(len(path.read_text().splitlines()) <= 40 for path in found.values())


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_works_with_nothing_installed(skill: Path, tmp_path: Path, name: str) -> None:
    done = Shell(tmp_path, {}).run("--help", command=(*BARE, str(skill / "scripts" / f"{name}.py")))
    assert done.code == 0
    assert f"{name}.py" in done.out
    assert "examples:" in done.out
    assert not (tmp_path / "home").exists()


def test_the_whole_conversation_through_scripts(skill: Path, tmp_path: Path, peer: Peer) -> None:
    good_backend(peer)
    shell = Shell(tmp_path, {"NEMO_API_URL": peer.url})
    (tmp_path / "clip.mp4").write_bytes(VIDEO)
    lines = (["connect"], ["upload", "clip.mp4"], ["edit", "add lo-fi"], ["export", "-o", "out.mp4"])
    for name, *rest in lines:
        done = shell.run(*rest, "--json", command=(sys.executable, str(skill / "scripts" / f"{name}.py")))
        assert done.code == 0, done.err
        assert done.json()["action"] == name
    assert (tmp_path / "out.mp4").read_bytes() == VIDEO


def test_the_packages_that_are_looked_for_are_the_ones_that_are_declared() -> None:
    declared = set(
        re.findall(r'^  "([\w-]+)>=', (ROOT / "pyproject.toml").read_text().partition("[dependency-groups]")[0], re.M)
    )
    needed = set(re.findall(r'^    "(\w+)",$', (ROOT / "scripts/_bootstrap.py").read_text(), re.M))
    imported_as = {"pyyaml": "yaml", "pillow": "PIL"}
    assert needed == {imported_as.get(name, name.replace("-", "_")) for name in declared}


def test_the_locks_pin_every_package_with_hashes_and_name_no_place() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_a_killed_set_up_is_redone_and_commands_that_come_together_share_it(
    skill: Path, tmp_path: Path, peer: Peer
) -> None:
    good_backend(peer)
    _borrow_packages(skill, tmp_path)
    shell = Shell(tmp_path, {"NEMO_API_URL": peer.url, **_only_from(tmp_path)})
    command = (*BARE, str(skill / "scripts" / "state.py"))
    first = shell.start(command=command)
    assert first.stdout is not None
    assert first.stdout.readline().startswith("Setting things up...")
    time.sleep(0.3)
    first.kill()
    first.communicate()
    started = [shell.start("--json", command=command) for _ in range(2)]
    ended = [process.communicate(timeout=90) for process in started]
    assert [json.loads(out)["ok"] for out, _ in ended] == [True, True], ended
    assert len([path for path in (tmp_path / "home" / "env").iterdir() if path.is_dir()]) == 1
    again = shell.run(command=command)
    assert (again.code, "Setting things up" in again.out) == (0, False)


def test_a_checkout_with_an_environment_of_its_own_needs_no_other(skill: Path, tmp_path: Path, peer: Peer) -> None:
    good_backend(peer)
    venv.create(skill / ".venv", symlinks=True)
    (packages,) = (skill / ".venv").glob("lib/*/site-packages")
    (packages / "lender.pth").write_text("\n".join(site.getsitepackages()))
    shell = Shell(tmp_path, {"NEMO_API_URL": peer.url})
    done = shell.run("--json", command=(*BARE, str(skill / "scripts" / "state.py")))
    assert done.json()["ok"] is True
    assert "Setting things up" not in done.err
    assert not (tmp_path / "home" / "env").exists()


def test_an_environment_without_the_packages_is_passed_over(skill: Path, tmp_path: Path) -> None:
    venv.create(skill / ".venv", symlinks=True)
    (tmp_path / "file").touch()
    shell = Shell(tmp_path, {"MUSIC_COG_HOME": str(tmp_path / "file" / "home")})
    done = shell.run("--json", command=(*BARE, str(skill / "scripts" / "state.py")))
    assert done.json()["error"]["kind"] == "setup"


def test_a_set_up_that_cannot_work_says_what_is_missing(skill: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shell = Shell(tmp_path, {"MUSIC_COG_HOME": str(tmp_path / "file" / "home")})
    done = shell.run("--json", command=(*BARE, str(skill / "scripts" / "state.py")))
    assert (done.code, done.json()["error"]["kind"]) == (1, "setup")
    assert "MUSIC_COG_HOME" in done.json()["error"]["hint"]


def test_a_long_set_up_says_now_and_then_that_it_goes_on() -> None:
    spec = importlib.util.spec_from_file_location("_environment", ROOT / "scripts" / "_environment.py")
    assert spec is not None
    assert spec.loader is not None
    environment = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(environment)
    told: list[str] = []
    twice = threading.Event()

    def say(text: str) -> None:
        told.append(text)
        if len(told) == 2:
            twice.set()

    with environment.ticking(say, every_s=0.01):
        assert twice.wait(10)
    assert told[0].startswith("Still setting things up...")


def test_a_script_names_scripts_and_the_command_names_commands(skill: Path, tmp_path: Path, peer: Peer) -> None:
    good_backend(peer)
    shell = Shell(tmp_path, {"NEMO_API_URL": peer.url})
    script = shell.run("--use", "9", command=(sys.executable, str(skill / "scripts" / "projects.py")))
    assert "`scripts/projects.py` lists them" in script.err
    assert "`music-cog projects` lists them" in shell.run("projects", "--use", "9").err


def _borrow_packages(skill: Path, folder: Path) -> None:
    """Put a lock into the skill whose one package lends this environment's packages."""
    paths = "\n".join(site.getsitepackages())
    wheel = folder / "lender-1.0-py3-none-any.whl"
    files = {
        "lender.pth": paths,
        "lender-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: lender\nVersion: 1.0\n",
        "lender-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},{_digest(text.encode())},{len(text.encode())}\n" for name, text in files.items())
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, "lender-1.0.dist-info/RECORD": record}.items():
            archive.writestr(name, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (skill / "requirements.lock").write_text(f"lender==1.0 --hash=sha256:{digest}\n")


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _only_from(folder: Path) -> dict[str, str]:
    """Variables that let uv, which may lie beside this Python, and pip take packages from one folder alone."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    uv = {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(folder), "UV_NO_CONFIG": "1", "UV_CACHE_DIR": str(folder / "uv")}
    return {"PATH": path, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull, **uv}
