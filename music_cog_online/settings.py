"""The environment, read once, as typed settings."""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from music_cog_online.errors import UsageError

__all__ = ["VARIABLES", "Secret", "Settings"]

VARIABLES = {
    "NEMO_TOKEN": "your own token of the cloud; without it a free anonymous one is asked for",
    "NEMO_CLIENT_ID": "client id for the free token; else the one shared by sibling skills",
    "NEMO_API_URL": "address of the backend",
    "NEMO_WEB_URL": "address of the web pages that links point to",
    "SKILL_SOURCE": "platform named in the attribution headers; else found from the install path",
    "MUSIC_COG_BACKEND": "cloud, studio or an address",
    "MUSIC_COG_HOME": "folder for everything that outlives a command",
    "MUSIC_COG_TIME_SCALE": "multiplies every wait",
    "MUSIC_COG_FFMPEG": "path of the ffmpeg to use",
}
"""Every variable that is read, and what it means."""


class Secret:
    """A string that does not print: only `reveal` gives it away.

    Args:
        value: the secret, not empty.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for a header or the private file; never for a message."""
        return self._value

    def __repr__(self) -> str:
        """Hide the value."""
        return "Secret('•••')"

    def __str__(self) -> str:
        """Hide the value."""
        return "•••"

    def __format__(self, spec: str) -> str:
        """Hide the value."""
        return format("•••", spec)

    def __eq__(self, other: object) -> bool:
        """Compare in a time that does not depend on the values."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        """Hash as the value does."""
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle would hold the value in the clear."""
        raise TypeError("a Secret is not pickled")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says; an empty variable counts as unset.

    Attributes:
        home: folder for everything that outlives a command; it need not exist yet.
        config_dir: folder of the client id that sibling skills share.
        token: the user's own token (`NEMO_TOKEN`).
        client_id: the client id the user gave (`NEMO_CLIENT_ID`).
        api_url: `NEMO_API_URL` without a trailing slash; not yet checked.
        web_url: `NEMO_WEB_URL` without a trailing slash.
        skill_source: platform for the attribution headers (`SKILL_SOURCE`).
        backend: `cloud`, `studio` or an address (`MUSIC_COG_BACKEND`).
        time_scale: multiplies every wait, 0 or more.
        ffmpeg: path of the ffmpeg to use (`MUSIC_COG_FFMPEG`).
    """

    home: Path
    config_dir: Path
    token: Secret | None = None
    client_id: str | None = None
    api_url: str | None = None
    web_url: str | None = None
    skill_source: str | None = None
    backend: str | None = None
    time_scale: float = 1.0
    ffmpeg: str | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings from a mapping such as `os.environ`.

        Raises:
            UsageError: a value that cannot be used; the message names the variable.
        """
        given = {name: environ.get(name, "").strip() or None for name in VARIABLES}
        token = _header_value("NEMO_TOKEN", given["NEMO_TOKEN"])
        home_text = given["MUSIC_COG_HOME"]
        return cls(
            home=Path(home_text).expanduser().absolute() if home_text else _default_home(),
            config_dir=_user_home(environ) / ".config" / "nemovideo",
            token=Secret(token) if token else None,
            client_id=_header_value("NEMO_CLIENT_ID", given["NEMO_CLIENT_ID"]),
            api_url=_without_slash(given["NEMO_API_URL"]),
            web_url=_without_slash(given["NEMO_WEB_URL"]),
            skill_source=_header_value("SKILL_SOURCE", given["SKILL_SOURCE"]),
            backend=_without_slash(given["MUSIC_COG_BACKEND"]),
            time_scale=_scale(given["MUSIC_COG_TIME_SCALE"]),
            ffmpeg=given["MUSIC_COG_FFMPEG"],
        )


def _default_home() -> Path:
    # Imported here: with MUSIC_COG_HOME set, a command need not pay for it.
    import platformdirs

    return platformdirs.user_state_path("music-cog-online", appauthor=False)


def _user_home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def _without_slash(text: str | None) -> str | None:
    return text.rstrip("/") if text else None


def _header_value(name: str, text: str | None) -> str | None:
    if text is not None and not (text.isascii() and text.isprintable()):
        raise UsageError(
            f"{name} holds characters that an HTTP header cannot carry.",
            hint=f"Set {name} again, on one line, in plain ASCII.",
        )
    return text


def _scale(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    if not (math.isfinite(scale) and scale >= 0):
        raise UsageError(
            f"MUSIC_COG_TIME_SCALE is {text!r}, which is not a number of 0 or more.",
            hint="Use 1 for ordinary waits, 0.01 for tests.",
        )
    return scale
