"""A whole HTTP answer → its JSON object, or the typed error that it means. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from music_cog_online.errors import BrokenAnswer, MusicCogError, Unreachable
from music_cog_online.manifest import Manifest
from music_cog_online.text import clean_text, redact

__all__ = ["Account", "coded_error", "judge"]

_NO_SESSION = re.compile(r"session[\w -]{0,40}(?:not found|does(?:n't| not) exist|unknown|expired)", re.IGNORECASE)
_LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True)
class Account:
    """Whose token it is: decides which words of the error table are used.

    Attributes:
        given: the user gave the token.
        anonymous: the account is anonymous.
        register_link: where an anonymous account is made a registered one, or an empty string.
    """

    given: bool = False
    anonymous: bool = False
    register_link: str = ""


def judge(status: int, body: bytes, *, manifest: Manifest, account: Callable[[], Account]) -> dict[str, Any]:
    """The answer's JSON object.

    Args:
        status: HTTP status.
        body: the whole body, unpacked.
        manifest: the error table.
        account: tells whose token was used, when an error needs it.

    Raises:
        MusicCogError: the class that the table names for the answer's code, or for its HTTP status.
        Unreachable: the server failed, or a gateway answered in its place.
        BrokenAnswer: the body is no JSON object.
    """
    payload = _parse(body)
    code = _code(payload) if payload is not None else None
    detail = _detail(payload) if payload is not None else ""
    if code is not None:
        return _raise(coded_error(code, detail, manifest=manifest, account=account(), status=status))
    if status >= 400:
        return _raise(_status_error(status, detail, manifest=manifest, account=account()))
    if payload is None:
        raise BrokenAnswer(
            "The answer is not from the backend's API.",
            hint="A login page of a network or a proxy may be in between.",
            status=status,
        )
    return payload


def coded_error(
    code: int | str, detail: str, *, manifest: Manifest, account: Account, status: int | None = None
) -> MusicCogError:
    """The typed error of a code, with the words that fit the account."""
    number = code if isinstance(code, int) else 0
    words = redact(clean_text(detail))[:_LONGEST_DETAIL]
    if number == 1001:
        variant = "given" if account.given else ""
    else:
        variant = "anonymous" if account.anonymous and account.register_link else ""
    error = manifest.error(number, account=variant, register_link=account.register_link, detail=words, status=status)
    error.code = code
    return error


def _raise(error: MusicCogError) -> dict[str, Any]:
    raise error


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _code(payload: Mapping[str, Any]) -> int | str | None:
    """The code of a failure, wherever the answer keeps it; None for success."""
    for place in (payload, payload.get("detail"), payload.get("error")):
        code = place.get("code") if isinstance(place, dict) else None
        if isinstance(code, str) and code.isdecimal() and len(code) < 10:
            code = int(code)
        if code is not None and not isinstance(code, bool) and code not in (0, 200):
            return code if isinstance(code, int) else str(code)
    return "error" if payload.get("success") is False else None


def _detail(payload: Mapping[str, Any]) -> str:
    for name in ("message", "msg", "detail", "error", "errorMessage"):
        value = payload.get(name)
        if isinstance(value, dict):
            value = value.get("message") or value.get("msg")
        if isinstance(value, list):
            value = "; ".join(str(item.get("msg", item)) if isinstance(item, dict) else str(item) for item in value[:5])
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _status_error(status: int, detail: str, *, manifest: Manifest, account: Account) -> MusicCogError:
    """The error of an answer without a code, as ADK and gateways send them."""
    if status >= 500:
        # Of a server that failed, or a gateway in its place, nobody knows whether the work was done.
        return Unreachable(
            f"The backend cannot answer at the moment (HTTP status {status}).",
            hint="Try again in a minute.",
            status=status,
            sent=True,
        )
    code = 1002 if status == 404 and _NO_SESSION.search(detail) else manifest.code_for_status(status)
    return coded_error(
        status if code is None else code,
        detail or ("" if code is not None else f"HTTP status {status}"),
        manifest=manifest,
        account=account,
        status=status,
    )
