"""What a user has: sessions, uploads, drafts with their history, messages."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from music_cog_online.studio.database import Database
from music_cog_online.studio.errors import RequestRefused
from music_cog_online.studio.media import AudioStream, MediaFile, MediaInfo, VideoStream

__all__ = ["HISTORY_LENGTH", "Project", "Projects", "Upload"]

HISTORY_LENGTH = 100
"""How many drafts back a session can be undone."""

_SHOWN_MESSAGES = 20


@dataclass(frozen=True, slots=True)
class Project:
    """A session of a user.

    Attributes:
        id: The session id.
        task_id: The task id.
        user_id: Whose it is.
        name: The task's name.
        language: ``en``, ``zh`` and so on, as the client said.
    """

    id: str
    task_id: str
    user_id: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was handed over.

    Attributes:
        file: Where it lies and what it is; its id is the media id of drafts.
        size: Bytes.
        sha256: Digest of its content.
        place: Rank by the time at which it was last handed over.
        created: Seconds since the epoch.
        gone: Whether it was cleaned away.
    """

    file: MediaFile
    size: int
    sha256: str
    place: int
    created: float
    gone: bool


class Projects:
    """Reads and writes the projects of all users."""

    def __init__(self, database: Database, media: Path, *, now: Callable[[], float] = time.time) -> None:
        """Opens the projects whose files lie in the folder `media`."""
        self._database = database
        self._media = media
        self._now = now

    def create(self, user_id: str, *, name: str, language: str) -> Project:
        """Starts a session."""
        project = Project(f"ses_{secrets.token_hex(12)}", f"task_{secrets.token_hex(12)}", user_id, name, language)
        with self._database.change() as sql:
            sql.execute(
                "INSERT INTO sessions (id, task_id, user_id, name, language, created, touched)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (project.id, project.task_id, user_id, name, language, self._now(), self._now()),
            )
        return project

    def find(self, user_id: str, session_id: str) -> Project:
        """A session of this user.

        Raises:
            RequestRefused: There is none of that id, or it is another user's (1002).
        """
        row = self._database.row(
            "SELECT id, task_id, user_id, name, language FROM sessions WHERE id = ? AND user_id = ?",
            session_id,
            user_id,
        )
        if row is None:
            raise RequestRefused(
                "This session does not exist.", code=1002, status=404, hint="Start a new session and upload again."
            )
        return Project(*row)

    def touch(self, session_id: str) -> None:
        """Notes that a session is in use."""
        with self._database.change() as sql:
            sql.execute("UPDATE sessions SET touched = ? WHERE id = ?", (self._now(), session_id))

    # Uploads

    def add_upload(self, session_id: str, file: MediaFile, *, size: int, sha256: str) -> Upload:
        """Keeps a file; the same content handed over again is the same upload, now the latest one."""
        info = _info_to_json(file.info)
        with self._database.change() as sql:
            place = sql.execute("SELECT COALESCE(MAX(place), 0) + 1 FROM uploads").fetchone()[0]
            known = sql.execute(
                "SELECT id FROM uploads WHERE session_id = ? AND sha256 = ?", (session_id, sha256)
            ).fetchone()
            upload_id = file.id if known is None else known["id"]
            if known is None:
                sql.execute(
                    f"INSERT INTO uploads VALUES ({'?, ' * 9}0)",  # noqa: S608 (question marks only)
                    (upload_id, session_id, file.name, file.path.name, size, sha256, info, place, self._now()),
                )
            else:
                sql.execute(
                    "UPDATE uploads SET name = ?, file = ?, place = ?, gone = 0 WHERE id = ?",
                    (file.name, file.path.name, place, upload_id),
                )
            sql.execute("UPDATE sessions SET touched = ? WHERE id = ?", (self._now(), session_id))
        return next(upload for upload in self.uploads(session_id) if upload.file.id == upload_id)

    def uploads(self, session_id: str) -> tuple[Upload, ...]:
        """Everything handed over in a session, the latest last."""
        rows = self._database.rows("SELECT * FROM uploads WHERE session_id = ? ORDER BY place", session_id)
        return tuple(self._upload(row) for row in rows)

    # Drafts

    def draft(self, session_id: str) -> dict[str, Any] | None:
        """The present draft; None before the first edit."""
        row = self._database.row(
            "SELECT body FROM drafts JOIN sessions ON sessions.id = session_id AND number = cursor"
            " WHERE session_id = ?",
            session_id,
        )
        body: dict[str, Any] | None = json.loads(row["body"]) if row is not None else None
        return body or None

    def draft_time(self, session_id: str) -> float:
        """When the present draft was made; 0 before the first edit."""
        row = self._database.row(
            "SELECT drafts.created FROM drafts JOIN sessions ON sessions.id = session_id AND number = cursor"
            " WHERE session_id = ?",
            session_id,
        )
        return float(row[0]) if row is not None else 0.0

    def exported_since_edit(self, session_id: str) -> bool:
        """Whether the present draft has been rendered."""
        row = self._database.row(
            "SELECT MAX(created) FROM renders WHERE session_id = ? AND status = 'completed'", session_id
        )
        return row is not None and row[0] is not None and row[0] >= self.draft_time(session_id) > 0

    def put_draft(self, session_id: str, draft: Mapping[str, Any], *, what: str) -> None:
        """Makes `draft` the present one; what had been undone is forgotten."""
        with self._database.change() as sql:
            cursor = sql.execute("SELECT cursor FROM sessions WHERE id = ?", (session_id,)).fetchone()[0]
            sql.execute("DELETE FROM drafts WHERE session_id = ? AND number > ?", (session_id, cursor))
            sql.execute(
                "INSERT INTO drafts VALUES (?, ?, ?, ?, ?)",
                (session_id, cursor + 1, json.dumps(draft, ensure_ascii=False), what, self._now()),
            )
            sql.execute(
                "DELETE FROM drafts WHERE session_id = ? AND number <= ?", (session_id, cursor + 1 - HISTORY_LENGTH)
            )
            sql.execute(
                "UPDATE sessions SET cursor = ?, touched = ? WHERE id = ?", (cursor + 1, self._now(), session_id)
            )

    def step(self, session_id: str, by: int) -> str | None:
        """Goes back (-1) or forth (+1) in the drafts.

        Returns:
            What was undone or done again, in the words of its edit; None when there is nothing on that side.
        """
        with self._database.change() as sql:
            cursor = sql.execute("SELECT cursor FROM sessions WHERE id = ?", (session_id,)).fetchone()[0]
            find = "SELECT what FROM drafts WHERE session_id = ? AND number = ?"
            passed = sql.execute(find, (session_id, cursor if by < 0 else cursor + 1)).fetchone()
            reached = sql.execute(find, (session_id, cursor + by)).fetchone()
            if passed is None or (reached is None and cursor + by != 0):
                return None
            sql.execute("UPDATE sessions SET cursor = ? WHERE id = ?", (cursor + by, session_id))
        return str(passed["what"])

    # Messages and edits

    def say(self, session_id: str, role: str, text: str) -> None:
        """Keeps what the user or the studio said."""
        with self._database.change() as sql:
            sql.execute(
                "INSERT INTO messages (session_id, role, text, created) VALUES (?, ?, ?, ?)",
                (session_id, role, text, self._now()),
            )

    def messages(self, session_id: str) -> list[dict[str, Any]]:
        """The last things said, the oldest first."""
        rows = self._database.rows(
            "SELECT role, text, created FROM messages WHERE session_id = ? ORDER BY id DESC LIMIT ?",
            session_id,
            _SHOWN_MESSAGES,
        )
        return [dict(row) for row in reversed(rows)]

    def start_edit(self, project: Project, *, held: int) -> str:
        """Notes that an edit has begun, so that a kill does not leave it unanswered."""
        edit_id = f"edit_{secrets.token_hex(8)}"
        with self._database.change() as sql:
            sql.execute(
                "INSERT INTO edits VALUES (?, ?, ?, 'running', ?, ?)",
                (edit_id, project.id, project.user_id, held, self._now()),
            )
        return edit_id

    def end_edit(self, edit_id: str, *, ok: bool) -> None:
        """Notes that an edit has ended."""
        with self._database.change() as sql:
            sql.execute("UPDATE edits SET status = ? WHERE id = ?", ("done" if ok else "failed", edit_id))

    def editing(self, session_id: str) -> bool:
        """Whether an edit of this session runs or waits."""
        return (
            self._database.row("SELECT 1 FROM edits WHERE session_id = ? AND status = 'running'", session_id)
            is not None
        )

    def unfinished_edits(self) -> list[tuple[str, str, str, int]]:
        """Edits that a stop of the studio cut off: (edit, session, user, credits held)."""
        rows = self._database.rows("SELECT id, session_id, user_id, held FROM edits WHERE status = 'running'")
        return [(row["id"], row["session_id"], row["user_id"], row["held"]) for row in rows]

    def _upload(self, row: sqlite3.Row) -> Upload:
        path = self._media / row["file"]
        file = MediaFile(row["id"], path, row["name"], _info_from_json(row["info"], path))
        return Upload(file, row["size"], row["sha256"], row["place"], row["created"], bool(row["gone"]))


def _info_to_json(info: MediaInfo) -> str:
    data = asdict(info)
    del data["path"]
    return json.dumps(data, default=str)


def _info_from_json(text: str, path: Path) -> MediaInfo:
    data = json.loads(text)
    video, audio = data["video"], data["audio"]
    if video is not None:
        video = VideoStream(**{**video, "sar": Fraction(video["sar"]), "fps": Fraction(video["fps"])})
    return MediaInfo(
        path=path,
        container=data["container"],
        kind=data["kind"],
        duration_s=data["duration_s"],
        video=video,
        audio=AudioStream(**audio) if audio is not None else None,
    )
