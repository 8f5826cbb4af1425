"""What an action returns, and what it may say while it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from music_cog_online.errors import MusicCogError

__all__ = ["ActionResult", "Teller"]


class Teller(Protocol):
    """Where an action speaks while it works."""

    def say(self, text: str) -> None:
        """Tell the user a sentence now."""

    def progress(self, stage: str, fraction: float | None) -> None:
        """Tell how far a stage is: 0 to 1, or None where nobody knows."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action ended.

    Attributes:
        action: the command's name.
        lines: the message, in sentences fit for a chat; lines that were already told are not told twice.
        data: facts for programs, JSON values only.
        next: what the user could say next.
        error: what went wrong although part of the work was done.
    """

    action: str
    lines: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    next: tuple[str, ...] = ()
    error: MusicCogError | None = None

    @property
    def message(self) -> str:
        """The whole message as one text."""
        return "\n".join(self.lines)

    @property
    def exit_code(self) -> int:
        """Exit code of a command that ends like this."""
        return self.error.exit_code if self.error else 0

    def followed_by(self, second: ActionResult) -> ActionResult:
        """This result and a second one as one message; the second one's facts lie under its name."""
        data = {**self.data, second.action: dict(second.data)}
        return ActionResult(
            self.action, (*self.lines, *second.lines), data, second.next or self.next, self.error or second.error
        )

    @classmethod
    def failed(cls, action: str, error: MusicCogError) -> ActionResult:
        """The result of an action that was ended by an error."""
        return cls(action, (error.message,), data=error.data, error=error)

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        error = self.error
        return {
            "ok": error is None,
            "action": self.action,
            "message": self.message,
            "data": dict(self.data),
            "next": list(self.next),
            "error": error and {"code": error.code, "kind": error.kind, "hint": error.hint},
        }
