"""Files that are added by hand: beside the folder's, removable, and untouched by a sync."""

from pathlib import Path

import pytest
from index_helpers import EACH, Counting, killed, write_many, written

from index.embed import TextEmbedder
from index.errors import ArticleMissing, CorpusError, IndexMissing
from index.places import Places
from index.store import ArticleIndex


@pytest.fixture
def flood(tmp_path: Path) -> Path:
    return written(tmp_path, "flood.txt", " date 2026-01-02 The river Dola flooded the town of Mirest.")


def kept(index: ArticleIndex) -> list[str]:
    return sorted(path.name for path in (index.data_dir / "uploads").iterdir())


def test_an_added_file_is_found_numbered_and_removed(indexed: ArticleIndex, flood: Path) -> None:
    report = indexed.add({"flood.txt": flood})
    assert (report.added, report.skipped) == (1, [])
    assert indexed.search("Dola flooded", 1)[0].passage.article == "uploads/flood.txt"
    assert indexed.add({"flood.txt": flood}).unchanged == 1
    flood.write_text("Another flood, of the river Senne.", encoding="utf-8")
    indexed.add({"flood.txt": flood})
    assert indexed.article_ids() == ["a.txt", "uploads/flood-2.txt", "uploads/flood.txt"]
    assert indexed.remove("uploads/flood.txt") == 1
    left = sorted(hit.passage.article for hit in indexed.search("Dola flooded", 5))
    assert (indexed.article_ids(), kept(indexed), flood.exists()) == (left, ["flood-2.txt"], True)
    assert left == ["a.txt", "uploads/flood-2.txt"]


def test_what_is_not_ours_is_refused(
    indexed: ArticleIndex, flood: Path, embedding: TextEmbedder, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError, match="take it out of there"):
        indexed.remove("a.txt")
    with pytest.raises(ArticleMissing):
        indexed.remove("uploads/none.txt")
    with ArticleIndex(tmp_path / "no index", embedding) as index, pytest.raises(IndexMissing):
        index.add({"flood.txt": flood})


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", ".hidden", "a#1", "x" * 300, "洪" * 140])
def test_no_name_leads_out_of_the_uploads(indexed: ArticleIndex, flood: Path, name: str) -> None:
    indexed.add({f"{name}.txt": flood})
    (name,) = kept(indexed)
    assert (indexed.data_dir / "uploads" / name).read_bytes() == flood.read_bytes()
    assert not name.startswith(".")


def test_what_was_skipped_is_told_until_mended_or_gone(indexed: ArticleIndex, folder: Path, tmp_path: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"no pdf")
    indexed.sync(folder)
    (told,) = indexed.skipped()
    assert indexed.sync(folder).skipped == [("broken.pdf", told.reason)] == [(told.path, told.reason)]
    report = indexed.add({"broken.pdf": folder / "broken.pdf"})
    assert (report.added, [path for path, _ in report.skipped]) == (0, ["uploads/broken.pdf"])
    assert kept(indexed) == []  # nothing of it can be read
    (folder / "broken.pdf").unlink()
    indexed.sync(folder)
    assert indexed.skipped() == []
    indexed.add({"news.jsonl": written(tmp_path, "news.jsonl", '{"text": "A report."}\n{"text": ""}')})
    for _ in range(2):
        assert [each.path for each in indexed.skipped()] == ["uploads/news.jsonl#1"]
        indexed.sync(folder)
    indexed.remove("uploads/news.jsonl#0")
    assert indexed.skipped() == []


def test_a_removed_upload_stays_gone_after_a_killed_rebuild(indexed: ArticleIndex, flood: Path, folder: Path) -> None:
    write_many(folder)
    indexed.add({"flood.txt": flood})
    killed(
        indexed.data_dir, "index.sync(path, replace=True, progress=told)", "progress", "vectors", folder, indexed.places
    )
    indexed.remove("uploads/flood.txt")
    assert indexed.sync(folder, replace=True).unchanged == 70 * EACH + 1  # it goes on with what was begun
    assert indexed.article_ids()[70 * EACH :] == ["a.txt"]


@pytest.mark.parametrize("at", [("os.remove", "flood.txt"), ("import", "chromadb")])
def test_a_killed_removal_is_done_or_not(indexed: ArticleIndex, flood: Path, folder: Path, at: tuple[str, str]) -> None:
    indexed.add({"flood.txt": flood})
    killed(indexed.data_dir, "index.remove('uploads/flood.txt')", *at, places=indexed.places)
    left = kept(indexed) == ["flood.txt"]
    assert left == (at[0] == "os.remove")
    assert ("uploads/flood.txt" in indexed.article_ids()) >= left
    indexed.sync(folder)
    assert ("uploads/flood.txt" in indexed.article_ids()) == left


def test_a_sync_takes_in_what_is_new_in_uploads(
    embedding: TextEmbedder, tmp_path: Path, folder: Path, flood: Path, places: Places
) -> None:
    embedder = Counting(embedding)
    with ArticleIndex(tmp_path / "data", embedder, places) as index:
        index.sync(folder)
        index.add({"flood.txt": flood})
        uploads = index.data_dir / "uploads"
        (uploads / ".fire.txt.0a1b2c3d.part").write_bytes(b"half a cop")  # killed while it was copied
        fire = written(tmp_path, "fire.txt", "The mill of Mirest burned.")
        killed(index.data_dir, "index.add({'fire.txt': path}, progress=told)", "progress", "fire.txt", fire, places)
        assert index.article_ids() == ["uploads/flood.txt"]
        report = index.sync(folder)
        assert (report.added, report.unchanged, report.skipped) == (1, 1, [])
        assert embedder.texts[1:] == ["The mill of Mirest burned."]
        (uploads / "flood.txt").unlink()
        assert index.sync(folder).removed == 1
        assert (kept(index), index.article_ids()) == (["fire.txt"], ["uploads/fire.txt"])


def test_an_interrupted_adding_keeps_what_was_taken_in(indexed: ArticleIndex, tmp_path: Path) -> None:
    files = {f"{n}.txt": written(tmp_path, f"{n}.txt", f"The river flooded {n} towns.") for n in range(300)}

    def progress(done: int, total: int, what: str) -> None:
        if done == 290:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        indexed.add(files, progress=progress)
    taken = len(indexed.article_ids())
    assert 1 < taken < 301 and len(kept(indexed)) == taken - 1
    assert indexed.add(files).added + taken == 301
