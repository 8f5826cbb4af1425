"""Request bodies: read within bounds, parsed strictly, checked field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from starlette.requests import Request

from music_cog_online.studio.errors import RequestRefused

__all__ = ["MAX_BODY", "MAX_DRAFT_BODY", "BadBody", "array_of_text", "mapping", "read_json", "text"]

MAX_BODY = 256 * 1024
"""Longest ordinary body in bytes."""

MAX_DRAFT_BODY = 8 * 1024 * 1024
"""Longest body with a draft in bytes."""

_MAX_DEPTH = 60


class BadBody(Exception):
    """A body that is not what the call expects; the answer is 422 with its `detail`, as FastAPI gives it."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.detail = [{"type": "value_error", "loc": ["body", *filter(None, where.split("."))], "msg": problem}]


async def read_json(request: Request, *, limit: int = MAX_BODY) -> dict[str, Any]:
    """The JSON object in the body; an empty body counts as an empty object.

    Raises:
        RequestRefused: It is too long (413).
        BadBody: It is no JSON object, nests too deep, or holds text that is no Unicode.
    """
    raw = bytearray()
    async for block in request.stream():
        raw += block
        if len(raw) > limit:
            raise RequestRefused("The request is too long.", code=413, status=413, hint="Send less at once.")
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as exc:
        raise BadBody("", "is not valid JSON") from exc
    if not isinstance(value, dict):
        raise BadBody("", "is not a JSON object")
    if _depth(value) > _MAX_DEPTH:
        raise BadBody("", "nests too deep")
    return value


def text(body: Mapping[str, Any], key: str, *, default: str | None = None, longest: int = 10_000) -> str:
    """A field that holds text.

    Raises:
        BadBody: It is missing without a default, is no text, or is too long.
    """
    value = body.get(key, default)
    if not isinstance(value, str):
        raise BadBody(key, "is not a text" if key in body else "is missing")
    if len(value) > longest:
        raise BadBody(key, f"is longer than {longest} characters")
    return value


def mapping(body: Mapping[str, Any], key: str, *, needed: bool = True) -> dict[str, Any]:
    """A field that holds an object.

    Raises:
        BadBody: It is missing although `needed`, or is no object.
    """
    value = body.get(key)
    if value is None and not needed:
        return {}
    if not isinstance(value, dict):
        raise BadBody(key, "is not an object" if key in body else "is missing")
    return value


def array_of_text(body: Mapping[str, Any], key: str, *, most: int) -> list[str]:
    """A field that holds a list of texts, at least one.

    Raises:
        BadBody: It is something else, or holds more than `most`.
    """
    value = body.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise BadBody(key, "is not a list of texts")
    if len(value) > most:
        raise BadBody(key, f"holds more than {most}")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return deepest
