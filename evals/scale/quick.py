"""The speed of Dateline in a few minutes: python -m evals.scale.quick [--against COMMIT] [--peer-python PYTHON …]

How soon the command and the library start, and two small archives as `evals.scale` measures them; where asked for,
indexing beside an earlier commit and beside LlamaIndex with sentence-transformers, in turn over the same articles."""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from evals.scale.__main__ import finish, work_option
from evals.scale.against import Indexer, at, faster, peer
from evals.scale.bars import SIZE, Measure, tell
from evals.scale.corpus import DEFAULT_SOURCES, build
from evals.scale.sizes import ROOT, Bench, Figures
from evals.scale.usage import Spent, size_of, spend
from index.errors import DatelineError

SIZES = (300, 1000)
_RUNS = 5
_DATELINE = "from rag.cli import main; main()"
_STARTS = (
    Measure("version", "dateline --version, by the clock", "s", 0.25),
    Measure("import", "import rag, by the clock", "s", 0.30),
    Measure("search", "dateline search, of the processors", "s", 1.0),
)


@click.command()
@click.option("--sizes", default=SIZES, show_default=True, multiple=True, type=click.IntRange(10), metavar="ARTICLES")
@work_option
@click.option("--against", metavar="COMMIT", help="Index beside an earlier commit.")
@click.option("--peer-python", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Index beside LlamaIndex, by the Python that has it (see evals/scale/peer.py).")  # fmt: skip
@click.option("--peer-model", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="all-MiniLM-L6-v2 for that, as sentence-transformers saves it.")  # fmt: skip
@click.option("--peer-chunk", default=1024, show_default=True, help="Tokens of its chunks; the model reads 256.")
@click.option("--beside", default=300, show_default=True, type=click.IntRange(10), help="Articles for these two.")
@click.option("--rounds", default=2, show_default=True, type=click.IntRange(1), help="Of these two, in turn.")
def main(
    sizes: tuple[int, ...],
    work: Path,
    against: str | None,
    peer_python: Path | None,
    peer_model: Path | None,
    peer_chunk: int,
    beside: int,
    rounds: int,
) -> None:
    """Measures the speed of Dateline; exit code 1 if a bar is missed."""
    if peer_python and not peer_model:
        raise click.UsageError("--peer-python needs --peer-model.")
    work.mkdir(parents=True, exist_ok=True)
    bench = Bench(work.resolve(), tuple(ROOT / source for source in DEFAULT_SOURCES))
    lost = list[str]()
    for size in sizes:
        figures = bench.measure(size)
        lost += [f"{size:,} articles: {label}" for label in tell(f"{size:,} articles", SIZE, figures)]
    lost += tell("Start, median of five", _STARTS, _starts(bench.data(max(sizes))))
    other = peer(peer_python, peer_model, peer_chunk) if peer_python and peer_model else None
    for measures, figures in _beside(bench, against, other, beside, rounds):
        lost += tell("Times as fast at indexing", measures, figures)
    finish(lost)


def _starts(data: Path) -> Figures:
    search = [_DATELINE, "search", "Who said what?", "--data-dir", str(data)]
    return {
        "version": statistics.median(each.wall for each in _runs([_DATELINE, "--version"])),
        "import": statistics.median(each.wall for each in _runs(["import rag"])),
        "search": statistics.median(each.cpu for each in _runs(search)),
    }


def _runs(words: list[str]) -> Iterator[Spent]:
    for _ in range(_RUNS):
        yield spend([sys.executable, "-c", *words], cwd=ROOT, quiet=True)[0]


def _beside(
    bench: Bench, against: str | None, other: Indexer | None, articles: int, rounds: int
) -> Iterator[tuple[list[Measure], Figures]]:
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "archive"
        if against or other:
            build(archive, articles, bench.sources)
        folder = archive / "articles"
        if against:
            with at(against) as then:
                yield _ratios(f"as {against}", 15.0, folder, articles), faster(folder, then, rounds)
        if other:
            yield _ratios(f"as {other.name}", 20.0, folder, articles), faster(folder, other, rounds)


def _ratios(other: str, bar: float, folder: Path, articles: int) -> list[Measure]:
    size = f"{articles:,} articles, {size_of(folder) / 1e6:.1f} MB"
    return [
        Measure("whole", f"{other}, {size}", "×"),
        Measure("cpu", "the same, of the processors", "×"),
        Measure("after start", "the same, once both have started", "×", bar, at_most=False),
    ]


if __name__ == "__main__":
    try:
        main()
    except DatelineError as error:
        sys.exit(f"Error: {error}")
