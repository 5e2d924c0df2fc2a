from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import sentencex
from index_helpers import Counting, contents, python

from index.embed import Embedder
from index.errors import FolderMissing, UnforeseenWarning
from index.store import ArticleIndex
from index.types import SyncReport

Write = Callable[..., Path]


def found(index: ArticleIndex, query: str) -> list[str]:
    """Ids of the articles with a passage that has a word of the query."""
    return [hit.passage.article for hit in index.search(query, mode="bm25")]


def test_an_indexed_article_is_what_was_read(index: ArticleIndex, folder: Path, write: Write) -> None:
    write("a.txt", "A bomb went off. Nobody was hurt.", date="2024-12-05")
    report = index.sync(folder)
    article = index.article("a.txt")
    assert report == SyncReport(added=1)
    assert article.text == " date 2024-12-05 A bomb went off. Nobody was hurt."
    assert [article.text[s.start : s.end] for s in index.sentences("a.txt")] == [
        "A bomb went off.",
        "Nobody was hurt.",
    ]


def test_an_article_keeps_who_wrote_it_where(index: ArticleIndex, folder: Path) -> None:
    (folder / "a.csv").write_text("body,byline,publication\nIt rains.,By Ada Brook,Skarn Gazette\n", encoding="utf-8")
    index.sync(folder)
    assert (index.article("a.csv#0").author, index.article("a.csv#0").source) == ("Ada Brook", "Skarn Gazette")
    (listed,) = index.listed()
    assert (listed.author, listed.source, listed.file) == ("Ada Brook", "Skarn Gazette", "a.csv")


def test_a_second_run_embeds_nothing(minilm: Embedder, tmp_path: Path, folder: Path, write: Write) -> None:
    embedder = Counting(minilm)
    write("a.txt", "A bomb went off.")
    with ArticleIndex(tmp_path / "data", embedder) as index:
        index.sync(folder)
        assert embedder.texts == ["A bomb went off."]
        generation = index.generation()
        assert index.sync(folder) == SyncReport(unchanged=1, undated=["a.txt"])
        assert embedder.texts == ["A bomb went off."]
        assert index.generation() == generation


def test_only_the_new_record_of_a_file_is_embedded(minilm: Embedder, tmp_path: Path, folder: Path) -> None:
    embedder = Counting(minilm)
    records = [json.dumps({"text": f"Report {number} from the town."}) for number in range(3)]
    (folder / "news.jsonl").write_text("\n".join(records[:2]), encoding="utf-8")
    with ArticleIndex(tmp_path / "data", embedder) as index:
        index.sync(folder)
        (folder / "news.jsonl").write_text("\n".join(records), encoding="utf-8")
        report = index.sync(folder)
        assert (report.added, report.changed, report.unchanged) == (1, 0, 2)
        assert embedder.texts[2:] == ["Report 2 from the town."]
        assert index.article_ids() == ["news.jsonl#0", "news.jsonl#1", "news.jsonl#2"]


def test_the_old_text_of_a_changed_article_is_not_found_any_more(
    index: ArticleIndex, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("a.txt", "The minister resigned on Monday.")
    write("b.txt", "Rain is expected.")
    index.sync(folder)
    write("a.txt", "The minister stays in office.")
    report = index.sync(folder)
    assert (report.changed, report.unchanged) == (1, 1)
    assert found(index, "resigned") == []
    assert found(index, "office") == ["a.txt"]
    dense = index.search("The minister resigned on Monday.", mode="dense")
    assert {hit.passage.text for hit in dense} == {"The minister stays in office.", "Rain is expected."}
    assert len(contents(tmp_path / "data")["chroma"]) == 2


def test_a_changed_date_alone_is_a_changed_article(index: ArticleIndex, folder: Path) -> None:
    record = {"text": "The bridge was opened.", "date": "2024-01-01"}
    (folder / "news.jsonl").write_text(json.dumps(record), encoding="utf-8")
    index.sync(folder)
    (folder / "news.jsonl").write_text(json.dumps({**record, "date": "2024-02-02"}), encoding="utf-8")
    assert index.sync(folder).changed == 1
    (hit,) = index.search("bridge")
    assert str(hit.passage.date) == "2024-02-02"


def test_a_vanished_file_is_forgotten(index: ArticleIndex, folder: Path, write: Write, tmp_path: Path) -> None:
    write("a.txt", "The minister resigned.")
    write("b.txt", "Rain is expected.")
    index.sync(folder)
    (folder / "a.txt").unlink()
    assert index.sync(folder) == SyncReport(removed=1, unchanged=1, undated=["b.txt"])
    assert found(index, "minister") == []
    assert contents(tmp_path / "data")["chroma"] == list(contents(tmp_path / "data")["passages"])


def test_a_record_that_left_its_file_is_forgotten(index: ArticleIndex, folder: Path) -> None:
    file = folder / "news.jsonl"
    file.write_text('{"text": "First report."}\n{"text": "Second report."}', encoding="utf-8")
    index.sync(folder)
    file.write_text('{"text": "First report."}', encoding="utf-8")
    assert index.sync(folder).removed == 1
    assert index.article_ids() == ["news.jsonl#0"]


def test_a_file_that_can_no_longer_be_read_keeps_its_indexed_version(
    index: ArticleIndex, folder: Path, write: Write
) -> None:
    write("a.txt", "The minister resigned.")
    index.sync(folder)
    write("a.txt", "  ")
    for _ in range(2):
        report = index.sync(folder)
        assert (report.removed, report.unchanged) == (0, 1)
        assert report.skipped == [("a.txt", "empty: keeps the version indexed before")]
    assert found(index, "minister") == ["a.txt"]


def test_a_record_that_can_no_longer_be_read_keeps_its_indexed_version(index: ArticleIndex, folder: Path) -> None:
    file = folder / "news.jsonl"
    file.write_text('{"text": "First report."}\n{"text": "Second report."}', encoding="utf-8")
    index.sync(folder)
    file.write_text('{"text": "Another report."}\n{"text": ""}', encoding="utf-8")
    report = index.sync(folder)
    assert (report.changed, report.unchanged, report.removed) == (1, 1, 0)
    ((path, reason),) = report.skipped
    assert path == "news.jsonl#1"
    assert reason.endswith(": keeps the version indexed before")
    assert index.article("news.jsonl#1").text == "Second report."


def test_a_subfolder_that_became_a_dead_link_keeps_its_articles(
    index: ArticleIndex, folder: Path, write: Write, tmp_path: Path
) -> None:
    write("sub/a.txt", "The minister resigned.")
    index.sync(folder)
    (folder / "sub").rename(tmp_path / "elsewhere")
    (folder / "sub").symlink_to(tmp_path / "unmounted")
    report = index.sync(folder)
    assert report.removed == 0
    assert ("sub/a.txt", "sub cannot be read: keeps the version indexed before") in report.skipped


def test_what_is_skipped_is_told_again_in_a_second_run(index: ArticleIndex, folder: Path, write: Write) -> None:
    write("a.txt", "The minister resigned.")
    write("empty.txt", "")
    (folder / "news.jsonl").write_text('{"text": "A report."}\n{"text": ""}', encoding="utf-8")
    first = index.sync(folder)
    assert {path for path, _ in first.skipped} == {"empty.txt", "news.jsonl#1"}
    assert index.sync(folder).skipped == first.skipped


def test_an_empty_folder_gives_an_empty_index(index: ArticleIndex, folder: Path) -> None:
    assert index.sync(folder) == SyncReport()
    assert index.counts().articles == 0


def test_a_folder_that_does_not_exist_leaves_no_trace(index: ArticleIndex, tmp_path: Path) -> None:
    with pytest.raises(FolderMissing, match=r"nowhere does not exist: .* `dateline index FOLDER`"):
        index.sync(tmp_path / "nowhere")
    assert not (tmp_path / "data").exists()


def test_articles_without_a_date_are_named(index: ArticleIndex, folder: Path, write: Write) -> None:
    write("a.txt", "The minister resigned.", date="2024-12-05")
    write("b.txt", "Rain is expected.")
    assert index.sync(folder).undated == ["b.txt"]


def test_the_data_directory_may_lie_in_the_corpus_folder(minilm: Embedder, folder: Path, write: Write) -> None:
    write("a.txt", "The minister resigned.")
    with ArticleIndex(folder / "data", minilm) as index:
        index.sync(folder)
        assert index.sync(folder) == SyncReport(unchanged=1, undated=["a.txt"])


def test_progress_counts_files_to_the_end(index: ArticleIndex, folder: Path, write: Write) -> None:
    write("a.txt", "The minister resigned.")
    write("b.txt", "Rain is expected.")
    told: list[tuple[int, int, str]] = []
    index.sync(folder, progress=lambda *what: told.append(what))
    assert told == [(1, 2, "a.txt"), (2, 2, "b.txt"), (2, 2, "vectors")]


def test_a_folder_named_as_the_uploads_are_is_reported(index: ArticleIndex, folder: Path, write: Write) -> None:
    write("uploads/a.txt", "The minister resigned.")
    report = index.sync(folder)
    assert report.added == 0
    assert "give this folder another name" in report.skipped[0][1]


# A mistake that nobody foresaw: a library that panics stands for it.


class _Panic(BaseException):
    """As a library written in Rust raises it."""


@pytest.fixture
def panicking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library that splits sentences fails on one word."""
    boundaries = sentencex.get_sentence_boundaries

    def fail(language: str, text: str) -> object:
        if "cursed" in text:
            raise _Panic("out of range")
        return boundaries(language, text)

    monkeypatch.setattr(sentencex, "get_sentence_boundaries", fail)


@pytest.mark.usefixtures("panicking")
@pytest.mark.filterwarnings("ignore::index.errors.UnforeseenWarning")
def test_one_article_costs_itself_at_most(index: ArticleIndex, folder: Path, write: Write) -> None:
    records = [{"text": "A report."}, {"text": "A cursed one."}, {"title": "Cursed", "text": "A cursed one."}]
    (folder / "news.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    write("a.txt", "The minister resigned.")
    write("b.txt", "The minister is well.")
    write("c.md", "# Cursed\n\nThe cursed minister left.")
    index.sync(folder)
    write("a.txt", "The cursed minister resigned.")
    write("b.txt", "The minister is ill.")
    reason = "cannot be read (_Panic: out of range), a mistake of Dateline's: please report it with the file"
    for changed in (1, 0):
        report = index.sync(folder)
        assert (report.added, report.changed, report.removed) == (0, changed, 0)
        assert report.skipped == [
            ("a.txt", f"{reason}: keeps the version indexed before"),
            ("c.md", reason),
            ("news.jsonl#1", reason),
            ("news.jsonl#2", reason),
        ]
    assert sorted(found(index, "minister report")) == ["a.txt", "b.txt", "news.jsonl#0"]
    assert index.article("a.txt").text == "The minister resigned."
    write("c.md", "The minister left.")
    assert index.sync(folder).added == 1


@pytest.mark.usefixtures("panicking")
@pytest.mark.parametrize("text", ["A cursed one.", "# Cursed\n\nA cursed one."])
def test_a_mistake_of_our_own_is_an_error_in_the_tests(index: ArticleIndex, folder: Path, text: str) -> None:
    (folder / "a.md").write_text(text, encoding="utf-8")
    with pytest.raises(UnforeseenWarning, match="out of range"):
        index.sync(folder)


def test_a_record_whose_file_was_not_read_to_its_end_goes_with_the_file(
    index: ArticleIndex, folder: Path, tmp_path: Path
) -> None:
    lines = [json.dumps({"text": f"Report {number} speaks of the market."}) for number in range(70)]
    (folder / "news.jsonl").write_text("\n".join(lines), encoding="utf-8")
    interrupt(tmp_path / "data", folder, "embed 2")
    assert len(found(index, "market")) == 10
    (folder / "news.jsonl").unlink()
    assert index.sync(folder).removed == 32
    assert index.article_ids() == []


# Interrupted. Each script kills itself with SIGKILL at a moment of its own, in the middle of a sync.

_INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from index.embed import Embedder
from index.store import ArticleIndex
from index_helpers import Counting

data, folder, moment, replace = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4] == "replace"

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Dying(Counting):
    calls = 0
    def get_text_embedding_batch(self, texts):
        self.calls += 1
        if moment == f"embed {self.calls}":
            die()
        return super().get_text_embedding_batch(texts)

def progress(done, total, what):
    if moment == what:
        die()
    if moment == "chroma" and what == "vectors":
        threading.Thread(target=watch, daemon=True).start()

def watch():
    before = set(data.glob("index-*/vectors-*"))
    while True:
        if set(data.glob("index-*/vectors-*")) - before:
            die()

ArticleIndex(data, Dying(Embedder(threads=1))).sync(folder, replace=replace, progress=progress)
print("survived")
"""


def interrupt(data: Path, folder: Path, moment: str, replace: bool = False) -> None:
    process = python(_INTERRUPTED, data, folder, moment, "replace" if replace else "")
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, out + err


def write_many(write: Write, text: str = "Report {} speaks of the market in Damascus.") -> None:
    for number in range(70):
        write(f"{number:02}.txt", text.format(number))


def slow(moment: str) -> object:
    return pytest.param(moment, marks=pytest.mark.slow)


@pytest.mark.parametrize("moment", [slow("embed 1"), "embed 3", slow("50.txt"), slow("vectors"), "chroma"])
def test_a_killed_first_run_is_resumed_to_the_index_of_a_clean_run(
    minilm: Embedder, tmp_path: Path, folder: Path, write: Write, moment: str
) -> None:
    write_many(write)
    interrupt(tmp_path / "data", folder, moment)
    embedder = Counting(minilm)
    with ArticleIndex(tmp_path / "data", embedder) as resumed, ArticleIndex(tmp_path / "clean", minilm) as clean:
        resumed.sync(folder)
        clean.sync(folder)
        hits = [index.search("market 7", k=70) for index in (resumed, clean)]
    assert contents(tmp_path / "data") == contents(tmp_path / "clean")
    assert hits[0] == hits[1]
    # two groups of 32 are committed before the third is embedded; after that, the last 6 too
    committed = {"embed 1": 0, "embed 3": 64, "50.txt": 32}.get(moment, 70)
    assert len(embedder.texts) == 70 - committed


@pytest.mark.parametrize("moment", ["embed 2", slow("vectors"), slow("chroma")])
def test_a_killed_update_leaves_no_less_than_there_was(
    index: ArticleIndex, minilm: Embedder, tmp_path: Path, folder: Path, write: Write, moment: str
) -> None:
    write_many(write)
    index.sync(folder)
    write_many(write, "Bulletin {} speaks of the market in Damascus.")
    interrupt(tmp_path / "data", folder, moment)
    for mode in ("dense", "bm25", "fused"):
        assert len({hit.passage.article for hit in index.search("market in Damascus", k=100, mode=mode)}) == 70
    index.sync(folder)
    with ArticleIndex(tmp_path / "clean", minilm) as clean:
        clean.sync(folder)
    assert contents(tmp_path / "data") == contents(tmp_path / "clean")


@pytest.mark.parametrize("moment", ["embed 2", slow("chroma")])
def test_a_killed_replacement_leaves_the_old_index_and_is_resumed(
    index: ArticleIndex, minilm: Embedder, tmp_path: Path, folder: Path, write: Write, moment: str
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.txt").write_text("The minister resigned.")
    index.sync(tmp_path / "old")
    write_many(write)
    interrupt(tmp_path / "data", folder, moment, replace=True)
    assert found(index, "minister market") == ["a.txt"]
    embedder = Counting(minilm)
    with ArticleIndex(tmp_path / "data", embedder) as resumed:
        resumed.sync(folder, replace=True)
        assert len(embedder.texts) == (38 if moment == "embed 2" else 0)
        assert found(resumed, "minister") == []
    assert len(found(index, "market")) == 10
    assert [path.name for path in (tmp_path / "data").glob("index-*")] == ["index-2"]


def test_ctrl_c_keeps_what_was_committed(minilm: Embedder, tmp_path: Path, folder: Path, write: Write) -> None:
    write_many(write)

    def interrupt(done: int, total: int, what: str) -> None:
        if done == 40:
            raise KeyboardInterrupt

    embedder = Counting(minilm)
    with ArticleIndex(tmp_path / "data", embedder) as index:
        with pytest.raises(KeyboardInterrupt):
            index.sync(folder, progress=interrupt)
        assert len(index.search("market in Damascus", k=100, mode="dense")) == 32
        index.sync(folder)
        assert len(embedder.texts) == 70
