"""Frames of the chat stream → ChatEvents. No I/O.

The backend is a Google ADK application: a frame's data is an ADK event as JSON, with camelCase keys (older servers:
snake_case). Frames of an older protocol, `{"type": "text", …}`, and heartbeats in any form are understood too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from music_cog_online.text import clean_text, redact
from music_cog_online.wire.models import ChatEvent
from music_cog_online.wire.sse import Frame

__all__ = ["events_of"]

_LONGEST_WORDS = 300
_HEARTBEAT = ChatEvent("heartbeat")
_HEARTBEAT_NAMES = {"heartbeat", "ping", "keepalive", "keep-alive", "keep_alive", "comment"}
# The model said nothing, which is how a silent edit ends: the edit may well have worked.
_NO_FAILURE = {"", "MODEL_RETURNED_NO_CONTENT"}


def events_of(frame: Frame) -> Iterator[ChatEvent]:
    """What a frame says, at least one event; a frame that says nothing understandable counts as a heartbeat."""
    if frame.data is None or not frame.data.strip() or frame.event.lower() in _HEARTBEAT_NAMES:
        yield _HEARTBEAT
        return
    try:
        payload = json.loads(frame.data)
    except (ValueError, RecursionError):
        yield ChatEvent("heartbeat", data={"broken": True})
        return
    if not isinstance(payload, dict):
        yield _HEARTBEAT
        return
    events = list(_typed(payload) if isinstance(payload.get("type"), str) else _adk(payload))
    yield from events or (_HEARTBEAT,)


def _adk(payload: Mapping[str, Any]) -> Iterator[ChatEvent]:
    partial = payload.get("partial") is True
    content = _mapping(payload.get("content"))
    # A text with the user's role is an echo of the message.
    spoken = content.get("role") != "user" and payload.get("author") != "user"
    parts = content.get("parts")
    texts: list[str] = []
    for part in parts if isinstance(parts, list) else ():
        text = part.get("text") if isinstance(part, dict) else None
        if isinstance(text, str) and text and part.get("thought") is True:
            yield ChatEvent("thought", text, partial)
        elif isinstance(text, str) and spoken:
            texts.append(text)
        elif isinstance(part, dict):
            yield from _tool(part, partial=partial)
    if any(texts):
        yield ChatEvent("text", "".join(texts), partial)
    delta = _mapping(_either(_mapping(payload.get("actions")), "stateDelta", "state_delta"))
    if delta:
        yield ChatEvent("state_delta", data=dict(delta))
    yield from _progress(_mapping(_either(payload, "customMetadata", "custom_metadata")))
    yield from _failure(payload)


def _tool(part: Mapping[str, Any], *, partial: bool) -> Iterator[ChatEvent]:
    call = _either(part, "functionCall", "function_call")
    if isinstance(call, dict):
        yield ChatEvent("tool_call", str(call.get("name") or ""), partial, dict(_mapping(call.get("args"))))
    response = _either(part, "functionResponse", "function_response")
    if isinstance(response, dict):
        yield ChatEvent(
            "tool_result", str(response.get("name") or ""), partial, dict(_mapping(response.get("response")))
        )


def _progress(metadata: Mapping[str, Any]) -> Iterator[ChatEvent]:
    if "progress" in metadata or "stage" in metadata:
        yield ChatEvent("progress", _words(metadata.get("stage")), data=dict(metadata))


def _failure(payload: Mapping[str, Any]) -> Iterator[ChatEvent]:
    """An ADK `errorCode`, a bare `{"error": …}` or `{"detail": …}`, or the API's own `{"code": 2001, …}`."""
    code = _either(payload, "errorCode", "error_code")
    words = _either(payload, "errorMessage", "error_message")
    if code is None and payload.get("code") not in (None, 0, "0"):
        code, words = payload["code"], _either(payload, "message", "msg", "detail", "error")
    error = payload.get("error") or payload.get("detail")
    if code is None and error:
        if isinstance(error, dict):
            code, words = error.get("code"), error.get("message")
        else:
            words = error
        code = "error" if code is None else code
    if code is None or str(code) in _NO_FAILURE:
        return
    name = _words(code)
    number = int(name) if name.isdecimal() and len(name) < 10 else name
    yield ChatEvent("error", _words(words), data=dict(payload), code=number)


def _typed(payload: Mapping[str, Any]) -> Iterator[ChatEvent]:
    """A frame of the older protocol, `{"type": …}`."""
    kind = str(payload["type"]).lower()
    body = _mapping(payload.get("data"))
    if kind in {"text", "message", "content"}:
        values = (source.get(key) for source in (payload, body) for key in ("text", "content", "message", "data"))
        text = next((value for value in values if isinstance(value, str) and value), "")
        if text:
            yield ChatEvent("text", text, payload.get("partial") is True)
    elif kind in {"tool_call", "tool_result"}:
        name = payload.get("name") or payload.get("tool") or body.get("name") or ""
        yield ChatEvent("tool_call" if kind == "tool_call" else "tool_result", str(name), data=dict(payload))
    elif kind == "thought":
        yield ChatEvent("thought", str(payload.get("text") or ""))
    elif kind == "error" or (kind not in _HEARTBEAT_NAMES and payload.get("code")):
        failures = list(_failure({**body, **payload}))
        words = _words(payload.get("message") or payload.get("text") or payload.get("content"))
        yield from failures or (ChatEvent("error", words, data=dict(payload), code="error"),)
    else:
        yield _HEARTBEAT


def _words(value: Any) -> str:
    """Short words that may be shown as they are: nothing hidden in them, and no token."""
    return "" if value is None else redact(clean_text(str(value)))[:_LONGEST_WORDS]


def _either(source: Mapping[str, Any], *names: str) -> Any:
    return next((source[name] for name in names if source.get(name) is not None), None)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
