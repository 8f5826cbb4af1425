"""Renders: asked for, carried out in the background, measured, kept for a while, taken up again after a stop."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from music_cog_online.studio.database import Database
from music_cog_online.studio.engine import Engine
from music_cog_online.studio.errors import Cancelled, RequestRefused, StudioError
from music_cog_online.studio.jobs import Jobs
from music_cog_online.studio.log import logger
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.names import clean_name
from music_cog_online.studio.projects import Project, Projects

__all__ = ["Made", "Renders", "digest_of", "made_of"]

_LANE = "renders"
_ATTEMPTS = 3
_RENDER_SHARE = 0.85
_BLOCK = 1 << 20
_MAX_WAITING = 20


@dataclass(frozen=True, slots=True)
class Made:
    """What a finished file was made of.

    Attributes:
        song: The first sound on its music track.
        draft: The draft's JSON.
        media: The project's files by id, whether or not they are still there.
    """

    song: Path
    draft: Mapping[str, Any]
    media: Mapping[str, MediaFile]


class Renders:
    """The renders of all users."""

    def __init__(
        self,
        database: Database,
        projects: Projects,
        engine: Engine,
        jobs: Jobs,
        home: Path,
        *,
        at_once: int = 1,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Keeps finished files under `home`/renders and stages of unfinished ones under `home`/work."""
        self._database = database
        self._projects = projects
        self._engine = engine
        self._jobs = jobs
        self._files = home / "renders"
        self._work = home / "work"
        self._cache = home / "cache"
        self._at_once = at_once
        self._now = now
        self.stop = threading.Event()
        for folder in (self._files, self._work):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def submit(
        self, project: Project, render_id: str, draft: Mapping[str, Any], output: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Queues a render; asking again with the same id and draft gives the render that is there.

        Raises:
            CannotDo: The draft cannot be rendered.
            RequestRefused: The id belongs to another draft (409), or too many renders wait (429).
        """
        body = json.dumps(draft, ensure_ascii=False, sort_keys=True)
        known = self._row(project.user_id, render_id)
        if known is not None:
            if known["draft"] != body or known["session_id"] != project.id:
                raise RequestRefused("This render id is in use.", code=409, status=409, hint="Use a new id.")
            return self.status(project.user_id, render_id)
        self._engine.check(draft, self._media(project.id))
        if self._jobs.length(_LANE) >= _MAX_WAITING:
            raise RequestRefused("Too many renders are waiting.", code=429, status=429, hint="Try again in a minute.")
        about = draft.get("m")
        title = str(about.get("title") or "") if isinstance(about, Mapping) else ""
        name = f"{clean_name(title or project.name, default='video').removesuffix('.mp4')}.mp4"
        key = secrets.token_urlsafe(32)
        with self._database.change() as sql:
            sql.execute(
                "INSERT INTO renders (user_id, id, session_id, status, draft, output, key, name, created)"
                " VALUES (?, ?, ?, 'pending', ?, ?, ?, ?, ?)",
                (project.user_id, render_id, project.id, body, json.dumps(output), key, name, self._now()),
            )
        self._queue(project.user_id, render_id)
        return self.status(project.user_id, render_id)

    def status(self, user_id: str, render_id: str) -> dict[str, Any]:
        """How a render is doing, as the API tells it but for the address of the file.

        Raises:
            RequestRefused: This user has no such render (404).
        """
        row = self._row(user_id, render_id)
        if row is None:
            raise RequestRefused("There is no such render.", code=404, status=404, hint="Ask for a new one.")
        answer: dict[str, Any] = {"id": row["id"], "status": row["status"], "progress": round(row["progress"], 3)}
        if row["stage"] and row["status"] == "processing":
            answer["stage"] = row["stage"]
        if row["status"] == "completed":
            report = json.loads(row["report"]) if row["report"] else None
            answer["output"] = {"url": f"/files/{row['key']}/{row['name']}", "report": report}
            answer["expired"] = bool(row["gone"])
        if row["status"] == "failed":
            answer["message"] = row["error"]
        return answer

    def of_session(self, session_id: str) -> list[dict[str, Any]]:
        """The renders of a session, the oldest first."""
        rows = self._database.rows(
            "SELECT id, status, progress, created FROM renders WHERE session_id = ? ORDER BY created", session_id
        )
        return [dict(row) for row in rows]

    def file(self, user_id: str, render_id: str) -> tuple[Path, str]:
        """The finished file of a user's render, and its name.

        Raises:
            RequestRefused: It is not finished (409), was cleaned away (410), or is not this user's (404).
        """
        row = self._row(user_id, render_id)
        if row is None:
            raise RequestRefused("There is no such render.", code=404, status=404)
        if row["status"] != "completed":
            raise RequestRefused("This render is not finished.", code=409, status=409, hint="Ask for its status.")
        return self._existing(row)

    def file_by_key(self, key: str) -> tuple[Path, str]:
        """The finished file behind a link; the key in the link is the permission.

        Raises:
            RequestRefused: There is none (404), or it was cleaned away (410).
        """
        row = self._database.row("SELECT * FROM renders WHERE key = ? AND status = 'completed'", key)
        if row is None:
            raise RequestRefused("There is no such file.", code=404, status=404)
        return self._existing(row)

    def resume(self) -> int:
        """Takes up what a stop of the studio interrupted; gives how many renders that were."""
        rows = self._database.rows("SELECT * FROM renders WHERE status IN ('pending', 'processing') ORDER BY created")
        for row in rows:
            if row["attempts"] >= _ATTEMPTS:
                self._fail(row, f"The studio stopped {row['attempts']} times during this render. Export again.")
            else:
                self._set(row, "status = 'pending', progress = 0, stage = ''")
                self._queue(row["user_id"], row["id"])
        return len(rows)

    def _queue(self, user_id: str, render_id: str) -> None:
        self._jobs.submit(_LANE, lambda: self._carry_out(user_id, render_id), at_once=self._at_once)

    def _carry_out(self, user_id: str, render_id: str) -> None:
        row = self._row(user_id, render_id)
        if row is None or row["status"] == "completed" or self.stop.is_set():
            return
        try:
            self._make(row)
        except Cancelled:
            self._set(row, "status = 'pending', stage = ''")
        except StudioError as exc:
            self._fail(row, f"{exc.message} {exc.hint}".strip())
        except Exception:  # noqa: BLE001 (a render must end in words, whatever happened)
            logger.exception("render %s failed", render_id)
            self._fail(row, "The render failed for a reason that the studio did not expect. Try again.")

    def _make(self, row: sqlite3.Row) -> None:
        self._set(row, "status = 'processing', stage = 'rendering', attempts = attempts + 1")
        draft, media = json.loads(row["draft"]), self._media(row["session_id"])
        out = self._path(row)
        out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        work = self._work / row["key"]
        work.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._engine.render(
            draft,
            media,
            out,
            work=work,
            output=json.loads(row["output"]),
            on_progress=self._meter(row, 0.0, _RENDER_SHARE),
            cancel=self.stop,
        )
        self._set(row, "stage = 'measuring the finished file', progress = ?", _RENDER_SHARE)
        report = self._report(out, row["name"], draft, media)
        digest = digest_of(out)
        self._set(
            row,
            "status = 'completed', progress = 1, stage = '', report = ?, sha256 = ?, ended = ?",
            report,
            digest,
            self._now(),
        )
        shutil.rmtree(work, ignore_errors=True)

    def _report(self, out: Path, name: str, draft: Mapping[str, Any], media: Mapping[str, MediaFile]) -> str:
        """The measured report as JSON, under the file's name; a file that cannot be measured is delivered without."""
        try:
            song = _song(draft, media)
            reference = self._engine.reference(song, draft, media, cache=self._cache) if song is not None else None
            report = self._engine.verify(out, song=reference, cache=None)
            if "edit" in draft.get("m", {}) and "sync" not in draft["m"]:  # nobody asked for sync
                report = replace(report, summary=report.summary[-1:])
            return json.dumps({**report.to_json(), "file": name}, ensure_ascii=False)
        except StudioError as exc:
            logger.warning("no report: %s", exc.message)
            return ""

    def _meter(self, row: sqlite3.Row, start: float, end: float) -> Callable[[float], None]:
        told = [time.monotonic()]

        def on_progress(share: float) -> None:
            if time.monotonic() - told[0] < 0.5:
                return
            told[0] = time.monotonic()
            self._set(row, "progress = ?", start + (end - start) * min(1.0, max(0.0, share)))

        return on_progress

    def _fail(self, row: sqlite3.Row, why: str) -> None:
        self._set(row, "status = 'failed', stage = '', error = ?, ended = ?", why, self._now())
        shutil.rmtree(self._work / row["key"], ignore_errors=True)

    def _set(self, row: sqlite3.Row, what: str, *values: object) -> None:
        with self._database.change() as sql:
            sql.execute(
                f"UPDATE renders SET {what} WHERE user_id = ? AND id = ?",  # noqa: S608 (`what` is a constant here)
                (*values, row["user_id"], row["id"]),
            )

    def _row(self, user_id: str, render_id: str) -> sqlite3.Row | None:
        return self._database.row("SELECT * FROM renders WHERE user_id = ? AND id = ?", user_id, render_id)

    def _path(self, row: sqlite3.Row) -> Path:
        return self._files / f"{hashlib.sha256(row['key'].encode()).hexdigest()[:32]}.mp4"

    def _existing(self, row: sqlite3.Row) -> tuple[Path, str]:
        path = self._path(row)
        if row["gone"] or not path.exists():
            raise RequestRefused("This file was cleaned away.", code=410, status=410, hint="Export again.")
        return path, row["name"]

    def _media(self, session_id: str) -> dict[str, MediaFile]:
        return _media_of(self._projects, session_id)


def made_of(database: Database, projects: Projects, sha256: str) -> Made | None:
    """What a finished file of this content was made of, if the studio made it and still has the song."""
    for row in database.rows("SELECT * FROM renders WHERE sha256 = ? ORDER BY created DESC", sha256):
        draft, uploads = json.loads(row["draft"]), projects.uploads(row["session_id"])
        media = {upload.file.id: upload.file for upload in uploads}
        song = _song(draft, media)
        if song is not None and song.exists():
            return Made(song, draft, media)
    return None


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _media_of(projects: Projects, session_id: str) -> dict[str, MediaFile]:
    return {upload.file.id: upload.file for upload in projects.uploads(session_id) if not upload.gone}


def _song(draft: Mapping[str, Any], media: Mapping[str, MediaFile]) -> Path | None:
    """The first sound on a music track."""
    for track in draft.get("t") or ():
        if isinstance(track, Mapping) and track.get("tt") == 1:
            for segment in track.get("sg") or ():
                details = segment.get("m") if isinstance(segment, Mapping) else None
                file = media.get(str(details.get("media"))) if isinstance(details, Mapping) else None
                if file is not None:
                    return file.path
    return None
