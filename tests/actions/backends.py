"""A well-behaved backend on the scripted peer, for tests to spoil, and a desk to run actions at."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.manifest import load_manifest
from music_cog_online.settings import Settings
from tests.peers import Answer, Peer, Piece, Request, ok, sse

__all__ = ["EMPTY", "SYNCED", "TOKEN", "VIDEO", "Desk", "good_backend", "said", "states", "tool_only"]

TOKEN = "nmv_usr_made_up_0123456789"
VIDEO = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40
STATE = "/api/state/nemo_agent/me/*"
EMPTY: dict[str, Any] = {"v": 2, "d": 0, "t": []}
SYNCED: dict[str, Any] = {
    "v": 2,
    "d": 10000,
    "t": [
        {"id": "a", "tt": 0, "sg": [{"id": "s1", "s": 0, "d": 10000, "m": {"name": "city timelapse"}}]},
        {"id": "b", "tt": 1, "sg": [{"id": "s2", "s": 0, "d": 10000, "m": {"name": "Lo-fi", "volume": 0.35}}]},
    ],
}


def good_backend(peer: Peer, *, draft: dict[str, Any] = SYNCED) -> None:
    """Answer every call of the protocol as it should be answered."""
    grants = iter(range(1, 1000))

    def session(_: Request) -> Answer:
        return ok({"task_id": "tsk_1", "session_id": f"sid_{next(grants)}", "user_id": "anon_7"})

    peer.route("POST", "/api/auth/anonymous-token", ok({"token": TOKEN, "credits": 100, "user_id": "anon_7"}))
    peer.route("POST", "/api/tasks/me/with-session/nemo_agent", session)
    peer.route("GET", "/api/credits/balance/simple", ok({"available": 100, "frozen": 0, "total": 100}))
    peer.route("POST", "/api/upload-video/nemo_agent/me/*", _uploaded)
    peer.route("POST", "/run_sse", said("Done."))
    states(peer, draft)
    peer.route("POST", "/api/render/proxy/lambda", lambda request: _render(request.json()["id"], "pending"))
    peer.route("GET", "/api/render/proxy/lambda/*", lambda request: _finished(peer, request))
    peer.route("GET", "/files/*", Answer(200, {"Content-Type": "video/mp4"}, VIDEO))


def states(peer: Peer, *drafts: dict[str, Any]) -> None:
    """Tell these drafts, one after the other; the last one stays."""
    peer.route("GET", STATE, *[ok({"state": {"draft": draft, "user_id": "anon_7"}}) for draft in drafts])


def said(*texts: str) -> Answer:
    """A stream of whole texts."""
    return sse(*[_event({"text": text}) for text in texts])


def tool_only(*, then: Iterable[Piece] = ()) -> Answer:
    """A stream that ends without a word."""
    return sse(_event({"functionCall": {"name": "edit", "args": {}}}), *then)


def render_answer(status: str, *, url: str = "") -> Answer:
    """How a render is doing."""
    return _render("render_1", status, url=url)


def _event(part: dict[str, Any]) -> bytes:
    return f"data: {json.dumps({'content': {'parts': [part], 'role': 'model'}})}\n\n".encode()


def _uploaded(request: Request) -> Answer:
    name = request.body.partition(b'filename="')[2].partition(b'"')[0].decode() or "link.mp4"
    return ok({"files": [{"id": f"id-{name}", "name": name, "size": len(request.body)}]})


def _render(identifier: str, status: str, *, url: str = "") -> Answer:
    return Answer(
        200,
        {"Content-Type": "application/json"},
        json.dumps({"id": identifier, "status": status, "output": {"url": url}}).encode(),
    )


def _finished(peer: Peer, request: Request) -> Answer:
    identifier = request.path.rpartition("/")[2]
    return _render(identifier, "completed", url=f"{peer.url}/files/{identifier}.mp4")


class Desk:
    """Runs actions in this process against one backend, and notes what they say.

    Attributes:
        heard: every sentence told while an action worked.
        stages: every stage whose progress was told.
        shortest_timeout_s: real seconds that every time-out has at least.
    """

    def __init__(self, url: str, folder: Path, **environ: str) -> None:
        self.heard: list[str] = []
        self.stages: list[str] = []
        self.shortest_timeout_s = 1.0
        self.environ = {
            "HOME": str(folder / "user"),
            "MUSIC_COG_HOME": str(folder / "home"),
            "NEMO_API_URL": url,
            "MUSIC_COG_TIME_SCALE": "0.0001",
            **environ,
        }

    def say(self, text: str) -> None:
        self.heard.append(text)

    def progress(self, stage: str, fraction: float | None) -> None:  # noqa: ARG002 - the teller's shape
        self.stages.append(stage)

    def context(self) -> Context:
        settings = Settings.from_environ(self.environ)
        manifest = load_manifest(cache_dir=settings.home / "cache")
        intervals = replace(manifest.intervals, shortest_timeout_s=self.shortest_timeout_s)
        manifest = replace(manifest, intervals=intervals)
        return Context(manifest=manifest, settings=settings, environ=self.environ, teller=self)

    def run(self, action: str, **options: Any) -> ActionResult:
        """Run one action as a command of its own would: with nothing in memory of the one before."""
        result: ActionResult = importlib.import_module(f"music_cog_online.actions.{action}").run(
            self.context(), **options
        )
        return result
