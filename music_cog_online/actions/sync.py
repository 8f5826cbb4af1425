"""Files in, finished video out; interrupted anywhere, the same command goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from music_cog_online.actions import uploads
from music_cog_online.actions.checking import check_files, named
from music_cog_online.actions.connect import announce, where
from music_cog_online.actions.context import Context
from music_cog_online.actions.conversation import Outcome, converse, look_again
from music_cog_online.actions.delivery import destination
from music_cog_online.actions.export import deliver
from music_cog_online.actions.rendering import made_before
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import current, open_fresh
from music_cog_online.actions.suggestions import hear
from music_cog_online.actions.sync_jobs import SyncJob, claim, finish, note
from music_cog_online.actions.upload import hand_over
from music_cog_online.actions.words import is_link, split_items
from music_cog_online.errors import (
    BackendRefused,
    BrokenAnswer,
    MusicCogError,
    SessionLost,
    StreamLost,
    UsageError,
)
from music_cog_online.store import Session
from music_cog_online.timeline import Timeline

__all__ = ["run"]


def run(context: Context, *, items: Sequence[str], output: str | None = None, keep: bool = False) -> ActionResult:
    """Upload files, have them synced, render, download.

    Args:
        context: the open backend.
        items: files and links, and the words around them.
        output: where the file goes.
        keep: stay in the current project instead of opening a fresh one.

    Raises:
        UsageError: no file, or the result cannot go where it should.
        MediaRefused: a file that is missing or that the backend does not take.
        MusicCogError: what uploading, editing or exporting raises.
    """
    files, words = split_items(items, context.manifest.formats)
    if not files:
        raise UsageError(
            "There is no file to work with.", hint="For example: music-cog sync clip.mp4 song.mp3 -o out.mp4"
        )
    destination(output, title="video", keep=[Path(one).expanduser() for one in files if not is_link(one)])
    if not keep:
        check_files(context, files, words)
    announce(context)
    text = words or context.manifest.try_saying[0]
    hear(context, text)
    session = current(context, text=text) if keep else None
    claimed = claim(context.store, _key(files, text, session))
    job = _begun(context, claimed if _still_good(context, claimed) else SyncJob(claimed.key), text, session)
    context.teller.say(where(context))
    try:
        result = _carried_out(context, job, files, text, output)
    except SessionLost:
        context.teller.say("The backend has lost this project; starting again in a new one.")
        job = SyncJob(job.key, open_fresh(context, text=text).session_id, pid=job.pid)
        result = _carried_out(context, job, files, text, output)
    finish(context.store, job)
    return result


def _still_good(context: Context, job: SyncJob) -> bool:
    """Whether to go on with a job; one that is done counts while its project is as it was when the file was made."""
    if job.stage != "done":
        return True
    try:
        draft = context.api.state(job.session_id).draft
    except (BackendRefused, BrokenAnswer):
        return False
    return made_before(context, job.session_id, draft) is not None


def _begun(context: Context, job: SyncJob, text: str, session: Session | None) -> SyncJob:
    """The job with its project: the one that it had if it was interrupted, else the given or a fresh one."""
    if job.session_id and context.store.use_project(job.session_id):
        if job.stage != "done":
            context.teller.say("Going on where this was interrupted.")
        return job
    session = session or context.store.take_fresh() or open_fresh(context, text=text)
    begun = SyncJob(job.key, session.session_id, pid=job.pid)
    note(context.store, begun)
    return begun


def _carried_out(context: Context, job: SyncJob, files: Sequence[str], text: str, output: str | None) -> ActionResult:
    session = context.store.use_project(job.session_id)
    if session is None:
        raise SessionLost("The project is not listed any more.")
    names = _hand_over_missing(context, session, files)
    outcome = _asked(context, job, text)
    _demand_picture(context, job, outcome)
    finished = deliver(context, session, output, ending="synced")
    data = {**finished.data, "files": names, "instruction": text, "changes": list(outcome.changes)}
    lines = [*outcome.lines, *finished.lines]
    if finished.data["report"] is None:
        lines.append("This backend did not measure how well the cuts hit the beat; `report` measures it.")
    return ActionResult("sync", tuple(lines), data=data, next=finished.next)


def _hand_over_missing(context: Context, session: Session, files: Sequence[str]) -> list[str]:
    """Upload what the project does not have yet; return the names of all.

    Raises:
        MediaRefused: one of the files; the others are kept for the next try.
    """
    there = {
        one.source for one in uploads.of_session(context.store, session.session_id) if one.unchanged and not one.owed
    }
    missing = [one for one in files if _source(one) not in there]
    handed = hand_over(context, session, missing)
    if handed.error is not None:
        name, error = handed.failed[0]
        raise named(error, name)
    return [one if is_link(one) else Path(one).name for one in files]


def _asked(context: Context, job: SyncJob, text: str) -> Outcome:
    """Have the editor work, unless it has; a message that may have left is not sent again."""
    store = context.store
    if job.stage in {"asked", "done"}:
        for line in job.lines:
            context.teller.say(line)
        return Outcome(job.lines, changes=job.changes)
    asking = replace(job, stage="asking")
    try:
        outcome = _found(context, job) if job.stage == "asking" else None
        if outcome is None:
            outcome = converse(context, job.session_id, text, before_sending=lambda: note(store, asking))
    except MusicCogError:
        # The user is told; running the command again is their word to send it once more.
        note(store, replace(job, stage="upload"))
        raise
    note(store, replace(job, stage="asked", lines=outcome.lines, changes=outcome.changes))
    return outcome


def _demand_picture(context: Context, job: SyncJob, outcome: Outcome) -> None:
    """Stop where the editor put nothing on the timeline: its answer says why, and the next try asks it again.

    Raises:
        BackendRefused: there is nothing to render.
    """
    if outcome.draft is None or Timeline.from_draft(outcome.draft).exportable:
        return
    note(context.store, replace(job, stage="upload"))
    why = outcome.lines[-1] if outcome.lines else "The timeline is still empty."
    raise BackendRefused(why, hint="Nothing was rendered.")


def _found(context: Context, job: SyncJob) -> Outcome | None:
    """What came of a message that may have left; None where it is certain that nothing did, and nothing will."""
    try:
        return look_again(context, job.session_id)
    except StreamLost as lost:
        if lost.data.get("over"):
            return None
        raise


def _key(files: Sequence[str], text: str, session: Session | None) -> str:
    facts = [[_source(one), uploads.fingerprint(_source(one))] for one in files]
    whole = json.dumps([facts, text, session.session_id if session else ""])
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _source(item: str) -> str:
    return item if is_link(item) else str(Path(item).expanduser().absolute())
