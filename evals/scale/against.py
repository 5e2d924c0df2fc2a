"""How many times faster Dateline indexes the same articles than an earlier commit, or than LlamaIndex."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evals.scale.sizes import ROOT, Figures
from evals.scale.usage import MeasureError, Spent, spend
from rag.printing import say

_INDEX = "import sys; from rag.cli import main; main(['--data-dir', sys.argv[2], 'index', sys.argv[1]])"


@dataclass(frozen=True, slots=True)
class Indexer:
    """A program that indexes a folder."""

    name: str
    command: tuple[str, ...]
    """Its first words; behind them come the folder and where the index is to be."""
    more: tuple[str, ...] = ()
    """Its last words."""
    home: Path | None = None
    """Where Dateline's source is that it runs; None for a program that has nothing of it."""

    def spent(self, folder: Path) -> Spent:
        """What indexing `folder` costs, from nothing. Raises MeasureError."""
        with tempfile.TemporaryDirectory() as scratch:
            command = [*self.command, str(folder), str(Path(scratch) / "index"), *self.more]
            path = {"PYTHONPATH": str(self.home)} if self.home else {}
            return spend(command, cwd=self.home, env=path, quiet=True)[0]


def ours(home: Path = ROOT, name: str = "this") -> Indexer:
    """Dateline as its source stands in `home`."""
    return Indexer(name, (sys.executable, "-c", _INDEX), home=home)


def peer(python: Path, model: Path, tokens: int) -> Indexer:
    """LlamaIndex with sentence-transformers, in chunks of so many `tokens`.

    Raises MeasureError if `python` has not all that it takes.
    """
    script = str(ROOT / "evals" / "scale" / "peer.py")
    spend([python, script], quiet=True)
    return Indexer(
        f"LlamaIndex in chunks of {tokens} tokens", (str(python), script), (str(model.resolve()), str(tokens))
    )


@contextmanager
def at(commit: str) -> Iterator[Indexer]:
    """Dateline as it was at `commit`, in a worktree that goes again. Raises MeasureError if there is no such commit."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "then"
        made = _git("worktree", "add", "--detach", str(home), commit)
        if made.returncode:
            raise MeasureError(
                f"Commit {commit} cannot be laid out beside this one ({made.stderr.strip()}): name one of `git log`."
            )
        try:
            yield ours(home, commit)
        finally:
            _git("worktree", "remove", "--force", str(home))


def _git(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)


def faster(folder: Path, other: Indexer, rounds: int) -> Figures:
    """How many times as long `other` takes for `folder`, both in turn: with all, and without what one article takes.

    A small archive is indexed sooner than some programs have started: without the start a large one can be guessed.
    The shortest of the `rounds` counts: whatever else the machine did made it longer.
    """
    this, spent_by = ours(), list[tuple[Spent, Spent, Spent, Spent]]()
    with _one_of(folder) as single:
        for _ in range(rounds):
            spent_by.append((this.spent(folder), this.spent(single), other.spent(folder), other.spent(single)))
            ours_took, ours_began, others_took, others_began = (spent.wall for spent in spent_by[-1])
            say(f"this: {ours_took:.1f} s, of one article {ours_began:.1f} s", err=True)
            say(f"{other.name}: {others_took:.1f} s, of one article {others_began:.1f} s", err=True)
    mine, my_start, theirs, their_start = (_least(spent) for spent in zip(*spent_by, strict=True))
    return {
        "whole": theirs.wall / mine.wall,
        "cpu": theirs.cpu / mine.cpu,
        "after start": (theirs.wall - their_start.wall) / max(mine.wall - my_start.wall, 0.01),
    }


def _least(rounds: Sequence[Spent]) -> Spent:
    return Spent(min(each.wall for each in rounds), min(each.cpu for each in rounds), max(each.peak for each in rounds))


@contextmanager
def _one_of(folder: Path) -> Iterator[Path]:
    """A folder with one of the articles."""
    with tempfile.TemporaryDirectory() as scratch:
        first = min(folder.rglob("*.md"))
        shutil.copy(first, scratch)
        yield Path(scratch)
