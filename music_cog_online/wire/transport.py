"""The one place that sends HTTP: attribution, sign-in, retries, limits, and errors that are ours."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests import exceptions as foreign
from urllib3 import exceptions as lower

from music_cog_online.clock import Clock
from music_cog_online.errors import BrokenAnswer, MusicCogError, NotSignedIn, RateLimited, Unreachable, UsageError
from music_cog_online.manifest import Manifest
from music_cog_online.settings import Secret
from music_cog_online.text import hide
from music_cog_online.wire import retry
from music_cog_online.wire.answers import Account, judge
from music_cog_online.wire.tokens import TokenSource
from music_cog_online.wire.urls import check_address, is_loopback, same_origin

__all__ = ["Attempts", "Call", "Transport", "read_body", "translated"]

_REDIRECTS = {301, 302, 303, 307, 308}
_CHUNK = 65536
# A shorter wait is over before anybody has read about it.
_WORTH_TELLING_S = 3
# An answer that comes drop by drop may take so many times as long as the server may be silent.
_DRIP = 4
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API.

    Attributes:
        method: HTTP method.
        url: path below the backend's address, or an absolute address.
        json: body as JSON.
        body: makes the body afresh for each try, with its content type.
        headers: further headers.
        signed: carries the bearer token.
        repeatable: may be made twice without harm; GETs always are.
        silence_s: how long the server may say nothing.
        shortest_s: real seconds that no time scale makes this silence shorter than.
        anywhere: a redirect may lead to another host: a finished file may lie there, an answer of the API may not.
    """

    method: str
    url: str
    json: Mapping[str, Any] | None = None
    body: Callable[[], tuple[Any, str]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    signed: bool = True
    repeatable: bool = False
    silence_s: float | None = None
    shortest_s: float | None = None
    anywhere: bool = False


class Transport:
    """Sends calls to one backend.

    Args:
        base_url: address of the backend: https, or http to this machine.
        manifest: error table, limits and intervals.
        headers: the attribution headers, sent with every call to this backend and to no other.
        tokens: gives the bearer token.
        clock: waits.
        session: connection pool; a fresh one if not given.
        account: tells the user's account id and the link that registers it, when an error needs them.
        on_wait: told a sentence before a wait that is worth knowing.

    Raises:
        UsageError: an address that may not be talked to.
    """

    def __init__(
        self,
        base_url: str,
        *,
        manifest: Manifest,
        headers: Mapping[str, str],
        tokens: TokenSource,
        clock: Clock,
        session: requests.Session | None = None,
        account: Callable[[], Account] = Account,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        self.base_url = check_address(base_url.rstrip("/"), what="The backend's address")
        self.manifest = manifest
        self.tokens = tokens
        self.clock = clock
        self.account = account
        self._headers = dict(headers)
        self._session = session if session is not None else requests.Session()
        self.on_wait = on_wait

    def call(self, call: Call) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Make a call: its JSON answer and the answer's headers.

        Raises:
            MusicCogError: what the answer, or its absence, means.
        """
        return self.attempt(call, self._whole)

    def attempt(self, call: Call, use: Callable[[requests.Response], _Answer]) -> _Answer:
        """Make a call, again where the protocol says so, and give its answer to `use`."""
        attempts = Attempts(self, call)
        while True:
            with attempts.trying() as token, self.send(call, token) as response:
                return use(response)

    def send(self, call: Call, token: Secret | None) -> requests.Response:
        """Send one request; follow redirects of a GET. Token and attribution go to the backend's own address only.

        Raises:
            Unreachable: no answer; `sent` tells whether the request may have left.
            BrokenAnswer: a redirect that is not followed.
        """
        url = self._allowed(self.base_url, self.absolute(call.url))
        for _ in range(self.manifest.limits.max_redirects + 1):
            response = self._send_once(call, url, token)
            target = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or not target:
                return response
            response.close()
            if call.method != "GET":
                raise BrokenAnswer("The backend redirects the request, which is not part of its API.")
            here, url = url, self._allowed(url, urljoin(url, target))
            if not (call.anywhere or same_origin(here, url)):
                raise BrokenAnswer("The backend redirects to another host, which is not followed.")
        raise BrokenAnswer("The backend redirects in a circle.")

    def absolute(self, url: str) -> str:
        """The full address of a path; an absolute address comes back as it is."""
        return url if urlsplit(url).scheme else self.base_url + "/" + url.lstrip("/")

    def judge(self, response: requests.Response) -> dict[str, Any]:
        """The JSON object of an answer, or the error that it means."""
        longest_s = _DRIP * self.manifest.intervals.answer_timeout_s
        body = _unechoed(response, read_body(response, self.manifest.limits.max_answer_bytes, longest_s))
        try:
            return judge(response.status_code, body, manifest=self.manifest, account=self.account)
        except MusicCogError as error:
            hint_s = retry.server_hint_s(response.headers, now=self.clock.now())
            if hint_s is not None:
                error.data["retry_after_s"] = hint_s
            raise

    def wait(self, message: str, wait_s: float) -> None:
        """Say so, then wait; `message` names one of the manifest's sentences, or is empty for none."""
        if self.on_wait is not None and message:
            self.on_wait(self.manifest.messages[message].format(wait=f"{wait_s:g} s"))
        self.clock.sleep(wait_s)

    def close(self) -> None:
        """Close idle connections. The next request opens a new one: it meets none that the server has given up on."""
        self._session.close()

    def _whole(self, response: requests.Response) -> tuple[dict[str, Any], Mapping[str, str]]:
        return self.judge(response), response.headers

    def _send_once(self, call: Call, url: str, token: Secret | None) -> requests.Response:
        headers = {"Accept": "application/json", "User-Agent": "music-cog-online", **call.headers}
        if same_origin(url, self.base_url):
            headers |= self._headers
            if token is not None:
                headers["Authorization"] = f"Bearer {token.reveal()}"
        data = None
        if call.body is not None:
            data, headers["Content-Type"] = call.body()
        request = requests.Request(call.method, url, headers=headers, data=data, json=call.json, auth=_keep_headers)
        with translated():
            prepared = self._session.prepare_request(request)
            return self._session.send(
                prepared, timeout=self._timeout(call), allow_redirects=False, stream=True, **self._route(url)
            )

    def _route(self, url: str) -> dict[str, Any]:
        """Proxies and certificates of the environment; none for this machine."""
        if is_loopback(urlsplit(url).hostname or ""):
            return {"proxies": {}, "verify": True}
        route = self._session.merge_environment_settings(url, {}, True, None, None)
        return {"proxies": route["proxies"], "verify": route["verify"]}

    @staticmethod
    def _allowed(source: str, target: str) -> str:
        """The address that `source` named, unless it is unsafe or lets a stranger reach into this machine."""
        try:
            check_address(target, what="The address that the backend named")
        except UsageError as exc:
            raise BrokenAnswer(exc.message, hint=exc.hint) from exc
        if is_loopback(urlsplit(target).hostname or "") and not is_loopback(urlsplit(source).hostname or ""):
            raise BrokenAnswer("The backend named an address on this machine, which is not followed.")
        return target

    def _timeout(self, call: Call) -> tuple[float, float]:
        """Real seconds for connecting and for silence: scaled, but never so short that a network misses it."""
        intervals = self.manifest.intervals
        silence_s = intervals.answer_timeout_s if call.silence_s is None else call.silence_s
        shortest_s = intervals.shortest_timeout_s if call.shortest_s is None else call.shortest_s
        connect_s, real_s = self.clock.real_s(intervals.connect_timeout_s), self.clock.real_s(silence_s)
        return (
            max(connect_s, min(intervals.connect_timeout_s, intervals.shortest_timeout_s)),
            max(real_s, min(silence_s, shortest_s)),
        )


class Attempts:
    """Counts the tries of one call and does what an error asks for before the next.

    1001 renews the token once, 429 waits once, a lost connection is tried again where that does no harm; everything
    else, and each of these a second time, is raised.
    """

    def __init__(self, transport: Transport, call: Call) -> None:
        self._transport = transport
        self._call = call
        self._token: Secret | None = None
        self._tried = 0
        self._renewed = False
        self._waited = False

    def sign(self) -> Secret | None:
        """The token for the next try; None for a call that carries none."""
        self._token = self._transport.tokens.token() if self._call.signed else None
        return self._token

    @contextmanager
    def trying(self) -> Iterator[Secret | None]:
        """A block that makes the call once, with the token that it gets.

        After an error that allows it, the caller's loop goes round again. Signing in makes tries of its own, so its
        errors are not tried again here.
        """
        token = self.sign()
        try:
            yield token
        except (NotSignedIn, RateLimited, Unreachable) as error:
            self.after(error)

    def after(self, error: MusicCogError) -> None:
        """Renew, wait, or raise `error`."""
        transport, intervals = self._transport, self._transport.manifest.intervals
        hint_s = error.data.get("retry_after_s")
        self._tried += 1
        if isinstance(error, NotSignedIn) and self._token is not None and not self._renewed:
            self._renewed = True
            transport.tokens.renew(self._token, error)
            transport.wait("signing_in_again", 0)
        elif isinstance(error, RateLimited) and not self._waited:
            wait_s = intervals.rate_limit_wait_s if hint_s is None else hint_s
            if wait_s > intervals.longest_wait_s:
                raise error
            self._waited = True
            transport.wait("rate_limited", wait_s)
        elif isinstance(error, Unreachable) and retry.whether(
            error,
            repeatable=self._call.repeatable or self._call.method == "GET",
            tried=self._tried,
            intervals=intervals,
        ):
            wait_s = retry.how_long_s(self._tried, hint_s, intervals)
            transport.wait("retrying" if wait_s >= _WORTH_TELLING_S else "", wait_s)
        else:
            raise error


def read_body(response: requests.Response, limit: int, longest_s: float) -> bytes:
    """The whole body, unpacked.

    Raises:
        BrokenAnswer: more than `limit` bytes.
        Unreachable: it breaks off, or drips for longer than `longest_s` real seconds.
    """
    body = bytearray()
    began = time.monotonic()
    with translated():
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > limit:
                raise BrokenAnswer(f"The backend's answer is larger than {limit // 1_000_000} MB.")
            if time.monotonic() - began > longest_s:
                raise Unreachable("The backend's answer takes too long.", sent=True)
    return bytes(body)


def _unechoed(response: requests.Response, body: bytes) -> bytes:
    """The body without the token that the request carried: what is shown or kept of an answer never holds it."""
    token = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hide(body.decode(errors="replace"), token).encode() if token and token.encode() in body else body


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of requests and urllib3 into ours."""
    try:
        yield
    except (foreign.RequestException, lower.HTTPError) as exc:
        raise _ours(exc) from exc


def _ours(exc: Exception) -> MusicCogError:
    cause = exc.args[0] if exc.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(exc, foreign.InvalidURL | foreign.MissingSchema | foreign.InvalidSchema | foreign.InvalidHeader):
        return UsageError("The address or a header of the request cannot be used.")
    # Only this is known to strike before anything was sent; other TLS errors may come at any time.
    if _caused_by(exc, ssl.SSLCertVerificationError):
        return Unreachable(
            "The backend's TLS certificate cannot be verified, so nothing was sent.",
            hint="Check the address, this machine's clock and its certificates.",
            data={"final": True},
        )
    if isinstance(exc, foreign.ConnectTimeout) or isinstance(reason, lower.NewConnectionError):
        return Unreachable("The backend cannot be reached.", hint="Check the network connection and the address.")
    if isinstance(exc, foreign.ProxyError):
        return Unreachable("The network's proxy cannot be reached.", hint="Check HTTPS_PROXY.")
    if isinstance(exc, foreign.Timeout | lower.TimeoutError) or isinstance(reason, lower.ReadTimeoutError):
        return Unreachable("The backend did not answer in time.", hint="Try again in a minute.", sent=True)
    if isinstance(exc, foreign.ContentDecodingError | lower.DecodeError):
        return BrokenAnswer("The backend's answer is packed in a broken way.")
    return Unreachable("The connection to the backend broke off.", hint="Try again in a minute.", sent=True)


def _caused_by(exc: BaseException | None, kind: type[BaseException]) -> bool:
    """An error of this kind is what the error wraps, however often it was wrapped."""
    while exc is not None and not isinstance(exc, kind):
        exc = exc.__cause__ or exc.__context__
    return exc is not None


def _keep_headers(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """An auth that changes nothing: without one, requests would put ~/.netrc's password in the token's place."""
    return prepared
