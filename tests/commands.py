"""Runs the commands as processes of their own, as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Done", "Shell"]

_KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one object on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class Shell:
    """Starts commands in a clean environment.

    Args:
        folder: working folder and home of everything.
        environ: variables besides the few that every program needs.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "HOME": str(folder / "user"),
            "MUSIC_COG_HOME": str(folder / "home"),
            "MUSIC_COG_TIME_SCALE": "0.001",
            **environ,
        }

    def start(
        self, *args: str, command: Sequence[str] = (sys.executable, "-m", "music_cog_online")
    ) -> subprocess.Popen[str]:
        """Start a command and return at once."""
        return subprocess.Popen(
            [*command, *args],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *args: str, command: Sequence[str] = (sys.executable, "-m", "music_cog_online")) -> Done:
        """Run a command to its end."""
        with self.start(*args, command=command) as process:
            out, err = process.communicate(timeout=110)
        return Done(process.returncode, out, err)
