"""Files on their way up: refused before a byte is sent, streamed from disk, watched while they are read."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from music_cog_online.errors import MediaRefused
from music_cog_online.manifest import FileFacts, Manifest
from music_cog_online.media_types import HEAD_BYTES, called, looks_like, sniff_file

__all__ = ["Progress", "check_urls", "multipart", "open_media", "upload_name"]

Progress = Callable[[int, "int | None"], None]
_LONGEST_NAME_BYTES = 180
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f"\\/:*?<>|\u2028\u2029\u202a-\u202e\u2066-\u2069]+')


@contextmanager
def open_media(path: Path, manifest: Manifest) -> Iterator[BinaryIO]:
    """Open a file that may be uploaded.

    Raises:
        MediaRefused: it is missing, no regular file, empty, too large, or in no supported format by name or content.
    """
    with _open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise MediaRefused(f"{path.name} is empty.", hint="Check that it was copied or recorded completely.")
        if size > manifest.limits.max_upload_bytes:
            raise manifest.error(4002)
        name_kind = manifest.formats.kind_of(path.suffix) if path.suffix else ""
        if name_kind is None:
            raise manifest.error(4001)
        if (found := sniff_file(file)) is None or manifest.formats.kind_of(found) is None:
            facts = FileFacts(path.name, path.suffix.lstrip("."), called(name_kind), looks_like(file.read(HEAD_BYTES)))
            raise manifest.error(4001, file=facts if name_kind else None)
        yield file


@contextmanager
def _open_regular(path: Path) -> Iterator[BinaryIO]:
    try:
        # A FIFO would block an ordinary open(); a device could do anything.
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise MediaRefused(f"{path} is a folder.", hint="Name the files in it one by one.")
        if not stat.S_ISREG(kind):
            raise MediaRefused(f"{path} is no ordinary file.", hint="Save it as a file first.")
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError as exc:
        raise MediaRefused(f"There is no file {path}.", hint="Check the path.") from exc
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "the path cannot be used"
        raise MediaRefused(f"{path} cannot be read: {reason}.", hint="Check the path and its permissions.") from exc
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise MediaRefused(f"{path} is no ordinary file.", hint="Save it as a file first.")
        yield file


def upload_name(path: Path, found: str, manifest: Manifest) -> str:
    """A name that survives a multipart header: no quotes, controls or separators, a usual extension, not too long.

    Args:
        path: the file.
        found: the extension that its content stands for; used where the name has none.
        manifest: the usual extensions.
    """
    extension = manifest.formats.canonical(path.suffix) or found
    stem = path.stem if path.suffix else path.name
    stem = unicodedata.normalize("NFC", stem.encode("utf-8", "replace").decode())
    stem = _UNSAFE.sub("_", stem).strip(" .") or "file"
    while len(stem.encode()) > _LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem}.{extension}"


def multipart(file: BinaryIO, path: Path, manifest: Manifest, on_progress: Progress | None) -> tuple[Any, str]:
    """The streamed body of an upload and its content type; reads the file from the start."""
    # Imported here: only uploads need them.
    import mimetypes

    from requests_toolbelt import MultipartEncoder

    name = upload_name(path, sniff_file(file) or "", manifest)
    watched = _WatchedFile(file, path, on_progress)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    encoder = MultipartEncoder({"files": (name, watched, kind)})
    return encoder, encoder.content_type


class _WatchedFile:
    """A file that tells how far it was read and refuses to end other than it began.

    The check comes before the last bytes are handed out: the backend then never gets a whole body. `len` is what is
    left to read, which is how requests-toolbelt wants it.
    """

    def __init__(self, file: BinaryIO, path: Path, on_progress: Progress | None) -> None:
        self._file = file
        self._path = path
        self._on_progress = on_progress
        self._before = self._look()
        self.len = self._size = self._before[0]
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """The next bytes; nothing behind the size that the file had at first."""
        wanted = self.len if size < 0 else min(size, self.len)
        data = self._file.read(wanted)
        self.len -= len(data)
        if len(data) < wanted or (self.len == 0 and self._look() != self._before):
            raise MediaRefused(
                f"{self._path.name} changed while it was read.", hint="Wait until it is finished, then upload it again."
            )
        if self._on_progress is not None and data:
            self._on_progress(self._size - self.len, self._size)
        return data

    def _look(self) -> tuple[int, int]:
        facts = os.fstat(self._file.fileno())
        return facts.st_size, facts.st_mtime_ns


def check_urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    """The links, if the backend may be asked to fetch them.

    Raises:
        MediaRefused: a link that is not http or https, has no host or holds a password.
    """
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or parts.password is not None:
            raise MediaRefused(
                f"{url.partition('?')[0]} is no link to a file on the web.", hint="Give an https:// link, or a file."
            )
    return urls
