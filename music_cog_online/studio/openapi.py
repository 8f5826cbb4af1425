"""The API in OpenAPI 3.1: what each call takes and gives."""

from __future__ import annotations

from typing import Any

__all__ = ["describe_api"]

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}


def describe_api(version: str) -> Schema:
    """The OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "music-cog studio", "version": version},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _object(code=_ANY_CODE, message=_TEXT, detail={}, hint=_TEXT)},
        },
        "paths": _paths(),
    }


def _paths() -> Schema:
    session = _in_path("session_id")
    render = _in_path("render_id")
    return {
        "/api/auth/anonymous-token": {
            "post": _call(
                "Get a free token",
                _data(token=_TEXT, credits=_COUNT, user_id=_TEXT),
                refusals=(400, 429),
                parameters=[
                    {
                        "name": "X-Client-Id",
                        "in": "header",
                        "required": True,
                        "schema": {"type": "string", "minLength": 1},
                    }
                ],
                signed=False,
            )
        },
        "/api/auth/claim-token": {
            "post": _call(
                "Get a token that opens a session in a browser",
                _data(claim_token=_TEXT, expires_in=_COUNT),
                body=_object(["session_id"], task_id=_TEXT, session_id=_TEXT),
                refusals=(401, 404, 413, 422),
            )
        },
        "/api/tasks/me/with-session/nemo_agent": {
            "post": _call(
                "Open a session",
                _data(task_id=_TEXT, session_id=_TEXT, user_id=_TEXT),
                body=_object(task_name=_TEXT, language=_TEXT),
                body_needed=False,
                refusals=(401, 413, 422),
            )
        },
        "/run_sse": {"post": _chat()},
        "/api/upload-video/nemo_agent/me/{session_id}": {"post": _upload(session)},
        "/api/credits/balance/simple": {
            "get": _call("The balance", _data(available=_COUNT, frozen=_COUNT, total=_COUNT), refusals=(401,))
        },
        "/api/state/nemo_agent/me/{session_id}/latest": {
            "get": _call(
                "The state of a session", _data(state={"type": "object"}), refusals=(401, 404), parameters=[session]
            )
        },
        "/api/render/proxy/lambda": {"post": _submit()},
        "/api/render/proxy/lambda/{render_id}": {
            "get": _call("How a render is doing", _RENDER, refusals=(401, 404), parameters=[render])
        },
        "/api/render/proxy/{render_id}/download": {
            "get": _file("The finished file of a render", [render], refusals=(401, 404, 409, 410, 416))
        },
        "/files/{key}/{name}": {
            "get": _file(
                "The finished file behind a link",
                [_in_path("key"), _in_path("name")],
                refusals=(404, 410, 416),
                signed=False,
            )
        },
        "/openapi.json": {"get": _call("This document", {"type": "object"}, signed=False)},
        "/": {"get": _call("Name and version", _data(name=_TEXT, version=_TEXT), signed=False)},
    }


_ANY_CODE: Schema = {"type": "integer"}
_RENDER: Schema = {
    "type": "object",
    "required": ["id", "status", "progress"],
    "properties": {
        "id": _TEXT,
        "status": {"enum": ["pending", "processing", "completed", "failed"]},
        "progress": {"type": "number", "minimum": 0, "maximum": 1},
        "stage": _TEXT,
        "message": _TEXT,
        "output": {"type": "object", "properties": {"url": _TEXT, "report": {"type": ["object", "null"]}}},
    },
}


def _chat() -> Schema:
    part = _object(["text"], text={"type": "string", "minLength": 1, "maxLength": 5000})
    message = _object(["parts"], parts={"type": "array", "items": part, "minItems": 1})
    body = _object(
        ["session_id", "new_message"],
        app_name=_TEXT,
        user_id=_TEXT,
        session_id=_TEXT,
        new_message=message,
        streaming={"type": "boolean"},
    )
    call = _call("Say something to the editor", {}, body=body, refusals=(401, 403, 404, 413, 422, 429))
    call["responses"]["200"] = {
        "description": "Google ADK events as server-sent events",
        "content": {"text/event-stream": {"schema": {"type": "object", "properties": {"data": _TEXT}}}},
    }
    return call


def _upload(session: Schema) -> Schema:
    file = _object(
        ["id", "name", "size", "kind", "duration_ms"], id=_TEXT, name=_TEXT, size=_COUNT, kind=_TEXT, duration_ms=_COUNT
    )
    call = _call(
        "Hand over files or links",
        _data(files={"type": "array", "items": file}),
        refusals=(400, 401, 404, 413, 415, 422, 507),
        parameters=[session],
    )
    files: Schema = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
    urls: Schema = {"type": "array", "items": {"type": "string", "format": "uri"}, "minItems": 1, "maxItems": 50}
    call["requestBody"] = {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _object(["files"], files=files)},
            "application/json": {"schema": _object(["urls"], urls=urls, source_type={"const": "url"})},
        },
    }
    return call


def _submit() -> Schema:
    segment = _object(id=_TEXT, s={"type": "integer"}, d={"type": "integer"}, m={"type": "object"})
    track = _object(["tt", "sg"], id=_TEXT, tt={"enum": [0, 1, 7]}, sg={"type": "array", "items": segment})
    draft = _object(
        ["t"], v={"type": "integer"}, d={"type": "integer"}, m={"type": "object"}, t={"type": "array", "items": track}
    )
    body = _object(
        ["id", "sessionId", "draft"],
        id={"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        sessionId=_TEXT,
        draft=draft,
        output=_object(format={"const": "mp4"}, quality=_TEXT, preset=_TEXT),
    )
    headers = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in ("X-Skill-Source", "X-Skill-Version", "X-Skill-Platform")
    ]
    return _call(
        "Render a draft", _RENDER, body=body, parameters=headers, refusals=(401, 402, 404, 409, 413, 415, 422, 429, 507)
    )


def _file(summary: str, parameters: list[Schema], *, refusals: tuple[int, ...], signed: bool = True) -> Schema:
    call = _call(summary, {}, refusals=refusals, parameters=parameters, signed=signed)
    video: Schema = {
        "description": "The file",
        "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}},
    }
    call["responses"]["200"] = call["responses"]["206"] = video
    return call


def _call(
    summary: str,
    answer: Schema,
    *,
    body: Schema | None = None,
    body_needed: bool = True,
    parameters: list[Schema] | None = None,
    refusals: tuple[int, ...] = (),
    signed: bool = True,
) -> Schema:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    call: Schema = {
        "summary": summary,
        "responses": {
            "200": {"description": "Done", "content": {"application/json": {"schema": answer}}},
            **{str(status): {"description": "Refused", "content": error} for status in sorted({*refusals, 403})},
        },
        "security": [{"token": []}] if signed else [],
    }
    if parameters:
        call["parameters"] = parameters
    if body is not None:
        call["requestBody"] = {"required": body_needed, "content": {"application/json": {"schema": body}}}
    return call


def _object(required: list[str] | None = None, **properties: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def _data(**properties: Schema) -> Schema:
    return _object(["code", "data"], code={"const": 0}, data=_object(list(properties), **properties))


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
