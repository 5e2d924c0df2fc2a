"""Hubs and package indexes on the loopback address; and the first run on a machine without the model.

There the hub has the real model file, and lets it trickle from where a test wants.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rag.engines.weights import DEFAULT, fetch, model_dir


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """The address of a server that answers each GET so."""
    methods = {"do_GET": lambda request: answer(request), "log_message": lambda *_: None}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (BaseHTTPRequestHandler,), methods))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def send(request: BaseHTTPRequestHandler, kind: str, size: int, pieces: Callable[[int], Iterable[bytes]]) -> None:
    """Sends `size` bytes, or those that are asked for; `pieces(at)` are the bytes from `at` on."""
    at = int((request.headers["Range"] or "bytes=0-")[6:-1])
    request.send_response(206 if at else 200)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(size - at))
    if at:
        request.send_header("Content-Range", f"bytes {at}-{size - 1}/{size}")
    with suppress(OSError):  # the client went
        request.end_headers()
        for piece in pieces(at):
            request.wfile.write(piece)


class ModelHub:
    """Sends the file as fast as it goes, and from `until` bytes on a little at a time, as a slow network."""

    def __init__(self, until: int) -> None:
        self.ranges: list[str | None] = []
        self.url = ""
        self._path = fetch(DEFAULT, model_dir())
        self._until = until
        self._through = threading.Event()

    def let_through(self) -> None:
        """Sends all of it as fast as it goes."""
        self._through.set()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.ranges.append(request.headers["Range"])
        send(request, "application/octet-stream", DEFAULT.size, self._pieces)

    def _pieces(self, at: int) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            file.seek(at)
            while chunk := file.read(1 << 20 if at < self._until or self._through.is_set() else 1 << 16):
                if at >= self._until:
                    self._through.wait(0.2)  # the pace of a slow network, until it is let through
                yield chunk
                at += len(chunk)


@contextmanager
def model_hub(until: int) -> Iterator[ModelHub]:
    hub = ModelHub(until)
    with serving(hub.answer) as hub.url:
        yield hub


@contextmanager
def first_run(home: Path, folder: Path, hub: str) -> Iterator[str]:
    """`dateline ui` of somebody who has never used it; its address."""
    from app_helpers import started  # takes seconds to load

    places = {"DATELINE_DATA_DIR": str(home / "data"), "DATELINE_CACHE_DIR": str(home / "cache"), "HF_ENDPOINT": hub}
    with started("--engine", "embedded", "--first-folder", str(folder), **places) as (url, _):
        yield url
