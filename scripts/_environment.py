"""A private environment with exactly the packages of `requirements.lock`, made on the first run of a bare folder.

A checkout whose own `.venv` has everything needs none.

Nothing is installed into the system's Python, so externally managed ones (PEP 668) work as well. A set-up that is
killed is redone by the next command; commands that come together wait for one set-up.
"""

from __future__ import annotations

import contextlib
import hashlib
import html.parser
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

SKILL = Path(__file__).resolve().parent.parent
LOCK = SKILL / "requirements.lock"
INDEX = "https://pypi.org/simple"
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
INSTALL = ("install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r")
CHECK_S = 30
TELL_S = 10.0
PIP_CALM = ("--no-input", "--disable-pip-version-check")


class SetupFailed(Exception):
    """The private environment could not be made; the text says why, the hint what to do."""

    def __init__(self, why: str, *, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


def rerun(script: str, argv: list[str], *, as_json: bool, action: str, needed: Sequence[str]) -> int:
    """Run the script again in the checkout's own environment, else in the private one, making that where needed.

    Args:
        script: the script that was started.
        argv: its arguments.
        as_json: speak JSON lines instead of plain ones.
        action: the command's name, for the JSON object that tells of a failure.
        needed: the modules that must be there.

    Returns:
        The script's exit code; 1 when there is no environment.
    """

    def say(text: str) -> None:
        line = json.dumps({"event": "say", "text": text}, ensure_ascii=False) if as_json else text
        print(line, file=sys.stderr if as_json else sys.stdout, flush=True)

    try:
        python = of_checkout(needed) or ready(say)
    except SetupFailed as failure:
        if as_json:
            error = {"code": None, "kind": "setup", "hint": failure.hint}
            facts = {"ok": False, "action": action, "message": str(failure), "data": {}, "next": [], "error": error}
            print(json.dumps(facts, ensure_ascii=False))
        else:
            print(failure, failure.hint, sep="\n", file=sys.stderr)
        return 1
    command = [str(python), script, *argv]
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606 - a shell would have to quote the user's words
    return subprocess.call(command)


def of_checkout(needed: Sequence[str]) -> Path | None:
    """Return the Python of the folder's own `.venv`, as `make` makes it; None where it lacks something or is broken."""
    folder = SKILL / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists() or Path(sys.prefix).resolve() == folder.resolve():
        return None
    check = (
        "import importlib.util as found, sys; "
        "sys.exit(sys.version_info < (3, 10) or any(found.find_spec(name) is None for name in sys.argv[1:]))"
    )
    try:
        done = subprocess.run([str(python), "-c", check, *needed], capture_output=True, timeout=CHECK_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return python if done.returncode == 0 else None


def ready(say: Callable[[str], None]) -> Path:
    """Return the Python of the private environment, making the environment if it is not whole.

    Raises:
        SetupFailed: no folder to write to, or nothing here can install packages.
    """
    folder = home() / "env" / fingerprint()
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if Path(sys.prefix).resolve() == folder.resolve():
        (folder / "whole").unlink(missing_ok=True)
        raise SetupFailed(
            "The skill's own Python environment is damaged.", hint="Run the same command again: it is made anew."
        )
    mark = folder / "whole"
    if mark.exists() and python.exists():
        return python
    say("Setting things up... (the first run fetches what the skill needs; this takes a minute)")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with ticking(say), held(folder.parent / f"{folder.name}.lock") as lock:
            if not (mark.exists() and python.exists()):
                fill(folder, python, lock=lock)
                mark.touch()
    except OSError as exc:
        raise SetupFailed(
            f"The skill's Python environment cannot be written: {exc.strerror or exc} ({folder.parent}).",
            hint="Free some disk space, or set MUSIC_COG_HOME to a folder that can be written.",
        ) from exc
    return python


@contextlib.contextmanager
def ticking(say: Callable[[str], None], *, every_s: float = TELL_S) -> Iterator[None]:
    """Say every few seconds that the set-up goes on, while the block runs."""
    over = threading.Event()
    began_s = time.monotonic()

    def tell() -> None:
        while not over.wait(every_s):
            say(f"Still setting things up... ({time.monotonic() - began_s:.0f} s)")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def home() -> Path:
    """The folder for everything that outlives a command, as the package itself finds it."""
    given = os.environ.get("MUSIC_COG_HOME", "").strip()
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "music-cog-online"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/music-cog-online"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "music-cog-online"


def fingerprint() -> str:
    """Name of the environment: other packages, another Python or machine give another one."""
    parts = (LOCK.read_bytes(), platform.python_version().encode(), sys.platform.encode(), platform.machine().encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


@contextlib.contextmanager
def held(path: Path) -> Iterator[int]:
    """Hold a lock file; a killed holder lets go by itself, once its children are gone too."""
    with path.open("a") as file:
        if os.name == "posix":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def fill(folder: Path, python: Path, *, lock: int) -> None:
    """Make the environment from nothing, with the first tool that can.

    Raises:
        SetupFailed: no tool could; the text is the last one's own words.
    """
    why = "Neither uv nor Python's venv module was found."
    for way in (with_uv, with_venv, with_bare_venv):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            for command in way(folder, python):
                call(command, lock=lock)
        except SetupFailed as failure:
            why = str(failure)
        else:
            return
    shutil.rmtree(folder, ignore_errors=True)
    raise SetupFailed(
        f"Setting up did not work: {why}",
        hint="The first run needs the network once. If it is there, install uv, or python3-venv on Debian and Ubuntu.",
    )


def with_uv(folder: Path, python: Path) -> Iterator[list[str]]:
    """Commands that make the environment with uv; raises SetupFailed where there is none."""
    uv = shutil.which("uv")
    if uv is None:
        raise SetupFailed("uv is not installed.", hint="")
    yield [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
    yield [uv, "pip", *INSTALL, str(LOCK), "--python", str(python)]


def with_venv(folder: Path, python: Path) -> Iterator[list[str]]:
    """Commands that make the environment with the standard library's venv and the pip that comes with it."""
    yield [sys.executable, "-m", "venv", str(folder)]
    yield [str(python), "-m", "pip", *PIP_CALM, *INSTALL, str(LOCK)]


def with_bare_venv(folder: Path, python: Path) -> Iterator[list[str]]:
    """The same where Python comes without ensurepip (Debian without python3-venv): pip is fetched."""
    yield [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    with tempfile.TemporaryDirectory() as work:
        wheel = fetch_pip(Path(work))
        yield [str(python), f"{wheel}/pip", *PIP_CALM, *INSTALL, str(LOCK)]


def call(command: list[str], *, lock: int) -> None:
    """Run a tool; its children keep the lock, so that a killed set-up is not redone while they still write."""
    keep = (lock,) if os.name == "posix" else ()
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", pass_fds=keep, check=False)
    if done.returncode:
        words = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        errors = [line for line in words if "error" in line.lower()] or words[-1:] or [f"{command[0]} failed"]
        raise SetupFailed(errors[-1], hint="")


class Links(html.parser.HTMLParser):
    """The links of a package index page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep where an anchor points to."""
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def fetch_pip(folder: Path) -> Path:
    """Fetch the one known release of pip from the package index and check it.

    Raises:
        SetupFailed: no network, or not the file it should be.
    """
    page = (os.environ.get("PIP_INDEX_URL") or INDEX).rstrip("/") + "/pip/"
    try:
        links = Links()
        links.feed(_get(page).decode())
        link = next(link for link in links.found if PIP_WHEEL in link)
        body = _get(urllib.parse.urljoin(page, link))
    except (OSError, StopIteration, ValueError) as exc:
        raise SetupFailed(f"pip could not be fetched ({exc or 'not listed'}).", hint="") from exc
    if hashlib.sha256(body).hexdigest() != PIP_SHA256:
        raise SetupFailed("The pip that was fetched is not the one it should be.", hint="")
    wheel = folder / PIP_WHEEL
    wheel.write_bytes(body)
    return wheel


def _get(url: str) -> bytes:
    if not url.startswith("https://"):
        raise ValueError("not an https address")
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - checked above
        return bytes(answer.read())
