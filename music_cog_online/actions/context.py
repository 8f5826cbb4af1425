"""What an action works with; what it does not use is never made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from music_cog_online.actions.result import Teller
from music_cog_online.backend import Backend, Studio, choose
from music_cog_online.clock import Clock
from music_cog_online.manifest import Manifest
from music_cog_online.settings import Settings
from music_cog_online.store import Store

if TYPE_CHECKING:
    from music_cog_online.wire.endpoints import Api

__all__ = ["Context"]


class Context:
    """Everything around one command.

    Args:
        manifest: the skill's tables.
        settings: the environment as settings.
        environ: the environment itself, for processes that are started.
        teller: where to speak.
        backend: `--backend`, or None.

    Raises:
        UsageError: no such backend.
    """

    def __init__(
        self,
        *,
        manifest: Manifest,
        settings: Settings,
        environ: Mapping[str, str],
        teller: Teller,
        backend: str | None = None,
    ) -> None:
        self.manifest = manifest
        self.settings = settings
        self.environ = environ
        self.teller = teller
        self.clock = Clock(settings.time_scale)
        self.backend = self._known(choose(settings, backend, cloud_url=manifest.urls.api))

    def _known(self, chosen: Backend) -> Backend:
        """This home's own studio is the studio, also by its address: one token, one list of projects."""
        own = chosen.kind == "url" and chosen.local and self.studio.running() == chosen.url
        return choose(self.settings, "studio", cloud_url=self.manifest.urls.api) if own else chosen

    @cached_property
    def studio(self) -> Studio:
        """The studio on this machine; asking for its address starts it."""
        return Studio(self.settings.home, version=self.manifest.version, environ=self.environ)

    @cached_property
    def store(self) -> Store:
        """What must outlive the command, for this backend."""
        config_dir, say = self.settings.config_dir, self.teller.say
        return Store(self.settings.home, self.backend.key, config_dir=config_dir, on_warning=say)

    @cached_property
    def api(self) -> Api:
        """The backend's API; the studio is started where it is the backend and does not run yet.

        Raises:
            Unreachable: the studio cannot be started.
        """
        # Imported here: commands that only read the store need no HTTP.
        from music_cog_online.wire.session import open_api

        return open_api(
            self.backend.url or self.studio.url(),
            manifest=self.manifest,
            settings=self.settings,
            store=self.store,
            clock=self.clock,
            given=self.settings.token if self.backend.takes_token else None,
            on_wait=self.teller.say,
        )

    def revive(self) -> None:
        """Let the next call go to a fresh studio, where the studio is the backend and has gone."""
        if self.backend.kind == "studio" and self.studio.running() is None:
            self.__dict__.pop("api", None)

    @property
    def web_url(self) -> str:
        """Where links into the web pages lead."""
        return self.settings.web_url or self.manifest.urls.web
