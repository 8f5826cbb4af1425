"""Fixtures: a well-behaved backend and a desk to run actions at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.backends import VIDEO, Desk, good_backend
from tests.peers import Peer


@pytest.fixture
def desk(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk before a backend that does everything right."""
    good_backend(peer)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return Desk(peer.url, tmp_path)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A file that looks like a video."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(VIDEO)
    return path


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A file that looks like a song."""
    path = tmp_path / "song.wav"
    path.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64))
    return path
