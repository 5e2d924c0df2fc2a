from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Event

import pytest
from index_helpers import Counting, contents, index_directory, python

from index.embed import Embedder
from index.errors import (
    AnotherFolder,
    ArticleMissing,
    EmbedderMismatch,
    IndexBusy,
    IndexMissing,
    IndexVersionMismatch,
    StorageError,
)
from index.store import ArticleIndex

Write = Callable[..., Path]


def texts(index: ArticleIndex, query: str) -> list[str]:
    return [hit.passage.text for hit in index.search(query)]


# looking


def test_looking_at_nothing_says_what_to_do_and_creates_nothing(index: ArticleIndex, tmp_path: Path) -> None:
    for look in (
        lambda: index.search("Homs"),
        lambda: index.article("a.txt"),
        lambda: index.sentences("a.txt"),
        lambda: index.words_known(["Homs"]),
        index.counts,
    ):
        with pytest.raises(IndexMissing, match="Nothing is indexed yet: run `dateline index FOLDER` first"):
            look()
    assert index.generation() == 0
    assert not (tmp_path / "data").exists()


def test_searching_an_index_without_articles_names_its_folder(index: ArticleIndex, folder: Path) -> None:
    index.sync(folder)
    with pytest.raises(IndexMissing, match=f"holds no article: .* `dateline index {folder}`"):
        index.search("Homs")


def test_an_article_that_is_not_there_is_missing(seed_index: ArticleIndex) -> None:
    with pytest.raises(ArticleMissing, match=r"No article 'x.txt' is in the index: `dateline search QUERY`"):
        seed_index.article("x.txt")


def test_counts_tell_what_the_index_holds(index: ArticleIndex, folder: Path, write: Write) -> None:
    write("a.txt", "The minister resigned. Nobody was surprised.", date="2024-12-05")
    write("b.txt", "Rain is expected.", date="2025-01-02")
    write("c.txt", "Prices rose.")
    index.sync(folder)
    counts = index.counts()
    assert (counts.articles, counts.undated, counts.sentences, counts.passages) == (3, 1, 4, 3)
    assert (counts.oldest, counts.newest) == (date(2024, 12, 5), date(2025, 1, 2))
    assert (counts.folder, counts.embedder) == (str(folder), "all-MiniLM-L6-v2-int8")
    assert counts.generation == index.generation() > 0


def test_words_are_known_whatever_their_case_accents_and_endings(
    index: ArticleIndex, folder: Path, write: Write
) -> None:
    write("a.txt", "Protests in Besançon, and in New York.")
    write("b.txt", "Several were hurt in York.")
    index.sync(folder)
    known = index.words_known(["BESANCON", "protesting", "york", "new york", "Berlin", "…", 'a" OR "b'])
    assert known == {
        "BESANCON": 1,
        "protesting": 1,
        "york": 2,
        "new york": 1,
        "Berlin": 0,
        "…": 0,
        'a" OR "b': 0,
    }


def test_sentences_of_passages_lie_inside_them(seed_index: ArticleIndex) -> None:
    passages = [hit.passage for hit in seed_index.search("Who heads the Observatory?", k=5)]
    for passage in passages:
        sentences = seed_index.sentences_in([passage.id])[passage.id]
        assert sentences
        assert (sentences[0].start, sentences[-1].end) == (passage.start, passage.end)
        assert set(sentences) <= set(seed_index.sentences(passage.article))


# whose index it is


def test_another_folder_is_refused_and_replace_takes_it_alone(
    index: ArticleIndex, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("a.txt", "The minister resigned.")
    index.sync(folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text("Rain is expected.")
    with pytest.raises(AnotherFolder, match=f"articles of {folder}. .* `dateline index {other} --replace`"):
        index.sync(other)
    assert index.article_ids() == ["a.txt"]
    generation = index.generation()
    assert index.sync(other, replace=True).added == 1
    assert index.article_ids() == ["b.txt"]
    assert texts(index, "minister") == ["Rain is expected."]
    assert index.generation() > generation
    assert len(list((tmp_path / "data").glob("index-*"))) == 1


def test_another_embedder_is_refused_and_replace_embeds_everything_anew(
    index: ArticleIndex, minilm: Embedder, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("a.txt", "The minister resigned.")
    index.sync(folder)
    embedder = Counting(minilm, name="another")
    with ArticleIndex(tmp_path / "data", embedder) as other:
        for refused in (lambda: other.sync(folder), lambda: other.search("minister")):
            with pytest.raises(EmbedderMismatch, match=f"not by 'another'.*`dateline index {folder} --replace`"):
                refused()
        assert texts(index, "minister") == ["The minister resigned."]
        other.sync(folder, replace=True)
        assert embedder.texts == ["The minister resigned."]
        assert texts(other, "minister") == ["The minister resigned."]
    with pytest.raises(EmbedderMismatch):
        index.search("minister")


def test_a_replacement_with_the_same_folder_embeds_everything_anew(
    minilm: Embedder, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("a.txt", "The minister resigned.")
    embedder = Counting(minilm)
    with ArticleIndex(tmp_path / "data", embedder) as index:
        index.sync(folder)
        index.sync(folder, replace=True)
    assert embedder.texts == ["The minister resigned."] * 2


def test_an_index_of_another_format_is_refused_and_can_be_replaced(
    index: ArticleIndex, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("a.txt", "The minister resigned.")
    index.sync(folder)
    with sqlite3.connect(index_directory(tmp_path / "data") / "catalog.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for refused in (lambda: index.sync(folder), lambda: index.search("minister")):
        with pytest.raises(IndexVersionMismatch, match=r"format 99.*`dateline index FOLDER --replace`"):
            refused()
    index.sync(folder, replace=True)
    assert texts(index, "minister") == ["The minister resigned."]


# damage


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"junk" * 5000), Path.unlink])
def test_a_damaged_catalog_is_told_with_the_command_that_rebuilds_it(
    index: ArticleIndex, folder: Path, write: Write, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    write("a.txt", "The minister resigned.")
    index.sync(folder)
    damage(index_directory(tmp_path / "data") / "catalog.db")
    for refused in (lambda: index.sync(folder), lambda: index.search("minister")):
        with pytest.raises(StorageError, match=r"missing or damaged: .* `dateline index FOLDER --replace`"):
            refused()
    index.sync(folder, replace=True)
    assert texts(index, "minister") == ["The minister resigned."]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: (path / "chroma.sqlite3").write_bytes(b"junk" * 5000),
        lambda path: (path / "chroma.sqlite3").unlink(),
        shutil.rmtree,
    ],
)
def test_damaged_vectors_are_told_and_written_again_without_embedding(
    minilm: Embedder, folder: Path, write: Write, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    write("a.txt", "The minister resigned.")
    embedder = Counting(minilm)
    with ArticleIndex(tmp_path / "data", embedder) as index:
        index.sync(folder)
        (vectors,) = index_directory(tmp_path / "data").glob("vectors-*")
        damage(vectors)
        with pytest.raises(StorageError, match="missing or damaged: run `dateline index FOLDER`"):
            index.search("minister")
        index.sync(folder)
        assert texts(index, "minister") == ["The minister resigned."]
        assert len(embedder.texts) == 1


# one writer, many readers


def test_a_reader_in_the_same_process_sees_what_was_committed(
    index: ArticleIndex, minilm: Embedder, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("a.txt", "The minister resigned.")
    index.sync(folder)
    with ArticleIndex(tmp_path / "data", minilm) as reader:
        assert texts(reader, "minister") == ["The minister resigned."]
        write("a.txt", "The minister stays.")
        index.sync(folder)
        assert texts(reader, "minister") == ["The minister stays."]


_READER = """
import sys
from pathlib import Path
from index.embed import Embedder
from index.store import ArticleIndex

index = ArticleIndex(Path(sys.argv[1]), Embedder(threads=1))
for mode in sys.stdin:
    print([hit.passage.text for hit in index.search("minister", mode=mode.strip())], flush=True)
"""


def test_a_reader_in_another_process_sees_what_was_committed(
    index: ArticleIndex, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("a.txt", "The minister resigned.")
    index.sync(folder)
    with python(_READER, tmp_path / "data") as reader:
        assert reader.stdin is not None and reader.stdout is not None
        for text in ("The minister resigned.", "The minister stays.", "The minister left."):
            write("a.txt", text)
            index.sync(folder)
            for mode in ("dense", "bm25"):
                print(mode, file=reader.stdin, flush=True)
                assert reader.stdout.readline().strip() == f"['{text}']"
        reader.stdin.close()


def test_readers_work_while_an_index_is_written_again_and_again(
    index: ArticleIndex, minilm: Embedder, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("a.txt", "The minister resigned in version 0.")
    index.sync(folder)
    done = Event()

    def read() -> int:
        searches = 0
        with ArticleIndex(tmp_path / "data", minilm) as reader:
            while not done.is_set():
                assert len(texts(reader, "minister")) == 1
                searches += 1
        return searches

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for version in range(1, 6):
                write("a.txt", f"The minister resigned in version {version}.")
                index.sync(folder, replace=version == 3)
        finally:
            done.set()
        assert all(reader.result() > 0 for reader in readers)


_WRITER = """
import sys
from pathlib import Path
from index.embed import Embedder
from index.store import ArticleIndex

def wait(*_):
    print("writing", flush=True)
    sys.stdin.readline()

ArticleIndex(Path(sys.argv[1]), Embedder(threads=1)).sync(Path(sys.argv[2]), progress=wait)
"""


def test_a_second_writer_is_told_who_writes_and_readers_go_on(
    index: ArticleIndex, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("a.txt", "The minister resigned.")
    index.sync(folder)
    with python(_WRITER, tmp_path / "data", folder) as writer:
        assert writer.stdin is not None and writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(IndexBusy) as busy:
            index.sync(folder)
        since = json.loads((tmp_path / "data" / "write.lock.json").read_text())["since"][11:16]
        assert str(busy.value) == (
            f"Another process (pid {writer.pid}, since {since}) is writing to this index; "
            "wait until it has finished, then try again."
        )
        assert texts(index, "minister") == ["The minister resigned."]
        writer.kill()
    assert index.sync(folder).unchanged == 1


# a full disk. A tmpfs in a namespace of our own is a real disk that is really full.

_FULL = """
import subprocess, sys
from pathlib import Path
from index.embed import Embedder
from index.errors import StorageError
from index.store import ArticleIndex

disk, folder = Path(sys.argv[1]), Path(sys.argv[2])
with ArticleIndex(disk / "data", Embedder(threads=1)) as index:
    try:
        index.sync(folder)
    except StorageError as error:
        print(error)
    subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
    index.sync(folder)
    print(len(index.search("market", k=100, mode="dense")), len(index.search("market", k=100, mode="bm25")))
"""


def _namespace(disk: Path, size: str) -> tuple[str, ...]:
    mount = f'mount -t tmpfs -o size={size} none "{disk}" && exec "$@"'
    return ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")


def private_disk(tmp_path: Path) -> Path:
    """Where a tmpfs can be mounted, or the test is skipped."""
    disk = tmp_path / "disk"
    disk.mkdir()
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([*_namespace(disk, "1m"), "true"], capture_output=True).returncode:
        pytest.skip("needs Linux, and the right to mount a tmpfs in a user namespace")
    return disk


@pytest.mark.parametrize(
    "size",
    [
        pytest.param("32k", id="no room for the catalog", marks=pytest.mark.slow),
        pytest.param("200k", id="no room for the articles"),
        pytest.param("1m", id="no room for Chroma", marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path, write: Write, folder: Path, size: str) -> None:
    disk = private_disk(tmp_path)
    for number in range(70):
        write(f"{number:02}.txt", f"Report {number} speaks of the market in Damascus.")
    process = python(_FULL, disk, folder, before=_namespace(disk, size))
    out, err = process.communicate(timeout=120)
    assert out.splitlines() == [
        f"The disk that holds {disk}/data is full: free some space, then run the same command again; "
        "nothing indexed so far is lost.",
        "70 70",
    ], err


_FORBIDDEN = """
import sys
from pathlib import Path
from index.embed import Embedder
from index.errors import StorageError
from index.store import ArticleIndex

try:
    ArticleIndex(Path(sys.argv[1]), Embedder(threads=1)).sync(Path(sys.argv[2]))
except StorageError as error:
    print(error)
"""


def test_a_directory_that_may_not_be_written_is_told(tmp_path: Path, folder: Path) -> None:
    disk = private_disk(tmp_path)
    process = python(_FORBIDDEN, disk / "data", folder, before=_namespace(disk, "1m,ro"))
    out, err = process.communicate(timeout=60)
    assert out.strip() == (
        f"The disk that holds {disk}/data is read-only, and this has to write to it: make it writable, or choose "
        "another place with --data-dir."
    ), err


def test_chroma_holds_exactly_the_passages_of_the_catalog(seed_index: ArticleIndex) -> None:
    held = contents(seed_index.data_dir)
    assert held["chroma"] == sorted(held["passages"])
    assert (held["waiting"], held["orphans"]) == (0, [])
