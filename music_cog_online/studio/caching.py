"""Results of long analyses, kept by the content of the file that they are about.

A result is found again however the file is called and wherever it lies, and is never taken for that of another file
or of an earlier version of the analysis.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

from music_cog_online.studio.errors import MediaRefused

__all__ = ["content_key", "remembered"]

Result = TypeVar("Result")

_CHUNK = 1 << 20


def content_key(path: Path) -> str:
    """Digest of the file's bytes, 40 hexadecimal digits.

    Raises:
        MediaRefused: The file cannot be read.
    """
    digest = hashlib.blake2b(digest_size=20)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as exc:
        raise MediaRefused(f"{path.name} cannot be read ({exc.strerror}).", hint="Check the file.") from exc
    return digest.hexdigest()


def remembered(
    path: Path,
    make: Callable[[], Result],
    *,
    cache: Path | None,
    name: str,
    to_json: Callable[[Result], Mapping[str, Any]],
    from_json: Callable[[Mapping[str, Any]], Result],
) -> Result:
    """The result kept for this content, or a new one, which is then kept.

    Args:
        path: The file that the result is about.
        make: Makes the result.
        cache: Folder that keeps results; None keeps nothing.
        name: Name and version of the analysis, fit for a file name, e.g. ``watch-1``.
        to_json: Turns a result into plain data.
        from_json: Turns plain data into a result; data that it refuses with KeyError, TypeError or ValueError counts
            as not kept.

    Raises:
        MediaRefused: The file cannot be read, or `make` refuses it.
    """
    if cache is None:
        return make()
    place = cache / f"{content_key(path)}.{name}.json"
    with suppress(OSError, KeyError, TypeError, ValueError):
        return from_json(json.loads(place.read_text("utf-8")))
    result = make()
    with suppress(OSError):  # a full disk costs the next run some time, not this one its result
        _write(place, json.dumps(to_json(result), separators=(",", ":")))
    return result


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", encoding="utf-8", dir=place.parent, suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            file.write(text)
            file.flush()
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
