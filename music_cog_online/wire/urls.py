"""Which addresses may be talked to, and which belong together."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from music_cog_online.errors import UsageError

__all__ = ["backend_key", "check_address", "is_loopback", "same_origin"]

_PORTS = {"http": 80, "https": 443}


def check_address(url: str, *, what: str = "The address") -> str:
    """The address as it was given, if it may be talked to: https, or http to this machine.

    Args:
        url: an absolute address.
        what: subject of the error's sentence.

    Raises:
        UsageError: another scheme, plain http to another machine, no host, or a user name in it.
    """
    parts = _split(url, what)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f"{what} must begin with https:// (or http://127.0.0.1 for this machine).")
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{what} must not hold a user name or password.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError(
            f"{what} is plain http to {parts.hostname}; only https keeps the token and your media private.",
            hint="Use https://; http:// is for this machine only.",
        )
    return url


def is_loopback(host: str) -> bool:
    """The host is this machine, by name or number."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(one: str, other: str) -> bool:
    """Scheme, host and port are the same."""
    return _origin(urlsplit(one)) == _origin(urlsplit(other))


def backend_key(url: str) -> str:
    """A folder name for what belongs to the backend at `url`: never the same for two origins or base paths."""
    parts = _split(url, "The address")
    scheme, host, port = _origin(parts)
    path = "".join(char if char.isalnum() else "-" for char in parts.path.strip("/"))
    return "_".join(filter(None, (scheme, host.replace(":", "-"), str(port), path)))


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)


def _split(url: str, what: str) -> SplitResult:
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UsageError(f"{what} holds characters that do not belong into one.")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as exc:
        raise UsageError(f"{what} is not readable: {exc}.") from exc
    return parts
