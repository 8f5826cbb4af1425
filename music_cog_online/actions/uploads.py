"""What was uploaded to which project, so that a lost project gets its files back and nothing is uploaded twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from music_cog_online.store import Store

__all__ = ["Upload", "fingerprint", "hand_down", "of_session", "owed", "remember", "with_id"]

_NOTE = "uploads"
_KEPT_SESSIONS = 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a project.

    Attributes:
        source: absolute path or link.
        name: what the user knows it by.
        stamp: size and time of change of the file when it was uploaded; empty for a link.
        id: the backend's id, empty while it is owed.
        owed: the project was lost and opened anew; the file has yet to be uploaded again.
    """

    source: str
    name: str
    stamp: str = ""
    id: str = ""
    owed: bool = False

    @property
    def unchanged(self) -> bool:
        """The file is still what it was; a link always counts."""
        return not self.stamp or fingerprint(self.source) == self.stamp


def fingerprint(source: str) -> str:
    """Size and time of change of a file; empty for a link or a file that is gone."""
    try:
        facts = Path(source).stat()
    except (OSError, ValueError):
        return ""
    return f"{facts.st_size}-{facts.st_mtime_ns}"


def of_session(store: Store, session_id: str) -> tuple[Upload, ...]:
    """The files of a session, oldest first."""
    rows = _noted(store).get(session_id)
    return tuple(Upload(**row) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def owed(store: Store, session_id: str) -> tuple[Upload, ...]:
    """The files that a session that took the place of a lost one has yet to get."""
    return tuple(upload for upload in of_session(store, session_id) if upload.owed and upload.unchanged)


def remember(store: Store, session_id: str, upload: Upload) -> None:
    """Note a file of a session, in place of what was noted for the same source."""
    store.put_to_use(session_id)
    with store.lock():
        others = [one for one in of_session(store, session_id) if one.source != upload.source]
        _write(store, session_id, (*others, upload))


def with_id(upload: Upload, identifier: str) -> Upload:
    """The same file under the id that the backend gave it."""
    return replace(upload, id=identifier)


def hand_down(store: Store, lost_id: str, fresh_id: str) -> tuple[str, ...]:
    """Note the files of a lost session as owed to its successor; return the names of those that can be had."""
    if of_session(store, lost_id):
        store.put_to_use(fresh_id)
    with store.lock():
        _write(store, fresh_id, tuple(replace(one, owed=True, id="") for one in of_session(store, lost_id)))
    return tuple(upload.name for upload in owed(store, fresh_id))


def _noted(store: Store) -> Mapping[str, Any]:
    found = store.get(_NOTE)
    return found if isinstance(found, dict) else {}


def _write(store: Store, session_id: str, files: tuple[Upload, ...]) -> None:
    kept = {key: value for key, value in _noted(store).items() if key != session_id}
    kept[session_id] = [asdict(one) for one in files]
    store.put(_NOTE, dict(list(kept.items())[-_KEPT_SESSIONS:]))
