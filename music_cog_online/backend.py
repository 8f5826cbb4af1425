"""Which backend answers, and starting the embedded studio when it is the one.

The studio is another process: it is started here by name and spoken to over HTTP, never imported. What only a start
needs is imported then, for every command passes through here.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from music_cog_online.errors import Unreachable, UsageError
from music_cog_online.files import alive
from music_cog_online.settings import Settings
from music_cog_online.text import redact
from music_cog_online.wire.urls import backend_key, check_address, is_loopback

if TYPE_CHECKING:
    from subprocess import Popen

__all__ = ["Backend", "Studio", "choose", "missing_studio_parts", "studio_command", "studio_environ"]

_START_S = 60.0
_STOP_S = 15.0
_TICK_S = 0.02
_STUDIO_PARTS = ("imageio_ffmpeg", "numpy", "PIL", "python_multipart", "scipy", "starlette", "uvicorn")


@dataclass(frozen=True, slots=True)
class Backend:
    """Who does the work.

    Attributes:
        kind: `cloud`, `studio` (on this machine, started on demand) or `url` (a server that was named).
        url: address without a trailing slash; empty for a studio that has not been started.
        key: name of the folder that keeps this backend's token, session and projects.
        takes_token: whether the user's own token may be sent there.
    """

    kind: str
    url: str
    key: str
    takes_token: bool

    @property
    def local(self) -> bool:
        """Whether media stays on this machine."""
        return self.kind == "studio" or _at_home(self.url)


def choose(settings: Settings, flag: str | None, *, cloud_url: str) -> Backend:
    """Decide which backend answers; nothing is started or asked.

    The flag decides, else `MUSIC_COG_BACKEND`, else `NEMO_API_URL`, else a token chooses the cloud, else the studio.

    Args:
        settings: the environment.
        flag: `--backend`, or None.
        cloud_url: the cloud's address unless the environment names another.

    Raises:
        UsageError: neither `cloud`, nor `studio`, nor an address that may be used.
    """
    named = flag or settings.backend
    if named is None:
        named = "cloud" if settings.api_url or settings.token else "studio"
    if named == "studio":
        return Backend("studio", "", "studio", takes_token=False)
    if named == "cloud":
        url = check_address(settings.api_url or cloud_url, what="NEMO_API_URL")
        return Backend("cloud", url, backend_key(url), takes_token=True)
    if "://" not in named:
        raise UsageError(
            f"There is no backend “{redact(named)}”.",
            hint="Use cloud, studio, or an address that begins with https://.",
        )
    url = check_address(named.rstrip("/"), what="The backend's address")
    trusted = _at_home(url) or url in (settings.api_url, cloud_url)
    return Backend("url", url, backend_key(url), takes_token=trusted)


def _at_home(url: str) -> bool:
    return is_loopback(urllib.parse.urlsplit(url).hostname or "")


def missing_studio_parts() -> tuple[str, ...]:
    """The studio's packages that are not installed."""
    from importlib.util import find_spec

    return tuple(name for name in _STUDIO_PARTS if find_spec(name) is None)


def studio_command(*args: str) -> list[str]:
    """The command line that runs the studio with these arguments."""
    return [sys.executable, "-m", "music_cog_online.studio", *args]


def studio_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for the studio: it finds this package, and has no use for the cloud's token."""
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (root, environ.get("PYTHONPATH"))))
    kept = {name: value for name, value in environ.items() if name != "NEMO_TOKEN"}
    return {**kept, "PYTHONPATH": path}


class Studio:
    """The embedded studio of one home folder: found if it runs, started if it does not.

    Args:
        home: folder for everything that outlives a command.
        version: version of this package; a studio of another version is replaced.
        environ: the environment to start it with.
    """

    def __init__(self, home: Path, *, version: str, environ: Mapping[str, str]) -> None:
        self._home = home
        self._folder = home / "studio"
        self._version = version
        self._environ = environ

    def url(self) -> str:
        """Return the address of the running studio, starting it first where needed.

        Raises:
            Unreachable: it could not be started; the message ends with its own last words.
        """
        return self.running() or self._start()

    def running(self) -> str | None:
        """Return the address if a studio of this version listens, else None."""
        facts = self._facts()
        return facts["url"] if facts and facts["version"] == self._version and _listens(facts["url"]) else None

    def _facts(self) -> dict[str, Any] | None:
        """What the studio wrote when it began to listen; None when it is not there, not whole or not alive."""
        try:
            facts = json.loads((self._folder / "server.json").read_bytes())
            # One that others reach too is reached here like one that they do not.
            url, pid = str(facts["url"]).replace("//0.0.0.0:", "//127.0.0.1:"), int(facts["pid"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None
        if not alive(pid) or not _at_home(url):
            return None
        return {"url": url, "pid": pid, "version": facts.get("version")}

    def _start(self) -> str:
        # Imported here: a command that finds the studio running need not pay for it.
        from filelock import FileLock

        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self._folder / "start.lock", mode=0o600):
                return self.running() or self._replace()
        except OSError as exc:
            raise Unreachable(
                f"The studio cannot be started: {exc.strerror or exc}.",
                hint="Set MUSIC_COG_HOME to a folder that can be written, or run `music-cog doctor`.",
            ) from exc

    def _replace(self) -> str:
        """Start a studio, after stopping one of another version. Called under the lock."""
        import subprocess

        missing = missing_studio_parts()
        if missing:
            raise Unreachable(
                f"The studio's packages are not all here: {', '.join(missing)} is missing.",
                hint="pip install 'music-cog-online[studio]', or work in the cloud with --backend cloud.",
            )
        facts = self._facts()
        if facts and _listens(facts["url"]):
            _stop(facts["pid"], self._folder)
        log = self._folder / "start.log"
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as sink:
            child = subprocess.Popen(
                studio_command("serve", "--embedded", "--home", str(self._home)),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=studio_environ(self._environ),
                cwd=self._folder,
                start_new_session=True,
            )
        for _ in range(int(_START_S / _TICK_S)):
            # A process takes its real time to start, whatever the time scale; so this wait is not the clock's.
            gone = _ends(child, _TICK_S)
            url = self.running()
            if url:
                return url
            if gone:
                break
        else:
            child.kill()
        raise Unreachable(
            f"The studio did not start: {_last_words(log)}", hint="Run `music-cog doctor` to see what is missing."
        )


def _listens(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port or 80), timeout=2):
            return True
    except OSError:
        return False


def _stop(pid: int, folder: Path) -> None:
    """Ask a studio to end, and wait until it has let go of its folder: until then nobody else may serve that."""
    import signal

    from filelock import FileLock, Timeout

    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    with contextlib.suppress(Timeout), FileLock(folder / "studio.lock", timeout=_STOP_S, mode=0o600):
        pass


def _ends(child: Popen[bytes], within_s: float) -> bool:
    from subprocess import TimeoutExpired

    try:
        child.wait(within_s)
    except TimeoutExpired:
        return False
    return True


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it ended without a word."
