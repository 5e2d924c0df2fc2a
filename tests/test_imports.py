"""Arrows point one way: no module imports one that imports it, not even inside a function."""

from __future__ import annotations

import ast
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
