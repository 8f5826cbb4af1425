"""Chat events as Google ADK's server sends them, and their frames on the wire.

The shape is that of ``google.adk.events.Event`` in its camel-case JSON form, the same in ADK 1.26 and 2.x.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["HEARTBEAT", "Event", "EventMaker", "frame"]

Event = dict[str, Any]

HEARTBEAT = b"data:\n\n"
"""A frame with empty data: the work goes on."""


def frame(event: Mapping[str, Any]) -> bytes:
    """One event as a ``data:`` frame; line breaks inside it are escaped by JSON."""
    return b"data: " + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


class EventMaker:
    """Makes the events of one invocation, that is of one message and all that answers it."""

    def __init__(self, *, model: str, author: str = "nemo_agent", now: Callable[[], float] = time.time) -> None:
        """Starts an invocation of the agent `author`."""
        self._invocation = f"e-{uuid.uuid4()}"
        self._author = author
        self._model = model
        self._now = now

    def text(self, text: str, *, partial: bool | None = None) -> Event:
        """What the agent says; `partial` is True for a chunk and False for the whole that repeats the chunks."""
        event = self._model_turn([{"text": text}])
        if partial is not None:
            event["partial"] = partial
        return event

    def call(self, name: str, args: Mapping[str, Any]) -> tuple[Event, str]:
        """The agent uses a tool; gives the event and the id that the result refers to."""
        call_id = f"adk-{uuid.uuid4()}"
        event = self._model_turn([{"functionCall": {"id": call_id, "args": dict(args), "name": name}}])
        event["longRunningToolIds"] = []
        return event, call_id

    def result(self, call_id: str, name: str, response: Mapping[str, Any], *, delta: Mapping[str, Any]) -> Event:
        """A tool has ended; `delta` is what it changed in the session's state."""
        part = {"functionResponse": {"id": call_id, "name": name, "response": dict(response)}}
        event: Event = {"content": {"parts": [part], "role": "user"}}
        return self._complete(event, delta=delta)

    def progress(self, share: float, stage: str) -> Event:
        """A sign of life without content: the share that is done, 0..1, and what is being done."""
        return self._complete({"customMetadata": {"progress": round(share, 3), "stage": stage}})

    def error(self, code: str, message: str) -> Event:
        """The work failed."""
        return self._complete({"errorCode": code, "errorMessage": message})

    def _model_turn(self, parts: list[Mapping[str, Any]]) -> Event:
        return self._complete(
            {"modelVersion": self._model, "content": {"parts": parts, "role": "model"}, "finishReason": "STOP"}
        )

    def _complete(self, event: Event, *, delta: Mapping[str, Any] | None = None) -> Event:
        event["invocationId"] = self._invocation
        event["author"] = self._author
        event["actions"] = {
            "stateDelta": dict(delta or {}),
            "artifactDelta": {},
            "requestedAuthConfigs": {},
            "requestedToolConfirmations": {},
        }
        event["id"] = str(uuid.uuid4())
        event["timestamp"] = self._now()
        return event
