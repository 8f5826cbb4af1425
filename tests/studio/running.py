"""A studio for tests: one that listens on a real socket, and one whose engine knows its material beforehand."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import requests
import uvicorn

from music_cog_online.manifest import load_manifest
from music_cog_online.studio.engine import Engine
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.listen import Drop, Listening, Section
from music_cog_online.studio.media import AudioStream, MediaFile, MediaInfo, VideoStream
from music_cog_online.studio.server import create_app
from music_cog_online.studio.service import Config, Studio
from music_cog_online.studio.watch import Shot, Watching

ATTRIBUTION = {"X-Skill-Source": "music-cog-online", "X-Skill-Version": "1.0.0", "X-Skill-Platform": "unknown"}
MANIFEST = load_manifest()


def steady_song(*, tempo_bpm: float = 120.0, duration_s: float = 60.0, drop_s: float | None = 16.0) -> Listening:
    """What would be heard in a song of one tempo; the beats begin at 0."""
    beats = np.arange(0.0, duration_s, 60.0 / tempo_bpm)
    count = len(beats)
    return Listening(
        duration_s=duration_s,
        has_beat=True,
        confidence=0.95,
        tempo_bpm=tempo_bpm,
        meter=4,
        beats_s=beats,
        beat_in_bar=np.arange(count, dtype=np.int64) % 4 + 1,
        beat_certainty=np.ones(count, np.float32),
        beat_energy=np.full(count, 0.8, np.float32),
        beat_features=np.zeros((count, 4), np.float32),
        drops=(Drop(drop_s, 9.0, 0.9),) if drop_s is not None else (),
        sections=(Section(0.0, duration_s, "main", 1.0),),
        why=f"{tempo_bpm:g} beats a minute",
    )


def shots_at(*cuts_s: float, duration_s: float = 10.0, rate: int = 30) -> Watching:
    """What would be seen in a video with hard cuts at these times."""
    edges = [0.0, *cuts_s, duration_s]
    frames = [round(edge * rate) for edge in edges]
    shots = tuple(
        Shot(a, b, a / rate, b / rate, "start" if a == 0 else "cut", 0.8, None, 0.99) for a, b in pairwise(frames)
    )
    return Watching(
        fps=Fraction(rate),
        variable=False,
        width=1920,
        height=1080,
        times_s=np.arange(frames[-1]) / rate,
        duration_s=duration_s,
        shots=shots,
        activity=np.full(frames[-1], 0.3, np.float32),
    )


class KnowingEngine(Engine):
    """Plans for real, on material that it need not look at: what it hears and sees is told by file name."""

    def __init__(self, seen: Mapping[str, Any]) -> None:
        super().__init__(Ffmpeg())
        self._seen = dict(seen)

    def listen_file(self, path: Path, *, cache: Path | None) -> Listening:
        del cache
        heard = self._seen.get(path.name, steady_song())
        assert isinstance(heard, Listening)
        return heard

    def watch(self, path: Path, *, cache: Path | None) -> Watching:
        del cache
        seen = self._seen.get(path.name, shots_at(2.0, 4.0, 6.5, 8.0))
        assert isinstance(seen, Watching)
        return seen

    def speech_spans(self, path: Path) -> tuple[tuple[float, float], ...]:
        return tuple(self._seen.get(f"speech in {path.name}", ()))


def media_file(folder: Path, name: str, *, sound: bool = True, duration_s: float = 10.0, number: int = 1) -> MediaFile:
    """A file that is known by its facts alone."""
    kind = "audio" if name.endswith((".mp3", ".wav")) else "image" if name.endswith((".png", ".jpg")) else "video"
    video = VideoStream("h264", "High", "yuv420p", 1920, 1080, 1920, 1080, 0, Fraction(1), Fraction(30), 8_000_000, "")
    path = folder / name
    info = MediaInfo(
        path=path,
        container="mp3" if kind == "audio" else "png_pipe" if kind == "image" else "mov",
        kind=kind,
        duration_s=0.0 if kind == "image" else duration_s,
        video=None if kind == "audio" else video,
        audio=AudioStream("aac", 44100, 2) if kind == "audio" or (sound and kind == "video") else None,
    )
    return MediaFile(f"md_{number}", path, name, info)


def config_for(home: Path, **values: Any) -> Config:
    """The manifest's limits, with exceptions."""
    settings: dict[str, Any] = {
        "home": home,
        "version": MANIFEST.version,
        "formats": MANIFEST.formats.all,
        "max_upload_bytes": MANIFEST.limits.max_upload_bytes,
        "presets": MANIFEST.presets,
        "allowed_address": lambda _: True,
    }
    return Config(**{**settings, **values})


@contextmanager
def serving(studio: Studio, *, loopback_only: bool = True) -> Iterator[str]:
    """Serves a studio on a free port; gives its address."""
    app = create_app(studio, loopback_only=loopback_only)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1, ws="none")
    )
    sock = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([sock],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        sock.close()
        studio.close()


@contextmanager
def running(home: Path, *, engine: Engine | None = None, loopback_only: bool = True, **values: Any) -> Iterator[Caller]:
    """A studio on a socket and a caller without a token."""
    studio = Studio(config_for(home, **values), engine or Engine(Ffmpeg(), presets=MANIFEST.presets))
    with serving(studio, loopback_only=loopback_only) as url, requests.Session() as session:
        yield Caller(url, session)


def small(draft: dict[str, Any]) -> dict[str, Any]:
    """The draft at a size that renders in a moment."""
    return {**draft, "m": {**draft["m"], "width": 320, "height": 180}}


class Caller:
    """A client of the API that keeps no rule by itself."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url
        self.session = session
        self.session_id = ""
        session.headers.update(ATTRIBUTION)

    def call(self, method: str, path: str, **values: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=60, **values)

    def sign_in(self, client_id: str = "client-1") -> Caller:
        """Gets a token and a session."""
        answer = self.call("POST", "/api/auth/anonymous-token", headers={"X-Client-Id": client_id})
        self.session.headers["Authorization"] = f"Bearer {answer.json()['data']['token']}"
        opened = self.call("POST", "/api/tasks/me/with-session/nemo_agent", json={"task_name": "project"})
        self.session_id = opened.json()["data"]["session_id"]
        return self

    def upload(self, *paths: Path) -> requests.Response:
        files = [("files", (path.name, path.read_bytes())) for path in paths]
        return self.call("POST", f"/api/upload-video/nemo_agent/me/{self.session_id}", files=files)

    def say(self, text: str, **more: Any) -> requests.Response:
        """Sends a message; the answer is not read yet."""
        body = {
            "app_name": "nemo_agent",
            "user_id": "me",
            "session_id": self.session_id,
            "new_message": {"parts": [{"text": text}]},
            **more,
        }
        return self.call("POST", "/run_sse", json=body, stream=True)

    def events(self, text: str, **more: Any) -> list[dict[str, Any]]:
        """Every event that answers a message."""
        with self.say(text, **more) as answer:
            lines = answer.content.decode().split("\n")
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]

    def chat(self, text: str) -> str:
        """The text that answers a message."""
        parts = [part for event in self.events(text) for part in event.get("content", {}).get("parts", [])]
        return " ".join(part["text"] for part in parts if "text" in part)

    def state(self) -> dict[str, Any]:
        answer = self.call("GET", f"/api/state/nemo_agent/me/{self.session_id}/latest").json()
        return dict(answer["data"]["state"])

    def wait_for(self, what: Callable[[], Any], *, tries: int = 600) -> Any:
        """Asks again until something is there."""
        pause = threading.Event()
        for _ in range(tries):
            found = what()
            if found:
                return found
            pause.wait(0.05)
        raise AssertionError("it did not happen")
