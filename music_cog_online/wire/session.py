"""Everything that a call needs, put together for one backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from music_cog_online.clock import Clock
from music_cog_online.errors import BackendRefused, MusicCogError
from music_cog_online.manifest import Manifest
from music_cog_online.settings import Secret, Settings
from music_cog_online.store import Store, fresh_client_id
from music_cog_online.wire.answers import Account
from music_cog_online.wire.attribution import attribution
from music_cog_online.wire.endpoints import Api
from music_cog_online.wire.models import TokenGrant
from music_cog_online.wire.tokens import AnonymousToken, GivenToken, TokenSource
from music_cog_online.wire.transport import Transport

__all__ = ["open_api"]


def open_api(
    url: str,
    *,
    manifest: Manifest,
    settings: Settings,
    store: Store,
    clock: Clock,
    given: Secret | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> Api:
    """The API of the backend at `url`; nothing is sent yet.

    Args:
        url: address of the backend.
        manifest: tables and attribution.
        settings: client id, platform and web address.
        store: the store of this very backend: its token is used, and no token goes from it to another.
        clock: waits.
        given: the user's own token, where this backend may have it. It may where the user named the backend's address
            together with the token, and on the cloud; the studio issues tokens of its own.
        on_wait: told a sentence before a wait that is worth knowing.

    Raises:
        UsageError: an address that may not be talked to.
    """
    opening = _Opening(manifest, settings, store)
    tokens: TokenSource = GivenToken(given) if given is not None else AnonymousToken(store, opening.issue)
    transport = Transport(
        url,
        manifest=manifest,
        headers=attribution(manifest, skill_source=settings.skill_source),
        tokens=tokens,
        clock=clock,
        account=lambda: opening.account(tokens),
        on_wait=on_wait,
    )
    opening.api = Api(transport)
    return opening.api


@dataclass(slots=True)
class _Opening:
    """What the token source and the error table ask back for."""

    manifest: Manifest
    settings: Settings
    store: Store
    api: Api | None = None
    asking: bool = False

    def issue(self) -> TokenGrant:
        """Ask for the free token; a client id that the backend does not take is replaced once."""
        assert self.api is not None  # noqa: S101 - for the type checker
        client_id = self.store.client_id(self.settings.client_id)
        try:
            return self.api.anonymous_token(client_id)
        except BackendRefused as refusal:
            if refusal.code != 400:
                raise
        grant = self.api.anonymous_token(fresh_client_id())
        self.store.set_client_id(grant.client_id)
        return grant

    def account(self, tokens: TokenSource) -> Account:
        """Whose token it is, and where an anonymous account is registered."""
        session = self.store.session()
        # The token's account is known for the free token alone; a session may have been opened with the user's own.
        user_id = (session.user_id if session else "") or ("" if tokens.given else self.store.user_id())
        if session is not None and not user_id:
            user_id = self._ask_state(session.session_id)
        anonymous = tokens.anonymous(user_id)
        link = ""
        if anonymous:
            web = self.settings.web_url or self.manifest.urls.web
            link = self.manifest.urls.register.format(web=web, user_id=quote(user_id, safe=""))
        return Account(given=tokens.given, anonymous=anonymous, register_link=link)

    def _ask_state(self, session_id: str) -> str:
        """The account id that the state answer names, or an empty string."""
        # An error of this very question must not ask it again.
        if self.asking or self.api is None:
            return ""
        self.asking = True
        try:
            return self.api.state(session_id).user_id
        except MusicCogError:
            return ""
        finally:
            self.asking = False
