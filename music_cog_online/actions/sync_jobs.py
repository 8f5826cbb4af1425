"""Notes on every `sync` under way, so that an interrupted one goes on where it was."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from typing import Any

from music_cog_online.files import alive
from music_cog_online.store import Store

__all__ = ["SyncJob", "claim", "finish", "note"]

_NOTE = "sync"
_KEPT_JOBS = 20


@dataclass(frozen=True, slots=True)
class SyncJob:
    """One `sync` on its way.

    Attributes:
        key: stands for the files, the words and, where it was given, the project.
        session_id: the project; empty until it is open.
        stage: `upload`, `asking` (the message may have left), `asked` (the editor is done), or `done`.
        pid: the process that is at it.
        lines: what the editor said when it was done.
        changes: what it changed.
    """

    key: str
    session_id: str = ""
    stage: str = "upload"
    pid: int = 0
    lines: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


def claim(store: Store, key: str) -> SyncJob:
    """The interrupted job of this key, taken over; a new one where there is none or a command is still at it."""
    mine = os.getpid()
    with store.lock():
        known = next((one for one in _jobs(store) if one.key == key), SyncJob(key))
        if known.pid not in (0, mine) and alive(known.pid):
            known = SyncJob(f"{key}-{mine}")
        job = replace(known, pid=mine)
        note(store, job)
    return job


def note(store: Store, job: SyncJob) -> None:
    """Keep how far a job is."""
    with store.lock():
        others = [one for one in _jobs(store) if one.key != job.key]
        store.put(_NOTE, [asdict(one) for one in (*others, job)][-_KEPT_JOBS:])


def finish(store: Store, job: SyncJob) -> None:
    """Note that the file of a job was brought."""
    with store.lock():
        known = next((one for one in _jobs(store) if one.key == job.key), job)
        note(store, replace(known, stage="done", pid=0))


def _jobs(store: Store) -> tuple[SyncJob, ...]:
    rows = store.get(_NOTE)
    return tuple(_job(row) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _job(row: dict[str, Any]) -> SyncJob:
    return SyncJob(**{**row, **{name: tuple(row.get(name, ())) for name in ("lines", "changes")}})
