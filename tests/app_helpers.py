"""The whole app, served on a free port of the loopback address, as a test needs it."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from ollama_double import speaks

from rag.assistant import Assistant
from ui import build
from web import server
from web.access import Access, Proxy
from web.desk import Desk
from web.users import Users

HOSTS = {"127.0.0.1": "", "localhost": ""}
COMMAND = [sys.executable, "-m", "rag.cli", "ui", "--port", "0", "--engine", "embedded"]
QUESTION = "How far is Hama from Damascus?"
RIGHT = "Hama is about 200 kilometres (125 miles) north of Damascus."
QUOTED = "It is about 200 kilometres (125 miles) north of the capital"


def says(text: Any) -> Any:
    """A model that writes `text` (or its pieces, as they come) to everything, and finds that the passages say so."""
    return speaks(lambda messages, options: text, first_token=lambda messages: {"Yes": -0.05, "No": -3.0})


def endless(pause: float = 0.02) -> Iterator[str]:
    """Words, one after another, for as long as somebody listens; the double stops at the longest answer."""
    for number in itertools.count():
        time.sleep(pause)
        yield f" word{number}"


def until(true: Callable[[], bool], seconds: float = 5) -> None:
    """Waits for it; fails if it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def whole_app(assistant: Assistant, proxy: Proxy | None = None, **options: Any) -> FastAPI:
    desk = Desk.of(assistant, **options)
    return server.app(desk, build(desk), Access(Users(assistant.settings.data_dir / "access.db"), HOSTS, proxy))


@contextmanager
def served(assistant: Assistant, **options: Any) -> Iterator[str]:
    """The address of the app, for as long as the test runs."""
    listening = server._listen("127.0.0.1", 0)
    running = uvicorn.Server(
        uvicorn.Config(
            whole_app(assistant, **options), log_level="critical", timeout_graceful_shutdown=1, proxy_headers=False
        )
    )
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the app did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(10)


@contextmanager
def process(home: Path, *options: str, **environment: str) -> Iterator[str]:
    """The address of `dateline ui` in a process of its own, over the data directory `home`; it fetches no model."""
    nothing = {"DATELINE_CACHE_DIR": str(home / "no-model"), "HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    with subprocess.Popen(
        [*COMMAND, "--data-dir", str(home), *options],
        stderr=subprocess.PIPE, text=True, env=os.environ | nothing | environment,
    ) as running:  # fmt: skip
        try:
            assert running.stderr is not None
            port = next(found[1] for line in running.stderr if (found := re.search(r"http://[\d.]+:(\d+)", line)))
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
