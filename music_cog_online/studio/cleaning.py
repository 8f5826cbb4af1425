"""Old files are cleaned away, so that the studio's folder stays within bounds; what went is noted and told."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from music_cog_online.studio.database import Database

__all__ = ["Cleaner"]

_DAY_S = 24 * 3600.0
_RENDER_DAYS, _UPLOAD_DAYS = 14, 30
_RENDER_BYTES, _UPLOAD_BYTES, _CACHE_BYTES = 10 << 30, 20 << 30, 512 << 20


class Cleaner:
    """Removes finished files, uploads and cached analyses that are old or too many."""

    def __init__(self, database: Database, home: Path, *, now: Callable[[], float] = time.time) -> None:
        """Cleans what lies under `home`."""
        self._database = database
        self._home = home
        self._now = now

    def run(self) -> None:
        """Cleans once: called at the start and now and then."""
        self._clean_renders()
        self._clean_uploads()
        self._clean_strays()
        self._clean_cache()

    def notes(self, session_id: str) -> list[str]:
        """What was cleaned away from a session, in words."""
        files = self._database.rows("SELECT name FROM uploads WHERE session_id = ? AND gone = 1", session_id)
        videos = self._database.rows("SELECT id FROM renders WHERE session_id = ? AND gone = 1", session_id)
        return [f"{row['name']} was not used for {_UPLOAD_DAYS} days: upload it again." for row in files] + [
            f"The finished video {row['id']} was cleaned away: export again." for row in videos
        ]

    def _clean_renders(self) -> None:
        rows = self._database.rows(
            "SELECT user_id, id, key, ended FROM renders WHERE status = 'completed' AND gone = 0 ORDER BY ended DESC"
        )
        total = 0
        for row in rows:
            path = self._home / "renders" / f"{hashlib.sha256(row['key'].encode()).hexdigest()[:32]}.mp4"
            total += _size(path)
            if row["ended"] > self._now() - _RENDER_DAYS * _DAY_S and total <= _RENDER_BYTES:
                continue
            path.unlink(missing_ok=True)
            with self._database.change() as sql:
                sql.execute("UPDATE renders SET gone = 1 WHERE user_id = ? AND id = ?", (row["user_id"], row["id"]))

    def _clean_uploads(self) -> None:
        rows = self._database.rows(
            "SELECT uploads.id, file, size, touched FROM uploads JOIN sessions ON sessions.id = session_id"
            " WHERE gone = 0 ORDER BY touched DESC, place DESC"
        )
        total = 0
        for row in rows:
            total += row["size"]
            if row["touched"] > self._now() - _UPLOAD_DAYS * _DAY_S and total <= _UPLOAD_BYTES:
                continue
            with self._database.change() as sql:
                sql.execute("UPDATE uploads SET gone = 1 WHERE id = ?", (row["id"],))
            (self._home / "media" / row["file"]).unlink(missing_ok=True)

    def _clean_strays(self) -> None:
        """Files that no row names: a kill came between the file and the row."""
        known = {row["file"] for row in self._database.rows("SELECT file FROM uploads WHERE gone = 0")}
        for path in (self._home / "media").glob("*"):
            if path.name not in known and path.stat().st_mtime < self._now() - _DAY_S:
                path.unlink(missing_ok=True)
        working = {
            row["key"]
            for row in self._database.rows("SELECT key FROM renders WHERE status IN ('pending', 'processing')")
        }
        for folder in (self._home / "work").glob("*"):
            if folder.name not in working:
                shutil.rmtree(folder, ignore_errors=True)

    def _clean_cache(self) -> None:
        files = sorted((self._home / "cache").glob("*"), key=lambda path: path.stat().st_mtime, reverse=True)
        total = 0
        for path in files:
            total += _size(path)
            if total > _CACHE_BYTES:
                path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
