"""What must outlive a command: token, session, drafts, renders and projects of one backend.

Every document is a JSON file of its own, replaced in one step (temporary file, fsync, rename) under a file lock, so
that neither parallel commands nor a kill at any moment can tear one. Reading needs no lock.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from music_cog_online.errors import StoreError
from music_cog_online.files import private_folder, replace_file, write_temp
from music_cog_online.settings import Secret

__all__ = ["Render", "Session", "Store", "fresh_client_id"]

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_LOCK_TIMEOUT_S = 30.0
# Signing in waits for the network, and 30 s more when the backend asks for it.
_SIGN_IN_TIMEOUT_S = 240.0
_KEPT_RENDERS = 50
_KEPT_DRAFTS = 20
_Record = TypeVar("_Record", "Render", "Session")


@dataclass(frozen=True, slots=True)
class Session:
    """A session, which is a project to its user.

    Attributes:
        session_id: the backend's id.
        task_id: id for the claim link.
        user_id: id of the account, or an empty string.
        created_at: seconds since the Unix epoch.
        title: what the user calls it, or an empty string.
        fresh: nothing was put into it yet.
    """

    session_id: str
    task_id: str = ""
    user_id: str = ""
    created_at: float = 0.0
    title: str = ""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Render:
    """A render that was started.

    Attributes:
        id: the render's id.
        session_id: the session it belongs to.
        status: `pending`, `processing`, `completed` or `failed`.
        out: path that the file goes to, or an empty string.
        url: where the backend keeps the file, or an empty string.
        report: sync figures measured on the file, or None.
        created_at: seconds since the Unix epoch.
        draft_key: hash of the draft that is rendered.
        files_key: hash of the files that the project had.
        size: bytes of the file at `out`, 0 where it was not brought.
        version: version of this package that asked for it.
    """

    id: str
    session_id: str
    status: str = "pending"
    out: str = ""
    url: str = ""
    report: dict[str, Any] | None = None
    created_at: float = 0.0
    draft_key: str = ""
    files_key: str = ""
    size: int = 0
    version: str = ""


def fresh_client_id() -> str:
    """A new client id: a random UUID."""
    # Imported here: one command in the life of a machine needs it.
    import uuid

    return str(uuid.uuid4())


class Store:
    """The documents of one backend.

    Args:
        home: folder of everything that outlives a command; made when first written to.
        backend_key: folder name of the backend: what one backend issued is never read for another.
        config_dir: folder of the client id that sibling skills share; None keeps it in `home`.
        on_warning: told a sentence for the user when a document is broken and is set aside.

    Attributes:
        warnings: what was told.
    """

    def __init__(
        self,
        home: Path,
        backend_key: str,
        *,
        config_dir: Path | None = None,
        on_warning: Callable[[str], None] | None = None,
    ) -> None:
        self.home = home
        self.folder = home / "backends" / backend_key
        self.warnings: list[str] = []
        self._on_warning = on_warning
        self._config_dir = config_dir
        self._locked = 0

    # Sign-in

    def token(self) -> Secret | None:
        """The token that this backend issued."""
        value = self._read("token").get("token")
        return Secret(value) if isinstance(value, str) and value else None

    def user_id(self) -> str:
        """Id of the account that the token belongs to, or an empty string."""
        return str(self._read("token").get("user_id") or "")

    def set_token(self, token: Secret, *, user_id: str = "", credits: float | None = None) -> None:
        """Keep a token that this backend issued."""
        kept = {"token": token.reveal(), "user_id": user_id, "credits": credits, "issued_at": time.time()}
        self._write("token", kept)

    @contextmanager
    def sign_in_lock(self) -> Iterator[None]:
        """A block in which no other command asks this backend for a token."""
        with self._file_lock("sign-in", _SIGN_IN_TIMEOUT_S):
            yield

    # Projects

    @contextmanager
    def opening_lock(self) -> Iterator[None]:
        """A block in which no other command opens a project here, so that commands started at once share one."""
        with self._file_lock("opening", _SIGN_IN_TIMEOUT_S):
            yield

    def session(self) -> Session | None:
        """The current session."""
        projects = self._read("projects")
        return next((one for one in self.projects() if one.session_id == projects.get("current")), None)

    def set_session(self, session: Session) -> None:
        """Make a session the current one and list it as a project."""
        with self.lock():
            known = [one for one in self.projects() if one.session_id != session.session_id]
            stamped = session if session.created_at else replace(session, created_at=time.time())
            listed = [asdict(one) for one in (*known, stamped)]
            self._write("projects", {"current": session.session_id, "projects": listed})

    def use_project(self, session_id: str) -> Session | None:
        """Make a listed project the current one; None if it is not listed."""
        with self.lock():
            found = next((one for one in self.projects() if one.session_id == session_id), None)
            if found is not None:
                self._write("projects", {**self._read("projects"), "current": session_id})
            return found

    def projects(self) -> tuple[Session, ...]:
        """Every project, oldest first."""
        return _records(Session, self._read("projects").get("projects"))

    def take_fresh(self) -> Session | None:
        """The current session, put to use, if nothing was put into it yet; only one command gets it."""
        with self.lock():
            session = self.session()
            if session is None or not session.fresh:
                return None
            self.put_to_use(session.session_id)
            return replace(session, fresh=False)

    def put_to_use(self, session_id: str) -> None:
        """Note that a project is fresh no more."""
        if not any(one.fresh for one in self.projects() if one.session_id == session_id):
            return
        with self.lock():
            known = [replace(one, fresh=one.fresh and one.session_id != session_id) for one in self.projects()]
            self._write("projects", {**self._read("projects"), "projects": [asdict(one) for one in known]})

    # Drafts

    def draft(self, session_id: str | None = None) -> dict[str, Any] | None:
        """The last known draft of a session (default: the current one)."""
        wanted = session_id or self._current()
        found = self._read("drafts").get("drafts", {}) if wanted else {}
        draft = found.get(wanted) if isinstance(found, dict) else None
        return draft if isinstance(draft, dict) else None

    def set_draft(self, session_id: str, draft: Mapping[str, Any]) -> None:
        """Keep the last known draft of a session; the same draft again costs no write."""
        if self.draft(session_id) == dict(draft):
            return
        if draft.get("t"):
            self.put_to_use(session_id)
        with self.lock():
            drafts = self._read("drafts").get("drafts", {})
            kept = dict(drafts) if isinstance(drafts, dict) else {}
            kept.pop(session_id, None)
            kept[session_id] = dict(draft)
            self._write("drafts", {"drafts": dict(list(kept.items())[-_KEPT_DRAFTS:])})

    # Renders

    def renders(self) -> tuple[Render, ...]:
        """The last renders, newest last."""
        return _records(Render, self._read("renders").get("renders"))

    def put_render(self, render: Render) -> None:
        """Keep a render, in place of the one with its id."""
        stamped = render if render.created_at else replace(render, created_at=time.time())
        with self.lock():
            listed = list(self.renders())
            place = next((number for number, one in enumerate(listed) if one.id == render.id), len(listed))
            listed[place:] = [stamped, *listed[place + 1 :]]
            self._write("renders", {"renders": [asdict(one) for one in listed[-_KEPT_RENDERS:]]})

    # Notes

    def get(self, name: str) -> Any:
        """A small note kept under `name`; None if there is none."""
        return self._read("notes").get(name)

    def put(self, name: str, value: Any) -> None:
        """Keep a small note that JSON can hold; None removes it."""
        with self.lock():
            notes = {key: kept for key, kept in self._read("notes").items() if key != name}
            if value is not None:
                notes[name] = value
            self._write("notes", notes)

    # Client id

    def client_id(self, given: str | None = None) -> str:
        """The client id: the one given, else the one shared by sibling skills, else a new one, kept for them.

        Where the shared folder cannot be written the id is kept in `home`.
        """
        if given:
            return given
        paths = self._client_id_paths()
        for path in paths:
            found = self._read_client_id(path)
            if found:
                return found
        fresh = fresh_client_id()
        for path in paths[:-1]:
            with contextlib.suppress(OSError):
                return self._create_client_id(path, fresh)
        with _ours(paths[-1]):
            return self._create_client_id(paths[-1], fresh)

    def set_client_id(self, client_id: str) -> None:
        """Keep a client id in place of one that the backend refused."""
        paths = self._client_id_paths()
        with contextlib.suppress(OSError):
            replace_file(paths[0], client_id.encode() + b"\n")
            return
        with _ours(paths[-1]):
            replace_file(paths[-1], client_id.encode() + b"\n")

    def _client_id_paths(self) -> list[Path]:
        own = self.home / "client_id"
        return [own] if self._config_dir is None else [self._config_dir / "client_id", own]

    def _read_client_id(self, path: Path) -> str | None:
        try:
            text = path.read_text("ascii", "replace").strip()
        except OSError:
            return None
        if _UUID.fullmatch(text):
            return text
        self._set_aside(path)
        return None

    @staticmethod
    def _create_client_id(path: Path, fresh: str) -> str:
        """Put the id there whole, unless another skill was faster: then take that one."""
        private_folder(path.parent)
        temp = write_temp(path, fresh.encode() + b"\n")
        try:
            os.link(temp, path)
        except FileExistsError:
            return path.read_text("ascii").strip()
        except OSError:
            # A file system without hard links.
            temp.replace(path)
        finally:
            temp.unlink(missing_ok=True)
        return fresh

    # Files

    @contextmanager
    def lock(self) -> Iterator[None]:
        """A block in which no other command writes; may be nested."""
        if self._locked:
            self._locked += 1
            try:
                yield
            finally:
                self._locked -= 1
            return
        with self._file_lock("store", _LOCK_TIMEOUT_S):
            self._locked = 1
            try:
                yield
            finally:
                self._locked = 0

    @contextmanager
    def _file_lock(self, name: str, timeout_s: float) -> Iterator[None]:
        # Imported here: a command that only reads need not pay for it.
        import filelock

        with _ours(self.folder):
            private_folder(self.folder)
            lock = filelock.FileLock(self.folder / f"{name}.lock", timeout=timeout_s, mode=0o600)
            try:
                lock.acquire()
            except filelock.Timeout as exc:
                raise StoreError(
                    "Another command is still busy with this project.", hint="Wait for it to end, then try again."
                ) from exc
            except NotImplementedError as exc:
                raise StoreError(
                    f"The folder {self.folder} is on a file system without locks.",
                    hint="Set MUSIC_COG_HOME to a folder on a local disk.",
                ) from exc
        try:
            yield
        finally:
            lock.release()

    def _current(self) -> str:
        return str(self._read("projects").get("current") or "")

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / f"{name}.json"
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise _store_error(path, exc) from exc
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        self._set_aside(path)
        return {}

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        path = self.folder / f"{name}.json"
        with self.lock(), _ours(path):
            replace_file(path, json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode())

    def _set_aside(self, path: Path) -> None:
        """Move a broken file out of the way, so that a fresh one can take its place."""
        aside = path.with_name(f"{path.name}.broken-{time.time_ns()}")
        try:
            path.replace(aside)
        except FileNotFoundError:
            return
        except OSError as exc:
            raise _store_error(path, exc) from exc
        self.warnings.append(f"{path.name} was damaged; it was set aside as {aside.name} and starts afresh.")
        if self._on_warning is not None:
            self._on_warning(self.warnings[-1])


def _records(kind: type[_Record], rows: Any) -> tuple[_Record, ...]:
    """Records of the rows that fit; keys of other versions are left out, rows that do not fit too."""
    names = {field.name for field in fields(kind)}
    found: list[_Record] = []
    for row in rows if isinstance(rows, list) else ():
        with contextlib.suppress(TypeError, AttributeError):
            found.append(kind(**{key: value for key, value in row.items() if key in names}))
    return tuple(found)


@contextmanager
def _ours(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise _store_error(path, exc) from exc


def _store_error(path: Path, exc: OSError) -> StoreError:
    hints = {
        errno.ENOSPC: "The disk is full: free some space and try again.",
        errno.EDQUOT: "Your disk quota is used up: free some space and try again.",
    }
    return StoreError(
        f"{path} cannot be used: {exc.strerror or exc}.",
        hint=hints.get(exc.errno or 0, "Set MUSIC_COG_HOME to a folder that you can write to."),
    )
