"""A server on loopback that speaks bytes, whatever they are: for what no server of the kind would say.

with RawServer(lambda asked: [HEAD, b"half a li"]) as server:          # then it closes
with RawServer(lambda asked: drip(b"x" * 999)) as server:              # a byte now and then
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Self

Says = Callable[[bytes], Iterable[bytes | None]]
"""From a request's bytes to those of the answer; None at its end resets the connection."""
SECOND = 0.25
"""What a slow server takes for a second here."""


class RawServer:
    """On 127.0.0.1, for as long as the `with` lasts. `asked` has every request, whole."""

    def __init__(self, says: Says) -> None:
        self.asked = list[bytes]()
        self.left = threading.Event()
        """Set when a client goes before it has heard everything."""
        self._says = says
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open = list[socket.socket]()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in [self._listening, *self._open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            asked = _request(connection)
            self.asked.append(asked)
            for piece in self._says(asked):
                if piece is None:  # with nothing lingering, closing resets
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
                connection.sendall(piece)
        except OSError:
            self.left.set()
        connection.close()


def _request(connection: socket.socket) -> bytes:
    asked = b""
    while b"\r\n\r\n" not in asked and (more := connection.recv(65536)):
        asked += more
    head, _, body = asked.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]) and (more := connection.recv(65536)):
        asked, body = asked + more, body + more
    return asked


def head(status: str = "200 OK", kind: str = "application/x-ndjson", **more: str) -> bytes:
    """An HTTP/1.1 head; the body goes on until the connection closes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *(f"{name}: {value}" for name, value in more.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def drip(content: bytes) -> Iterator[bytes]:
    """A byte each SECOND."""
    for at in range(len(content)):
        yield content[at : at + 1]
        time.sleep(SECOND)


def silent(seconds: float = 20) -> Iterator[bytes]:
    """Nothing, for so long."""
    time.sleep(seconds)
    yield b""
