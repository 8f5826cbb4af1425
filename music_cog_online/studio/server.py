"""Routes of the API: HTTP in, a call on the `Studio`, HTTP out."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from music_cog_online.studio.bodies import MAX_DRAFT_BODY, BadBody, array_of_text, mapping, read_json, text
from music_cog_online.studio.editor import MAX_TEXT
from music_cog_online.studio.errors import RequestRefused, StudioError
from music_cog_online.studio.events import HEARTBEAT, Event, frame
from music_cog_online.studio.gate import Gate
from music_cog_online.studio.jobs import Channel
from music_cog_online.studio.log import logger
from music_cog_online.studio.openapi import describe_api
from music_cog_online.studio.projects import Project, Upload
from music_cog_online.studio.service import ATTRIBUTION, Studio, describe
from music_cog_online.studio.uploads import MAX_FILES, Rejected, receive_multipart

__all__ = ["Activity", "create_app"]

_MAX_ID = 200
_RENDER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(slots=True)
class Activity:
    """When the server was last used, and how many calls it is answering."""

    last: float = field(default_factory=time.monotonic)
    running: int = 0


def create_app(studio: Studio, *, loopback_only: bool = True, activity: Activity | None = None) -> Starlette:
    """The ASGI application of a studio.

    Args:
        studio: Does the work.
        loopback_only: Whether only names of this machine are accepted in the Host header.
        activity: Kept up to date for whoever wants to end an idle server.
    """
    api = _Api(studio)
    routes = [
        Route("/api/auth/anonymous-token", api.anonymous_token, methods=["POST"]),
        Route("/api/auth/claim-token", api.claim_token, methods=["POST"]),
        Route("/api/tasks/me/with-session/nemo_agent", api.create_session, methods=["POST"]),
        Route("/run_sse", api.run_sse, methods=["POST"]),
        Route("/api/upload-video/nemo_agent/me/{session_id}", api.upload, methods=["POST"]),
        Route("/api/credits/balance/simple", api.credits, methods=["GET"]),
        Route("/api/state/nemo_agent/me/{session_id}/latest", api.state, methods=["GET"]),
        Route("/api/render/proxy/lambda", api.submit_render, methods=["POST"]),
        Route("/api/render/proxy/lambda/{render_id}", api.render_status, methods=["GET"]),
        Route("/api/render/proxy/{render_id}/download", api.download, methods=["GET"]),
        Route("/files/{key}/{name}", api.file, methods=["GET"]),
        Route("/openapi.json", api.openapi, methods=["GET"]),
        Route("/", api.about, methods=["GET"]),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            StudioError: _refused,
            BadBody: _bad_body,
            HTTPException: _http_error,
            ClientDisconnect: _gone,
            Exception: _unexpected,
        },
    )
    app.add_middleware(Gate, loopback_only=loopback_only, activity=activity or Activity())
    return app


class _Api:
    """The handlers, one a route."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def anonymous_token(self, request: Request) -> Response:
        client_id = request.headers.get("x-client-id", "")
        grant = await run_in_threadpool(self._studio.accounts.anonymous, client_id)
        return _ok({"token": grant.token, "credits": grant.credits, "user_id": grant.user_id, "expires_in": 604800})

    async def claim_token(self, request: Request) -> Response:
        user_id = await self._user(request)
        body = await read_json(request)
        task_id, session_id = (
            text(body, "task_id", default="", longest=_MAX_ID),
            text(body, "session_id", longest=_MAX_ID),
        )
        return _ok(await run_in_threadpool(self._studio.claim, user_id, task_id=task_id, session_id=session_id))

    async def create_session(self, request: Request) -> Response:
        user_id = await self._user(request)
        body = await read_json(request)
        name, language = text(body, "task_name", default="project"), text(body, "language", default="en", longest=50)
        return _ok(await run_in_threadpool(self._studio.create_session, user_id, name=name, language=language))

    async def run_sse(self, request: Request) -> Response:
        user_id = await self._user(request)
        body = await read_json(request)
        session_id = text(body, "session_id", longest=_MAX_ID)
        message = _message(mapping(body, "new_message"))
        project = await self._project(user_id, session_id)
        channel = await run_in_threadpool(
            self._studio.conversation.send, project, message, streaming=body.get("streaming") is True
        )
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        frames = _frames(channel, silence_s=self._studio.config.heartbeat_s)
        return StreamingResponse(frames, media_type="text/event-stream", headers=headers)

    async def upload(self, request: Request) -> Response:
        project = await self._project(await self._user(request), request.path_params["session_id"])
        content_type = request.headers.get("content-type", "")
        if content_type.lower().startswith("multipart/form-data"):
            received = await receive_multipart(request.stream(), content_type, uploads=self._studio.uploads)
            taken = await run_in_threadpool(self._studio.take, project.id, received)
        else:
            urls = array_of_text(await read_json(request), "urls", most=MAX_FILES)
            taken = await run_in_threadpool(self._studio.fetch, project.id, urls)
        return _uploaded(taken)

    async def credits(self, request: Request) -> Response:
        return _ok(await run_in_threadpool(self._studio.balance, await self._user(request)))

    async def state(self, request: Request) -> Response:
        user_id = await self._user(request)
        project = await self._project(user_id, request.path_params["session_id"])
        state = await run_in_threadpool(self._studio.state, project)
        return _ok({"session_id": project.id, "user_id": user_id, "state": state})

    async def submit_render(self, request: Request) -> Response:
        user_id = await self._user(request)
        if not all(request.headers.get(name, "").strip() for name in ATTRIBUTION):
            raise RequestRefused(
                "Export is not part of this plan: the skill's attribution headers are missing.",
                code=402,
                status=402,
                hint="Register or upgrade your plan to unlock export.",
            )
        body = await read_json(request, limit=MAX_DRAFT_BODY)
        render_id = text(body, "id", longest=_MAX_ID)
        if not _RENDER_ID.fullmatch(render_id):
            raise BadBody("id", "is not a render id")
        project = await self._project(user_id, text(body, "sessionId", longest=_MAX_ID))
        draft, output = mapping(body, "draft"), mapping(body, "output", needed=False)
        answer = await run_in_threadpool(self._submit, project, render_id, draft, output)
        return self._render_answer(request, answer)

    def _submit(
        self, project: Project, render_id: str, draft: dict[str, Any], output: dict[str, Any]
    ) -> dict[str, Any]:
        named = self._studio.find_named(project, draft)
        return self._studio.renders.submit(project, render_id, named, output)

    async def render_status(self, request: Request) -> Response:
        user_id = await self._user(request)
        answer = await run_in_threadpool(self._studio.renders.status, user_id, request.path_params["render_id"])
        return self._render_answer(request, answer)

    async def download(self, request: Request) -> Response:
        user_id = await self._user(request)
        path, name = await run_in_threadpool(self._studio.renders.file, user_id, request.path_params["render_id"])
        return FileResponse(path, media_type="video/mp4", filename=name)

    async def file(self, request: Request) -> Response:
        path, name = await run_in_threadpool(self._studio.renders.file_by_key, request.path_params["key"])
        return FileResponse(path, media_type="video/mp4", filename=name)

    async def openapi(self, request: Request) -> Response:
        del request
        return JSONResponse(describe_api(self._studio.config.version))

    async def about(self, request: Request) -> Response:
        del request
        return _ok({"name": "music-cog studio", "version": self._studio.config.version})

    async def _user(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise RequestRefused("There is no bearer token.", code=1001, status=401, hint="Ask for an anonymous token.")
        return await run_in_threadpool(self._studio.accounts.authenticate, token.strip())

    async def _project(self, user_id: str, session_id: str) -> Project:
        return await run_in_threadpool(self._studio.projects.find, user_id, session_id)

    @staticmethod
    def _render_answer(request: Request, answer: dict[str, Any]) -> Response:
        output = answer.get("output")
        if output is not None:
            base = str(request.base_url).rstrip("/")
            output["url"] = f"{base}{quote(output['url'])}"
        return JSONResponse({"code": 0, **answer}, headers={"Retry-After": "1"})


async def _frames(channel: Channel[Event], *, silence_s: float) -> AsyncIterator[bytes]:
    async for event in channel.read(silence_s=silence_s):
        yield HEARTBEAT if event is None else frame(event)


def _message(message: dict[str, Any]) -> str:
    parts = message.get("parts")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise BadBody("new_message.parts", "is not a list of objects")
    words = " ".join(part["text"] for part in parts if isinstance(part.get("text"), str)).strip()
    if not words:
        raise BadBody("new_message.parts", "holds no text")
    if len(words) > MAX_TEXT:
        raise BadBody("new_message.parts", f"holds more than {MAX_TEXT} characters")
    return words


def _uploaded(taken: Sequence[Upload | Rejected]) -> Response:
    files = [describe(each) for each in taken if isinstance(each, Upload)]
    refused = [each for each in taken if isinstance(each, Rejected)]
    if not files and refused:
        raise refused[0].error
    failed = [{"name": each.name, "code": each.error.code, "message": each.error.message} for each in refused]
    return _ok({"files": files, **({"failed": failed} if failed else {})})


def _ok(data: Any) -> Response:
    return JSONResponse({"code": 0, "data": data})


def _error(status: int, code: int, message: str, hint: str = "") -> Response:
    body: dict[str, Any] = {"code": code, "message": message, "detail": message}
    if hint:
        body["hint"] = hint
    headers = {"Retry-After": "30"} if status == 429 else {"Connection": "close"} if status == 413 else {}
    return JSONResponse(body, status_code=status, headers=headers)


async def _refused(request: Request, exc: Exception) -> Response:
    del request
    if not isinstance(exc, StudioError):
        raise exc
    return _error(exc.status, exc.code, exc.message, exc.hint)


async def _bad_body(request: Request, exc: Exception) -> Response:
    del request
    if not isinstance(exc, BadBody):
        raise exc
    return JSONResponse(
        {"code": 422, "message": f"The request body is not right: {exc}", "detail": exc.detail}, status_code=422
    )


async def _http_error(request: Request, exc: Exception) -> Response:
    del request
    if not isinstance(exc, HTTPException):
        raise exc
    answer = _error(exc.status_code, exc.status_code, str(exc.detail))
    answer.headers.update(exc.headers or {})
    return answer


async def _gone(request: Request, exc: Exception) -> Response:
    del request, exc
    return Response(status_code=400)


async def _unexpected(request: Request, exc: Exception) -> Response:
    logger.error("%s failed", request.url.path.split("/files/")[0], exc_info=exc)
    return _error(500, 500, "The studio made a mistake; its log says more.", "Try again.")
