"""Nothing leaves the machine, and nothing is left on it but Dateline's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from index_helpers import ROOT, in_a_namespace

from rag.engines.embedded import EmbeddedEngine
from rag.engines.weights import model_dir

NOSEY = ("ORT_", "ANONYMIZED_", "GRADIO_", "HF_", "OTEL_", "DO_NOT_TRACK", "XDG_", "DATELINE_", "OLLAMA_", "PYTEST_")


def at_home(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody whose home is empty, and who has said nothing about reports."""
    for name in ("home", "tmp"):
        (home / name).mkdir()
    mine = {name: value for name, value in os.environ.items() if not name.startswith(NOSEY)}
    paths = {"HOME": str(home / "home"), "TMPDIR": str(home / "tmp"), "PYTHONPATH": str(ROOT)}
    return mine | paths | {"PYTHONDONTWRITEBYTECODE": "1"} | more


def left_behind(home: Path) -> list[str]:
    """The files below it that are not in a folder of Dateline's own."""
    return [str(path) for path in home.rglob("*") if path.is_file() and "dateline" not in path.parts]


@pytest.mark.slow
def test_a_day_of_use_sends_no_packet_and_leaves_no_file(chat_engine: EmbeddedEngine, tmp_path: Path) -> None:
    glass = in_a_namespace("true", "--net")
    done = subprocess.run(
        [*glass, sys.executable, "tests/behind_glass.py", sys.executable, "tests/day_of_use.py"],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
        env=at_home(tmp_path, DATELINE_CACHE_DIR=str(model_dir().parent), DATELINE_THREADS="1"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "0"
    assert left_behind(tmp_path) == []


EMBED = "from index.embedders import embedder; embedder('minilm').get_query_embedding('Homs')"


@pytest.mark.parametrize("first", ["import rag", "import ui", "import evals.cli", "import web.server", "pass"])
def test_by_every_way_in_libraries_are_told_before_they_load(first: str, tmp_path: Path) -> None:
    asked = at_home(tmp_path, ORT_DISABLE_TELEMETRY="0", ANONYMIZED_TELEMETRY="True")
    subprocess.run([sys.executable, "-c", f"{first}; {EMBED}"], env=asked, cwd=tmp_path, check=True, timeout=120)
    assert left_behind(tmp_path) == []
