"""The app for the tests of the page; a plugin, not imported."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from app_helpers import RIGHT, App, app_over, says
from ollama_double import slow
from page_steps import NAME, PATH, RUN, below
from run_helpers import kept, right, run_of


@pytest.fixture(scope="module")
def running(seeds_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    home = shutil.copytree(seeds_dir, tmp_path_factory.mktemp("page") / "data")
    (home / "runs").mkdir(exist_ok=True)
    kept(home / "runs", RUN, run_of(right("q1")))
    with app_over(home, names={NAME: PATH}) as app:
        yield app


@pytest.fixture
def gate() -> Iterator[Event]:
    """The model writes nothing while it is not set."""
    gate = Event()
    gate.set()
    yield gate
    gate.set()


@pytest.fixture
def app(running: App, gate: Event) -> App:
    running.ollama.chat = slow(gate, says(RIGHT))
    running.ollama.client_left.clear()
    return running


@pytest.fixture(params=[str, below], ids=["at its own address", "below a path"])
def anywhere(request: pytest.FixtureRequest, app: App) -> App:
    return app._replace(url=request.param(app.url))
