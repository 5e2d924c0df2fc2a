"""An index that is kept equal to its folder while that changes, by the command and by the page."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from app_helpers import client, process, until
from checking import CheckedAssistant
from filelock import FileLock
from index_helpers import in_a_namespace, python, written
from processes import hear_ctrl_c

from index import errors
from index.embed import TextEmbedder
from index.store import ArticleIndex
from index.watch import Round, follow
from rag.wording import ago
from web.writer import Writer

Step = Round | errors.DatelineError
SOON = 5.0
"""Seconds within which a change is in the index on a busy machine; it is half a second where nothing else runs."""


class Followed:
    """A folder that is followed in a thread, and all that was told of it; at last the error that ended it."""

    def __init__(self, index: ArticleIndex, **options: float) -> None:
        self.steps: list[Step] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(index, options))

    def _run(self, index: ArticleIndex, options: dict[str, float]) -> None:
        try:
            for step in follow(index, index.sync, self._stop, **options):
                self.steps.append(step)
        except errors.DatelineError as error:
            self.steps.append(error)

    def __enter__(self) -> list[Step]:
        self._thread.start()
        until(lambda: bool(self.steps))
        return self.steps

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        self.ended(10)

    def ended(self, seconds: float) -> None:
        """Waits for its end."""
        self._thread.join(seconds)
        assert not self._thread.is_alive()


def rounds(steps: list[Step]) -> list[tuple[int, int, int]]:
    """What was added, changed and removed, of the rounds in which anything was."""
    reports = [step.report for step in steps if isinstance(step, Round)]
    told = [(one.added, one.changed, one.removed) for one in reports]
    return [one for one in told if any(one)]


def troubles(steps: list[Step]) -> list[type]:
    return [type(step) for step in steps if not isinstance(step, Round)]


def remove(folder: Path) -> None:
    (folder / "b.txt").unlink()


def move_in(folder: Path) -> None:
    written(folder.parent / "else" / "deep", "c.txt", "The river Dola rose.")
    (folder.parent / "else").rename(folder / "else")


def half_then_whole(folder: Path) -> None:
    whole = b'{"text": "The river Dola rose.", "date": "2026-01-02"}'
    (folder / "c.json").write_bytes(whole[:20])
    time.sleep(0.6)
    (folder / "c.json").write_bytes(whole)


def slowly(folder: Path) -> None:
    for number in range(30):
        written(folder, f"{number}.txt", f"The river Dola rose {number} times.")
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("change", "words", "found", "told"),
    [
        (lambda folder: written(folder, "c.txt", "The Dola rose."), "Dola", ["c.txt"], [(1, 0, 0)]),
        (lambda folder: written(folder, "b.txt", "The Dola rose."), "Dola", ["b.txt"], [(0, 1, 0)]),
        (lambda folder: (folder / "b.txt").rename(folder / "c.txt"), "mill", ["c.txt"], [(1, 0, 1)]),
        (remove, "mill", [], [(0, 0, 1)]),
        (move_in, "Dola", ["else/deep/c.txt"], [(1, 0, 0)]),
        (half_then_whole, "Dola", ["c.json"], [(1, 0, 0)]),
        (slowly, "times", [f"{number}.txt" for number in range(30)], [(30, 0, 0)]),
    ],
)  # fmt: skip
def test_a_change_is_soon_in_the_index_and_a_burst_is_one_round(
    indexed: ArticleIndex, folder: Path, change: Callable[[Path], object], words: str, found: list[str], told: object
) -> None:
    written(folder, "b.txt", "The mill burned.")
    indexed.sync(folder)
    with Followed(indexed) as steps:
        change(folder)
        until(
            lambda: sorted(hit.passage.article for hit in indexed.search(words, 50, mode="bm25")) == sorted(found), SOON
        )
        until(lambda: rounds(steps) == told, SOON)
    assert troubles(steps) == []


def test_what_holds_no_article_starts_no_round_and_its_own_data_do_not(embedding: TextEmbedder, tmp_path: Path) -> None:
    folder = written(tmp_path, "articles/a.txt", "The minister resigned.").parent
    with ArticleIndex(folder / "data", embedding) as index:
        index.sync(folder)
        with Followed(index) as steps:
            for name in (".hidden.txt", ".git/a.txt", "~$b.docx", "film.mp4.part", "README.md"):
                written(folder, name)
                time.sleep(0.1)
            (folder / "film.mp4.part").write_bytes(b"more of it")
            time.sleep(1)
            assert len(steps) == 1
            written(folder, "c.txt", "The mill burned.")
            until(lambda: rounds(steps) == [(1, 0, 0)], SOON)
            time.sleep(1)
    assert len(steps) == 2


def test_what_heals_is_told_once_and_loses_nothing(indexed: ArticleIndex, folder: Path, tmp_path: Path) -> None:
    with Followed(indexed) as steps:
        folder.rename(tmp_path / "away")
        until(lambda: troubles(steps) == [errors.FolderMissing])
        folder.mkdir()  # as where a disk was mounted
        until(lambda: troubles(steps) == [errors.FolderMissing, errors.FolderShrunk])
        assert indexed.article_ids() == ["a.txt"]
        folder.rmdir()
        (tmp_path / "away").rename(folder)
        with FileLock(indexed.data_dir / "write.lock"):
            until(lambda: troubles(steps)[2:] == [errors.IndexBusy])
            (folder / os.fsdecode(b"\xff.txt")).write_text("x")
        written(folder, "b.txt", "The mill burned.")
        until(lambda: rounds(steps) == [(1, 0, 0)], 5)
        (folder / "b.txt").unlink()
        until(lambda: rounds(steps)[1:] == [(0, 0, 1)], SOON)
        (folder / "a.txt").unlink()
        until(lambda: troubles(steps)[3:] == [errors.FolderShrunk], SOON)
    assert indexed.article_ids() == ["a.txt"]


def _another_folder(index: ArticleIndex, folder: Path) -> None:
    index.sync(written(folder.parent / "other", "b.txt").parent, replace=True)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda index, folder: shutil.rmtree(folder), errors.FolderMissing),
        (_another_folder, errors.AnotherFolder),
        (lambda index, folder: (index.data_dir / "current").unlink(), errors.IndexMissing),
    ],
)
def test_what_does_not_heal_ends_it(
    indexed: ArticleIndex, folder: Path, change: Callable[..., object], error: type[Exception]
) -> None:
    following = Followed(indexed, patience=0.5)
    with following as steps:
        change(indexed, folder)
        following.ended(10)
    assert troubles(steps)[-1] is error


def test_one_follows_and_another_takes_over(indexed: ArticleIndex, folder: Path) -> None:
    first = Followed(indexed)
    with first as steps, Followed(indexed) as waiting:
        written(folder, "b.txt", "The mill burned.")
        until(lambda: rounds(steps) == [(1, 0, 0)], SOON)
        first.stop()
        assert troubles(waiting) == [errors.IndexBusy] and len(waiting) == 1
        until(lambda: len(waiting) == 2)
        written(folder, "c.txt", "The river Dola rose.")
        until(lambda: rounds(waiting) == [(1, 0, 0)], SOON)


_FOLLOWS = """
from threading import Event
from index.watch import follow

for step in follow(index, index.sync, Event()):
    print(step.report.added, flush=True)
"""


def test_where_the_system_watches_no_more_folders_they_are_read_now_and_then(
    indexed: ArticleIndex, folder: Path
) -> None:
    none_left = in_a_namespace("echo 0 > /proc/sys/user/max_inotify_watches")
    with python(_FOLLOWS, indexed.data_dir, before=none_left) as following:
        assert following.stdout and following.stdout.readline() == "0\n"
        written(folder, "more/b.txt", "The mill burned.")
        threading.Timer(30, following.kill).start()
        assert "1\n" in following.stdout
        following.kill()


def test_ctrl_c_ends_the_watching_with_130(folder: Path, tmp_path: Path) -> None:
    written(folder, "a.txt", "The minister resigned.")
    command = [sys.executable, "-u", "-m", "rag.cli", "index", folder, "--watch", "--data-dir", tmp_path / "data"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c
    ) as running:
        assert running.stdout and running.stderr
        assert [running.stdout.readline()[:7], running.stdout.readline()[:7]] == ["1 added", "  witho"]
        assert running.stderr.readline() == f"Watching {folder} (Ctrl-C ends it)\n"
        time.sleep(1)  # it begins by reading the folder again
        written(folder, "b.txt", "The mill burned.")
        written(folder, "c.pdf", "no pdf")
        line = running.stdout.readline()
        assert "1 added, 1 skipped in " in line and "c.pdf: damaged" in line
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    assert (running.returncode, "Traceback" in err) == (130, False)


def test_the_page_keeps_its_index_up_to_date_and_says_how_old_it_is(folder: Path, tmp_path: Path) -> None:
    written(folder, "a.txt", "The minister resigned.")
    with CheckedAssistant(tmp_path / "data", "embedded") as dateline:
        dateline.index(folder)
    with process(tmp_path / "data", "--no-watch") as url, client(url) as http:
        written(folder, "b.txt", "The mill burned.")
        time.sleep(2)
        assert http.get("/api/index").json()["articles"] == 1
    with process(tmp_path / "data") as url, client(url) as http:
        until(lambda: http.get("/api/index").json()["articles"] == 2)
        written(folder, "c.txt", "The river Dola rose.")
        until(lambda: "c.txt" in http.get("/api/search?q=Dola").text)
        read_at = datetime.fromisoformat(http.get("/api/index").json()["read_at"])
        assert timedelta(0) <= datetime.now(UTC) - read_at < timedelta(minutes=1)
        assert http.get("/read").text.endswith('+00:00">read just now</time>')


def test_a_reader_who_adds_a_file_comes_before_the_watching(folder: Path, tmp_path: Path) -> None:
    flood = written(tmp_path, "flood.txt", "The river Dola flooded the town.")
    written(folder, "a.txt", "The minister resigned.")
    with CheckedAssistant(tmp_path / "data", "embedded") as dateline:
        dateline.index(folder)
        writer = Writer(dateline)
        writer.watch()
        try:
            for number in range(300):
                written(folder, f"{number}.txt", f"Report {number} on the market.")
            until(lambda: (tmp_path / "data" / "write.lock.json").exists())
            assert writer.add({"flood.txt": flood}, lambda *_: None).added == 1
            assert dateline.articles.counts().articles < 302
            until(lambda: dateline.articles.counts().articles == 302)
        finally:
            writer.close()


def test_an_age_is_told_in_words() -> None:
    now = datetime(2026, 1, 2, 12, tzinfo=UTC)
    for age, told in (
        (timedelta(seconds=-5), "just now"), (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"), (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=2), "2 hours ago"), (timedelta(hours=25), "1 day ago"),
    ):  # fmt: skip
        assert ago(now - age, now) == told
