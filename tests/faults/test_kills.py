"""Killed anywhere, at whatever it does: it opens, what was there is there, the next run makes it what it should be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from index_helpers import left_over

from faults.victims import SEED, Corpus, Looker, Victims, check, texts_in, victims, whole
from index.embed import TextEmbedder
from index.places import Places
from index.store import ArticleIndex

TIMES = int(os.environ.get("DATELINE_FAULTS_TIMES", "1"))
SETUPS = ["embedded", "servers"]
both = pytest.mark.parametrize("places", SETUPS, indirect=True)
pytestmark = pytest.mark.slow


@pytest.fixture
def killing(tmp_path: Path, places: Places, request: pytest.FixtureRequest) -> Iterator[Victims]:
    print(f"DATELINE_FAULTS_SEED={SEED}")
    with victims(tmp_path, places, SEED) as killing:
        yield killing
        print(f"{request.node.name}: {killing.kills.total()} kills, {dict(killing.kills)}")


class Tried:
    """An index on trial: what is killed at it, and what must hold afterwards."""

    def __init__(self, home: Path, embedding: TextEmbedder, places: Places, killing: Victims) -> None:
        self.data, self.folder, self._home = home / "data", home / "articles", home
        self._embedding, self._places, self.killing = embedding, places, killing
        self.folder.mkdir()
        self.corpus = Corpus(self.folder, killing.chance)
        self._foreign = self._collections()

    def opened(self) -> ArticleIndex:
        return ArticleIndex(self.data, self._embedding, self._places)

    def kill(self, wanted: dict[str, str], work: str, **given: Any) -> bool:
        """Kills the work, which is to make these articles of what there is, and looks at what it leaves."""
        with self.opened() as reading:
            looker = Looker(reading, wanted)
            killed = self.killing.kill(work, looker.look, data=self.data, **given)
        with self.opened() as index:
            looker._index = index  # one that is opened now sees no less
            looker.look()
            check(index)
        return killed

    def complete(self, wanted: dict[str, str]) -> None:
        """One more run of `index`, after which it is as if nothing had been killed ever."""
        self.killing.do("index", data=self.data, folder=self.folder)
        clean = self._home / "clean"
        shutil.rmtree(clean, ignore_errors=True)
        uploads = self.data / "uploads"
        if uploads.exists():
            assert not list(uploads.glob(".*"))
            shutil.copytree(uploads, clean / "uploads")
        with self.opened() as index, ArticleIndex(clean, self._embedding) as made:
            made.sync(self.folder)
            check(index)
            assert texts_in(index) == wanted
            assert whole(index) == whole(made)
            assert left_over(index) == []
            with index._catalogs.reading() as catalog:
                assert catalog is not None
                if catalog.directory:
                    assert len(list(catalog.directory.glob("vectors-*"))) <= 2
                    assert len(list(self.data.glob("index-*"))) == 1
                assert self._collections() - self._foreign == ({catalog.collection} - {""})

    def _collections(self) -> set[str]:
        if not (url := self._places.chroma_url):
            return set()
        home = f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections"
        return {one["name"] for one in httpx.get(home, trust_env=False).json()}


@pytest.fixture
def tried(tmp_path: Path, embedding: TextEmbedder, places: Places, killing: Victims) -> Tried:
    return Tried(tmp_path, embedding, places, killing)


def until(killing: Victims, kills: int, each: Callable[[int], None]) -> None:
    """Rounds, until so many were killed."""
    rounds = 0
    while killing.kills.total() < kills * TIMES:
        each(rounds)
        rounds += 1
        assert rounds < 4 * kills * TIMES, "what is killed is done too soon"


@both
def test_index(tried: Tried) -> None:
    def one(number: int) -> None:
        tried.corpus.change()
        wanted = tried.corpus.texts
        tried.kill(wanted, "index", folder=tried.folder)
        if number % 5 == 4:
            tried.complete(wanted)

    until(tried.killing, 40, one)
    tried.complete(tried.corpus.texts)


@both
def test_replace(tried: Tried) -> None:
    """The index in use stays what it was, whole, until the new one is."""
    tried.killing.do("index", data=tried.data, folder=tried.folder)

    def one(number: int) -> None:
        tried.corpus.change()
        wanted = tried.corpus.texts
        with tried.opened() as index:
            before = whole(index)
        tried.kill(wanted, "index", folder=tried.folder, replace=True)
        with tried.opened() as index:
            assert texts_in(index) == wanted or whole(index) == before
        if number % 4 == 3:
            if tried.killing.chance.random() < 0.5:
                tried.killing.do("index", data=tried.data, folder=tried.folder, replace=True)
            tried.complete(wanted)

    until(tried.killing, 24, one)
    tried.complete(tried.corpus.texts)


@both
def test_add_and_remove(tried: Tried, tmp_path: Path) -> None:
    """An upload is there or is not; one that was told to be there, or to be gone, is."""
    tried.killing.do("index", data=tried.data, folder=tried.folder)
    uploads: dict[str, str] = {}
    given = Corpus(tmp_path / "given", tried.killing.chance, files=0)

    def one(number: int) -> None:
        chance = tried.killing.chance
        if uploads and chance.random() < 0.4:
            article = chance.choice(sorted(uploads))
            file = article.split("#")[0]
            wanted = {id: text for id, text in uploads.items() if id.split("#")[0] != file}
            killed = tried.kill(tried.corpus.texts | wanted, "remove", article=article)
        else:
            given.change()
            names = [Path(name) for name in {id.split("#")[0] for id in given.texts} if "/" not in name]
            files = {f"{number}-{name}": given.folder / name for name in chance.sample(names, min(2, len(names)))}
            new = {
                f"uploads/{number}-{id}": text
                for id, text in given.texts.items()
                if f"{number}-{id.split('#')[0]}" in files
            }
            wanted = uploads | new
            killed = tried.kill(tried.corpus.texts | wanted, "add", files=files)
        with tried.opened() as index:
            now = {id: text for id, text in texts_in(index).items() if id.startswith("uploads/")}
        assert killed or now == wanted
        # what lies there is taken in, what does not is forgotten: each as it was, or as it is to be
        there = {f"uploads/{path.name}" for path in (tried.data / "uploads").glob("[!.]*")}
        settled = {id: text for id, text in (uploads | wanted).items() if id.split("#")[0] in there}
        # what is not found any more does not come back
        assert not (uploads.keys() - now.keys()) & settled.keys()
        uploads.clear()
        uploads.update(now if now == settled else settled)
        if now != settled or number % 4 == 3:
            tried.complete(tried.corpus.texts | settled)

    until(tried.killing, 30, one)
    tried.complete(tried.corpus.texts | uploads)


HARM = [
    "DELETE FROM passages WHERE row IN (SELECT min(row) FROM passages)",
    "DELETE FROM sentences WHERE article IN (SELECT min(article) FROM sentences)",
    "DELETE FROM articles WHERE id IN (SELECT max(id) FROM articles)",
    "DELETE FROM vectors WHERE row IN (SELECT max(row) FROM vectors)",
    "INSERT INTO dead (row) SELECT min(row) FROM passages",
]


@both
def test_repair(tried: Tried) -> None:
    """What was damaged is as it was at worst, and the next repair mends it."""
    tried.killing.do("index", data=tried.data, folder=tried.folder)
    wanted = tried.corpus.texts

    def one(number: int) -> None:
        with tried.opened() as index:
            with index._catalogs.writing() as writer, closing(writer.current()) as catalog:
                for harm in tried.killing.chance.sample(HARM, 2):
                    catalog._do(harm, [{}])
            before = texts_in(index)
        tried.killing.kill("repair", data=tried.data)
        with tried.opened() as index:
            now = texts_in(index)
            assert before.items() <= now.items() <= wanted.items()
        tried.killing.do("repair", data=tried.data)
        tried.complete(wanted)

    until(tried.killing, 12, one)
