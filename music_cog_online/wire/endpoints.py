"""The calls of the API, as methods that take and return values.

Chat, uploads and downloads are imported where they are used: the short commands need none of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

import requests

from music_cog_online.errors import (
    BackendRefused,
    BrokenAnswer,
    MediaRefused,
    NotSignedIn,
    RateLimited,
    Unreachable,
)
from music_cog_online.settings import Secret
from music_cog_online.text import clean_text, redact
from music_cog_online.wire import retry
from music_cog_online.wire.answers import coded_error
from music_cog_online.wire.models import (
    Balance,
    ChatEvent,
    ClaimGrant,
    ProjectState,
    RenderStatus,
    SessionGrant,
    TokenGrant,
    UploadedFile,
)
from music_cog_online.wire.transport import Attempts, Call, Transport

if TYPE_CHECKING:
    from music_cog_online.wire.upload import Progress

__all__ = ["Api"]

_APP = "nemo_agent"
_USER = "me"
_LONGEST_STAGE = 60
# Packed, a proxy would hold events back.
_STREAM = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
_STATUSES = {"pending", "processing", "completed", "failed"}
_SAME_STATUS = {
    "queued": "pending",
    "waiting": "pending",
    "running": "processing",
    "rendering": "processing",
    "done": "completed",
    "success": "completed",
    "succeeded": "completed",
    "complete": "completed",
    "error": "failed",
    "cancelled": "failed",
    "canceled": "failed",
}


class Api:
    """The API of one backend.

    Every method raises the typed errors of `Transport.call`.

    Args:
        transport: sends the calls.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def anonymous_token(self, client_id: str) -> TokenGrant:
        """Ask for the free token of a client id."""
        call = Call("POST", "/api/auth/anonymous-token", headers={"X-Client-Id": client_id}, signed=False, json={})
        data = self._data(call)
        return TokenGrant(
            Secret(_text(data, "token", needed=True)), _number(data, "credits"), _text(data, "user_id"), client_id
        )

    def create_session(self, *, task_name: str = "project", language: str = "en") -> SessionGrant:
        """Open a session; an empty project left over from a lost answer does no harm, so the call is repeatable."""
        body = {"task_name": task_name, "language": language}
        data = self._data(Call("POST", f"/api/tasks/{_USER}/with-session/{_APP}", json=body, repeatable=True))
        session_id = _text(data, "session_id", needed=True)
        return SessionGrant(_text(data, "task_id"), session_id, _text(data, "user_id"))

    def claim_token(self, task_id: str, session_id: str) -> ClaimGrant:
        """Ask for a token that opens the project in a browser."""
        body = {"task_id": task_id, "session_id": session_id}
        data = self._data(Call("POST", "/api/auth/claim-token", json=body, repeatable=True))
        return ClaimGrant(Secret(_text(data, "claim_token", needed=True)), _number(data, "expires_in"))

    def claim_link(self, grant: ClaimGrant, *, web_url: str | None = None) -> str:
        """The address that opens the project in a browser; it holds the claim token, never the bearer token."""
        urls = self.transport.manifest.urls
        token = quote(grant.claim_token.reveal(), safe="")
        return urls.claim.format(web=web_url or urls.web, claim_token=token)

    def chat(self, session_id: str, text: str) -> Iterator[ChatEvent]:
        """Send one message; give what happens until the answer ends.

        The message is sent again only where the backend refused it before doing anything (1001, 429) or where no byte
        of it can have left.

        Raises:
            StreamLost: the message left and its answer did not come whole; ask for the state, never send again.
            MusicCogError: the class that the table names for a code in the stream.
        """
        body = {
            "app_name": _APP,
            "user_id": _USER,
            "session_id": session_id,
            "new_message": {"parts": [{"text": text}]},
        }
        silence_s = self.transport.manifest.intervals.heartbeat_only_timeout_s
        call = Call("POST", "/run_sse", json=body, headers=_STREAM, silence_s=silence_s)
        attempts = Attempts(self.transport, call)
        while True:
            done_something = False
            token = attempts.sign()
            try:
                for event in self._exchange(call, token):
                    done_something = done_something or event.kind not in {"heartbeat", "notice"}
                    yield event
            except (NotSignedIn, RateLimited, Unreachable) as error:
                if done_something:
                    raise
                attempts.after(error)
            else:
                return

    def _exchange(self, call: Call, token: Secret | None) -> Iterator[ChatEvent]:
        from music_cog_online.wire.chat import expect_stream, follow

        transport = self.transport
        transport.close()

        def open_stream() -> requests.Response:
            response = transport.send(call, token)
            try:
                if expect_stream(response):
                    return response
                transport.judge(response)
                raise BrokenAnswer("The backend did not answer with a stream of events.")
            except BaseException:
                response.close()
                raise

        spoken = token.reveal() if token else ""
        for event in follow(open_stream, clock=transport.clock, manifest=transport.manifest, token=spoken):
            if event.kind == "error" and event.code in transport.manifest.errors:
                assert event.code is not None  # noqa: S101 - for the type checker
                if "code" not in event.data:
                    # The model's own error, not the API's refusal: work may have been done, so it is not tried again.
                    yield event
                raise coded_error(event.code, event.text, manifest=transport.manifest, account=transport.account())
            yield event

    def upload_file(
        self, session_id: str, path: Path, *, on_progress: Progress | None = None
    ) -> tuple[UploadedFile, ...]:
        """Upload one file, streamed from disk.

        Args:
            session_id: the session.
            path: the file.
            on_progress: told bytes sent and bytes in all.

        Raises:
            MediaRefused: the file may not be uploaded; nothing, or nothing whole, was sent.
        """
        from music_cog_online.wire.upload import multipart, open_media

        manifest = self.transport.manifest
        with open_media(path, manifest) as file:
            call = Call(
                "POST",
                self._upload_path(session_id),
                body=lambda: multipart(file, path, manifest, on_progress),
                silence_s=manifest.intervals.upload_answer_timeout_s,
                shortest_s=manifest.intervals.upload_shortest_timeout_s,
            )
            return _files(self._data(call), path.name)

    def upload_urls(self, session_id: str, urls: Sequence[str]) -> tuple[UploadedFile, ...]:
        """Let the backend fetch files from links.

        Raises:
            MediaRefused: a link that is not http or https.
        """
        from music_cog_online.wire.upload import check_urls

        checked = check_urls(tuple(urls))
        if not checked:
            raise MediaRefused("There is no link to fetch.")
        intervals = self.transport.manifest.intervals
        call = Call(
            "POST",
            self._upload_path(session_id),
            json={"urls": list(checked), "source_type": "url"},
            silence_s=intervals.upload_answer_timeout_s,
            shortest_s=intervals.upload_shortest_timeout_s,
        )
        return _files(self._data(call), checked[0].partition("?")[0].rpartition("/")[2])

    def credits(self) -> Balance:
        """The balance."""
        data = self._data(Call("GET", "/api/credits/balance/simple"))
        return Balance(_number(data, "available"), _number(data, "frozen"), _number(data, "total"))

    def state(self, session_id: str) -> ProjectState:
        """The state of a session."""
        data = self._data(Call("GET", f"/api/state/{_APP}/{_USER}/{quote(session_id, safe='')}/latest"))
        inner = data.get("state")
        state = inner if isinstance(inner, dict) else data
        draft = state.get("draft")
        return ProjectState(
            draft=draft if isinstance(draft, dict) else {},
            video_infos=state.get("video_infos"),
            canvas_config=state.get("canvas_config"),
            generated_media=state.get("generated_media"),
            user_id=_text(state, "user_id") or _text(data, "user_id"),
            raw=data,
        )

    def submit_render(
        self, render_id: str, session_id: str, draft: Mapping[str, Any], *, output: Mapping[str, Any] | None = None
    ) -> RenderStatus:
        """Start a render under an id of the caller's making."""
        body = {
            "id": render_id,
            "sessionId": session_id,
            "draft": dict(draft),
            "output": {"format": "mp4", "quality": "high", **(output or {})},
        }
        payload, headers = self.transport.call(Call("POST", "/api/render/proxy/lambda", json=body))
        return self._render(render_id, payload, headers)

    def render_status(self, render_id: str) -> RenderStatus:
        """Ask how a render is doing."""
        call = Call("GET", f"/api/render/proxy/lambda/{quote(render_id, safe='')}")
        payload, headers = self.transport.call(call)
        return self._render(render_id, payload, headers)

    def download(self, url: str, dest: Path, *, on_progress: Progress | None = None) -> Path:
        """Fetch a file: see `wire.download.download`."""
        from music_cog_online.wire.download import download

        return download(self.transport, url, dest, on_progress=on_progress)

    def download_render(
        self, render_id: str, dest: Path, *, url: str = "", on_progress: Progress | None = None
    ) -> Path:
        """Fetch a finished render from its address, or by the fallback path where that does not work.

        Raises:
            StoreError: `dest` cannot be written.
            Unreachable: the file may come another time.
            MusicCogError: why the fallback path failed too.
        """
        lost: Unreachable | None = None
        if url:
            try:
                return self.download(url, dest, on_progress=on_progress)
            except Unreachable as error:
                lost = error
            except (BackendRefused, BrokenAnswer, NotSignedIn):
                # The fallback path says what is wrong if it fails as well.
                pass
        fallback = f"/api/render/proxy/{quote(render_id, safe='')}/download"
        try:
            return self.download(fallback, dest, on_progress=on_progress)
        except (BackendRefused, BrokenAnswer) as error:
            # Where the address itself did not say no, the file is not gone.
            if lost is not None:
                raise lost from error
            raise

    def _upload_path(self, session_id: str) -> str:
        return f"/api/upload-video/{_APP}/{_USER}/{quote(session_id, safe='')}"

    def _data(self, call: Call) -> dict[str, Any]:
        """What the answer holds under `data`, or the whole answer where it has no such part."""
        payload, _ = self.transport.call(call)
        data = payload.get("data", payload)
        if isinstance(data, list):
            return {"files": data}
        if not isinstance(data, dict):
            raise BrokenAnswer("The backend's answer lacks its data.")
        return data

    def _render(self, render_id: str, payload: Mapping[str, Any], headers: Mapping[str, str]) -> RenderStatus:
        data = payload.get("data")
        facts = {**payload, **data} if isinstance(data, dict) else dict(payload)
        output = facts.get("output")
        output = output if isinstance(output, dict) else {}
        word = str(facts.get("status") or "pending").lower()
        status = word if word in _STATUSES else _SAME_STATUS.get(word, "processing")
        url = _text(output, "url") or _text(facts, "outputUrl") or _text(facts, "output_url")
        report = output.get("report")
        error = facts.get("error")
        words = (error.get("message") if isinstance(error, dict) else error) or facts.get("message") or ""
        return RenderStatus(
            id=_text(facts, "id") or render_id,
            status=status,
            url=urljoin(self.transport.base_url + "/", url) if url else "",
            progress=_fraction(facts.get("progress")),
            message=redact(clean_text(str(words))),
            retry_after_s=retry.server_hint_s(headers, now=self.transport.clock.now()),
            stage=clean_text(_text(facts, "stage"))[:_LONGEST_STAGE],
            report=report if isinstance(report, dict) else None,
        )


def _files(data: Mapping[str, Any], name: str) -> tuple[UploadedFile, ...]:
    rows = data.get("files") or data.get("file") or [data]
    listed = rows if isinstance(rows, list) else [rows]
    found = [row if isinstance(row, dict) else {"id": str(row)} for row in listed]
    return tuple(
        UploadedFile(
            id=_text(row, "id") or _text(row, "file_id"),
            name=clean_text(_text(row, "name") or _text(row, "filename") or name),
            size=int(_number(row, "size")),
            kind=_text(row, "kind") or _text(row, "type"),
            data=row,
        )
        for row in found
    )


def _text(data: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = data.get(name)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if needed and not text:
        raise BrokenAnswer(f"The backend's answer lacks {name}.")
    return text


def _number(data: Mapping[str, Any], name: str) -> float:
    try:
        value = float(data.get(name) or 0)
    except (TypeError, ValueError):
        return 0.0
    return value if math.isfinite(value) else 0.0


def _fraction(value: Any) -> float | None:
    """0 to 1; numbers up to 100 are percents."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(max(value / 100 if value > 1 else float(value), 0.0), 1.0)
