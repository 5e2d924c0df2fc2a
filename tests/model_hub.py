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
    """Sends the file as fast as it goes, and from `until` bytes on a little at a time, unless it is let `through`."""

    def __init__(self, until: int) -> None:
        self.ranges: list[str | None] = []
        self.through = threading.Event()
        self._path, self._until = fetch(DEFAULT, model_dir()), until

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.ranges.append(request.headers["Range"])
        send(request, "application/octet-stream", DEFAULT.size, self._pieces)

    def _pieces(self, at: int) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            file.seek(at)
            while chunk := file.read(1 << 20 if at < self._until or self.through.is_set() else 1 << 16):
                if at >= self._until:
                    self.through.wait(0.2)  # the pace of a slow network
                yield chunk
                at += len(chunk)


@contextmanager
def first_run(home: Path, folder: Path, until: int) -> Iterator[tuple[str, ModelHub]]:
    """`dateline ui` of somebody who has never used it: its address, and the hub from which it gets the model."""
    from app_helpers import started  # takes seconds to load

    hub, places = ModelHub(until), {"DATELINE_DATA_DIR": str(home / "data"), "DATELINE_CACHE_DIR": str(home / "cache")}
    given = ("--engine", "embedded", "--first-folder", str(folder))
    with serving(hub.answer) as at, started(*given, HF_ENDPOINT=at, **places) as (url, _):
        yield url, hub
