"""Files that are added by hand: beside the folder's, removable, and untouched by a sync."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Write
from index_helpers import Counting, index_directory, python

from index.embed import Embedder
from index.errors import ArticleMissing, CorpusError, IndexMissing, IndexVersionMismatch, StorageError
from index.store import ArticleIndex


@pytest.fixture
def indexed(index: ArticleIndex, folder: Path, write: object) -> ArticleIndex:
    (folder / "a.txt").write_text("The minister resigned on Monday.", encoding="utf-8")
    index.sync(folder)
    return index


@pytest.fixture
def flood(tmp_path: Path) -> Path:
    path = tmp_path / "flood.txt"
    path.write_text(" date 2026-01-02 The river Dola flooded the town of Mirest.", encoding="utf-8")
    return path


def ids(index: ArticleIndex) -> list[str]:
    return [one.id for one in index.listed()]


def test_an_added_file_is_found_beside_the_folders(indexed: ArticleIndex, flood: Path) -> None:
    report = indexed.add({"flood.txt": flood})
    assert (report.added, report.skipped) == (1, [])
    assert ids(indexed) == ["a.txt", "uploads/flood.txt"]
    assert indexed.search("Dola flooded", 1)[0].passage.article == "uploads/flood.txt"


def _junk(catalog: Path) -> None:
    catalog.write_bytes(b"junk" * 5000)


def _of_another_format(catalog: Path) -> None:
    with closing(sqlite3.connect(catalog)) as db:
        db.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize("damage", [_junk, Path.unlink, _of_another_format])
def test_a_rebuild_reads_the_uploads_whatever_became_of_the_catalog(
    indexed: ArticleIndex, flood: Path, folder: Path, damage: Callable[[Path], object]
) -> None:
    indexed.add({"flood.txt": flood})
    damage(index_directory(indexed.data_dir) / "catalog.db")
    with pytest.raises((StorageError, IndexVersionMismatch), match="--replace"):
        indexed.sync(folder)
    assert indexed.sync(folder, replace=True).added == 2
    assert ids(indexed) == ["a.txt", "uploads/flood.txt"]
    assert indexed.search("Dola flooded", 1)[0].passage.article == "uploads/flood.txt"


def test_a_sync_makes_the_index_equal_to_the_uploads_and_embeds_only_new_ones(
    minilm: Embedder, tmp_path: Path, folder: Path, flood: Path
) -> None:
    embedder = Counting(minilm)
    with ArticleIndex(tmp_path / "data", embedder) as index:
        index.sync(folder)
        index.add({"flood.txt": flood})
        uploads = index.data_dir / "uploads"
        (uploads / ".fire.txt.0a1b2c3d.part").write_bytes(b"half a cop")  # killed while it was copied
        (uploads / "fire.txt").write_bytes(b"The mill of Mirest burned.")  # killed before it was indexed
        report = index.sync(folder)
        assert (report.added, report.unchanged, report.skipped) == (1, 1, [])
        assert embedder.texts[1:] == ["The mill of Mirest burned."]
        assert ids(index) == ["uploads/fire.txt", "uploads/flood.txt"]
        (uploads / "flood.txt").unlink()
        assert index.sync(folder).removed == 1
        assert [path.name for path in uploads.iterdir()] == ["fire.txt"]
        assert ids(index) == ["uploads/fire.txt"]


_KILLED = """
import os, signal, sys
from pathlib import Path
from index.embed import Embedder
from index.store import ArticleIndex

def at(event, arguments):  # what Python itself tells of the system's calls, before they are made
    if event == sys.argv[3] and str(arguments[0]).endswith(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

def told(done, total, what):
    at("progress", [what])

index = ArticleIndex(Path(sys.argv[1]), Embedder(threads=1))
sys.addaudithook(at)
"""


def kill(index: ArticleIndex, work: str, event: str, argument: str, more: object = "") -> None:
    """Does the work in another process, which is killed just before that event."""
    process = python(_KILLED + work, index.data_dir, more, event, argument)
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, out + err


def test_an_upload_that_was_removed_does_not_come_back_from_a_killed_rebuild(
    indexed: ArticleIndex, flood: Path, folder: Path
) -> None:
    for number in range(70):
        (folder / f"{number:02}.txt").write_text(f"Report {number}.", encoding="utf-8")
    indexed.add({"flood.txt": flood})
    kill(indexed, "index.sync(Path(sys.argv[2]), replace=True, progress=told)", "progress", "vectors", folder)
    indexed.remove("uploads/flood.txt")
    assert indexed.sync(folder, replace=True).unchanged == 71  # it goes on with what was begun
    assert ids(indexed)[70:] == ["a.txt"]


@pytest.mark.parametrize(("event", "argument"), [("os.remove", "flood.txt"), ("shutil.rmtree", "")])
def test_a_killed_removal_is_done_or_not_done(
    indexed: ArticleIndex, flood: Path, folder: Path, event: str, argument: str
) -> None:
    indexed.add({"flood.txt": flood})
    kill(indexed, "index.remove('uploads/flood.txt')", event, argument)
    left = (indexed.data_dir / "uploads" / "flood.txt").exists()
    assert left == (event == "os.remove")
    assert ("uploads/flood.txt" in ids(indexed)) >= left
    indexed.sync(folder)
    assert ("uploads/flood.txt" in ids(indexed)) == left


def test_an_upload_that_was_killed_half_way_is_taken_in_by_the_next_sync(
    indexed: ArticleIndex, flood: Path, folder: Path
) -> None:
    kill(indexed, "index.add({'flood.txt': Path(sys.argv[2])}, progress=told)", "progress", "flood.txt", flood)
    assert ids(indexed) == ["a.txt"]
    assert indexed.sync(folder).added == 1
    assert ids(indexed) == ["a.txt", "uploads/flood.txt"]


def test_removed_it_is_gone_from_the_search_and_the_disk(indexed: ArticleIndex, flood: Path) -> None:
    indexed.add({"flood.txt": flood})
    assert indexed.remove("uploads/flood.txt") == 1
    assert ids(indexed) == ["a.txt"]
    assert [hit.passage.article for hit in indexed.search("Dola flooded", 5)] == ["a.txt"]
    assert list((indexed.data_dir / "uploads").iterdir()) == []
    assert flood.exists()


def test_the_same_file_again_changes_nothing_and_another_of_that_name_gets_a_number(
    indexed: ArticleIndex, flood: Path
) -> None:
    indexed.add({"flood.txt": flood})
    assert indexed.add({"flood.txt": flood}).unchanged == 1
    flood.write_text("Another flood, of the river Senne.", encoding="utf-8")
    indexed.add({"flood.txt": flood})
    assert ids(indexed) == ["a.txt", "uploads/flood-2.txt", "uploads/flood.txt"]


def test_a_file_in_which_nothing_can_be_read_is_reported_and_not_kept(indexed: ArticleIndex, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"no pdf")
    report = indexed.add({"broken.pdf": tmp_path / "broken.pdf"})
    ((path, reason),) = report.skipped
    assert (report.added, path) == (0, "uploads/broken.pdf")
    assert reason
    assert list((indexed.data_dir / "uploads").iterdir()) == []


def test_what_was_skipped_of_the_folder_is_told_until_it_is_mended(
    index: ArticleIndex, folder: Path, write: Write
) -> None:
    write("good.txt", "The river Dola flooded the town.", date="2026-01-02")
    (folder / "broken.pdf").write_bytes(b"no pdf")
    index.sync(folder)
    (told,) = index.skipped()
    assert told.path == "broken.pdf"
    assert index.sync(folder).skipped == [(told.path, told.reason)]
    (folder / "broken.pdf").unlink()
    index.sync(folder)
    assert index.skipped() == []


def test_what_was_skipped_of_an_upload_is_told_once_and_goes_with_it(
    indexed: ArticleIndex, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "news.jsonl").write_text('{"text": "A report."}\n{"text": ""}', encoding="utf-8")
    indexed.add({"news.jsonl": tmp_path / "news.jsonl"})
    for _ in range(2):
        assert [each.path for each in indexed.skipped()] == ["uploads/news.jsonl#1"]
        indexed.sync(folder)
    indexed.remove("uploads/news.jsonl#0")
    assert indexed.skipped() == []


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/evil.txt", ".hidden.txt", "a#1.txt", "x" * 300 + ".txt", "洪" * 140 + ".txt"]
)
def test_no_name_leads_out_of_the_uploads(indexed: ArticleIndex, flood: Path, name: str) -> None:
    indexed.add({name: flood})
    (kept,) = (indexed.data_dir / "uploads").iterdir()
    assert kept.read_bytes() == flood.read_bytes()
    assert not kept.name.startswith(".")


def test_a_file_of_the_folder_is_not_ours_to_remove(indexed: ArticleIndex) -> None:
    with pytest.raises(CorpusError, match="take it out of there"):
        indexed.remove("a.txt")
    with pytest.raises(ArticleMissing):
        indexed.remove("uploads/none.txt")


def test_without_an_index_there_is_nothing_to_add_to(index: ArticleIndex, flood: Path) -> None:
    with pytest.raises(IndexMissing):
        index.add({"flood.txt": flood})


def test_an_interrupted_adding_keeps_what_was_taken_in(indexed: ArticleIndex, tmp_path: Path) -> None:
    files = {}
    for number in range(40):
        files[f"n{number}.txt"] = tmp_path / f"n{number}.txt"
        files[f"n{number}.txt"].write_text(f"The river number {number} flooded.", encoding="utf-8")

    def progress(done: int, total: int, what: str) -> None:
        if done == 35:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        indexed.add(files, progress=progress)
    kept = ids(indexed)
    assert 1 < len(kept) < 41
    assert len(list((indexed.data_dir / "uploads").iterdir())) == len(kept) - 1
    assert indexed.add(files).added + len(kept) == 41
