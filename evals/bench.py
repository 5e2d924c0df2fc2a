"""Speed beside LlamaIndex's CitationQueryEngine: same engine, same model, same articles, one run.

    python -m evals.bench DATA [--questions 40]

DATA is a folder with articles/, articles.jsonl (article, title) and questions.jsonl. Measured twice: over the
articles as they are, and over the long ones that the articles of one title make when joined. First token is
the first character of the written answer; everything before it (search, reading the prompt) counts.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
import numpy as np

from evals.systems import build
from evals.types import Case, System
from rag import Assistant, DatelineError


@dataclass(frozen=True, slots=True)
class Timed:
    """One question, answered by one system. Milliseconds and tokens."""

    first_token: float
    total: float
    prompt_tokens: int
    cached_tokens: int


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--questions", default=40, show_default=True, type=click.IntRange(min=2))
def main(data: Path, questions: int) -> None:
    """Prints first token, total time and tokens of Dateline and of its peer, over short and long articles."""
    asked = _spread(_questions(data / "questions.jsonl"), questions)
    with tempfile.TemporaryDirectory() as scratch:
        for name, write in (("short", _as_they_are), ("long", _joined_by_title)):
            folder = Path(scratch) / name
            folder.mkdir()
            count = write(data, folder)
            print(f"\n{count} {name} articles, {len(asked)} questions", flush=True)
            with Assistant(Path(scratch) / f"index-{name}", engine="embedded") as dateline:
                dateline.index(folder)
                print(f"{dateline.choice.engine}, {dateline.choice.model}", flush=True)
                system, peer = build(["dateline", "citation-engine"], dateline)
                ours = _run("Dateline", asked, system)
                theirs = _run("CitationQueryEngine", asked, peer)
            _print_table(ours, theirs)


def _spread(items: list[str], count: int) -> list[str]:
    """`count` of `items`, evenly spread, always the same ones."""
    return [items[n * len(items) // count] for n in range(min(count, len(items)))]


def _questions(path: Path) -> list[str]:
    return [json.loads(line)["question"] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _as_they_are(data: Path, folder: Path) -> int:
    files = sorted((data / "articles").glob("*.txt"))
    for file in files:
        (folder / file.name).write_bytes(file.read_bytes())
    return len(files)


def _joined_by_title(data: Path, folder: Path) -> int:
    by_title: dict[str, list[str]] = {}
    for line in (data / "articles.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        by_title.setdefault(row["title"], []).append(row["article"])
    for number, names in enumerate(by_title.values()):
        texts = [(data / "articles" / name).read_text(encoding="utf-8").strip() for name in names]
        (folder / f"{number:03}.txt").write_text("\n\n".join(texts), encoding="utf-8")
    return len(by_title)


def _run(name: str, questions: list[str], system: System) -> list[Timed]:
    timed: list[Timed] = []
    unwritten = 0
    _ask(system, questions[-1])  # not counted: loads the model, warms the caches of both systems alike
    for number, question in enumerate(questions, 1):
        if (result := _ask(system, question)) is None:
            unwritten += 1
        else:
            timed.append(result)
        print(f"\r{name}: {number}/{len(questions)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if unwritten:
        print(f"{name}: {unwritten} questions were declined before anything was written; they are not in its times")
    return timed


def _ask(system: System, question: str) -> Timed | None:
    answer = system.answer(Case(id=question, question=question, answerable=True, kind="speed"))
    timings, usage = answer.timings, answer.usage
    if timings.first_token is None:
        return None
    return Timed(timings.first_token, timings.total, usage.prompt_tokens, usage.cached_tokens)


def _print_table(ours: list[Timed], theirs: list[Timed]) -> None:
    print(f"{'':24}{'Dateline':>12}{'CitationQueryEngine':>22}{'ratio':>8}")
    rows: list[tuple[str, Callable[[list[Timed]], float]]] = [
        ("first token, median, s", lambda runs: median(run.first_token for run in runs) / 1000),
        ("first token, p95, s", lambda runs: float(np.percentile([run.first_token for run in runs], 95)) / 1000),
        ("total, median, s", lambda runs: median(run.total for run in runs) / 1000),
        ("total, p95, s", lambda runs: float(np.percentile([run.total for run in runs], 95)) / 1000),
        ("prompt tokens, median", lambda runs: median(run.prompt_tokens for run in runs)),
        ("cached of them, median", lambda runs: median(run.cached_tokens for run in runs)),
    ]
    for name, figure in rows:
        mine, other = figure(ours), figure(theirs)
        ratio = f"{other / mine:8.1f}" if mine and "cached" not in name else ""
        print(f"{name:24}{mine:12.2f}{other:22.2f}{ratio}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except DatelineError as error:
        sys.exit(f"Error: {error}")
