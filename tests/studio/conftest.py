"""Fixtures of the studio's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.studio.desk import Desk, desk_in


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes a desk; what is known of a file is told under its name, with two underscores for the dot."""
    with ThreadPoolExecutor(1) as executor:
        yield lambda **seen: desk_in(tmp_path, executor, {name.replace("__", "."): what for name, what in seen.items()})
