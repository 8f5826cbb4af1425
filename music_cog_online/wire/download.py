"""A finished file on its way down: it appears under its name only when it is whole."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import requests

from music_cog_online.errors import BackendRefused, BrokenAnswer, StoreError, Unreachable, UsageError
from music_cog_online.files import remove_left_behind, temp_beside
from music_cog_online.wire.transport import Attempts, Call, Transport, translated

__all__ = ["download"]

_CHUNK = 262144
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_NO_MEDIA = {"text/html", "application/json", "text/plain", "application/xml", "text/xml"}
Progress = Callable[[int, "int | None"], None]


def download(transport: Transport, url: str, dest: Path, *, on_progress: Progress | None = None) -> Path:
    """Fetch a file to `dest`; token and attribution go along only to the backend itself.

    A connection that breaks off is resumed where the server allows it, else begun again.

    Args:
        transport: sends the requests.
        url: absolute address, or a path of the backend.
        dest: where the file goes; an older file there is replaced in one step at the end.
        on_progress: told bytes so far and bytes in all (None where the server does not say).

    Raises:
        UsageError: `dest` cannot be a file.
        StoreError: it cannot be written; nothing is left behind.
        Unreachable: it cannot be fetched whole.
        BackendRefused: the address is gone or forbidden.
        BrokenAnswer: what comes is no media file.
    """
    if dest.is_dir() or not dest.name:
        raise UsageError(f"{dest} is a folder.", hint="Name a file.")
    with _temp_beside(dest) as temp:
        try:
            with temp.open("wb") as file:
                _Fetch(transport, url, file, on_progress).run()
                file.flush()
                os.fsync(file.fileno())
            temp.replace(dest)
        except OSError as exc:
            raise StoreError(
                f"{dest} cannot be written: {exc.strerror or exc}.",
                hint="Free some space, or name another place for the file.",
            ) from exc
    return dest


class _Fetch:
    """One file, over as many connections as it takes."""

    def __init__(self, transport: Transport, url: str, file: BinaryIO, on_progress: Progress | None) -> None:
        self._transport = transport
        self._url = url
        self._file = file
        self._on_progress = on_progress
        self._done = 0
        self._total: int | None = None
        self._tag = ""

    def run(self) -> None:
        """Fetch everything; the tries are counted afresh whenever some bytes came."""
        attempts, done = None, -1
        while True:
            if attempts is None or self._done > done:
                attempts, done = Attempts(self._transport, self._call()), self._done
            with attempts.trying() as token, self._transport.send(self._call(), token) as response:
                self._take(response)
                return

    def _call(self) -> Call:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self._done and self._tag:
            headers |= {"Range": f"bytes={self._done}-", "If-Range": self._tag}
        return Call("GET", self._url, headers=headers, anywhere=True)

    def _take(self, response: requests.Response) -> None:
        if response.status_code not in {200, 206}:
            self._begin_again()
            if response.status_code == 416:
                raise Unreachable("The download could not be resumed.", sent=True)
            self._refused_elsewhere(response)
            self._transport.judge(response)
            raise BrokenAnswer("The backend did not answer with a file.", status=response.status_code)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind in _NO_MEDIA:
            self._transport.judge(response)
            raise BrokenAnswer("The backend sent a page or a message where the file should be.")
        self._place(response)
        self._check_room()
        with translated():
            while chunk := response.raw.read1(_CHUNK, decode_content=False):
                self._file.write(chunk)
                self._done += len(chunk)
                if self._done > self._transport.manifest.limits.max_download_bytes:
                    raise BrokenAnswer("The file is larger than any finished video should be.")
                if self._on_progress is not None:
                    self._on_progress(self._done, self._total)
        if self._done == 0 or (self._total is not None and self._done != self._total):
            raise Unreachable("The file came incomplete.", sent=True)

    @staticmethod
    def _refused_elsewhere(response: requests.Response) -> None:
        """Another host than the backend said no: it knows neither our token nor the error table."""
        if "Authorization" not in response.request.headers and response.status_code < 500:
            raise BackendRefused("The file is not at its address any more.", status=response.status_code)

    def _place(self, response: requests.Response) -> None:
        """Find out which part of the file this answer holds."""
        length = response.headers.get("Content-Length", "")
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status_code == 206 and found is not None and int(found.group(1)) == self._done:
            if found.group(2) != "*":
                self._total = int(found.group(2))
            return
        self._begin_again()
        if response.status_code == 206:
            raise Unreachable("The download could not be resumed.", sent=True)
        self._total = int(length) if length.isdecimal() else None
        # A weak tag promises equal meaning, not equal bytes.
        tag = response.headers.get("ETag", "")
        self._tag = response.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag

    def _begin_again(self) -> None:
        self._done, self._total, self._tag = 0, None, ""
        self._file.seek(0)
        self._file.truncate()

    def _check_room(self) -> None:
        missing = (self._total or 0) - self._done
        free = shutil.disk_usage(os.path.dirname(self._file.name)).free  # noqa: PTH120 - a name, not a path
        if missing > free:
            raise StoreError(
                f"The disk is full: the file needs {missing / 1e6:.0f} MB and {free / 1e6:.0f} MB are free.",
                hint="Free some space, or name another place for the file.",
            )


@contextmanager
def _temp_beside(dest: Path) -> Iterator[Path]:
    """A new empty file in the same folder, gone at the end unless it was moved; what killed commands left goes too."""
    try:
        remove_left_behind(dest)
        temp = temp_beside(dest)
        os.close(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666))
    except OSError as exc:
        raise StoreError(
            f"{dest.parent} cannot be written: {exc.strerror or exc}.", hint="Name another place for the file."
        ) from exc
    try:
        yield temp
    finally:
        with contextlib.suppress(OSError):
            temp.unlink(missing_ok=True)
