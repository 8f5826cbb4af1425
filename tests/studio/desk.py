"""An editor with one project on it, whose engine knows its material beforehand."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from music_cog_online.studio.accounts import Accounts
from music_cog_online.studio.analyses import Analyses
from music_cog_online.studio.database import Database
from music_cog_online.studio.editor import Editor
from music_cog_online.studio.jobs import Jobs
from music_cog_online.studio.listen import Listening
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.projects import Project, Projects
from tests.studio.running import MANIFEST, KnowingEngine, media_file, steady_song


@dataclass
class Desk:
    """An editor and one project on it."""

    editor: Editor
    projects: Projects
    project: Project
    folder: Path
    clock: list[float]
    files: dict[str, MediaFile] = field(default_factory=dict)

    def hand_over(self, *names: str, sound: bool = False, duration_s: float = 10.0) -> None:
        for name in names:
            file = media_file(self.folder, name, sound=sound, duration_s=duration_s, number=len(self.files) + 1)
            self.files[file.id] = file
            self.clock[0] += 1
            self.projects.add_upload(self.project.id, file, size=1000, sha256=f"digest of {name}")

    def say(self, text: str) -> str:
        self.clock[0] += 1
        return self.editor.edit(self.project, text, progress=lambda _share, _stage: None).text

    @property
    def draft(self) -> dict[str, Any]:
        return self.projects.draft(self.project.id) or {}

    def segments(self, kind: int) -> list[dict[str, Any]]:
        return [segment for track in self.draft.get("t", []) if track["tt"] == kind for segment in track["sg"]]

    def shown(self) -> set[str]:
        """Names of the files in the picture."""
        return {segment["m"]["name"] for segment in self.segments(0)}

    def length_s(self) -> float:
        return float(self.draft["d"]) / 1000

    def size(self) -> tuple[int, int]:
        return self.draft["m"]["width"], self.draft["m"]["height"]


def desk_in(folder: Path, executor: Executor, seen: Mapping[str, Any]) -> Desk:
    """A desk whose engine sees and hears `seen`, by file name."""
    clock = [1000.0]
    database = Database(folder / f"{uuid.uuid4()}.db")
    projects = Projects(database, folder, now=lambda: clock[0])
    user_id = Accounts(database).anonymous("client-1").user_id
    engine = KnowingEngine(seen)
    analyses = Analyses(engine, Jobs(executor), folder / "cache")
    editor = Editor(projects, analyses, engine, presets=MANIFEST.presets)
    return Desk(editor, projects, projects.create(user_id, name="project", language="en"), folder, clock)


def no_beat(why: str) -> Listening:
    """A song in which no beat is heard."""
    return replace(
        steady_song(),
        has_beat=False,
        beats_s=np.zeros(0),
        beat_in_bar=np.zeros(0, np.int64),
        beat_certainty=np.zeros(0, np.float32),
        beat_energy=np.zeros(0, np.float32),
        beat_features=np.zeros((0, 4), np.float32),
        drops=(),
        why=why,
    )
