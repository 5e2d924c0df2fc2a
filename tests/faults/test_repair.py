"""`dateline doctor` finds what of an index is out of step and changes nothing; with --repair it is mended."""

from __future__ import annotations

import json
import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from commands import Run
from index_helpers import environment, write_many, written
from servers import Chroma, Postgres

from faults.victims import chroma_ids, whole
from index import integrity
from index.embed import TextEmbedder
from index.places import Places
from index.store import ArticleIndex
from rag import doctor
from rag.settings import Settings

pytestmark = pytest.mark.slow


@dataclass
class Harmed:
    """An index that is harmed, and mended again."""

    home: Path
    index: ArticleIndex
    clean: dict[str, Any]
    server: Chroma | None

    @property
    def settings(self) -> Settings:
        places = self.index.places
        given = {"data_dir": self.home / "data", "catalog_url": places.catalog_url, "chroma_url": places.chroma_url}
        return Settings.load({name: value for name, value in given.items() if value})

    def sql(self, statement: str) -> None:
        with self.index._catalogs.writing() as writer, closing(writer.current()) as catalog:
            assert catalog is not None
            if catalog.directory is None:  # PostgreSQL
                for one in filter(None, statement.split(";")):
                    catalog._do(one, [{}])
            else:
                catalog._db.executescript(statement)

    def told(self) -> list[str]:
        return integrity.examine(self.index.places, self.home / "data")

    def chroma(self) -> Path:
        """Chroma's directory, which nobody has open."""
        self.index.close()
        if self.server:
            self.server.kill()
            return self.server.home
        with self.index._catalogs.reading() as catalog:
            assert catalog is not None and catalog.directory is not None
            return catalog.directory / catalog.vectors

    def chroma_sql(self, statement: str) -> None:
        with closing(sqlite3.connect(self.chroma() / "chroma.sqlite3")) as db:
            db.executescript(statement)
        if self.server:
            self.server.start()


class _Kept(Chroma):
    """One whose directory is known."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.home = home / "chroma"


@pytest.fixture(scope="module", params=["embedded", "servers"])
def harmed(
    request: pytest.FixtureRequest, embedding: TextEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Harmed]:
    home, server, places = tmp_path_factory.mktemp("harmed"), None, Places()
    if request.param == "servers":
        postgres: Postgres = request.getfixturevalue("postgres")
        server = _Kept(home / "server")
        server.start()
        places = Places(catalog_url=postgres.new_database(), chroma_url=server.url)
    folder = home / "articles"
    write_many(folder, files=8)  # so few that Chroma has not saved its graph yet
    written(folder, "long.txt", " ".join(f"The mayor crossed bridge {number} of the town." for number in range(80)))
    written(folder, "named.jsonl", json.dumps({"text": "It rains.", "source": "The Herald", "author": "Ann Lee"}))
    upload = written(home, "u.txt", "The minister resigned.")
    with ArticleIndex(home / "data", embedding, places) as index:
        index.sync(folder)
        index.add({"u.txt": upload})
        shutil.copytree(home / "data" / "uploads", home / "clean" / "uploads")
        with ArticleIndex(home / "clean", embedding) as clean:
            clean.sync(folder)
            made = whole(clean)
        assert whole(index) == made
        yield Harmed(home, index, made, server)
    if server:
        server.kill()


ROW = "(SELECT row FROM passages WHERE article = '003.jsonl#4')"
LONG = "FROM {} WHERE article = 'long.txt' AND start = (SELECT {}(start) FROM {} WHERE article = 'long.txt')"
OF_THE_CATALOG = {
    "a passage and all of it": ("without sentences or passages", "DELETE FROM passages WHERE article = '003.jsonl#4'"),
    "a passage among others": ("in no passage", f"DELETE {LONG.format('passages', 'min', 'passages')}"),
    "the last passage": ("in no passage", f"DELETE {LONG.format('passages', 'max', 'passages')}"),
    "a sentence": ("without some of", "DELETE FROM sentences WHERE article = 'long.txt' AND number = 3"),
    "the last sentence": ("passages of no sentences", f"DELETE {LONG.format('sentences', 'max', 'sentences')}"),
    "an article": ("passages without an article", "DELETE FROM articles WHERE id = '003.jsonl#4'"),
    "a file's only article": ("1 files without their", "DELETE FROM articles WHERE id = 'long.txt'"),
    "a vector": ("without vectors", f"DELETE FROM vectors WHERE row = {ROW}"),
    "half a vector": ("another length", f"UPDATE vectors SET vector = substr(vector, 1, 8) WHERE row = {ROW}"),
    "an orphaned vector": (
        "vectors without a passage", "INSERT INTO vectors (row, vector) SELECT 99999, vector FROM vectors LIMIT 1"
    ),
    "an orphaned sentence": (
        "sentences without an article", 'INSERT INTO sentences (article, number, start, "end", kind, paragraph) '
        "VALUES ('nowhere.txt', 0, 0, 4, 'prose', 0)",
    ),
    "a name": ("nameless sources", "DELETE FROM names WHERE kind = 'author'"),
    "a row noted as deleted": ("noted as deleted", f"INSERT INTO dead (row) SELECT {ROW}"),
}  # fmt: skip


def words_gone(harmed: Harmed) -> None:
    delete = f"INSERT INTO words (words, rowid, text) SELECT 'delete', row, text FROM texts WHERE row = {ROW}"
    harmed.sql(f"DELETE FROM words WHERE row = {ROW}" if harmed.server else delete)


def other_words(harmed: Harmed) -> None:
    other = f"INSERT INTO words (rowid, text) SELECT row, 'unheard words' FROM passages WHERE row = {ROW}"
    postgres = f"UPDATE words SET words = words || CAST('unheard' AS tsvector) WHERE row = {ROW}"
    harmed.sql(postgres if harmed.server else other)


def rows_again(harmed: Harmed) -> None:
    harmed.sql("SELECT setval('rows', 1)" if harmed.server else "UPDATE sqlite_sequence SET seq = 1")


def upload_forgotten(harmed: Harmed) -> None:
    with harmed.index._catalogs.writing() as writer, closing(writer.current()) as catalog:
        assert catalog is not None
        catalog.forget_file("uploads/u.txt")


def queue_emptied(harmed: Harmed) -> None:
    harmed.chroma_sql("DELETE FROM embeddings_queue")


def metadata_gone(harmed: Harmed) -> None:
    harmed.chroma_sql("DELETE FROM embeddings WHERE embedding_id IN (SELECT embedding_id FROM embeddings LIMIT 5)")


def segments_gone(harmed: Harmed) -> None:
    harmed.chroma_sql("DELETE FROM segments")


def collection_gone(harmed: Harmed) -> None:
    if not harmed.server:
        shutil.rmtree(harmed.chroma())
        return
    with harmed.index._catalogs.reading() as catalog:
        assert catalog is not None
        httpx.delete(f"{_home(harmed)}/{catalog.collection}", trust_env=False).raise_for_status()


def of_an_unknown_row(harmed: Harmed) -> None:
    _change(harmed, "upsert", lambda collection: collection.add(ids=["0"], embeddings=[[1.0] * 256]))


def gone_from_chroma(harmed: Harmed) -> None:
    ids = list(map(str, chroma_ids(harmed.index)[:3]))
    _change(harmed, "delete", lambda collection: collection.delete(ids=ids), ids)


def _home(harmed: Harmed) -> str:
    return f"{harmed.index.places.chroma_url}/api/v2/tenants/default_tenant/databases/default_database/collections"


def _change(harmed: Harmed, how: str, here: Callable[[Any], None], ids: list[str] | None = None) -> None:
    if not harmed.server:
        from index.chroma_directories import _opened

        with _opened(harmed.chroma()) as collection:
            here(collection)
        return
    with harmed.index._catalogs.reading() as catalog:
        assert catalog is not None
        id = httpx.get(f"{_home(harmed)}/{catalog.collection}", trust_env=False).json()["id"]
    body = {"ids": ids} if ids else {"ids": ["0"], "embeddings": [[1.0] * 256]}
    httpx.post(f"{_home(harmed)}/{id}/{how}", json=body, trust_env=False).raise_for_status()


def unreachable(harmed: Harmed) -> None:
    """A node of the graph to which no other leads: its links are taken out of the lists of its neighbours."""
    (graph,) = harmed.chroma().glob("*/data_level0.bin")
    data = bytearray(graph.read_bytes())
    links = 4 + 32 * 4  # how many, and twice M of them
    each = links + 256 * 4 + 8
    victim = len(data) // each // 2
    for start in range(0, len(data) - each + 1, each):
        (many,) = struct.unpack_from("<H", data, start)
        to = [one for one in struct.unpack_from(f"<{many}I", data, start + 4) if one != victim]
        struct.pack_into("<H", data, start, len(to))
        struct.pack_into(f"<{len(to)}I", data, start + 4, *to)
    graph.write_bytes(data)


BY_HAND: dict[str, tuple[str, Callable[[Harmed], None]]] = {
    "words gone": ("words out of step", words_gone),
    "other words": ("words out of step", other_words),
    "rows that come again": ("rows that would come", rows_again),
    "an upload": ("uploads that are not indexed", upload_forgotten),
    "an emptied queue": ("Chroma", queue_emptied),
    "Chroma's metadata": ("vectors missing in Chroma", metadata_gone),
    "Chroma's segments": ("Chroma", segments_gone),
    "all of Chroma": ("Chroma", collection_gone),
    "a vector in Chroma of nothing": ("in Chroma of no passage", of_an_unknown_row),
    "vectors in Chroma": ("3 vectors missing in Chroma", gone_from_chroma),
}
DAMAGES = BY_HAND | {
    name: (told, lambda harmed, sql=sql: harmed.sql(sql)) for name, (told, sql) in OF_THE_CATALOG.items()
}


def mended(harmed: Harmed) -> list[str]:
    found = list(doctor._repaired(harmed.settings))
    assert all(one.ok for one in found), found
    return [one.state for one in found]


def check(harmed: Harmed, told: str) -> None:
    generation = harmed.index.generation()
    found = harmed.told()
    assert any(told in one for one in found), found
    assert harmed.told() == found and harmed.index.generation() == generation  # nothing is mended by the looking
    (finding,) = doctor._integrity(harmed.settings)
    assert (finding.ok, finding.remedy) == (False, "Mend it from what is left: dateline doctor --repair")
    assert mended(harmed) == ["; ".join(found)]
    assert harmed.told() == [] and mended(harmed) == ["nothing was to be mended"]
    assert whole(harmed.index) == harmed.clean


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_out_of_step_is_found_and_mended_when_it_is_asked_for(harmed: Harmed, damage: str) -> None:
    assert harmed.told() == []
    told, harm = DAMAGES[damage]
    harm(harmed)
    check(harmed, told)


def test_a_passage_to_which_chromas_graph_does_not_lead_is_found_and_written_anew(
    embedding: TextEmbedder, tmp_path: Path
) -> None:
    write_many(tmp_path / "articles", files=20)  # so many that it has
    with ArticleIndex(tmp_path / "data", embedding) as index:
        index.sync(tmp_path / "articles")
        harmed = Harmed(tmp_path, index, whole(index), None)
        unreachable(harmed)
        check(harmed, "1 vectors that no search in Chroma finds")


def test_the_command(harmed: Harmed, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(harmed.index.places).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doctor, "_engines", lambda _: [])
    data = ["--data-dir", harmed.home / "data"]
    words_gone(harmed)
    looked, repaired, again = run("doctor", *data), run("doctor", "--repair", *data), run("doctor", *data)
    assert "NOT OK parts of the index: words out of step with the passages\n      Mend it" in looked.out
    assert "ok  mended: words out of step" in repaired.out
    assert (looked.code, repaired.code, again.code) == (1, 0, 0)
    assert "ok  parts of the index: in step with each other" in again.out
