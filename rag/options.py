"""The options that stand at every command that answers, and the assistant that they choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rag.assistant import Assistant


def together(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """One decorator that adds all these options, the last of them first in the help."""
    return lambda command: reduce(lambda made, option: option(made), options, command)


common_options = together(
    click.option(
        "--model",
        metavar="NAME|FILE",
        help="A model of Ollama or the server, the path of a GGUF file, or hf:OWNER/REPO/FILE.gguf of a model hub.",
    ),
    click.option("--base-url", metavar="URL", help="The server of --engine openai: http://127.0.0.1:8000/v1."),
    click.option(
        "--engine", type=click.Choice(["auto", "ollama", "openai", "embedded"]), help="What writes the answer."
    ),
    click.option("--data-dir", type=click.Path(path_type=Path), help="Where the index and the runs of evals live."),
)


index_options = together(
    click.option("--embedder", metavar="NAME", help="What makes vectors: static, minilm or ollama:NAME."),
    click.option("--chroma-url", metavar="URL", help="The vectors on a Chroma server: http://host:port."),
    click.option("--catalog-url", metavar="URL", help="The catalog in PostgreSQL: postgresql://user:password@host/db."),
)


@contextmanager
def opened(data_dir: Path | None, engine: str | None, model: str | None, **settings: Any) -> Iterator[Assistant]:
    """The assistant of these options; what it fetches is told on stderr."""
    from rag.assistant import Assistant
    from rag.terminal import byte_progress

    with byte_progress() as progress:
        with Assistant(data_dir, engine or "auto", model, progress=progress, **settings) as assistant:
            yield assistant
