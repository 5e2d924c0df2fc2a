"""How Dateline does with archives of 1,000, 10,000 and 100,000 articles: python -m evals.scale [--sizes 1000,10000]

Writes each archive (evals.scale.corpus), indexes it, searches it, changes it, and holds each figure against its bar.
What is measured is kept in the work folder with the commit, so that a run which was interrupted goes on where it was,
and of the code as it is now nothing is measured twice."""

import sys
from pathlib import Path

import click

from evals.scale.bars import SIZE, tell
from evals.scale.corpus import sources_option
from evals.scale.picture import draw
from evals.scale.sizes import Bench
from index.errors import DatelineError
from rag.printing import say

work_option = click.option(
    "--work", default=Path("build/bench"), show_default=True, type=click.Path(file_okay=False, path_type=Path),
    help="Where archives, indexes and results are kept.",
)  # fmt: skip


def _sizes(context: click.Context, parameter: click.Parameter, value: str) -> list[int]:
    try:
        sizes = [int(part) for part in value.split(",")]
    except ValueError:
        raise click.BadParameter("numbers with commas between them, like 1000,10000") from None
    if min(sizes) < 10:
        raise click.BadParameter("10 articles are the least")
    return sizes


@click.command()
@click.option("--sizes", default="1000,10000,100000", show_default=True, callback=_sizes, help="Articles in each.")
@sources_option
@work_option
@click.option("--seed", default=1, show_default=True)
@click.option("--characters", default=4400, show_default=True, help="Of an article, about.")
def main(sizes: list[int], sources: tuple[Path, ...], work: Path, seed: int, characters: int) -> None:
    """Measures Dateline on archives of several sizes; exit code 1 if a bar is missed."""
    work.mkdir(parents=True, exist_ok=True)
    bench = Bench(work.resolve(), tuple(source.resolve() for source in sources), seed, characters)
    lost = list[str]()
    for size in sizes:
        figures = bench.measure(size)
        lost += [f"{size:,} articles: {label}" for label in tell(f"{size:,} articles", SIZE, figures)]
        draw(bench.figures(), bench.work / "scale.png")
    say(f"{bench.results}\n{bench.work / 'scale.png'}")
    finish(lost)


def finish(lost: list[str]) -> None:
    """Says which bars were missed, and ends the program with 1 if any was."""
    say("\n".join(["Missed:", *(f"  {each}" for each in lost)]) if lost else "Every bar is reached.")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    try:
        main()
    except DatelineError as error:
        sys.exit(f"Error: {error}")
