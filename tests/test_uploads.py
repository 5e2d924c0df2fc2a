"""Files that are added by hand: beside the folder's, removable, and untouched by a sync."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Write

from index.errors import ArticleMissing, CorpusError, IndexMissing
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


def test_a_sync_leaves_it_and_a_rebuild_carries_it(indexed: ArticleIndex, flood: Path, folder: Path) -> None:
    indexed.add({"flood.txt": flood})
    indexed.sync(folder)
    indexed.sync(folder, replace=True)
    assert ids(indexed) == ["a.txt", "uploads/flood.txt"]
    assert indexed.search("Dola flooded", 1)[0].passage.article == "uploads/flood.txt"


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


@pytest.mark.parametrize("name", ["../../evil.txt", "/etc/evil.txt", ".hidden.txt", "a#1.txt", "x" * 300 + ".txt"])
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
