"""Kills a process at moments that a seeded chance draws, and knows what it may have left of an index."""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from index_helpers import contents, environment, written

from index import integrity
from index.chroma_directories import VectorDirectory
from index.places import Places
from index.store import ArticleIndex

SEED = int(os.environ.get("DATELINE_FAULTS_SEED") or random.SystemRandom().randrange(10**6))
KINDS = ("call", "event", "second")
"""Before the n-th call that changes something, before the n-th event of the system, after a while."""


class Victims:
    """Works in forks of one warm process, and kills them."""

    def __init__(self, process: subprocess.Popen[str], log: Path, seed: int) -> None:
        self._process, self._log = process, log
        self.chance = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self._length: dict[tuple[str, str], float] = {}

    def kill(self, work: str, meanwhile: Callable[[], None] = lambda: None, /, **given: Any) -> bool:
        """Begins the work and kills it; False if it was done before. `meanwhile` is called all the time."""
        kind = self.chance.choice(KINDS)
        key = work, kind
        # how many moments of the kind there are is learnt from what came to its end
        length = self._length.get(key, {"second": 0.3}.get(kind, 60.0))
        at = self.chance.uniform(0, length) if kind == "second" else self.chance.randint(1, max(1, int(length)))
        ended = self._do(work, kind, at, meanwhile, given)
        if ended["killed"]:
            self._length[key] = length * 1.05
            self.kills[kind] += 1
        else:
            self._length[key] = ended["seconds"] if kind == "second" else ended["count"]
        return bool(ended["killed"])

    def do(self, work: str, /, **given: Any) -> None:
        """All of it."""
        assert not self._do(work, "none", 0, lambda: None, given)["killed"]

    def _do(
        self, work: str, kind: str, at: float, meanwhile: Callable[[], None], given: dict[str, Any]
    ) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        job = {"work": work, "kind": kind, "at": at, "given": given}
        self._process.stdin.write(json.dumps(job, default=str) + "\n")
        self._process.stdin.flush()
        while not select.select([self._process.stdout], [], [], 0.02)[0]:
            meanwhile()
        line = self._process.stdout.readline()
        assert line, self._log.read_text()
        ended: dict[str, Any] = json.loads(line)
        assert "error" not in ended, (job, ended["error"])
        return ended


@contextmanager
def victims(home: Path, places: Places, seed: int, **more: str) -> Iterator[Victims]:
    """With an environment of its own; what it says goes to a file in `home`."""
    log = home / "victims.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("warm.py"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=errors, text=True, env=os.environ | environment(places) | more,
        )  # fmt: skip
    try:
        assert process.stdout is not None and process.stdout.readline(), log.read_text()
        yield Victims(process, log, seed)
    finally:
        process.kill()
        process.communicate()


# what there is to index


class Corpus:
    """A folder that changes by chance; `texts` are the articles in it, by id."""

    def __init__(self, folder: Path, chance: random.Random, files: int = 12) -> None:
        self.folder, self._chance = folder, chance
        self._files: dict[str, list[str]] = {}
        self._told = 0
        for _ in range(files):
            self._put(self._new_name())

    @property
    def texts(self) -> dict[str, str]:
        found = dict[str, str]()
        for name, texts in self._files.items():
            records = name.endswith(".jsonl")
            found |= {f"{name}#{number}" if records else name: text for number, text in enumerate(texts)}
        return found

    def change(self) -> None:
        """A few changes at once."""
        for _ in range(self._chance.randint(1, 6)):
            name = self._chance.choice(sorted(self._files)) if self._files else ""
            what = self._chance.choice(["put", "put", "change", "change", "remove", "rename"])
            if (what == "put" and len(self._files) < 40) or not name:
                self._put(self._new_name())
            elif what == "change":
                self._put(name)
            else:
                texts = self._files.pop(name)
                if what == "rename":
                    other = self._new_name(name)
                    path = self.folder / other
                    path.parent.mkdir(parents=True, exist_ok=True)
                    (self.folder / name).rename(path)
                    self._files[other] = texts
                else:
                    (self.folder / name).unlink()

    def _new_name(self, like: str = "") -> str:
        ending = Path(like).suffix or self._chance.choice([".txt", ".txt", ".txt", ".md", ".jsonl"])
        # names come again: what was removed may come back as something else
        while (
            name := f"{self._chance.choice(['', '', 'east/', 'west/deep/'])}{self._chance.randrange(60)}{ending}"
        ) in self._files:
            pass
        return name

    def _put(self, name: str) -> None:
        records = name.endswith(".jsonl")
        texts = [self._text(name) for _ in range(self._chance.choice([1, 5, 40, 90]) if records else 1)]
        if records and name in self._files:  # most of them stay
            kept = self._files[name]
            texts = [old if self._chance.random() < 0.8 else new for old, new in zip(kept, texts, strict=False)]
            texts += kept[len(texts) :] if self._chance.random() < 0.5 else []
        self._files[name] = texts
        written(self.folder, name, "\n".join(json.dumps({"text": text}) for text in texts) if records else texts[0])

    def _text(self, name: str) -> str:
        self._told += 1
        said = [
            f"The mayor crossed bridge {self._told} of {Path(name).stem} in year {part}."
            for part in range(self._chance.choice([1, 1, 2, 30]))
        ]
        return " ".join(said)


# what is left of an index


def texts_in(index: ArticleIndex) -> dict[str, str]:
    with index._catalogs.reading() as catalog:
        return dict(catalog._rows("SELECT id, text FROM articles")) if catalog else {}


class Looker:
    """Reads an index while somebody writes to it: what it has seen once is never less afterwards."""

    def __init__(self, index: ArticleIndex, wanted: dict[str, str]) -> None:
        self._index, self._wanted = index, wanted
        self.before = texts_in(index)
        self._seen = index.generation(), self.before

    def look(self) -> None:
        generation = self._index.generation()
        with self._index._catalogs.reading() as catalog:
            if catalog is None:
                assert self._seen[0] == 0
                return
            generation, now = catalog.generation, dict(catalog._rows("SELECT id, text FROM articles"))
        seen, then = self._seen
        assert generation >= seen, (generation, seen)
        assert generation > seen or now == then, "one generation, two contents"
        for id in self.before.keys() | now.keys() | self._wanted.keys():
            old, new, at = self.before.get(id), self._wanted.get(id), now.get(id)
            assert at in (old, new), f"{id} is neither what it was nor what it is to be"
            assert then.get(id) != new or at == new, f"{id} was {new!r} already, and is {old!r} again"
        self._seen = generation, now


UNSOUND = {
    "passage without its article": "SELECT id FROM passages WHERE article NOT IN (SELECT id FROM articles)",
    "article without a passage": "SELECT id FROM articles WHERE id NOT IN (SELECT article FROM passages)",
    "article without a sentence": "SELECT id FROM articles WHERE id NOT IN (SELECT article FROM sentences)",
    "sentence without its article": "SELECT article FROM sentences WHERE article NOT IN (SELECT id FROM articles)",
    "passage without a vector": "SELECT row FROM passages WHERE row NOT IN (SELECT row FROM vectors)",
    "vector without its passage": "SELECT row FROM vectors WHERE row NOT IN (SELECT row FROM passages)",
    "dead row alive": "SELECT row FROM dead WHERE row IN (SELECT row FROM passages)",
}


def check(index: ArticleIndex) -> None:
    """What holds at any moment, whoever was killed: nothing by halves, nothing twice, nothing stale is found."""
    with index._catalogs.reading() as catalog:
        if catalog is None:
            return
        for what, query in UNSOUND.items():
            assert not (found := catalog._rows(query)), (what, found)
        live = {row for (row,) in catalog._rows("SELECT row FROM passages")}
        told = {row for row in live if row <= catalog.vectors_to}
        held, dead = chroma_ids(index), {*catalog.dead()}
        assert len(held) == len(set(held)), "twice in Chroma"
        assert told <= set(held), ("gone from Chroma", told - set(held))
        unknown = set(held) - told - dead
        # a collection is written in place: what it was told of beyond that is told once more
        assert all(row > catalog.vectors_to for row in unknown) if catalog.collection else not unknown, unknown
        now = dict(catalog._rows("SELECT id, text FROM articles"))
        total = len(live)
    # an upload that is kept and not taken in yet is nothing wrong: the next run takes it in
    assert [one for one in integrity.examine(index.places, index.data_dir) if "uploads" not in one] == []
    for mode in ("bm25", "dense", "fused") if now else ():
        hits = index.search("Which mayor crossed the bridge?", k=max(total, 1), mode=mode)
        assert len({hit.passage.id for hit in hits}) == len(hits)
        assert all(hit.passage.text in now[hit.passage.article] for hit in hits)
        if mode == "bm25":
            assert len(hits) == total


def chroma_ids(index: ArticleIndex) -> list[int]:
    """The rows that Chroma holds, by its list of them."""
    with index._catalogs.reading() as catalog:
        assert catalog is not None
        if catalog.collection and catalog.vectors_to:
            home = f"{index.places.chroma_url}/api/v2/tenants/default_tenant/databases/default_database/collections"
            id = httpx.get(f"{home}/{catalog.collection}", trust_env=False).raise_for_status().json()["id"]
            found = httpx.post(f"{home}/{id}/get", json={"include": []}, trust_env=False).raise_for_status()
            return [int(one) for one in found.json()["ids"]]
        if catalog.vectors and not catalog.collection:
            assert catalog.directory is not None
            opened = VectorDirectory(catalog.directory / catalog.vectors)
            try:
                return [int(one) for one in opened._collection.get(include=[])["ids"]]
            finally:
                opened.close()
        return []


def whole(index: ArticleIndex) -> dict[str, Any]:
    """All that it holds, with what Chroma has by its list: its graph need not lead to each."""
    held = contents(index)
    with index._catalogs.reading() as catalog:
        assert catalog is not None
        rows = {row for (row,) in catalog._rows("SELECT row FROM passages WHERE row <= :to", to=catalog.vectors_to)}
        held["held twice or nowhere"] = {*chroma_ids(index)} ^ rows ^ {*catalog.dead()}
    return held
