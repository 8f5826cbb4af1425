"""Temporary files beside the files that they become."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
from pathlib import Path

__all__ = ["remove_left_behind", "temp_beside"]

_SUFFIX = ".part"
_STALE_S = 24 * 3600.0
_NUMBERS = itertools.count()


def temp_beside(path: Path) -> Path:
    """A name in the same folder, hidden, that no other process and no earlier call uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{next(_NUMBERS)}{_SUFFIX}")


def remove_left_behind(path: Path) -> None:
    """Remove temporary files of `path` that killed processes left; what cannot be removed stays."""
    pattern = re.sub(r"([*?\[])", r"[\1]", f".{path.name}.")
    for left in path.parent.glob(f"{pattern}*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            if _abandoned(left):
                left.unlink()


def _abandoned(left: Path) -> bool:
    owner = left.name.removesuffix(_SUFFIX).rpartition(".")[2].partition("-")[0]
    if os.name != "posix" or not owner.isdecimal():
        return time.time() - left.stat().st_mtime > _STALE_S
    try:
        os.kill(int(owner), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False
