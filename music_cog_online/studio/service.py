"""The studio as one object: what each call of the API does, without HTTP."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from music_cog_online.studio.accounts import Accounts
from music_cog_online.studio.analyses import Analyses
from music_cog_online.studio.cleaning import Cleaner
from music_cog_online.studio.conversation import Conversation
from music_cog_online.studio.database import Database
from music_cog_online.studio.editor import Editor
from music_cog_online.studio.engine import Engine
from music_cog_online.studio.errors import RequestRefused, StudioError
from music_cog_online.studio.fetching import Fetcher, is_public
from music_cog_online.studio.jobs import Jobs
from music_cog_online.studio.names import clean_text
from music_cog_online.studio.projects import Project, Projects, Upload
from music_cog_online.studio.renders import Renders
from music_cog_online.studio.uploads import Incoming, Rejected, Uploads

__all__ = ["ATTRIBUTION", "Config", "Studio"]

ATTRIBUTION = ("x-skill-source", "x-skill-version", "x-skill-platform")
"""Headers without which an export is refused."""

_THREADS = 12


@dataclass(frozen=True, slots=True)
class Config:
    """How a studio is set up.

    Attributes:
        home: Folder of everything it keeps.
        version: The product's version.
        formats: Extensions of the formats it takes.
        max_upload_bytes: Largest file.
        presets: Shapes of the picture by name.
        credits: Credits of a new token when work is metered; None when it costs nothing.
        allowed_address: Says which addresses links may lead to.
        heartbeat_s: Silence after which a chat stream shows a sign of life.
    """

    home: Path
    version: str
    formats: Sequence[str]
    max_upload_bytes: int
    presets: Mapping[str, Mapping[str, Any]]
    credits: int | None = None
    allowed_address: Callable[[str], bool] = is_public
    heartbeat_s: float = 10.0


class Studio:
    """Accounts, projects, uploads, edits and renders behind the API."""

    def __init__(
        self,
        config: Config,
        engine: Engine,
        *,
        executor: Executor | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Opens the studio and takes up what a stop interrupted.

        Args:
            config: How it is set up.
            engine: Listens, watches, plans, renders and verifies.
            executor: Does the work; None for threads of this process.
            now: Seconds since the epoch.
        """
        self.config = config
        home = config.home
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        cores = os.cpu_count() or 1
        self.jobs = Jobs(executor or ThreadPoolExecutor(_THREADS, thread_name_prefix="studio"))
        self._database = Database(home / "studio.db")
        self.accounts = Accounts(self._database, credits=config.credits, now=now)
        self.projects = Projects(self._database, home / "media", now=now)
        self.analyses = Analyses(engine, self.jobs, home / "cache", at_once=max(1, cores // 2))
        self.uploads = Uploads(
            self.projects,
            home / "media",
            ffmpeg=engine.ffmpeg,
            fetcher=Fetcher(config.max_upload_bytes, config.allowed_address),
            formats=config.formats,
            limit=config.max_upload_bytes,
        )
        editor = Editor(self.projects, self.analyses, engine, presets=config.presets)
        self.conversation = Conversation(
            self.projects, self.accounts, editor, self.jobs, model=f"music-cog-studio/{config.version}"
        )
        self.renders = Renders(
            self._database, self.projects, engine, self.jobs, home, at_once=max(1, cores // 2), now=now
        )
        self.cleaner = Cleaner(self._database, home, now=now)
        self.conversation.close_unfinished()
        self.cleaner.run()
        self.renders.resume()

    def close(self) -> None:
        """Stops renders where they are, to be taken up again, and drops what waits."""
        self.renders.stop.set()
        self.jobs.close()

    # Sessions

    def create_session(self, user_id: str, *, name: str, language: str) -> dict[str, Any]:
        """Starts a session."""
        project = self.projects.create(user_id, name=clean_text(name)[:200] or "project", language=language[:20])
        return {"task_id": project.task_id, "session_id": project.id, "user_id": user_id}

    def claim(self, user_id: str, *, task_id: str, session_id: str) -> dict[str, Any]:
        """A claim token for a session of this user.

        Raises:
            RequestRefused: There is no such session (1002).
        """
        project = self.projects.find(user_id, session_id)
        if task_id and task_id != project.task_id:
            raise RequestRefused("This session does not exist.", code=1002, status=404)
        token, life_s = self.accounts.claim(user_id, session_id)
        return {"claim_token": token, "expires_in": life_s}

    def balance(self, user_id: str) -> dict[str, Any]:
        """Credits, as the API tells them."""
        found = self.accounts.balance(user_id)
        answer: dict[str, Any] = {
            "available": found.available,
            "frozen": found.frozen,
            "total": found.available + found.frozen,
            "metered": found.metered,
            "user_id": user_id,
        }
        if not found.metered:
            answer["note"] = "Local work costs no credits."
        return answer

    # Files

    def take(self, session_id: str, received: Sequence[Incoming]) -> list[Upload | Rejected]:
        """Judges files that came in, and begins to analyse the good ones."""
        return [self._taken(each.name, partial(self.uploads.accept, session_id, each)) for each in received]

    def fetch(self, session_id: str, urls: Sequence[str]) -> list[Upload | Rejected]:
        """Fetches links, and begins to analyse what they lead to."""
        return [self._taken("The link", partial(self.uploads.fetch, session_id, url)) for url in urls]

    def _taken(self, name: str, take: Callable[[], Upload]) -> Upload | Rejected:
        try:
            upload = take()
        except StudioError as exc:
            return Rejected(name, exc)
        self.analyses.start(upload)
        return upload

    # State

    def state(self, project: Project) -> dict[str, Any]:
        """Everything there is to know about a session."""
        draft = self.projects.draft(project.id)
        uploads = [describe(upload) for upload in self.projects.uploads(project.id)]
        about = (draft or {}).get("m", {})
        empty = {"v": 2, "d": 0, "m": {"title": project.name}, "t": []}
        canvas = {key: about[key] for key in ("width", "height", "fps", "preset") if key in about}
        return {
            "draft": draft or empty,
            "video_infos": uploads,
            "canvas_config": canvas,
            "generated_media": self.renders.of_session(project.id),
            "editing": self.projects.editing(project.id),
            "messages": self.projects.messages(project.id),
            "cleaned": self.cleaner.notes(project.id),
        }

    def find_named(self, project: Project, draft: Mapping[str, Any]) -> dict[str, Any]:
        """A draft whose segments name their files by display name, with media ids put in."""
        by_name: dict[str, str] = {}
        for upload in self.projects.uploads(project.id):
            by_name[upload.file.name] = by_name[upload.file.name.rpartition(".")[0]] = upload.file.id
        tracks = draft.get("t")
        if not isinstance(tracks, list):
            return dict(draft)
        return {**draft, "t": [_track_with_media(track, by_name) for track in tracks]}


def describe(upload: Upload) -> dict[str, Any]:
    """An upload as the API tells it."""
    info = upload.file.info
    about: dict[str, Any] = {
        "id": upload.file.id,
        "name": upload.file.name,
        "size": upload.size,
        "kind": info.kind,
        "duration_ms": round(info.duration_s * 1000),
        "has_sound": info.audio is not None,
    }
    if info.video is not None:
        about |= {"width": info.video.width, "height": info.video.height, "fps": round(float(info.video.fps), 3)}
    if upload.gone:
        about["gone"] = True
    return about


def _track_with_media(track: Any, by_name: Mapping[str, str]) -> Any:
    if not isinstance(track, dict) or track.get("tt") not in (0, 1) or not isinstance(track.get("sg"), list):
        return track
    segments = []
    for segment in track["sg"]:
        details = segment.get("m") if isinstance(segment, dict) else None
        name = details.get("name") if isinstance(details, dict) else None
        if isinstance(details, dict) and "media" not in details and isinstance(name, str) and name in by_name:
            segment = {**segment, "m": {**details, "media": by_name[name]}}
        segments.append(segment)
    return {**track, "sg": segments}
