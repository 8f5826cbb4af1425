"""Who is calling: anonymous tokens, claim tokens and credits.

Tokens are kept as SHA-256 digests alone. Work on this machine costs nothing unless the studio meters.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from music_cog_online.studio.database import Database
from music_cog_online.studio.errors import RequestRefused

__all__ = ["EDIT_COST", "FREE_CREDITS", "TOKEN_LIFE_S", "Accounts", "Balance", "Grant"]

TOKEN_LIFE_S = 7 * 24 * 3600.0
"""A token lives seven days, and a client gets one in that time."""

FREE_CREDITS = 100
"""What a new account shows when nothing is metered."""

EDIT_COST = 50
"""Credits for editing in one session, when the studio meters."""

_LOST_ANSWER_S = 10.0
_CLIENT_ID_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Grant:
    """A new anonymous token.

    Attributes:
        token: The bearer token.
        user_id: The account, with the prefix ``anon_``.
        credits: What it can spend.
    """

    token: str
    user_id: str
    credits: int


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits of an account.

    Attributes:
        available: What can be spent now.
        frozen: What running work holds.
        metered: Whether anything is charged at all.
    """

    available: int
    frozen: int
    metered: bool


class Accounts:
    """Issues and checks tokens, holds and settles credits."""

    def __init__(self, database: Database, *, credits: int | None = None, now: Callable[[], float] = time.time) -> None:
        """Opens the accounts.

        Args:
            database: Where they are kept.
            credits: Credits of a new token when work is metered; None when it costs nothing.
            now: Seconds since the epoch.
        """
        self._database = database
        self._credits = credits
        self._now = now

    def anonymous(self, client_id: str) -> Grant:
        """Issues a token to a client.

        A client whose token has expired keeps its account. A token that no call ever carried, because its answer was
        lost on the way, gives way to a new one.

        Raises:
            RequestRefused: No client id (400), or the client has a token that is still valid (429).
        """
        client_id = client_id.strip()
        if not client_id or len(client_id) > _CLIENT_ID_LENGTH:
            raise RequestRefused("The header X-Client-Id is missing.", code=400, status=400, hint="Send a UUID in it.")
        now, start = self._now(), FREE_CREDITS if self._credits is None else self._credits
        token = f"nmv_usr_{secrets.token_urlsafe(32)}"
        client = _digest(client_id)
        with self._database.change() as sql:
            user = sql.execute("SELECT id, available FROM users WHERE client = ?", (client,)).fetchone()
            if user is None:
                user_id, available = f"anon_{secrets.token_hex(12)}", start
                sql.execute("INSERT INTO users VALUES (?, ?, ?, ?, 0)", (user_id, client, now, start))
            else:
                user_id, available = user["id"], max(user["available"], start)
                self._refuse_second(sql.execute(_VALID_TOKENS, (user_id, now)).fetchall(), now)
                sql.execute("DELETE FROM tokens WHERE user_id = ?", (user_id,))
                sql.execute("UPDATE users SET available = ? WHERE id = ?", (available, user_id))
            sql.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, 0)", (_digest(token), user_id, now, now + TOKEN_LIFE_S))
        return Grant(token, user_id, available)

    def authenticate(self, token: str) -> str:
        """The account that a bearer token belongs to.

        Raises:
            RequestRefused: The token is unknown or expired (1001).
        """
        row = self._database.row("SELECT user_id, expires, used FROM tokens WHERE hash = ?", _digest(token))
        if row is None or row["expires"] <= self._now():
            raise RequestRefused(
                "The token is unknown or has expired.", code=1001, status=401, hint="Ask for a new anonymous token."
            )
        if not row["used"]:
            with self._database.change() as sql:
                sql.execute("UPDATE tokens SET used = 1 WHERE hash = ?", (_digest(token),))
        return str(row["user_id"])

    def claim(self, user_id: str, session_id: str) -> tuple[str, int]:
        """A token that takes a session over into a browser, and its life in seconds."""
        token = f"clm_{secrets.token_urlsafe(24)}"
        with self._database.change() as sql:
            sql.execute("DELETE FROM claims WHERE expires <= ?", (self._now(),))
            expires = self._now() + TOKEN_LIFE_S
            sql.execute("INSERT INTO claims VALUES (?, ?, ?, ?)", (_digest(token), user_id, session_id, expires))
        return token, int(TOKEN_LIFE_S)

    def balance(self, user_id: str) -> Balance:
        """What an account has."""
        row = self._database.row("SELECT available, frozen FROM users WHERE id = ?", user_id)
        if row is None:
            return Balance(0, 0, self._credits is not None)
        return Balance(row["available"], row["frozen"], self._credits is not None)

    def hold(self, user_id: str, session_id: str) -> int:
        """Freezes what editing in a session costs, if it has not been paid yet.

        Returns:
            The credits held: 0 when nothing is metered or the session is paid.

        Raises:
            RequestRefused: There are not enough (2001).
        """
        if self._credits is None:
            return 0
        with self._database.change() as sql:
            session = sql.execute("SELECT charged FROM sessions WHERE id = ?", (session_id,)).fetchone()
            if session is None or session["charged"]:
                return 0
            paid = sql.execute(
                "UPDATE users SET available = available - ?1, frozen = frozen + ?1 WHERE id = ?2 AND available >= ?1",
                (EDIT_COST, user_id),
            )
            if paid.rowcount == 0:
                raise RequestRefused(
                    f"There are not enough credits: editing in a session costs {EDIT_COST}.",
                    code=2001,
                    status=403,
                    hint="Credits come back with the next weekly token.",
                )
            sql.execute("UPDATE sessions SET charged = 1 WHERE id = ?", (session_id,))
        return EDIT_COST

    def settle(self, user_id: str, session_id: str, held: int, *, spent: bool) -> None:
        """Ends a hold: the credits are spent, or given back when the work came to nothing."""
        if not held:
            return
        with self._database.change() as sql:
            back = 0 if spent else held
            sql.execute(
                "UPDATE users SET frozen = frozen - ?, available = available + ? WHERE id = ?", (held, back, user_id)
            )
            sql.execute("UPDATE sessions SET charged = ? WHERE id = ?", (int(spent), session_id))

    @staticmethod
    def _refuse_second(valid: list[sqlite3.Row], now: float) -> None:
        for row in valid:
            if row["used"] or now - row["created"] < _LOST_ANSWER_S:
                raise RequestRefused(
                    "This client has a token that is still valid.",
                    code=429,
                    status=429,
                    hint="One token a client in seven days: use the one you have.",
                )


_VALID_TOKENS = "SELECT created, used FROM tokens WHERE user_id = ? AND expires > ?"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
