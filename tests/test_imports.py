"""Arrows point one way: no module imports one that imports it, not even inside a function.

And what starts quickly loads nothing that it does not use.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for top in ("index", "rag", "evals", "web")
    for path in (ROOT / top).rglob("*.py")
} | {"ui": ROOT / "ui.py"}

_OF_THE_PAGE_AND_EVALS = {"fastapi", "gradio", "mcp", "pandas", "plotly", "scipy", "sklearn", "evals", "ui"}
_TO_READ = {"bs4", "dateparser", "docx", "lxml", "pdfminer", "trafilatura", "index.read", "index.sync"}
_TO_ANSWER = {"chromadb", "httpx", "llama_index", "ollama", "pydantic", "snowballstemmer", "xllamacpp"}
NOT_TO_SEARCH = _OF_THE_PAGE_AND_EVALS | _TO_READ | _TO_ANSWER
NOT_TO_OPEN = NOT_TO_SEARCH | {"onnxruntime", "tokenizers"}
NOT_TO_SPEAK = NOT_TO_OPEN | {"numpy", "rich"}
COMMAND = "from rag.cli import main; main()"
OPENED = "from rag import *; print(Assistant().article('000_cd28b6654e9fce99.txt').title)"


def imported(node: ast.AST) -> Iterator[str]:
    """What is imported at `node` or below; what only types need is not."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    if isinstance(node, ast.ImportFrom):
        named = (f"{node.module}.{name.name}" for name in node.names)
        yield from (name if name in MODULES else str(node.module) for name in named)
    for child in ast.iter_child_nodes(node):
        yield from imported(child)


def test_no_module_imports_one_that_imports_it() -> None:
    taken = {name: set(imported(ast.parse(path.read_text("utf-8")))) - {name} for name, path in MODULES.items()}
    try:
        TopologicalSorter({name: found & MODULES.keys() for name, found in taken.items()}).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize(
    ("code", "arguments", "said", "heavy", "seconds"),
    [
        (COMMAND, ["--version"], ", version ", NOT_TO_SPEAK, 1),
        (COMMAND, ["--help"], "Usage: ", NOT_TO_SPEAK, 1),
        (COMMAND, ["ui", "--help"], "Usage: ", NOT_TO_SPEAK, 1),
        (COMMAND, ["search", "coast of Latakia"], "Latakia", NOT_TO_SEARCH, 4),
        ("import rag; print(rag.__all__)", [], "Assistant", NOT_TO_SPEAK, 1),
        (OPENED, [], "Syrian insurgents", NOT_TO_OPEN, 2),
    ],
    ids=["version", "help", "help of a command", "search", "import", "an article"],
)
def test_what_starts_quickly_loads_only_what_it_needs(
    seeds_dir: Path, code: str, arguments: list[str], said: str, heavy: set[str], seconds: float
) -> None:
    """`seconds` of processor time are several times what it takes, so that a busy machine does not fail."""
    before = os.times()
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, *arguments],
        capture_output=True, text=True, check=True, env={**os.environ, "DATELINE_DATA_DIR": str(seeds_dir)},
    )  # fmt: skip
    after = os.times()
    assert said in told.stdout
    loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "rag" in loaded
    assert not heavy & loaded
    assert after.children_user + after.children_system - before.children_user - before.children_system < seconds
