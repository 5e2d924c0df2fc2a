"""Whether the parts of an index are in step with each other; what is not is mended from what is left.

Of what is damaged the article is marked, and read again from its file by the next sync: until then what is left of it
can be found. The words are made anew from the catalog, which has all that they hold, and so is Chroma by that sync.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from index.catalog import Catalog
from index.datadir import UPLOADS, DataDir, disk_errors
from index.decode import storable
from index.errors import StorageError, VectorsUnavailable
from index.opening import catalogs_in, vectors_in
from index.places import Places
from index.split import sentences_of
from index.vectors import VectorStore

_LENGTH = "(SELECT length(vector) FROM vectors GROUP BY length(vector) ORDER BY count(*) DESC LIMIT 1)"
_OF_ARTICLES = {  # what is wrong, and a query for the articles of which it is
    "articles without sentences or passages": (
        "SELECT id FROM articles WHERE id NOT IN (SELECT article FROM sentences) OR "
        "id NOT IN (SELECT article FROM passages)"
    ),
    "articles without some of their sentences": (
        "SELECT article FROM sentences GROUP BY article HAVING count(*) <> max(number) + 1"
    ),
    "articles with sentences in no passage": (
        "SELECT s.article FROM sentences s WHERE NOT EXISTS (SELECT 1 FROM passages p WHERE p.article = s.article "
        'AND s.start >= p.start AND s."end" <= p."end")'
    ),
    "articles with passages of no sentences": (
        "SELECT p.article FROM passages p WHERE NOT EXISTS (SELECT 1 FROM sentences s WHERE s.article = p.article "
        'AND s.start = p.start) OR NOT EXISTS (SELECT 1 FROM sentences s WHERE s.article = p.article AND s."end" = '
        'p."end")'
    ),
    "articles with passages without vectors": (
        "SELECT article FROM passages WHERE row NOT IN (SELECT row FROM vectors)"
    ),
    "articles with vectors of another length": (
        f"SELECT p.article FROM passages p JOIN vectors v ON v.row = p.row WHERE length(v.vector) <> {_LENGTH}"
    ),
    "articles of nameless sources or authors": (
        "SELECT article FROM passages WHERE source NOT IN (SELECT number FROM names WHERE kind = 'source' UNION "
        "SELECT 0) OR author NOT IN (SELECT number FROM names WHERE kind = 'author' UNION SELECT 0)"
    ),
}
_ORPHANS = {  # what is wrong, and of which rows: in this order, for those of one make those of the next
    "passages without an article": ("passages", "article NOT IN (SELECT id FROM articles)"),
    "sentences without an article": ("sentences", "article NOT IN (SELECT id FROM articles)"),
    "vectors without a passage": ("vectors", "row NOT IN (SELECT row FROM passages)"),
}
_UNFIT = {  # what Chroma could not be given: it goes until its article is read again
    "vectors": f"length(vector) <> {_LENGTH}",
    "passages": "row NOT IN (SELECT row FROM vectors)",
}
_EMPTY_FILES = "SELECT path FROM files WHERE path NOT IN (SELECT file FROM articles)"
_ALIVE = "row IN (SELECT row FROM passages)"


@dataclass(slots=True)
class _Found:
    """What is wrong, in words, and what is to be mended by which way."""

    told: list[str] = field(default_factory=list)
    articles: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    everything: bool = False
    """Nobody knows any more of which articles it was: all are to be read again."""
    vectors: bool = False

    def tell(self, what: str, many: int) -> bool:
        if many:
            self.told.append(f"{many:,} {what}")
        return many > 0


def examine(places: Places, data_dir: Path) -> list[str]:
    """What is wrong with the index, a phrase for each; nothing changes. What an interrupted run left is not wrong.

    Raises IndexBusy while somebody writes, StorageError where it cannot be looked at.
    """
    with _opened(places, data_dir) as (catalog, vectors, home):
        return _look(catalog, vectors, home).told if catalog else []


def repair(places: Places, data_dir: Path) -> list[str]:
    """Mends what is wrong, and gives it. What has to be read again is read by the next sync, which is to follow.

    Raises IndexBusy, StorageError.
    """
    with _opened(places, data_dir) as (catalog, vectors, home):
        if catalog is None:
            return []
        found = _look(catalog, vectors, home)
        if found.told:
            _mend(catalog, found)
            if found.vectors or found.articles or found.everything:  # of rows that go Chroma is not told singly
                with suppress(VectorsUnavailable):  # of what is broken the server may not even rid itself
                    vectors.forget(catalog)
                catalog.use_vectors("", told=0)  # they are read from the catalog meanwhile
        return found.told


@contextmanager
def _opened(places: Places, data_dir: Path) -> Iterator[tuple[Catalog | None, VectorStore, DataDir]]:
    home = DataDir(data_dir)
    catalogs, vectors = catalogs_in(places, home), vectors_in(places)
    try:
        with catalogs.writing() as writer, disk_errors(home.root):
            if (catalog := writer.current()) is None:
                yield None, vectors, home
                return
            with closing(catalog):
                yield catalog, vectors, home
    finally:
        vectors.close()
        catalogs.close()


def _look(catalog: Catalog, vectors: VectorStore, home: DataDir) -> _Found:
    found = _Found()
    for what, query in _OF_ARTICLES.items():
        articles = {id for (id,) in catalog._rows(query) if _has_sentences(catalog, id)}
        found.tell(what, len(articles))
        found.articles |= articles
    for what, (table, condition) in _ORPHANS.items():
        ((many,),) = catalog._rows(f"SELECT count(*) FROM {table} WHERE {condition}")
        found.everything |= found.tell(what, many)
    emptied = {path for (path,) in catalog._rows(_EMPTY_FILES)}
    found.tell("files without their articles", len(emptied))
    kept = set[str]()
    if home.uploads.is_dir():
        names = [path.name for path in home.uploads.iterdir() if path.is_file() and not path.name.startswith(".")]
        kept = {f"{UPLOADS}{name}" for name in names if storable(name) == name}
    known = catalog.files()
    kept -= known.keys() | {each.path.partition("#")[0] for each in catalog.skipped()}
    found.tell("uploads that are not indexed", len(kept))
    found.files = emptied  # uploads are taken in by any sync
    found.told += catalog.astray()
    _look_at_vectors(catalog, vectors, found)
    return found


def _has_sentences(catalog: Catalog, id: str) -> bool:
    """Not all do: of a text that is nothing but credits there is nothing to find."""
    article = catalog.article(id)
    return article is None or bool(sentences_of(article))


def _look_at_vectors(catalog: Catalog, vectors: VectorStore, found: _Found) -> None:
    told = {row for (row,) in catalog._rows("SELECT row FROM passages WHERE row <= :to", to=catalog.vectors_to)}
    dead = {*catalog.dead()}
    ((alive,),) = catalog._rows(f"SELECT count(*) FROM dead WHERE {_ALIVE}")
    found.vectors |= found.tell("passages that are noted as deleted", alive)
    _, example = next(catalog.vectors_after(0), (0, None))
    if example is None:
        return
    try:
        opened = vectors.of(catalog)
        if opened is None:
            return
        listed, reached = opened.rows(example.tolist())
    except VectorsUnavailable:
        raise
    except StorageError:
        found.vectors |= found.tell("place of vectors that Chroma cannot read", 1)
        return
    held = set(listed)
    found.vectors |= found.tell("vectors missing in Chroma", len(told - held))
    # a collection is written in place: what a killed writer told beyond what is noted is told once more
    unknown = {row for row in held - told - dead if row <= catalog.vectors_to or not catalog.collection}
    found.vectors |= found.tell("vectors in Chroma of no passage", len(unknown))
    found.vectors |= found.tell("vectors twice in Chroma", len(listed) - len(held))
    if reached is not None:
        found.vectors |= found.tell("vectors that no search in Chroma finds", len((told & held) - {*reached}))


def _mend(catalog: Catalog, found: _Found) -> None:
    """One transaction: whatever ends it, the index is as it was or mended."""
    with catalog._change():
        for table, condition in (*_UNFIT.items(), *_ORPHANS.values()):
            catalog._do(f"DELETE FROM {table} WHERE {condition}", [{}])
        catalog._do(f"DELETE FROM dead WHERE {_ALIVE}", [{}])
        catalog.astray(mend=True)
        again = "UPDATE {} SET {} WHERE {} = :it"
        if found.everything:
            again = "UPDATE {} SET {}"
        # an article of another digest is taken for changed, a file of another reading is read again
        catalog._do(again.format("articles", "digest = ''", "id"), _each(found.articles, found.everything))
        files = found.files | {file for id in found.articles if (file := catalog.file_of(id)) is not None}
        catalog._do(again.format("files", "reading = '', stamp = ''", "path"), _each(files, found.everything))


def _each(values: set[str], everything: bool) -> list[dict[str, str]]:
    return [{}] if everything else [{"it": value} for value in sorted(values)]
