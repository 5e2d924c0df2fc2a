"""Fixtures that several test files use: the real embedder, and an index of the seed articles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_fixtures import browser, browser_with_bars, page_of, playwright  # noqa: F401  (fixtures, found by their names)
from checking import CheckedAssistant
from commands import run  # noqa: F401
from engine_fixtures import chat_engine  # noqa: F401  (a fixture, found by its name)
from index_helpers import ROOT, written
from servers import Chroma, Postgres

from index.embed import TextEmbedder
from index.embedders import embedder
from index.places import Places
from index.store import ArticleIndex

Write = Callable[..., Path]

FAULTS = Path(__file__).parent / "faults"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(FAULTS):
            item.add_marker("faults")


@pytest.fixture(scope="session")
def embedding() -> TextEmbedder:
    """The embedding model that is used unless another is named, loaded once."""
    return embedder()


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of the seed articles."""
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def seeds_dir(embedding: TextEmbedder, seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which the seeds are indexed, to be read only."""
    path = tmp_path_factory.mktemp("seeds-data")
    with ArticleIndex(path, embedding) as index:
        index.sync(seeds)
    return path


@pytest.fixture(scope="session")
def seed_index(embedding: TextEmbedder, seeds_dir: Path) -> Iterator[ArticleIndex]:
    """An index of the seed articles, to be read only."""
    with ArticleIndex(seeds_dir, embedding) as index:
        yield index


@pytest.fixture(scope="session")
def asked(seeds_dir: Path) -> Iterator[CheckedAssistant]:
    """The seeds and the real embedded model, on one thread: see `chat_engine`."""
    with CheckedAssistant(seeds_dir, "embedded", threads=1, timeout=300) as assistant:
        yield assistant


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    """A Chroma server, which stays."""
    server = Chroma(tmp_path_factory.mktemp("chroma"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL, which stays."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


SETUPS = ["embedded", "servers"]
WHOLE_PATHS = ("test_search", "test_store", "test_sync", "test_uploads")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The whole paths are tried over both set-ups: all in the data directory, and all on servers."""
    if "places" in metafunc.fixturenames and metafunc.module.__name__ in WHOLE_PATHS:
        alone = metafunc.definition.get_closest_marker("embedded")
        metafunc.parametrize("places", SETUPS[:1] if alone else SETUPS, indirect=True)


def places_of(request: pytest.FixtureRequest) -> Places:
    if getattr(request, "param", "embedded") == "embedded":
        return Places()
    chroma, postgres = (request.getfixturevalue(name) for name in ("chroma", "postgres"))
    return Places(catalog_url=postgres.new_database(), chroma_url=chroma.url)


@pytest.fixture
def places(request: pytest.FixtureRequest) -> Places:
    """Where the index of a test is: with nothing in it yet."""
    return places_of(request)


@pytest.fixture
def index(embedding: TextEmbedder, tmp_path: Path, places: Places) -> Iterator[ArticleIndex]:
    """An index below `tmp_path / "data"`, or on servers, with nothing in it."""
    with ArticleIndex(tmp_path / "data", embedding, places) as index:
        yield index


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty corpus folder."""
    path = tmp_path / "articles"
    path.mkdir()
    return path


@pytest.fixture
def indexed(index: ArticleIndex, folder: Path) -> ArticleIndex:
    """An index of one article, in which a minister resigned."""
    written(folder, "a.txt", "The minister resigned.")
    index.sync(folder)
    return index


@pytest.fixture
def write(folder: Path) -> Write:
    """write("a.txt", "text", date="2024-12-05") puts a native article into the corpus folder."""
    return lambda name, text, date=None: written(folder, name, f" date {date} {text}" if date else text)
