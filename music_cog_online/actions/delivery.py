"""Where a finished file goes: names that overwrite nothing by accident, files that appear only when whole."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from music_cog_online.errors import StoreError, UsageError
from music_cog_online.files import alive

__all__ = ["Destination", "destination", "safe_name"]

# What Windows refuses; Linux and macOS take all of it but the slash.
_UNSAFE = re.compile(r'[<>:"/\\|?*]+')
_JOINERS = "\u200c\u200d"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_HIDDEN = ".music-cog-"
_LONGEST_NAME_BYTES = 200


class Destination:
    """The place of a finished file.

    Args:
        folder: an existing folder.
        name: file name.
        overwrite: the user named this very file, so what is there is replaced.
    """

    def __init__(self, folder: Path, name: str, *, overwrite: bool) -> None:
        self._folder = folder
        self._name = name
        self._overwrite = overwrite

    @property
    def path(self) -> Path:
        """The file as it is wished for; it may get another name if that one is taken by then."""
        return self._folder / self._name

    def holds(self, path: Path) -> bool:
        """Whether this file need not be brought: it is the one that was named, or lies in the folder that was."""
        return _same(self.path, path) if self._overwrite else _same(self._folder, path.parent)

    @contextlib.contextmanager
    def landing(self) -> Iterator[Path]:
        """Give a path in a hidden folder beside the file to write to; what is left there in the end is thrown away."""
        _sweep(self._folder)
        hidden = self._folder / f"{_HIDDEN}{os.getpid()}"
        try:
            hidden.mkdir(exist_ok=True)
            yield hidden / self._name
        finally:
            shutil.rmtree(hidden, ignore_errors=True)

    def place(self, whole: Path) -> Path:
        """Give a whole file its name, in one step, and return the path.

        Raises:
            StoreError: the folder does not take it.
        """
        try:
            if self._overwrite:
                return whole.replace(self.path)
            return self._place_beside(whole)
        except OSError as exc:
            raise StoreError(
                f"{self.path} cannot be written: {exc.strerror or exc}.", hint="Name another place with -o FILE."
            ) from exc

    def _place_beside(self, whole: Path) -> Path:
        stem, suffix = Path(self._name).stem, Path(self._name).suffix
        number = 1
        while True:
            path = self.path if number == 1 else self._folder / f"{stem}-{number}{suffix}"
            try:
                _move_new(whole, path)
            except FileExistsError:
                number += 1
            else:
                return path


def _move_new(source: Path, path: Path) -> None:
    """Move a file to a name that must be free.

    Raises:
        FileExistsError: the name is taken.
    """
    try:
        os.link(source, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: reserve the name, then take it
        path.open("xb").close()
        source.replace(path)
    else:
        source.unlink()


def destination(output: str | None, *, title: str, keep: Iterable[Path] = ()) -> Destination:
    """Decide where the file goes, and check before any work is done that it can go there.

    Args:
        output: what the user named: a file, a folder, or None for a new name in the current folder.
        title: what the file is called when the user named none, without extension.
        keep: files that must not be overwritten (what the project was made from).

    Raises:
        UsageError: the place cannot be written, or is one of the files to keep.
    """
    target = Path(output).expanduser() if output else Path()
    into_folder = output is None or target.is_dir() or output.endswith(("/", os.sep))
    folder = (target if into_folder else target.parent).absolute()
    name = f"{safe_name(title)}.mp4" if into_folder else target.name if target.suffix else f"{target.name}.mp4"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as exc:
        raise UsageError(
            f"{folder} cannot be written: {exc.strerror or exc}.", hint="Name another place with -o."
        ) from exc
    if not into_folder and any(_same(folder / name, kept) for kept in keep):
        raise UsageError(f"{output} is one of the files the project is made from.", hint="Name another file with -o.")
    return Destination(folder, name, overwrite=not into_folder)


def _sweep(folder: Path) -> None:
    """Remove the hidden folders of commands that were killed."""
    for left in folder.glob(f"{_HIDDEN}*"):
        owner = left.name.removeprefix(_HIDDEN)
        if owner.isdecimal() and not alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def safe_name(title: str, *, ending: str = "") -> str:
    """A file name, without extension, that Linux, macOS and Windows take; letters of every script and emoji stay.

    Args:
        title: what the file is to be called.
        ending: put behind it.
    """
    shown = (char for char in title if char in _JOINERS or unicodedata.category(char) not in _INVISIBLE)
    name = _UNSAFE.sub("_", "".join(shown)).strip(" ._")
    kept = name.encode()[: _LONGEST_NAME_BYTES - len(ending.encode())].decode(errors="ignore").rstrip(" ._")
    return (kept or "video") + ending


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False
