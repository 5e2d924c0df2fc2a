"""Two apps, a writer, PostgreSQL and Chroma, of which one is killed now and then: nothing is wrong, nothing lost."""

import json
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from index_helpers import contents, python, written
from servers import Chroma, Postgres, Server

from index.embed import TextEmbedder
from index.places import Places
from index.store import ArticleIndex

SECONDS = 60
ARTICLES = 400
OURS = ("CatalogUnavailable: ", "VectorsUnavailable: ", "StorageError: ")

_APP = """
import json, random
from index.errors import DatelineError
words = more[0].split()
while True:
    word, notes = random.choice(words), []
    try:
        hits = index.search(f"Who crossed the {word} bridge?", 10, notes=notes)
        told = [[hit.passage.text, hit.similarity is not None] for hit in hits]
        print(json.dumps([word, told, notes, ""]), flush=True)
    except DatelineError as error:
        print(json.dumps([word, [], notes, f"{type(error).__name__}: {error}"]), flush=True)
"""
_WRITER = """
from index.errors import DatelineError
try:
    index.sync(Path(more[0]))
except DatelineError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def name_of(number: int) -> str:
    """A name that no other article has, and no other begins with."""
    return "".join("bcdfghklmn"[int(digit)] + "aeiou"[int(digit) % 5] for digit in f"{number:04}") + "x"


def text_of(number: int, version: int) -> str:
    return f"The mayor crossed the {name_of(number)} bridge in year {version} and spoke to a crowd."


class App:
    """A process that searches all the time; what it finds is judged as it comes."""

    def __init__(self, data: Path, places: Places, known: dict[str, set[str]]) -> None:
        self._start = lambda: python(_APP, data, " ".join(known), places=places)
        self._known = known
        self.found = {"both": 0, "words": 0, "errors": 0}
        self.wrong: list[object] = []
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = self._start()
        threading.Thread(target=self._judge, args=[self._process], daemon=True).start()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _judge(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout:
            if not line.endswith("\n"):
                return  # killed in the middle of it
            word, hits, notes, error = json.loads(line)
            if error:
                kind, right = "errors", error.startswith(OURS) and error.endswith(".") and not hits
            else:
                # names of few letters are alike to the embedder, and all other words are in all articles: the right one
                # is found, and need not be among the first
                right = any(text in self._known[word] for text, _ in hits)
                kind = "words" if notes else "both"
                right = right and (all(dense != bool(notes) for _, dense in hits))
                if notes:
                    right = right and len(notes) == 1 and notes[0].startswith("found by words alone, since the Chroma")
            self.found[kind] += 1
            if not right:
                self.wrong.append((word, hits, notes, error))
        if process.returncode not in (None, -9):
            self.wrong.append(process.stderr.read())


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Postgres, Chroma]]:
    """Of its own: they are killed."""
    postgres, chroma = Postgres(), Chroma(tmp_path / "server")
    try:
        postgres.start()
        chroma.start()
        yield postgres, chroma
    finally:
        chroma.kill()
        postgres.remove()


@pytest.mark.slow
def test_whoever_is_killed_no_answer_is_wrong_and_nothing_is_lost(
    embedding: TextEmbedder, tmp_path: Path, folder: Path, servers: tuple[Postgres, Chroma]
) -> None:
    postgres, chroma = servers
    places, chance = Places(catalog_url=postgres.new_database(), chroma_url=chroma.url), random.Random(3)
    versions = dict.fromkeys(range(ARTICLES), 1)
    for number in versions:
        written(folder, f"{number}.txt", text_of(number, 1))
    with ArticleIndex(tmp_path / "data", embedding, places) as index:
        index.sync(folder)
    known = {name_of(number): {text_of(number, 1)} for number in versions}
    apps = [App(tmp_path / "data", places, known) for _ in range(2)]
    victims: list[Server | App] = [*apps, postgres, chroma, postgres, chroma]
    writer: subprocess.Popen[str] | None = None
    ended: list[int] = []
    for app in apps:
        app.start()
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end or (0 not in ended and time.monotonic() < end + 2 * SECONDS):
            if writer is None or writer.poll() is not None:
                if writer is not None:
                    told = writer.stderr.read()
                    assert writer.returncode == 0 or told.startswith(OURS), told
                    ended.append(writer.returncode)
                for number in chance.sample(range(ARTICLES), 60):
                    versions[number] += 1
                    known[name_of(number)].add(text_of(number, versions[number]))
                    written(folder, f"{number}.txt", text_of(number, versions[number]))
                writer = python(_WRITER, tmp_path / "data", folder, places=places)
            time.sleep(chance.uniform(0.3, 8))
            victim = chance.choice(victims)
            victim.kill()
            time.sleep(chance.uniform(0, 2))
            victim.start()
    finally:
        if writer is not None:
            writer.kill()
        for app in apps:
            app.kill()
    assert [wrong for app in apps for wrong in app.wrong] == []
    found = {kind: sum(app.found[kind] for app in apps) for kind in apps[0].found}
    assert min(found.values()) > 0 and 0 in ended, (found, ended)
    print(found, ended)
    with ArticleIndex(tmp_path / "data", embedding, places) as index:
        index.sync(folder)
        with ArticleIndex(tmp_path / "clean", embedding) as clean:
            clean.sync(folder)
            assert contents(index) == contents(clean)
