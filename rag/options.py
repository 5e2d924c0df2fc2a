"""The options that stand at every command that answers: those of `rag.cli`, and those of the evals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --data-dir, --engine and --model."""
    for option in (
        click.option("--model", metavar="NAME|FILE", help="An Ollama model, or the path of a GGUF file."),
        click.option("--engine", type=click.Choice(["auto", "ollama", "embedded"]), help="What writes the answer."),
        click.option("--data-dir", type=click.Path(path_type=Path), help="Where the index and the runs of evals live."),
    ):
        command = option(command)
    return command
