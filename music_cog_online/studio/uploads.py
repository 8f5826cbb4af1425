"""Receives files: streamed to disk, counted while they come, judged by their content."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from anyio.to_thread import run_sync
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from music_cog_online.media_types import HEAD_BYTES, called, looks_like
from music_cog_online.studio.errors import DiskFull, MediaRefused, MediaTooLarge, RequestRefused, StudioError
from music_cog_online.studio.fetching import Fetcher
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.names import clean_name
from music_cog_online.studio.projects import Projects, Upload

__all__ = ["MAX_FILES", "Rejected", "Uploads", "receive_multipart"]

MAX_FILES = 50
"""Most files or links in one call."""

_DEMUXERS = {
    "mp4": "mov", "mov": "mov", "m4a": "mov", "avi": "avi", "webm": "matroska", "mkv": "matroska", "mp3": "mp3",
    "wav": "wav", "aac": "aac", "jpg": "jpeg_pipe", "png": "png_pipe", "gif": "gif", "webp": "webp_pipe",
}  # fmt: skip
_KINDS = {
    **dict.fromkeys(("mp4", "mov", "avi", "webm", "mkv"), "video"),
    **dict.fromkeys(("jpg", "png", "gif", "webp"), "image"),
    **dict.fromkeys(("mp3", "wav", "m4a", "aac"), "audio"),
}
_BLOCK = 1 << 20
_DRAINED = 256 << 20
_DRAINED_S = 5.0
_SPARE_DISK = 200 << 20


@dataclass(slots=True)
class Incoming:
    """A file on its way in: written to a temporary place, counted and digested."""

    name: str
    path: Path
    file: IO[bytes]
    digest: Any
    size: int = 0

    def write(self, block: bytes) -> None:
        """Adds a block.

        Raises:
            DiskFull: There is no room for it.
        """
        try:
            self.file.write(block)
        except OSError as exc:
            raise DiskFull("The disk is full.", hint="Free some room and upload again.") from exc
        self.digest.update(block)
        self.size += len(block)

    def discard(self) -> None:
        """Removes it."""
        self.file.close()
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that was not taken, and why."""

    name: str
    error: StudioError


class Uploads:
    """Takes files into sessions."""

    def __init__(
        self, projects: Projects, folder: Path, *, ffmpeg: Ffmpeg, fetcher: Fetcher, formats: Sequence[str], limit: int
    ) -> None:
        """Keeps files in `folder`.

        Args:
            projects: Where they are noted.
            folder: Where they lie, under random names.
            ffmpeg: Probes them.
            fetcher: Follows links.
            formats: Extensions of the formats that are taken.
            limit: Largest file in bytes.
        """
        self.limit = limit
        self._projects = projects
        self._folder = folder
        self._ffmpeg = ffmpeg
        self._fetcher = fetcher
        self._formats = tuple(formats)
        self._demuxers = {_DEMUXERS[name] for name in formats if name in _DEMUXERS}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for stale in folder.glob("*.part"):
            stale.unlink(missing_ok=True)

    def open(self, name: str) -> Incoming:
        """Starts to receive a file.

        Raises:
            DiskFull: There is hardly any room left.
        """
        if shutil.disk_usage(self._folder).free < _SPARE_DISK:
            raise DiskFull("The disk is almost full.", hint="Free some room and upload again.")
        path = self._folder / f"{secrets.token_hex(16)}.part"
        return Incoming(clean_name(name), path, path.open("wb"), hashlib.sha256())

    def accept(self, session_id: str, incoming: Incoming) -> Upload:
        """Takes a file that is complete, if its content is one of the formats.

        Raises:
            MediaRefused: It is not (4001).
            MediaTooLarge: Its picture is too large (4002).
        """
        incoming.file.close()
        sha256 = incoming.digest.hexdigest()
        try:
            file = self._known(session_id, sha256, incoming.name) or self._new(incoming)
        finally:
            incoming.discard()
        return self._projects.add_upload(session_id, file, size=incoming.size, sha256=sha256)

    def fetch(self, session_id: str, url: str) -> Upload:
        """Takes what a link leads to.

        Raises:
            MediaRefused: The link is not good, or what it leads to is not a supported file (4001).
            MediaTooLarge: It is too large (4002).
        """
        incoming = self.open("download")
        try:
            incoming.name = self._fetcher.fetch(url, incoming.write)
        except BaseException:
            incoming.discard()
            raise
        return self.accept(session_id, incoming)

    def _known(self, session_id: str, sha256: str, name: str) -> MediaFile | None:
        same = (upload for upload in self._projects.uploads(session_id) if upload.sha256 == sha256)
        upload = next(same, None)
        return replace(upload.file, name=name) if upload is not None and upload.file.path.exists() else None

    def _new(self, incoming: Incoming) -> MediaFile:
        try:
            info = self._ffmpeg.probe(incoming.path)
        except MediaTooLarge as exc:
            raise MediaTooLarge(exc.message.replace(incoming.path.name, incoming.name), hint=exc.hint) from exc
        except MediaRefused as exc:
            raise self._unsupported(incoming) from exc
        if info.container not in self._demuxers:
            raise self._unsupported(incoming)
        path = self._folder / secrets.token_hex(16)
        incoming.path.rename(path)
        return MediaFile(f"md_{secrets.token_hex(10)}", path, incoming.name, replace(info, path=path))

    def _unsupported(self, incoming: Incoming) -> MediaRefused:
        name, hint = incoming.name, f"Supported: {', '.join(self._formats)}."
        with incoming.path.open("rb") as file:
            looks = looks_like(file.read(HEAD_BYTES))
        seen = f" (it looks like {looks})" if looks else ""
        kind = next((one for one in _DEMUXERS if name.lower().endswith(f".{one}")), "")
        if not kind:
            return MediaRefused(f"{name} is not a file that can be used here{seen}.", hint=hint)
        wanted = called(_KINDS[kind])
        return MediaRefused(f"{name} is called .{kind} but is not {wanted}{seen or ' that can be read'}.", hint=hint)


class _Form:
    """Turns the parser's callbacks into files; every other field is passed over."""

    def __init__(self, uploads: Uploads) -> None:
        self.complete: list[Incoming] = []
        self.current: Incoming | None = None
        self.ended = False
        self._uploads = uploads
        self._header = (bytearray(), bytearray())
        self._disposition = b""

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition = b""

    def _header_end(self) -> None:
        if bytes(self._header[0]).lower() == b"content-disposition":
            self._disposition = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        if options.get(b"name") not in (b"files", b"file") or b"filename" not in options:
            return
        if len(self.complete) >= MAX_FILES:
            raise RequestRefused(f"More than {MAX_FILES} files in one call.", code=400, status=400)
        self.current = self._uploads.open(options[b"filename"].decode("utf-8", "replace"))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self.current is None:
            return
        if self.current.size + end - start > self._uploads.limit:
            raise MediaTooLarge(
                f"{self.current.name} is larger than {self._uploads.limit // 2**20} MB.",
                hint="Compress or trim it, then upload again.",
            )
        self.current.write(data[start:end])

    def _part_end(self) -> None:
        if self.current is not None:
            self.complete.append(self.current)
            self.current = None

    def _end(self) -> None:
        self.ended = True

    def discard(self) -> None:
        for incoming in [*self.complete, *([self.current] if self.current else [])]:
            incoming.discard()


async def receive_multipart(body: AsyncIterator[bytes], content_type: str, *, uploads: Uploads) -> list[Incoming]:
    """Streams the ``files`` fields of a form to disk; memory stays flat.

    Raises:
        RequestRefused: The form is broken or holds no file (400).
        MediaTooLarge: A file is beyond the limit; nothing is kept (4002).
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    broken = RequestRefused("The form cannot be read.", code=400, status=400, hint="Send the field files.")
    if not boundary:
        raise broken
    form = _Form(uploads)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        async for block in _larger(body):
            await run_sync(parser.write, block)
        if not form.ended or not form.complete:
            raise broken
    except FormParserError as exc:
        form.discard()
        await _drain(body)
        raise broken from exc
    except StudioError:
        form.discard()
        await _drain(body)
        raise
    except BaseException:
        form.discard()
        raise
    return form.complete


async def _larger(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Joins network packets, so that disk and digest work on blocks worth a thread's while."""
    block = bytearray()
    async for packet in body:
        block += packet
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


async def _drain(body: AsyncIterator[bytes]) -> None:
    """Reads a little on, so that a client that is still sending gets to see the answer."""
    left, end = _DRAINED, time.monotonic() + _DRAINED_S
    async for packet in body:
        left -= len(packet)
        if left <= 0 or time.monotonic() > end:
            return
