"""Measures an archive of one size, step by step; what is measured is kept, and not measured again."""

import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from evals.run import commit, machine
from evals.scale.corpus import build, read_needles
from evals.scale.usage import Spent, size_of, spend
from evals.scale.worker import ADDED
from index.datadir import write_whole
from rag.printing import say

ROOT = Path(__file__).parents[2]
_OPENED = 3  # fresh processes, of which the median counts
_NOTED = 5.0  # seconds after which it is noted again what indexing has cost so far

Figures = dict[str, float]


@dataclass(frozen=True)
class Bench:
    """Where archives, indexes and results are kept, and what the archives are made of."""

    work: Path
    sources: tuple[Path, ...]
    seed: int = 1
    characters: int = 4400

    @property
    def results(self) -> Path:
        """A line of JSON for each step that was measured."""
        return self.work / "results.jsonl"

    @cached_property
    def about(self) -> dict[str, Any]:
        """What a figure is of, the size apart: it is kept for as long as this is the same."""
        made = {"seed": self.seed, "characters": self.characters, "sources": [str(each) for each in self.sources]}
        return {"commit": commit(), **made}

    def data(self, articles: int) -> Path:
        """Where the index of the archive of that size is."""
        return self.work / f"index-{articles}"

    def kept(self) -> list[dict[str, Any]]:
        """The lines that were measured before, of this code and such archives."""
        if not self.results.is_file():
            return []
        rows = (json.loads(line) for line in self.results.read_text(encoding="utf-8").splitlines())
        return [row for row in rows if self.about.items() <= row.items()]

    def figures(self) -> dict[int, Figures]:
        """All figures by size."""
        found = dict[int, Figures]()
        for row in self.kept():
            found.setdefault(row["articles"], {}).update(row["figures"])
        return dict(sorted(found.items()))

    def measure(self, articles: int) -> Figures:
        """Makes an archive of so many articles and takes every figure that is missing. Raises MeasureError."""
        size = _Size(self, articles)
        done = {row["step"] for row in self.kept() if row["articles"] == articles}
        size.prepare(begun=bool(done))
        for name, step in size.steps():
            if name not in done:
                say(f"{articles:,} articles: {name}", err=True)
                self._keep({**self.about, "articles": articles, "step": name, "figures": step()})
        return self.figures()[articles]

    def _keep(self, row: dict[str, Any]) -> None:
        row |= {"machine": machine(), "measured": datetime.now(UTC).isoformat(timespec="seconds")}
        before = self.results.read_bytes() if self.results.is_file() else b""
        write_whole(self.results, before + json.dumps(row).encode() + b"\n")


class _Size:
    """The steps for one size; each but the first needs those before it to be done."""

    def __init__(self, bench: Bench, articles: int) -> None:
        self._bench, self._articles = bench, articles
        self._archive = bench.work / f"archive-{articles}"
        self._data = bench.data(articles)
        self._spent = bench.work / f"index-{articles}.spent.json"

    def prepare(self, *, begun: bool) -> None:
        """Writes what is missing of the archive; an index that belongs to other figures goes."""
        for left in (self._archive / "articles").glob(f"*/{ADDED}"):
            shutil.rmtree(left.parent)  # a change that was not undone
        bench = self._bench
        build(self._archive, self._articles, bench.sources, seed=bench.seed, characters=bench.characters)
        ours = self._spent.is_file() and json.loads(self._spent.read_bytes())["about"] == bench.about
        if not ours or (begun and not self._data.is_dir()):
            shutil.rmtree(self._data, ignore_errors=True)
            self._note([])

    def steps(self) -> Iterator[tuple[str, Callable[[], Figures]]]:
        yield "index", self._index
        yield "unchanged", self._unchanged
        yield "open", self._open
        yield "search", self._search
        yield "change", self._change

    def _index(self) -> Figures:
        """Goes on with an index that was begun: what that had cost, as noted every few seconds, counts too."""
        parts = [Spent(**part) for part in json.loads(self._spent.read_bytes())["parts"]]
        noted = 0.0

        def note(spent: Spent) -> None:
            nonlocal noted
            if spent.wall - noted > _NOTED:
                noted = spent.wall
                self._note([*parts, spent])

        spent, told = self._worker("index", self._archive / "articles", told=note)
        total = Spent()
        for part in (*parts, spent):
            total = total.and_then(part)
        self._note([*parts, spent])
        return {
            "index wall": total.wall, "index cpu": total.cpu, "index peak": total.peak,
            "articles per second": self._articles / total.wall, "passages": told["passages"],
            "disk": size_of(self._data), "text": size_of(self._archive / "articles"),
        }  # fmt: skip

    def _unchanged(self) -> Figures:
        return {"unchanged": self._worker("index", self._archive / "articles")[0].wall}

    def _open(self) -> Figures:
        question = read_needles(self._archive)[0].question
        waited = list[float]()
        for _ in range(_OPENED):
            started = time.time()
            waited.append(self._worker("first", question)[1]["found at"] - started)
        return {"open wall": statistics.median(waited)}

    def _search(self) -> Figures:
        return self._worker("search", self._archive)[1]

    def _change(self) -> Figures:
        return self._worker("change", self._archive / "articles")[1]

    def _worker(
        self, task: str, about: Path | str, *, told: Callable[[Spent], object] = lambda spent: None
    ) -> tuple[Spent, Figures]:
        command = [sys.executable, "-m", "evals.scale.worker", task, str(about), str(self._data)]
        spent, printed = spend(command, cwd=ROOT, told=told)
        return spent, json.loads(printed.splitlines()[-1])

    def _note(self, parts: list[Spent]) -> None:
        content = {"about": self._bench.about, "parts": [asdict(part) for part in parts]}
        write_whole(self._spent, json.dumps(content).encode())
