"""index/postgres.py and terms.py: what FTS5 finds is found, one state is read, and each trouble is a sentence."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from commands import Run
from conftest import Write
from index_helpers import python, written
from servers import Chroma, Postgres

from index import errors
from index.embed import TextEmbedder
from index.places import Places
from index.store import ArticleIndex

SECRETS = (Postgres.PASSWORD, "wr0ng-p4ss")


@pytest.fixture
def places(postgres: Postgres, chroma: Chroma) -> Places:
    """An empty database, and a Chroma server."""
    return Places(catalog_url=postgres.new_database(), chroma_url=chroma.url)


def database(places: Places) -> str:
    return str(places.catalog_url).rpartition("/")[2].partition("?")[0]


ODD = [
    "Der Zug nach Łódź, café 3.5 % über 2024-12-05: «Besançon» a-b_c, don't U.S. co-operation.",
    "Re\u0301sume\u0301 of the ministers' RUNNING, runs, ran; flies and flying; 1,000 10:30 e-mail@example.org",
    "東京 москва Москве Ελλάδα Straße ﬁve naïve x" + "y" * 300,
]
COMMON, RARE = "river town mill flood minister market rain".split(), "Dola Senne Mirest Hama".split()


@pytest.fixture
def both(embedding: TextEmbedder, folder: Path, tmp_path: Path, places: Places) -> Iterator[list[ArticleIndex]]:
    """The same articles in SQLite and in PostgreSQL."""
    chance = random.Random(7)
    for number in range(120):
        words = [chance.choice(COMMON if chance.random() < 0.9 else RARE) for _ in range(chance.randint(3, 90))]
        written(folder, f"{number:03}.txt", f"The {' '.join(words)}.")
    for number, text in enumerate(ODD):
        written(folder, f"odd{number}.txt", text)
    with ArticleIndex(tmp_path / "a", embedding) as first, ArticleIndex(tmp_path / "b", embedding, places) as second:
        for index in (first, second):
            index.sync(folder)
        yield [first, second]


def test_words_are_found_and_ranked_as_by_fts5(both: list[ArticleIndex], monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(8)
    queries = [" ".join(chance.sample([*COMMON, *RARE], chance.randint(1, 5))) for _ in range(60)]
    queries += ["running", "lodz uber", "besancon", "москва", "3 5", "resume", "1 000", "flood flood floods"]

    def found(query: str, k: int) -> list[list[tuple[str, object]]]:
        return [[(hit.passage.article, hit.marks) for hit in index.search(query, k, mode="bm25")] for index in both]

    for query in queries:
        first, second = found(query, 50)
        assert first == second, query
    monkeypatch.setattr("index.search._WEIGHED", 60)  # where words are common, passages are found by the rarest
    for query in queries:  # FTS5 then adds up in another order, so that what is equal may come out unequal
        first, second = found(query, 200)
        assert sorted(map(str, first)) == sorted(map(str, second)), query
    known = [
        *COMMON,
        *RARE,
        "river town",
        "the river",
        "东京",
        "run",
        "example org",
        "besançon",
        "москва",
        "2024 12 05",
    ]
    first, second = (index.words_known(known) for index in both)
    assert first == second


def test_a_reader_sees_one_state_while_another_is_written(
    embedding: TextEmbedder, tmp_path: Path, folder: Path, write: Write, places: Places
) -> None:
    write("a.txt", "The minister resigned.")
    with ArticleIndex(tmp_path / "data", embedding, places) as index:
        index.sync(folder)
        with index._catalogs.reading() as catalog:
            assert catalog is not None
            before = catalog.counts(), catalog.listed()
            write("b.txt", "The mill burned.")
            index.sync(folder)
            assert (catalog.counts(), catalog.listed()) == before
        assert index.counts().articles == 2


def _of_another_format(postgres: Postgres, name: str) -> None:
    postgres.run("UPDATE dateline_1.meta SET value = '99' WHERE key = 'format'", name)


def _without_passages(postgres: Postgres, name: str) -> None:
    postgres.run("DROP TABLE dateline_1.passages CASCADE", name)


def _without_schema(postgres: Postgres, name: str) -> None:
    postgres.run("DROP SCHEMA dateline_1 CASCADE", name)


DAMAGE = [
    (_of_another_format, errors.IndexVersionMismatch, "format 99, this version of Dateline reads"),
    (_without_passages, errors.StorageError, "The index in PostgreSQL at .* is missing or damaged"),
    (_without_schema, errors.StorageError, "The index in PostgreSQL at .* is missing or damaged"),
]


@pytest.mark.parametrize(("damage", "error", "told"), DAMAGE)
def test_a_catalog_of_no_use_is_told_with_the_command_that_rebuilds_it_and_uploads_are_read_again(
    embedding: TextEmbedder, tmp_path: Path, folder: Path, write: Write, places: Places, postgres: Postgres,
    damage: Callable[[Postgres, str], None], error: type[Exception], told: str,
) -> None:  # fmt: skip
    write("a.txt", "The minister resigned.")
    with ArticleIndex(tmp_path / "data", embedding, places) as index:
        index.sync(folder)
        index.add({"flood.txt": written(tmp_path, "flood.txt", "The river Dola flooded the town.")})
        damage(postgres, database(places))
        for refused in (lambda: index.sync(folder), lambda: index.search("minister")):
            with pytest.raises(error, match=f"{told}.*`dateline index FOLDER --replace`"):
                refused()
        assert index.sync(folder, replace=True).added == 2
        assert index.search("Dola flooded", 1)[0].passage.article == "uploads/flood.txt"


_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON dateline_1.vectors EXECUTE FUNCTION full_disk();
"""


def test_each_trouble_with_the_server_is_a_sentence_without_a_secret(
    embedding: TextEmbedder, tmp_path: Path, folder: Path, write: Write, places: Places, postgres: Postgres
) -> None:
    write("a.txt", "The minister resigned.")
    name = database(places)
    with ArticleIndex(tmp_path / "data", embedding, places) as index:
        index.sync(folder)

    def told(url: str, kind: type[Exception] = errors.CatalogUnavailable, writing: bool = False) -> str:
        with ArticleIndex(tmp_path / "data", embedding, Places(catalog_url=url, chroma_url=places.chroma_url)) as index:
            begun = time.monotonic()
            with pytest.raises(kind) as raised:
                index.sync(folder) if writing else index.search("minister")
            assert time.monotonic() - begun < 8
        chain = [raised.value, raised.value.__cause__, raised.value.__context__]
        assert not any(secret in f"{error!r} {error}" for error in chain for secret in SECRETS)
        return str(raised.value)

    at = f"PostgreSQL at 127.0.0.1:{postgres.port}/{name}"
    wrong = told(postgres.url(name, "wr0ng-p4ss"))
    assert wrong.startswith(f'{at} refuses (password authentication failed for user "dateline"): correct DATELINE_CATA')
    assert 'refuses (database "nowhere" does not exist): correct DATELINE_CATALOG_URL, or ' in told(
        postgres.url("nowhere")
    )
    down = "postgresql://anna:wr0ng-p4ss@127.0.0.1:1/news"
    assert told(down).startswith("PostgreSQL at 127.0.0.1:1/news does not answer: start it, or correct DATELINE_CATAL")
    assert told(down, writing=True) == told(down)
    with psycopg.connect(str(places.catalog_url)) as db:
        db.execute("LOCK TABLE dateline_1.passages")
        impatient = f"{places.catalog_url}?options=-c%20statement_timeout%3D300"
        assert (
            told(impatient)
            == f"{at} took too long for an answer: look at its load and at who locks its tables, then try again."
        )
    postgres.run("CREATE ROLE guest LOGIN PASSWORD 'wr0ng-p4ss'")
    guest = f"postgresql://guest:wr0ng-p4ss@127.0.0.1:{postgres.port}/{name}"
    assert "lets this user not do that: grant it with `GRANT CREATE ON DATABASE" in told(guest, writing=True)
    postgres.run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    assert "has the encoding LATIN1" in told(postgres.url("latin"), errors.StorageError, writing=True)
    postgres.run(_FULL, name)
    write("b.txt", "The mill burned.")
    full = (
        f"{at} has a full disk: free some space there, then run the same command again; nothing indexed so far is lost."
    )
    assert told(str(places.catalog_url), writing=True) == full
    postgres.run("DROP TRIGGER full_disk ON dateline_1.vectors", name)
    with ArticleIndex(tmp_path / "data", embedding, places) as index:
        assert index.sync(folder).added == 1


def test_the_commands_index_search_and_forget_on_servers(
    run: Run, tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "news", "a.txt", "The minister resigned.").parent
    monkeypatch.setenv("DATELINE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DATELINE_CHROMA_URL", str(places.chroma_url))
    monkeypatch.setenv("DATELINE_CATALOG_URL", str(places.catalog_url))
    assert run("index", folder).code == 0
    assert "The minister resigned." in run("search", "minister").out
    told = run("doctor").out
    assert "in PostgreSQL (127.0.0.1:" in told and SECRETS[0] not in told
    assert run("forget", "--yes").code == 0
    assert "Nothing is indexed yet" in run("search", "minister").err


def test_what_psycopg_says_beside_an_error_is_not_heard(tmp_path: Path, places: Places) -> None:
    script = "index.generation(); import logging; logging.getLogger('psycopg').warning('the connection is lost')"
    assert python(script, tmp_path / "data", places=places).communicate()[1] == ""
