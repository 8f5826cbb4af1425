"""The one SQLite file that everything which must outlive the process is kept in.

Write-ahead logging, one connection behind a lock, every change in a transaction: a kill at any point leaves either the
state before a change or the state after it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from music_cog_online.studio.errors import DiskFull, StudioError

__all__ = ["SCHEMA_VERSION", "Database"]

_MIGRATIONS = (
    """
    CREATE TABLE users (
        id TEXT PRIMARY KEY, client TEXT NOT NULL UNIQUE, created REAL NOT NULL,
        available INTEGER NOT NULL, frozen INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE tokens (
        hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id),
        created REAL NOT NULL, expires REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX tokens_of_user ON tokens(user_id);
    CREATE TABLE claims (
        hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id),
        session_id TEXT NOT NULL, expires REAL NOT NULL);
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY, task_id TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL REFERENCES users(id),
        name TEXT NOT NULL, language TEXT NOT NULL, created REAL NOT NULL, touched REAL NOT NULL,
        cursor INTEGER NOT NULL DEFAULT 0, charged INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX sessions_of_user ON sessions(user_id);
    CREATE TABLE uploads (
        id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions(id), name TEXT NOT NULL,
        file TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, info TEXT NOT NULL,
        place INTEGER NOT NULL, created REAL NOT NULL, gone INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX uploads_of_session ON uploads(session_id);
    CREATE TABLE drafts (
        session_id TEXT NOT NULL REFERENCES sessions(id), number INTEGER NOT NULL,
        body TEXT NOT NULL, what TEXT NOT NULL, created REAL NOT NULL,
        PRIMARY KEY (session_id, number));
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions(id),
        role TEXT NOT NULL, text TEXT NOT NULL, created REAL NOT NULL);
    CREATE INDEX messages_of_session ON messages(session_id);
    CREATE TABLE edits (
        id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions(id), user_id TEXT NOT NULL,
        status TEXT NOT NULL, held INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL);
    CREATE TABLE renders (
        user_id TEXT NOT NULL REFERENCES users(id), id TEXT NOT NULL, session_id TEXT NOT NULL,
        status TEXT NOT NULL, progress REAL NOT NULL DEFAULT 0, stage TEXT NOT NULL DEFAULT '',
        draft TEXT NOT NULL, output TEXT NOT NULL, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        sha256 TEXT NOT NULL DEFAULT '', report TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '',
        attempts INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, ended REAL NOT NULL DEFAULT 0,
        gone INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (user_id, id));
    CREATE INDEX renders_of_session ON renders(session_id);
    CREATE INDEX renders_by_content ON renders(sha256);
    """,
)
SCHEMA_VERSION = len(_MIGRATIONS)
"""Number of migrations; a file of a later version is refused."""


class Database:
    """The file, opened and brought to the present version."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the file at `path`.

        Raises:
            StudioError: It is no database, or one of a later version.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "journal_size_limit=8388608"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._migrate()
        except sqlite3.DatabaseError as exc:
            raise StudioError(
                f"The studio's project file cannot be opened ({exc}): {path}",
                hint="Move it away to start with an empty studio.",
            ) from exc
        path.chmod(0o600)

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Every row that a query gives."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row that a query gives, if there is one."""
        with self._lock:
            found: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return found

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, or nothing when an exception leaves the block.

        Raises:
            DiskFull: There is no room for the change.
        """
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as exc:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(exc, sqlite3.OperationalError) and "full" in str(exc):
                    raise DiskFull("The disk is full.", hint="Free some room and try again.") from exc
                raise

    def close(self) -> None:
        """Closes the file; later calls fail."""
        with self._lock:
            self._connection.close()

    def _migrate(self) -> None:
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION:
            raise StudioError(
                f"The studio's project file is of a later version ({version}).", hint="Update music-cog-online."
            )
        for number in range(version, SCHEMA_VERSION):
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {_MIGRATIONS[number]} PRAGMA user_version={number + 1}; COMMIT;"
            )
