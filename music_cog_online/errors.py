"""What can go wrong, as types.

::

    MusicCogError
    ├── UsageError            the command or a setting makes no sense                     exit 2
    ├── MediaRefused          a file that may not or cannot be handed over (4001, 4002)   exit 2
    ├── BackendRefused        the backend said no, or its work failed                     exit 1
    │   ├── SessionLost       the backend does not know the session any more (1002)       exit 1
    │   └── RateLimited       too many requests, also after the wait (429)                exit 1
    ├── NotSignedIn           the token is bad or expired (1001)                          exit 1 (3: user's own)
    ├── CreditsNeeded         the balance does not pay for the work (2001)                exit 3
    ├── PlanNeeded            the plan does not allow exports (402)                       exit 3
    ├── Unreachable           nothing, or nothing in time, came from the backend          exit 4
    │   └── StreamLost        a chat message left and its answer did not come whole       exit 4
    ├── BrokenAnswer          the backend answered something that is no answer            exit 1
    ├── StoreError            what must outlive the command cannot be read or written     exit 1
    └── ManifestError         SKILL.md or skill.yaml is broken                            exit 1

Which code of the backend becomes which class is data: `skill.yaml`, section `errors`, names the `kind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = [
    "BY_KIND",
    "BackendRefused",
    "BrokenAnswer",
    "CreditsNeeded",
    "ManifestError",
    "MediaRefused",
    "MusicCogError",
    "NotSignedIn",
    "PlanNeeded",
    "RateLimited",
    "SessionLost",
    "StoreError",
    "StreamLost",
    "Unreachable",
    "UsageError",
]


class MusicCogError(Exception):
    """The root of every error that a command shows to its user.

    Attributes:
        kind: short name of the class, for programs.
        exit_code: exit code of a command that ends with this error.
        message: one or two sentences fit for a chat, without a token in them.
        hint: what the user can do, or an empty string.
        code: the backend's own code (`1001`, `"RuntimeError"`), if it gave one.
        status: HTTP status of the answer, if there was one.
        data: further facts of the answer, for programs.
    """

    kind: ClassVar[str] = "error"
    exit_code: int = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: int | str | None = None,
        status: int | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.status = status
        self.data: dict[str, Any] = dict(data or {})


class UsageError(MusicCogError):
    """The command or a setting makes no sense as it stands."""

    kind = "usage"
    exit_code = 2


class MediaRefused(MusicCogError):
    """A file may not or cannot be handed over: format, size, or no readable file at all."""

    kind = "media_refused"
    exit_code = 2


class BackendRefused(MusicCogError):
    """The backend understood the request and said no, or its work failed."""

    kind = "backend_refused"


class SessionLost(BackendRefused):
    """The backend does not know the session any more; a new one is needed."""

    kind = "session_lost"


class RateLimited(BackendRefused):
    """The backend wants fewer requests, even after the wait that it asked for."""

    kind = "rate_limited"


class NotSignedIn(MusicCogError):
    """The token is bad or expired and could not be replaced.

    Attributes:
        given: the token came from the user, who alone can replace it.
    """

    kind = "not_signed_in"

    def __init__(self, message: str, *, given: bool = False, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.given = given
        self.exit_code = 3 if given else 1


class CreditsNeeded(MusicCogError):
    """The balance does not pay for the work."""

    kind = "credits_needed"
    exit_code = 3


class PlanNeeded(MusicCogError):
    """The plan, not the balance, forbids the export."""

    kind = "plan_needed"
    exit_code = 3


class Unreachable(MusicCogError):
    """Nothing, or nothing in time, came from the backend.

    Attributes:
        sent: some byte of the request may have reached the backend.
    """

    kind = "unreachable"
    exit_code = 4

    def __init__(self, message: str, *, sent: bool = False, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.sent = sent


class StreamLost(Unreachable):
    """A chat message left and its answer did not come whole: the message is never sent again, the state tells.

    Attributes:
        reason: `"dropped"` (connection lost), `"silent"` (only heartbeats or nothing for too long) or
            `"too_long"` (the whole exchange took too long).
    """

    kind = "stream_lost"

    def __init__(self, message: str, *, reason: str = "dropped", **facts: Any) -> None:
        super().__init__(message, sent=True, **facts)
        self.reason = reason


class BrokenAnswer(MusicCogError):
    """The backend, or something in between, answered what is no answer of this protocol."""

    kind = "broken_answer"


class StoreError(MusicCogError):
    """What must outlive the command cannot be read or written."""

    kind = "store"


class ManifestError(MusicCogError):
    """SKILL.md or skill.yaml is missing or broken; the message names the key."""

    kind = "manifest"


BY_KIND: dict[str, type[MusicCogError]] = {
    cls.kind: cls
    for cls in (MediaRefused, BackendRefused, SessionLost, RateLimited, NotSignedIn, CreditsNeeded, PlanNeeded)
}
