r"""A scripted peer: real HTTP over a real socket, able to misbehave.

A route answers with a list of steps, one after the other for one request after the other; the last one stays. A step
is an `Answer`, or a function from the `Request` to one. An answer's body is bytes, or bytes, `Wait` and `DROP` in turn:

    peer.route("GET", "/api/credits/balance/simple", ok({"available": 100}))
    peer.route("POST", "/run_sse", sse(b'data: {"a"', Wait(0.1), b':1}\n\n', DROP))
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["DROP", "Answer", "Peer", "Request", "Wait", "code", "html", "ok", "sse"]


@dataclass(frozen=True)
class Wait:
    """Pause for real seconds, or less when the peer closes."""

    wait_s: float


class _Drop:
    """Reset the connection here."""


DROP = _Drop()
Piece = bytes | Wait | _Drop


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What goes out.

    Attributes:
        status: HTTP status.
        headers: header lines; `Content-Length` is added unless `length` is False or it is there.
        body: bytes, or pieces sent one by one.
        length: `True` adds the right Content-Length for a bytes body; `"chunked"` sends every piece as a chunk;
            `False` ends the body by closing.
        raw: if given, exactly these pieces are sent, status line and all.
        read_body: whether the request's body is read before answering.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[Piece] = b""
    length: bool | str = True
    raw: Iterable[Piece] | None = None
    read_body: bool = True


Step = Answer | Callable[[Request], Answer]


def ok(data: Any = None, *, headers: Mapping[str, str] | None = None, **top: Any) -> Answer:
    """`{"code": 0, "data": …}`."""
    return Answer(200, {"Content-Type": "application/json", **(headers or {})}, _dump({"code": 0, "data": data, **top}))


def code(number: int, *, status: int = 200, message: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """An error of the table."""
    body = _dump({"code": number, "message": message, "data": None})
    return Answer(status, {"Content-Type": "application/json", **(headers or {})}, body)


def html(status: int = 200) -> Answer:
    """A page of a captive portal."""
    return Answer(status, {"Content-Type": "text/html"}, b"<html><body>Sign in to the hotel's network</body></html>")


def sse(*pieces: Piece, headers: Mapping[str, str] | None = None, length: bool | str = "chunked") -> Answer:
    """An event stream of exactly these pieces."""
    return Answer(200, {"Content-Type": "text/event-stream; charset=utf-8", **(headers or {})}, pieces, length)


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


class Peer:
    """A server on a free port of this machine.

    Args:
        tls: speak https with this context.

    Attributes:
        url: its address.
        requests: every request that came whole, in order.
        begun: method and path of every request whose head came.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[Request] = []
        self.begun: list[tuple[str, str]] = []
        self._routes: dict[tuple[str, str], list[Step]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def route(self, method: str, path: str, *steps: Step) -> None:
        """Answer requests to `path` (`*` at the end stands for anything) with these steps, the last one for ever."""
        with self._lock:
            self._routes[method, path] = list(steps)

    def count(self, method: str, path: str) -> int:
        """How many requests for a path began."""
        return self.begun.count((method, path))

    def close(self) -> None:
        """Stop, and cut every connection."""
        self._stop.set()
        # Closing alone would leave accept() waiting.
        _shut(self._listener)
        self._listener.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            _shut(connection)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                while not self._stop.is_set() and self._one(connection, reader):
                    pass
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _one(self, connection: socket.socket, reader: Any) -> bool:
        head = reader.readline(65536).decode("latin-1").split()
        if len(head) != 3:
            return False
        method, path = head[0], head[1]
        headers: dict[str, str] = _Headers()
        while (line := reader.readline(65536).strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        self.begun.append((method, path))
        step = self._next(method, path)
        eager = isinstance(step, Answer) and not step.read_body
        body = b"" if eager else reader.read(int(headers.get("content-length", "0")))
        request = Request(method, path, headers, body)
        if not eager and len(body) == int(headers.get("content-length", "0")):
            self.requests.append(request)
        answer = step(request) if callable(step) else step
        return self._send(connection, answer)

    def _next(self, method: str, path: str) -> Step:
        with self._lock:
            bare = path.partition("?")[0]
            steps = self._routes.get((method, bare))
            if steps is None:
                fitting = [key for key in self._routes if key[0] == method and key[1].endswith("*")]
                found = next((key for key in fitting if bare.startswith(key[1][:-1])), None)
                steps = self._routes[found] if found else None
            if steps is None:
                return Answer(404, {"Content-Type": "application/json"}, b'{"detail":"Not Found"}')
            return steps.pop(0) if len(steps) > 1 else steps[0]

    def _send(self, connection: socket.socket, answer: Answer) -> bool:
        if answer.raw is not None:
            self._pieces(connection, answer.raw, lambda piece: piece)
            return False
        body = (answer.body,) if isinstance(answer.body, bytes) else answer.body
        headers = dict(answer.headers)
        if answer.length is True and isinstance(answer.body, bytes):
            headers.setdefault("Content-Length", str(len(answer.body)))
        elif answer.length == "chunked":
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Connection"] = "close"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"HTTP/1.1 {answer.status} Scripted\r\n{lines}\r\n".encode("latin-1"))
        if answer.length == "chunked":
            whole = self._pieces(connection, body, lambda piece: b"%x\r\n%s\r\n" % (len(piece), piece))
            if whole:
                connection.sendall(b"0\r\n\r\n")
            return whole
        stated = int(headers.get("Content-Length", -1))
        sent = self._pieces(connection, body, lambda piece: piece)
        return sent and isinstance(answer.body, bytes) and stated == len(answer.body)

    def _pieces(self, connection: socket.socket, pieces: Iterable[Piece], pack: Callable[[bytes], bytes]) -> bool:
        for piece in pieces:
            if self._stop.is_set():
                return False
            if isinstance(piece, Wait):
                self._stop.wait(piece.wait_s)
            elif isinstance(piece, _Drop):
                # A reset, not an orderly end: what a crash or a cut cable looks like.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            elif piece:
                connection.sendall(pack(piece))
        return True


class _Headers(dict[str, str]):
    """Header values by name, in any case."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
