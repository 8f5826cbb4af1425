"""YAML without its traps: no key twice, no key that is not text, the top a mapping."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from music_cog_online.errors import ManifestError

__all__ = ["load_mapping"]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, in C where there is one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping, refusing a key that stands twice or is no text."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if not isinstance(key, str):
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is no text", problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def load_mapping(text: bytes, name: str) -> dict[str, Any]:
    """Parse a YAML mapping.

    Args:
        text: the file's bytes, UTF-8.
        name: the file's name, for messages.

    Raises:
        ManifestError: not YAML, or no mapping at the top.
    """
    try:
        loaded = yaml.load(text, Loader=_Loader)  # noqa: S506 - the loader is a safe one
    except yaml.MarkedYAMLError as exc:
        where = f" (line {exc.problem_mark.line + 1})" if exc.problem_mark else ""
        raise ManifestError(f"{name}: {exc.problem or exc.context}{where}") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise ManifestError(f"{name}: not readable as YAML: {exc}") from exc
    if not isinstance(loaded, dict):
        raise ManifestError(f"{name}: not a mapping of keys to values")
    return loaded
