"""index/store.py and datadir.py: whose index it is, damage, one writer and many readers, a full disk, small files."""

import ast
import resource
import shutil
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from conftest import Write
from index_helpers import ROOT, Counting, in_a_namespace, index_directory, left_over, python, write_many, written

from index import errors
from index.datadir import DataDir, write_whole
from index.embed import TextEmbedder
from index.store import ArticleIndex

RESIGNED = "The minister resigned."


def texts(index: ArticleIndex) -> list[str]:
    return [hit.passage.text for hit in index.search("minister")]


def test_what_is_not_there_is_told_with_what_to_do(index: ArticleIndex, folder: Path, seed_index: ArticleIndex) -> None:
    for look in (
        lambda: index.search("Homs"), lambda: index.article("a.txt"), lambda: index.sentences("a.txt"),
        lambda: index.words_known(["Homs"]), index.counts,
    ):  # fmt: skip
        with pytest.raises(errors.IndexMissing, match="Nothing is indexed yet: run `dateline index FOLDER` first"):
            look()
    assert index.generation() == 0 and not index.data_dir.exists()
    index.sync(folder)
    with pytest.raises(errors.IndexMissing, match=f"holds no article: .* `dateline index {folder}`"):
        index.search("Homs")
    with pytest.raises(errors.ArticleMissing, match=r"No article 'x.txt' is in the index: `dateline search QUERY`"):
        seed_index.article("x.txt")


def test_an_index_knows_its_counts_and_its_words(index: ArticleIndex, folder: Path, write: Write) -> None:
    write("a.txt", "Protests in Besançon, and in New York. Nobody was surprised.", date="2024-12-05")
    write("b.txt", "Several were hurt in York.", date="2025-01-02")
    write("c.txt", "Prices rose.")
    index.sync(folder)
    counts = index.counts()
    assert (counts.articles, counts.undated, counts.sentences, counts.passages) == (3, 1, 4, 3)
    assert (counts.oldest, counts.newest) == (date(2024, 12, 5), date(2025, 1, 2))
    assert (counts.folder, counts.embedder) == (str(folder), "dateline-static-256")
    assert counts.generation == index.generation() > 0
    known = {"BESANCON": 1, "protesting": 1, "york": 2, "new york": 1, "Berlin": 0, "…": 0, 'a" OR "b': 0}
    assert index.words_known(list(known)) == known


def test_another_folder_is_refused_and_replace_takes_it(indexed: ArticleIndex, folder: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other", "b.txt", "Rain is expected.").parent
    with pytest.raises(errors.AnotherFolder, match=f"articles of {folder}. .* `dateline index {other} --replace`"):
        indexed.sync(other)
    assert texts(indexed) == [RESIGNED]
    generation = indexed.generation()
    assert indexed.sync(other, replace=True).added == 1 and indexed.generation() > generation
    assert texts(indexed) == ["Rain is expected."]
    assert left_over(indexed) == []


def test_another_embedder_is_refused_or_embeds_all_anew(
    indexed: ArticleIndex, embedding: TextEmbedder, folder: Path
) -> None:
    embedder = Counting(embedding, name="another")
    with ArticleIndex(indexed.data_dir, embedder, indexed.places) as other:
        for refused in (lambda: other.sync(folder), lambda: texts(other)):
            with pytest.raises(errors.EmbedderMismatch, match=f"not by 'another'.*`dateline index {folder} --replace`"):
                refused()
        assert texts(indexed) == [RESIGNED]
        for times in (1, 2):  # the second time, the embedder is the same
            other.sync(folder, replace=True)
            assert (embedder.texts, texts(other)) == ([RESIGNED] * times, [RESIGNED])
    with pytest.raises(errors.EmbedderMismatch):
        texts(indexed)


def _junk(path: Path) -> None:
    path.write_bytes(b"junk" * 5000)


def _of_another_format(catalog: Path) -> None:
    with closing(sqlite3.connect(catalog)) as db:
        db.execute("PRAGMA user_version = 99")


@pytest.mark.embedded
@pytest.mark.parametrize("damage", [_junk, Path.unlink, _of_another_format])
def test_a_catalog_of_no_use_is_told_with_the_command_that_rebuilds_it_and_uploads_are_read_again(
    indexed: ArticleIndex, folder: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    indexed.add({"flood.txt": written(tmp_path, "flood.txt", "The river Dola flooded the town.")})
    damage(index_directory(indexed.data_dir) / "catalog.db")
    told = {_of_another_format: (errors.IndexVersionMismatch, "format 99")}
    error, words = told.get(damage, (errors.StorageError, "missing or damaged: "))
    for refused in (lambda: indexed.sync(folder), lambda: texts(indexed)):
        with pytest.raises(error, match=f"{words}.*`dateline index FOLDER --replace`"):
            refused()
    assert indexed.sync(folder, replace=True).added == 2
    assert texts(indexed)[0] == RESIGNED
    assert indexed.search("Dola flooded", 1)[0].passage.article == "uploads/flood.txt"


@pytest.mark.embedded
@pytest.mark.parametrize("damage", [_junk, Path.unlink, lambda file: shutil.rmtree(file.parent)])
def test_damaged_vectors_are_told_and_written_again_without_embedding(
    indexed: ArticleIndex, embedding: TextEmbedder, folder: Path, damage: Callable[[Path], None]
) -> None:
    (vectors,) = index_directory(indexed.data_dir).glob("vectors-*/chroma.sqlite3")
    damage(vectors)
    embedder = Counting(embedding)
    with ArticleIndex(indexed.data_dir, embedder) as index:
        with pytest.raises(errors.StorageError, match="missing or damaged: run `dateline index FOLDER`"):
            texts(index)
        index.sync(folder)
        assert (texts(index), embedder.texts) == ([RESIGNED], [])


def test_readers_work_beside_a_writer_and_see_what_was_committed(
    indexed: ArticleIndex, embedding: TextEmbedder, folder: Path, write: Write
) -> None:
    here = ArticleIndex(indexed.data_dir, embedding, indexed.places)
    reads = """for mode in sys.stdin:
        print([hit.passage.text for hit in index.search("minister", mode=mode.strip())], flush=True)"""
    other = python(reads, indexed.data_dir, places=indexed.places)
    with here, other as elsewhere, ThreadPoolExecutor() as pool:

        def seen() -> list[str]:
            found = pool.submit(texts, here)
            print("dense\nbm25", file=elsewhere.stdin, flush=True)
            return [*(elsewhere.stdout.readline().strip() for _ in range(2)), str(found.result())]

        before = RESIGNED
        for text in ("The minister stays.", "The minister left.", "The minister was ill."):
            write("a.txt", text)
            writing = pool.submit(indexed.sync, folder, replace="left" in text)
            while not writing.done():
                assert set(seen()) <= {f"['{before}']", f"['{text}']"}
            writing.result()
            assert seen() == [f"['{text}']"] * 3
            before = text
        elsewhere.stdin.close()


def test_a_second_writer_is_told_who_writes_and_readers_go_on(indexed: ArticleIndex, folder: Path) -> None:
    waits = 'index.sync(Path(more[0]), progress=lambda *_: (print("writing", flush=True), sys.stdin.readline()))'
    with python(waits, indexed.data_dir, folder, places=indexed.places) as writer:
        writer.stdout.readline()
        told = rf"Another process \(pid {writer.pid}( on .+)?, since \d\d:\d\d\) is writing to this index; wait until"
        with pytest.raises(errors.IndexBusy, match=told):
            indexed.sync(folder)
        assert texts(indexed) == [RESIGNED]
        writer.kill()
    assert indexed.sync(folder).unchanged == 1


_FULL = """
import subprocess
folder = Path(more[0])
try:
    index.sync(folder)
except StorageError as error:
    print(error)
subprocess.run(["mount", "-o", "remount,size=50m", data.parent], check=True)
index.sync(folder)
print(*(len(index.search("market", k=2000, mode=mode)) for mode in ("dense", "bm25")))
"""


# no room for the articles; for the catalog, for Chroma
@pytest.mark.parametrize("size", ["200k", *(pytest.param(size, marks=pytest.mark.slow) for size in ("32k", "1m"))])
def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path, folder: Path, size: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    inside = in_a_namespace(f'mount -t tmpfs -o size={size} none "{disk}"')
    write_many(folder)
    out, err = python(_FULL, disk / "data", folder, before=inside).communicate(timeout=120)
    assert out.splitlines() == [
        f"The disk that holds {disk}/data is full: free some space, then run the same command again; "
        "nothing indexed so far is lost.",
        "1050 1050",
    ], err


def test_a_file_is_new_from_its_first_byte_on_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_whole(path, b"the old key", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, before[1]))  # the disk takes so much of a file, and no more
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole(path, b"another key", mode=0o600)
        with pytest.raises(OSError, match="File too large"):
            DataDir(tmp_path).keep_upload("a.txt", Path(__file__))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert ([each for each in tmp_path.rglob("*") if each.is_file()], path.read_bytes()) == ([path], b"the old key")
    write_whole(path, b"another key")
    assert path.read_bytes() == b"another key"


def test_no_other_room_writes_a_file_in_place() -> None:
    # written anew, or compared, at each run; a part that is renamed when it is whole; no file at all
    scratch = {f"evals/{name}.py" for name in ("bench", "datasets", "injection", "train/export", "train/stories")}
    scratch |= {"evals/scale/corpus.py", "evals/scale/worker.py"}
    others = {
        "index/workers.py",
        "rag/engines/downloads.py",
        "rag/engines/weights.py",
        "rag/engines/llama_process.py",
        "rag/cli.py",
    }
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ("index", "rag", "evals", "web")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if getattr(node, "attr", "") in ("write_text", "write_bytes") or getattr(node, "value", "") in ("w", "wb")
    }
    assert found <= scratch | others
