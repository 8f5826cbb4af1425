"""What the endpoints answer, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from music_cog_online.settings import Secret

__all__ = [
    "Balance",
    "ChatEvent",
    "ChatKind",
    "ClaimGrant",
    "ProjectState",
    "RenderStatus",
    "SessionGrant",
    "TokenGrant",
    "UploadedFile",
]

ChatKind = Literal[
    "text", "thought", "tool_call", "tool_result", "heartbeat", "error", "state_delta", "progress", "notice"
]


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """A fresh anonymous token.

    Attributes:
        token: the bearer token.
        credits: the starting balance.
        user_id: id of the anonymous account, or an empty string.
        client_id: the client id that the token was issued for.
    """

    token: Secret
    credits: float
    user_id: str
    client_id: str


@dataclass(frozen=True, slots=True)
class SessionGrant:
    """A fresh session; an id that the backend left out is an empty string."""

    task_id: str
    session_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class ClaimGrant:
    """A token that opens the project in a browser; it lives `expires_in_s` seconds."""

    claim_token: Secret
    expires_in_s: float


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as the backend keeps it.

    Attributes:
        id: the backend's id, or an empty string.
        name: file name.
        size: bytes, 0 where unknown.
        kind: `video`, `image`, `audio` or an empty string.
        data: everything that the backend said of it.
    """

    id: str
    name: str
    size: int
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits: to spend, held by running work, and both together."""

    available: float
    frozen: float
    total: float


@dataclass(frozen=True, slots=True)
class ProjectState:
    """The state of a session.

    Attributes:
        draft: the timeline with short keys; empty when there is none yet.
        video_infos: what the backend knows of the uploaded files.
        canvas_config: size and rate of the picture.
        generated_media: what the backend made.
        user_id: id of the account, or an empty string.
        raw: the whole answer.
    """

    draft: dict[str, Any]
    video_infos: Any
    canvas_config: Any
    generated_media: Any
    user_id: str
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RenderStatus:
    """How a render is doing.

    Attributes:
        id: id of the render.
        status: `pending`, `processing`, `completed` or `failed`.
        url: where the finished file lies, or an empty string.
        progress: 0 to 1, or None where the backend does not say.
        message: the backend's words, cleaned, or an empty string.
        retry_after_s: the backend's wish for the next question, or None.
        stage: what is being done, in the backend's words, cleaned; an empty string where it does not say.
        report: sync figures measured on the finished file, or None.
    """

    id: str
    status: str
    url: str = ""
    progress: float | None = None
    message: str = ""
    retry_after_s: float | None = None
    stage: str = ""
    report: dict[str, Any] | None = None

    @property
    def finished(self) -> bool:
        """The file is ready."""
        return self.status == "completed"

    @property
    def failed(self) -> bool:
        """The render ended without a file."""
        return self.status == "failed"


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """One thing that happened in a chat.

    Attributes:
        kind: `text` and `notice` are for the user, `progress` too; the rest stays inside.
        text: the words; for `progress` the stage, for `tool_call` and `tool_result` the tool's name. Those of a `text`
            or `thought` are as they came; those of an `error` or `progress` can be shown as they are.
        partial: a piece of a text whose whole comes later in a text that is not partial.
        data: arguments, result, state delta, progress figures, error details.
        code: the backend's code of an `error`.
    """

    kind: ChatKind
    text: str = ""
    partial: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    code: int | str | None = None
