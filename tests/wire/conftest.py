"""A client of the scripted peer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from music_cog_online.clock import Clock
from music_cog_online.manifest import Manifest, load_manifest
from music_cog_online.settings import Secret, Settings
from music_cog_online.store import Store
from music_cog_online.wire.endpoints import Api
from music_cog_online.wire.session import open_api
from music_cog_online.wire.urls import backend_key
from tests.peers import Peer, ok

ApiFactory = Callable[..., Api]


class SteppedClock(Clock):
    """A clock whose waits take no time and are written down."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    def sleep(self, wait_s: float) -> None:
        self.slept.append(wait_s)


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return load_manifest()


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def store(tmp_path: Path, peer: Peer) -> Store:
    return Store(tmp_path / "home", backend_key(peer.url), config_dir=tmp_path / "config")


@pytest.fixture
def api_for(tmp_path: Path, peer: Peer, manifest: Manifest, clock: SteppedClock, store: Store) -> Iterator[ApiFactory]:
    """Make an Api; `token` is the user's own, without one the peer is asked for a free token."""
    made: list[Api] = []

    def make(*, token: str | None = None, clock: Clock = clock, **environ: str) -> Api:
        settings = Settings.from_environ({"HOME": str(tmp_path), "MUSIC_COG_HOME": str(tmp_path), **environ})
        given = Secret(token) if token else None
        made.append(open_api(peer.url, manifest=manifest, settings=settings, store=store, clock=clock, given=given))
        return made[-1]

    peer.route("POST", "/api/auth/anonymous-token", *(ok({"token": f"nmv_usr_{n}", "credits": 100}) for n in (1, 2, 3)))
    yield make
    for api in made:
        api.transport.close()


@pytest.fixture
def api(api_for: ApiFactory) -> Api:
    return api_for(token="nmv_usr_given")
