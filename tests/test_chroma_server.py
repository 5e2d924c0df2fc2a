"""index/chroma_server.py: vectors that several machines share, and what is left when their server fails."""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import httpx
import pytest
from commands import Run
from conftest import Write
from index_helpers import contents, killed, write_many, written
from servers import Chroma
from test_servers_die import text_of

from index.embed import TextEmbedder
from index.errors import SettingsError, VectorsUnavailable
from index.places import Places
from index.store import ArticleIndex
from rag.settings import Settings

SECRET = "s3cret-t0ken"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Chroma]:
    """One of its own, for tests that harm it."""
    server = Chroma(tmp_path / "server")
    server.start()
    yield server
    server.kill()


def found(index: ArticleIndex, query: str = "The head of government stepped down.") -> tuple[list[str], list[str]]:
    """The texts found, by what is meant, and what is told of the search."""
    notes: list[str] = []
    return [hit.passage.text for hit in index.search(query, notes=notes)], notes


def collections(url: str) -> list[str]:
    answer = httpx.get(f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections", trust_env=False)
    return [collection["name"] for collection in answer.json()]


def test_a_server_that_fails_costs_a_reader_the_meaning_and_a_writer_nothing_of_the_catalog(
    embedding: TextEmbedder, tmp_path: Path, folder: Path, write: Write, server: Chroma
) -> None:
    write("a.txt", "The minister resigned.")
    write("b.txt", "The prime minister resigned on Monday.")
    with ArticleIndex(tmp_path / "data", embedding, Places(chroma_url=server.url)) as index:
        index.sync(folder)
        before, notes = found(index)
        assert (len(before), notes) == (2, [])
        server.signal(SIGSTOP)
        begun = time.monotonic()
        slow = f"found by words alone, since the Chroma server at {server.url} did not answer within 5 s: see what "
        texts, (note,) = found(index, "Monday")
        assert texts == ["The prime minister resigned on Monday."] and note.startswith(slow)
        assert found(index, "Monday") == (texts, [note]) and time.monotonic() - begun < 9  # it is not waited for again
        server.signal(SIGCONT)
        server.kill()
        index.close()
        gone = f"since the Chroma server at {server.url} does not answer: start it (`chroma run`), or correct DATELINE_"
        assert gone in found(index)[1][0]
        write("c.txt", "The mill burned on Monday.")
        with pytest.raises(VectorsUnavailable, match="does not answer: start it"):
            index.sync(folder)
        assert set(found(index, "Monday")[0]) == {*texts, "The mill burned on Monday."}
        server.start()
        index.close()
        assert index.sync(folder).unchanged == 3
        assert found(index, "a fire") == (found(index, "a fire")[0], []) and len(found(index, "a fire")[0]) == 3
        assert contents(index)["held twice or nowhere"] == set()


def test_what_the_server_has_lost_or_has_too_much_is_made_good_by_the_next_sync(
    embedding: TextEmbedder, tmp_path: Path, folder: Path, write: Write, chroma: Chroma
) -> None:
    places, data = Places(chroma_url=chroma.url), tmp_path / "data"
    write_many(folder, files=30)
    with ArticleIndex(data, embedding, places) as index:
        # killed when some of the rows are told, and the catalog does not know it
        killed(data, _DIES_AT_THE_THIRD_BATCH, path=folder, places=places)
        assert len(index.search("market", k=1000, mode="dense")) == 450
        for number in range(10):
            (folder / f"{number:03}.txt").unlink(missing_ok=True)
            (folder / f"{number:03}.jsonl").unlink()
        index.sync(folder)
        held = contents(index)
        assert held["held twice or nowhere"] == set() and len(held["articles"]) == 300
        (name,) = [name for name in collections(chroma.url) if name == _collection(index)]
        httpx.delete(
            f"{chroma.url}/api/v2/tenants/default_tenant/databases/default_database/collections/{name}", trust_env=False
        )
        assert "has lost the vectors: run `dateline index FOLDER`" in found(index)[1][0]
        index.sync(folder)
        assert (contents(index), found(index)[1]) == (held, [])
        index.sync(folder, replace=True)
        assert name not in collections(chroma.url) and _collection(index) in collections(chroma.url)


_DIES_AT_THE_THIRD_BATCH = """
from index import chroma_server
asked, ask = [], chroma_server.ChromaServer._ask
def counted(self, method, path, *rest, **more):
    asked.extend([path] if path.endswith("/add") else [])
    return die() if len(asked) == 2 else ask(self, method, path, *rest, **more)
chroma_server.ChromaServer._ask = counted
index.sync(path)
"""


def test_what_is_told_once_more_cuts_nothing_off_in_the_graph(
    embedding: TextEmbedder, tmp_path: Path, folder: Path, chroma: Chroma
) -> None:
    chance = random.Random(2)
    versions = dict.fromkeys(range(400), 0)
    with ArticleIndex(tmp_path / "data", embedding, Places(chroma_url=chroma.url)) as index:
        for changed in (range(400), *(chance.sample(range(400), 60) for _ in range(6))):
            for number in changed:
                versions[number] += 1
                written(folder, f"{number}.txt", text_of(number, versions[number]))
            index.sync(folder)
            for _ in range(4):  # writers that were killed before the catalog had noted what they told
                with index._catalogs.writing() as writer, closing(writer.current()) as catalog:
                    catalog.use_vectors(catalog.collection, told=catalog.last_row() - 30)
                    index._vectors.write(catalog)
        assert contents(index)["held twice or nowhere"] == set()


def _collection(index: ArticleIndex) -> str:
    with index._catalogs.reading() as catalog:
        assert catalog is not None
        return catalog.collection


def test_an_index_moves_to_a_server_and_back_without_embedding(
    indexed: ArticleIndex, embedding: TextEmbedder, folder: Path, chroma: Chroma
) -> None:
    wanted = found(indexed)
    indexed.close()
    for places in (Places(chroma_url=chroma.url), Places()):
        with ArticleIndex(indexed.data_dir, embedding, places) as moved:
            assert found(moved) == wanted  # read from the catalog meanwhile
            assert moved.sync(folder).unchanged == 1
            assert (found(moved), contents(moved)["held twice or nowhere"]) == (wanted, set())


class _Refusing(BaseHTTPRequestHandler):
    """As a proxy before Chroma that knows one token, and repeats another in its answer."""

    def answer(self) -> None:
        given = self.headers["X-Chroma-Token"]
        status = 200 if given == "right" and self.headers["Authorization"] == "Bearer right" else 401
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps({"error": "AuthorizationError", "message": f"no such token: {given}"}).encode())

    do_GET = do_POST = answer  # noqa: N815  the names are the library's

    def log_message(self, *_: object) -> None:
        pass


def test_a_wrong_token_and_a_wrong_tenant_are_told_and_no_secret_is(
    indexed: ArticleIndex, folder: Path, embedding: TextEmbedder, chroma: Chroma
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{proxy.server_port}"
        refused = {
            "refuses the token: correct DATELINE_CHROMA_TOKEN": Places(chroma_url=url, chroma_token=SECRET),
            "'default_database' of a tenant 'other': corr": Places(chroma_url=chroma.url, chroma_tenant="other"),
            "no database 'other' of a tenant 'default": Places(chroma_url=chroma.url, chroma_database="other"),
            "does not answer: start it": Places(chroma_url="http://127.0.0.1:1"),
        }
        for told, places in refused.items():
            with ArticleIndex(indexed.data_dir, embedding, places) as index:
                with pytest.raises(VectorsUnavailable, match=told) as error:
                    index.sync(folder)
            assert SECRET not in f"{error.value!r} {places!r} {error.value.__cause__!r}"
        proxy.shutdown()


URL = "postgresql://anna:s3cret@db.example.org/news"
WRONG = [  # settings, and what is told
    ({"catalog_url": URL}, "needs the vectors on a server too"),
    (
        {"catalog_url": "mysql://anna:s3cret@db/news", "chroma_url": "http://c:1"},
        "postgresql://user:password@host/data",
    ),
    (
        {"catalog_url": "postgresql://anna:s3cret@db", "chroma_url": "http://c:1"},
        "is no address of a PostgreSQL database",
    ),
    ({"catalog_url": "postgresql://anna:s3cret@db:x/n", "chroma_url": "http://c:1"}, "is no address of a PostgreSQL"),
    ({"chroma_url": "localhost:8000"}, "write it like http://127.0.0.1:8000"),
    ({"chroma_url": "http://anna:s3cret@c:8000"}, "a token in DATELINE_CHROMA_TOKEN"),
    ({"chroma_url": "http://c:8000", "chroma_token": "s3cret\n"}, "correct DATELINE_CHROMA_TOKEN"),
]


@pytest.mark.parametrize(("given", "told"), WRONG)
def test_an_address_that_is_none_is_told_and_not_repeated(given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told) as error:
        Settings.load(given, {})
    assert "s3cret" not in f"{error.value!r} {error.value.__cause__!r} {error.value.__context__!r}"


def test_settings_hold_no_secret_where_they_are_shown() -> None:
    settings = Settings.load({"catalog_url": URL, "chroma_url": "http://c:8000", "chroma_token": SECRET}, {})
    assert not any(secret in f"{settings!r} {settings.places!r} {settings}" for secret in ("s3cret", SECRET))
    assert settings.places.told("x") == "PostgreSQL (db.example.org/news), its vectors in Chroma (http://c:8000)"
    assert Settings.load({"chroma_url": ""}, {"DATELINE_CHROMA_URL": "http://c:8000"}).places == Places()


def test_the_commands_take_a_server_and_tell_when_it_fails(
    run: Run, tmp_path: Path, server: Chroma, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "news", "a.txt", "The minister resigned.").parent
    monkeypatch.setenv("DATELINE_DATA_DIR", str(tmp_path / "data"))
    assert run("index", folder, "--chroma-url", server.url).code == 0
    monkeypatch.setenv("DATELINE_CHROMA_URL", server.url)
    assert run("search", "who stepped down", "--json").err == ""
    assert f"ok  Chroma: answers at {server.url}" in run("doctor").out
    server.kill()
    searched = run("search", "minister", "--json")
    assert json.loads(searched.out)[0]["passage"]["article"] == "a.txt"
    assert searched.err.startswith(f"Note: found by words alone, since the Chroma server at {server.url} does not answ")
    assert f"NOT OK Chroma: The Chroma server at {server.url} does not answer: start it" in run("doctor").out
