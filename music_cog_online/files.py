"""Files that appear in one step: written under a hidden name, then renamed."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
from pathlib import Path

__all__ = ["alive", "private_folder", "remove_left_behind", "replace_file", "temp_beside", "write_temp"]

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


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in place of the file in one step; the file is the user's alone."""
    private_folder(path.parent)
    temp = write_temp(path, content)
    try:
        temp.replace(path)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def private_folder(folder: Path) -> None:
    """Make a folder that is the user's alone, and likewise each one above it that is missing."""
    for one in reversed([folder, *folder.parents]):
        one.mkdir(exist_ok=True, mode=0o700)


def write_temp(path: Path, content: bytes) -> Path:
    """A new hidden file beside `path` that holds `content` safely on the disk; readable by the user alone."""
    remove_left_behind(path)
    temp = temp_beside(path)
    handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
    return temp


def _abandoned(left: Path) -> bool:
    owner = left.name.removesuffix(_SUFFIX).rpartition(".")[2].partition("-")[0]
    if os.name != "posix" or not owner.isdecimal():
        return time.time() - left.stat().st_mtime > _STALE_S
    return not alive(int(owner))


def alive(pid: int) -> bool:
    """Whether a process of this number runs; one of another user counts."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return pid > 0


def _sync_folder(folder: Path) -> None:
    # Not every system can open a folder; the rename is atomic all the same.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
