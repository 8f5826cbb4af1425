"""What can go wrong in the studio, as its clients see it.

    StudioError
    ├── RequestRefused      a call that breaks a rule of the API (token, session, header, limit)
    ├── MediaRefused        a file that is not one of the formats, or that cannot be decoded
    ├── MediaTooLarge       a file or picture beyond the limits
    ├── FfmpegFailed        ffmpeg ended with an error that is not the file's fault
    ├── FfmpegStalled       ffmpeg made no progress and was stopped
    ├── DiskFull            there is no room left for the work
    ├── Cancelled           somebody asked the work to stop
    └── CannotDo            an instruction or draft that makes no sense for this project

Each carries the code of the API's error table and a hint that names the remedy.
"""

from __future__ import annotations

__all__ = [
    "Cancelled",
    "CannotDo",
    "DiskFull",
    "FfmpegFailed",
    "FfmpegStalled",
    "MediaRefused",
    "MediaTooLarge",
    "RequestRefused",
    "StudioError",
]


class StudioError(Exception):
    """Root of every error that the studio raises on purpose.

    Attributes:
        message: One sentence for the user.
        hint: The remedy, or an empty string.
        code: Code of the API's error table.
        status: HTTP status that goes with the code.
    """

    code: int = 500
    status: int = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RequestRefused(StudioError):
    """A call that breaks a rule of the API."""

    def __init__(self, message: str, *, code: int, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.status = status


class MediaRefused(StudioError):
    """A file that is not one of the formats, or that cannot be decoded."""

    code = 4001
    status = 415


class MediaTooLarge(StudioError):
    """A file or picture beyond the limits."""

    code = 4002
    status = 413


class FfmpegFailed(StudioError):
    """Ffmpeg ended with an error that is not the file's fault."""


class FfmpegStalled(StudioError):
    """Ffmpeg made no progress and was stopped."""


class DiskFull(StudioError):
    """There is no room left for the work."""

    code = 507
    status = 507


class Cancelled(StudioError):
    """Somebody asked the work to stop."""

    code = 499
    status = 409


class CannotDo(StudioError):
    """An instruction or draft that makes no sense for this project."""

    code = 422
    status = 422
