"""Hand files and links over to the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from music_cog_online.actions import uploads
from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.session import in_session
from music_cog_online.actions.suggestions import after_upload
from music_cog_online.actions.words import is_link, listed, size_of
from music_cog_online.errors import BackendRefused, BrokenAnswer, MediaRefused, MusicCogError, SessionLost, Unreachable
from music_cog_online.store import Session
from music_cog_online.wire.models import UploadedFile

__all__ = ["Handed", "hand_over", "restore", "run"]


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of handing over several files.

    Attributes:
        done: the files that the backend has.
        failed: name and reason of each that it has not.
    """

    done: tuple[UploadedFile, ...]
    failed: tuple[tuple[str, MusicCogError], ...]

    @property
    def error(self) -> MusicCogError | None:
        """The first reason, or None when all went well."""
        return self.failed[0][1] if self.failed else None


def run(context: Context, *, sources: Sequence[str], action: str = "upload") -> ActionResult:
    """Upload files and links, one after another.

    One that is refused does not keep the others out; the result then carries the first reason as its error.
    """
    session_id, handed = in_session(context, lambda session: (session.session_id, hand_over(context, session, sources)))
    suggestions = after_upload(context, session_id) if handed.done else ()
    return ActionResult(action, _lines(handed), data=_facts(handed), next=suggestions, error=handed.error)


def hand_over(context: Context, session: Session, sources: Sequence[str]) -> Handed:
    """Upload to one session and remember what it got.

    A lost connection would meet every further file as well, so these are not tried.

    Raises:
        MusicCogError: the sign-in or the session is not accepted.
    """
    done: list[UploadedFile] = []
    failed: list[tuple[str, MusicCogError]] = []
    for number, source in enumerate(sources):
        try:
            done.extend(_upload_one(context, session, source))
        except SessionLost:
            raise
        except (MediaRefused, BackendRefused, BrokenAnswer) as error:
            failed.append((_name(source), error))
        except Unreachable as error:
            failed.extend((_name(one), error) for one in sources[number:])
            break
    return Handed(tuple(done), tuple(failed))


def restore(context: Context, session: Session) -> None:
    """Upload again what a lost project owes to the one that took its place.

    Raises:
        Unreachable: the connection was lost; what is still owed is uploaded with the next instruction.
    """
    owed = uploads.owed(context.store, session.session_id)
    if owed:
        context.teller.say(f"Uploading {listed([one.name for one in owed])} again...")
        error = hand_over(context, session, [one.source for one in owed]).error
        if isinstance(error, Unreachable):
            raise error


def _upload_one(context: Context, session: Session, source: str) -> tuple[UploadedFile, ...]:
    name = _name(source)
    stage = f"Uploading {name}"
    if is_link(source):
        context.teller.progress(stage, None)
        files = context.api.upload_urls(session.session_id, [source])
        note = uploads.Upload(source, name)
    else:
        path = Path(source).expanduser().absolute()
        note = uploads.Upload(str(path), name, stamp=uploads.fingerprint(str(path)))

        def show(sent: int, total: int | None) -> None:
            context.teller.progress(stage, sent / total if total else None)

        files = context.api.upload_file(session.session_id, path, on_progress=show)
    uploads.remember(context.store, session.session_id, uploads.with_id(note, files[0].id if files else ""))
    return files


def _name(source: str) -> str:
    # What stands behind the question mark may be a key to the file.
    return source.partition("?")[0] if is_link(source) else Path(source).name or source


def _lines(handed: Handed) -> tuple[str, ...]:
    lines = []
    if handed.done:
        lines.append(f"Uploaded {listed([_described(file) for file in handed.done])}.")
    for reason in dict.fromkeys(error for _, error in handed.failed):
        names = [name for name, error in handed.failed if error is reason]
        lines.append(f"Not uploaded: {listed(names)}. {reason.message}")
    return tuple(lines)


def _described(file: UploadedFile) -> str:
    length_ms = file.data.get("duration_ms")
    facts = [size_of(file.size)] if file.size else []
    if isinstance(length_ms, int | float) and length_ms > 0:
        facts.append(f"{length_ms / 1000:.1f} s")
    return f"{file.name} ({', '.join(facts)})" if facts else file.name


def _facts(handed: Handed) -> dict[str, Any]:
    return {
        "files": [{"id": one.id, "name": one.name, "size": one.size, "kind": one.kind} for one in handed.done],
        "failed": [
            {"name": name, "code": one.code, "kind": one.kind, "message": one.message} for name, one in handed.failed
        ],
    }
