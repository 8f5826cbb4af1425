"""What is heard and seen in the uploads: started when a file comes in, waited for when an edit needs it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from music_cog_online.studio.editing.bench import LONGEST_S
from music_cog_online.studio.engine import Engine
from music_cog_online.studio.jobs import Jobs
from music_cog_online.studio.projects import Upload

if TYPE_CHECKING:
    from music_cog_online.studio.listen.listening import Listening
    from music_cog_online.studio.watch.shots import Watching

__all__ = ["Analyses", "Spans"]

T = TypeVar("T")
Spans = tuple[tuple[float, float], ...]

_LANE = "analyses"
_KEPT = 64
_SPEECH_VERSION = 1


class Analyses:
    """Runs each analysis once; results of the last files stay in memory, all of them on disk."""

    def __init__(self, engine: Engine, jobs: Jobs, cache: Path, *, at_once: int = 1) -> None:
        """Keeps results under `cache` and runs `at_once` analyses together."""
        self._engine = engine
        self._jobs = jobs
        self._cache = cache
        self._at_once = at_once
        self._lock = threading.Lock()
        self._futures: dict[tuple[str, str], tuple[Future[Any], Callable[[], Any]]] = {}
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)

    def start(self, upload: Upload) -> None:
        """Begins what an edit with this file will need."""
        info = upload.file.info
        if info.duration_s > LONGEST_S:
            return
        if info.kind == "audio":
            self._begin("listening", upload)
        elif info.kind == "video":
            self._begin("watching", upload)
            if info.audio is not None:
                self._begin("speech", upload)

    def listening(self, upload: Upload) -> Listening:
        """Beats and drops of a song; of a video's sound, when that is to be the music."""
        return cast("Listening", self._get("listening", upload))

    def watching(self, upload: Upload) -> Watching:
        """Shots of a video."""
        return cast("Watching", self._get("watching", upload))

    def speech(self, upload: Upload) -> Spans:
        """Where somebody talks in a video; empty for one without sound, and for songs and images."""
        info = upload.file.info
        return cast("Spans", self._get("speech", upload)) if info.kind == "video" and info.audio is not None else ()

    def ready(self, upload: Upload, what: str) -> bool:
        """Whether an analysis (``listening``, ``watching``, ``speech``) can be had without waiting."""
        entry = self._futures.get((what, upload.sha256))
        return entry is not None and entry[0].done()

    def _begin(self, what: str, upload: Upload) -> tuple[Future[Any], Callable[[], Any]]:
        key = (what, upload.sha256)
        work = {"listening": self._listen, "watching": self._watch, "speech": self._speech}[what]
        with self._lock:
            entry = self._futures.pop(key, None)
            if entry is None or entry[0].cancelled() or (entry[0].done() and entry[0].exception() is not None):

                def call() -> Any:
                    return work(upload)

                entry = (self._jobs.submit(_LANE, call, at_once=self._at_once), call)
            self._futures[key] = entry  # the latest used is the last to be forgotten
            for old in [old for old, (future, _) in self._futures.items() if future.done()][:-_KEPT]:
                del self._futures[old]
        return entry

    def _get(self, what: str, upload: Upload) -> Any:
        """Waits for an analysis; one that still queues is done here and now instead."""
        future, work = self._begin(what, upload)
        if not future.cancel():
            return future.result()
        result: Any = work()
        done: Future[Any] = Future()
        done.set_result(result)
        with self._lock:
            self._futures[(what, upload.sha256)] = (done, work)
        return result

    def _listen(self, upload: Upload) -> Listening:
        return self._engine.listen_file(upload.file.path, cache=self._cache)

    def _watch(self, upload: Upload) -> Watching:
        return self._engine.watch(upload.file.path, cache=self._cache)

    def _speech(self, upload: Upload) -> Spans:
        kept = self._cache / f"speech-{_SPEECH_VERSION}-{upload.sha256}.json"
        try:
            return tuple((float(start), float(end)) for start, end in json.loads(kept.read_text()))
        except (OSError, ValueError, TypeError):
            spans = self._engine.speech_spans(upload.file.path)
        fresh = kept.with_suffix(f".{threading.get_ident()}.part")
        fresh.write_text(json.dumps(spans))
        fresh.replace(kept)
        return spans
