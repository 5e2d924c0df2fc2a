"""index/sync.py: the index becomes what the folder is, embeds only what is new, and loses nothing on the way."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import Write
from index_helpers import EACH, Counting, contents, killed, left_over, python, write_many, written

from index.embed import TextEmbedder
from index.errors import FolderMissing, FolderShrunk, UnforeseenWarning
from index.places import Places
from index.store import ArticleIndex


def found(index: ArticleIndex, query: str) -> list[str]:
    """Ids of the articles with a passage that has a word of the query."""
    return [hit.passage.article for hit in index.search(query, mode="bm25")]


def records(*each: dict[str, str]) -> str:
    return "\n".join(map(json.dumps, each))


def clean_run(embedding: TextEmbedder, folder: Path) -> dict[str, Any]:
    """All that an index of the folder holds which was made in one go."""
    data = folder.parent / "clean"
    shutil.rmtree(data, ignore_errors=True)
    with ArticleIndex(data, embedding) as index:
        index.sync(folder)
        return contents(index)


REPORTS = [{"text": f"Report {number} of the market."} for number in range(3)]
CHANGES: list[Any] = [  # of the folder; what is then added, changed, removed, unchanged; how many texts are embedded
    ({}, (0, 0, 0, 0), 0),
    ({"a.txt": "The minister left.", "b.txt": "It rains.", "news.jsonl": records(*REPORTS[:2])}, (4, 0, 0, 0), 4),
    ({}, (0, 0, 0, 4), 0),
    ({"a.txt": "She stays.", "news.jsonl": records(*REPORTS)}, (1, 1, 0, 3), 2),
    ({"a.txt": " date 2024-02-02 She stays."}, (0, 1, 0, 4), 1),  # a date alone is a change
    ({"a.txt": None, "b.txt": None, "news.jsonl": records(REPORTS[0])}, (0, 0, 4, 1), 0),
]


def test_the_index_becomes_what_the_folder_is_and_embeds_only_what_is_new(
    embedding: TextEmbedder, folder: Path, places: Places
) -> None:
    embedder = Counting(embedding)
    with ArticleIndex(folder / "data", embedder, places) as index:  # it may lie in the corpus folder
        for change, counted, embedded in CHANGES:
            for name, text in change.items():
                (folder / name).unlink(missing_ok=True)
                if text:
                    written(folder, name, text)
            generation = index.generation()
            embedder.texts.clear()
            report = index.sync(folder)
            assert (report.added, report.changed, report.removed, report.unchanged) == counted
            assert (len(embedder.texts), index.generation() > generation) == (embedded, bool(change))
            held = contents(index)
            assert held == clean_run(embedding, folder)
            assert held["held twice or nowhere"] == set()
        assert (report.undated, found(index, "minister she")) == (["news.jsonl#0"], [])


def test_most_of_the_articles_go_only_if_somebody_says_so(index: ArticleIndex, folder: Path) -> None:
    names = [f"{number}.txt" for number in range(5)]
    for name in names:
        written(folder, name, f"The mill of {name} burned.")
    index.sync(folder)
    for name in names[:2]:
        (folder / name).unlink()
    assert index.sync(folder).removed == 2
    away = folder.rename(folder.parent / "away")
    folder.mkdir()  # where a disk was mounted
    written(folder, "new.txt", "The dam holds.")
    with pytest.raises(FolderShrunk, match=r"3 of the 3 articles .* --yes"):
        index.sync(folder)
    assert index.article_ids() == names[2:]  # nothing else was done either
    (folder / "new.txt").unlink()
    folder.rmdir()
    away.rename(folder)
    assert index.sync(folder).unchanged == 3
    for name in names:
        (folder / name).unlink(missing_ok=True)
    assert index.sync(folder, shrink=True).removed == 3


def test_what_cannot_be_read_now_is_kept(index: ArticleIndex, folder: Path, write: Write, tmp_path: Path) -> None:
    write("a.txt", "The minister resigned.")
    write("sub/b.txt", "The mill burned.")
    write("news.jsonl", records({"text": "First report."}, {"text": "Second report."}))
    index.sync(folder)
    write("a.txt", "  ")
    write("empty.txt", "")
    write("news.jsonl", records({"text": "Another report."}, {"text": ""}))
    (folder / "sub").rename(tmp_path / "elsewhere")
    (folder / "sub").symlink_to(tmp_path / "unmounted")  # a dead link now
    kept = "{}: keeps the version indexed before".format
    for changed in (1, 0):
        report = index.sync(folder)
        assert (report.removed, report.changed, report.unchanged) == (0, changed, 4 - changed)
        told = dict(report.skipped)
        assert (told["a.txt"], told["sub/b.txt"]) == (kept("empty"), kept("sub cannot be read"))
        assert (told["news.jsonl#1"], told["empty.txt"]) == (kept("empty"), "empty")
    assert found(index, "minister mill") == ["a.txt", "sub/b.txt"]
    assert index.article("news.jsonl#1").text == "Second report."


def test_a_folder_that_is_none_is_told_and_leaves_no_trace(index: ArticleIndex, tmp_path: Path) -> None:
    for path, what in ((tmp_path / "nowhere", "does not exist"), (written(tmp_path, "a.txt"), "is not a folder")):
        with pytest.raises(FolderMissing, match=f"{path} {what}: .* `dateline index FOLDER`"):
            index.sync(path)
    assert not (tmp_path / "data").exists()


def test_progress_counts_files_and_no_folder_is_named_uploads(index: ArticleIndex, folder: Path, write: Write) -> None:
    write("a.txt", "The minister resigned.")
    write("uploads/b.txt", "Rain is expected.")
    told: list[tuple[int, int, str]] = []
    report = index.sync(folder, progress=lambda *what: told.append(what))
    assert [what for what in told if what != (0, 1, "reading")] == [(1, 1, "a.txt"), (1, 1, "vectors")]
    assert report.added == 1 and "give this folder another name" in report.skipped[0][1]


# A mistake that nobody foresaw: a library that panics stands for it.


_CURSED = """
import sys
here = sys.path.pop(0)
del sys.modules["sentencex"]
import sentencex
sys.path.insert(0, here)
boundaries = sentencex.get_sentence_boundaries

class _Panic(BaseException):
    pass  # as a library written in Rust raises it

def fail(language, text):
    if "cursed" in text:
        raise _Panic("out of range")
    return boundaries(language, text)

sentencex.get_sentence_boundaries = fail
"""


@pytest.mark.filterwarnings("ignore::index.errors.UnforeseenWarning")
def test_one_article_costs_itself_at_most_and_our_mistake_is_a_warning(
    index: ArticleIndex, folder: Path, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(written(tmp_path / "cursed", "sentencex.py", _CURSED).parent)
    cursed = {"text": "A cursed one."}
    write("news.jsonl", records({"text": "A report."}, cursed, {"title": "Cursed", **cursed}))
    write("a.txt", "The minister resigned.")
    write("b.txt", "The minister is well.")
    write("c.md", "# Cursed\n\nThe cursed minister left.")
    with pytest.warns(UnforeseenWarning, match="out of range") as warned:  # an error elsewhere in the tests
        index.sync(folder)
    assert sum(one.category is UnforeseenWarning for one in warned) == 3
    write("a.txt", "The cursed minister resigned.")
    write("b.txt", "The minister is ill.")
    reason = "cannot be read (_Panic: out of range), a mistake of Dateline's: please report it with the file"
    for changed in (1, 0):
        report = index.sync(folder)
        assert (report.added, report.changed, report.removed) == (0, changed, 0)
        assert report.skipped == [
            ("a.txt", f"{reason}: keeps the version indexed before"),
            *((name, reason) for name in ("c.md", "news.jsonl#1", "news.jsonl#2")),
        ]
    assert sorted(found(index, "minister report")) == ["a.txt", "b.txt", "news.jsonl#0"]
    assert index.article("a.txt").text == "The minister resigned."
    write("c.md", "The minister left.")
    assert index.sync(folder).added == 1


# killed


def slow(*values: object) -> object:
    return pytest.param(*values, marks=pytest.mark.slow)


def searchable(index: ArticleIndex) -> list[set[str]]:
    modes = ("dense", "bm25", "fused")
    return [{hit.passage.article for hit in index.search("minister market", k=4000, mode=mode)} for mode in modes]


IN_CHROMA = "import chromadb"
ALL = 70 * EACH
KILLED = [  # work, before what, and how much of all is embedded again: groups of 256 are committed before the next
    ("first run", "progress 069.jsonl", ALL - 4 * 256), ("first run", IN_CHROMA, 0),
    ("update", "progress 050.jsonl", ALL - 2 * 256), ("replacement", "progress 050.jsonl", ALL - 2 * 256),
    slow("first run", "progress 010.jsonl", ALL), slow("first run", "progress 050.jsonl", ALL - 2 * 256),
    slow("first run", "progress vectors", 0), slow("update", "progress vectors", 0),
    slow("growth", "sqlite3.connect chroma.sqlite3", 0), slow("replacement", IN_CHROMA, 0),
]  # fmt: skip


@pytest.mark.parametrize(("work", "moment", "again"), KILLED)
def test_killed_it_leaves_no_less_than_there_was_and_is_resumed_to_the_index_of_a_clean_run(
    embedding: TextEmbedder, tmp_path: Path, folder: Path, places: Places, work: str, moment: str, again: int
) -> None:
    old = written(tmp_path / "old", "a.txt", "The minister resigned.").parent
    write_many(folder)
    embedder = Counting(embedding)
    if places.chroma_url and work == "growth":
        moment = "progress vectors"  # a collection is written in place: no directory is copied
    with ArticleIndex(tmp_path / "data", embedder, places) as index:
        if work != "first run":
            index.sync(old if work == "replacement" else folder)
            before = searchable(index)
        if work == "update":
            write_many(folder, "Bulletin {} speaks of the market in Damascus.")
        if work == "growth":  # so much that Chroma is written anew
            write_many(folder, files=210)
        sync = f"index.sync(path, replace={work == 'replacement'}, progress=told)"
        killed(index.data_dir, sync, *moment.split(), folder, places=places)
        if work != "first run":
            assert all(now >= then for now, then in zip(searchable(index), before, strict=True))
        elif again < ALL:  # what was committed is found, by its meaning too
            assert list(map(len, searchable(index))) == [ALL - again] * 3
        embedder.texts.clear()
        index.sync(folder, replace=work == "replacement")
        assert len(embedder.texts) == again
        assert contents(index) == clean_run(embedding, folder)
        assert left_over(index) == []


def test_a_record_whose_file_was_not_read_to_its_end_goes_with_the_file(index: ArticleIndex, folder: Path) -> None:
    file = written(folder, "news.jsonl", records(*REPORTS * 200))
    killed(
        index.data_dir,
        "index.sync(path, progress=told)",
        "progress",
        "news.jsonl: 256 of 600 articles",
        folder,
        index.places,
    )
    assert len(found(index, "market")) == 10
    file.unlink()
    assert index.sync(folder, shrink=True).removed == 256
    assert index.article_ids() == []


_CHILDREN = """
import psutil, sys
from pathlib import Path

def told(done, total, what):
    if done == 5:
        print(*(child.pid for child in psutil.Process().children()), flush=True)
        die()

index.sync(Path(more[0]), progress=told)
"""


def test_other_processes_end_with_the_one_that_was_killed(tmp_path: Path, folder: Path) -> None:
    for number in range(60):
        written(folder, f"{number}.txt", f"The minister spoke of {number} mills. " * 1500)
    out, err = python(_CHILDREN, tmp_path / "data", folder).communicate(timeout=60)
    workers = [int(pid) for pid in out.split()]
    assert workers, err
    deadline = time.monotonic() + 20
    while any(map(psutil.pid_exists, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_other_processes_make_the_same_of_many_files(
    index: ArticleIndex, folder: Path, embedding: TextEmbedder
) -> None:
    for number in range(60):
        written(folder, f"{number}.txt", f"The minister spoke of {number} mills. " * 1500)
    written(folder, "empty.txt", "")
    report = index.sync(folder)
    assert (report.added, report.skipped) == (60, [("empty.txt", "empty")])
    assert index.sync(folder).unchanged == 60
    few = folder.parent / "few"
    with ArticleIndex(few, embedding) as alone:
        for number in range(60):
            (folder / f"{number}.txt").rename(written(folder.parent / "part", f"{number}.txt"))
            alone.sync(folder.parent / "part")
        made, wanted = contents(index), contents(alone)
    assert all(made[part] == wanted[part] for part in ("articles", "passages", "words"))
