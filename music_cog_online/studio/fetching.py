"""Files fetched from links that a user gives: public addresses only, within limits.

The name is resolved once, every address is checked, and the connection goes to the address that was checked, so that a
name cannot change its meaning in between; a redirect is treated like a new link.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

from music_cog_online.studio.errors import MediaRefused, MediaTooLarge
from music_cog_online.studio.names import clean_name

__all__ = ["Fetcher", "is_public"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT = "/?&=%:@!$'()*+,;~[]"
_BLOCK = 1 << 16
_LONGEST_URL = 4000


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: not loopback, private, link-local, multicast or reserved."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if isinstance(found, ipaddress.IPv6Address) and found in ipaddress.ip_network("64:ff9b::/96"):
        inner = ipaddress.ip_address(int(found) & 0xFFFFFFFF)
    if inner is not None and not is_public(str(inner)):
        return False
    return found.is_global and not found.is_multicast


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Downloads what a link leads to.

    Attributes:
        limit: Largest file in bytes.
        allowed: Says whether an address may be connected to.
        max_redirects: How many redirects are followed.
        total_s: Time for a whole download.
        silence_s: Longest wait for the next bytes.
    """

    limit: int
    allowed: Callable[[str], bool] = is_public
    max_redirects: int = 5
    total_s: float = 600.0
    silence_s: float = 20.0

    def fetch(self, url: str, write: Callable[[bytes], object]) -> str:
        """Hands the bytes behind `url` to `write`, block by block.

        Returns:
            A display name taken from the link.

        Raises:
            MediaRefused: The link is not http(s), leads to an address that is not public, or does not answer.
            MediaTooLarge: More than `limit` bytes.
        """
        deadline = time.monotonic() + self.total_s
        for _ in range(self.max_redirects + 1):
            with closing(self._connect(url)) as connection, closing(self._ask(connection, url)) as answer:
                if answer.status in _REDIRECTS:
                    url = urljoin(url, answer.getheader("Location") or "")
                    continue
                if answer.status != 200:
                    raise MediaRefused(f"The link answers with status {answer.status}.", hint="Check the link.")
                self._receive(answer, write, deadline, connection)
                return clean_name(unquote(urlsplit(url).path), default="download")
        raise MediaRefused("The link redirects too often.", hint="Use the direct link to the file.")

    def _connect(self, url: str) -> http.client.HTTPConnection:
        scheme, host, port = _parts(url)
        reason = ""
        for address in _addresses(host, port):
            if not self.allowed(address):
                raise MediaRefused(
                    "The link leads to a private address.", hint="Use a public link, or upload the file itself."
                )
            try:
                raw = socket.create_connection((address, port), timeout=self.silence_s)
            except OSError as exc:
                reason = exc.strerror or type(exc).__name__
                continue
            connection = http.client.HTTPConnection(host, port, timeout=self.silence_s)
            connection.sock = raw if scheme == "http" else _secured(raw, host)
            return connection
        raise MediaRefused(f"The link cannot be reached{f' ({reason})' if reason else ''}.", hint="Check the link.")

    def _ask(self, connection: http.client.HTTPConnection, url: str) -> http.client.HTTPResponse:
        split = urlsplit(url)
        path = quote(f"{split.path or '/'}{f'?{split.query}' if split.query else ''}", safe=_KEPT)
        try:
            connection.request("GET", path, headers={"Accept": "*/*", "Accept-Encoding": "identity"})
            return connection.getresponse()
        except (OSError, ValueError, http.client.HTTPException) as exc:
            raise MediaRefused("The link gives no proper answer.", hint="Check the link.") from exc

    def _receive(
        self,
        answer: http.client.HTTPResponse,
        write: Callable[[bytes], object],
        deadline: float,
        connection: http.client.HTTPConnection,
    ) -> None:
        too_large = MediaTooLarge(
            f"The file behind the link is larger than {self.limit // 2**20} MB.", hint="Compress or trim it."
        )
        if answer.length is not None and answer.length > self.limit:
            raise too_large
        received = 0
        for block in _blocks(answer, connection, deadline):
            received += len(block)
            if received > self.limit:
                raise too_large
            write(block)
        if answer.length:
            raise MediaRefused("The download broke off.", hint="Try again.")


def _blocks(
    answer: http.client.HTTPResponse, connection: http.client.HTTPConnection, deadline: float
) -> Iterator[bytes]:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise MediaRefused("The download takes too long.", hint="Upload the file itself.")
        with suppress(AttributeError, OSError):  # the socket belongs to the answer once the connection is to close
            connection.sock.settimeout(min(left, connection.timeout or left))
        try:
            block = answer.read1(_BLOCK)
        except (OSError, http.client.HTTPException) as exc:
            raise MediaRefused("The download broke off.", hint="Try again.") from exc
        if not block:
            return
        yield block


def _parts(url: str) -> tuple[str, str, int]:
    bad = MediaRefused("This is not an http(s) link.", hint="Give a link that starts with https://.")
    if len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        raise bad
    try:
        split = urlsplit(url)
        host, port = (split.hostname or "").encode("idna").decode("ascii"), split.port
    except ValueError as exc:
        raise bad from exc
    if split.scheme not in ("http", "https") or not host or split.username or split.password:
        raise bad
    return split.scheme, host, port or (443 if split.scheme == "https" else 80)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise MediaRefused("The link's host is not known.", hint="Check the link.") from exc
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _secured(raw: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        return ssl.create_default_context().wrap_socket(raw, server_hostname=host)
    except (OSError, ValueError) as exc:
        raw.close()
        raise MediaRefused("The link's certificate is not valid.", hint="Check the link.") from exc
