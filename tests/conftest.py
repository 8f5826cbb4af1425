"""Fixtures for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers import Peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A scripted server on this machine."""
    with Peer() as running:
        yield running
