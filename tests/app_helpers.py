"""The whole app, served on a free port of the loopback address, and those who come to it."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import uvicorn
from checking import CheckedAssistant
from fastapi import FastAPI
from ollama_double import OllamaDouble, speaks

from rag.assistant import Assistant
from ui import build
from web import server
from web.access import Access, Proxy, own_names
from web.controller import Controller
from web.users import Users

MODEL = "qwen2.5-coder:1.5b"
QUESTION = "How far is Hama from Damascus?"
RIGHT = "Hama is about 200 kilometres (125 miles) north of Damascus."
QUOTED = "It is about 200 kilometres (125 miles) north of the capital"
PASSWORD = "open sesame"
HTML = {"Accept": "text/html"}


def says(text: Any) -> Any:
    """A model that writes `text` (or its pieces, as they come) to everything, and finds that the passages say so."""
    return speaks(lambda messages, options: text, first_token=lambda messages: {"Yes": -0.05, "No": -3.0})


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Waits for it; fails if it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def whole_app(assistant: Assistant, proxy: Proxy | None = None, names: Any = None, **options: Any) -> FastAPI:
    controller = Controller.of(assistant, **options)
    access = Access(Users(assistant.settings.data_dir / "access.db"), own_names("127.0.0.1", names or {}), proxy)
    return server.app(controller, build(controller), access)


@contextmanager
def served(assistant: Assistant, **options: Any) -> Iterator[str]:
    """The address of the app, for as long as the test runs."""
    with configured(server.configured(whole_app(assistant, **options), log_level="critical")) as url:
        yield url


@contextmanager
def configured(config: uvicorn.Config) -> Iterator[str]:
    """The address of what is served so, in a thread of its own."""
    listening = server._listen("127.0.0.1", 0)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until(lambda: running.started or not thread.is_alive(), seconds=60)
    assert running.started
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(10)


def on_ollama(data: Path, ollama: OllamaDouble, model: str = MODEL, **settings: Any) -> CheckedAssistant:
    return CheckedAssistant(data, "ollama", model, ollama_host=ollama.url, **settings)


class App(NamedTuple):
    """The app over the data directory `home`, with an Ollama double that says what the test wants."""

    url: str
    home: Path
    ollama: OllamaDouble


@contextmanager
def app_over(data: Path, **options: Any) -> Iterator[App]:
    """The model in it is right."""
    with OllamaDouble(chat=says(RIGHT)) as ollama, on_ollama(data, ollama) as dateline:
        with served(dateline, **options) as url:
            yield App(url, data, ollama)


@contextmanager
def process(home: Path, *options: str) -> Iterator[str]:
    """The address of `dateline ui` in a process of its own, over the data directory `home`; it fetches no model."""
    nothing = {"DATELINE_CACHE_DIR": str(home / "no-model"), "HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    with started("--engine", "embedded", "--data-dir", str(home), *options, **nothing) as (url, _):
        yield url


@contextmanager
def started(*options: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of `dateline ui`, and its process."""
    command = [sys.executable, "-m", "rag.cli", "ui", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | environment) as running:
        try:
            assert running.stderr is not None
            port = next(found[1] for line in running.stderr if (found := re.search(r"http://[\d.]+:(\d+)", line)))
            yield f"http://127.0.0.1:{port}", running
        finally:
            running.terminate()


@contextmanager
def with_the_real_model(folder: Path) -> Iterator[str]:
    """The address of the app over the articles in `folder`, on the embedded model, which is loaded."""
    with tempfile.TemporaryDirectory() as data, Assistant(data, "embedded") as assistant:
        assistant.index(folder)
        assistant.engine.count_tokens("loaded")
        with served(assistant) as url:
            yield url


def client(url: str, name: str = "", token: str = "", **options: Any) -> httpx.Client:
    """Somebody with a browser, who has logged in under `name`; with a `token`, a program."""
    headers = {"Authorization": f"Bearer {token}"} if token else HTML
    http = httpx.Client(**({"base_url": url, "trust_env": False, "headers": headers, "timeout": 60} | options))
    if name:
        login = {"name": name, "password": PASSWORD}
        http.cookies = httpx.post(f"{url}/login", data=login, trust_env=False).cookies
    return http
