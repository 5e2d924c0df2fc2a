"""The first run on a machine without the model.

The hub on the loopback address has the real model file, and lets it trickle from where a test wants.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from app_helpers import started

from rag.engines.weights import DEFAULT, fetch, model_dir

_CHUNK, _TRICKLE = 1 << 20, 1 << 16


class ModelHub:
    """Sends the file up to `until` bytes as fast as it goes, and from there a little at a time, as a slow network."""

    def __init__(self, until: int) -> None:
        self.path: Path = fetch(DEFAULT, model_dir())
        self.ranges: list[str | None] = []
        self._until = until
        self._more = threading.Condition()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub._send(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def let_through(self, until: int = DEFAULT.size) -> None:
        """Sends as fast as it goes up to `until` bytes."""
        with self._more:
            self._until = until
            self._more.notify_all()

    def close(self) -> None:
        self.let_through()
        self._server.shutdown()
        self._server.server_close()

    def _send(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers["Range"]
        self.ranges.append(asked)
        at = int(asked[6:-1]) if asked else 0
        request.send_response(206 if at else 200)
        request.send_header("Content-Length", str(DEFAULT.size - at))
        if at:
            request.send_header("Content-Range", f"bytes {at}-{DEFAULT.size - 1}/{DEFAULT.size}")
        request.end_headers()
        try:
            with self.path.open("rb") as file:
                file.seek(at)
                while chunk := file.read(min(_CHUNK, self._allowed(at))):
                    request.wfile.write(chunk)
                    at += len(chunk)
        except OSError:
            pass  # the client went

    def _allowed(self, at: int) -> int:
        """How many bytes may go now."""
        with self._more:
            self._more.wait_for(lambda: self._until > at, timeout=0.2)
            return max(self._until - at, _TRICKLE)


@contextmanager
def model_hub(until: int) -> Iterator[ModelHub]:
    hub = ModelHub(until)
    try:
        yield hub
    finally:
        hub.close()


@contextmanager
def first_run(home: Path, folder: Path, hub: str) -> Iterator[str]:
    """`dateline ui` of somebody who has never used it; its address."""
    places = {"DATELINE_DATA_DIR": str(home / "data"), "DATELINE_CACHE_DIR": str(home / "cache"), "HF_ENDPOINT": hub}
    with started("--engine", "embedded", "--first-folder", str(folder), **places) as (url, _):
        yield url
