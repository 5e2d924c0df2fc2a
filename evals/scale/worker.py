"""One measurement in a process of its own, which `evals.scale.sizes` starts: python -m evals.scale.worker TASK …

Prints its figures as JSON. What it does not need is not imported: of `first` that would be measured too."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click

from index.errors import DatelineError
from rag import Assistant
from rag.settings import HERE

ADDED = "added.md"
"""In a folder of an archive while `change` is at work there: what it did may have to be undone."""
_NEW = "Ombruvalska Tirrenquay lost {count} marbles in the {what} article."


@click.group()
def tasks() -> None:
    """What is measured of an index in DATA."""


@tasks.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
def index(folder: Path, data: Path) -> None:
    """Makes the index equal to FOLDER."""
    from evals.progress import progress

    with progress() as told, Assistant(data, **HERE) as assistant:
        started = time.perf_counter()
        assistant.index(folder, progress=lambda done, total, what: told(done, total, "files"))
        counts = assistant.articles.counts()
    _print({"sync": time.perf_counter() - started, "passages": counts.passages})


@tasks.command()
@click.argument("query")
@click.argument("data", type=click.Path(path_type=Path))
def first(query: str, data: Path) -> None:
    """Opens the index and searches once, as a page that has just been started."""
    with Assistant(data, **HERE) as assistant:
        assistant.search(query)
        _print({"found at": time.time()})


@tasks.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
def search(archive: Path, data: Path) -> None:
    """Searches many times."""
    from evals.scale.corpus import read_needles
    from evals.scale.searching import searches

    with Assistant(data, **HERE) as assistant:
        _print(searches(assistant, read_needles(archive)))


@tasks.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
def change(folder: Path, data: Path) -> None:
    """Changes one article, adds one, removes one, and waits until that can be searched; then puts all back."""
    changed, removed = sorted(next(iter(sorted(folder.iterdir()))).glob("*.md"))[:2]
    added = changed.with_name(ADDED)
    before = {path: path.read_bytes() for path in (changed, removed)}
    with Assistant(data, **HERE) as assistant:
        assistant.search(_NEW)  # warm, as an open page is
        try:
            added.write_bytes(f"---\ndate: 2020-02-02\n---\n{_NEW.format(count=5233, what='added')}\n".encode())
            changed.write_bytes(before[changed] + f"\n{_NEW.format(count=4177, what='changed')}\n".encode())
            removed.unlink()
            started = time.perf_counter()
            assistant.index(folder)
            hits = assistant.search(_NEW, k=2)
            seconds = time.perf_counter() - started
        finally:
            for path, content in before.items():
                path.write_bytes(content)
            added.unlink(missing_ok=True)
        found = {hit.passage.article for hit in hits}
        gone = removed.relative_to(folder).as_posix() not in assistant.articles.article_ids()
        assistant.index(folder)
        seen = found == {path.relative_to(folder).as_posix() for path in (changed, added)} and gone
    if not seen:
        raise DatelineError(
            f"The changes to {folder} were not found by a search after it was indexed: a bug to report."
        )
    _print({"change": seconds})


def _print(figures: Mapping[str, float]) -> None:
    click.echo(json.dumps(figures))


if __name__ == "__main__":
    try:
        tasks()
    except DatelineError as error:
        sys.exit(f"Error: {error}")
