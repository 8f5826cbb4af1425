"""Where the bearer token comes from, and what can be done when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from music_cog_online.errors import NotSignedIn
from music_cog_online.settings import Secret
from music_cog_online.store import Store
from music_cog_online.wire.models import TokenGrant

__all__ = ["AnonymousToken", "GivenToken", "TokenSource"]

_ANONYMOUS_PREFIX = "anon_"


class TokenSource(Protocol):
    """Gives the token for a call."""

    given: bool

    def token(self) -> Secret:
        """The token to use now; asks for one if there is none."""
        ...

    def renew(self, refused: Secret, error: NotSignedIn) -> None:
        """Replace a token that the backend refused, or raise `error`."""
        ...

    def anonymous(self, user_id: str) -> bool:
        """The account is anonymous, as far as its id tells (which may be empty)."""
        ...


class GivenToken:
    """The user's own token: used as it is, never replaced."""

    given = True

    def __init__(self, token: Secret) -> None:
        self._token = token

    def token(self) -> Secret:
        """The user's token."""
        return self._token

    def renew(self, refused: Secret, error: NotSignedIn) -> None:  # noqa: ARG002
        """Raise `error`: only the user can replace the token."""
        raise error

    def anonymous(self, user_id: str) -> bool:
        """The id says that the account is anonymous."""
        return user_id.startswith(_ANONYMOUS_PREFIX)


class AnonymousToken:
    """The free token: kept in the store of the backend that issued it, asked for when there is none.

    Args:
        store: the store of this backend, so that no token ever goes to another one.
        issue: asks the backend for a token for the client id of this machine.
    """

    given = False

    def __init__(self, store: Store, issue: Callable[[], TokenGrant]) -> None:
        self._store = store
        self._issue = issue

    def token(self) -> Secret:
        """The stored token, else a fresh one."""
        return self._store.token() or self._replace(None)

    def renew(self, refused: Secret, error: NotSignedIn) -> None:  # noqa: ARG002
        """Put a fresh token into the store, unless another command has done so already."""
        self._replace(refused)

    def anonymous(self, user_id: str) -> bool:
        """Always, unless the id shows that the account was registered since."""
        return not user_id or user_id.startswith(_ANONYMOUS_PREFIX)

    def _replace(self, refused: Secret | None) -> Secret:
        with self._store.sign_in_lock():
            kept = self._store.token()
            if kept is not None and kept != refused:
                return kept
            grant = self._issue()
            self._store.set_token(grant.token, user_id=grant.user_id, credits=grant.credits)
            return grant.token
