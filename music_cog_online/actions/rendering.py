"""One render from its start to the finished file: found again if it runs already, tried once more if it fails."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from music_cog_online.actions import uploads
from music_cog_online.actions.context import Context
from music_cog_online.actions.delivery import Destination
from music_cog_online.actions.figures import brief
from music_cog_online.errors import (
    BackendRefused,
    BrokenAnswer,
    MusicCogError,
    RateLimited,
    SessionLost,
    Unreachable,
)
from music_cog_online.store import Render, Store
from music_cog_online.wire.models import RenderStatus

__all__ = [
    "brought_again",
    "delivered",
    "fetch",
    "finished_render",
    "key_of",
    "last_export",
    "made_before",
    "note_export",
]

_LONGEST_POLL_S = 120.0
_MOST_MISSES = 10
_LAST = "last_export"


def key_of(draft: Mapping[str, Any]) -> str:
    """Name of a draft's content: the same draft has the same key."""
    text = json.dumps(draft, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def note_export(store: Store, path: Path, session_id: str) -> None:
    """Remember which file was brought last, and from which project."""
    store.put(_LAST, {"path": str(path), "session_id": session_id})


def last_export(store: Store, session_id: str = "") -> Path | None:
    """The file that was brought last, of one project or of any; None before the first."""
    noted = store.get(_LAST)
    if isinstance(noted, dict) and session_id in ("", noted.get("session_id")):
        return Path(str(noted.get("path")))
    renders = [one for one in store.renders() if delivered(one) and session_id in ("", one.session_id)]
    return Path(renders[-1].out) if renders else None


def delivered(render: Render) -> bool:
    """The file of this render has been brought to its place."""
    return render.status == "completed" and bool(render.out)


def made_before(context: Context, session_id: str, draft: Mapping[str, Any]) -> Render | None:
    """The render whose file was brought before and would come out the same now; None where there is none."""
    mine = _of_draft(context, session_id, key_of(draft))
    if not mine or not delivered(mine[-1]):
        return None
    same = (mine[-1].files_key, mine[-1].version) == (_files_key(context, session_id), context.manifest.version)
    return mine[-1] if same else None


def finished_render(context: Context, session_id: str, draft: Mapping[str, Any]) -> RenderStatus:
    """Render a draft and wait until its file is ready.

    A render of the same draft that is still running, or whose file was never fetched, is taken up again. One that
    fails is tried once more, under a new id.

    Raises:
        BackendRefused: it failed twice.
        Unreachable: it is not done in time, or the backend cannot be asked; it goes on.
    """
    running = _running(context, session_id, key_of(draft))
    if running is not None:
        context.teller.say("A render of this is under way already; I wait for that one.")
        status = _taken_up(context, running, draft)
    else:
        status = _started(context, session_id, draft)
    if status.failed:
        context.teller.say("The render failed; I try once more.")
        status = _started(context, session_id, draft)
    if status.failed:
        reason = f": {status.message}" if status.message else "."
        raise BackendRefused(
            f"The render failed twice{reason}", hint="Simplify the last change or undo it, then export again."
        )
    return status


def fetch(context: Context, status: RenderStatus, place: Destination) -> Path:
    """Download a finished render to its place and return the path.

    Raises:
        BackendRefused: the file is gone at its address and at the way around it.
        Unreachable: the backend cannot be reached; the next export fetches the file.
    """

    def show(done: int, total: int | None) -> None:
        context.teller.progress("Downloading", done / total if total else None)

    with place.landing() as hidden:
        try:
            context.api.download_render(status.id, hidden, url=status.url, on_progress=show)
        except RateLimited:
            raise
        except Unreachable as error:
            error.hint = "The render is done and is not lost: run the same command again, and only the file is fetched."
            raise
        except BackendRefused as error:
            # Noted as failed, so that the next export renders afresh instead of asking for this one for ever.
            _note(context, replace(status, status="failed"))
            hint = "Export again: it is rendered afresh."
            raise BackendRefused("The backend no longer has the finished file.", hint=hint, code=error.code) from error
        path = place.place(hidden)
    _note(context, status, out=path)
    return path


def brought_again(context: Context, render: Render, place: Destination) -> Path | None:
    """Bring the file of an earlier render to its place: from where it lies, else from the backend, if that has it."""
    kept = Path(render.out)
    if kept.is_file() and kept.stat().st_size == render.size:
        return kept if place.holds(kept) else _copied(kept, place)
    try:
        status = context.api.render_status(render.id)
        return fetch(context, status, place) if status.finished else None
    except (BackendRefused, BrokenAnswer):
        return None


def _copied(kept: Path, place: Destination) -> Path:
    with place.landing() as hidden:
        shutil.copyfile(kept, hidden)
        return place.place(hidden)


def _running(context: Context, session_id: str, key: str) -> Render | None:
    """The newest render of this draft that has neither failed nor been delivered."""
    mine = _of_draft(context, session_id, key)
    open_ones = [one for one in mine if one.status != "failed" and not delivered(one)]
    return open_ones[-1] if open_ones and open_ones[-1] == mine[-1] else None


def _files_key(context: Context, session_id: str) -> str:
    files = [[one.source, one.stamp, one.id] for one in uploads.of_session(context.store, session_id)]
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]


def _of_draft(context: Context, session_id: str, key: str) -> list[Render]:
    return [one for one in context.store.renders() if one.session_id == session_id and one.draft_key == key]


def _started(context: Context, session_id: str, draft: Mapping[str, Any]) -> RenderStatus:
    render = Render(
        _fresh_id(context),
        session_id,
        draft_key=key_of(draft),
        files_key=_files_key(context, session_id),
        version=context.manifest.version,
    )
    # Noted before it is asked for: whatever kills this command, the next one finds the render.
    context.store.put_render(render)
    return _submitted(context, render, draft)


def _submitted(context: Context, render: Render, draft: Mapping[str, Any]) -> RenderStatus:
    try:
        status = context.api.submit_render(render.id, render.session_id, dict(draft))
    except Unreachable as error:
        if not error.sent:
            raise
        status = RenderStatus(render.id, "pending")
    except MusicCogError:
        context.store.put_render(replace(render, status="failed"))
        raise
    return _waited(context, status)


def _taken_up(context: Context, render: Render, draft: Mapping[str, Any]) -> RenderStatus:
    try:
        status = context.api.render_status(render.id)
    except (RateLimited, SessionLost):
        raise
    except BackendRefused:
        # The backend does not know it: the command before was killed before it asked, so the id is still free.
        return _submitted(context, render, draft)
    return _waited(context, status)


def _waited(context: Context, status: RenderStatus) -> RenderStatus:
    """Ask until the render is finished or has failed.

    Raises:
        Unreachable: for half an hour nothing moved.
    """
    clock, intervals = context.clock, context.manifest.intervals
    patience_s = max(intervals.render_timeout_s, intervals.shortest_timeout_s / clock.real_s(1.0))
    moved_at = told_at = clock.monotonic()
    misses = 0
    while not (status.finished or status.failed):
        context.teller.progress(*_stage(status))
        clock.sleep(intervals.poll_s if status.retry_after_s is None else min(status.retry_after_s, _LONGEST_POLL_S))
        before = status
        try:
            status, misses = _asked(context, status), 0
        except (Unreachable, BrokenAnswer, RateLimited) as error:
            misses += 1
            context.revive()
            if misses > _MOST_MISSES:
                raise _unfinished("The backend cannot be asked how the render is doing.", status) from error
        now = clock.monotonic()
        if (before.status, before.progress, before.stage) != (status.status, status.progress, status.stage):
            moved_at = told_at = now
        if now - moved_at > patience_s:
            raise _unfinished(f"The render has not moved for {intervals.render_timeout_s / 60:g} minutes.", status)
        if now - told_at >= intervals.heartbeat_notice_s:
            context.teller.say(context.manifest.messages["still_working"])
            told_at = now
    _note(context, status)
    return status


def _stage(status: RenderStatus) -> tuple[str, float | None]:
    """What the backend is doing, and how far rendering is; of other stages nobody knows how far they are."""
    if status.stage.lower() in ("", "rendering"):
        return "Rendering", status.progress
    return status.stage[:1].upper() + status.stage[1:], None


def _asked(context: Context, status: RenderStatus) -> RenderStatus:
    """How the render is doing now; one that the backend has forgotten counts as failed."""
    try:
        return context.api.render_status(status.id)
    except (RateLimited, SessionLost):
        raise
    except BackendRefused as error:
        return RenderStatus(status.id, "failed", message=error.message)


def _unfinished(message: str, status: RenderStatus) -> Unreachable:
    hint = "It is not lost: run the same command again later, and it is picked up where it is."
    return Unreachable(message, hint=hint, sent=True, data={"render_id": status.id})


def _note(context: Context, status: RenderStatus, *, out: Path | None = None) -> None:
    known = next((one for one in context.store.renders() if one.id == status.id), None)
    if known is None:
        return
    fresh = replace(known, status=status.status, url=status.url, report=brief(status.report))
    if out is not None:
        fresh = replace(fresh, out=str(out), size=out.stat().st_size)
    context.store.put_render(fresh)


def _fresh_id(context: Context) -> str:
    """An id of the protocol's form that no render of this store has."""
    stamp = int(context.clock.now() * 1000)
    taken = {render.id for render in context.store.renders()}
    while f"render_{stamp}" in taken:
        stamp += 1
    return f"render_{stamp}"
