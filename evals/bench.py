"""Speed beside LlamaIndex's CitationQueryEngine: same engine, same model, same articles, one run.

    python -m evals.bench DATA [--questions 40]

DATA is a folder with articles/, articles.jsonl (article, title) and questions.jsonl. Measured twice: over the
articles as they are, and over the long ones that those of one title make when joined. First token is the first
character of the written answer; everything before it (search, reading the prompt) counts."""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from evals.cases import spread
from evals.progress import progress
from evals.records import read_records
from evals.systems import build
from evals.types import Case, System
from rag import Assistant, DatelineError
from rag.options import common_options
from rag.settings import HERE

_COLUMNS = {"first token": ", s", "total": ", s", "prompt tokens": "", "cached of them": ""}


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--questions", default=40, show_default=True, type=click.IntRange(min=2))
@common_options
def main(data: Path, questions: int, engine: str | None, model: str | None, base_url: str | None, **_: object) -> None:
    """Prints first token, total time and tokens of Dateline and of its peer, over short and long articles."""
    asked = spread([one.question for one in read_records(data / "questions.jsonl", "folder")], questions)
    with tempfile.TemporaryDirectory() as scratch:
        for name, articles in _articles(data).items():
            folder = Path(scratch) / name
            folder.mkdir()
            for number, text in enumerate(articles):
                (folder / f"{number:03}.txt").write_text(text, encoding="utf-8", newline="")
            print(f"\n{len(articles)} {name} articles, {len(asked)} questions", flush=True)
            made = Assistant(Path(scratch) / f"index-{name}", engine or "embedded", model, base_url=base_url, **HERE)
            with made as dateline:
                dateline.index(folder)
                print(f"{dateline.choice.engine}, {dateline.choice.model}", flush=True)
                ours, theirs = (_measured(system, asked) for system in build(["dateline", "citation-engine"], dateline))
            print(f"{'':24}{'Dateline':>12}{'CitationQueryEngine':>22}{'ratio':>8}")
            for row, mine in ours.items():
                ratio = f"{theirs[row] / mine:8.1f}" if mine and "cached" not in row else ""
                print(f"{row:24}{mine:12.2f}{theirs[row]:22.2f}{ratio}", flush=True)


def _articles(data: Path) -> dict[str, list[str]]:
    """The articles as they are, and those of one title joined."""
    texts = {file.name: file.read_bytes().decode() for file in sorted((data / "articles").glob("*.txt"))}
    by_title: dict[str, list[str]] = defaultdict(list)
    for line in (data / "articles.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        by_title[row["title"]].append(texts[row["article"]].strip())
    return {"short": list(texts.values()), "long": ["\n\n".join(joined) for joined in by_title.values()]}


def _measured(system: System, questions: Sequence[str]) -> dict[str, float]:
    """Each figure of the table, over the questions to which something was written."""
    timed: list[tuple[float, ...]] = []
    with progress() as told:
        # the last is asked once before and not counted: it loads the model, warms the caches of both systems alike
        for number, question in enumerate([questions[-1], *questions]):
            answer = system.answer(Case(id=question, question=question, answerable=True, kind="speed"))
            first, usage = answer.timings.first_token, answer.usage
            if number and first is not None:
                timed.append((first / 1000, answer.timings.total / 1000, usage.prompt_tokens, usage.cached_tokens))
            told(number, len(questions), system.name)
    if unwritten := len(questions) - len(timed):
        print(f"{system.name}: {unwritten} declined before anything was written; they are not in its times")
    found: dict[str, float] = {}
    for (column, unit), values in zip(_COLUMNS.items(), zip(*timed, strict=True), strict=True):
        found[f"{column}, median{unit}"] = float(np.median(values))
        if unit:
            found[f"{column}, p95{unit}"] = float(np.percentile(values, 95))
    return found


if __name__ == "__main__":
    try:
        main()
    except DatelineError as error:
        sys.exit(f"Error: {error}")
