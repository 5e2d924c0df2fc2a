"""The chat model, loaded once for all the tests that need it; and what an engine says, to its end."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from rag.engines.base import Completion
from rag.engines.embedded import EmbeddedEngine
from rag.engines.weights import DEFAULT, fetch, model_dir


@pytest.fixture(scope="session")
def chat_engine() -> Iterator[EmbeddedEngine]:
    """The embedded engine with the default model, fetched if it is not here.

    One thread: with two, another busy process makes llama.cpp ten times slower.
    """
    engine = EmbeddedEngine(fetch(DEFAULT, model_dir()), threads=1, timeout=300)
    yield engine
    engine.close()


def spoken(stream: Generator[str, None, Completion]) -> tuple[str, Completion]:
    """The whole text, and what the generator returned."""
    pieces = []
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            return "".join(pieces), end.value
