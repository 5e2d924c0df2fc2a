"""The whole app, served on a free port of the loopback address, as a test needs it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from ollama_double import speaks

from rag.assistant import Assistant
from ui import build
from web import server
from web.conversations import Conversations
from web.desk import Desk
from web.users import Users

HOSTS = ["127.0.0.1", "localhost"]
QUESTION = "How far is Hama from Damascus?"
RIGHT = "Hama is about 200 kilometres (125 miles) north of Damascus."
QUOTED = "It is about 200 kilometres (125 miles) north of the capital"


def says(text: Any) -> Any:
    """A model that writes `text` (or its pieces, as they come) to everything, and finds that the passages say so."""
    return speaks(lambda messages, options: text, first_token=lambda messages: {"Yes": -0.05, "No": -3.0})


def endless() -> Iterator[str]:
    """Words, one after another, for as long as somebody listens."""
    for number in itertools.count():
        time.sleep(0.02)
        yield f" word{number}"


def whole_app(assistant: Assistant) -> FastAPI:
    conversations = Conversations(assistant.settings.data_dir / "conversations.db")
    desk = Desk(assistant, conversations)
    users = Users(assistant.settings.data_dir / "access.db")
    return server.app(assistant, conversations, desk.line, build(desk), users, HOSTS)


@contextmanager
def served(assistant: Assistant) -> Iterator[str]:
    """The address of the app, for as long as the test runs."""
    listening = server._listen("127.0.0.1", 0)
    running = uvicorn.Server(uvicorn.Config(whole_app(assistant), log_level="error", timeout_graceful_shutdown=1))
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
